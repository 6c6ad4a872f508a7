"""A small world of evidence: an authority, an institute, a laboratory, a log with three witnesses, and a chain of two.

The institute's certificate is a national standard's; the laboratory's cites it. Everything comes from seeds.
"""

from __future__ import annotations

import base64
import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256

from quanheng.evidence import keys, records, signature, statement
from quanheng.evidence.answer import VALID, Answer, because
from quanheng.evidence.certificate import Certificate, Item, Kind, Party, Point, Use
from quanheng.evidence.document import BUNDLE, CERTIFICATE, Document
from quanheng.evidence.document_check import Rules
from quanheng.evidence.errors import BadDocument, BadXml, UnsafeXml
from quanheng.evidence.formats.dcc import reading, writing
from quanheng.evidence.keys import MemoryKey
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log import merkle
from quanheng.evidence.log.checkpoint import Checkpoint
from quanheng.evidence.log.note import COSIGNATURE, ED25519, VerifierKey
from quanheng.evidence.log.proof import LogProof
from quanheng.evidence.proof_file import ProofFile
from quanheng.evidence.records import KeyBinding, Record, Scope, Status
from quanheng.evidence.signature import Signature
from quanheng.evidence.trust import Trust, trust

ORIGIN = "log.example/city"
SECRET = b"a registry's secret, of tests alone"
DAY = 86_400


def noon(day: date) -> int:
    """POSIX time of noon in China."""
    return int(datetime(day.year, day.month, day.day, 4, tzinfo=UTC).timestamp())


def key_of(name: str, algorithm: str = "ed25519") -> MemoryKey:
    """The key that a name gives."""
    return keys.of_seed(algorithm, name.encode())


WITNESSES = [f"witness-{n}.example" for n in range(1, 4)]


def policy_file(least: int = 2) -> bytes:
    """The policy: our log, at least so many of three witnesses."""
    raw = {name: keys.raw_ed25519(key_of(name).public) for name in [ORIGIN, *WITNESSES]}
    lines = [f"log {VerifierKey(ORIGIN, ED25519, raw[ORIGIN])}"]
    lines += [f"witness w{n} {VerifierKey(w, COSIGNATURE, raw[w])}" for n, w in enumerate(WITNESSES, 1)]
    return "\n".join([*lines, f"group all {least} w1 w2 w3", "quorum all", ""]).encode()


def trusted(least: int = 2) -> Trust:
    """Trust in the log and in the authority."""
    return trust(policy_file(least), [key_of("authority").public])


@dataclass
class Log:
    """A log in memory."""

    entries: list[bytes] = field(default_factory=list)
    extra: int = 0  # entries of strangers before ours

    def hashes(self) -> bytes:
        strangers = (b"stranger %d" % n for n in range(self.extra))
        return merkle.leaf_hashes([*strangers, *self.entries])

    def prove(
        self, entry: bytes, time: int, signer: str = ORIGIN, witnesses: tuple[str, ...] = tuple(WITNESSES)
    ) -> bytes:
        """The proof of an entry, appended if it is new, in a checkpoint that witnesses saw at a time."""
        if entry not in self.entries:
            self.entries.append(entry)
        hashes = self.hashes()
        size, index = len(hashes) // 32, self.extra + self.entries.index(entry)

        def node(level: int, at: int) -> bytes:
            return merkle.root(hashes[32 * (at << level) : 32 * ((at + 1) << level)])

        key = key_of(signer)
        point = checkpoints.sign(ORIGIN, size, merkle.root(hashes), keys.raw_ed25519(key.public), key)
        path = tuple(merkle.inclusion_proof(node, index, size))
        return str(LogProof(index, path, cosigned(point, time, witnesses))).encode()


def cosigned(point: Checkpoint, time: int, witnesses: tuple[str, ...] = tuple(WITNESSES)) -> Checkpoint:
    """The checkpoint as witnesses saw it at a time."""
    lines = [
        checkpoints.cosign(point, name, keys.raw_ed25519(key_of(name).public), key_of(name), time)
        for name in witnesses
    ]
    return point.bearing([*point.note.signatures, *lines])


def write(certificate: Certificate) -> bytes:
    """A certificate's bytes."""
    data = writing.write(certificate)
    WRITTEN[data] = certificate
    return data


WRITTEN: dict[bytes, Certificate] = {}


def read(data: bytes) -> tuple[Certificate | None, Answer, None]:
    """The certificate of some bytes; no signature inside is looked at."""
    try:
        return reading.read(data), VALID, None
    except UnsafeXml:
        return None, because("unsafe_xml"), None
    except BadXml:
        return None, because("malformed"), None
    except BadDocument:
        return None, because("structure"), None


RULES = Rules(read, grace=7)
AUTHORITY_SINCE = date(2025, 1, 1)
USED, ISSUED, ON = date(2026, 3, 2), date(2026, 3, 3), date(2026, 6, 1)

INSTITUTE = Party("national-institute", "国家计量院", "National Institute")
LABORATORY = Party("city-institute", "某市计量检定测试院", "City Institute of Metrology")


def certificate(
    number: str, issuer: Party, item: str, issued: date, uses: tuple[Use, ...] = (), U: float = 0.02
) -> Certificate:
    """A certificate with one point."""
    point = Point(
        "p1", item, "energy", 1.0, "kW·h", 0.012, "%", U, 2.0, 0.95, relative=True, uses=uses,
    )  # fmt: skip
    return Certificate(
        Kind.CALIBRATION, number, issuer, (Item(item, "标准电能表", "样例仪表厂", "RM-100", item, "Reference meter"),),
        issued, issued, issued, "JJG 1085-2013", (point,), "授权签字人", customer=Party("utility-1", "某市供电公司"),
    )  # fmt: skip


@dataclass
class World:
    """Makes documents; what a test changes it changes by a parameter."""

    log: Log = field(default_factory=Log)

    def certify(
        self,
        content: Certificate,
        key: str,
        logged: date | None = None,
        algorithm: str = "ed25519",
        **changes: object,
    ) -> Document:
        """A certificate signed and logged."""
        data = write(content)
        signing = key_of(key, algorithm)
        signed = signature.sign(data, signing)
        salts = statement.derive_salts(SECRET, content.issuer.identifier, content.number)
        said = statement.of_certificate(
            content, data, key=signing.public.identifier, signature=signed, salts=salts
        )
        entry = dataclasses.replace(said, **changes).write()  # type: ignore[arg-type]
        proof = self.log.prove(entry, noon(logged or content.issued))
        return Document(CERTIFICATE, data, signed, entry, salts.write(), proof)

    def record(
        self, content: Record, issued: date = AUTHORITY_SINCE, key: str = "authority", issuer: str = "bureau"
    ) -> Document:
        """A record of the authority, signed and logged."""
        data = records.write(content)
        signing = key_of(key)
        signed = signature.sign(data, signing)
        said = statement.of_record(
            content, issuer=issuer, issued=issued, key=signing.public.identifier, signature=signed
        )
        entry = said.write()
        return Document(content.kind, data, signed, entry, b"", self.log.prove(entry, noon(issued)))

    def bundle(self, data: bytes, key: str, issuer: str, issued: date) -> Document:
        """A bundle, signed and logged."""
        signing = key_of(key)
        signed = signature.sign(data, signing)
        said = statement.of_bundle(
            data, issuer=issuer, issued=issued, key=signing.public.identifier, signature=signed
        )
        entry = said.write()
        return Document(BUNDLE, data, signed, entry, b"", self.log.prove(entry, noon(issued)))

    def good(self, algorithm: str = "ed25519") -> list[Document]:
        """Everything as it should be: the laboratory's certificate first."""
        root = self.certify(certificate("N-1", INSTITUTE, "item-0", date(2026, 1, 10), U=0.005), "institute")
        uses = (Use(root.digest, "energy", 1.0, "kW·h"),)
        leaf = self.certify(
            certificate("2026-0131", LABORATORY, "item-1", ISSUED, uses), "laboratory", algorithm=algorithm
        )
        return [
            leaf, root,
            self.record(binding("institute", INSTITUTE)),
            self.record(binding("laboratory", LABORATORY, algorithm=algorithm)),
            self.record(scope(INSTITUTE, "national standard", 0.004)),
            self.record(scope(LABORATORY, "accreditation", 0.015)),
        ]  # fmt: skip


def delegated(revoking: str) -> list[Document]:
    """A certificate by a forger whom the deputy d2 has bound; whose key d2's was revoked by: "authority", "d1", ""."""
    here = World()
    good, bureau = here.good(), Party("bureau", "市场监管局")
    forged = dataclasses.replace(WRITTEN[good[0].data], number="F-1")
    deputies = [here.record(binding(key, bureau, role="authority")) for key in ("d1", "d2")]
    bound = here.record(binding("forger", LABORATORY), issued=date(2026, 2, 1), key="d2")
    d2, since = key_of("d2").public.identifier, date(2026, 1, 1)
    revoked = [here.record(status("revoke key", d2, since), issued=since, key=revoking)] if revoking else []
    return [here.certify(forged, "forger"), *good[1:], *deputies, bound, *revoked]


def withdrawn_by_deputy(n: int) -> list[Document]:
    """The good world, of which a deputy of the authority withdraws record n."""
    here = World()
    good = here.good()
    deputy = here.record(binding("deputy", Party("bureau", "市场监管局"), role="authority"))
    said = here.record(
        status("revoke", good[n].digest, date(2026, 3, 1)), issued=date(2026, 3, 1), key="deputy"
    )
    return [*good, deputy, said]


def amended(*links: str) -> list[Document]:
    """Certificates of one number, the first amending nothing; links: "" or the place of what the next one amends."""
    here = World()
    good = here.good()
    content, made = WRITTEN[good[0].data], [good[0]]
    for n, link in enumerate(links):
        amends = "ab" * 32 if link == "?" else made[int(link)].digest if link else ""
        made.append(
            here.certify(dataclasses.replace(content, place=f"room {n}", amends=amends), "laboratory")
        )
    return [*made, *good[1:]]


OF_SMALL_ORDER = bytes.fromhex("302a300506032b6570032100") + b"\1" + bytes(31)
OFF_ITS_CURVE = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004") + bytes(63) + b"\1"
COMPRESSED = bytes.fromhex(
    "3039301306072a8648ce3d020106082a8648ce3d030107032200"
    "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
)


def bound_anew(public: bytes, algorithm: str) -> list[Document]:
    """The laboratory's certificate, whose key is bound as another public key; signed by 64 octets of that kind."""
    here = World()
    good = here.good()
    identifier = sha256(public).hexdigest()
    key = dataclasses.replace(
        binding("laboratory", LABORATORY), key=identifier, algorithm=algorithm,
        public=base64.b64encode(public).decode(),
    )  # fmt: skip
    false = Signature(algorithm, identifier, sha256(good[0].data).hexdigest(), b"\1" + bytes(63))
    said = statement.read(good[0].statement)
    entry = dataclasses.replace(said, key=identifier, signature=sha256(false.write()).hexdigest()).write()
    proof = here.log.prove(entry, noon(ISSUED))
    leaf = dataclasses.replace(good[0], signature=false.write(), statement=entry, proof=proof)
    return [leaf, *good[1:3], *good[4:], here.record(key)]


def binding(
    key: str, party: Party, role: str = "certificates", since: date = AUTHORITY_SINCE,
    until: date = date(2027, 12, 31), algorithm: str = "ed25519",
) -> KeyBinding:  # fmt: skip
    """A key bound to a party."""
    public = key_of(key, algorithm).public
    return KeyBinding(
        public.identifier,
        public.algorithm,
        base64.b64encode(public.der).decode(),
        party.identifier,
        role,
        since,
        until,
    )


def scope(party: Party, basis: str, relative: float) -> Scope:
    """What a party may do."""
    return Scope(
        party.identifier, "energy", "kW·h", 0.1, 100.0, 0.0, relative / 100, basis, "[样例] 1", AUTHORITY_SINCE,
        date(2027, 12, 31),
    )  # fmt: skip


def status(change: str, target: str, since: date) -> Status:
    """A change of standing."""
    return Status(change, target, since, "[样例] 原因 / reason")


def proof_of(documents: list[Document]) -> ProofFile:
    """As if it had been read."""
    return ProofFile(tuple(documents))
