"""What strangers are not shown of a record they are shown nowhere: list, filter, sheet, page and API."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models import MeasurementStandard
from quanheng.city.people import actions as people
from quanheng.city.people.models import Person

As = Callable[[str], Client]
HIDDEN = ("计量路 7 号", "990101", "北城区", "负责人甲")


@pytest.fixture
def institute(small: SmallCity) -> MeasurementStandard:
    """The institute has an address; a standard of it has a keeper."""
    small.institute.address = "计量路 7 号"
    people.keep(SYSTEM, small.institute)
    keeper = Person(number="P1", name="负责人甲", party=small.institute)
    people.keep(SYSTEM, keeper)
    row = MeasurementStandard(
        code="S1", name="电能表检定装置", kind="social", holder=small.institute, assessment="A1",
        since=date(2025, 1, 1), until=date(2029, 12, 31), keeper=keeper,
        quantity="电能", unit="kW·h", lower=0, upper=1, accuracy="0.05 级",
    )  # fmt: skip
    instruments.keep(SYSTEM, row)
    return row


def text(answer: Any) -> str:
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(data.decode())


@pytest.mark.parametrize("register", ["parties", "standards"])
def test_a_stranger_is_shown_nowhere_what_is_not_public(
    institute: MeasurementStandard, as_user: As, small: SmallCity, register: str
) -> None:
    pk = small.institute.pk if register == "parties" else institute.pk
    for place in (f"/{register}/", f"/{register}/{pk}/", f"/{register}/export.csv", f"/api/{register}"):
        answer = text(as_user("").get(place))
        assert small.institute.code in answer or small.institute.name in answer
        assert [each for each in HIDDEN if each in answer] == []


def test_nor_in_a_workbook(institute: MeasurementStandard, as_user: As) -> None:
    book = load_workbook(io.BytesIO(as_user("").get("/parties/export.xlsx").content))
    assert [cell.value for cell in next(book.active.iter_rows())] == [
        "统一社会信用代码", "类别", "名称", "英文名称", "授权、认可证书号"
    ]  # fmt: skip


def test_nor_is_it_found_out_by_a_filter(
    institute: MeasurementStandard, as_user: As, small: SmallCity
) -> None:
    for district in (small.north, small.south):
        assert small.institute.name in text(as_user("").get(f"/parties/?district={district.pk}"))


def test_who_signed_in_is_shown_it(institute: MeasurementStandard, as_user: As) -> None:
    assert "计量路 7 号" in text(as_user("power").get("/parties/export.csv"))
    assert "P1" in text(as_user("city").get("/standards/export.csv"))
