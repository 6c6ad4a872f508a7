"""`quanheng certificate issue`: what is issued, what is refused, and what either leaves behind."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from quanheng.cli import main
from quanheng.evidence.formats import form
from quanheng.evidence.keys import generate, raw_ed25519
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log.note import COSIGNATURE, Signature, VerifierKey
from quanheng.evidence.log.store import Log

FORM = form.template().decode()
ANY_DAY = ["--grace", "100000"]  # forms of a day in the past are issued today


def quanheng(*words: object) -> int:
    return main.main([str(each) for each in words])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with keys, a log, and trust in both; the laboratory stands for itself, by a record and a scope."""
    monkeypatch.setenv("QUANHENG_PASSPHRASE", "a long passphrase")
    monkeypatch.chdir(tmp_path)
    for name in ("log", "authority", "laboratory"):
        assert quanheng("keys", "new", f"{name}.key") == 0
    assert quanheng("log", "create", "LOG", "--origin", "log.example/city", "--key", "log.key") == 0
    capsys.readouterr()
    assert quanheng("keys", "public", "authority.key") == 0
    Path("TRUST/authority").mkdir(parents=True)
    Path("TRUST/authority/authority.pem").write_text(capsys.readouterr().out)
    witness = generate("ed25519")
    public = raw_ed25519(witness.public)

    def ask(_url: str, log: Log) -> list[Signature]:
        return [checkpoints.cosign(log.published, "w.example", public, witness, int(time.time()))]

    monkeypatch.setattr("quanheng.cli.log.ask", ask)
    vkey = VerifierKey("w.example", COSIGNATURE, public)
    Path("TRUST/policy").write_text(
        f"log {Path('LOG/key').read_text()}witness W {vkey} http://127.0.0.1:1\nquorum W\n"
    )
    Path("secret").write_bytes(b"a secret of the registry")
    for kind, changes in (("key binding", {}), ("scope", {'"accreditation"': '"national standard"'})):
        assert issue(template(kind, capsys, changes), "authority") == 0
    return tmp_path


def template(kind: str, capsys: pytest.CaptureFixture[str], changes: dict[str, str]) -> str:
    capsys.readouterr()
    assert quanheng("certificate", "issue", "--template", kind) == 0
    text = capsys.readouterr().out
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def issue(text: str, key: str, *words: str) -> int:
    Path("form.toml").write_text(text, encoding="utf-8")
    given = ["--key", f"{key}.key", "--log", "LOG", "--log-key", "log.key", "--trust", "TRUST"]
    behind = ["--with", "OUT"] if Path("OUT").exists() else []
    options = ["--secret", "secret", "--out", "OUT", *behind, *ANY_DAY]
    return quanheng("certificate", "issue", "form.toml", *given, *options, *words)


def changed(old: str = "", new: str = "") -> str:
    """The form of a national institute: it cites no standard."""
    text = FORM.replace('[{ certificate = "bench", quantity = "energy", at = 1.0, unit = "kW·h" }]', "[]")
    assert old in text
    return text.replace(old, new, 1)


def logged() -> str:
    return Path("LOG/checkpoint").read_text()


def test_what_is_issued_lies_in_its_folder(place: Path) -> None:
    assert issue(changed(), "laboratory") == 0
    assert Path("OUT/2026-0131.proof").exists()
    assert {"certificate.xml", "qr.txt", "qr.svg"} <= {each.name for each in Path("OUT/2026-0131").iterdir()}


def test_a_certificate_of_too_many_items_for_a_code_is_issued_without_one(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = "".join(
        f'[[items]]\nidentifier = "item-{n:06}"\nname = "表"\nmaker = ""\nmodel = "m"\nserial = "{n}"\n\n'
        for n in range(100, 250)
    )
    assert issue(changed("[[conditions]]", items + "[[conditions]]"), "laboratory", "--pdf") == 0
    told = capsys.readouterr()
    assert "no QR code is made" in told.err
    assert Path("OUT/2026-0131.proof").exists()
    assert Path("OUT/2026-0131/certificate.pdf").read_bytes().startswith(b"%PDF")
    assert not Path("OUT/2026-0131/qr.txt").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('identifier = "p1"', 'identifier = "p\\u0001"'),
        ("uses = []", 'distribution = "normal\\u0001"'),
        ('place = "电能实验室', 'place = "\\uFFFE'),
        ('place = "电能实验室', 'place = "\\u000D'),
        ('kind = "calibration"', 'kind = "calibration"\namends = "xyz"'),
        ('kind = "calibration"', f'kind = "calibration"\nsupersedes = "{"A" * 64}"'),
        ('identifier = "city-institute"', 'identifier = ""'),
    ],
)
def test_a_form_that_cannot_be_written_is_refused_before_anything_is_logged(
    place: Path, capsys: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    before = logged()
    assert issue(changed(old, new), "laboratory") == 2
    assert " / " in capsys.readouterr().err
    assert logged() == before
    assert not list(Path("OUT").glob("2026*"))


def test_a_record_of_nobody_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert issue(template("scope", capsys, {'issuer = "bureau"': 'issuer = ""'}), "authority") == 2


def test_a_page_with_a_policy_that_is_no_text_is_a_message_and_2(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = Path("TRUST/policy")
    policy.write_bytes(b"# \xff\xfe\n" + policy.read_bytes())
    assert quanheng("certificate", "page", "verify.html", "--trust", "TRUST") == 2
    assert "is not UTF-8" in capsys.readouterr().err


def test_chains_of_a_code_are_not_judged(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert issue(changed(), "laboratory") == 0
    assert quanheng("chain", "check", "OUT/2026-0131/qr.txt", "--trust", "TRUST") == 2
    assert "a QR code holds no certificate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("status", '"revoke" ', '"revoked" '),
        ("key binding", 'role = "certificates"', 'role = "certificate"'),
        ("scope", '"accreditation"\n', '"accredited"\n'),
        ("scope", '"kW·h"', '"kWhh"'),
        ("scope", "lower = 0.1", "lower = 1000.0"),
        ("scope", "relative = 0.0002", "relative = -1.0"),
        ("scope", "absolute = 0.0 ", "absolute = -1.0 "),
        ("scope", "since = 2026-01-02", "since = 2029-01-02"),
        ("scope", "reference = ", 'certificates = ["calibrations"]\nreference = '),
        ("type approval", "since = 2026-01-02", "since = 2032-01-02"),
    ],
)
def test_a_record_that_would_do_nothing_is_refused_before_anything_is_logged(
    place: Path, capsys: pytest.CaptureFixture[str], kind: str, old: str, new: str
) -> None:
    before = logged()
    text = template(kind, capsys, {old: new})
    assert issue(text, "authority") == 2
    assert " / " in capsys.readouterr().err
    assert logged() == before
