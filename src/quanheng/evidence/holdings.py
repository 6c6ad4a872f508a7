"""Holdings: the documents that a registry keeps, in bulk, on the disk.

    HOLDINGS/documents/*.parquet    kind, digest, data, signature, statement, salts, proof; a document a row
Any number of files in any order; a file is written once and never changed. Documents stand as they were signed and
logged: whoever holds a copy can check every one of them, and build again whatever is derived from them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from quanheng.evidence import proof_file, statement
from quanheng.evidence.document import CERTIFICATE, KINDS, Document
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.records import Scope
from quanheng.evidence.statement import Statement
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.files import sync

FOLDER = "documents"
PARTS = ("data", "signature", "statement", "salts", "proof")
SCHEMA = pa.schema([("kind", pa.string()), ("digest", pa.string()), *((name, pa.binary()) for name in PARTS)])
TOGETHER = 5_000  # documents read at once


def add(holdings: Path, documents: Iterable[Document]) -> Path:
    """Add documents, durably, as one new file; the same documents give the same file. Raises OSError."""
    listed = sorted(documents, key=lambda each: (list(KINDS).index(each.kind), each.digest))
    folder = holdings / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    columns = {"kind": [each.kind for each in listed], "digest": [each.digest for each in listed]}
    columns |= {name: [getattr(each, name) for each in listed] for name in PARTS}
    name = sha256_bytes("".join(columns["digest"]).encode())[:16]
    path, hidden = folder / f"{name}.parquet", folder / f".{name}"
    pq.write_table(pa.table(columns, SCHEMA), hidden, compression="zstd", row_group_size=TOGETHER)
    sync(hidden)
    hidden.rename(path)
    sync(folder)
    return path


def read(holdings: Path) -> Iterator[Document]:
    """Every document, file by file, a part at a time. Raises BadDocument: file, row, and what is wrong."""
    paths = sorted((holdings / FOLDER).glob("*.parquet"))
    if not paths:
        raise BadDocument(
            f"{holdings}：没有 {FOLDER}/*.parquet，不是馆藏 / holds no {FOLDER}/*.parquet: these are no holdings"
        )
    for path in paths:
        try:
            file = pq.ParquetFile(path)
            if file.schema_arrow != SCHEMA:
                raise BadDocument(f"{path}：各列应为 {', '.join(SCHEMA.names)} / its columns should be those")
            row = 0
            for batch in file.iter_batches(TOGETHER):
                for each in batch.to_pylist():
                    yield _document(each, path, row)
                    row += 1
        except (pa.ArrowException, OSError) as error:
            raise BadDocument(f"{path}：读不出来：{error} / cannot be read") from error


def _document(row: Mapping[str, object], path: Path, number: int) -> Document:
    kind, digest, *parts = row.values()
    if kind not in KINDS or not all(isinstance(each, bytes) for each in parts):
        raise BadDocument(f"{path}，第 {number} 行：种类或内容不对 / row {number}: kind or content is wrong")
    document = Document(str(kind), *parts)  # type: ignore[arg-type]
    if document.digest != digest:
        raise BadDocument(f"{path}，第 {number} 行：摘要与内容不符 / row {number}: digest and content differ")
    return document


class Holdings:
    """Documents in memory, and how to find what a proof file of one of them holds."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = {each.digest: each for each in documents}

    @cached_property
    def said(self) -> Mapping[str, Statement]:
        """Statements by digest of the document; those that cannot be read are left out."""
        found = {}
        for digest, each in self.documents.items():
            try:
                found[digest] = statement.read(each.statement)
            except BadDocument:
                continue
        return found

    @cached_property
    def _records(self) -> Mapping[tuple[str, str], list[str]]:
        """Digests of records by what they speak of: a key, a scope's party, a target, a number of a type approval."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for digest, said in self.said.items():
            record = said.record or {}
            names = ("party",) if said.kind == Scope.kind else ("key", "target", "number")
            for name in names:
                if isinstance(record.get(name), str):
                    found[name, str(record[name])].append(digest)
        return found

    def behind(self, subject: Document, items: Iterable[str] = ()) -> list[Document]:
        """The subject first, all certificates that it rests on, and the records that speak of any of them.

        items: numbers of type approvals that the subject names.
        """
        order, certificates = [subject.digest], [subject.digest]
        known = dict(self.said)
        if subject.digest not in known:
            known[subject.digest] = statement.read(subject.statement)
        for digest in order:  # grows while it is read
            for standard in known[digest].standards if digest in known else ():
                if standard in self.documents and standard not in order:
                    order.append(standard)
                    certificates.append(standard)
        asked: list[tuple[str, str]] = [("number", each) for each in items]
        for digest in certificates:
            if digest in known:
                asked += [("key", known[digest].key), ("party", known[digest].issuer), ("target", digest)]
                asked += [("target", known[digest].key)]
        for name, value in asked:
            for digest in self._records.get((name, value), ()):
                if digest not in order and self._concerns(digest, certificates):
                    order.append(digest)
                    if digest in known:
                        asked += [("key", known[digest].key), ("target", known[digest].key)]
        return [subject if digest == subject.digest else self.documents[digest] for digest in order]

    def _concerns(self, record: str, certificates: Sequence[str]) -> bool:
        """Whether a record can matter: of what stands behind a subject only scopes for quantities that occur there."""
        facts = self.said[record].record or {}
        quantity, first = facts.get("quantity"), certificates[0]
        if not isinstance(quantity, str) or (
            first in self.said and facts.get("party") == self.said[first].issuer
        ):
            return True
        return any(quantity.encode() in self.documents[c].data for c in certificates if c in self.documents)

    def proof(self, subject: Document, items: Iterable[str] = ()) -> bytes:
        """The proof file of a document. Raises BadDocument."""
        return proof_file.write(self.behind(subject, items))

    def certificates(self) -> Iterator[Document]:
        """All certificates."""
        return (each for each in self.documents.values() if each.kind == CERTIFICATE)


def gather(paths: Iterable[Path]) -> Holdings:
    """Documents out of proof files, folders of such, and holdings. Raises BadDocument."""
    documents: list[Document] = []
    for path in paths:
        if (path / FOLDER).is_dir():
            documents += read(path)
        else:
            for each in sorted(path.glob("*.proof")) if path.is_dir() else [path]:
                documents += _of_proof_file(each)
    return Holdings(documents)


def _of_proof_file(path: Path) -> tuple[Document, ...]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadDocument(f"{path}：读不出来：{error.strerror} / cannot be read: {error.strerror}") from error
    try:
        return proof_file.read(data).documents
    except BadDocument as error:
        raise BadDocument(f"{path}：{error}") from error
