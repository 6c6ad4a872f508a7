"""docs/operation.md names what there is: every variable, every figure to watch, what HTTPS changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs/operation.md").read_text("utf-8")


def test_every_variable_that_the_program_reads_stands_in_the_table() -> None:
    read = {
        name
        for path in (ROOT / "src/quanheng").rglob("*.py")
        for name in re.findall(r"""["'](QUANHENG_[A-Z_]+)["']""", path.read_text("utf-8"))
    }
    rows = [line for line in DOCUMENT.splitlines() if line.startswith("| `QUANHENG_")]
    told = {name for line in rows for name in re.findall(r"`(QUANHENG_[A-Z_]+)`", line.split("|")[1])}
    assert told == read


def test_every_figure_to_watch_is_among_the_metrics(db: None) -> None:
    named = set(re.findall(r"^\| `(quanheng_\w+)", DOCUMENT, re.MULTILINE))
    page = Client().get("/metrics").content.decode()
    assert named
    assert {each for each in named if each not in page} == set()


def test_over_http_only_the_state_of_the_site_is_told(db: None, settings: pytest.FixtureRequest) -> None:
    settings.SECURE_SSL_REDIRECT = True  # type: ignore[attr-defined]
    answer = Client().get("/sign-in/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/sign-in/")
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/metrics").status_code == 200
