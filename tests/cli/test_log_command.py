"""`quanheng keys`, `quanheng log`, `quanheng witness`: a log from its key to a proof that a stranger checks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from quanheng.cli.main import main
from quanheng.evidence.document_check import day_of
from quanheng.evidence.statement import of_bundle

PASSPHRASE = "a long passphrase"
ORIGIN = "log.example/city"


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QUANHENG_PASSPHRASE", PASSPHRASE)
    monkeypatch.chdir(tmp_path)


def quanheng(*words: object) -> int:
    return main([*map(str, words)])


def said(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert quanheng(*words) == 0
    return capsys.readouterr().out.strip()


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Path:
    """A log with two entries that were published, and a policy that needs no witness."""
    quanheng("keys", "new", "log.key")
    quanheng("log", "create", "LOG", "--origin", ORIGIN, "--key", "log.key")
    Path("a").write_bytes(b"first")
    Path("b").write_bytes(b"second")
    quanheng("log", "append", "LOG", "a", "b")
    quanheng("log", "publish", "LOG", "--key", "log.key")
    vkey = (Path("LOG") / "key").read_text()
    Path("policy").write_text(f"log {vkey}quorum none\n")
    capsys.readouterr()
    return Path("LOG")


def test_what_was_logged_is_shown_to_be(log: Path):
    assert quanheng("log", "prove", log, 1, "--out", "b.tlog-proof") == 0
    assert quanheng("log", "verify", "b.tlog-proof", "b", "--policy", "policy") == 0


def test_another_file_is_not_what_was_logged(log: Path, capsys: pytest.CaptureFixture[str]):
    quanheng("log", "prove", log, 1, "--out", "b.tlog-proof")
    assert quanheng("log", "verify", "b.tlog-proof", "a", "--policy", "policy") == 1
    assert "proof_wrong" in capsys.readouterr().out


def test_a_log_that_is_not_trusted_shows_nothing(log: Path, capsys: pytest.CaptureFixture[str]):
    quanheng("log", "prove", log, 1, "--out", "b.tlog-proof")
    Path("strict").write_text("quorum none\n")
    assert quanheng("log", "verify", "b.tlog-proof", "b", "--policy", "strict") == 3
    assert "log_unknown" in capsys.readouterr().out


def test_an_audit_says_what_it_found(log: Path, capsys: pytest.CaptureFixture[str]):
    assert "2" in said(capsys, "log", "audit", log)
    (log / "tile/entries/000.p/2").write_bytes(b"\x00\x05first\x00\x06Second")
    assert quanheng("log", "audit", log) == 2


def test_a_monitor_that_finds_something_ends_with_1(log: Path, capsys: pytest.CaptureFixture[str]):
    assert quanheng("log", "monitor", log, "--policy", "policy") == 1
    assert "statement_differs" in capsys.readouterr().out


def test_without_witnesses_a_monitor_judges_by_today(log: Path, capsys: pytest.CaptureFixture[str]):
    today = day_of(int(time.time()))
    Path("c").write_bytes(of_bundle(b"run", issuer="lab-1", issued=today, key="k", signature=b"s").write())
    quanheng("log", "append", log, "c")
    quanheng("log", "publish", log, "--key", "log.key")
    assert quanheng("log", "monitor", log, "--policy", "policy") == 1
    said = capsys.readouterr().out
    assert "key_unknown" in said
    assert "registered_early" not in said


@pytest.mark.parametrize(
    "words",
    [
        ["log", "show", "nowhere"],
        ["log", "append", "LOG", "nowhere"],
        ["log", "prove", "LOG", "7"],
        ["log", "create", "LOG", "--origin", "x", "--key", "log.key"],
        ["log", "verify", "nowhere", "a", "--policy", "policy"],
        ["keys", "new", "log.key"],
        ["keys", "public", "a"],
        ["keys", "public", "log.key", "--log", "two words"],
        ["keys", "public", "log.key", "--log", ""],
        ["keys", "public", "log.key", "--witness", ""],
        ["keys", "public", "log.key", "--log", "\udcff"],
        ["keys", "public", "log.key", "--log", "\x01"],
        ["witness", "STATE", "--name", "w", "--key", "log.key", "--log", "no key"],
        ["witness", "STATE", "--name", "w w", "--key", "log.key", "--log", "x"],
    ],
)
def test_bad_input_is_a_message_and_2(log: Path, words: list[str], capsys: pytest.CaptureFixture[str]):
    assert quanheng(*words) == 2
    assert " / " in capsys.readouterr().err


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\x01", "\udcff"])
def test_a_log_of_a_bad_name_leaves_no_folder(
    log: Path, origin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quanheng("log", "create", "NEW", "--origin", origin, "--key", "log.key") == 2
    assert "a name is not empty" in capsys.readouterr().err
    assert not Path("NEW").exists()


def test_another_passphrase_opens_no_key(log: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUANHENG_PASSPHRASE", "another passphrase")
    assert quanheng("log", "publish", log, "--key", "log.key") == 2


def test_without_a_passphrase_nobody_waits(log: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("QUANHENG_PASSPHRASE")
    assert quanheng("log", "publish", log, "--key", "log.key") == 2


@pytest.fixture
def witness(log: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[str, str]]:
    """A witness in a process of its own: its verifier key and address."""
    quanheng("keys", "new", "witness.key")
    words = ["--name", "w.example", "--key", "witness.key", "--log", (log / "key").read_text().strip()]
    command = [
        sys.executable,
        "-m",
        "quanheng.cli.main",
        "witness",
        "STATE",
        *words,
        "--listen",
        "127.0.0.1:0",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    yield process.stdout.readline().strip(), process.stdout.readline().strip()
    process.terminate()
    process.wait()
    process.stdout.close()


def test_a_witness_in_another_process_makes_a_log_trusted(log: Path, witness: tuple[str, str]):
    vkey, url = witness
    Path("witnessed").write_text(f"log {(log / 'key').read_text()}witness W {vkey} {url}\nquorum W\n")
    assert quanheng("log", "prove", log, 0, "--policy", "witnessed") == 3
    assert quanheng("log", "publish", log, "--key", "log.key", "--policy", "witnessed") == 0
    assert quanheng("log", "prove", log, 0, "--policy", "witnessed", "--out", "a.tlog-proof") == 0
    assert quanheng("log", "verify", "a.tlog-proof", "a", "--policy", "witnessed") == 0


def test_publishing_nothing_new_leaves_the_checkpoint_as_it_was(log: Path, witness: tuple[str, str]):
    vkey, url = witness
    Path("witnessed").write_text(f"log {(log / 'key').read_text()}witness W {vkey} {url}\nquorum W\n")
    quanheng("log", "publish", log, "--key", "log.key", "--policy", "witnessed")
    seen = (log / "checkpoint").read_bytes()
    time.sleep(1.1)  # a cosignature says the second
    assert quanheng("log", "publish", log, "--key", "log.key", "--policy", "witnessed") == 0
    assert (log / "checkpoint").read_bytes() == seen
