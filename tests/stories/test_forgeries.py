"""Nothing forged passes: every file of the corpus is refused, by the code of what is wrong with it."""

from __future__ import annotations

from datetime import date

import pytest
from forgeries import ON, forgeries, good, trusted

from quanheng.cli.certificate import verified
from quanheng.evidence import proof_file
from quanheng.evidence.answer import Standing
from quanheng.evidence.document_check import Rules
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.procedures import regulations

RULES = Rules(sealed.read, 7)
CORPUS = {each.name: each for each in forgeries()}


def test_the_corpus_is_made_of_certificates_that_pass() -> None:
    answer, found = verified(proof_file.write(good()), trusted(), RULES, regulations(), on=ON)
    assert answer.standing == Standing.VALID, answer.reasons
    assert len(found) > 8


def test_a_certificate_past_its_due_day_is_valid_and_says_so() -> None:
    answer, _ = verified(proof_file.write(good()), trusted(), RULES, regulations(), on=date(2050, 1, 1))
    assert answer.standing == Standing.VALID, answer.reasons
    assert "past_due" in answer.codes


def test_the_corpus_is_large_and_of_many_kinds() -> None:
    assert len(CORPUS) >= 80
    assert len({each.code for each in CORPUS.values()}) >= 50
    assert len({each.data for each in CORPUS.values()}) == len(CORPUS)


@pytest.mark.parametrize("name", CORPUS)
def test_a_forgery_is_refused_by_its_code(name: str) -> None:
    forgery = CORPUS[name]
    answer, _ = verified(forgery.data, trusted(), RULES, regulations(), on=ON)
    assert answer.standing != Standing.VALID
    assert forgery.code in answer.codes, answer.reasons
