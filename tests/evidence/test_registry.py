"""The registry's index of a log: it finds what a reading of the whole log finds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proof_world import ORIGIN, key_of

from quanheng.evidence import registry
from quanheng.evidence.answer import Standing
from quanheng.evidence.document import Document
from quanheng.evidence.keys import raw_ed25519
from quanheng.evidence.log.store import Log
from quanheng.evidence.statement import Statement

KEY = key_of(ORIGIN)
SAID = Statement(
    "certificate", "1" * 64, "lab-1", "b" * 64, "2" * 64, number="3" * 64, issued=date(2026, 3, 2)
)


def document(n: int, number: int = 3, **more: str) -> Document:
    said = dataclasses.replace(SAID, sha256=f"{n:064x}", number=f"{number:064x}", **more)
    return Document("certificate", b"", b"", said.write())


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log.create(tmp_path / "log", ORIGIN, raw_ed25519(KEY.public), KEY) as made:
        yield made


def test_what_is_in_the_log_is_not_entered_again_by_an_index_either(log: Log) -> None:
    index = registry.Index()
    first = [document(n) for n in range(5)]
    assert registry.enter(log, first, index) == [0, 1, 2, 3, 4]
    assert registry.enter(log, first[::-1], index) == [4, 3, 2, 1, 0]  # not published yet
    log.publish(KEY)
    assert registry.enter(log, [*first, document(9)], index) == [0, 1, 2, 3, 4, 5]


def test_an_index_sees_what_somebody_else_has_entered(log: Log) -> None:
    index = registry.Index()
    assert registry.versions(log, document(1), index).standing == Standing.VALID
    registry.enter(log, [document(2)])
    assert registry.versions(log, document(1), index).codes == {"second_version"}
    log.publish(KEY)
    assert registry.versions(log, document(1), index).codes == {"second_version"}
    assert registry.versions(log, document(1, supersedes=f"{2:064x}"), index).standing == Standing.VALID
    assert registry.versions(log, document(1, number=4), index).standing == Standing.VALID


def test_an_index_of_another_log_begins_anew(log: Log, tmp_path: Path) -> None:
    index = registry.Index()
    registry.enter(log, [document(n) for n in range(9)], index)
    log.publish(KEY)
    registry.versions(log, document(1), index)
    with Log.create(tmp_path / "other", ORIGIN, raw_ed25519(KEY.public), KEY) as other:
        registry.enter(other, [document(n, number=7) for n in range(20, 32)], index)
        other.publish(KEY)
        assert registry.enter(other, [document(3), document(21, number=7)], index) == [12, 1]
        assert registry.versions(other, document(1), index).codes == {"second_version"}  # document 3, of now


@settings(max_examples=30)
@given(st.lists(st.tuples(st.lists(st.integers(0, 40), max_size=6), st.booleans()), min_size=1, max_size=8))
def test_an_index_finds_what_the_whole_log_shows(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[tuple[list[int], bool]]
) -> None:
    index = registry.Index()
    folder = tmp_path_factory.mktemp("log") / "log"
    with Log.create(folder, ORIGIN, raw_ed25519(KEY.public), KEY) as log:
        for numbers, publish in rounds:
            documents = [document(n, number=n % 5) for n in numbers]
            places = registry.enter(log, documents, index)
            entries = list(log.entries())
            assert len(set(entries)) == len(entries)
            assert [entries[place] for place in places] == [each.statement for each in documents]
            if publish:
                log.publish(KEY)
            for each in documents:
                assert registry.versions(log, each, index).codes == registry.versions(log, each).codes
