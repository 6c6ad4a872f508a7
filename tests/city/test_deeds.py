"""Whatever is done has a name in words, in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import override

import quanheng.city
from quanheng.city.audit.deeds import DEEDS, deed
from quanheng.city.certificates.actions.standing import CHANGES
from quanheng.city.supervision.actions.orders import ENDINGS, MOVES

CITY = Path(quanheng.city.__file__).parent
WRITERS = {"save", "record", "write_all"}


def written() -> Iterator[str]:
    """The codes that the offices write into events, as far as they stand there as they are."""
    for path in CITY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in WRITERS
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "audit"
                and isinstance(node.args[1], ast.Constant)
            ):
                yield str(node.args[1].value)


def made_up() -> Iterator[str]:
    """The codes that are put together."""
    yield from (f"supervision.{name} order" for name in MOVES)
    yield from (f"supervision.{name} objection" for name in ENDINGS)
    yield from (f"certificates.{how}" for how in CHANGES)


def test_many_acts_are_found_in_the_offices() -> None:
    assert len(set(written())) > 50


@pytest.mark.parametrize("action", sorted({*written(), *made_up()}))
def test_an_act_has_a_name_in_both_languages(action: str) -> None:
    with override("zh-hans"):
        chinese = deed(action)
    with override("en"):
        english = deed(action)
    assert chinese != action
    assert english not in (action, chinese)
    assert english.isascii()


def test_no_name_is_left_over() -> None:
    assert set(DEEDS) == {*written(), *made_up()}


@pytest.mark.parametrize(
    ("action", "chinese", "english"),
    [
        ("people.add person", "新增人员", "added to: People"),
        ("instruments.change instrument", "更改计量器具", "changed in: Measuring instruments"),
    ],
)
def test_a_record_that_was_added_or_changed_is_called_what_it_is(
    action: str, chinese: str, english: str
) -> None:
    with override("zh-hans"):
        assert deed(action) == chinese
    with override("en"):
        assert deed(action) == english


def test_what_nobody_has_named_is_its_code() -> None:
    assert deed("x.y") == "x.y"
    assert deed("people.add nonsense") == "people.add nonsense"
