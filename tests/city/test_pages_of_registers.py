"""Registers as people use them: list, record, form, sheet in and out, API."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from openpyxl import Workbook, load_workbook
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models import Instrument, MeasurementStandard
from quanheng.city.people.actions import make_token
from quanheng.city.register import listing
from quanheng.city.register.declaration import REGISTERS

As = Callable[[str], Client]


@pytest.fixture
def meters(small: SmallCity) -> list[Instrument]:
    """Four meters: three of the power company, one of the water company."""
    return [
        small.instrument("E-0001", small.power, small.north, serial="SN100"),
        small.instrument("E-0002", small.power, small.south, serial="SN200"),
        small.instrument("E-0003", small.power, small.north, serial="SN101"),
        small.instrument("W-0001", small.water, small.south, serial="SN100"),
    ]


def sheet(*rows: tuple[object, ...]) -> io.BytesIO:
    """An Excel file of rows."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    data.seek(0)
    data.name = "meters.xlsx"
    return data


HEAD = ("器具编码", "器具名称", "使用单位", "使用地点所在区", "出厂编号")


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("city", {"E-0001", "E-0002", "E-0003", "W-0001"}),
        ("auditor", {"E-0001", "E-0002", "E-0003", "W-0001"}),
        ("north", {"E-0001", "E-0003"}),
        ("south", {"E-0002", "W-0001"}),
        ("power", {"E-0001", "E-0002", "E-0003"}),
        ("water", {"W-0001"}),
        ("factory", set()),
    ],
)
def test_everybody_sees_his_own_rows(as_user: As, meters: list[Instrument], who: str, seen: set[str]) -> None:
    page = as_user(who).get("/instruments/").content.decode()
    assert {each.code for each in meters if each.code in page} == seen
    for each in meters:
        assert as_user(who).get(f"/instruments/{each.pk}/").status_code == (200 if each.code in seen else 404)


def test_a_stranger_is_shown_no_ledger(as_user: As, meters: list[Instrument]) -> None:
    assert as_user("").get("/instruments/").status_code == 403
    assert as_user("").get("/instruments/export.csv").status_code == 403
    assert as_user("").get("/api/instruments").status_code == 403


def test_a_search_finds_beginnings(as_user: As, meters: list[Instrument]) -> None:
    page = as_user("city").get("/instruments/?q=SN10").content.decode()
    assert "E-0001" in page and "E-0003" in page and "W-0001" in page
    assert "E-0002" not in page


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", "☃" * 200])
def test_a_search_takes_any_text_for_text(as_user: As, meters: list[Instrument], text: str) -> None:
    response = as_user("city").get("/instruments/", {"q": text})
    assert response.status_code == 200
    assert "E-0001" not in response.content.decode()


def test_a_filter_that_makes_no_sense_fits_nothing(as_user: As, meters: list[Instrument]) -> None:
    for value in ("nonsense", "999999", "-1", "9" * 40):
        page = as_user("city").get("/instruments/", {"district": value}).content.decode()
        assert "E-0001" not in page


def test_pages_follow_one_another_without_gap(small: SmallCity, meters: list[Instrument]) -> None:
    register, seen, after = REGISTERS["instruments"], [], 0
    while True:
        page = listing.page(register, small.users["city"], {}, after=after, limit=3)
        seen += [row.code for row in page.rows]
        if page.after is None:
            break
        after = page.after
    assert seen == [each.code for each in meters]


def test_a_record_is_added_and_changed_with_its_history(as_user: As, small: SmallCity) -> None:
    browser = as_user("power")
    facts = {
        "code": "E-9", "name": "电能表", "user": small.power.code, "district": "990101", "purpose": "trade",
        "delivery": "sent", "status": "in use",
    }  # fmt: skip
    added = browser.post("/instruments/add/", facts)
    row = Instrument.objects.get(code="E-9")
    assert added.headers["Location"] == f"/instruments/{row.pk}/"
    browser.post(f"/instruments/{row.pk}/change/", {**facts, "place": "变电站", "held": row.event_id})
    page = browser.get(f"/instruments/{row.pk}/").content.decode()
    assert "变电站" in page
    assert page.count("新增计量器具") == page.count("更改计量器具") == 1


def test_a_form_says_what_is_wrong_at_its_field(as_user: As, small: SmallCity) -> None:
    response = as_user("power").post(
        "/instruments/add/", {"code": "E-9", "user": "nobody", "verified": "yesterday"}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "没有 &#x27;nobody&#x27; 这一单位" in page
    assert "不是日期" in page
    assert not Instrument.objects.filter(code="E-9").exists()


def test_who_changes_what_somebody_has_just_changed_is_told(as_user: As, meters: list[Instrument]) -> None:
    row = meters[0]
    facts = {"code": row.code, "name": "甲", "user": row.user.code, "district": "990101", "purpose": "trade",
             "delivery": "sent", "status": "in use", "held": row.event_id}  # fmt: skip
    assert as_user("power").post(f"/instruments/{row.pk}/change/", facts).status_code == 302
    again = as_user("city").post(f"/instruments/{row.pk}/change/", {**facts, "name": "乙"})
    assert again.status_code == 422
    assert "别人刚刚改过" in again.content.decode()
    assert Instrument.objects.get(pk=row.pk).name == "甲"


def test_nobody_writes_what_is_anothers(as_user: As, small: SmallCity, meters: list[Instrument]) -> None:
    facts = {"code": "E-9", "name": "表", "user": small.institute.code, "district": "990101", "purpose": "trade",
             "delivery": "sent", "status": "in use"}  # fmt: skip
    assert as_user("power").post("/instruments/add/", facts).status_code == 403
    assert not Instrument.objects.filter(code="E-9").exists()


def test_a_sheet_is_looked_at_before_it_is_written(
    as_user: As, small: SmallCity, meters: list[Instrument]
) -> None:
    browser = as_user("power")
    data = sheet(
        HEAD,
        ("E-0001", "智能电能表", small.power.code, "990101", "SN100"),
        ("E-0100", "电能表", small.power.code, "990102", 12345),
    )
    handed_in = browser.post("/instruments/import/", {"sheet": data})
    page = browser.get(handed_in.headers["Location"]).content.decode()
    assert "新增 1，更改 1，不变 0" in page
    assert "电能表 → 智能电能表" in page
    assert Instrument.objects.count() == 4
    browser.post(handed_in.headers["Location"] + "write/")
    browser.post(handed_in.headers["Location"] + "write/")
    assert Instrument.objects.get(code="E-0100").serial == "12345"
    assert Instrument.objects.get(code="E-0001").name == "智能电能表"
    assert Instrument.objects.get(code="E-0001").event_id == Instrument.objects.get(code="E-0100").event_id


def test_a_sheet_with_one_wrong_row_writes_nothing(
    as_user: As, small: SmallCity, meters: list[Instrument]
) -> None:
    browser = as_user("power")
    data = sheet(
        HEAD,
        ("E-0100", "电能表", small.power.code, "990102", "1"),
        ("E-0100", "电能表", small.power.code, "990102", "1"),
        ("E-0101", "", "nobody", "990102", "1"),
        ("W-0001", "电能表", small.power.code, "990102", "1"),
    )
    address = browser.post("/instruments/import/", {"sheet": data}).headers["Location"]
    page = browser.get(address).content.decode()
    for told in ("与第 2 行相同", "不能为空", "没有 &#x27;nobody&#x27; 这一单位", "已由别的单位登记"):
        assert told in page
    assert browser.post(address + "write/").status_code == 400
    assert not Instrument.objects.filter(code="E-0100").exists()


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("x.xlsx", b"no workbook", "不是 Excel"),
        ("x.xlsx", b"PK\x03\x04 broken", "不是 Excel"),
        ("x.csv", b"\xff\xfe\xfa", "UTF-8"),
        ("x.csv", "器具编码,颜色\n1,2\n".encode(), "颜色"),
        ("x.csv", b"", "空的"),
    ],
)
def test_what_is_no_sheet_is_told(as_user: As, name: str, data: bytes, told: str) -> None:
    file = io.BytesIO(data)
    file.name = name
    response = as_user("power").post("/instruments/import/", {"sheet": file})
    assert told in response.content.decode()
    assert response.status_code in (400, 422)


def test_what_is_exported_can_be_imported_again(as_user: As, meters: list[Instrument]) -> None:
    browser = as_user("power")
    data = io.BytesIO(browser.get("/instruments/export.xlsx").content)
    assert [row[0].value for row in load_workbook(data).active.iter_rows(min_row=2)] == [
        "E-0001",
        "E-0002",
        "E-0003",
    ]
    data.seek(0)
    data.name = "again.xlsx"
    page = browser.get(
        browser.post("/instruments/import/", {"sheet": data}).headers["Location"]
    ).content.decode()
    assert "新增 0，更改 0，不变 3" in page


def test_a_text_that_a_spreadsheet_would_run_is_exported_as_text(as_user: As, small: SmallCity) -> None:
    small.instrument("=cmd()", small.power, small.north)
    lines = b"".join(as_user("power").get("/instruments/export.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=cmd()" in lines


def test_the_api_lists_gets_adds_and_changes(small: SmallCity, meters: list[Instrument]) -> None:
    token = make_token(small.users["power"], "test", 1)
    call = Client(headers={"Authorization": f"Bearer {token}"})
    listed = call.get("/api/instruments?limit=2").json()
    assert [each["code"] for each in listed["items"]] == ["E-0001", "E-0002"]
    assert call.get(f"/api/instruments?after={listed['next']}").json()["items"][0]["code"] == "E-0003"
    facts = {"code": "E-7", "name": "电能表", "user": small.power.code, "district": "990101", "purpose": "trade",
             "delivery": "sent", "status": "in use"}  # fmt: skip
    added = call.post("/api/instruments", json.dumps(facts), content_type="application/json")
    assert added.status_code == 201, added.content
    address = f"/api/instruments/{added.json()['id']}"
    changed = call.put(address, json.dumps({**facts, "place": "变电站"}), content_type="application/json")
    assert changed.json()["place"] == call.get(address).json()["place"] == "变电站"


def test_the_api_refuses_a_token_that_is_none(small: SmallCity) -> None:
    assert Client(headers={"Authorization": "Bearer x"}).get("/api/parties").status_code == 401


def test_the_api_names_the_field_that_is_wrong(small: SmallCity) -> None:
    token = make_token(small.users["power"], "test", 1)
    call = Client(headers={"Authorization": f"Bearer {token}"})
    facts = {"code": "E-7", "name": "表", "user": "nobody", "district": "990101", "purpose": "fun", "delivery": "sent",
             "status": "in use"}  # fmt: skip
    answer = call.post("/api/instruments", json.dumps(facts), content_type="application/json")
    assert answer.status_code == 422
    assert [each["loc"][-1] for each in answer.json()["detail"]] == ["user", "purpose"]


def test_nobody_changes_a_public_standard_of_another(
    small: SmallCity, as_user: Callable[[str], Client]
) -> None:
    row = MeasurementStandard(
        code="S1", name="电能表检定装置", kind="social", holder=small.institute, assessment="A1",
        since=date(2025, 1, 1), until=date(2029, 12, 31),
        quantity="电能", unit="kW·h", lower=0, upper=1, accuracy="0.05 级",
    )  # fmt: skip
    instruments.keep(SYSTEM, row)
    assert as_user("factory").get(f"/standards/{row.pk}/").status_code == 200
    assert as_user("factory").get(f"/standards/{row.pk}/change/").status_code == 404
    said = as_user("factory").get(f"/api/standards/{row.pk}").json()
    changed = as_user("factory").put(
        f"/api/standards/{row.pk}", {**said, "accuracy": "1 级"}, "application/json"
    )
    assert changed.status_code == 404
    assert as_user("institute").get(f"/standards/{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("number", [1_048_577, 4_000_000_000])
def test_a_sheet_whose_row_claims_to_lie_beyond_the_last_is_refused_at_once(
    number: int, meters: object, as_user: As
) -> None:
    row = f'<row r="{number}"><c r="A{number}"><v>1</v></c></row></sheetData>'.encode()
    page = handed_in(as_user, lambda name, part: part.replace(b"</sheetData>", row))
    assert "1048576" in page


def test_a_sheet_that_would_unpack_to_more_than_memory_holds_is_refused(meters: object, as_user: As) -> None:
    page = handed_in(as_user, lambda name, part: part + b" " * (600 << 20) if "sheet1" in name else part)
    assert "512 MB" in page


def test_a_sheet_with_a_type_of_document_is_refused(meters: object, as_user: As) -> None:
    declared = b'<!DOCTYPE worksheet [<!ENTITY e "E-9">]><worksheet'
    page = handed_in(as_user, lambda name, part: part.replace(b"<worksheet", declared, 1))
    assert "有 DTD" in page


def test_rows_beyond_what_a_sheet_claims_to_hold_are_read(small: SmallCity, as_user: As) -> None:
    row = ("E-9", "电能表", small.power.code, small.north.code)  # it ends before its last column
    claimed = b'<dimension ref="A1:A1"/>'
    page = handed_in(
        as_user,
        lambda name, part: (
            re.sub(rb'<dimension ref="[^"]+" ?/>', claimed, part) if "sheet1" in name else part
        ),
        row,
    )
    assert "E-9" in page


def handed_in(as_user: As, change: Callable[[str, bytes], bytes], *rows: tuple[object, ...]) -> str:
    """The page that answers a sheet some of whose parts were changed."""
    data = io.BytesIO()
    with (
        zipfile.ZipFile(sheet(HEAD, *rows)) as source,
        zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
    data.seek(0)
    data.name = "meters.xlsx"
    answer = as_user("power").post("/instruments/import/", {"sheet": data}, follow=True)
    return answer.content.decode()


@pytest.fixture
def sent_twice(small: SmallCity, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A form that was sent twice at once: the check of the second has not seen the first."""
    small.instrument("E-9", small.power, small.north)
    monkeypatch.setattr(Instrument, "full_clean", lambda *_args, **_more: None)
    return {"code": "E-9", "name": "电能表", "user": small.power.code, "district": "990101", "purpose": "trade",
            "delivery": "sent", "status": "in use"}  # fmt: skip


def test_a_form_that_is_sent_twice_is_answered_in_words(sent_twice: dict[str, object], as_user: As) -> None:
    answer = as_user("power").post("/instruments/add/", sent_twice)
    assert answer.status_code == 422
    assert "刚刚已有人登记" in answer.content.decode()


def test_a_call_that_is_sent_twice_is_answered_at_its_field(
    sent_twice: dict[str, object], as_user: As
) -> None:
    answer = as_user("power").post("/api/instruments", sent_twice, "application/json")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][-1] == "code"
    assert Instrument.objects.count() == 1
