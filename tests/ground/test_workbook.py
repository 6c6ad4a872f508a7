"""A workbook of a stranger is opened whole, or refused before anything of it is believed."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

from evidence.fuzz.mutations import packed, unpacked
from quanheng.ground.workbook import (
    LAST_ROW,
    BadWorkbook,
    Why,
    first_sheet,
    open_with_formulas,
    workbook_bytes,
)

ENOUGH = 1 << 20
SHEET = "xl/worksheets/sheet1.xml"


def book(*rows: tuple[object, ...]) -> bytes:
    made = Workbook()
    assert made.active is not None
    for row in rows:
        made.active.append(row)
    return workbook_bytes(made)


SOUND = book(("a", 1), ("b", 2.5))


def changed(old: bytes, new: bytes, name: str = SHEET) -> bytes:
    parts = unpacked(SOUND)
    assert old in parts[name]
    return packed(parts | {name: parts[name].replace(old, new)})


def refused(data: bytes, largest: int = ENOUGH) -> Why:
    with pytest.raises(BadWorkbook) as caught:
        list(first_sheet(data, largest))
    return caught.value.why


def test_the_rows_of_the_first_sheet_are_its_values() -> None:
    assert list(first_sheet(SOUND, ENOUGH)) == [("a", 1), ("b", 2.5)]


def test_the_same_content_is_the_same_file() -> None:
    assert book(("a", 1), ("b", 2.5)) == SOUND
    assert b"1980-01-01T00:00:00Z" in unpacked(SOUND)["docProps/core.xml"]


def test_a_sheet_counts_by_what_it_holds_and_not_by_what_it_claims() -> None:
    assert list(first_sheet(changed(b'ref="A1:B2"', b'ref="A1:A1"'), ENOUGH)) == [("a", 1), ("b", 2.5)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "iso-8859-1"])
@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "[Content_Types].xml", "xl/new.bin"])
def test_a_document_type_is_refused_in_any_encoding_and_part(encoding: str, part: str) -> None:
    said = "utf-16" if "16" in encoding else encoding
    text = f'<?xml version="1.0" encoding="{said}"?><!-- {" " * 200_000} --><!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>'
    assert refused(packed({**unpacked(SOUND), part: text.encode(encoding)})) is Why.DTD


def test_the_words_of_a_document_type_in_a_cell_are_words() -> None:
    assert list(first_sheet(book(("<!DOCTYPE x>",)), ENOUGH)) == [("<!DOCTYPE x>",)]


def test_what_unpacks_to_more_than_the_limit_is_refused() -> None:
    assert refused(SOUND, largest=1000) is Why.LARGE


def test_an_old_or_encrypted_workbook_is_told_by_its_name() -> None:
    assert refused(b"\xd0\xcf\x11\xe0" + bytes(600)) is Why.OLD


def test_a_row_beyond_the_last_of_excel_is_refused_at_once() -> None:
    n = LAST_ROW + 1
    row = f'<row r="{n}"><c r="A{n}"><v>1</v></c></row></sheetData>'.encode()
    assert refused(changed(b"</sheetData>", row)) is Why.ROWS


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        SOUND[:3000],
        packed({"word/document.xml": b"<x/>"}),
        changed(b"</sheetData>", b""),
        packed({name: part for name, part in unpacked(SOUND).items() if name != SHEET}),
    ],
    ids=["nothing", "a header", "cut short", "another archive", "a broken sheet", "no sheet"],
)
def test_what_is_no_whole_workbook_is_refused(data: bytes) -> None:
    assert refused(data) is Why.BROKEN


def test_a_damaged_part_is_refused_though_nobody_asks_for_it() -> None:
    data = packed(unpacked(SOUND) | {"xl/media/picture.png": b"\x89PNG" + b"p" * 300})
    at = data.index(b"pppp")
    assert refused(data[:at] + b"q" + data[at + 1 :]) is Why.BROKEN


def test_formulas_are_opened_only_where_a_sheet_holds_some() -> None:
    assert open_with_formulas(SOUND, ENOUGH)[1] is None
    values, formulas = open_with_formulas(book((1, "=A1+1")), ENOUGH)
    assert formulas is not None
    assert [[cell.value for cell in row] for row in formulas.worksheets[0].iter_rows()] == [[1, "=A1+1"]]
    assert [[cell.value for cell in row] for row in values.worksheets[0].iter_rows()] == [[1, None]]
