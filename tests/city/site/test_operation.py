"""What those who run the site rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from small_city import SmallCity

from quanheng.city.frame.logs import JsonFormatter
from quanheng.city.queue import worker

As = Callable[[str], Client]


def run(code: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Code in a process of its own, with the settings of a real installation."""
    names = {**os.environ, "DJANGO_SETTINGS_MODULE": "quanheng.city.settings", "QUANHENG_HOME": str(home)}
    for name in ("QUANHENG_DATABASE", "QUANHENG_DEMO"):
        names.pop(name, None)
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**names, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_health_says_what_is_amiss_though_the_site_answers(db: None) -> None:
    (site.HOME / "worker.alive").unlink(missing_ok=True)
    answer = Client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "degraded", "database": "ok", "migrations": "ok", "worker": "silent", "disk": "ok"
    }  # fmt: skip
    worker._sign()
    assert Client().get("/healthz").json()["status"] == "ok"


def test_metrics_are_for_this_machine_or_for_the_token(db: None, settings: Any) -> None:
    page = Client().get("/metrics").content.decode()
    assert 'quanheng_requests_total{method="GET"' in page
    assert "quanheng_database_bytes" in page
    assert Client(REMOTE_ADDR="10.1.2.3").get("/metrics").status_code == 403
    settings.METRICS_TOKEN = "a token"
    assert Client().get("/metrics").status_code == 403
    allowed = Client(REMOTE_ADDR="10.1.2.3", headers={"Authorization": "Bearer a token"}).get("/metrics")
    assert allowed.status_code == 200


def test_a_proxy_is_believed_only_where_there_is_one(db: None, settings: Any) -> None:
    spoofed = Client(REMOTE_ADDR="10.1.2.3", headers={"X-Forwarded-For": "127.0.0.1"})
    assert spoofed.get("/metrics").status_code == 403
    settings.PROXIES = 1
    assert spoofed.get("/metrics").status_code == 200
    behind = Client(REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "127.0.0.1, 10.1.2.3"})
    assert behind.get("/metrics").status_code == 403


def test_every_answer_has_an_identifier_which_a_proxy_may_give(db: None) -> None:
    assert len(Client().get("/healthz")["X-Request-ID"]) == 32
    assert Client().get("/healthz", headers={"X-Request-ID": "abcd-1234"})["X-Request-ID"] == "abcd-1234"
    assert "\n" not in Client().get("/healthz", headers={"X-Request-ID": "a b"})["X-Request-ID"]


def test_a_line_of_the_log_is_one_object_with_its_request(caplog: pytest.LogCaptureFixture, db: None) -> None:
    with caplog.at_level("INFO"):
        Client().get("/instruments/?q=secret")
    record = next(each for each in caplog.records if each.name == "quanheng.city.frame.requests")
    said = json.loads(JsonFormatter().format(record))
    assert said["path"] == "/instruments/"
    assert said["status"] == 403
    assert "secret" not in json.dumps(said)


def test_the_api_answers_429_to_who_asks_without_end(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from quanheng.city.frame import limits

    monkeypatch.setattr(limits, "API", limits.Limit(f"api {time.time()}", 2, 0.1))
    codes = [Client().get("/api/districts").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_pages_allow_no_script_but_the_site_s_own(db: None) -> None:
    policy = Client().get("/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_no_page_carries_a_script_or_a_style_inside(small: SmallCity, as_user: As) -> None:
    for path in ("/", "/sign-in/", "/instruments/", "/indicators/", "/users/"):
        page = as_user("city").get(path, follow=True).content.decode()
        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick=" not in page


CHECK = "import django; django.setup(); from django.core.management import call_command as c; "


def test_the_deployment_check_finds_nothing(tmp_path: Path) -> None:
    code = CHECK + "c('check', deploy=True, fail_level='WARNING')"
    done = run(code, tmp_path, QUANHENG_ORIGIN="https://quanheng.example", QUANHENG_HOSTS="quanheng.example")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_migrations_go_both_ways_and_none_is_missing(tmp_path: Path) -> None:
    code = CHECK + (
        "from django.apps import apps; c('makemigrations', check=True, dry_run=True, verbosity=0); "
        "c('migrate', verbosity=0); "
        "ours = [a.label for a in apps.get_app_configs() if a.name.startswith('quanheng')]; "
        "from django.db import connection as d; "
        "from django.db.migrations.loader import MigrationLoader as L; "
        "back = [a for a in ours if a in L(d).migrated_apps]; "
        "[c('migrate', a, 'zero', verbosity=0) for a in back]; "
        "left = [t for t in d.introspection.table_names() if t.split('_')[0] in ours]; "
        "c('migrate', verbosity=0); print(len(back), left)"
    )
    done = run(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=1)[1].strip() == "[]"


def test_a_setting_that_makes_no_sense_is_refused_in_words(tmp_path: Path) -> None:
    for name, value in (
        ("QUANHENG_DATABASE", "mysql://x"),
        ("QUANHENG_PROXIES", "-1"),
        ("QUANHENG_SECOND_FACTOR", "perhaps"),
    ):
        code = "import sys; from quanheng.cli.main import main; sys.exit(main(['worker', '--once']))"
        done = run(code, tmp_path, **{name: value})
        assert done.returncode == 2, done.stderr
        assert name in done.stderr
        assert "Traceback" not in done.stderr
