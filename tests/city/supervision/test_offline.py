"""The form of a field check in a real browser: the network drops, nothing is lost, nothing is sent twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, sync_playwright

from quanheng.city.supervision.models import Cycle, FieldCheck

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FORM = "/supervision/checks/new/"
BAD = "A00003-010"
As = Callable[[str], Client]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM, reason="Chromium is not installed: the form is not tried without a network"
    ),
]


@pytest.fixture
def phone(
    issued: Cycle, live_server: Any, as_user: As, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[BrowserContext, str]]:
    """A phone on which an inspector of the power company is signed in."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright runs a loop in this thread
    session = as_user("power").cookies["sessionid"].value
    address = live_server.url.replace("localhost", "127.0.0.1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(locale="zh-CN", viewport={"width": 360, "height": 740})
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        yield context, address
        browser.close()


def fill(page: Page, meter: str = BAD, error: str = "10.2") -> None:
    """What somebody finds; and sends."""
    page.fill("#meter", meter)
    page.fill("[name=load0]", "Ib")
    page.fill("[name=error0]", error)
    page.fill("[name=U0]", "0.4")
    page.select_option("#seal", "intact")
    page.select_option("#found", "out_of_tolerance")
    page.click("#check button:not([type])")


def test_what_is_found_without_a_network_is_sent_when_it_is_back(
    phone: tuple[BrowserContext, str], tmp_path: Path
) -> None:
    context, address = phone
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address + FORM)
    page.wait_for_selector("html[data-kept=yes]", state="attached")

    context.set_offline(True)
    page.goto(f"{address}{FORM}?meter={BAD}")  # comes from the phone itself
    assert page.input_value("#meter") == BAD
    photo = tmp_path / "meter.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + b"0" * 1000)
    page.set_input_files("#photo", photo)
    fill(page)
    page.wait_for_selector("#waiting[data-count='1']")
    assert "没有网络" in page.inner_text("#waiting")
    page.reload()  # and the phone was switched off and on
    page.wait_for_selector("#waiting[data-count='1']")
    assert not FieldCheck.objects.exists()

    context.set_offline(False)
    page.wait_for_selector("#waiting[data-count='0']")
    row = FieldCheck.objects.get()
    assert (row.meter, row.error, row.found, row.by.username) == (BAD, 0.102, "out_of_tolerance", "power")
    assert row.photo
    assert faults == []


def test_what_was_received_though_the_answer_was_lost_is_not_recorded_twice(
    phone: tuple[BrowserContext, str],
) -> None:
    context, address = phone
    page = context.new_page()
    page.goto(address + FORM)

    def cut(route: Any) -> None:
        route.fetch()  # the site has it
        route.abort()  # and nobody hears of it

    page.wait_for_selector(
        "#waiting[data-count='0']", state="attached"
    )  # what opening the page sends has been sent
    page.route("**/api/supervision/checks", cut, times=1)
    fill(page)
    page.wait_for_selector("#waiting[data-count='1']")
    assert FieldCheck.objects.count() == 1
    page.reload()
    page.wait_for_selector("#waiting[data-count='0']", state="attached")
    assert FieldCheck.objects.count() == 1


def test_what_is_being_sent_is_not_sent_again_when_the_phone_is_looked_at(
    phone: tuple[BrowserContext, str],
) -> None:
    context, address = phone
    page = context.new_page()
    page.goto(address + FORM)
    page.wait_for_selector("#waiting[data-count='0']", state="attached")
    sent: list[Any] = []

    def hold(route: Any) -> None:
        sent.append(route)

    page.route("**/api/supervision/checks", hold)
    with page.expect_request("**/api/supervision/checks"):
        fill(page)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.click("#check button:not([type])")
    page.wait_for_timeout(500)
    assert len(sent) == 1
    sent[0].continue_()
    page.wait_for_selector("#waiting:has-text('已发送')")
    assert FieldCheck.objects.count() == len(sent) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_what_the_site_is_too_busy_for_is_sent_later(phone: tuple[BrowserContext, str], status: int) -> None:
    context, address = phone
    page = context.new_page()
    page.goto(address + FORM)
    page.wait_for_selector("#waiting[data-count='0']", state="attached")
    page.route("**/api/supervision/checks", lambda route: route.fulfill(status=status), times=1)
    fill(page)
    page.wait_for_selector("#waiting[data-count='1']")
    assert "稍后自动发送" in page.inner_text("#waiting")
    page.wait_for_selector("#waiting[data-count='0']")
    assert FieldCheck.objects.count() == 1


def test_what_is_wrong_is_told_at_once_and_stays_in_the_form(phone: tuple[BrowserContext, str]) -> None:
    context, address = phone
    page = context.new_page()
    page.goto(address + FORM)
    fill(page, meter="nowhere")
    page.wait_for_selector("#fault:not([hidden])")
    assert "没有您可见的表" in page.inner_text("#fault")
    assert page.input_value("#meter") == "nowhere"
    assert not FieldCheck.objects.exists()


def test_a_shared_phone_sends_nothing_in_anothers_name(
    phone: tuple[BrowserContext, str], as_user: As
) -> None:
    context, address = phone
    page = context.new_page()
    page.goto(address + FORM)
    page.wait_for_selector("html[data-kept=yes]", state="attached")
    context.set_offline(True)
    fill(page)
    page.wait_for_selector("#waiting[data-count='1']")
    other = as_user("city").cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": other, "url": address}])
    page.goto("about:blank")
    context.set_offline(False)
    page.goto(address + FORM)
    page.wait_for_selector("#waiting[data-count]", state="attached")
    page.wait_for_timeout(500)
    assert not FieldCheck.objects.exists()


def refused(page: Page, context: BrowserContext, address: str, tmp_path: Path) -> None:
    """A check that was kept without a network and then refused."""
    page.goto(address + FORM)
    page.wait_for_selector("html[data-kept=yes]", state="attached")
    context.set_offline(True)
    photo = tmp_path / "meter.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + b"0" * 1000)
    page.set_input_files("#photo", photo)
    page.fill("#note", "表箱\n潮湿")
    fill(page, meter="nowhere")
    page.wait_for_selector("#waiting[data-count='1']")
    context.set_offline(False)
    page.wait_for_selector("#waiting li:has-text('没有您可见的表')")
    assert "有网络时自动发送" not in page.inner_text("#waiting")


def test_what_was_refused_is_taken_back_into_the_form_corrected_and_sent(
    phone: tuple[BrowserContext, str], tmp_path: Path
) -> None:
    context, address = phone
    page = context.new_page()
    refused(page, context, address, tmp_path)
    page.reload()
    page.focus("#waiting li button")
    page.keyboard.press("Enter")
    assert page.input_value("#meter") == "nowhere"
    assert page.input_value("[name=error0]") == "10.2"
    page.fill("#meter", "elsewhere")
    page.click("#check button:not([type])")
    page.wait_for_selector("#waiting li:has-text('elsewhere')")  # refused again, and still kept
    page.fill("#meter", BAD)
    page.click("#check button:not([type])")
    page.wait_for_selector("#waiting[data-count='0']")
    row = FieldCheck.objects.get()
    assert (row.meter, row.error, row.u, row.note) == (BAD, 0.102, 0.002, "表箱\n潮湿")
    assert row.photo
    assert page.query_selector("#waiting li") is None


def test_what_was_refused_is_discarded_only_when_somebody_says_so(
    phone: tuple[BrowserContext, str], tmp_path: Path
) -> None:
    context, address = phone
    page = context.new_page()
    refused(page, context, address, tmp_path)
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click("#waiting li button:has-text('丢弃')")
    page.reload()
    page.wait_for_selector("#waiting[data-count='1']")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#waiting li button:has-text('丢弃')")
    page.wait_for_selector("#waiting[data-count='0']", state="attached")
    assert page.query_selector("#waiting li") is None
    page.reload()
    page.wait_for_selector("#waiting[data-count='0']", state="attached")
    assert not FieldCheck.objects.exists()


def test_a_site_that_fails_is_told_as_such_and_asked_again_slowly(phone: tuple[BrowserContext, str]) -> None:
    context, address = phone
    page = context.new_page()
    page.clock.install()
    page.goto(address + FORM)
    page.wait_for_selector("#waiting[data-count='0']", state="attached")
    sent: list[Any] = []

    def fail(route: Any) -> None:
        sent.append(route)
        route.fulfill(status=500)

    page.route("**/api/supervision/checks", fail, times=1)
    fill(page)
    page.wait_for_selector("#waiting:has-text('网站出错')")
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/checks") else None)
    page.clock.fast_forward(60_000)
    page.wait_for_timeout(300)
    assert len(sent) == 1
    page.clock.fast_forward(300_000)
    page.wait_for_selector("#waiting[data-count='0']")
    assert FieldCheck.objects.count() == 1


SCANNER = """
window.BarcodeDetector = class { async detect() { return [{ rawValue: window.scanned }]; } };
const nothing = async () => document.createElement("canvas").captureStream();
Object.defineProperty(navigator, "mediaDevices", { value: { getUserMedia: nothing } });
HTMLMediaElement.prototype.play = async () => {};
"""


@pytest.mark.parametrize(
    ("scanned", "meter"),
    [
        ("https://quanheng.example/in-date/?code=A00003-010", "A00003-010"),
        ("https://quanheng.example/in-date/?code=%E8%A1%A8%2F1", "表/1"),
        ("https://maker.example/m/A00003-010/", "A00003-010"),
        (" A00003-010 ", "A00003-010"),
    ],
)
def test_a_label_that_is_scanned_gives_the_number_of_the_meter(
    phone: tuple[BrowserContext, str], scanned: str, meter: str
) -> None:
    context, address = phone
    page = context.new_page()
    page.add_init_script(SCANNER + f"window.scanned = {json.dumps(scanned)};")
    page.goto(address + FORM)
    page.click("#scan")
    page.wait_for_function("document.getElementById('meter').value !== ''")
    assert page.input_value("#meter") == meter
