"""What a registry does with a document: sign, state, enter into the log, and hand back with its proof.

    1 the exact bytes are signed  2 a statement of them is made, with salts from the registry's secret
    3 the statement is entered into the log, once  4 a checkpoint that the quorum has seen proves it
Whoever asks for these steps has checked the document before (`work/trace/admit.py`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import date

from quanheng.evidence import records, signature, statement
from quanheng.evidence.answer import VALID, Answer, because
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.document import BUNDLE, CERTIFICATE, Document
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.keys import PrivateKey
from quanheng.evidence.log.checkpoint import Checkpoint
from quanheng.evidence.log.policy import Policy
from quanheng.evidence.log.store import Log
from quanheng.evidence.records import Record
from quanheng.evidence.statement import Statement
from quanheng.ground.errors import NotShown

LEAST_SECRET = 16  # bytes


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
    """A record of the authority, signed and stated."""
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


def enter(log: Log, documents: Sequence[Document]) -> list[int]:
    """Enter the statements of documents, durably; their indexes. What is in the log already is not entered again."""
    wanted = {each.statement for each in documents}
    found = {entry: index for index, entry in enumerate(log.entries()) if entry in wanted}
    new = [each for each in dict.fromkeys(each.statement for each in documents) if each not in found]
    if new:
        found |= dict(zip(new, log.append(new), strict=True))
    return [found[each.statement] for each in documents]


def versions(log: Log, document: Document) -> Answer:
    """Whether the log knows another certificate of the same issuer and number, which this one does not replace."""
    said = statement.read(document.statement)
    replaced = {said.amends, said.supersedes} - {""}
    for other in _of_number(log, said):
        if other.sha256 != said.sha256 and other.sha256 not in replaced:
            return because("second_version", detail=f"SHA-256 {other.sha256}")
    return VALID


def _of_number(log: Log, said: Statement) -> Iterator[Statement]:
    """Statements with the same commitment to a number; most entries are passed over without being read."""
    wanted = said.number.encode()
    for entry in log.entries():
        if wanted in entry:
            other = statement.read(entry)
            if other.number == said.number:
                yield other


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


def proven(log: Log, document: Document, index: int, policy: Policy | None = None) -> Document:
    """The document with the proof that it is logged. Raises NotShown where it is not published yet."""
    proof = str(log.prove(index, earliest(log, index, policy))).encode()
    return dataclasses.replace(document, proof=proof)
