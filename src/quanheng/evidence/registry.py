"""What a registry does with a document: sign, state, enter into the log, and hand back with its proof.

    1 the exact bytes are signed  2 a statement of them is made, with salts from the registry's secret
    3 the statement is entered into the log, once  4 a checkpoint that the quorum has seen proves it
Whoever asks for these steps has checked the document before (`work/trace/admit.py`).
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from itertools import islice

from quanheng.evidence import records, signature, statement
from quanheng.evidence.answer import VALID, Answer, because
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.document import BUNDLE, CERTIFICATE, Document
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.keys import PrivateKey
from quanheng.evidence.log.checkpoint import Checkpoint
from quanheng.evidence.log.merkle import EMPTY
from quanheng.evidence.log.policy import Policy
from quanheng.evidence.log.store import Log
from quanheng.evidence.records import Record
from quanheng.evidence.statement import Statement
from quanheng.ground.errors import NotShown

LEAST_SECRET = 16  # bytes
NUMBER = re.compile(rb'"number":"([0-9a-f]{64})"')  # of a statement, or of the record that it holds


def certificate(
    content: Certificate, data: bytes, key: PrivateKey, secret: bytes, signed: bytes = b""
) -> Document:
    """A certificate, signed and stated. data: its bytes; signed: a signature file that was made of it before."""
    if len(secret) < LEAST_SECRET:
        raise BadDocument(
            f"登记处的秘密至少 {LEAST_SECRET} 字节 / the registry's secret has {LEAST_SECRET} bytes or more"
        )
    signed = signed or signature.sign(data, key)
    salts = statement.derive_salts(secret, content.issuer.identifier, content.number)
    said = statement.of_certificate(content, data, key=key.public.identifier, signature=signed, salts=salts)
    return Document(CERTIFICATE, data, signed, said.write(), salts.write())


def record(content: Record, issuer: str, issued: date, key: PrivateKey, signed: bytes = b"") -> Document:
    """A record of the authority, signed and stated. Raises BadDocument where nobody would understand it."""
    records.check(content)
    data = records.write(content)
    signed = signed or signature.sign(data, key)
    said = statement.of_record(
        content, issuer=issuer, issued=issued, key=key.public.identifier, signature=signed
    )
    return Document(content.kind, data, signed, said.write())


def bundle(data: bytes, issuer: str, issued: date, key: PrivateKey, signed: bytes = b"") -> Document:
    """The bundle of a run, signed and stated. data: the bytes of run.json."""
    signed = signed or signature.sign(data, key)
    said = statement.of_bundle(
        data, issuer=issuer, issued=issued, key=key.public.identifier, signature=signed
    )
    return Document(BUNDLE, data, signed, said.write())


class Index:
    """Where things stand in a log: whoever asks often reads a log once, and after that only what is new.

    It lies in memory, about half a kilobyte an entry, and is never believed: what it finds is read in the log again.
    Where the log is another one than it knew, it begins anew. Entries that are not published yet are searched.
    """

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._size, self._root = 0, EMPTY
        self._at: dict[bytes, int] = {}  # by the digest of an entry
        self._numbers: dict[bytes, list[int]] = defaultdict(list)  # by commitment

    def _follow(self, log: Log) -> None:
        size = log.published.size
        if self._size > size or log.root(self._size) != self._root:
            self._forget()
        for place, entry in enumerate(islice(log.entries(self._size), size - self._size), self._size):
            self._at.setdefault(sha256(entry).digest(), place)
            for number in NUMBER.findall(entry):
                self._numbers[number].append(place)
        self._size, self._root = size, log.published.root

    def places(self, log: Log, entries: Iterable[bytes]) -> dict[bytes, int]:
        """Where entries stand; one that is not in the log is left out."""
        self._follow(log)
        there = {each: place for place, each in enumerate(log.pending, log.published.size)}
        for each in entries:
            place = self._at.get(sha256(each).digest())
            if place is not None and log.entry(place) == each:
                there[each] = place
        return there

    def of_number(self, log: Log, said: Statement) -> Iterator[Statement]:
        """Statements with the same commitment to a number."""
        self._follow(log)
        wanted = said.number.encode()
        found = [log.entry(place) for place in self._numbers.get(wanted, ())]
        for entry in (*found, *(each for each in log.pending if wanted in each)):
            other = statement.read(entry)
            if other.number == said.number:
                yield other


def enter(log: Log, documents: Sequence[Document], index: Index | None = None) -> list[int]:
    """Enter the statements of documents, durably; their places. What is in the log already is not entered again.

    index: of this log, from one call to the next; without one the log is read whole.
    """
    wanted = list(dict.fromkeys(each.statement for each in documents))
    found = (index or Index()).places(log, wanted)
    new = [each for each in wanted if each not in found]
    if new:
        found |= dict(zip(new, log.append(new), strict=True))
    return [found[each.statement] for each in documents]


def versions(log: Log, document: Document, index: Index | None = None) -> Answer:
    """Whether the log knows another certificate of the same issuer and number, which this one does not replace."""
    said = statement.read(document.statement)
    replaced = {said.amends, said.supersedes} - {""}
    for other in (index or Index()).of_number(log, said):
        if other.sha256 != said.sha256 and other.sha256 not in replaced:
            return because("second_version", detail=f"SHA-256 {other.sha256}")
    return VALID


def earliest(log: Log, index: int, policy: Policy | None = None) -> Checkpoint:
    """The first checkpoint that holds an entry and that the policy's quorum has seen: it says when.

    Raises NotShown where there is none yet.
    """
    for each in log.checkpoints():
        if each.size > index and (policy is None or policy.seen(each) is not None):
            return each
    raise NotShown(
        "还没有检查点，或见证人不足：先 quanheng log publish / "
        "no checkpoint holds it yet, or too few witnesses: publish first"
    )


def proven(
    log: Log, document: Document, index: int, policy: Policy | None = None, at: Checkpoint | None = None
) -> Document:
    """The document with the proof that it is logged. Raises NotShown where it is not published yet.

    at: the earliest checkpoint that holds it, where that is known.
    """
    proof = str(log.prove(index, at or earliest(log, index, policy))).encode()
    return dataclasses.replace(document, proof=proof)
