"""Deliveries: a receipt for every file, nothing half-taken."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from small_city import SmallCity

from quanheng.city.people.actions import make_token
from quanheng.city.queue import worker
from quanheng.city.supervision import places, receipts
from quanheng.city.supervision.actions import lakes
from quanheng.city.supervision.models import Delivery, Lake
from quanheng.evidence import key_file, signature
from quanheng.evidence.keys import generate

As = Callable[[str], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def handed(small: SmallCity) -> Lake:
    """A lake of the power company's, to be handed in."""
    import shutil

    for each in ("deliveries", "lakes/handed-in"):
        shutil.rmtree(settings.HOME / each, ignore_errors=True)
    return lakes.open_for_deliveries(small.users["power"], name="power", title="供电", owner=small.power)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The site has a key of receipts."""
    path = receipts.key_path()
    path.parent.mkdir(exist_ok=True)
    monkeypatch.setenv("QUANHENG_KEY_PASSPHRASE", "an honest passphrase")
    key_file.write(path, generate("ed25519"), b"an honest passphrase")
    yield
    path.unlink()


def call(small: SmallCity, who: str = "power") -> Client:
    """A client of the API."""
    return Client(headers={"Authorization": f"Bearer {make_token(small.users[who], 'test', 1)}"})


def hand_in(client: Client, path: str, data: bytes, **more: Any) -> Any:
    """One file."""
    given = {"lake": "power", "path": path, "sha256": hashlib.sha256(data).hexdigest(), **more}
    return client.post("/api/supervision/deliveries", {**given, "file": io.BytesIO(data)})


def files_of(lake: Path) -> dict[str, bytes]:
    """The files of a lake."""
    return {str(each.relative_to(lake)): each.read_bytes() for each in sorted(lake.rglob("*.parquet"))}


def zipped(files: dict[str, bytes], around: str = "", method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(around + name, content)
    return data.getvalue()


def work() -> None:
    """What a worker would do."""
    worker.work(threading.Event(), once=True)


def test_a_lake_is_handed_in_file_by_file(small: SmallCity, handed: Lake, small_lake: Path) -> None:
    client = call(small)
    files = files_of(small_lake)
    for n, (path, data) in enumerate(files.items(), 1):
        answer = hand_in(client, path, data, last=n == len(files))
        assert answer.status_code == 201
        receipt = json.loads(answer.json()["receipt"])
        assert receipt["sha256"] == hashlib.sha256(data).hexdigest()
        assert receipt["from"]["party"] == small.power.code
    work()
    handed.refresh_from_db()
    assert handed.survey is not None
    assert (handed.fault, handed.survey["meters"]) == ("", 120)
    assert files_of(places.lake(handed.folder)) == files


def test_the_same_file_again_gets_the_same_receipt(small: SmallCity, handed: Lake) -> None:
    client = call(small)
    first, second = (hand_in(client, "areas.parquet", b"PAR1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Delivery.objects.count() == 1


def test_a_receipt_is_signed_by_the_sites_key(small: SmallCity, handed: Lake, key: None) -> None:
    answer = hand_in(call(small), "areas.parquet", b"PAR1").json()
    public = receipts.public_key()
    assert public is not None
    signed = signature.read(answer["signature"].encode())
    assert signature.check(answer["receipt"].encode(), signed, public)
    assert not signature.check(answer["receipt"].replace("PAR", "").encode() + b" ", signed, public)
    assert Client().get("/supervision/lakes/receipts.pem").content == public.pem()


def test_a_receipt_without_a_key_says_so(as_user: As, small: SmallCity, handed: Lake) -> None:
    answer = hand_in(call(small), "areas.parquet", b"PAR1").json()
    assert answer["signature"] == ""
    assert "receipts.key" in json.loads(answer["receipt"])["unsigned"]
    assert "未签名" in as_user("power").get("/supervision/lakes/power/").content.decode()
    assert Client().get("/supervision/lakes/receipts.pem").status_code == 404


@pytest.mark.parametrize(
    ("path", "data", "sha256"),
    [
        ("areas.parquet", b"PAR1", "0" * 64),
        ("../areas.parquet", b"PAR1", ""),
        ("readings/../../x.parquet", b"PAR1", ""),
        ("/etc/passwd", b"PAR1", ""),
        ("readings/a/b.parquet", b"PAR1", ""),
        ("notes.txt", b"PAR1", ""),
        ("areas.parquet", b"", ""),
    ],
)
def test_what_is_not_as_stated_is_not_taken(
    small: SmallCity, handed: Lake, path: str, data: bytes, sha256: str
) -> None:
    answer = hand_in(call(small), path, data, **({"sha256": sha256} if sha256 else {}))
    assert answer.status_code == 422
    assert not Delivery.objects.exists()


def test_a_zip_is_unpacked_and_checked(as_user: As, handed: Lake, small_lake: Path) -> None:
    file = io.BytesIO(zipped(files_of(small_lake), "lake/"))
    file.name = "lake.zip"
    as_user("power").post("/supervision/lakes/power/hand-in/", {"file": file, "path": "", "sha256": ""})
    work()
    handed.refresh_from_db()
    assert handed.survey is not None
    assert files_of(places.lake(handed.folder)) == files_of(small_lake)


@pytest.mark.parametrize(
    "files",
    [
        {"../x.parquet": b"1"},
        {"/x.parquet": b"1"},
        {"readings/x.exe": b"1"},
        {"areas.parquet": b"no parquet"},
        {},
    ],
)
def test_a_bad_zip_changes_nothing_and_says_why(
    as_user: As, handed: Lake, small_lake: Path, files: dict[str, bytes]
) -> None:
    for content in (files_of(small_lake), files):
        file = io.BytesIO(zipped(content))
        file.name = "lake.zip"
        as_user("power").post("/supervision/lakes/power/hand-in/", {"file": file, "path": "", "sha256": ""})
        work()
        before, handed = handed.folder, Lake.objects.get(pk=handed.pk)
    assert handed.folder == before
    assert handed.survey is not None
    assert handed.fault
    assert str(settings.HOME) not in handed.fault
    page = as_user("power").get("/supervision/lakes/power/").content.decode()
    assert "被拒绝" in page
    assert [each.name for each in (settings.HOME / "lakes/handed-in").iterdir()] == [Path(before).name]


def test_a_truncated_zip_is_told(as_user: As, handed: Lake, small_lake: Path) -> None:
    file = io.BytesIO(zipped(files_of(small_lake))[:5000])
    file.name = "lake.zip"
    as_user("power").post("/supervision/lakes/power/hand-in/", {"file": file, "path": "", "sha256": ""})
    work()
    assert "zip" in Lake.objects.get(pk=handed.pk).fault


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_told(as_user: As, handed: Lake, small_lake: Path, method: int) -> None:
    data = bytearray(zipped(files_of(small_lake), method=method))
    data[60:200] = b"\xff" * 140  # within the first file
    file = io.BytesIO(bytes(data))
    file.name = "lake.zip"
    as_user("power").post("/supervision/lakes/power/hand-in/", {"file": file, "path": "", "sha256": ""})
    work()
    assert "zip" in Lake.objects.get(pk=handed.pk).fault


@pytest.mark.parametrize(
    ("who", "status"), [("city", 201), ("power", 201), ("water", 404), ("auditor", 403), ("north", 403)]
)
def test_a_lake_takes_deliveries_from_its_own(small: SmallCity, handed: Lake, who: str, status: int) -> None:
    assert hand_in(call(small, who), "areas.parquet", b"PAR1").status_code == status


def test_lakes_and_receipts_are_seen_by_whom_they_are_from(
    as_user: As, small: SmallCity, handed: Lake
) -> None:
    hand_in(call(small), "areas.parquet", b"PAR1")
    receipt = f"/supervision/lakes/deliveries/{Delivery.objects.get().pk}/receipt.json"
    for who, status in (
        ("city", 200),
        ("auditor", 200),
        ("power", 200),
        ("water", 404),
        ("north", 403),
        ("", 403),
    ):
        assert as_user(who).get(receipt).status_code == status
        assert as_user(who).get("/supervision/lakes/power/").status_code == status
