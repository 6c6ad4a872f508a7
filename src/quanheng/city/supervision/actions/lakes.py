"""Lakes: pointed to, or made of what was handed in. The only place that writes lakes, deliveries and schedules."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.people.models import Party, User
from quanheng.city.supervision import places, receipts
from quanheng.city.supervision.models import Delivery, Lake, Schedule
from quanheng.ground.errors import BadLake, Fault
from quanheng.ground.files import publish
from quanheng.readings.lake.open import open_lake
from quanheng.readings.lake.survey import survey

PART = re.compile(r"(?:areas|meters|(?:readings|terms|curves)/[\w.-]{1,150})\.parquet")
FOLDERS = {"readings", "terms", "curves"}
LARGEST = 8 << 30  # bytes of one file
UNPACKED = 64 << 30  # bytes of a zip, unpacked
ENTRIES = 20_000
PIECE = 1 << 20


def point(actor: audit.Actor, *, name: str, title: str, folder: str, owner: Party | None = None) -> Lake:
    """A lake that lies below an allowed root. Raises Fault, ValidationError; `look` then says what it holds."""
    lake = Lake(name=name, title=title, owner=owner, folder=places.said(places.allowed(folder)), pointed=True)
    _checked(lake)
    audit.save(actor, "supervision.point to lake", lake)
    return lake


def open_for_deliveries(actor: audit.Actor, *, name: str, title: str, owner: Party | None) -> Lake:
    """A lake that will be made of what is handed in. Raises Fault."""
    lake = Lake(name=name, title=title, owner=owner, pointed=False)
    _checked(lake)
    audit.save(actor, "supervision.open lake", lake)
    return lake


def _checked(lake: Lake) -> None:
    try:
        lake.full_clean(exclude=["event", "owner", "survey", "checked"])
    except ValidationError as error:
        raise Fault(" ".join(error.messages)) from error


def look(actor: audit.Actor, lake: Lake, said: Callable[[int, int], None] = lambda done, total: None) -> Lake:
    """Read a pointed lake and keep what `quanheng lake check` finds, or why it is refused."""
    try:
        lake.survey, lake.fault = surveyed(places.lake(lake.folder), said), ""
    except BadLake as error:
        lake.survey, lake.fault = None, str(error)
    lake.checked = timezone.now()
    audit.save(actor, "supervision.check lake", lake)
    return lake


def surveyed(folder: Path, said: Callable[[int, int], None]) -> dict[str, Any]:
    """What a lake holds and what is odd in it. Raises BadLake: file, row, column."""
    with open_lake(folder) as opened:
        done = 0

        def step() -> None:
            nonlocal done
            done += 1
            said(done, opened.n_areas)

        found = survey(opened, step)
    return {**asdict(found), "read_rate": found.read_rate}


def deliver(
    actor: User, lake: Lake, path: str, chunks: Iterable[bytes], stated: str
) -> tuple[Delivery, bool]:
    """Keep a file of a lake ("": the whole as a zip) and give its receipt; (delivery, whether it is new).

    The same file again gets the receipt that it got. Raises Fault; then nothing is kept.
    """
    if lake.pointed:
        raise Fault(
            f"{lake.name}：是指向一个文件夹的，不接受交付 / points to a folder; nothing is handed in to it"
        )
    if path and not PART.fullmatch(path):
        raise Fault(
            f"{path}：应为 areas.parquet、meters.parquet 或 readings/…、terms/…、curves/….parquet"
            f" / should be areas.parquet, meters.parquet, or below readings, terms or curves"
        )
    _, digest, size = places.keep(chunks, "deliveries", stated, LARGEST)
    if not size:
        raise Fault("文件是空的 / the file is empty")
    with transaction.atomic():
        Lake.objects.select_for_update().get(pk=lake.pk)
        if found := lake.deliveries.filter(path=path, sha256=digest).first():
            return found, False
        at = timezone.now()
        party = actor.party.code if actor.party else ""
        receipt, signed = receipts.make(
            lake=lake.name, path=path, sha256=digest, size=size, user=actor.username, party=party, at=at
        )
        made = Delivery(
            lake=lake, path=path, sha256=digest, size=size, by=actor, at=at, receipt=receipt, signature=signed
        )
        audit.save(actor, "supervision.take delivery", made)
    return made, True


def assemble(
    actor: audit.Actor, lake: Lake, said: Callable[[int, int], None] = lambda done, total: None
) -> Lake:
    """Make a lake of the latest files that were handed in; what is refused changes nothing but says why.

    1 the files by their latest delivery; a zip takes the place of all before it  2 a folder of links, checked
    3 it gets its name  4 the row follows. Done twice, the second time finds it done.
    """
    parts: dict[str, Path] = {}
    last = 0
    for each in lake.deliveries.order_by("id"):
        last = each.pk
        kept = places.home() / "deliveries" / each.sha256
        parts = {"": kept} if not each.path else {**parts, each.path: kept}
    target = places.below("lakes", "handed-in") / f"{lake.name}-{last}"
    if not target.exists():
        made = target.with_name(f".{target.name}")
        shutil.rmtree(made, ignore_errors=True)
        try:
            _filled(made, parts)
            found = surveyed(made, said)
        except Fault as error:
            shutil.rmtree(made, ignore_errors=True)
            told = str(error).replace(f"{made}/", "").replace(str(made), lake.name)
            lake.fault, lake.checked = told, timezone.now()
            audit.save(actor, "supervision.refuse lake", lake)
            return lake
        publish(made, target)
    else:
        found = surveyed(target, said)
    lake.folder, lake.survey, lake.fault = places.said(target.resolve()), found, ""
    lake.checked = timezone.now()
    audit.save(actor, "supervision.assemble lake", lake)
    return lake


def _filled(folder: Path, parts: dict[str, Path]) -> None:
    folder.mkdir(mode=0o700)
    if zipped := parts.get(""):
        _unpack(zipped, folder)
    for path, kept in parts.items():
        if path:
            place = folder / path
            place.parent.mkdir(exist_ok=True)
            place.unlink(missing_ok=True)
            os.link(kept, place)


def _unpack(zipped: Path, folder: Path) -> None:
    """The files of a zip that belong into a lake; one folder around them is taken off. Raises Fault."""
    try:
        with zipfile.ZipFile(zipped) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir()]
            if len(entries) > ENTRIES or sum(each.file_size for each in entries) > UNPACKED:
                raise Fault("zip 里的文件太多或太大 / the zip holds too many files, or too much")
            heads = {each.filename.split("/")[0] for each in entries if "/" in each.filename}
            alone = len(heads) == 1 and all("/" in each.filename for each in entries)
            around = f"{heads.pop()}/" if alone and not heads & FOLDERS else ""
            for each in entries:
                name = each.filename.removeprefix(around)
                if not PART.fullmatch(name):
                    raise Fault(f"zip：{each.filename[:200]!r} 不是数据湖的文件 / is no file of a lake")
                place = folder / name
                place.parent.mkdir(exist_ok=True)
                _copy(archive, each, place)
    except Fault:
        raise
    except Exception as error:  # zipfile and its decompressors raise errors of many kinds
        raise Fault(f"zip：读不出来：{error} / cannot be read: {error}") from error


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path) -> None:
    left = entry.file_size
    with archive.open(entry) as source, place.open("xb") as target:
        while piece := source.read(PIECE):
            left -= len(piece)
            if left < 0:  # the directory of the zip told less
                raise zipfile.BadZipFile(f"{entry.filename}: larger than stated")
            target.write(piece)


def plan(
    actor: audit.Actor, lake: Lake, *, days: int, next_on: date, alpha: float, active: bool = True
) -> Schedule:
    """When a lake is judged again. Raises Fault."""
    if not 0 < alpha < 1 or not 1 <= days <= 366:
        raise Fault(
            "错换份额上限应在 0 与 1 之间，间隔应为 1 至 366 天"
            " / the share must lie between 0 and 1, the interval between 1 and 366 days"
        )
    row = Schedule.objects.filter(lake=lake).first() or Schedule(lake=lake)
    row.days, row.next_on, row.alpha, row.active = days, next_on, alpha, active
    audit.save(actor, "supervision.plan cycles", row)
    return row
