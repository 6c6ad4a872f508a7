"""A budget in Excel says what it says in TOML, and its faults name the cell."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from budget_trees import Tree, full, refusals, small, toml_bytes, trees
from hypothesis import HealthCheck, given, settings
from openpyxl import Workbook, load_workbook

from quanheng.measure.quantity.shapes import Rectangular
from quanheng.work.budget import layout
from quanheng.work.budget.budget_file import BudgetFile
from quanheng.work.budget.errors import BadBudget
from quanheng.work.budget.reading import parse_budget
from quanheng.work.budget.sheet_writer import write

INPUTS, OUTPUTS, SETTINGS = layout.INPUTS.title, layout.OUTPUTS.title, layout.SETTINGS.title
Change = Callable[[Workbook], Any]


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def changed(change: Change) -> bytes:
    """The workbook of a sound budget, after a change in Excel."""
    book = load_workbook(io.BytesIO(SOUND))
    change(book)
    return saved(book)


def cell(sheet: str, place: str, value: Any) -> Change:
    def change(book: Workbook) -> None:
        book[sheet][place] = value

    return change


SOUND = write(full())


def column(key: str, sheet: layout.Layout = layout.INPUTS) -> str:
    """The letter of a key's column."""
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[sheet.keys.index(key)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees())
def test_toml_and_sheet_state_one_budget(tree: Tree) -> None:
    toml = parse_budget(toml_bytes(tree), "b.toml")
    assert parse_budget(write(tree), "b.xlsx") == toml


def test_every_kind_of_input_stands_in_a_sheet() -> None:
    assert parse_budget(write(full()), "b.xlsx") == parse_budget(toml_bytes(full()), "b.toml")


def read(change: Change) -> BudgetFile:
    return parse_budget(changed(change), "b.xlsx")


def test_words_are_chosen_in_chinese_or_typed_as_in_toml() -> None:
    for word in ("矩形 rectangular", "rectangular"):

        def change(book: Workbook, word: str = word) -> None:
            book[INPUTS][f"{column('distribution')}2"] = word

        (effect,) = read(change).inputs["a"].effects
        assert effect.shape == Rectangular()


def test_sheets_may_have_their_name_in_one_language() -> None:
    def change(book: Workbook) -> None:
        book[INPUTS].title, book[OUTPUTS].title = "输入", "outputs"

    assert read(change) == parse_budget(SOUND, "b.xlsx")


def test_columns_may_stand_in_any_order_and_be_left_out() -> None:
    def change(book: Workbook) -> None:
        sheet = book[OUTPUTS]
        for row in sheet.iter_rows(max_col=3):
            row[0].value, row[2].value = row[2].value, row[0].value
        sheet.delete_cols(4)

    assert read(change) == parse_budget(SOUND, "b.xlsx")


def test_empty_rows_and_notes_are_passed_over() -> None:
    def change(book: Workbook) -> None:
        book[INPUTS].insert_rows(3)
        book[INPUTS][f"{column('note')}3"] = "旧证书"
        book.create_sheet("Notes on the bench")["A1"] = "3 °C"

    assert read(change) == parse_budget(SOUND, "b.xlsx")


def test_a_unit_or_source_that_looks_like_a_number_is_text() -> None:
    def change(book: Workbook) -> None:
        book[INPUTS][f"{column('unit')}2"] = 1
        book[INPUTS][f"{column('source')}2"] = 20260417
        book[OUTPUTS]["C2"] = None

    spec = read(change).inputs["a"]
    assert (str(spec.unit), spec.source) == ("1", "20260417")


def test_text_that_begins_like_a_formula_stays_text() -> None:
    tree = {**small(), "title": "=1+1"}
    assert parse_budget(write(tree), "b.xlsx").title.zh == "=1+1"


FAULTS: list[tuple[Change, list[str]]] = [
    (cell(INPUTS, f"{column('u')}2", 0), [f"{INPUTS}!E2", "0"]),
    (cell(INPUTS, f"{column('u')}2", "0.1"), [f"{INPUTS}!E2", '"0.1"', "文字", "text"]),
    (cell(INPUTS, f"{column('u')}2", "#DIV/0!"), [f"{INPUTS}!E2", "#DIV/0!"]),
    (cell(INPUTS, f"{column('half_width')}2", 1), [f"{INPUTS}!J2", "rectangular"]),
    (cell(INPUTS, f"{column('unit')}3", "furlong"), [f"{INPUTS}!D3", "furlong"]),
    (cell(INPUTS, f"{column('distribution')}3", "正常"), [f"{INPUTS}!I3", "正常", "normal"]),
    (cell(INPUTS, f"{column('value')}3", None), [f"{INPUTS}!C3"]),
    (cell(INPUTS, f"{column('value')}7", 3), [f"{INPUTS}!C7"]),
    (cell(INPUTS, f"{column('u')}8", -2), [f"{INPUTS}!E8", "-2"]),
    (cell(INPUTS, "A3", "a"), [f"{INPUTS}!A3", f"{INPUTS}!A2"]),
    (lambda book: book[INPUTS].append(["2x", None, 1]), [f"{INPUTS}!A9", "2x"]),
    (cell(INPUTS, "A2", None), [f"{INPUTS}!A2"]),
    (cell(INPUTS, "E1", "标准不确定度 ux"), [f"{INPUTS}!E1", "ux"]),
    (cell(INPUTS, "E1", None), [f"{INPUTS}!E2"]),
    (cell(INPUTS, "E1", "包含因子 k"), [f"{INPUTS}!G1", "k"]),
    (cell(INPUTS, "A1", "what"), [f"{INPUTS}!A1", "what"]),
    (cell(INPUTS, "AB2", 1), [f"{INPUTS}!AB2"]),
    (cell(OUTPUTS, "B2", "a + q"), [f"{OUTPUTS}!B2", "q"]),
    (cell(SETTINGS, "B4", 95), [f"{SETTINGS}!B4", "95"]),
    (cell(SETTINGS, "B6", "x"), [f"{SETTINGS}!B6", "x"]),
    (cell(SETTINGS, "A6", "种子 sed"), [f"{SETTINGS}!A6", "seed"]),
    (cell(SETTINGS, "A6", "蒙特卡洛次数 trials"), [f"{SETTINGS}!A6", "trials"]),
    (cell(SETTINGS, "B9", 3), [f"{SETTINGS}!A9"]),
    (cell("读数 Readings", "A3", "1.2"), ["读数 Readings!A3", '"1.2"']),
    (cell("读数 Readings", "B1", "q"), ["读数 Readings!B1", "q"]),
    (cell("读数 Readings", "B2", 1), ["读数 Readings!B1"]),
    (cell("读数 Readings", "B1", "d"), ["读数 Readings!B1", "读数 Readings!A1"]),
    (cell("相关 Correlations", "B2", "bb"), ["相关 Correlations!A2", "bb"]),
    (cell("相关 Correlations", "C2", 2), ["相关 Correlations!C2", "2"]),
    (cell("相关 Correlations", "C2", None), ["相关 Correlations!C2"]),
    (cell("复数 Complex", "A2", "q"), ["复数 Complex!A2", "q"]),
    (cell("复数 Complex", "A2", "a"), ["复数 Complex!A2", f"{INPUTS}!C2"]),
    (cell("复数 Complex", "D2", 0), ["复数 Complex!D2", "0"]),
    (cell("合格判定 Conformity", "A2", "yy"), ["合格判定 Conformity!A2", "yy"]),
    (cell("合格判定 Conformity", "D2", "best"), ["合格判定 Conformity!D2", "best"]),
    (lambda book: book.create_sheet("输入2"), ["输入2"]),
    (lambda book: book.create_sheet("inputs"), ["inputs", INPUTS]),
]


@pytest.mark.parametrize(("change", "told"), FAULTS, ids=[told[0] + " " + told[-1] for _, told in FAULTS])
def test_the_first_line_of_a_refusal_names_the_cell(change: Change, told: list[str]) -> None:
    line = refusals(changed(change), "b.xlsx")[0]
    assert line.startswith("b.xlsx: ")
    assert not [each for each in told if each not in line]
    assert " / " in line


def test_a_missing_sheet_is_named() -> None:
    (line,) = refusals(changed(lambda book: book.remove(book[INPUTS])), "b.xlsx")[:1]
    assert INPUTS in line


def test_a_formula_without_its_value_is_not_taken_for_an_empty_cell() -> None:
    (line,) = refusals(changed(cell(INPUTS, "C2", "=3*4")), "b.xlsx")
    assert f"{INPUTS}!C2" in line
    assert "formula" in line


def test_a_formula_counts_by_its_stored_value() -> None:
    data = changed(cell(INPUTS, "C2", "=3*4"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name, content in parts.items() if b"<f>3*4</f>" in content)
    parts[name] = (
        parts[name]
        .replace(b"<f>3*4</f><v></v>", b"<f>3*4</f><v>12</v>")
        .replace(b"<f>3*4</f><v />", b"<f>3*4</f><v>12</v>")
    )
    assert parse_budget(packed(parts), "b.xlsx").inputs["a"].value == 12.0


# ---- what is no workbook of a budget -------------------------------------------------------------------------------


def packed(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_part(name: str, content: bytes) -> bytes:
    return packed({**parts_of(SOUND), name: content})


def test_a_zip_bomb_is_refused_unopened() -> None:
    (line,) = refusals(with_part("xl/worksheets/bomb.xml", b"0" * (65 << 20)), "b.xlsx")
    assert "64 MB" in line


def test_a_document_type_is_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>'
    (line,) = refusals(with_part("xl/styles.xml", bomb), "b.xlsx")
    assert "DTD" in line


def test_a_damaged_file_is_refused_or_reads_as_before() -> None:
    sound = parse_budget(SOUND, "b.xlsx")
    for place in range(0, len(SOUND), 61):
        damaged = SOUND[:place] + bytes([SOUND[place] ^ 0x55]) + SOUND[place + 1 :]
        try:
            assert parse_budget(damaged, "b.xlsx") == sound
        except BadBudget as error:
            assert len(str(error).splitlines()) >= 1


NO_WORKBOOKS = {
    "an old or encrypted workbook": (b"\xd0\xcf\x11\xe0" + bytes(600), ".xls"),
    "a truncated workbook": (write(small())[:5000], ".xlsx"),
    "another archive": (packed({"word/document.xml": b"<x/>"}), ".xlsx"),
    "a sheet of broken xml": (with_part("xl/worksheets/sheet3.xml", b"<worksheet><sheetData><row"), ".xlsx"),
    "a sheet of strange cells": (
        with_part(
            "xl/worksheets/sheet3.xml",
            b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            b'<row r="1"><c r="A1" t="s"><v>99999</v></c></row></sheetData></worksheet>',
        ),
        "损坏",
    ),
    "nothing but a header": (b"PK\x03\x04", ".xlsx"),
}


@pytest.mark.parametrize(("data", "told"), NO_WORKBOOKS.values(), ids=list(NO_WORKBOOKS))
def test_what_is_no_workbook_is_told_in_one_line(data: bytes, told: str) -> None:
    (line,) = refusals(data, "b.xlsx")
    assert told in line


def test_a_sheet_of_too_many_rows_is_refused_in_time() -> None:
    row = b'<row r="200000"><c r="XFD200000"><v>1</v></c></row>'
    content = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + row
        + b"</sheetData></worksheet>"
    )
    lines = refusals(with_part("xl/worksheets/sheet3.xml", content), "b.xlsx")
    assert any("20000" in line for line in lines)


@pytest.mark.parametrize("number", [1_048_577, 4_000_000_000])
def test_a_row_that_claims_to_lie_beyond_the_last_is_refused_at_once(number: int) -> None:
    parts = parts_of(SOUND)
    name = next(name for name in parts if name.startswith("xl/worksheets/"))
    row = f'<row r="{number}"><c r="A{number}"><v>1</v></c></row></sheetData>'.encode()
    lines = refusals(packed({**parts, name: parts[name].replace(b"</sheetData>", row)}), "b.xlsx")
    assert any("20000" in line for line in lines)
