"""The proof of one certificate in a QR code: a `Document` but for the certificate's bytes, in at most 2,000 bytes.

Who has only the paper can show with it that a certificate of this number, for these instruments, by this issuer and
of this day is in the log, since when, and which SHA-256 its bytes have. Values on the paper are not shown: for them
the bytes are needed, which lie in the PDF; `Code.document` joins the two to what a proof file holds.

Commitments are computed from number, items and salts, and signatures by keys that a verifier's policy does not know
are left out. There is one way to write a code, and no other is read. docs/proof-file.md lists the fields.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

import segno

from quanheng.evidence import base45, signature
from quanheng.evidence.answer import Answer, Reason
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.document import CERTIFICATE, Document
from quanheng.evidence.document_check import in_time, seen
from quanheng.evidence.errors import BadDocument, BadNote
from quanheng.evidence.keys import ALGORITHMS
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log import proof as proofs
from quanheng.evidence.log.checkpoint import Checkpoint
from quanheng.evidence.log.note import Note
from quanheng.evidence.log.note import Signature as Line
from quanheng.evidence.log.policy import Policy
from quanheng.evidence.log.proof import LogProof
from quanheng.evidence.signature import Signature
from quanheng.evidence.statement import Salts, Statement, commit, read, read_salts
from quanheng.ground.digest import sha256_bytes

PREFIX = "QH1:"
VERSION = 1
LARGEST = 2_000  # bytes of a code, before base45

T = TypeVar("T")


@dataclass(frozen=True)
class Code:
    """What a code holds. Nothing is verified by being read."""

    issuer: str
    number: str
    items: tuple[str, ...]
    performed: date
    issued: date
    sm3: str
    standards: tuple[str, ...]
    amends: str
    supersedes: str
    signed: Signature
    salts: Salts
    proof: LogProof

    @property
    def sha256(self) -> str:
        """Digest of the certificate's bytes."""
        return self.signed.sha256

    @cached_property
    def statement(self) -> bytes:
        """The entry of the log: commitments are made anew."""
        return Statement(
            CERTIFICATE,
            sha256=self.sha256,
            sm3=self.sm3,
            issuer=self.issuer,
            key=self.signed.key,
            signature=sha256_bytes(self.signed.write()),
            number=commit(self.salts.number, self.issuer, self.number),
            items=tuple(commit(self.salts.items, each) for each in self.items),
            performed=self.performed,
            issued=self.issued,
            standards=self.standards,
            amends=self.amends,
            supersedes=self.supersedes,
        ).write()

    def document(self, data: bytes) -> Document:
        """Code and certificate together. Raises BadDocument where the bytes are not those that the code speaks of."""
        if sha256_bytes(data) != self.sha256:
            raise BadDocument(
                f"二维码说的不是这份证书：SHA-256 应为 {self.sha256} / the code is of another certificate"
            )
        proof = str(self.proof).encode()
        return Document(CERTIFICATE, data, self.signed.write(), self.statement, self.salts.write(), proof)


def of_document(document: Document, certificate: Certificate, policy: Policy) -> Code:
    """The code of a logged certificate, for verifiers with a policy. certificate: what the document's bytes say.

    Raises BadDocument where the document is not whole, or not one that a code can hold.
    """
    try:
        proof = proofs.parse(document.proof)
    except BadNote as error:
        raise BadDocument(f"没有登记证明：{error} / has no proof of logging: {error}") from error
    code = Code(
        certificate.issuer.identifier,
        certificate.number,
        tuple(each.identifier for each in certificate.items),
        certificate.ended,
        certificate.issued,
        read(document.statement).sm3,
        certificate.standards,
        certificate.amends,
        certificate.supersedes,
        signature.read(document.signature),
        read_salts(document.salts),
        _thinned(proof, policy),
    )
    if code.statement != document.statement or code.sha256 != document.digest:
        raise BadDocument(
            "陈述或签名与证书不符，不能做成二维码 / statement or signature do not fit the certificate"
        )
    return code


def _thinned(proof: LogProof, policy: Policy) -> LogProof:
    """Without signatures that the policy does not know, and without what is not authenticated."""
    known = [*policy.logs.get(proof.checkpoint.origin, ()), *policy.witnesses.values()]
    lines = proof.checkpoint.note.signatures
    kept = tuple(each for each in lines if any(key.made(each) for key in known))
    return LogProof(proof.index, proof.path, _checkpoint(proof.checkpoint, kept))


def _checkpoint(point: Checkpoint, lines: tuple[Line, ...]) -> Checkpoint:
    text = checkpoints.text(point.origin, point.size, point.root)
    return Checkpoint(point.origin, point.size, point.root, Note(text, lines))


def check(code: Code, policy: Policy, *, grace: int) -> tuple[Answer, int | None]:
    """What a code shows without the certificate's bytes, and when its entry had been seen (POSIX seconds).

    At best the answer is "not shown", for `values_unseen`: what was looked at holds, but values were not looked at.
    """
    reason, time = seen(code.statement, code.proof, policy)
    reasons = [Reason("values_unseen"), *([reason] if reason else [])]
    if time is not None and (late := in_time(code.issued, time, grace)):
        reasons.append(late)
    where = f"{CERTIFICATE} {code.number}"
    return Answer(tuple(Reason(each.code, where, each.detail) for each in reasons)), time


# ---- drawing ---------------------------------------------------------------------------------------------------


def text(code: Code) -> str:
    """What the QR code says: capital letters, digits and a few signs. Raises BadDocument where it is too much."""
    return PREFIX + base45.encode(pack(code))


def read_text(said: str) -> Code:
    """The code that a QR code says. Raises BadDocument."""
    if not said.startswith(PREFIX):
        raise BadDocument(f"应以 {PREFIX} 开头 / should begin with {PREFIX}")
    if len(said) > len(PREFIX) + 3 * LARGEST:
        raise BadDocument("二维码过长 / the code is too long")
    return unpack(base45.decode(said[len(PREFIX) :]))


def draw(said: str) -> bytes:
    """The QR code of a text as SVG with a quiet zone of 4 modules (ISO/IEC 18004). Print it at 60 mm or more."""
    out = io.BytesIO()
    segno.make(said, error="l", micro=False).save(out, kind="svg", border=4, xmldecl=False, omitsize=True)
    return out.getvalue()


# ---- bytes -----------------------------------------------------------------------------------------------------


def pack(code: Code) -> bytes:
    """The bytes of a code. Raises BadDocument where there are more than 2,000."""
    out = bytearray([VERSION])
    for each in (code.issuer, code.number):
        _put(out, each.encode())
    _put_all(out, [each.encode() for each in code.items])
    for day in (code.performed, code.issued):
        _put_number(out, day.toordinal())
    _put(out, bytes.fromhex(code.sm3))
    _put_all(out, [bytes.fromhex(each) for each in code.standards])
    _put(out, bytes.fromhex(code.amends))
    _put(out, bytes.fromhex(code.supersedes))
    _put(out, code.salts.number)
    _put(out, code.salts.items)
    _put_number(out, ALGORITHMS.index(code.signed.algorithm))
    _put(out, bytes.fromhex(code.signed.key))
    _put(out, bytes.fromhex(code.signed.sha256))
    _put(out, code.signed.signature)
    _put_proof(out, code.proof)
    if len(out) > LARGEST:
        raise BadDocument(
            f"二维码要 {len(out)} 字节，上限 {LARGEST}；请用证明文件"
            f" / the code needs {len(out)} bytes, at most {LARGEST}: use the proof file"
        )
    return bytes(out)


def _put_proof(out: bytearray, proof: LogProof) -> None:
    point = proof.checkpoint
    _put_number(out, proof.index)
    _put_all(out, proof.path)
    _put(out, point.origin.encode())
    _put_number(out, point.size)
    _put(out, point.root)
    _put_number(out, len(point.note.signatures))
    for each in point.note.signatures:
        # a log's own signature bears its origin: not said twice
        _put(out, b"" if each.name == point.origin else each.name.encode())
        _put(out, each.key_id + each.signature)


def _put_number(out: bytearray, number: int) -> None:
    """Seven bits to a byte, the lowest first (LEB128)."""
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _put(out: bytearray, octets: bytes) -> None:
    _put_number(out, len(octets))
    out += octets


def _put_all(out: bytearray, parts: Sequence[bytes]) -> None:
    _put_number(out, len(parts))
    for each in parts:
        _put(out, each)


def unpack(data: bytes) -> Code:
    """The code that bytes hold. Raises BadDocument."""
    if len(data) > LARGEST:
        raise BadDocument("二维码过长 / the code is too long")
    try:
        code = _Reading(data).code()
        same = pack(code) == data
        # what stands in it can be said in the files of a document
        signature.read(code.signed.write())
        proofs.parse(str(code.proof).encode())
        read(code.statement)
    except (ValueError, IndexError, OverflowError, BadNote) as error:
        raise BadDocument(f"不是证书的二维码：{error} / is no code of a certificate: {error}") from error
    if not same:
        raise BadDocument("二维码没有按唯一的写法写出 / the code is not written in the one way")
    return code


class _Reading:
    """Bytes of a code while they are read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def code(self) -> Code:
        if self.number() != VERSION:
            raise BadDocument("二维码的版本不认识 / the code is of an unknown version")
        return Code(
            self.text(),
            self.text(),
            self.all(self.text),
            date.fromordinal(self.number()),
            date.fromordinal(self.number()),
            self.digest(),
            self.all(self.digest),
            self.digest(),
            self.digest(),
            salts=Salts(self.octets(), self.octets()),
            signed=self.signed(),
            proof=self.proof(),
        )

    def number(self) -> int:
        found = shift = 0
        while shift < 70:
            octet = self.data[self.place]
            self.place += 1
            found |= (octet & 0x7F) << shift
            shift += 7
            if octet < 0x80:
                return found
        raise BadDocument("数过大 / a number is too large")

    def octets(self) -> bytes:
        length = self.number()
        found = self.data[self.place : self.place + length]
        if len(found) < length:
            raise BadDocument("二维码不完整 / the code is cut off")
        self.place += length
        return found

    def text(self) -> str:
        return self.octets().decode()

    def digest(self) -> str:
        found = self.octets()
        if len(found) not in (0, 32):
            raise BadDocument("摘要应为 32 字节 / a digest has 32 bytes")
        return found.hex()

    def all(self, one: Callable[[], T]) -> tuple[T, ...]:
        return tuple(one() for _ in self.count())

    def count(self) -> Iterable[int]:
        # each part takes a byte at least, so that a false count ends with the data
        return range(min(self.number(), len(self.data) + 1))

    def signed(self) -> Signature:
        return Signature(ALGORITHMS[self.number()], self.digest(), self.digest(), self.octets())

    def proof(self) -> LogProof:
        index, path = self.number(), self.all(self.octets)
        origin, size, root = self.text(), self.number(), self.octets()
        lines = []
        for _ in self.count():
            name, made = self.text() or origin, self.octets()
            lines.append(Line(name, made[:4], made[4:]))
        point = Checkpoint(origin, size, root, Note(checkpoints.text(origin, size, root), tuple(lines)))
        return LogProof(index, path, point)
