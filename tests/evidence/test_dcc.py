"""Our certificates as DCC: lossless, valid by the official schema, and read from nothing else by mistake."""

from __future__ import annotations

import contextlib
import dataclasses
from functools import cache
from pathlib import Path

import pytest
from certificates import certificates
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from quanheng.evidence.certificate import Certificate
from quanheng.evidence.errors import BadDocument, BadForm, BadXml
from quanheng.evidence.formats import form
from quanheng.evidence.formats.dcc.names import DCC
from quanheng.evidence.formats.dcc.reading import read
from quanheng.evidence.formats.dcc.writing import write

SCHEMA = Path(__file__).resolve().parents[2] / "../shared/data/dcc/schemas/dcc/v3.3.0/dcc.xsd"
EXAMPLE = form.read(form.template(), "form.toml")
BYTES = write(EXAMPLE)


@settings(max_examples=30)
@given(certificates())
def test_a_certificate_is_read_as_it_was_written(certificate: Certificate):
    assert read(write(certificate)) == certificate


def test_one_certificate_has_one_sequence_of_bytes():
    assert write(EXAMPLE) == BYTES == write(read(BYTES))


@cache
def official() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMA)))


@pytest.mark.reference
@pytest.mark.skipif(not SCHEMA.exists(), reason="the official schemas are absent")
@settings(max_examples=30)
@given(certificates())
def test_what_is_written_passes_the_official_schema(certificate: Certificate):
    schema = official()
    assert schema.validate(etree.fromstring(write(certificate))), schema.error_log


@pytest.mark.parametrize(
    "changes",
    [
        {"unit": "NTU"},
        {"unit": "furlong"},
        {"value": float("nan")},
        {"expanded_uncertainty": 0.0},
        {"expanded_uncertainty": float("inf")},
        {"coverage_factor": 0.5},
        {"coverage_factor": 1e30},
        {"coverage_probability": 1e-9},
        {"item": "nobody"},
        {"quantity": " "},
        {"quantity": "a\x01b"},
    ],
)
def test_a_point_that_has_no_place_in_a_dcc_is_refused(changes: dict[str, object]):
    point = dataclasses.replace(EXAMPLE.points[0], **changes)  # type: ignore[arg-type]
    with pytest.raises(BadForm):
        write(dataclasses.replace(EXAMPLE, points=(point,)))


@pytest.mark.parametrize("changes", [{"points": ()}, {"items": ()}])
def test_a_certificate_without_item_or_result_is_refused(changes: dict[str, tuple[()]]):
    with pytest.raises(BadForm, match="at least one"):
        write(dataclasses.replace(EXAMPLE, **changes))  # type: ignore[arg-type]


def test_a_certificate_does_not_amend_one_and_supersede_another():
    with pytest.raises(BadForm, match="either"):
        write(dataclasses.replace(EXAMPLE, amends="a" * 64, supersedes="b" * 64))


@pytest.mark.parametrize(
    "path",
    [
        "administrativeData",
        "administrativeData/coreData",
        "administrativeData/coreData/uniqueIdentifier",
        "administrativeData/coreData/beginPerformanceDate",
        "administrativeData/calibrationLaboratory/contact",
        "measurementResults/measurementResult",
        "measurementResults/measurementResult/results/result/data",
    ],
)
def test_a_missing_part_is_named(path: str):
    root = etree.fromstring(BYTES)
    element = root.find("/".join(f"{{{DCC}}}{name}" for name in path.split("/")))
    element.getparent().remove(element)
    with pytest.raises(BadDocument, match=path.rpartition("/")[2] if path[-4:] != "data" else "data"):
        read(etree.tostring(root))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"2026-03-02", b"2026-13-02"),
        (b">calibration<", b">calibratoin<"),
        (b"\\percent", b"\\procent"),
        (b">0.012<", b">0,012<"),
        (b'refId="standard1"', b'refId="standard9"'),
        (b'refId="item1"', b'refId="item9"'),
        (b">0.012<", b">NaN<"),
        (b">0.012<", b">1e999<"),
        (b"<si:coverageFactor>2.0<", b"<si:coverageFactor>INF<"),
        (b'refType="basic_serialNumber"', b'refType="qh_identifier"'),
        (b'refType="basic_nominalValue"', b'refType="basic_measurementError"'),
    ],
)
def test_a_damaged_value_is_refused(old: bytes, new: bytes):
    assert old in BYTES
    with pytest.raises(BadDocument):
        read(BYTES.replace(old, new))


@settings(max_examples=200)
@given(st.integers(0, len(BYTES) - 1), st.binary(max_size=3))
def test_damage_is_read_or_refused_and_never_crashes(place: int, noise: bytes):
    with contextlib.suppress(BadXml, BadDocument):
        read(BYTES[:place] + noise + BYTES[place + 1 :])


@pytest.mark.parametrize("number", ["2026-0131\u200b", "２０２６-0131", "2026\t0131", " 2026", "2026\u2028"])
def test_a_number_that_cannot_be_told_from_another_is_refused(number: str):
    with pytest.raises(BadForm):
        write(dataclasses.replace(EXAMPLE, number=number))
    with pytest.raises(BadDocument, match="编号"):
        read(BYTES.replace(EXAMPLE.number.encode(), number.encode()))


def test_a_standard_without_influence_is_refused():
    point = EXAMPLE.points[0]
    uses = tuple(dataclasses.replace(each, sensitivity=0.0) for each in point.uses)
    with pytest.raises(BadForm, match="灵敏系数"):
        write(dataclasses.replace(EXAMPLE, points=(dataclasses.replace(point, uses=uses),)))


def test_a_unit_that_is_not_legal_is_read_by_its_name_in_dsi():
    found = read(BYTES.replace(b"\\percent", b"\\milli\\bar"))
    assert {each.unit for each in found.points} == {"\\milli\\bar"}
    assert read(BYTES.replace(b"\\percent", b"\\bar")).points[0].unit == "\\bar"


@pytest.mark.parametrize("encoding", ["UTF-16", "ISO-8859-1", "GB18030"])
def test_xml_in_another_encoding_is_refused(encoding: str):
    text = BYTES.decode().replace("UTF-8", encoding).replace("utf-8", encoding)
    with pytest.raises(BadXml):
        read(text.encode(encoding, "xmlcharrefreplace"))


def test_other_xml_is_no_certificate():
    with pytest.raises(BadDocument, match="DCC"):
        read(b"<a/>")


def test_zeros_that_a_value_was_stated_with_are_written():
    first = EXAMPLE.points[0]
    point = dataclasses.replace(first, value=-0.19, expanded_uncertainty=0.049)
    data = write(dataclasses.replace(EXAMPLE, points=(point,)))
    assert b"<si:value>-0.190</si:value>" in data
    assert b"<si:valueExpandedMU>0.049</si:valueExpandedMU>" in data
    assert read(data).points == (point,)
