"""Forged and defective certificates, made of good ones of our own: each as the proof file that a verifier is handed.

Three kinds: what a laboratory, a registry or an authority did wrong (the faults of the sample world, signed and logged
by their makers); what a laboratory wrote that no form of ours writes, signed and logged as well; and what somebody did
to a good proof file afterwards.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from quanheng.evidence import keys, proof_file, registry, signature
from quanheng.evidence.document import CERTIFICATE, Document
from quanheng.evidence.errors import BadDocument, BadXml
from quanheng.evidence.formats.dcc import reading, writing
from quanheng.evidence.holdings import Holdings
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log import proof as proofs
from quanheng.evidence.trust import Trust, trust
from quanheng.work.simulate.chain.entry import ORIGIN, WITNESSES, enter, policy
from quanheng.work.simulate.chain.forged import branch
from quanheng.work.simulate.chain.kinds import KINDS
from quanheng.work.simulate.chain.world import CITY, ChainWorld, Made
from quanheng.work.simulate.chain.wrong import FIRST, WRONGS, put_wrong

ON = date(2026, 6, 15)
SEED = 11


@dataclass(frozen=True)
class Forgery:
    """A file that must not pass, and the code by which it is refused."""

    name: str
    code: str
    data: bytes


@cache
def world() -> tuple[ChainWorld, Holdings]:
    """Two good instruments and every fault."""
    made = ChainWorld(SEED)
    made.authority()
    for n in range(2):
        made.certify(made.instrument(n * len(KINDS), KINDS[0]))
    put_wrong(made)
    for n, change in enumerate(WRITTEN.values()):
        _write(made, WRITTEN_FROM + n * len(KINDS), change[1])
    with TemporaryDirectory() as folder:
        found = enter(made, Path(folder) / "log")
    return made, Holdings(each.document for each in found)


def trusted() -> Trust:
    """Trust in the log and the authority of the world."""
    made, _ = world()
    return trust(policy(made), [made.key("authority").public])


def documents(item: str) -> list[Document]:
    """All that the proof file of an instrument's certificate holds, the certificate first."""
    _, kept = world()
    subject = next(each for each in kept.certificates() if item.encode() in each.data)
    return kept.behind(subject, ["PA-energy", "PA-mass", "PA-volume"])


def good() -> list[Document]:
    """Those of a good certificate."""
    return documents("V-energy-000000<")


def forgeries() -> Iterator[Forgery]:
    """Every forgery."""
    yield from of_makers()
    yield from of_writers()
    for name, (code, change) in AFTERWARDS.items():
        yield Forgery(name, code, change(good()))


def of_makers() -> Iterator[Forgery]:
    """What was wrong when it was issued."""
    _, kept = world()
    for n, wrong in enumerate(WRONGS):
        number = FIRST + 2 * n
        kind = KINDS[n % 3]
        marks = (f"V-{kind.name}-{number:06d}", f"B-{kind.name}-{number}<")
        found = [each for each in kept.certificates() if any(mark.encode() in each.data for mark in marks)]
        subject = next((each for each in found if marks[0].encode() in each.data), found[0])
        listed = kept.behind(subject, [f"PA-{kind.name}"])
        listed += [each for each in found if each.digest not in {other.digest for other in listed}]
        yield Forgery(f"issued with the fault {wrong.code} ({n})", wrong.code, proof_file.write(listed))


# ---- what a laboratory wrote by other means ---------------------------------------------------------------------

WRITTEN_FROM = 12  # numbers of instruments, on the bench of the good ones


def of_writers() -> Iterator[Forgery]:
    """What a laboratory wrote, signed and had logged."""
    _, kept = world()
    for n, (name, (code, _)) in enumerate(WRITTEN.items()):
        mark = f"energy-{WRITTEN_FROM + n * len(KINDS):06d}<"
        subject = next(each for each in kept.certificates() if mark.encode() in each.data.replace(b"\0", b""))
        yield Forgery(name, code, proof_file.write([subject, *good()[1:]]))


def _write(made: ChainWorld, n: int, change: Callable[[bytes], bytes]) -> None:
    """A certificate of other bytes than ours; its statement is of what they say, as far as they can be read."""
    content = made.instrument(n, KINDS[0])
    data = change(writing.write(content))
    with suppress(BadDocument, BadXml):
        content = reading.read(data)
    document = registry.certificate(content, data, made.key("city"), made.secret)
    made.made.append(Made(document, content.issued))


def put(*pairs: tuple[bytes, bytes]) -> Callable[[bytes], bytes]:
    """Bytes replaced, wherever they stand."""

    def change(data: bytes) -> bytes:
        for old, new in pairs:
            assert old in data, old
            data = data.replace(old, new)
        return data

    return change


def again(first: bytes, last: bytes, *pairs: tuple[bytes, bytes]) -> Callable[[bytes], bytes]:
    """A part of the document stands a second time, changed."""

    def change(data: bytes) -> bytes:
        start = data.index(first)
        end = data.index(last, start) + len(last)
        return data[:end] + put(*pairs)(data[start:end]) + data[end:]

    return change


SENSITIVITY = (
    b'<dcc:measuringEquipmentQuantity refType="qh_sensitivity"><dcc:name><dcc:content>c</dcc:content></dcc:name>'
    b"<si:real><si:value>%s</si:value><si:unit>\\one</si:unit></si:real></dcc:measuringEquipmentQuantity>"
    b"</dcc:measuringEquipmentQuantities>"
)
ACTING = b"</dcc:measuringEquipmentQuantities>"
OF_VALUE, OF_LIMIT = (b"</si:value>\n" + depth * b" " + b"<si:unit>\\percent" for depth in (16, 24))
T = (b"distribution>normal<", b"distribution>t<")
WRITTEN: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a t distribution with k = 1000": (
        "coverage_inconsistent",
        put(T, (b"coverageFactor>2.0<", b"coverageFactor>1000.0<"), (b"ExpandedMU>0.20<", b"ExpandedMU>100.0<")),
    ),
    "an arc sine with k = 1": (
        "coverage_inconsistent",
        put((T[0], b"distribution>arc sine<"), (b"coverageFactor>2.0<", b"coverageFactor>1.0<")),
    ),
    "a value far beyond the world": (
        "figure_too_large", put((OF_VALUE, b"e305" + OF_VALUE))
    ),
    "limits far beyond the world": ("figure_too_large", put((OF_LIMIT, b"e305" + OF_LIMIT))),
    "a number with a sign without ink": ("structure", put((b"V-energy-", "V-\u034fenergy-".encode()))),
    "a number with a Hangul filler": ("structure", put((b"V-energy-", "V-\u3164energy-".encode()))),
    "a number with a Cyrillic letter": ("structure", put((b"V-energy-", "V-\u0435nergy-".encode()))),
    "a number with two blanks": ("structure", put((b"V-energy-", b"V-  energy-"))),
    "two days on which it is due": (
        "structure",
        again(b'<dcc:statement refType="basic_recal', b"</dcc:statement>", (b"<dcc:date>20", b"<dcc:date>21")),
    ),
    "two results of measurement": (
        "structure",
        again(
            b"<dcc:measurementResult>", b"</dcc:measurementResult>",
            (b'"standard1"', b'"standard2"'), (b'id="p', b'id="q'),
        ),
    ),
    "two nominal values": (
        "structure",
        again(b'<dcc:quantity refType="basic_nominalValue">', b"</dcc:quantity>", (b"<si:value>", b"<si:value>9")),
    ),
    "limits in another unit than the value": ("structure", put((OF_LIMIT, OF_LIMIT.replace(b"percent", b"one")))),
    "a nominal value in bar": ("quantity_mismatch", put((b"\\kilo\\watt\\hour", b"\\bar"))),
    "a unit that nobody knows": ("unit_unknown", put((b"\\percent", b"\\parsnip"))),
    "a value in hexadecimal": ("structure", put((b"<si:value>0.1<", b"<si:value>0x1<"))),
    "a standard that does not act": ("standard_hardly_acts", put((ACTING, SENSITIVITY % b"1e-300"))),
    "a standard of no sensitivity": ("structure", put((ACTING, SENSITIVITY % b"1e-999"))),
    "another encoding": ("unsafe_xml", lambda data: data.decode().split("?>", 1)[1].encode("utf-16")),
}  # fmt: skip


# ---- what was done to a good one -------------------------------------------------------------------------------

Change = Callable[[list[Document]], bytes]


def of_subject(**changes: object) -> Change:
    """Parts of the certificate's document replaced."""
    return lambda listed: proof_file.write([dataclasses.replace(listed[0], **changes), *listed[1:]])  # type: ignore[arg-type]


def rewritten(old: bytes, new: bytes) -> Change:
    """Bytes of the certificate replaced, at their first place."""

    def change(listed: list[Document]) -> bytes:
        data = listed[0].data
        assert old in data, old
        return proof_file.write([dataclasses.replace(listed[0], data=data.replace(old, new, 1)), *listed[1:]])

    return change


def from_other(part: str) -> Change:
    """A part taken from another good certificate."""

    def change(listed: list[Document]) -> bytes:
        other = documents("V-energy-000006<")[0]
        return proof_file.write([dataclasses.replace(listed[0], **{part: getattr(other, part)}), *listed[1:]])

    return change


def without(kind: str, mark: bytes = b"") -> Change:
    """Documents of a kind that hold a mark left out."""
    return lambda listed: proof_file.write(
        [listed[0], *(each for each in listed[1:] if not (each.kind == kind and mark in each.data))]
    )


def signed_again(name: str) -> Change:
    """Changed, and signed by somebody else's key; the rest as it was."""

    def change(listed: list[Document]) -> bytes:
        made, _ = world()
        return of_subject(signature=signature.sign(listed[0].data, made.key(name)))(listed)

    return change


def of_proof(alter: Callable[[proofs.LogProof], object]) -> Change:
    """The proof of logging altered."""

    def change(listed: list[Document]) -> bytes:
        return of_subject(proof=str(alter(proofs.parse(listed[0].proof))).encode())(listed)

    return change


def _path(proof: proofs.LogProof) -> object:
    return dataclasses.replace(proof, path=(bytes(32), *proof.path[1:]))


def _index(proof: proofs.LogProof) -> object:
    return dataclasses.replace(proof, index=proof.index + 1)


def _rogue_log(proof: proofs.LogProof) -> object:
    made, _ = world()
    key = made.key("rogue log")
    point = checkpoints.sign(
        ORIGIN, proof.checkpoint.size, proof.checkpoint.root, keys.raw_ed25519(key.public), key
    )
    return dataclasses.replace(proof, checkpoint=point)


def _lines(keep: Callable[[str], bool]) -> Callable[[proofs.LogProof], object]:
    def alter(proof: proofs.LogProof) -> object:
        note = proof.checkpoint.note
        return dataclasses.replace(
            proof, checkpoint=proof.checkpoint.bearing([each for each in note.signatures if keep(each.name)])
        )

    return alter


def _other_root(proof: proofs.LogProof) -> object:
    """A checkpoint of another tree, under the good signatures."""
    point = proof.checkpoint
    text = checkpoints.text(point.origin, point.size, bytes(32))
    note = dataclasses.replace(point.note, text=text)
    return dataclasses.replace(proof, checkpoint=dataclasses.replace(point, root=bytes(32), note=note))


def forked(listed: list[Document]) -> bytes:
    """Two trees of one size, both with the signatures of log and witnesses: log and witnesses collude."""
    made, _ = world()
    size = proofs.parse(listed[0].proof).checkpoint.size
    other = listed[1]
    false = branch(made, other.statement, size, date(2025, 2, 15))
    return proof_file.write([listed[0], dataclasses.replace(other, proof=str(false).encode()), *listed[2:]])


def rogue_authority(listed: list[Document]) -> bytes:
    """A key binding for the forger's key, signed by an authority of his own."""
    made, _ = world()
    forger = made.key("forger")
    data = listed[0].data
    binding = made.binding("forger", CITY.identifier)
    vouched = registry.record(binding, "sample-bureau", date(2025, 1, 2), made.key("authority of his own"))
    signed = signature.sign(data, forger)
    return proof_file.write([dataclasses.replace(listed[0], signature=signed), *listed[1:], vouched])


def standard_swapped(listed: list[Document]) -> bytes:
    """The bench's certificate altered: a smaller uncertainty."""
    bench = next(n for n, each in enumerate(listed) if b"B-energy-0<" in each.data)
    data = listed[bench].data.replace(b"0.05<", b"0.01<")
    changed = dataclasses.replace(listed[bench], data=data)
    return proof_file.write([*listed[:bench], changed, *listed[bench + 1 :]])


def zipped(alter: Callable[[bytes], bytes]) -> Change:
    """The file itself altered."""
    return lambda listed: alter(proof_file.write(listed))


def _deflated(data: bytes) -> bytes:
    """The first entry says that it is compressed."""
    return data[:8] + struct.pack("<H", 8) + data[10:]


def _entry_twice(data: bytes) -> bytes:
    first = data.index(b"PK\3\4", 4)
    return data[:first] + data[:first] + data[first:]


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
AFTERWARDS: dict[str, tuple[str, Change]] = {
    "a value changed": ("digest_mismatch", rewritten(b"<si:value>", b"<si:value>1")),
    "an uncertainty made smaller": (
        "digest_mismatch", rewritten(b"<si:valueExpandedMU>0.20<", b"<si:valueExpandedMU>0.020<")
    ),
    "a coverage factor changed": ("digest_mismatch", rewritten(b"<si:coverageFactor>2.0<", b"<si:coverageFactor>3.0<")),
    "a unit changed": ("digest_mismatch", rewritten(b"\\percent<", b"\\one<")),
    "a date changed": ("statement_differs", rewritten(b"<dcc:issueDate>2026", b"<dcc:issueDate>2027")),
    "the number changed": ("statement_differs", rewritten(b"V-energy-000000<", b"V-energy-999999<")),
    "the instrument swapped": ("statement_differs", rewritten(b"energy-000000<", b"energy-000077<")),
    "the citation of a standard changed": ("statement_differs", lambda listed: _cited(listed)),
    "white space added": ("digest_mismatch", rewritten(b"</dcc:digital", b" </dcc:digital")),
    "the signature of another certificate": ("signature_wrong", from_other("signature")),
    "the statement of another certificate": ("digest_mismatch", from_other("statement")),
    "the salts of another certificate": ("statement_differs", from_other("salts")),
    "the proof of another certificate": ("proof_wrong", from_other("proof")),
    "another certificate under this signature and proof": ("digest_mismatch", from_other("data")),
    "signed by a stranger": ("key_unknown", signed_again("stranger's own key")),
    "signed by the provincial institute": ("key_of_other", signed_again("province")),
    "the signature stripped": ("unsigned", of_subject(signature=b"")),
    "a signature file of noise": ("signature_malformed", of_subject(signature=b"{}\n")),
    "the proof stripped": ("not_logged", of_subject(proof=b"")),
    "a proof of noise": ("proof_wrong", of_subject(proof=b"noise")),
    "a hash of the path changed": ("proof_wrong", of_proof(_path)),
    "the index changed": ("proof_wrong", of_proof(_index)),
    "a checkpoint of another log under the name of ours": ("log_unknown", of_proof(_rogue_log)),
    "one witness alone": ("witnesses_too_few", of_proof(_lines(lambda name: name in (ORIGIN, WITNESSES[0])))),
    "no signature of the log": ("log_unknown", of_proof(_lines(lambda name: name != ORIGIN))),
    "another root under good signatures": ("proof_wrong", of_proof(_other_root)),
    "a forked log": ("log_forked", forked),
    "the bench's certificate left out": ("standard_missing", without(CERTIFICATE, b"B-energy-0<")),
    "the national standard left out": ("standard_missing", without(CERTIFICATE, b"N-energy-0<")),
    "the bench's certificate altered": ("standard_missing", standard_swapped),
    "all key bindings left out": ("key_unknown", without("key binding")),
    "all scopes left out": ("scope_unknown", without("scope")),
    "the type approval left out": ("type_not_approved", without("type approval")),
    "a key vouched for by an authority of the forger's": ("key_unknown", rogue_authority),
    "a document type with entities": ("unsafe_xml", rewritten(b"<dcc:digital", BOMB + b"<dcc:digital")),
    "XML that is cut off": ("malformed", lambda listed: of_subject(data=listed[0].data[:-40])(listed)),
    "an element renamed": (
        "structure", lambda listed: of_subject(data=listed[0].data.replace(b"dcc:model>", b"dcc:modle>"))(listed)
    ),
    "a comment inside a value": ("value_interrupted", rewritten(b"<si:value>", b"<si:value>0<!-- 9 -->")),
    "a byte behind the file": ("proof_file_malformed", zipped(lambda data: data + b"\0")),
    "a byte before the file": ("malformed", zipped(lambda data: b"\0" + data)),
    "the file cut off": ("proof_file_malformed", zipped(lambda data: data[:-30])),
    "an entry that stands twice": ("proof_file_malformed", zipped(_entry_twice)),
    "an entry that says it is compressed": ("proof_file_malformed", zipped(_deflated)),
    "a manifest that names another subject": (
        "proof_file_malformed", zipped(lambda data: data.replace(b'"subject":"', b'"subject":"0', 1))
    ),
}  # fmt: skip


def _cited(listed: list[Document]) -> bytes:
    bench = next(each for each in listed if b"B-energy-0<" in each.data)
    return of_subject(data=listed[0].data.replace(bench.digest.encode(), b"a" * 64))(listed)
