"""Holdings keep documents as they are: added for good, read a part at a time, refused by file, row and column."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proof_world import World

from quanheng.evidence import holdings, proof_file
from quanheng.evidence.document import Document
from quanheng.evidence.errors import BadDocument

GOOD = World().good()


def kept(folder: Path) -> set[Document]:
    """All documents of holdings."""
    return set(holdings.read(folder))


def rows(folder: Path, **changes: object) -> Path:
    """Holdings in one file whose third row is changed."""
    listed = [{"kind": d.kind, "digest": d.digest} | {n: getattr(d, n) for n in holdings.PARTS} for d in GOOD]
    listed[2] |= changes
    (folder / "documents").mkdir()
    pq.write_table(pa.Table.from_pylist(listed, holdings.SCHEMA), folder / "documents" / "x.parquet")
    return folder


def test_documents_come_back_as_they_were_added(tmp_path: Path) -> None:
    holdings.add(tmp_path, GOOD)
    assert kept(tmp_path) == set(GOOD)


def test_the_same_documents_give_the_same_file(tmp_path: Path) -> None:
    first, second = holdings.add(tmp_path / "a", GOOD), holdings.add(tmp_path / "b", reversed(GOOD))
    assert (first.name, first.read_bytes()) == (second.name, second.read_bytes())


def test_a_file_is_never_overwritten_by_poorer_copies_of_its_documents(tmp_path: Path) -> None:
    path = holdings.add(tmp_path, GOOD)
    before = path.read_bytes()
    bare = [Document(each.kind, each.data) for each in GOOD]
    assert holdings.add(tmp_path, bare) != path
    assert path.read_bytes() == before
    assert kept(tmp_path) == {*GOOD, *bare}


def test_of_copies_the_one_that_brings_most_is_kept(tmp_path: Path) -> None:
    bare = [Document(each.kind, each.data) for each in GOOD]
    for listed in ([*GOOD, *bare], [*bare, *GOOD]):
        assert set(holdings.Holdings(listed).documents.values()) == set(GOOD)


def test_absorbing_adds_what_is_not_there_yet(tmp_path: Path) -> None:
    assert holdings.absorb(tmp_path, GOOD[:2]) == 2
    assert holdings.absorb(tmp_path, GOOD) == len(GOOD) - 2
    assert holdings.absorb(tmp_path, GOOD) == 0
    assert len(holdings.files(tmp_path)) == 2
    assert kept(tmp_path) == set(GOOD)


def test_absorbing_keeps_another_proof_of_the_same_bytes(tmp_path: Path) -> None:
    holdings.absorb(tmp_path, GOOD)
    assert holdings.absorb(tmp_path, [dataclasses.replace(GOOD[0], proof=b"another")]) == 1
    assert len(list(holdings.read(tmp_path))) == len(GOOD) + 1


def test_proof_files_out_of_holdings_make_the_holdings_again(tmp_path: Path) -> None:
    (tmp_path / "a.proof").write_bytes(holdings.Holdings(GOOD).proof(GOOD[0]))
    (tmp_path / "b.proof").write_bytes(holdings.Holdings(GOOD).proof(GOOD[1]))
    holdings.absorb(tmp_path / "kept", holdings.documents_of(tmp_path))
    assert kept(tmp_path / "kept") == set(GOOD)
    assert proof_file.read((tmp_path / "a.proof").read_bytes()).subject == GOOD[0]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=len(GOOD), max_size=len(GOOD)))
def test_it_does_not_matter_which_file_a_document_stands_in(
    tmp_path_factory: pytest.TempPathFactory, split: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("split")
    for part in set(split):
        holdings.add(folder, [d for d, where in zip(GOOD, split, strict=True) if where == part])
    found = holdings.Holdings(holdings.read(folder))
    assert found.proof(GOOD[0]) == holdings.Holdings(GOOD).proof(GOOD[0])


def test_documents_are_read_one_part_after_the_other(tmp_path: Path) -> None:
    holdings.add(tmp_path, GOOD)
    (tmp_path / "documents" / "zz.parquet").write_bytes(b"noise")
    reading = holdings.read(tmp_path)
    assert {next(reading) for _ in GOOD} == set(GOOD)
    with pytest.raises(BadDocument, match=r"zz\.parquet"):
        next(reading)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "diploma"}, r"row 2, column kind: no kind of document"),
        ({"kind": None}, r"row 2, column kind"),
        ({"proof": None}, r"row 2, column proof: is null"),
        ({"data": b"others"}, r"row 2, column digest: .* is not the SHA-256 of data"),
        ({"digest": None}, r"row 2, column digest"),
    ],
)
def test_a_wrong_row_is_told_by_file_row_and_column(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(BadDocument, match=r"x\.parquet.*" + told):
        list(holdings.read(rows(tmp_path, **changes)))


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ([*holdings.SCHEMA.names[:-1]], "proof binary"),
        ([*holdings.SCHEMA.names[::-1]], "their order"),
        ([*holdings.SCHEMA.names, "why"], "why binary"),
    ],
)
def test_wrong_columns_are_named(tmp_path: Path, columns: list[str], told: str) -> None:
    kinds = {each.name: each.type for each in holdings.SCHEMA}
    schema = pa.schema([(name, kinds.get(name, pa.binary())) for name in columns])
    (tmp_path / "documents").mkdir()
    pq.write_table(schema.empty_table(), tmp_path / "documents" / "x.parquet")
    with pytest.raises(BadDocument, match=rf"x\.parquet.*{told}"):
        list(holdings.read(tmp_path))


def test_a_damaged_proof_file_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.proof").write_bytes(b"PK")
    with pytest.raises(BadDocument, match=r"bad\.proof"):
        list(holdings.documents_of(tmp_path))


def test_a_folder_with_neither_holdings_nor_proof_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadDocument, match=r"neither documents/ nor proof files"):
        list(holdings.documents_of(tmp_path))


def test_a_document_that_is_not_held_yet_finds_the_scope_of_its_issuer() -> None:
    subject, records = GOOD[1], GOOD[2:]  # the root: no certificate stands behind it
    behind = holdings.Holdings(records).behind(subject)
    assert GOOD[4] in behind  # the scope of its issuer
    assert GOOD[5] not in behind  # that of another
