"""What a cell may hold, and that it comes back from a sheet as it went."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from openpyxl import Workbook
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.instruments import versions
from quanheng.city.instruments.models import Cycle, Instrument

As = Callable[[str], Client]


def standard(small: SmallCity, **facts: Any) -> dict[str, Any]:
    """A standard as the API takes it."""
    told = {
        "code": "S-1", "name": "电能表检定装置", "kind": "social", "holder": small.institute.code, "assessment": "A1",
        "since": "2025-01-01", "until": "2029-12-31", "quantity": "电能", "unit": "kW·h", "lower": 0, "upper": 1,
        "accuracy": "0.05 级",
    }  # fmt: skip
    return {**told, **facts}


def instrument(small: SmallCity, **facts: Any) -> dict[str, Any]:
    """An instrument as the API takes it."""
    told = {"code": "E-7", "name": "电能表", "user": small.power.code, "district": "990101", "purpose": "trade",
            "delivery": "sent", "status": "in use"}  # fmt: skip
    return {**told, **facts}


def test_a_control_character_is_refused_where_it_stands(as_user: As, small: SmallCity) -> None:
    facts = instrument(small, place="a\u000bb")
    answer = as_user("power").post("/api/instruments", facts, "application/json")
    assert answer.status_code == 400
    assert "place: U+000B" in answer.content.decode()
    sheet = (
        "器具编码,器具名称,使用单位,使用地点所在区\n".encode()
        + f"E-7,a\x0bb,{small.power.code},990101\n".encode()
    )
    assert "U+000B" in handed_in(as_user, sheet, "csv")


def test_a_text_of_several_lines_is_kept(as_user: As, small: SmallCity) -> None:
    facts = standard(small, equipment="标准表\r\n电源\t一台")
    answer = as_user("institute").post("/api/standards", facts, "application/json")
    assert answer.json()["equipment"] == "标准表\n电源\t一台"


def test_a_control_character_that_was_kept_before_hinders_no_export(
    as_user: As, small: SmallCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("quanheng.city.audit.actions.check_fit", lambda value: None)
        small.instrument("E-1", small.power, small.north, place="a\u000bb")
    answer = as_user("power").get("/instruments/export.xlsx")
    assert answer.status_code == 200
    assert "→ ab" in handed_in(as_user, answer.content, "xlsx")


@pytest.mark.parametrize("number", ["nan", "inf", "-Infinity", "1e999"])
def test_a_number_that_is_not_finite_is_refused_at_its_field(
    as_user: As, small: SmallCity, number: str
) -> None:
    answer = as_user("institute").post("/standards/add/", standard(small, upper=number))
    assert answer.status_code == 422
    assert "不是有限的数" in answer.content.decode()


def test_a_number_of_instruments_that_is_not_whole_is_refused(as_user: As, small: SmallCity) -> None:
    book = Workbook()
    book.active.append(("器具编码", "器具名称", "使用单位", "使用地点所在区", "数量"))
    book.active.append(("E-1", "电能表", small.power.code, small.north.code, 12.7))
    data = io.BytesIO()
    book.save(data)
    assert "12.7 不是整数" in handed_in(as_user, data.getvalue(), "xlsx")


def handed_in(as_user: As, data: bytes, form: str) -> str:
    """What a sheet would do, as the page says it."""
    file = io.BytesIO(data)
    file.name = f"again.{form}"
    return as_user("power").post("/instruments/import/", {"sheet": file}, follow=True).content.decode()


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize(
    "text", ["-30～50 ℃", "=cmd()", "'-1", "''", "'quoted'", "+86", "@x", "#N/A", "一行\n两行"]
)
def test_a_text_comes_back_from_a_sheet_as_it_went(
    as_user: As, small: SmallCity, form: str, text: str
) -> None:
    small.instrument("E-1", small.power, small.north, measuring_range=text)
    answer: Any = as_user("power").get(f"/instruments/export.{form}")
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert "新增 0，更改 0，不变 1" in handed_in(as_user, data, form)


def test_a_validity_that_would_end_after_the_last_year_is_refused(as_user: As, small: SmallCity) -> None:
    for path in versions.FILES:
        versions.load(SYSTEM, path)
    facts = instrument(small, verified="9999-12-01", cycle=Cycle.objects.all()[0].code)
    answer = as_user("power").post("/api/instruments", facts, "application/json")
    assert answer.status_code == 422
    assert not Instrument.objects.exists()
