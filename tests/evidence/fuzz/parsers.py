"""Every parser of bytes that come from others, with good files of our own making: one line each.

A parser takes bytes and ends with a value or with one of our own errors. Files that are sealed by a digest are sealed
again after they were damaged (`mend`), so that what lies behind the seal is reached as well.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lxml import etree
from mutations import packed, unpacked

from evidence import proof_world as world
from evidence.xml_signers import identity, signed
from quanheng.cli import certificate as certificate_job
from quanheng.cli import issue
from quanheng.evidence import (
    base45,
    bundle,
    holdings,
    key_file,
    keys,
    order,
    procedures,
    proof_file,
    qr_proof,
    record,
    records,
    signature,
    statement,
    trust,
    xml,
)  # fmt: skip
from quanheng.evidence.answer import Standing
from quanheng.evidence.certificate import Condition, Decision, Outcome, Validation
from quanheng.evidence.chain import build, files
from quanheng.evidence.document_check import Rules
from quanheng.evidence.formats import form, gtc
from quanheng.evidence.formats.dcc import check as dcc
from quanheng.evidence.formats.dcc import reading, sealed, writing
from quanheng.evidence.formats.paper import paper
from quanheng.evidence.formats.paper.attached import attached
from quanheng.evidence.formats.xmldsig import anchors, verify
from quanheng.evidence.log import checkpoint, journal, note, policy, proof, store, tiles, witness
from quanheng.ground.digest import canonical_json
from quanheng.ground.errors import QuanhengError
from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.source import Source, named
from quanheng.measure.quantity.uncertain import quantity
from quanheng.readings.lake.open import open_lake
from quanheng.readings.lake.read import read_partition
from quanheng.work.budget import population
from quanheng.work.budget.reading import parse_budget
from quanheng.work.budget.template import write_template
from quanheng.work.supervise.checks import read_checks
from quanheng.work.supervise.costs import read_costs
from readings.small_lakes import sound_lake, write_lake

AT = datetime(2026, 3, 1, tzinfo=UTC)
PASSPHRASE = b"correct horse"
FOLDER = Path(tempfile.mkdtemp(prefix="quanheng-fuzz-"))


@dataclass(frozen=True)
class Parser:
    """read: to be shown harmless. samples: good files. mend: seals a damaged one again."""

    read: Callable[[bytes], object]
    samples: Callable[[], tuple[bytes, ...]]
    mend: Callable[[bytes], bytes] = bytes
    refuses: tuple[type[Exception], ...] = (QuanhengError,)
    dear: bool = False  # one call takes a tenth of a second or more


# ---- worlds ----------------------------------------------------------------------------------------------------


@cache
def good() -> tuple[Any, ...]:
    """Documents of a small world: leaf, root, bindings, scopes."""
    return tuple(world.World().good())


@cache
def certificates() -> tuple[bytes, ...]:
    """A plain DCC, one with all that our model has, and the same two as another laboratory would write them."""
    plain = world.certificate("N-1", world.INSTITUTE, "item-0", world.ISSUED)
    use = world.Use("ab" * 32, "energy", 1.0, "kW·h", 0.5)
    point = dataclasses.replace(plain.points[0], lower=-0.5, upper=0.5, outcome=Outcome.PASS, uses=(use,))
    full = dataclasses.replace(
        plain,
        points=(point,),
        conditions=(Condition("temperature", 22.0, 24.0, "°C"),),
        decision=Decision("simple acceptance", Outcome.PASS, 0.1, 0.05),
        validation=Validation(1.0, 0.1, 1.01, 0.1, "kW·h", 0.01, 0.02),
        remarks=("一", "二"),
    )
    ours = tuple(writing.write(each) for each in (plain, full))
    others = tuple(each.replace(b"qh_", b"x_") for each in ours)
    return (*ours, *others, listed(others[0]))


def listed(data: bytes) -> bytes:
    """A DCC whose results stand in lists (D-SI, realListXMLList), two values each."""
    root = etree.fromstring(data)
    for each in list(root.iter("{https://ptb.de/si}real")):
        for inner in each.iter(etree.Element):
            inner.tag = f"{inner.tag}XMLList"
            if not len(inner) and inner.text:
                inner.text = f"{inner.text} {inner.text}"
        each.tag = "{https://ptb.de/si}realListXMLList"
    return bytes(etree.tostring(root))


@cache
def sealed_certificates() -> tuple[bytes, ...]:
    """DCCs with a signature inside: XML-DSig and XAdES."""
    laboratory = identity("laboratory", "authority")
    return tuple(signed(laboratory, certificates()[3], xades=each) for each in (False, True))


@cache
def log_files() -> dict[str, bytes]:
    """Files of a log with a few entries, some of them published."""
    folder, key = FOLDER / "log-sample", world.key_of(world.ORIGIN)
    with store.Log.create(folder, world.ORIGIN, keys.raw_ed25519(key.public), key) as log:
        log.append([b"entry %d" % n for n in range(5)])
        log.publish(key)
        log.append([b"later"])
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def log_with(name: str) -> Callable[[bytes], object]:
    """Opens a log in which one file is another."""

    def read(data: bytes) -> object:
        with tempfile.TemporaryDirectory(dir=FOLDER) as place:
            for each, content in (log_files() | {name: data}).items():
                path = Path(place) / each
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            with store.Log.open(Path(place)) as log:
                return log.prove(2, log.published), list(log.entries())

    return read


@cache
def trust_files() -> dict[str, bytes]:
    """Files of a folder of trust."""
    laboratory = identity("laboratory", "authority")
    return {
        "policy": world.policy_file(),
        "authority/a.pem": world.key_of("authority").public.pem(),
        "x509/a.pem": identity("authority", authority=True).pem,
        "x509/parties": f"# who\n{laboratory.signer.fingerprint} 某市计量检定测试院\n".encode(),
    }


def trust_with(name: str) -> Callable[[bytes], object]:
    """Reads a folder of trust in which one file is another."""

    def read(data: bytes) -> object:
        for each, content in (trust_files() | {name: data}).items():
            path = FOLDER / "trust" / each
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return trust.read_trust(FOLDER / "trust")

    return read


def filed(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A parser of files, as one of bytes."""

    def parse(data: bytes) -> object:
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return read(path)

    return parse


# ---- whole verifications -----------------------------------------------------------------------------------------


def verified(data: bytes) -> object:
    """What `quanheng certificate verify` does with a file."""
    rules = Rules(sealed.read, 7)
    return certificate_job.verified(data, world.trusted(), rules, procedures.regulations(), on=world.ON)


def trusted_inside(data: bytes) -> object:
    """A signature inside, and who vouches for it."""
    found = verify.verify(xml.parse(data))
    pinned = anchors.Anchors((identity("authority", authority=True).signer,))
    return found and anchors.trusted(found, pinned, at=AT, proven=True)


def checked_code(said: str) -> object:
    """A QR code and what it shows."""
    return qr_proof.check(qr_proof.read_text(said), world.trusted().policy, grace=7)


def asked_witness(data: bytes) -> object:
    """A witness that is asked over the network."""
    key = world.key_of("witness")
    known = {world.ORIGIN: (note.parse_key(log_files()["key"].decode().strip()),)}
    with tempfile.TemporaryDirectory(dir=FOLDER) as place:
        one = witness.Witness(Path(place), "witness.example", keys.raw_ed25519(key.public), key, known)
        return one.add_checkpoint(data, 1)


def judged_checkpoint(data: bytes) -> object:
    """A checkpoint and what a policy says of it."""
    point = checkpoint.parse(data)
    return world.trusted().policy.signed(point), world.trusted().policy.seen(point)


# ---- files within files ------------------------------------------------------------------------------------------


def zipped(data: bytes) -> bytes:
    """A proof file, stored anew as it is written in the one way; what is none stays as it is."""
    try:
        return proof_file._zip(unpacked(data).items())
    except Exception:
        return data


def with_certificate(data: bytes) -> bytes:
    """The proof file of a document whose certificate is another."""
    leaf, *rest = good()
    return proof_file.write([dataclasses.replace(leaf, data=data), *rest])


def resealed(data: bytes) -> bytes:
    """A record of results that bears the digest of what stands in it."""
    return data[:-32] + hashlib.sha256(data[:-32]).digest()


def reframed(data: bytes) -> bytes:
    """A journal whose first frame bears length and digest of what stands in it."""
    rest = data[journal.HEAD :]
    return data[:12] + len(rest).to_bytes(8, "big") + hashlib.sha256(rest).digest() + rest


@cache
def workbook_parts() -> dict[str, bytes]:
    """Parts of the workbook of a budget."""
    return unpacked(write_template("excel"))


def workbook_with(name: str) -> Callable[[bytes], object]:
    """Reads a budget's workbook in which one part is another."""

    def read(data: bytes) -> object:
        return parse_budget(packed(workbook_parts() | {name: data}), "budget.xlsx")

    return read


# ---- samples -----------------------------------------------------------------------------------------------------


def _keys() -> Iterator[bytes]:
    for algorithm in (keys.ED25519, keys.P256, keys.SM2):
        public = world.key_of("someone", algorithm).public
        yield from (public.der, public.pem())


def _signed() -> Iterator[bytes]:
    for xades in (False, True):
        yield signed(identity("laboratory", "authority"), xades=xades)


def _forms() -> Iterator[bytes]:
    (FOLDER / "laboratory.key").write_bytes(_key_file())  # which the form of a key binding names
    for each in ("certificate", *records.RECORDS):
        yield issue._template(each).encode()


def _key_file() -> bytes:
    return key_file.seal(world.key_of("someone"), PASSPHRASE, salt=bytes(16), nonce=bytes(12))


def _rules() -> Iterator[bytes]:
    for each in sorted((Path(procedures.__file__).parent / "rules").glob("*.toml")):
        yield each.read_bytes()


def _record() -> bytes:
    a, b = quantity([1.0, 2.0], (0.1, named("bench", dof=9))), quantity([3.0, 4.0], (0.2, Source("own")))
    units = {"a": "m", "b": "m", "c": "m"}
    results = {"a": a, "b": b, "c": Model({"c": "a + b"})(a=a, b=b)["c"]}
    return record.write_record(results, units=units, parameters={"day": "2026-03-01"})


def _archive() -> bytes:
    x, y = quantity(1.0, (0.1, Source("x"))), quantity(2.0, (0.2, Source("y")))
    return gtc.write({"x": x, "y": y, "z": Model({"z": "x + y"})(x=x, y=y)["z"]})


def _holdings() -> bytes:
    place = FOLDER / "holdings-sample"
    return (
        holdings.files(place)[0].read_bytes() if place.exists() else holdings.add(place, good()).read_bytes()
    )


def _names_of_chain() -> bytes:
    known = [build.Known(each.digest, reading.read(each.data), Standing.VALID, None) for each in good()[:2]]
    place = FOLDER / "chain"
    files.save(build.build(known, []), place)
    return (place / "names.json").read_bytes()


def _chain(path: Path) -> object:
    return files.load(path.parent)


def _code() -> str:
    leaf = good()[0]
    return qr_proof.text(qr_proof.of_document(leaf, world.WRITTEN[leaf.data], world.trusted().policy))


def _paper() -> bytes:
    plain = world.certificate("N-1", world.INSTITUTE, "item-0", world.ISSUED)
    return paper.write(plain, writing.write(plain), standards={}, code=b"", proof=proof_file.write(good()))


def _request() -> bytes:
    point = checkpoint.parse(log_files()["checkpoint"])
    return str(witness.Request(0, (), point)).encode()


def _order() -> bytes:
    facts = {"order": "o-1", "meter": "m-1", "rank": 1}
    return order.Order(facts, {"error": 0.03}, {"area": "a", "master": "M", "master_u": 0.002}).write()


def _bundle() -> bytes:
    facts = {"method": "m", "version": "1", "parameters": {"alpha": 0.05}, "inputs": {"a.parquet": "ab" * 32}}
    return canonical_json({**facts, "format": bundle.FORMAT, "outputs": {"o.parquet": "cd" * 32}})


def _parquet(columns: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


@cache
def lake_files() -> dict[str, bytes]:
    """Files of a small lake."""
    place = write_lake(FOLDER / "lake-sample", sound_lake())
    return {str(each.relative_to(place)): each.read_bytes() for each in place.rglob("*.parquet")}


def lake_with(name: str) -> Callable[[bytes], object]:
    """Opens a lake in which one file is another, and reads an area of it."""

    def read(data: bytes) -> object:
        for each, content in (lake_files() | {name: data}).items():
            path = FOLDER / "lake" / each
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        with open_lake(FOLDER / "lake") as lake:
            return [list(read_partition(lake.path, each)) for each in lake.partitions()]

    return read


CHECKS = "meter,date,error,u,found,note\nm1,2026-03-01,0.03,0.001,out_of_tolerance,一\nm2,2026-03-02,,,ok,\n"
POPULATION = {"m_R": [1.0, 2.0, 3.0], "m_R.u": [0.1, 0.1, 0.2], "m_R.source": ["a", "a", "b"]}

# ---- the table ---------------------------------------------------------------------------------------------------


def _once(*samples: Callable[[], bytes]) -> Callable[[], tuple[bytes, ...]]:
    return cache(lambda: tuple(each() for each in samples))


def _of(kind: str, *which: int) -> Callable[[], tuple[bytes, ...]]:
    return cache(lambda: tuple(getattr(good()[k], kind) for k in which))


PARSERS: dict[str, Parser] = {
    "form of a certificate": Parser(lambda data: form.read(data, "form.toml"), _once(form.template)),
    "form of a record": Parser(filed("form.toml", issue.read_form), cache(lambda: tuple(_forms()))),
    "DCC": Parser(dcc.check, certificates),
    "DCC of ours": Parser(reading.read, lambda: certificates()[:2]),
    "DCC with a signature inside": Parser(sealed.read, sealed_certificates),
    "signature inside": Parser(trusted_inside, cache(lambda: tuple(_signed()))),  # each signing draws anew
    "record of the authority": Parser(records.read, _of("data", 2, 4)),
    "statement": Parser(statement.read, _of("statement", 0, 1, 2, 4)),
    "salts": Parser(statement.read_salts, _of("salts", 0, 1)),
    "signature file": Parser(signature.read, _of("signature", 0, 2)),
    "public key": Parser(keys.read_public, cache(lambda: tuple(_keys()))),
    "private key": Parser(
        keys.read_private,
        lambda: tuple(world.key_of("someone", each).der for each in (keys.ED25519, keys.P256, keys.SM2)),
    ),
    "key file": Parser(
        filed("a.key", partial(key_file.read, passphrase=PASSPHRASE)),
        _once(_key_file),
        dear=True,
    ),
    "signed note": Parser(note.parse, _of("proof", 0, 1)),
    "verifier key": Parser(
        lambda data: note.parse_key(data.decode("utf-8", "surrogateescape")),
        _once(lambda: log_files()["key"].strip()),
    ),
    "checkpoint": Parser(
        judged_checkpoint, _once(lambda: str(proof.parse(good()[0].proof).checkpoint).encode())
    ),
    "policy": Parser(policy.parse, _once(world.policy_file)),
    "tlog-proof": Parser(proof.parse, _of("proof", 0, 1, 2)),
    "request to a witness": Parser(asked_witness, _once(_request), refuses=(QuanhengError, witness.Refused)),
    "bundle of entries": Parser(tiles.unpack, _once(lambda: tiles.pack([b"one", b"", b"three"]))),
    "journal": Parser(
        filed("journal", journal.recover), _once(lambda: log_files()["journal"]), mend=reframed
    ),
    "log, its checkpoint": Parser(log_with("checkpoint"), _once(lambda: log_files()["checkpoint"])),
    "log, its entries": Parser(
        log_with("tile/entries/000.p/5"), _once(lambda: log_files()["tile/entries/000.p/5"])
    ),
    "log, its tile": Parser(log_with("tile/0/000.p/5"), _once(lambda: log_files()["tile/0/000.p/5"])),
    "log, its journal": Parser(log_with("journal"), _once(lambda: log_files()["journal"]), mend=reframed),
    "trust, its policy": Parser(trust_with("policy"), _once(lambda: trust_files()["policy"])),
    "trust, keys of the authority": Parser(
        trust_with("authority/a.pem"), _once(lambda: trust_files()["authority/a.pem"])
    ),
    "trust, anchors": Parser(trust_with("x509/a.pem"), _once(lambda: trust_files()["x509/a.pem"])),
    "trust, parties": Parser(trust_with("x509/parties"), _once(lambda: trust_files()["x509/parties"])),
    "proof file": Parser(proof_file.read, _once(lambda: proof_file.write(good()))),
    "proof file, verified": Parser(verified, _once(lambda: proof_file.write(good())), mend=zipped, dear=True),
    "certificate alone, verified": Parser(
        verified, lambda: (*certificates(), *sealed_certificates()), dear=True
    ),
    "certificate in a proof file, verified": Parser(verified, certificates, mend=with_certificate, dear=True),
    "text of a QR code": Parser(
        lambda data: checked_code(data.decode("latin-1")), _once(lambda: _code().encode())
    ),
    "bytes of a QR code": Parser(
        qr_proof.unpack, _once(lambda: base45.decode(_code().removeprefix(qr_proof.PREFIX)))
    ),
    "base45": Parser(
        lambda data: base45.decode(data.decode("latin-1")), _once(lambda: base45.encode(bytes(40)).encode())
    ),
    "paper copy": Parser(attached, _once(_paper), dear=True),
    "order": Parser(order.read, _once(_order)),
    "path of an order": Parser(
        order.read_path, _once(lambda: order.path_to([b"%d" % n for n in range(5)], 3).write())
    ),
    "bundle": Parser(lambda data: bundle.parse(data, Path("run.json")), _once(_bundle)),
    "holdings": Parser(
        filed("holdings/documents/a.parquet", lambda path: list(holdings.read(path.parents[1]))),
        _once(_holdings),
    ),
    "index of a chain": Parser(filed("chain/names.json", _chain), _once(_names_of_chain)),
    "procedures": Parser(filed("procedures.toml", procedures.read), cache(lambda: tuple(_rules()))),
    "record of results": Parser(record.read_record, _once(_record), mend=resealed),
    "archive of GTC": Parser(gtc.read, _once(_archive)),
    "budget in TOML": Parser(
        lambda data: parse_budget(data, "b.toml"), _once(lambda: write_template("toml"))
    ),
    "budget in Excel": Parser(
        lambda data: parse_budget(data, "b.xlsx"), _once(lambda: write_template("excel")), dear=True
    ),
    "budget in Excel, a sheet": Parser(
        workbook_with("xl/worksheets/sheet2.xml"),
        _once(lambda: workbook_parts()["xl/worksheets/sheet2.xml"]),
        dear=True,
    ),
    "budget in Excel, its styles": Parser(
        workbook_with("xl/styles.xml"), _once(lambda: workbook_parts()["xl/styles.xml"]), dear=True
    ),
    "population in CSV": Parser(
        filed("population.csv", population.read_table), _once(lambda: b"m_R,m_R.u\n1,0.1\n2,0.1\n")
    ),
    "population in Parquet": Parser(
        filed("population.parquet", population.read_table), _once(lambda: _parquet(POPULATION))
    ),
    "population in Excel": Parser(
        filed("population.xlsx", population.read_table), _once(lambda: write_template("excel")), dear=True
    ),
    "lake, its areas": Parser(lake_with("areas.parquet"), _once(lambda: lake_files()["areas.parquet"])),
    "lake, its meters": Parser(lake_with("meters.parquet"), _once(lambda: lake_files()["meters.parquet"])),
    "lake, its readings": Parser(
        lake_with("readings/part-0.parquet"), _once(lambda: lake_files()["readings/part-0.parquet"])
    ),
    "field checks": Parser(filed("checks.csv", read_checks), _once(CHECKS.encode)),
    "costs": Parser(filed("costs.toml", read_costs), _once(lambda: b"visit = 60.0\nharm = 1\n")),
}
