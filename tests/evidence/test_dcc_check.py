"""Certificates of whatever laboratory: built right, by the rules, read as far as they go, whatever is in them."""

from __future__ import annotations

import copy
import dataclasses
import random
import time
from pathlib import Path

import pytest
from certificates import certificates
from damaged_dcc import damaged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from quanheng.evidence import xml
from quanheng.evidence.answer import Standing
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.formats import form
from quanheng.evidence.formats.dcc import foreign, rules, structure, writing
from quanheng.evidence.formats.dcc.check import check
from quanheng.measure.errors import MeasureError

SHARED = Path(__file__).parents[3] / "shared/data/dcc"
EXAMPLES = SHARED / "examples"
VERDICTS = {
    "valid.xml": Standing.VALID,
    "valid_signature.xml": Standing.VALID,
    "dcc_gp_humidity_v1.0.xml": Standing.VALID,
    "dcc_gp_temperature_simplified_v12.xml": Standing.VALID,
    "dcc_gp_temperature_typical_v12.xml": Standing.VALID,
    "siliziumkugel.xml": Standing.VALID,
    "siliziumkugel_2_4_0.xml": Standing.VALID,
    "example.xml": Standing.VALID,
    "invalid_schema.xml": Standing.INVALID,
    "invalid_schematron.xml": Standing.INVALID,
    "invalid_syntax.xml": Standing.INVALID,
}
# the published schemas of 2.1 do not compile: they refer to a D-SI under a name that its schema does not bear
EDITIONS = sorted(name for name in structure.editions() if not name.startswith(("si ", "2.1.")))


def example(name: str) -> bytes:
    """A published certificate."""
    if not EXAMPLES.is_dir():
        pytest.skip("the reference data are not beside the project")
    return (EXAMPLES / name).read_bytes()


@pytest.mark.reference
@pytest.mark.parametrize("name", VERDICTS)
def test_the_form_of_a_published_certificate_is_judged_right(name: str) -> None:
    assert check(example(name))[1].standing == VERDICTS[name]


@pytest.mark.reference
def test_a_list_of_results_is_read_point_by_point() -> None:
    content, _ = check(example("dcc_gp_temperature_typical_v12.xml"))
    assert content is not None
    assert [
        (each.nominal, each.value, each.expanded_uncertainty, each.unit) for each in content.points[:2]
    ] == [
        (306.248, 0.072, 0.061, "K"),
        (373.121, 0.089, 0.061, "K"),
    ]


@pytest.mark.reference
def test_a_single_result_of_an_old_edition_is_read() -> None:
    content, _ = check(example("siliziumkugel.xml"))
    assert content is not None
    point = content.points[0]
    assert (point.value, point.unit, point.expanded_uncertainty, point.coverage_factor) == (
        1.00007841,
        "kg",
        5e-8,
        2,
    )


@pytest.mark.reference
def test_an_error_of_the_business_rules_binds_from_edition_3_3_on() -> None:
    old, new = example("dcc_gp_temperature_typical_v12.xml"), example("invalid_schematron.xml")
    assert "business_finding" in check(old)[1].codes
    assert "business_rule" in check(new)[1].codes


@pytest.mark.reference
@pytest.mark.parametrize("edition", EDITIONS)
def test_our_structure_of_an_edition_decides_as_the_official_schema_does(edition: str) -> None:
    """Elements are dropped, doubled, swapped, renamed, emptied; attributes dropped, invented, spoilt."""
    sources = [
        path
        for path in sorted(EXAMPLES.glob("*.xml") if EXAMPLES.is_dir() else [])
        if path.name not in ("invalid_syntax.xml", "valid_formula.xml", "excel_viewer_example.xml")
    ]
    if not sources:
        pytest.skip("the reference data are not beside the project")
    roots = [etree.fromstring(path.read_bytes()) for path in sources]
    ours, official = structure.validator(edition), structure.validator_of(SHARED / "schemas", edition)
    chance, apart, agreed = random.Random(edition), [], {True: 0, False: 0}
    for root in roots:
        root.set("schemaVersion", edition)
        for _ in range(40):
            mutant = damaged(copy.deepcopy(root), chance)
            verdict = bool(official.validate(mutant))
            agreed[verdict] += 1
            if bool(ours.validate(mutant)) != verdict:
                apart.append([str(each) for each in (ours.error_log, official.error_log)])
    assert not apart, apart[:3]
    assert agreed[False] > 50


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(certificates())
def test_what_we_write_is_built_right_and_read_back(certificate: Certificate) -> None:
    try:
        data = writing.write(certificate)
    except MeasureError:
        return
    content, answer = check(data)
    assert "structure" not in answer.codes, answer.reasons
    assert content == certificate


GOOD = b'<dcc:digitalCalibrationCertificate xmlns:dcc="https://ptb.de/dcc" schemaVersion="%s"/>'


def test_an_edition_that_is_not_known_here_is_not_shown() -> None:
    assert check(GOOD % b"9.9.9")[1].standing == Standing.NOT_SHOWN


def test_a_document_without_edition_is_invalid() -> None:
    assert check(b'<dcc:digitalCalibrationCertificate xmlns:dcc="https://ptb.de/dcc"/>')[1].codes == {
        "structure"
    }


@pytest.mark.reference
@pytest.mark.parametrize("inside", [b"<!-- 9 -->", b"<?x 9?>"])
def test_a_comment_inside_a_value_is_refused(inside: bytes) -> None:
    data = example("valid.xml")
    place = data.index(b"</dcc:uniqueIdentifier>") - 3
    assert "value_interrupted" in check(data[:place] + inside + data[place:])[1].codes


@pytest.mark.reference
def test_documents_that_a_certificate_refers_to_are_listed_with_their_digests() -> None:
    data = example("valid.xml").replace(
        b"</dcc:coreData>",
        b"<dcc:previousReport><dcc:referral><dcc:content>x</dcc:content></dcc:referral><dcc:procedure>SHA-256</dcc:procedure>"
        b"<dcc:value>00ff</dcc:value></dcc:previousReport></dcc:coreData>",
    )
    found = foreign.links(etree.fromstring(data))
    assert foreign.Link("previousReport", "SHA-256", "00ff") in found


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_noise_is_answered(data: bytes) -> None:
    assert check(data)[1].standing == Standing.INVALID


@pytest.mark.reference
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.sampled_from(["valid.xml", "siliziumkugel.xml", "dcc_gp_humidity_v1.0.xml"]))
def test_a_damaged_certificate_is_answered(seed: int, name: str) -> None:
    chance, data = random.Random(seed), bytearray(example(name))
    for _ in range(chance.randint(1, 5)):
        start = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                del data[start : start + chance.randrange(200)]
            case 1:
                data[start] ^= 1 << chance.randrange(8)
            case 2:
                data[start:start] = data[start : start + 200]
            case _:
                data[start:start] = b"99999999999999999999e999 "
    check(bytes(data))


def heaped(place: bytes, heap: bytes) -> bytes:
    """A certificate with a heap of something before a place."""
    data = writing.write(form.read(form.template(), "form.toml"))
    assert place in data
    return data.replace(place, heap + place, 1)


@pytest.mark.parametrize(
    ("place", "heap", "code"),
    [
        (b"</dcc:data>", b'<dcc:quantity foo="1"/>' * 100_000, "structure"),
        (
            b"<dcc:statements>",
            b"<dcc:comment>x"
            + b"<dcc:text><dcc:content>x</dcc:content></dcc:text>" * 40_000
            + b"</dcc:comment>",
            "structure",
        ),
        (b"</si:value>", b"<!---->" * 100_000, "value_interrupted"),
    ],
)
def test_a_heap_of_faults_is_told_at_once(place: bytes, heap: bytes, code: str) -> None:
    data = heaped(place, heap)
    start = time.process_time()
    assert code in check(data)[1].codes
    assert time.process_time() - start < 5


def test_texts_beside_each_other_are_looked_through_once() -> None:
    texts = b"<dcc:text><dcc:content>x</dcc:content></dcc:text>" * 30_000
    root = etree.fromstring(b'<dcc:a xmlns:dcc="https://ptb.de/dcc">' + texts + b"</dcc:a>")
    start = time.process_time()
    found = rules.findings(root)
    assert sum(each.rule == "language_missing" for each in found) == 30_000
    assert time.process_time() - start < 5


def test_a_large_document_is_judged_as_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    root = etree.fromstring(writing.write(form.read(form.template(), "form.toml")))
    chance, met = random.Random(1), {True: 0, False: 0}
    for _ in range(500):
        data = etree.tostring(damaged(copy.deepcopy(root), chance))
        told = []
        for large in (False, True):
            monkeypatch.setattr(structure, "LARGE", lambda _root, large=large: large)
            told.append(check(data))
        assert told[0] == told[1], data
        met["structure" in told[0][1].codes] += 1
    assert min(met.values()) > 30, met


def test_one_fault_at_the_end_of_a_large_document_is_found_with_its_line() -> None:
    content = form.read(form.template(), "form.toml")
    points = tuple(dataclasses.replace(content.points[0], identifier=f"p{n}") for n in range(500))
    data = writing.write(dataclasses.replace(content, points=points))
    root = xml.parse(data)
    assert structure.LARGE(root)
    assert structure.is_plain(root)
    last = data.rindex(b"<si:unit>")
    wrong = data[:last] + b"<si:unti>" + data[last:].replace(b"<si:unit>", b"", 1)
    wrong = wrong[:last] + wrong[last:].replace(b"</si:unit>", b"</si:unti>", 1)
    line = wrong[:last].count(b"\n") + 1
    content_, answer = check(wrong)
    assert content_ is None
    assert (answer.reasons[0].code, answer.reasons[0].where) == ("structure", f"line {line}")
