"""Holdings: the documents that a registry keeps, in bulk, on the disk.

    HOLDINGS/documents/*.parquet    kind, digest, data, signature, statement, salts, proof; a document a row
Any number of files in any order; a file is written once and never changed. Documents stand as they were signed and
logged: whoever holds a copy can check every one of them, and build again whatever is derived from them.
"""

from __future__ import annotations

import os
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
from quanheng.ground.digest import canonical_line, sha256_bytes
from quanheng.ground.files import read_bytes, sync

FOLDER = "documents"
PARTS = ("data", "signature", "statement", "salts", "proof")
SCHEMA = pa.schema([("kind", pa.string()), ("digest", pa.string()), *((name, pa.binary()) for name in PARTS)])
TOGETHER = 5_000  # documents read at once


def add(holdings: Path, documents: Iterable[Document]) -> Path:
    """Add documents, durably, as one new file, named by what is in it: what stands there is never overwritten.

    1 temporary file  2 write  3 fsync  4 rename  5 fsync of the folder. Raises OSError.
    """
    listed = sorted(documents, key=lambda each: (list(KINDS).index(each.kind), each.digest))
    folder = holdings / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    name = sha256_bytes("".join(map(_fingerprint, listed)).encode())[:16]
    path, hidden = folder / f"{name}.parquet", folder / f".{name}.{os.getpid()}"
    columns = {name: [getattr(each, name) for each in listed] for name in SCHEMA.names}
    pq.write_table(pa.table(columns, SCHEMA), hidden, compression="zstd", row_group_size=TOGETHER)
    sync(hidden)
    hidden.rename(path)
    sync(folder)
    return path


def absorb(holdings: Path, documents: Iterable[Document]) -> int:
    """Add those documents that are not there yet, just as they are; how many. Raises OSError, BadDocument.

    A document whose bytes are there already, but with another signature or proof, is added beside them.
    """
    held = {_fingerprint(each) for each in read(holdings)} if any(files(holdings)) else set()
    new = {mark: each for each in documents if (mark := _fingerprint(each)) not in held}
    if new:
        add(holdings, new.values())
    return len(new)


def files(holdings: Path) -> list[Path]:
    """The files of holdings."""
    return sorted((holdings / FOLDER).glob("*.parquet"))


def read(holdings: Path) -> Iterator[Document]:
    """Every document, file by file, a part at a time. Raises BadDocument: file, row, column, and what is wrong."""
    paths = files(holdings)
    if not paths:
        raise BadDocument(
            f"{holdings}：没有 {FOLDER}/*.parquet，不是馆藏 / holds no {FOLDER}/*.parquet: these are no holdings"
        )
    for path in paths:
        try:
            file = pq.ParquetFile(path)
            _check_columns(file.schema_arrow, path)
            row = 0
            for batch in file.iter_batches(TOGETHER):
                for each in batch.to_pylist():
                    yield _document(each, path, row)
                    row += 1
        except (pa.ArrowException, OSError, ValueError) as error:
            raise BadDocument(f"{path}：读不出来：{error} / cannot be read") from error


def _fingerprint(each: Document) -> str:
    """What tells a document and all that stands beside it from any other."""
    return sha256_bytes(
        canonical_line([each.kind, each.digest, *(sha256_bytes(getattr(each, n)) for n in PARTS)])
    )


def _check_columns(there: pa.Schema, path: Path) -> None:
    due, found = ([f"{each.name} {each.type}" for each in schema] for schema in (SCHEMA, there))
    if due != found:
        wrong = ", ".join(sorted(set(due) ^ set(found)))
        raise BadDocument(
            f"{path}：列不对：{wrong or '次序'}；应依次为 {', '.join(due)}"
            f" / columns: {wrong or 'their order'}; should be, in this order, {', '.join(due)}"
        )


def _document(row: Mapping[str, object], path: Path, number: int) -> Document:
    def wrong(column: str, chinese: str, english: str) -> BadDocument:
        return BadDocument(
            f"{path}，第 {number} 行，{column} 列：{chinese} / row {number}, column {column}: {english}"
        )

    kind, digest, *parts = row.values()
    if not isinstance(kind, str) or kind not in KINDS:
        raise wrong(
            "kind",
            f"{str(kind)[:40]!r} 不是文书的种类；有 {', '.join(KINDS)}",
            f"no kind of document; there are {', '.join(KINDS)}",
        )
    for name, part in zip(PARTS, parts, strict=True):
        if not isinstance(part, bytes):
            raise wrong(
                name, "没有值；没有内容应写成零字节", "is null; what is absent is written as no bytes"
            )
    document = Document(kind, *parts)  # type: ignore[arg-type]
    if document.digest != digest:
        raise wrong(
            "digest",
            f"{str(digest)[:64]} 不是 data 的 SHA-256，那是 {document.digest}",
            f"{str(digest)[:64]} is not the SHA-256 of data, which is {document.digest}",
        )
    return document


class Holdings:
    """Documents in memory, and how to find what a proof file of one of them holds.

    Of copies with the same bytes the one that brings most beside them is kept, the later of equals.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents: dict[str, Document] = {}
        for each in documents:
            if _beside(each) >= _beside(self.documents.get(each.digest)):
                self.documents[each.digest] = each

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
                if digest not in order and self._concerns(digest, certificates, known[subject.digest].issuer):
                    order.append(digest)
                    if digest in known:
                        asked += [("key", known[digest].key), ("target", known[digest].key)]
        return [subject if digest == subject.digest else self.documents[digest] for digest in order]

    def _concerns(self, record: str, certificates: Sequence[str], issuer: str) -> bool:
        """Whether a record can matter: of what stands behind a subject only scopes for quantities that occur there."""
        facts = self.said[record].record or {}
        quantity = facts.get("quantity")
        if not isinstance(quantity, str) or facts.get("party") == issuer:
            return True
        return any(quantity.encode() in self.documents[c].data for c in certificates if c in self.documents)

    def proof(self, subject: Document, items: Iterable[str] = ()) -> bytes:
        """The proof file of a document. Raises BadDocument."""
        return proof_file.write(self.behind(subject, items))

    def certificates(self) -> Iterator[Document]:
        """All certificates."""
        return (each for each in self.documents.values() if each.kind == CERTIFICATE)


def _beside(each: Document | None) -> int:
    """How many parts a document brings beside its bytes."""
    return -1 if each is None else sum(bool(getattr(each, name)) for name in PARTS)


def gather(paths: Iterable[Path]) -> Holdings:
    """Documents out of proof files, folders of such, and holdings. Raises BadDocument."""
    return Holdings(each for path in paths for each in documents_of(path))


def documents_of(path: Path) -> Iterator[Document]:
    """Documents of holdings, of a proof file, or of a folder of proof files. Raises BadDocument."""
    if (path / FOLDER).is_dir():
        yield from read(path)
        return
    proofs = sorted(path.glob("*.proof")) if path.is_dir() else [path]
    if not proofs:
        raise BadDocument(
            f"{path}：没有 {FOLDER}/，也没有 *.proof / holds neither {FOLDER}/ nor proof files (*.proof)"
        )
    for each in proofs:
        yield from _of_proof_file(each)


def _of_proof_file(path: Path) -> tuple[Document, ...]:
    data = read_bytes(path, BadDocument, at_most=proof_file.LARGEST)
    try:
        return proof_file.read(data).documents
    except BadDocument as error:
        raise BadDocument(f"{path}：{error}") from error
