"""Whatever a path of a command line leads to, the answer is a sentence in two languages, never a traceback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence import proof_world as world
from quanheng.cli import main
from quanheng.cli.keys import VARIABLE
from quanheng.evidence import holdings, key_file, keys
from quanheng.evidence.formats import form
from quanheng.evidence.log.store import Log

PASSPHRASE = "a passphrase of tests"
WORDS = {
    "keys new": "keys new BAD",
    "keys new, its passphrase": "keys new NEW --passphrase-file BAD",
    "keys public": "keys public BAD",
    "keys public, of a log": "keys public BAD --log log.example",
    "log create": "log create BAD --origin log.example --key KEY",
    "log create, its key": "log create NEW --origin log.example --key BAD",
    "log append": "log append BAD FILE",
    "log append, the file": "log append LOG BAD",
    "log publish": "log publish BAD --key KEY",
    "log publish, its policy": "log publish LOG --key LOGKEY --policy BAD",
    "log prove": "log prove BAD 0",
    "log prove, what is not there": "log prove LOG 99",
    "log prove, before the beginning": "log prove LOG -1",
    "log prove, its policy": "log prove LOG 0 --policy BAD",
    "log prove, where to": "log prove LOG 0 --out BAD",
    "log verify": "log verify BAD FILE --policy TRUST/policy",
    "log verify, the file": "log verify FILE BAD --policy TRUST/policy",
    "log verify, its policy": "log verify FILE FILE --policy BAD",
    "log show": "log show BAD",
    "log audit": "log audit BAD",
    "log monitor": "log monitor BAD --policy TRUST/policy",
    "log monitor, its policy": "log monitor LOG --policy BAD",
    "log monitor, the authority": "log monitor LOG --policy TRUST/policy --authority BAD",
    "witness": "witness BAD --name w.example --key KEY --log x",
    "witness, its key": "witness NEW --name w.example --key BAD --log x",
    "witness, its log": "witness NEW --name w.example --key KEY --log BAD",
    "certificate issue": "certificate issue BAD --key KEY --log LOG --trust TRUST --secret FILE --out NEW",
    "certificate issue, its key": "certificate issue FORM --key BAD --log LOG --trust TRUST --secret FILE --out NEW",
    "certificate issue, its log": "certificate issue FORM --key KEY --log BAD --trust TRUST --secret FILE --out NEW",
    "certificate issue, its trust": "certificate issue FORM --key KEY --log LOG --trust BAD --secret FILE --out NEW",
    "certificate issue, its secret": "certificate issue FORM --key KEY --log LOG --trust TRUST --secret BAD --out NEW",
    "certificate issue, where to": "certificate issue FORM --key KEY --log LOG --trust TRUST --secret FILE --out BAD",
    "certificate issue, what it rests on": (
        "certificate issue FORM --key KEY --log LOG --trust TRUST --secret FILE --out NEW --with BAD"
    ),
    "certificate issue, procedures": (
        "certificate issue FORM --key KEY --log LOG --trust TRUST --secret FILE --out NEW --procedures BAD"
    ),
    "certificate verify": "certificate verify BAD",
    "certificate verify, its trust": "certificate verify PROOF --trust BAD",
    "certificate verify, schemas": "certificate verify PROOF --schema-dir BAD",
    "certificate verify, procedures": "certificate verify PROOF --procedures BAD",
    "certificate show": "certificate show BAD",
    "certificate diff": "certificate diff PROOF BAD",
    "certificate page": "certificate page NEW --trust BAD",
    "certificate page, where to": "certificate page BAD --trust TRUST",
    "chain check": "chain check BAD",
    "chain check, its trust": "chain check HELD --trust BAD",
    "chain check, procedures": "chain check HELD --procedures BAD",
    "chain show": "chain show BAD X",
    "chain show, what is not there": "chain show HELD BAD",
    "chain show, where to": "chain show HELD 2026-0131 --svg BAD",
    "chain recall": "chain recall BAD X --since 2026-01-01",
    "chain recall, what is not there": "chain recall HELD BAD --since 2026-01-01",
    "chain recall, where to": "chain recall HELD N-1 --since 2026-01-01 --csv BAD",
    "chain recall, its run": "chain recall HELD N-1 --since 2026-01-01 --run BAD",
    "seal run": "seal run BAD --key KEY --issuer x --log LOG --trust TRUST",
    "seal order": "seal order BAD o-1 --out NEW",
}
BAD = ("missing", "empty", "folder", "noise", "nested.toml", "below/a/file")


@pytest.fixture(scope="module", autouse=True)
def cheap_keys() -> Iterator[None]:
    """Passphrases are not what is tested here: each derivation would take a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_file, "COST", 1 << 4)
        yield


@pytest.fixture(scope="module")
def place(cheap_keys: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys, a log, a folder of trust, holdings and a proof file; and what is bad in every way."""
    here = tmp_path_factory.mktemp("bad")
    for name, of in (("KEY", "someone"), ("LOGKEY", world.ORIGIN)):
        key_file.write(here / name, world.key_of(of), PASSPHRASE.encode())
    log_key = world.key_of(world.ORIGIN)
    with Log.create(here / "LOG", world.ORIGIN, keys.raw_ed25519(log_key.public), log_key) as log:
        log.append([b"entry"])
        log.publish(log_key)
    (here / "TRUST/authority").mkdir(parents=True)
    (here / "TRUST/policy").write_bytes(world.policy_file())
    (here / "TRUST/authority/a.pem").write_bytes(world.key_of("authority").public.pem())
    good = world.World().good()
    holdings.add(here / "HELD", good)
    (here / "PROOF").write_bytes(holdings.Holdings(good).proof(good[0]))
    (here / "FILE").write_bytes(b"thirty-two bytes of a secret ...")
    (here / "FORM").write_bytes(form.template())
    for name, data in {
        "empty": b"", "noise": bytes(range(128, 256)), "below": b"", "nested.toml": b"a = " + b"[" * 5000,
    }.items():  # fmt: skip
        (here / name).write_bytes(data)
    (here / "folder").mkdir()
    return here


@pytest.mark.parametrize("job", WORDS)
def test_a_bad_path_is_answered_in_words(
    job: str,
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, PASSPHRASE)
    here = tmp_path / "here"
    shutil.copytree(place, here)
    monkeypatch.chdir(here)
    for bad in BAD:
        words = [word.replace("BAD", bad) for word in WORDS[job].split()]
        status = main.main(words)
        said, told = capsys.readouterr()
        assert status in (0, 1, 2, 3), words
        if status == 2:
            assert re.search(r"[\u4e00-\u9fff]", told), (words, told)
            assert re.search(r"[a-z]{2} [a-z]{2}", told), (words, told)
        assert status == 0 or said or told, words
        assert "Errno" not in told, (words, told)
        assert len(told) < 2000, words


def run(*words: str, **how: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "quanheng.cli.main", *words]
    return subprocess.run(command, stderr=subprocess.PIPE, check=False, **how)


def test_a_terminal_without_chinese_gets_what_it_can_show(place: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = run("certificate", "show", str(place / "PROOF"), stdout=subprocess.PIPE, env=environment)
    assert done.returncode == 0
    assert b"2026-0131" in done.stdout


def test_a_name_that_is_no_text_is_told(place: Path) -> None:
    done = run("log", "show", os.fsdecode(bytes(place) + b"/\xff\xfe"), stdout=subprocess.PIPE)
    assert done.returncode == 2
    assert b"\\udcff" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_in_words(place: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("certificate", "show", str(place / "PROOF"), stdout=full)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"cannot be read or written" in done.stderr


def test_a_reader_that_goes_away_is_no_fault(place: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = run("certificate", "show", str(place / "PROOF"), stdout=gone)
    assert (done.returncode, done.stderr) == (0, b"")
