"""What a certificate says of its instrument stands in the ledger, and nobody writes over it."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from at_the_bench import Bench, issued, signed_in, today
from django.test import Client
from openpyxl import Workbook

from quanheng.city.certificates.actions import standing
from quanheng.city.certificates.models import Certificate
from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models import Instrument
from quanheng.ground.errors import Fault


@pytest.fixture
def suspended(bench: Bench) -> Certificate:
    """The certificate of E-1, suspended by the city."""
    row = issued(bench)
    standing.decide(bench.small.users["city"], row, "suspend", "标准器失准", on=today())
    row.refresh_from_db()
    return row


def ledger(code: str = "E-1") -> Instrument:
    return Instrument.objects.get(code=code)


def put(bench: Bench, of: str = "E-1", **facts: Any) -> Any:
    owner = signed_in(bench.small.users["power"])
    address = f"/api/instruments/{ledger(of).pk}"
    return owner.put(address, {**owner.get(address).json(), **facts}, "application/json")


def form(bench: Bench, **facts: Any) -> dict[str, Any]:
    row = ledger()
    told = {
        "code": row.code, "name": row.name, "user": row.user.code, "district": row.district.code, "purpose": "trade",
        "delivery": "sent", "status": row.status, "maker": row.maker, "model": row.model, "serial": row.serial,
        "type_approval": row.type_approval, "quantity": 1, "verified": row.verified or "", "due": row.due or "",
    }  # fmt: skip
    return {**told, **facts}


def in_date(code: str = "E-1") -> dict[str, Any]:
    said: dict[str, Any] = Client().get(f"/api/public/in-date?code={code}").json()
    return said


def test_the_owner_of_a_recalled_instrument_does_not_make_it_in_date_by_the_api(
    bench: Bench, suspended: Certificate
) -> None:
    before = ledger().due
    answer = put(bench, due="2099-12-31", status="in use")
    assert answer.status_code == 422
    assert suspended.number in answer.content.decode()
    assert ledger().due == before


def test_nor_by_the_page(bench: Bench, suspended: Certificate) -> None:
    owner = signed_in(bench.small.users["power"])
    answer = owner.post(f"/instruments/{ledger().pk}/change/", form(bench, due="2099-12-31"))
    assert answer.status_code == 422
    assert suspended.number in answer.content.decode()
    assert ledger().due != date(2099, 12, 31)


def test_nor_by_a_sheet(bench: Bench, suspended: Certificate) -> None:
    book = Workbook()
    book.active.append(("器具编码", "器具名称", "使用单位", "使用地点所在区", "有效期至"))
    book.active.append(("E-1", "电能表", bench.small.power.code, bench.small.north.code, "2099-12-31"))
    data = io.BytesIO()
    book.save(data)
    data.seek(0)
    data.name = "meters.xlsx"
    owner = signed_in(bench.small.users["power"])
    answer = owner.post("/instruments/import/", {"sheet": data}, follow=True)
    assert suspended.number in answer.content.decode()
    assert "有误，未写入" in answer.content.decode()


def test_an_instrument_that_failed_is_not_put_back_into_use_by_its_owner(bench: Bench) -> None:
    row = issued(bench, error=0.02)
    answer = put(bench, status="in use")
    assert answer.status_code == 422
    assert row.number in answer.content.decode()
    assert ledger().status == "stopped"


def test_an_instrument_that_failed_gets_no_validity_from_its_cycle(bench: Bench) -> None:
    issued(bench, error=0.02)
    assert put(bench, place="三号变电站").status_code == 200
    assert (ledger().place, ledger().due) == ("三号变电站", None)


def test_what_its_owner_stopped_while_the_certificate_holds_is_put_back_into_use(bench: Bench) -> None:
    issued(bench)
    assert put(bench, status="stopped").status_code == 200
    assert put(bench, status="in use").status_code == 200


def test_the_rest_of_an_instrument_stays_its_owners_to_write(bench: Bench, suspended: Certificate) -> None:
    assert put(bench, place="三号变电站").status_code == 200
    assert ledger().place == "三号变电站"


def test_the_code_that_a_certificate_names_is_not_changed(bench: Bench, suspended: Certificate) -> None:
    assert put(bench, code="E-2").status_code == 422
    assert ledger().code == "E-1"


def test_an_instrument_without_certificates_here_is_written_as_before(bench: Bench) -> None:
    bench.small.instrument("E-5", bench.small.power, bench.small.north)
    assert put(bench, "E-5", verified="2026-01-01", due="2027-12-31").status_code == 200
    assert ledger("E-5").due == date(2027, 12, 31)


def test_an_older_copy_of_a_record_does_not_write_back_the_date_that_was_taken(bench: Bench) -> None:
    row = issued(bench)
    held = ledger()
    standing.decide(bench.small.users["city"], row, "suspend", "待查", on=today())
    held.place = "三号变电站"
    with pytest.raises(Fault, match=row.number):
        instruments.keep_instrument(bench.small.users["power"], held)
    assert ledger().due != row.due


def test_the_public_is_told_that_the_certificate_was_suspended(bench: Bench, suspended: Certificate) -> None:
    said = in_date()
    assert (said["standing"], said["since"]) == ("certificate suspended", str(today()))


def test_the_public_is_told_since_when_a_certificate_is_revoked_and_no_day_of_verification(
    bench: Bench,
) -> None:
    row = issued(bench)
    standing.revoke(bench.small.users["city"], row, "读数伪造", on=today())
    said = in_date()
    assert (said["standing"], said["since"]) == ("certificate revoked", str(today()))
    assert (said["verified"], said["due"]) == (None, None)
    page = Client().get("/in-date/?code=E-1").content.decode()
    assert "证书已撤销" in page
    assert "没有登记有效期" not in page


def test_the_public_is_told_the_later_verification_where_there_is_one(
    bench: Bench, suspended: Certificate
) -> None:
    due = today() + timedelta(days=400)
    instruments.verified(bench.small.users["city"], ledger(), today() + timedelta(days=1), due)
    assert in_date()["standing"] == "in date"
