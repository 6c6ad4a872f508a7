"""The human copy: PDF/A-3b that holds the original, is the same everywhere, and prints texts as texts."""

from __future__ import annotations

import dataclasses
import io
from datetime import date
from typing import Any

import proof_world as world
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proof_world import ISSUED, LABORATORY

from quanheng.evidence.certificate import (
    Certificate,
    Condition,
    Decision,
    Item,
    Kind,
    Outcome,
    Use,
    Validation,
)
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.paper import paper
from quanheng.evidence.formats.paper.words import Standard, words

pytest.importorskip("manimgx_fonts_cjk", reason="the Chinese font is not installed: nothing is set")

DATA = "<证书>\r\n\x00</证书>".encode() + b"\xff"
CITED = "ab" * 32


def full() -> Certificate:
    """A certificate with everything that is printed."""
    plain = world.certificate("2026-0131", LABORATORY, "item-1", ISSUED, (Use(CITED, "energy", 1.0, "kW·h"),))
    points = tuple(
        dataclasses.replace(plain.points[0], identifier=f"p{n}", value=0.01234 * n, lower=-0.2, upper=0.2,
                            outcome=Outcome.PASS)
        for n in range(-3, 30)
    )  # fmt: skip
    return dataclasses.replace(
        plain, points=points, received=date(2026, 3, 1), due=date(2027, 3, 1), place="电能实验室",
        conditions=(Condition("temperature", 19.0, 21.0, "°C"),), decision=Decision("guarded", Outcome.PASS, 1.0),
        validation=Validation(0.012, 0.02, 0.015, 0.01, "%", 0.001), remarks=("备注一",), basis="[样例] 1",
    )  # fmt: skip


def reader(data: bytes) -> Any:
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed: the PDF is not read back")
    return pypdf.PdfReader(io.BytesIO(data))


def text_of(data: bytes) -> str:
    """What is printed, without spaces: letterspacing looks like some."""
    return "".join("".join(page.extract_text().split()) for page in reader(data).pages)


def test_original_lies_inside_byte_for_byte():
    attachments = reader(paper.write(full(), DATA, proof=b"PK")).attachments
    assert dict(attachments) == {"certificate.xml": [DATA], "certificate.proof.zip": [b"PK"]}


def test_original_is_marked_as_the_source_and_the_proof_as_a_supplement():
    root = reader(paper.write(full(), DATA, proof=b"PK")).trailer["/Root"]
    relations = [(each.get_object()["/UF"], each.get_object()["/AFRelationship"]) for each in root["/AF"]]
    assert sorted(relations) == [("certificate.proof.zip", "/Supplement"), ("certificate.xml", "/Source")]


def test_copy_is_marked_as_pdf_a_3b():
    root = reader(paper.write(full(), DATA)).trailer["/Root"]
    metadata = root["/Metadata"].get_data()
    assert b"<pdfaid:part>3</pdfaid:part>" in metadata
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"


def test_every_font_is_embedded():
    for page in reader(paper.write(full(), DATA)).pages:
        for font in page["/Resources"]["/Font"].values():
            for descendant in font.get_object()["/DescendantFonts"]:
                assert {"/FontFile2", "/FontFile3"} & set(descendant.get_object()["/FontDescriptor"])


def test_same_certificate_gives_the_same_bytes():
    assert paper.write(full(), DATA) == paper.write(full(), DATA)


def test_copy_says_what_the_certificate_says():
    text = text_of(
        paper.write(full(), DATA, standards={CITED: Standard("N-1", "国家计量院", date(2027, 1, 9))})
    )
    for said in ("校准证书", "CALIBRATION CERTIFICATE", "2026-0131", LABORATORY.name, LABORATORY.name_english,
                 "某市供电公司", "标准电能表", "RM-100", "item-1", "JJG 1085-2013", "(19 … 21) °C",
                 "−0.037 %", "0.020 %", "±0.2 %", "合格 pass", CITED, "N-1", "国家计量院", "2027-01-09", "备注一",
                 "共 3 页", "Page 3 of 3",
                 "(0.012 ± 0.020) %", "2027 年 3 月 1 日", paper.sha256_bytes(DATA)):  # fmt: skip
        assert said.replace(" ", "") in text, said


def test_verification_that_failed_is_a_notice_and_no_certificate():
    failed = dataclasses.replace(full(), kind=Kind.VERIFICATION, decision=Decision("simple", Outcome.FAIL))
    text = text_of(paper.write(failed, DATA))
    assert "检定结果通知书" in text
    assert "检定证书" not in text


def test_several_instruments_have_a_table_and_results_each():
    plain = full()
    items = tuple(Item(f"item-{n}", "电能表", "厂", "M", f"s{n}") for n in (1, 2))
    points = (plain.points[0], dataclasses.replace(plain.points[0], item="item-2", identifier="q"))
    text = text_of(paper.write(dataclasses.replace(plain, items=items, points=points), DATA))
    assert "2件，见续页" in text
    assert "item-1电能表" in text
    assert "item-2电能表" in text


@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=30))
def test_texts_never_become_code(said):
    shown = words(dataclasses.replace(full(), remarks=(said,), number="N" + said), {}, "")
    assert shown["remarks"] == (said,)
    assert paper.write(dataclasses.replace(full(), remarks=(said,), number="N" + said), DATA)


@pytest.mark.parametrize(
    "said", ['#panic("x")', "$x$", '"); #sys.inputs', "*b* _i_ @r <l> // \\ `raw`", '#read("/etc/passwd")']
)
def test_code_of_the_typesetter_is_printed_as_it_stands(said):
    text = text_of(paper.write(dataclasses.replace(full(), remarks=(said,)), DATA))
    assert said.replace(" ", "") in text


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=30))
def test_text_that_no_font_holds_is_refused_in_words(said):
    try:
        paper.write(dataclasses.replace(full(), remarks=(said,), place=said), DATA)
    except BadDocument as error:
        assert "PDF/A" in str(error) or "cannot be printed" in str(error)


@pytest.mark.parametrize(
    "change", [{"value": float("nan")}, {"expanded_uncertainty": 0.0}, {"upper": float("inf")}]
)
def test_value_that_cannot_be_printed_is_refused(change):
    plain = full()
    point = dataclasses.replace(plain.points[0], **change)
    with pytest.raises(BadDocument, match="cannot be printed"):
        paper.write(dataclasses.replace(plain, points=(point,)), DATA)
