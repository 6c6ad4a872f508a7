"""The unified social credit code says itself whether it was copied right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quanheng.city.people.credit_code import ALPHABET, check_character, fault

bodies = st.text(ALPHABET, min_size=17, max_size=17)


@given(bodies)
def test_a_code_with_its_check_character_is_accepted(body: str) -> None:
    assert fault(body + check_character(body)) == ""


@given(bodies, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_found(body: str, place: int, other: str) -> None:
    code = body + check_character(body)
    wrong = code[:place] + other + code[place + 1 :]
    assert (fault(wrong) == "") == (wrong == code)


def test_characters_that_no_code_has_are_named() -> None:
    assert "I O" in fault("91320000OI0000000X")
