"""An import writes what was looked at: what moved on since is told row by row, and nothing is written over."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from small_city import SmallCity

from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models import Instrument

As = Callable[[str], Client]


@pytest.fixture
def handed_in(small: SmallCity, as_user: As) -> tuple[Client, str]:
    """The power company hands in its export with one name changed, and one instrument more."""
    for n in range(3):
        small.instrument(f"E-{n}", small.power, small.north, purpose="trade")
    browser = as_user("power")
    answer: Any = browser.get("/instruments/export.csv")
    text = b"".join(answer.streaming_content).decode()
    first = text.splitlines()[1]
    text = text.replace(first, first.replace("电能表", "智能电能表")) + first.replace("E-0", "E-9") + "\r\n"
    file = io.BytesIO(text.encode())
    file.name = "meters.csv"
    return browser, browser.post("/instruments/import/", {"sheet": file}).headers["Location"]


def change(small: SmallCity, code: str, **facts: Any) -> None:
    """Somebody else changes an instrument."""
    row = Instrument.objects.get(code=code)
    for name, value in facts.items():
        setattr(row, name, value)
    instruments.keep(small.users["city"], row)


@pytest.mark.parametrize("code", ["E-0", "E-1"])
def test_a_record_that_somebody_changed_since_is_not_written_over(
    small: SmallCity, handed_in: tuple[Client, str], code: str
) -> None:
    browser, address = handed_in
    change(small, code, place="三号变电站")
    page = browser.post(f"{address}write/", follow=True).content.decode()
    assert "检查以后别人改过" in page
    assert f"<td>{int(code[-1]) + 2}</td>" in page
    assert Instrument.objects.get(code=code).place == "三号变电站"
    assert Instrument.objects.get(code="E-0").name == "电能表"
    assert not Instrument.objects.filter(code="E-9").exists()


def test_a_record_that_somebody_added_since_is_not_written_over(
    small: SmallCity, handed_in: tuple[Client, str]
) -> None:
    browser, address = handed_in
    small.instrument("E-9", small.power, small.north, place="三号变电站")
    page = browser.post(f"{address}write/", follow=True).content.decode()
    assert "检查以后别人改过" in page
    assert Instrument.objects.get(code="E-9").place == "三号变电站"


def test_what_nobody_touched_is_written(handed_in: tuple[Client, str]) -> None:
    browser, address = handed_in
    assert "已写入：新增 1，更改 1" in browser.post(f"{address}write/", follow=True).content.decode()
    assert Instrument.objects.get(code="E-0").name == "智能电能表"


def test_changes_are_shown_in_the_words_of_the_list(small: SmallCity, as_user: As) -> None:
    small.instrument("E-1", small.power, small.north, purpose="trade")
    text = "器具编码,器具名称,使用单位,使用地点所在区,用途\n"
    file = io.BytesIO(f"{text}E-1,电能表,{small.power.code},990102,safety\n".encode())
    file.name = "meters.csv"
    page = as_user("power").post("/instruments/import/", {"sheet": file}, follow=True).content.decode()
    assert "北城区 → 南城区" in page
    assert "贸易结算 → 安全防护" in page
