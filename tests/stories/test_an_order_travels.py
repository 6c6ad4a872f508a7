"""An order travels: a regulator supervises a lake and seals the run; a utility that has nothing but one file and a
folder of trust sees that the order is genuine, whose it is, and that the master meter behind it reaches the SI."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from quanheng.cli.main import main
from quanheng.evidence import key_file, order, proof_file
from quanheng.evidence.document import ORDER, Document
from quanheng.evidence.log.store import Log
from quanheng.work.simulate.chain.entry import ORIGIN, evening, seen
from quanheng.work.simulate.chain.world import BUREAU, ChainWorld

SEED = 3
DAY = date(2026, 6, 15)
PASSPHRASE = b"a long passphrase of tests"
ON = ("--on", "2026-06-20")


@dataclasses.dataclass
class Regulator:
    """A city with its lake, its chains, and a run."""

    city: Path
    world: ChainWorld

    def key(self, name: str) -> str:
        path = self.city / f"{name.split('.')[0]}.key"
        if not path.exists():
            key_file.write(path, self.world.key(name), PASSPHRASE)
        return str(path)

    def seal(self, *more: str, key: str = "supervisor", issuer: str = BUREAU) -> int:
        city = self.city
        words = (
            "--key",
            self.key(key),
            "--issuer",
            issuer,
            "--log",
            str(city / "log"),
            "--trust",
            str(city / "trust"),
        )
        words += ("--with", str(city / "holdings"), "--passphrase-file", str(city / "passphrase"))
        return main(["seal", "run", str(city / "run"), *words, *more])

    def publish(self) -> None:
        """As the log and its witnesses do every evening."""
        key = self.world.key(ORIGIN)
        with Log.open(self.city / "log", write=True) as log:
            log.attach(seen(self.world, log.publish(key), DAY))

    def order(self, *more: str) -> Path:
        number = pq.read_table(self.city / "run/orders.parquet")["order"][0].as_py()
        out = self.city / "order.proof"
        assert main(["seal", "order", str(self.city / "run"), number, "--out", str(out), *more]) == 0
        return out

    def with_master(self) -> Path:
        return self.order("--with", str(self.city / "holdings"))


@pytest.fixture(scope="module")
def supervised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A supervised city."""
    city = tmp_path_factory.mktemp("city") / "city"
    made = (
        "--areas",
        "2",
        "--meters",
        "10",
        "--days",
        "30",
        "--seed",
        str(SEED),
        "--chain",
        "6",
        "--data",
        "registers",
    )
    assert main(["simulate", str(city), *made]) == 0
    assert main(["supervise", str(city / "lake"), "--out", str(city / "run"), "--workers", "1"]) == 0
    (city / "passphrase").write_bytes(PASSPHRASE)
    return city


@pytest.fixture
def regulator(supervised: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Regulator:
    """The regulator on the day of the run."""
    shutil.copytree(supervised, tmp_path / "city")
    monkeypatch.setattr(time, "time", lambda: float(evening(DAY) - 3600))
    return Regulator(tmp_path / "city", ChainWorld(SEED))


def sealed(regulator: Regulator) -> Regulator:
    """Sealed, published, and sealed again: now with its proof."""
    assert regulator.seal() == 3  # nobody has seen the checkpoint yet
    regulator.publish()
    assert regulator.seal() == 0
    return regulator


def verify(file: Path, trust: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, set[str]]:
    """What a utility learns."""
    capsys.readouterr()
    status = main(["certificate", "verify", str(file), "--trust", str(trust), "--json", *ON])
    facts = json.loads(capsys.readouterr().out)
    return status, {each["code"] for each in facts["reasons"]} - {"business_finding"}


def test_an_order_is_verified_up_to_the_si_by_who_holds_one_file(
    regulator: Regulator, capsys: pytest.CaptureFixture[str]
) -> None:
    file = sealed(regulator).with_master()
    assert verify(file, regulator.city / "trust", capsys) == (0, {"screening", "status_unseen"})
    assert len(file.read_bytes()) < 150_000


def test_without_the_masters_certificate_the_chain_is_not_shown(
    regulator: Regulator, capsys: pytest.CaptureFixture[str]
) -> None:
    file = sealed(regulator).order()
    status, codes = verify(file, regulator.city / "trust", capsys)
    assert (status, "master_missing" in codes) == (3, True)


def test_a_sealed_run_is_still_computed_again_and_its_own_proof_holds(
    regulator: Regulator, capsys: pytest.CaptureFixture[str]
) -> None:
    city = sealed(regulator).city
    assert main(["recompute", str(city / "run/run.json"), "--lake", str(city / "lake")]) == 0
    status, codes = verify(city / "run/run.proof", city / "trust", capsys)
    assert (status, codes) == (0, {"status_unseen"})


def test_a_run_is_entered_once_however_often_it_is_sealed(regulator: Regulator) -> None:
    sealed(regulator)
    with Log.open(regulator.city / "log") as log:
        size = log.size
    assert regulator.seal() == 0
    with Log.open(regulator.city / "log") as log:
        assert log.size == size


def test_a_run_that_was_changed_is_not_signed(
    regulator: Regulator, capsys: pytest.CaptureFixture[str]
) -> None:
    (regulator.city / "run/report.html").write_text("altered")
    assert regulator.seal() == 2
    assert "report.html" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("key", "issuer", "code"),
    [
        ("city", "sample-city", "key_of_other_role"),
        ("supervisor", "sample-city", "key_of_other"),
        ("rogue", BUREAU, "key_unknown"),
    ],
)
def test_a_run_is_sealed_only_by_a_key_that_is_bound_for_it(
    regulator: Regulator, capsys: pytest.CaptureFixture[str], key: str, issuer: str, code: str
) -> None:
    assert regulator.seal(key=key, issuer=issuer) in (1, 3)
    assert code in capsys.readouterr().out
    assert not (regulator.city / "run/run.proof").exists()


Change = Callable[[list[Document]], list[Document]]


def of_order(**facts: object) -> Change:
    """The order changed."""

    def change(documents: list[Document]) -> list[Document]:
        said = order.read(documents[0].data)
        other = dataclasses.replace(said, order={**said.order, **facts})
        return [dataclasses.replace(documents[0], data=other.write()), *documents[1:]]

    return change


def of_path(documents: list[Document]) -> list[Document]:
    path = order.read_path(documents[0].proof)
    other = dataclasses.replace(path, index=(path.index + 1) % path.size)
    return [dataclasses.replace(documents[0], proof=other.write()), *documents[1:]]


def of_master(documents: list[Document]) -> list[Document]:
    said = order.read(documents[0].data)
    other = dataclasses.replace(said, area={**said.area, "master_u": 1e-5})
    return [dataclasses.replace(documents[0], data=other.write()), *documents[1:]]


def without(kind: str) -> Change:
    return lambda documents: [each for each in documents if each.kind != kind]


def bundle_altered(documents: list[Document]) -> list[Document]:
    return [
        dataclasses.replace(each, data=each.data + b" ") if each.kind == "bundle" else each
        for each in documents
    ]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (of_order(p_out=0.999), 1, "order_unproven"),
        (of_order(meter="A00000-001"), 1, "order_unproven"),
        (of_path, 1, "order_unproven"),
        (of_master, 1, "master_u_too_small"),
        (without("bundle"), 3, "bundle_missing"),
        (without("key binding"), 3, "bundle_not_shown"),
        (bundle_altered, 1, "bundle_invalid"),
        (lambda documents: [Document(ORDER, b"{}", proof=b"{}"), *documents[1:]], 1, "order_malformed"),
    ],
)
def test_an_order_that_was_altered_is_refused_by_its_code(
    regulator: Regulator, capsys: pytest.CaptureFixture[str], change: Change, status: int, code: str
) -> None:
    file = sealed(regulator).with_master()
    file.write_bytes(proof_file.write(change(list(proof_file.read(file.read_bytes()).documents))))
    found, codes = verify(file, regulator.city / "trust", capsys)
    assert (found, code in codes) == (status, True), codes
