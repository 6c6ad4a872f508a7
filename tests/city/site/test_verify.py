"""The verifier on the site: its own script and nothing else, the same answers, the page for oneself."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from small_city import SmallCity

from city.certificates.conftest import Bench
from quanheng.city.certificates import house
from quanheng.city.site import verify
from quanheng.cli import house as house_command
from quanheng.cli import main
from quanheng.evidence import proof_file, qr_proof

sys.path.insert(0, str(Path(__file__).parents[2] / "evidence"))
import proof_world as world

As = Callable[[str], Client]


@pytest.fixture
def pinned() -> Iterator[Path]:
    """A site that pins the trust of the small world of proofs."""
    folder = settings.HOME / "trust"
    (folder / "authority").mkdir(parents=True)
    (folder / "policy").write_bytes(world.policy_file())
    (folder / "authority/authority.pem").write_bytes(world.key_of("authority").public.pem())
    yield folder
    shutil.rmtree(folder)


def test_a_site_that_pins_nobody_draws_no_answer(as_user: As) -> None:
    for address in ("/verify/", "/verify/page.html"):
        answer = as_user("").get(address)
        assert answer.status_code == 200
        assert "还没有写定信任谁" in answer.content.decode()
        assert 'id="file"' not in answer.content.decode()


def test_the_page_may_run_its_own_script_and_nothing_else(as_user: As, pinned: Path) -> None:
    answer = as_user("").get("/verify/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "connect-src" not in policy
    [script] = verify.INSIDE["script"].findall(answer.content)
    assert verify._digest(script) in policy
    assert policy.count("sha256-") == 2


def test_the_page_for_oneself_has_the_digest_that_the_site_says(as_user: As, pinned: Path) -> None:
    kept = as_user("").get("/verify/page.html").content
    assert hashlib.sha256(kept).hexdigest() in as_user("").get("/verify/").content.decode()
    english = Client(headers={"Accept-Language": "en"}).get("/verify/page.html").content
    assert english == kept


def test_the_page_speaks_the_visitors_language(small: SmallCity, pinned: Path) -> None:
    assert b'<html lang="en"' in Client(headers={"Accept-Language": "en"}).get("/verify/").content


def test_proofs_of_other_authorities_are_other_pages(as_user: As, pinned: Path) -> None:
    before = as_user("").get("/verify/page.html").content
    (pinned / "authority/authority.pem").write_bytes(world.key_of("another authority").public.pem())
    assert as_user("").get("/verify/page.html").content != before


def given(page: bytes) -> bytes:
    """What a page opens with."""
    [found] = re.findall(rb'id="given">([^<]*)<', page)
    return base64.b64decode(found)


def test_a_number_gives_a_stranger_the_code_and_no_value_and_who_may_see_it_the_proof(
    as_user: As, bench: Bench
) -> None:
    address = f"/verify/?number={bench.certificate.number}"
    seen = as_user("").get(address)
    code = qr_proof.read_text(given(seen.content).decode())
    assert code.number == bench.certificate.number
    assert bench.certificate.issuer_name in seen.content.decode()
    assert "public" in seen["Cache-Control"]
    owner = as_user("institute").get(address)
    proof = proof_file.read(given(owner.content))
    assert proof.subject.digest == bench.certificate.digest
    assert "no-store" in owner["Cache-Control"]


def test_a_number_that_nobody_registered_is_said_to_be_none(as_user: As, bench: Bench) -> None:
    for number in ("X-1", "<script>alert(1)</script>", "@FACTS@"):
        page = as_user("").get("/verify/", {"number": number}).content
        assert given(page) == b""
        assert b"<script>alert" not in page
        assert page.count(b'"policy":') == 1
    assert "登记册里没有编号为 X-1 的证书" in as_user("").get("/verify/?number=X-1").content.decode()


def test_the_page_is_logged_and_its_proof_is_verified_by_the_command(
    as_user: As, bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = as_user("")
    assert "尚未登记于日志" in browser.get("/verify/").content.decode()
    assert browser.get("/verify/page.proof").status_code == 404
    before = house.entries()
    for _ in range(2):  # the command without its migration, which a test's transaction does not bear
        house_command._publish(timezone.localdate())
    assert house.entries() == before + 1
    assert "已登记于日志" in browser.get("/verify/").content.decode()
    proof = browser.get("/verify/page.proof").content
    subject = proof_file.read(proof).subject
    assert subject.data == browser.get("/verify/page.html").content
    (tmp_path / "verify.proof").write_bytes(proof)
    capsys.readouterr()
    main.main(
        ["certificate", "verify", str(tmp_path / "verify.proof"), "--trust", str(settings.HOME / "trust")]
    )
    said = capsys.readouterr().out
    assert "not_logged" not in said and "signature_wrong" not in said and "proof_wrong" not in said


@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed: the page is not tried")
def test_a_visitor_verifies_a_file_and_a_code_in_his_own_browser(live_server: object, pinned: Path) -> None:
    from playwright.sync_api import sync_playwright

    documents = world.World().good()
    trust = world.trusted()
    said = qr_proof.text(qr_proof.of_document(documents[0], world.WRITTEN[documents[0].data], trust.policy))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(locale="zh-CN")
        asked: list[str] = []
        heard: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: heard.append(message.text))
        page.goto(f"{live_server.url}/verify/")  # type: ignore[attr-defined]
        page.fill("#on", world.ON.isoformat())
        loaded = len(asked)
        page.set_input_files(
            "#file", {"name": "a.proof", "mimeType": "application/zip", "buffer": proof_file.write(documents)}
        )
        page.wait_for_selector("#answer .valid")
        assert "2026-0131" in page.inner_text("#subject")
        page.set_input_files("#file", [])
        page.fill("#code", said)
        page.wait_for_selector("#answer .not_shown")
        assert "values_unseen" in page.inner_text("#answer")
        assert asked[loaded:] == []  # nothing left the machine
        assert heard == []
        browser.close()
