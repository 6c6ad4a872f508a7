"""The page answers as the program does, asks the network for nothing, and is honest about what it does not check."""

from __future__ import annotations

import base64
import dataclasses
import json
import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import proof_world as world
import pytest
from browser import CHROMIUM, REASON, Browser, browser
from damaged_dcc import damaged
from lxml import etree
from proof_world import ISSUED, LABORATORY, ON, World

from quanheng.evidence import base45, proof_file, qr_proof, signature
from quanheng.evidence.certificate import Decision, Outcome, Party
from quanheng.evidence.document import Document
from quanheng.evidence.document_check import Rules
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.figures import pair
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.formats.paper import paper
from quanheng.evidence.log import proof as proofs
from quanheng.evidence.page.page import Site, write_page
from quanheng.evidence.proof_check import check_proof
from quanheng.evidence.reasons import REASONS
from quanheng.ground.errors import NotShown
from quanheng.measure.quantity.units import dsi_names, symbol_of_dsi

TRUST = world.trusted()
RULES = Rules(sealed.read, grace=world.RULES.grace)  # as the program reads, form and all
PAGE = write_page(TRUST, grace=RULES.grace)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip(REASON)
    folder: Path = tmp_path_factory.mktemp("page")
    (folder / "verifier.html").write_bytes(PAGE)
    with browser(folder / "profile") as driven:
        driven.open(folder / "verifier.html")
        yield driven


def js(data: bytes) -> str:
    return f'unbase64("{base64.b64encode(data).decode()}")'


def codes_in_the_browser(opened: Browser, data: bytes, on: date = ON) -> list[set[str]]:
    """Codes of every document, as the page finds them."""
    asked = (
        f'(async () => {{ const outcome = await check({js(data)}, await pinned(), "{on}");'
        " const found = outcome.found ?? [{ reasons: [outcome.refused] }];"
        " return found.map((one) => one.reasons.map((reason) => reason.code)); })()"
    )
    return [set(each) for each in opened.run(asked)]


def codes_in_python(data: bytes, on: date = ON) -> list[set[str]]:
    """Codes as the program finds them; but for the business rules, which the page says that it does not check."""
    found = check_proof(proof_file.read(data), TRUST, RULES, on=on)
    return [set(each.answer.codes) - {"business_rule", "business_finding"} for each in found]


def _good(algorithm: str = "ed25519") -> list[Document]:
    return World().good(algorithm)


def _leaf(**changes: bytes) -> list[Document]:
    documents = _good()
    return [dataclasses.replace(documents[0], **changes), *documents[1:]]


def _records(*made: object, key: str = "authority", issued: date = world.AUTHORITY_SINCE) -> list[Document]:
    here = World()
    documents = here.good()
    return [*documents[:3], *(here.record(each, key=key, issued=issued) for each in made)]  # type: ignore[arg-type]


def _more(change: str, target: str | None = None, day: date = ISSUED) -> list[Document]:
    here = World()
    documents = here.good()
    return [*documents, here.record(world.status(change, target or documents[0].digest, day), issued=day)]


def _in_turn(*changes: str) -> list[Document]:
    here = World()
    documents = here.good()
    statuses = [world.status(change, documents[0].digest, ISSUED) for change in changes]
    told = [dataclasses.replace(each, why=f"{n}") for n, each in enumerate(statuses)]
    return [*documents, *(here.record(each, issued=ISSUED) for each in told)]


def _altered_text(old: bytes, new: bytes) -> list[Document]:
    data = _good()[0].data
    assert old in data
    return _leaf(data=data.replace(old, new, 1))


def _doubled(old: bytes, *changes: tuple[bytes, bytes]) -> list[Document]:
    """An element stands twice, the second time changed."""
    name = re.match(rb"<([\w:]+)", old)[1]  # type: ignore[index]
    data = _good()[0].data
    start = data.index(old)
    end = data.index(b"</" + name + b">", start) + len(name) + 3
    second = data[start:end]
    for each in changes:
        assert each[0] in second, each
        second = second.replace(*each)
    return _leaf(data=data[:end] + second + data[end:])


DUE = b'<dcc:statement refType="basic_recalibration"><dcc:date>2027-05-01</dcc:date></dcc:statement>'
DECISION = (
    b'<dcc:statement refType="qh_decision"><dcc:convention>simple</dcc:convention>'
    b"<dcc:conformity>pass</dcc:conformity></dcc:statement>"
)
LIMITS = (
    b'<dcc:metaData refType="qh_limits"><dcc:conformity>pass</dcc:conformity><dcc:data>'
    b'<dcc:quantity refType="qh_upper">'
    b"<si:real><si:value>0.5</si:value><si:unit>\\percent</si:unit></si:real></dcc:quantity></dcc:data></dcc:metaData>"
)


def _limited(limits: bytes) -> list[Document]:
    after = b"</dcc:measuringEquipments>\n            </dcc:quantity>"
    within = b"<dcc:measurementMetaData>" + limits + b"</dcc:measurementMetaData></dcc:quantity>"
    return _altered_text(after, b"</dcc:measuringEquipments>" + within)


def _again(**fields: object) -> list[Document]:
    """The laboratory's certificate logged with a statement that says something else."""
    here = World()
    documents = here.good()
    return [here.certify(world.WRITTEN[documents[0].data], "laboratory", **fields), *documents[1:]]  # type: ignore[arg-type]


def _late(days: int) -> list[Document]:
    return _again(logged=ISSUED + timedelta(days))


def _second() -> list[Document]:
    here = World()
    documents = here.good()
    content = dataclasses.replace(world.WRITTEN[documents[0].data], place="elsewhere")
    return [documents[0], here.certify(content, "laboratory"), *documents[1:]]


def _replacing() -> list[Document]:
    here = World()
    documents = here.good()
    content = world.WRITTEN[documents[0].data]
    new = dataclasses.replace(content, place="elsewhere", supersedes=documents[0].digest)
    return [here.certify(new, "laboratory"), *documents]


def _proof(**changes: object) -> list[Document]:
    here = World(world.Log(extra=5))
    documents = here.good()
    proof = here.log.prove(documents[0].statement, world.noon(ISSUED), **changes)  # type: ignore[arg-type]
    return [dataclasses.replace(documents[0], proof=proof), *documents[1:]]


def _bad_line(wrong: int) -> list[Document]:
    documents = _good()
    proof = proofs.parse(documents[0].proof)
    lines = [
        dataclasses.replace(line, signature=line.signature[:-1] + b"\xff") if n == wrong else line
        for n, line in enumerate(proof.checkpoint.note.signatures)
    ]
    note = dataclasses.replace(proof.checkpoint.note, signatures=tuple(lines))
    altered = dataclasses.replace(proof, checkpoint=dataclasses.replace(proof.checkpoint, note=note))
    return [dataclasses.replace(documents[0], proof=str(altered).encode()), *documents[1:]]


def _fork() -> list[Document]:
    one, other = World(), World(world.Log([b"another first entry"]))
    documents = one.good()
    forked = [other.record(world.scope(LABORATORY, "accreditation", 0.01 * n + 0.1)) for n in range(6)]
    return [*documents[:4], *forked]


CASES = {
    "good": _good,
    "good, P-256": lambda: _good("ecdsa-p256-sha256"),
    "a long log": lambda: World(world.Log(extra=100)).good(),
    "bundle": lambda: (here := World()) and [
        here.bundle(b'{"run":1}', "cycle", LABORATORY.identifier, ISSUED),
        here.record(world.binding("cycle", LABORATORY, role="bundles")),
    ],
    "unsigned": lambda: _leaf(signature=b""),
    "not logged": lambda: _leaf(proof=b"", statement=b"", salts=b""),
    "no proof": lambda: _leaf(proof=b""),
    "value altered": lambda: _altered_text(b"0.012", b"0.011"),
    "number altered": lambda: _altered_text(b"2026-0131", b"2026-0132"),
    "item swapped": lambda: _altered_text(b"item-1", b"item-2"),
    "number with a comment": lambda: _altered_text(b"2026-0131", b"2026<!-- -->-0131"),
    "a value that is no number": lambda: _altered_text(b">0.012<", b">NaN<"),
    "an infinite value": lambda: _altered_text(b">0.012<", b">1e999<"),
    "another encoding said": lambda: _altered_text(b"UTF-8", b"UTF-7"),
    "a DTD that is a comment": lambda: _altered_text(b"<dcc:digital", b"<!-- <!DOCTYPE x> --><dcc:digital"),
    "two serial numbers": lambda: _altered_text(b"qh_identifier", b"basic_serialNumber"),
    "a value and an error": lambda: _altered_text(b"basic_nominalValue", b"basic_measuredValue"),
    "a number with a space of no width": lambda: _altered_text(b"2026-0131", "2026-0131\u200b".encode()),
    "a number in full width": lambda: _altered_text(b"2026-0131", "２０２６-0131".encode()),
    "a number with a joiner of graphemes": lambda: _altered_text(b"2026-0131", "2026-0131\u034f".encode()),
    "a number with a variation selector": lambda: _altered_text(b"2026-0131", "2026\ufe0f-0131".encode()),
    "a number with a filler": lambda: _altered_text(b"2026-0131", "2026\u3164-0131".encode()),
    "a number with a Cyrillic letter": lambda: _altered_text(b"2026-0131", "2026-0131\u0410".encode()),
    "a number with a Braille blank": lambda: _altered_text(b"2026-0131", "2026\u2800-0131".encode()),
    "a number with two blanks": lambda: _altered_text(b"2026-0131", b"2026  0131"),
    "a number with another dash": lambda: _altered_text(b"2026-0131", "2026\u20100131".encode()),
    "a value in hexadecimal": lambda: _altered_text(b">0.012<", b">0x10<"),
    "no value": lambda: _altered_text(b">0.012<", b"><"),
    "a value beyond the world": lambda: _altered_text(b">0.012<", b">-1e305<"),
    "a negative p": lambda: _altered_text(b"<si:coverageProbability>", b"<si:coverageProbability>-"),
    "a p above one": lambda: _altered_text(b"<si:coverageProbability>0", b"<si:coverageProbability>2"),
    "a k below one": lambda: _altered_text(b"<si:coverageFactor>2", b"<si:coverageFactor>0"),
    "a negative U": lambda: _altered_text(b"<si:valueExpandedMU>", b"<si:valueExpandedMU>-"),
    "a unit nobody knows": lambda: _altered_text(b"\\percent<", b"\\foo<"),
    "a unit with two prefixes": lambda: _altered_text(b"\\percent<", b"\\kilo\\milli\\metre<"),
    "a unit to no power": lambda: _altered_text(b"\\percent<", b"\\metre\\tothe{}<"),
    "a unit to the 13th": lambda: _altered_text(b"\\percent<", b"\\metre\\tothe{13}<"),
    "a prefix alone": lambda: _altered_text(b"\\percent<", b"\\kilo<"),
    "a unit that takes no prefix": lambda: _altered_text(b"\\percent<", b"\\milli\\percent<"),
    "two nominal values": lambda: _doubled(
        b'<dcc:quantity refType="basic_nominalValue"', (b"<si:value>", b"<si:value>9")),
    "no nominal value": lambda: _altered_text(b"basic_nominalValue", b"basic_anotherValue"),
    "two days on which it is due": lambda: _altered_text(b"</dcc:statements>", 2 * DUE + b"</dcc:statements>"),
    "two kinds": lambda: _doubled(b'<dcc:statement refType="qh_kind"'),
    "two results of measurement": lambda: _doubled(
        b"<dcc:measurementResult>", (b'"standard1"', b'"standard2"'), (b'id="p1"', b'id="p2"')),
    "two procedures": lambda: _doubled(b"<dcc:usedMethod "),
    "limits that stand twice": lambda: _limited(2 * LIMITS),
    "limits in another unit": lambda: _limited(LIMITS.replace(b"percent", b"one")),
    "limits": lambda: _limited(LIMITS),
    "limits that are kept conditionally": lambda: _limited(LIMITS.replace(b">pass<", b">conditionalPass<")),
    "a decision without an outcome": lambda: _altered_text(
        b"</dcc:statements>", DECISION.replace(b"<dcc:conformity>pass</dcc:conformity>", b"") + b"</dcc:statements>"),
    "a decision without a rule": lambda: _altered_text(
        b"</dcc:statements>", DECISION.replace(b"<dcc:convention>simple</dcc:convention>", b"") + b"</dcc:statements>"),
    "a decision": lambda: _altered_text(b"</dcc:statements>", DECISION + b"</dcc:statements>"),
    "two names in a language": lambda: _doubled(b'<dcc:content lang="zh">'),
    "a kind that is none": lambda: _altered_text(b">calibration<", b">veri<"),
    "a due day that is none": lambda: _altered_text(
        b"</dcc:statements>", DUE.replace(b"05", b"15") + b"</dcc:statements>"),
    "UTF-16 without a word": lambda: _leaf(data=_good()[0].data.decode().split("?>", 1)[1].encode("utf-16")),
    "GB18030": lambda: _leaf(data=_good()[0].data.decode().replace("UTF-8", "GB18030").encode("gb18030")),
    "octets that are no UTF-8": lambda: _altered_text(b"2026-0131", b"2026\xff-0131"),
    "not well-formed": lambda: _leaf(data=b"<"),
    "with a DTD": lambda: _leaf(data=b"<!DOCTYPE a>\n<a/>"),
    "another document": lambda: _leaf(data=b"<a/>"),
    "signature of others": lambda: _leaf(signature=dataclasses.replace(
        signature.read(_good()[0].signature), signature=bytes(64)).write()),
    "signature is no signature": lambda: _leaf(signature=b"{}"),
    "rogue": lambda: _leaf(signature=signature.sign(_good()[0].data, world.key_of("rogue"))),
    "salts of another": lambda: _leaf(salts=_good()[1].salts),
    "salts are none": lambda: _leaf(salts=b"[]"),
    "statement of another": lambda: _leaf(statement=_good()[1].statement),
    "statement not canonical": lambda: _leaf(statement=_good()[0].statement + b" "),
    "statement, issuer": lambda: _again(issuer="other"),
    "statement, standards": lambda: _again(standards=()),
    "statement, supersedes": lambda: _again(supersedes="0" * 64),
    "proof of another": lambda: _leaf(proof=_good()[1].proof),
    "proof, index": lambda: _leaf(proof=_good()[0].proof.replace(b"index ", b"index 1")),
    "proof is none": lambda: _leaf(proof=b"proof"),
    "proof, too few witnesses": lambda: _proof(witnesses=(world.WITNESSES[0],)),
    "proof, another log": lambda: _proof(signer="another log"),
    "log's signature": lambda: _bad_line(0),
    "witness's signature": lambda: _bad_line(2),
    "late": lambda: _late(8),
    "early": lambda: _late(-1),
    "in time": lambda: _late(7),
    "key nobody knows": lambda: _good()[:2],
    "key of another": lambda: _records(world.binding("laboratory", Party("other", "别人"))),
    "key of another role": lambda: _records(world.binding("laboratory", LABORATORY, role="bundles")),
    "key not yet": lambda: _records(world.binding("laboratory", LABORATORY, since=ISSUED + timedelta(1))),
    "key expired": lambda: _records(world.binding("laboratory", LABORATORY, until=ISSUED - timedelta(1))),
    "binding by the key itself": lambda: _records(world.binding("laboratory", LABORATORY), key="laboratory"),
    "binding under a false id": lambda: _records(dataclasses.replace(
        world.binding("rogue", LABORATORY), key=world.key_of("laboratory").public.identifier)),
    "key revoked": lambda: _more("revoke key", world.key_of("laboratory").public.identifier),
    "revoked": lambda: _more("revoke"),
    "superseded": lambda: _more("supersede"),
    "suspended": lambda: _more("suspend"),
    "suspended and resumed on one day": lambda: _in_turn("suspend", "resume"),
    "resumed and suspended on one day": lambda: _in_turn("suspend", "resume", "suspend"),
    "resumed, and again": lambda: _in_turn("suspend", "resume", "suspend", "resume"),
    "revoked later": lambda: _more("revoke", day=ON + timedelta(1)),
    "standard revoked": lambda: _more("revoke", _good()[1].digest),
    "second version": _second,
    "replaced": _replacing,
    "two that amend one": lambda: world.amended("0", "0"),
    "one that amends what amends": lambda: world.amended("0", "1"),
    "one that amends nothing there is": lambda: world.amended("?"),
    "bound by a deputy": lambda: world.delegated(""),
    "bound by a deputy whose key the authority revoked": lambda: world.delegated("authority"),
    "bound by a deputy whose key another deputy revoked": lambda: world.delegated("d1"),
    "a binding that a deputy withdraws": lambda: world.withdrawn_by_deputy(3),
    "a key of small order": lambda: world.bound_anew(world.OF_SMALL_ORDER, "ed25519"),
    "a key off its curve": lambda: world.bound_anew(world.OFF_ITS_CURVE, "sm2-sm3"),
    "a compressed key": lambda: world.bound_anew(world.COMPRESSED, "ecdsa-p256-sha256"),
    "a status of an unknown word": lambda: _more("revoked"),
    "a status of no document": lambda: _more("revoke", "xyz"),
    "a role that is none": lambda: _records(world.binding("laboratory", LABORATORY, role="certificate")),
    "a binding that ends before it begins": lambda: _records(
        world.binding("laboratory", LABORATORY, since=ISSUED, until=ISSUED - timedelta(1))),
    "a scope that ends below its beginning": lambda: _records(
        dataclasses.replace(world.scope(LABORATORY, "accreditation", 0.01), lower=1e9)),
    "a scope of no known basis": lambda: _records(world.scope(LABORATORY, "accredited", 0.01)),
    "forked log": _fork,
}  # fmt: skip


HOLD = {
    "good", "good, P-256", "a long log", "bundle", "in time", "revoked later", "suspended and resumed on one day",
    "resumed, and again", "one that amends what amends", "bound by a deputy",
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_page_finds_what_the_program_finds(opened, name):
    data = proof_file.write(CASES[name]())
    assert codes_in_the_browser(opened, data) == codes_in_python(data)


def test_a_certificate_of_another_maker_is_not_read_by_the_page(opened):
    data = proof_file.write(_altered_text(b"qh_kind", b"qh_kinds"))
    first = codes_in_the_browser(opened, data)[0]
    assert "results_unread" in first
    assert "structure" not in first


def _read_by_the_program(data: bytes) -> dict[str, object] | None:
    """What the program reads of a certificate of ours, of that which the page reads as well; None: it refuses."""
    content, answer, _ = sealed.read(data)
    refused = set(answer.codes) - {"business_rule", "business_finding"}
    if content is None or refused or b'"qh_kind"' not in data:
        return None
    return {
        "kind": content.kind, "number": content.number, "issuer": content.issuer.identifier,
        "issuerName": {"chinese": content.issuer.name, "english": content.issuer.name_english},
        "customer": content.customer.name if content.customer else "", "performed": str(content.ended),
        "items": [[each.identifier, each.maker, each.model, each.serial] for each in content.items],
        "issued": str(content.issued), "due": str(content.due or ""), "procedure": content.procedure,
        "outcome": content.decision.outcome if content.decision else "", "standards": list(content.standards),
        "amends": content.amends, "supersedes": content.supersedes,
        "points": [
            [each.quantity, each.nominal, each.value, each.expanded_uncertainty, each.coverage_factor, each.lower,
             each.upper, each.outcome] for each in content.points
        ],
    }  # fmt: skip


AS_THE_PROGRAM = """((content) => ({ ...content,
    items: content.items.map((each) => [each.identifier, each.maker, each.model, each.serial]),
    points: content.points.map((each) => [each.quantity, Number(each.nominal.value), Number(each.value),
        Number(each.uncertainty), Number(each.factor), each.lower === "" ? null : Number(each.lower),
        each.upper === "" ? null : Number(each.upper), each.outcome || null]) }))(readCertificate(%s)[0])"""


def test_page_reads_of_damaged_certificates_what_the_program_reads(opened):
    chance, samples = random.Random(4), [_good()[0].data, _limited(LIMITS)[0].data]
    read = 0
    for _ in range(240):
        data = etree.tostring(damaged(etree.fromstring(chance.choice(samples)), chance))
        if (due := _read_by_the_program(data)) is not None:
            assert opened.run(AS_THE_PROGRAM % js(data)) == due
            read += 1
    assert read > 40


def test_good_ones_are_valid_and_altered_ones_are_not():
    for name, make in CASES.items():
        found = set().union(*codes_in_python(proof_file.write(make()))) - {"status_unseen"}
        assert (not found) == (name in HOLD), name


def _code_text(documents: list[Document]) -> str:
    return qr_proof.text(qr_proof.of_document(documents[0], world.WRITTEN[documents[0].data], TRUST.policy))


CODES = {
    "good": lambda: _code_text(_good()),
    "P-256": lambda: _code_text(_good("ecdsa-p256-sha256")),
    "a long log": lambda: _code_text(World(world.Log(extra=100)).good()),
    "late": lambda: _code_text(_late(8)),
    "early": lambda: _code_text(_late(-1)),
    "too few witnesses": lambda: _code_text(_proof(witnesses=(world.WITNESSES[0],))),
    "a standard's": lambda: _code_text(_good()[1:2]),
}


def code_in_python(text: str) -> list[set[str]]:
    try:
        code = qr_proof.read_text(text)
    except BadDocument:
        return [{"proof_file_malformed"}]
    return [set(qr_proof.check(code, TRUST.policy, grace=RULES.grace)[0].codes)]


@pytest.mark.parametrize("name", CODES)
def test_page_finds_of_a_code_what_the_program_finds(opened, name):
    text = CODES[name]()
    assert codes_in_the_browser(opened, text.encode()) == code_in_python(text)


def test_a_good_code_is_not_shown_for_its_values_alone():
    assert code_in_python(CODES["good"]()) == [{"values_unseen"}]


def test_page_says_what_a_code_has_shown_and_what_not(opened):
    for name, said in (("good", "已得证明"), ("too few witnesses", "没有证明什么")):
        opened.run(f"verify({js(CODES[name]().encode())})")
        assert said in opened.run("byId('answer').innerText")


def test_altered_codes_are_judged_alike(opened):
    rng, text = np.random.default_rng(11), CODES["good"]()
    for _ in range(60):
        place = int(rng.integers(4, len(text)))
        altered = text[:place] + base45.ALPHABET[int(rng.integers(45))] + text[place + 1 :]
        assert codes_in_the_browser(opened, altered.encode()) == code_in_python(altered), altered
    for cut in (text[:-1], text[:40], "QH1:", text + "0", text.replace("QH1:", "QH1:0")):
        assert codes_in_the_browser(opened, cut.encode()) == code_in_python(cut), cut


def test_code_and_certificate_together_show_the_values(opened):
    documents = _good()
    text = _code_text(documents)
    opened.run(f"byId('on').value = '{ON}'; byId('code').value = {json.dumps(text)}; undefined")
    try:
        opened.run(f"verify({js(documents[0].data)})")
        shown = opened.run("document.body.innerText")
        found = codes_in_the_browser(opened, documents[0].data)[0]
        other = codes_in_the_browser(opened, documents[1].data)[0]
    finally:
        opened.run("byId('code').value = ''; undefined")
    code = qr_proof.read_text(text).document(documents[0].data)
    checked = check_proof(proof_file.ProofFile((code,)), TRUST, RULES, on=ON)
    assert found == set(checked[0].answer.codes)
    assert "0.012" in shown and "未得证明" in shown
    assert other == {"proof_file_malformed"}


def _pdf(documents: list[Document], proof: bytes = b"") -> bytes:
    pytest.importorskip("manimgx_fonts_cjk", reason="the Chinese font is not installed: nothing is set")
    return paper.write(world.WRITTEN[documents[0].data], documents[0].data, proof=proof)


def test_a_paper_copy_is_verified_by_what_lies_in_it(opened):
    documents = _good()
    proof = proof_file.write(documents)
    assert codes_in_the_browser(opened, _pdf(documents, proof)) == codes_in_python(proof)
    assert codes_in_the_browser(opened, _pdf(documents)) == [{"unsigned", "not_logged"}]


def test_a_paper_copy_with_the_proof_of_another_certificate_is_refused(opened):
    documents = _good()
    other = proof_file.write(documents[1:2])
    assert codes_in_the_browser(opened, _pdf(documents, other)) == [{"proof_file_malformed"}]


def test_damaged_paper_copies_are_refused_or_judged_by_what_is_left(opened):
    data = _pdf(_good(), proof_file.write(_good()))
    at = data.index(b"/Type/EmbeddedFile/Filter/FlateDecode")
    for altered in (
        data[: at + 200],
        data.replace(
            b"/Filter/FlateDecode/Subtype/application#2Fxml", b"/Filter/LZWDecode  /Subtype/application#2Fxml"
        ),
        data[: at + 300] + b"\0\0\0\0" + data[at + 304 :],
        data + data[data.rindex(b"obj", 0, at) - 8 : data.index(b"endobj", at)],  # two certificates
        b"%PDF-1.7",
    ):
        assert codes_in_the_browser(opened, altered) == [{"proof_file_malformed"}]


def test_a_certificate_alone_is_not_shown(opened):
    data = _good()[0].data
    assert codes_in_the_browser(opened, data) == [{"unsigned", "not_logged"}]


def test_who_has_a_browser_that_reads_no_codes_is_told_what_to_do(opened):
    opened.run("readPhoto(new Blob([]))")
    assert "用手机相机扫码" in opened.run("byId('photo-told').innerText")


def test_page_of_a_site_asks_by_number_and_opens_with_what_was_found(tmp_path):
    if CHROMIUM is None:
        pytest.skip(REASON)
    given = proof_file.write(_good())
    site = Site(
        "/", "/verify/page.html", "0" * 64, by_number=True, number='"><b>2026', told="没有 <这个> 编号"
    )
    path = tmp_path / "site.html"
    path.write_bytes(write_page(TRUST, grace=RULES.grace, site=site, given=given))
    with browser(tmp_path / "profile") as driven:
        driven.open(path)
        driven.run("again()")
        assert "2026-0131" in driven.run("byId('subject').innerText")
        assert driven.run("document.querySelector('input[name=number]').value") == site.number
        assert site.told in driven.run("document.body.innerText")
        assert driven.run("document.querySelector('form').method") == "get"


def test_damaged_file_is_refused(opened):
    data = proof_file.write(_good())
    for altered in (
        data[:-1],
        data + b"\0",
        b"",
        data.replace(b"item-1", b"item-2"),
        data.replace(b"quanheng-proof-1", b"quanheng-proof-2"),
    ):
        assert codes_in_the_browser(opened, altered) == [{"proof_file_malformed"}]


def test_signature_by_sm2_is_not_shown(opened):
    try:
        data = proof_file.write(_good("sm2-sm3"))
    except NotShown as error:
        pytest.skip(f"no SM2 on this machine: {error}")
    assert codes_in_the_browser(opened, data)[0] == {"algorithm_absent", "status_unseen"}
    assert codes_in_python(data)[0] == {"status_unseen"}


def test_person_chooses_a_file_and_reads_the_answer(opened):
    data = proof_file.write(_good())
    opened.run(f'byId("on").value = "{ON}"')
    opened.run(f"verify({js(data)})")
    shown = opened.run("document.body.innerText")
    for said in (
        "有效",
        "2026-0131",
        LABORATORY.name,
        "某市供电公司",
        "标准电能表",
        "0.012",
        "2026-03-03",
        "JJG 1085-2013",
    ):
        assert said in shown
    assert "statement_differs" not in shown


def _answer(opened: Browser, documents: list[Document]) -> str:
    opened.run(f'byId("on").value = "{ON}"')
    opened.run(f"verify({js(proof_file.write(documents))})")
    return opened.run("document.body.innerText")


def test_page_says_that_it_does_not_judge_the_whole_chain(opened):
    assert "溯源链的其余规则不在本页查验" in _answer(opened, _good())


def test_standard_that_is_not_in_the_file_is_not_shown(opened):
    documents = _good()
    assert "standard_missing" in _answer(opened, [documents[0], *documents[2:]])
    assert "未得证明" in opened.run("byId('answer').innerText")


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("standard_overdue", {"due": date(2026, 2, 1)}),
        ("standard_not_yet", {"ended": date(2026, 3, 4), "issued": date(2026, 3, 4)}),
    ],
)
def test_standard_out_of_its_time_is_invalid(opened, code, changes):
    here = World()
    root, leaf = (world.WRITTEN[each.data] for each in reversed(here.good()[:2]))
    other = here.certify(dataclasses.replace(root, number="N-2", **changes), "institute")
    [point] = leaf.points
    use = dataclasses.replace(point.uses[0], certificate=other.digest)
    citing = dataclasses.replace(leaf, number="2026-0200", points=(dataclasses.replace(point, uses=(use,)),))
    documents = [here.certify(citing, "laboratory"), other, *here.good()[2:4]]
    assert code in _answer(opened, documents)
    assert "无效" in opened.run("byId('answer').innerText")


def test_page_shows_limits_and_outcomes(opened):
    here = World()
    documents = here.good()
    content = world.WRITTEN[documents[0].data]
    point = dataclasses.replace(content.points[0], lower=-0.5, upper=0.5, outcome=Outcome.PASS)
    decided = dataclasses.replace(content, points=(point,), decision=Decision("simple", Outcome.PASS))
    said = _answer(opened, [here.certify(decided, "laboratory"), *documents[1:]])
    assert "±0.5" in said
    assert "合格" in opened.run("byId('subject').querySelector('dl').innerText")
    assert "合格" in opened.run("byId('subject').querySelector('tbody').innerText")
    assert "允许" not in _answer(opened, documents)


def test_certificate_that_is_no_longer_in_date_says_so_and_stays_valid(opened):
    here = World()
    documents = here.good()
    content = dataclasses.replace(world.WRITTEN[documents[0].data], due=ON - timedelta(days=1))
    said = _answer(opened, [here.certify(content, "laboratory"), *documents[1:]])
    assert "past_due" in said
    assert "有效" in opened.run("document.querySelector('#answer .answer').innerText")
    assert "past_due" not in _answer(opened, documents)


def test_answer_in_english_is_complete(opened):
    opened.run(f'byId("on").value = "{ON}"; document.documentElement.lang = "en"; undefined')
    opened.run(f"verify({js(proof_file.write(_leaf(signature=b'')))})")
    shown = opened.run("document.getElementById('answer').innerText")
    opened.run('document.documentElement.lang = "zh-CN"; undefined')
    assert "not shown" in shown
    assert REASONS["unsigned"].english in shown
    assert not re.search("[\u4e00-\u9fff]", shown)


def test_pasted_pins_take_the_place_of_those_inside(opened):
    other = world.policy_file().replace(b"log.example/city", b"log.example/other")
    opened.run(f"byId('policy').value = {json.dumps(other.decode())}; undefined")
    try:
        opened.run(f"verify({js(proof_file.write(_good()))})")
        shown = opened.run("document.getElementById('answer').innerText")
    finally:
        opened.run("byId('policy').value = ''; undefined")
    assert "未能查验" in shown  # the key's id does not fit the other name


def test_pins_of_another_authority_do_not_vouch(opened):
    pem = world.key_of("another authority").public.pem().decode()
    opened.run(f"byId('authority').value = {json.dumps(pem)}; undefined")
    try:
        found = codes_in_the_browser(opened, proof_file.write(_good()))
    finally:
        opened.run("byId('authority').value = ''; undefined")
    assert "key_unknown" in found[0] & found[2]


def test_numbers_are_written_as_python_writes_them(opened):
    numbers = [
        0.0,
        -0.0,
        1.0,
        100.0,
        0.1,
        1e-4,
        1e-5,
        1.5e-7,
        1e15,
        1e16,
        1.2345678901234567e22,
        -2.5,
        1 / 3,
        5e-324,
        123456.789,
    ]
    said = opened.run(f"[{', '.join(map(repr, numbers))}].map(asFloat)")
    assert said == [repr(number) for number in numbers]


FIGURES = [
    (-0.19, 0.049), (0.498, 0.05), (0.5, 0.05), (1230, 120), (0, 0.0012), (50000838, 93), (100.000123, 0.00002),
    (1.23456789, 0.1), (3, 5), (1, 0.123),
]  # fmt: skip


def test_page_writes_figures_as_the_program_does(opened):
    texts = [[f"{Decimal(repr(each)):f}" for each in one] for one in FIGURES]
    assert opened.run(f"{json.dumps(texts)}.map((each) => pair(...each))") == [
        list(pair(*one)) for one in FIGURES
    ]


def test_page_prints_units_as_the_program_does(opened):
    chance, names = random.Random(5), dsi_names()
    each_alone = [
        f"\\{prefix}{name}" if prefix else name for name, prefixes in names.items() for prefix in prefixes
    ]
    some = [
        "".join(
            ("\\per" if (power := chance.choice((1, 1, 1, 2, 3, -1, -2))) == -1 else "")
            + chance.choice(each_alone) + (f"\\tothe{{{power}}}" if power not in (1, -1) else "")
            for _ in range(chance.randint(1, 4))
        )
        for _ in range(400)
    ]  # fmt: skip
    elements = [
        f'<si:real xmlns:si="https://ptb.de/si"><si:unit>{text}</si:unit></si:real>'
        for text in each_alone + some
    ]
    found = opened.run(
        f"""{json.dumps(elements)}.map((each) =>
        unitIn(new DOMParser().parseFromString(each, "application/xml").documentElement))"""
    )
    due = [symbol_of_dsi(text) for text in each_alone + some]
    assert {
        text: pair for text, *pair in zip(each_alone + some, found, due, strict=True) if pair[0] != pair[1]
    } == {}


def test_page_leaves_alone_what_is_no_plain_number(opened):
    assert opened.run('pair("1.5E-9", "2E-10")') == ["1.5E-9", "2E-10"]


def test_page_is_the_same_for_the_same_pins():
    assert write_page(world.trusted(), grace=RULES.grace) == PAGE
    assert write_page(world.trusted(3), grace=RULES.grace) != PAGE


def test_page_asks_the_network_for_nothing():
    said = PAGE.decode()
    assert "default-src 'none'" in said
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", said)
    assert "unsafe-eval" not in said
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]+'", said)


def test_page_runs_under_its_policy(opened):
    assert opened.run("typeof check") == "function"
    assert "Content Security Policy" in opened.run(
        "new Promise((done) => { addEventListener('securitypolicyviolation', () => done('Content Security Policy'));"
        " const one = document.createElement('script'); one.textContent = 'window.forged = 1';"
        " document.body.append(one); })"
    )
    assert opened.run("typeof forged") == "undefined"


def test_page_says_that_a_strangers_copy_proves_nothing():
    said = PAGE.decode()
    assert "陌生网站上的一份本页证明不了任何事" in said
    assert "proves nothing" in said
    assert "sha256sum" in said


def test_page_fits_a_phone(opened):
    opened.run(f"verify({js(proof_file.write(_good()))})")
    opened._ask("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True)
    try:
        assert opened.run("document.documentElement.scrollWidth") <= 360
    finally:
        opened._ask("Emulation.clearDeviceMetricsOverride")


def test_text_of_a_document_never_becomes_markup(opened):
    here = World()
    documents = here.good()
    content = world.WRITTEN[documents[0].data]
    evil = "<img src=x onerror='window.forged=1'><script>window.forged=1</script>"
    item = dataclasses.replace(content.items[0], name=evil)
    made = here.certify(dataclasses.replace(content, items=(item,), number=evil), "laboratory")
    opened.run(f"verify({js(proof_file.write([made, *documents[1:]]))})")
    assert evil in opened.run("document.getElementById('subject').innerText")
    assert opened.run("document.querySelectorAll('#subject img, #subject script').length") == 0
