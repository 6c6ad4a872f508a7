"""Sheets of raw readings: every cell at fault is named, with what would be right, and nothing is taken."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from quanheng.city.certificates import reading_sheets
from quanheng.city.certificates.actions import jobs, results
from quanheng.city.certificates.models import Entry, Job
from quanheng.city.certificates.reading_sheets import HEADINGS, BadReadings, read_sheet
from quanheng.ground.errors import BadTable, Fault

Bench = Any
HEAD = ",".join(HEADINGS)


def csv(*lines: str, head: str = HEAD) -> bytes:
    return "\n".join((head, *lines)).encode()


def faults(data: bytes, name: str = "r.csv") -> list[tuple[str, str, str]]:
    """Cell, what stands there, what would be right."""
    with pytest.raises(BadReadings) as told:
        read_sheet(name, data)
    return [(each.cell, each.found, each.right) for each in told.value.faults]


def test_readings_are_taken_by_point_as_they_stand() -> None:
    found = read_sheet("r.csv", csv("1,1.0010,1,23,45", "5,5.01,5,23.5,44", "", "1.0,1.0020,1,23,45"))
    assert found == [
        results.Read("1", ("1.0010", "1.0020"), ("1", "1"), "23", "45"),
        results.Read("5", ("5.01",), ("5",), "23.5", "44"),
    ]


def test_every_cell_at_fault_is_named() -> None:
    found = faults(csv("1,abc,1,23,45", "1,1.001,,23,45", "1,1.001,1,23,45", "one,1.001,1,nan,inf"))
    assert [(cell, said) for cell, said, _right in found] == [
        ("B2", "abc"), ("C3", ""), ("A5", "one"), ("D5", "nan"), ("E5", "inf"),
    ]  # fmt: skip
    assert all("1.002" in right for _cell, _said, right in found)


def test_a_decimal_comma_is_answered_with_the_point() -> None:
    [(cell, said, right)] = faults(csv('1,"1,002",1,23,45'))
    assert (cell, said) == ("B2", "1,002")
    assert "1.002" in right


def test_what_stands_under_no_heading_is_not_passed_over() -> None:
    assert [cell for cell, _said, _right in faults(csv("1,1,002,1,23,45"))] == ["F2"]
    named = csv("1,1.002,1,23,45,in the morning", head=f"{HEAD},remark")
    assert read_sheet("r.csv", named)[0].indications == ("1.002",)


def test_conditions_that_changed_are_kept_for_each_reading() -> None:
    data = csv("1,1.001,1,23,45", "5,5.01,5,24,45", "1,1.002,1,23.4,45", "1,1.003,1,23.0,46")
    one, five = read_sheet("r.csv", data)
    assert (one.temperature, one.humidity) == ("23 23.4 23.0", "45 45 46")
    assert (five.temperature, five.humidity) == ("24", "45")


def test_every_wrong_heading_is_named() -> None:
    assert faults(csv("1,1.001,1,23,45", head="nominal,shown,reference")) == [
        ("B1", "shown", "indication"), ("D1", "", "temperature"), ("E1", "", "humidity"),
    ]  # fmt: skip
    assert len(faults(b"")) == len(HEADINGS)


def test_cells_of_a_workbook_are_named_as_excel_names_them() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (HEADINGS, (1, 1.001, 1, 23, 45), (), (1, "x", 1, 23, True)):
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    assert [cell for cell, _said, _right in faults(buffer.getvalue(), "r.xlsx")] == ["B4", "E4"]


def test_of_very_many_faults_the_first_are_told_and_the_rest_counted() -> None:
    with pytest.raises(BadReadings) as told:
        read_sheet("r.csv", csv(*["1,x,1,23,45"] * 150))
    assert len(told.value.faults) == reading_sheets.TOLD
    assert told.value.further == 50
    assert "150" in str(told.value)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("r.xlsx", b"no workbook"), ("r.csv", csv()), ("r.csv", b"\xff\xff\x00"), ("r.csv", b" " * (2**21 + 1)),
        ("r.csv", csv(*["1,1,1,1,1"] * reading_sheets.ROWS)),
    ],
)  # fmt: skip
def test_what_is_no_sheet_of_readings_is_answered_in_words(name: str, data: bytes) -> None:
    with pytest.raises(BadTable):
        read_sheet(name, data)


@pytest.fixture
def job(bench: Bench) -> Job:
    """An energy meter, received."""
    row = bench.small.instrument("E-1", bench.small.power, bench.small.north, type_approval="PA-energy")
    today = timezone.localdate()
    return jobs.receive(
        bench.verifier, row, [bench.standard], procedure="JJG 596-2012", accuracy="1 级",
        promised=today + timedelta(days=5), on=today,
    )  # fmt: skip


cells = st.sampled_from(["", "1", "2.5", "1e400", "nan", "x", "1,5", "−1", "1 V"])


@given(st.lists(st.lists(cells, min_size=5, max_size=7), max_size=12))
def test_a_sheet_is_taken_whole_or_named_at_fault(rows: Sequence[Sequence[str]]) -> None:
    data = csv(*[",".join(f'"{cell}"' for cell in row) for row in rows])
    full = [row for row in rows if any(row)]
    try:
        found = read_sheet("r.csv", data)
    except BadTable as error:
        assert not full or isinstance(error, BadReadings)
    else:
        assert sum(len(each.indications) for each in found) == len(full)
        assert all(math.isfinite(float(cell)) for row in full for cell in row[:5])


def test_the_page_names_every_cell_and_keeps_nothing(bench: Bench, job: Job) -> None:
    browser = Client(headers={"Accept-Language": "zh-CN"})
    browser.force_login(bench.verifier)
    sheet = SimpleUploadedFile("r.csv", csv("1,1.001,1,23,45", "1,<b>,1,23,45", "1,1.001,1,,45"))
    answer = browser.post(f"/jobs/{job.pk}/readings/", {"sheet": sheet})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<th scope="row">B3</th><td>&lt;b&gt;</td>' in page
    assert '<th scope="row">D4</th><td>–</td>' in page
    assert "还没有保存" not in page
    assert not Entry.objects.exists()
    assert Job.objects.get(pk=job.pk).state == "received"


def test_every_point_at_fault_is_named_and_none_is_kept(bench: Bench, job: Job) -> None:
    good, unpaired, infinite = (
        results.Read("1", ("1.001",), ("1",), "23", "45"), results.Read("5", ("5.01",), (), "23", "45"),
        results.Read("0.1", ("inf",), ("0.1",), "23", "45"),
    )  # fmt: skip
    with pytest.raises(Fault) as told:
        jobs.measure(bench.verifier, job, [good, unpaired, infinite], on=timezone.localdate())
    assert "'5'" in str(told.value)
    assert "'0.1'" in str(told.value)
    assert not Entry.objects.exists()
