"""A site is destroyed and comes back from its backup."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from inside_site import PASSWORD
from own_site import HERE, OwnSite

from quanheng.cli.restore import check_continues
from quanheng.evidence.errors import BadLog
from quanheng.evidence.log.store import Log
from quanheng.ground.archive import Reader

pytestmark = pytest.mark.skipif(
    "QUANHENG_TEST_DATABASE" in os.environ, reason="these sites have databases of their own"
)
SMALL = ["--areas=4", "--meters=15", "--days=30", "--seed=7", "--fault=swap", "--chain=60"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> OwnSite:
    """A site with something in it."""
    site = OwnSite(tmp_path_factory.mktemp("kept") / "home")
    site.inside("fill")
    return site


@pytest.fixture(scope="module")
def backup(kept: OwnSite) -> Path:
    """Its backup."""
    path = kept.home.parent / "a.tar"
    kept.quanheng("backup", path)
    return path


def test_a_destroyed_site_comes_back_as_it_was(tmp_path: Path) -> None:
    site = OwnSite(tmp_path / "home")
    site.inside("fill")
    before = site.inside("said")
    site.quanheng("backup", tmp_path / "a.tar")
    shutil.rmtree(site.home)
    site.quanheng("restore", tmp_path / "a.tar")
    assert site.inside("said") == before
    with Log.open(site.home / "log") as log:
        log.audit()
        assert log.size == 303
    assert (site.home / "same").samefile(site.home / "evidence/a")
    assert site.inside("guarded")
    with site.served("--no-worker") as served:
        assert served.health["migrations"] == "ok"
        assert "Q0007" in served.reader("city", PASSWORD).get("/instruments/?q=Q0007")


@pytest.mark.drill
@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_a_backup_of_a_busy_site_is_of_one_moment(
    vendor: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    database = request.getfixturevalue("postgresql")("busy") if vendor == "postgresql" else ""
    site = OwnSite(tmp_path / "home", database)
    site.inside("fill")
    site.inside("busy", 0.2)
    seen = [site.inside("whole")["serial"]]
    with site.begin(HERE / "inside_site.py", "busy", 600) as busy:
        for n in range(2):
            known = len(list((site.home / "evidence").iterdir()))
            while len(list((site.home / "evidence").iterdir())) < known + 3:
                assert busy.poll() is None
                time.sleep(0.05)
            site.quanheng("backup", tmp_path / f"{n}.tar")
        busy.terminate()
    last = site.inside("whole")["serial"]
    for n in range(2):
        again = OwnSite(tmp_path / f"again{n}")
        again.quanheng("restore", tmp_path / f"{n}.tar")
        seen.append(again.inside("whole")["serial"])
    assert seen == sorted(set(seen))
    assert seen[-1] < last


def test_a_backup_can_be_checked_without_restoring_it(backup: Path, tmp_path: Path) -> None:
    site = OwnSite(tmp_path / "nowhere")
    site.quanheng("restore", backup, "--check")
    assert not site.home.exists()
    damaged = tmp_path / "damaged.tar"
    data = bytearray(backup.read_bytes())
    data[data.rindex(b"PAR1") - 8] ^= 1  # in a table
    damaged.write_bytes(data)
    site.quanheng("restore", damaged, "--check", status=1)
    site.quanheng("restore", damaged, status=2)
    assert not site.home.exists()


def test_a_restore_takes_nobody_s_place(kept: OwnSite, backup: Path, tmp_path: Path) -> None:
    before = kept.inside("said")
    assert "left untouched" in kept.quanheng("restore", backup, status=2)
    # an empty folder, but a database that is somebody's
    theirs = OwnSite(tmp_path / "home", f"sqlite:///{kept.home}/quanheng.sqlite3")
    assert "left untouched" in theirs.quanheng("restore", backup, status=2)
    assert kept.inside("said") == before
    assert not list(theirs.home.iterdir())


@pytest.mark.drill
def test_a_backup_takes_nobody_s_place_and_none_within_the_folder(kept: OwnSite, backup: Path) -> None:
    digest = backup.read_bytes()
    assert "left untouched" in kept.quanheng("backup", backup, status=2)
    kept.quanheng("backup", kept.home / "b.tar", status=2)
    kept.quanheng("backup", "/nowhere/b.tar", status=2)
    kept.quanheng("backup", backup.with_name("c.tar"), "--without", "../x", status=2)
    assert backup.read_bytes() == digest
    assert not list(kept.home.glob("*.tar"))


@pytest.mark.drill
def test_a_site_without_tables_is_no_site_to_back_up(tmp_path: Path) -> None:
    site = OwnSite(tmp_path / "home")
    assert "empty" in site.quanheng("backup", tmp_path / "a.tar", status=2)
    assert not (tmp_path / "a.tar").exists()


@pytest.mark.drill
def test_what_is_left_out_is_named_when_it_is_restored(kept: OwnSite, tmp_path: Path) -> None:
    kept.quanheng("backup", tmp_path / "a.tar", "--without", "evidence", "--without", "log")
    site = OwnSite(tmp_path / "home")
    told = site.quanheng("restore", tmp_path / "a.tar")
    assert "without evidence" in told
    assert not (site.home / "evidence").exists()
    assert not (site.home / "log").exists()
    assert (site.home / "same").read_bytes() == b"approved"


@pytest.mark.drill
def test_a_database_in_the_folder_that_is_named_comes_back_there(
    kept: OwnSite, backup: Path, tmp_path: Path
) -> None:
    site = OwnSite(tmp_path / "home", f"sqlite:///{tmp_path}/home/db/mine.sqlite3")
    site.quanheng("restore", backup, status=2)  # there is no folder db
    assert not list(site.home.iterdir())
    beside = OwnSite(tmp_path / "other", f"sqlite:///{tmp_path}/other/mine.sqlite3")
    beside.quanheng("restore", backup)
    assert (beside.home / "mine.sqlite3").exists()
    assert beside.inside("said")["tables"] == kept.inside("said")["tables"]


@pytest.mark.drill
def test_a_restore_that_was_interrupted_is_not_taken_for_a_site(backup: Path, tmp_path: Path) -> None:
    site = OwnSite(tmp_path / "home")
    (site.home / ".restoring").mkdir(parents=True)
    (site.home / ".restoring/secret").write_bytes(b"half")
    assert "not finished" in site.quanheng("worker", "--once", status=2)
    site.quanheng("restore", backup)
    site.quanheng("worker", "--once")


@pytest.mark.drill
def test_a_backup_of_a_newer_version_is_refused(kept: OwnSite, tmp_path: Path) -> None:
    import sqlite3

    copy = OwnSite(tmp_path / "home")
    shutil.copytree(kept.home, copy.home)
    database = sqlite3.connect(copy.home / "quanheng.sqlite3")
    database.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('people', '0999_later', '')")
    database.commit()
    database.close()
    assert "0999_later" in copy.quanheng("backup", tmp_path / "a.tar", status=2)


@pytest.mark.drill
def test_a_sample_city_moves_from_sqlite_to_postgresql_and_back(
    postgresql: Callable[[str], str], tmp_path: Path
) -> None:
    demo = {"QUANHENG_DEMO": "1"}
    city = tmp_path / "city"
    first = OwnSite(tmp_path / "first", **demo)
    first.quanheng("simulate", city, *SMALL)
    first.quanheng("sample", city)
    first.inside("let_in")
    first.inside("seal")
    before = first.inside("said")
    first.quanheng("backup", tmp_path / "first.tar")
    shutil.rmtree(first.home)

    second = OwnSite(tmp_path / "second", postgresql("second"), **demo)
    second.quanheng("restore", tmp_path / "first.tar")
    assert second.inside("said") == before
    assert second.inside("guarded")
    second.quanheng("log", "audit", second.home / "log")
    second.quanheng("audit")
    with second.served("--no-worker") as served:
        assert "A00003-004" in served.reader("city", PASSWORD).get("/instruments/?q=A00003-004")
    before = second.inside("said")
    second.quanheng("backup", tmp_path / "second.tar")
    assert "left untouched" in OwnSite(
        tmp_path / "empty", second.environment["QUANHENG_DATABASE"], **demo
    ).quanheng("restore", tmp_path / "first.tar", status=2)
    postgresql("second")
    shutil.rmtree(second.home)

    third = OwnSite(tmp_path / "third", **demo)
    third.quanheng("restore", tmp_path / "second.tar")
    assert third.inside("said") == before
    third.quanheng("log", "audit", third.home / "log")
    third.quanheng("audit")


@pytest.mark.drill
@pytest.mark.parametrize("room", [4_000, 150_000])  # not for the files, not for the database
def test_where_there_is_no_room_it_is_said_and_nothing_is_left(
    kept: OwnSite, backup: Path, tmp_path: Path, room: int
) -> None:
    site = OwnSite(tmp_path / "home")
    told = site.quanheng("restore", backup, status=2, largest=room)
    assert "/" in told
    assert not list(site.home.iterdir())
    kept.quanheng("backup", tmp_path / "a.tar", status=2, largest=4_000)
    assert [each.name for each in tmp_path.iterdir()] == ["home"]


@pytest.fixture
def later(backup: Path, tmp_path: Path) -> Path:
    """The log of the backup, with an entry more."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with Reader(backup) as archive:
        archive.extract("home", tmp_path / "later")
    with Log.open(tmp_path / "later/log", write=True) as log:
        log.append([b"later"])
        log.publish(key)
    return tmp_path / "later/log"


@pytest.mark.drill
def test_a_log_is_not_set_back_where_a_later_copy_is_at_hand(
    backup: Path, later: Path, tmp_path: Path
) -> None:
    site = OwnSite(tmp_path / "home")
    site.quanheng("restore", backup, "--log", later)
    with Log.open(site.home / "log") as log:
        assert log.entry(303) == b"later"


def test_a_log_that_does_not_continue_the_one_of_the_backup_is_refused(
    backup: Path, later: Path, tmp_path: Path
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    shutil.rmtree(later)
    with Log.create(later, "quanheng.example/log", key.public_key().public_bytes_raw(), key) as log:
        log.append([b"another past"] * 400)
        log.publish(key)
    with Reader(backup) as archive:
        archive.extract("home", tmp_path / "earlier")
    with pytest.raises(BadLog, match="does not continue"):
        check_continues(tmp_path / "earlier/log", later)
