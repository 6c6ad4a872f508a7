"""Cycles: asked for, run, taken up again, cancelled. What a killed worker had begun is continued by the next one."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.people.models import User
from quanheng.city.queue import tasks
from quanheng.city.queue.models import UNDER_WAY, State
from quanheng.city.supervision import places
from quanheng.city.supervision.actions import indexing
from quanheng.city.supervision.models import Cycle, FieldCheck, Found, Lake, Schedule
from quanheng.evidence.bundle import NAME, read_bundle
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.engine import cores
from quanheng.ground.errors import BadOutput, Fault
from quanheng.ground.files import publish, write_durably
from quanheng.work.supervise.checks import COLUMNS
from quanheng.work.supervise.cycle import Choices, Hands, supervise
from quanheng.work.supervise.hit import check_lake_of
from quanheng.work.supervise.learn import judged, learn

TASK = "supervision.run cycle"
Progress = Callable[[str, int, int], None]
# of the cycle before, what a cycle takes: its bundle and verdicts, and what is needed to learn from field checks
TAKEN = (NAME, "verdicts.parquet", "orders.parquet", "detail/estimates.parquet")


def ask(actor: audit.Actor, lake: Lake, *, alpha: float = 0.05, budget: int | None = None) -> Cycle:
    """Ask for a cycle over a lake as it is now, compared with the lake's last one. Raises Fault."""
    with transaction.atomic():
        lake = Lake.objects.select_for_update().get(pk=lake.pk)
        cycle = _made(lake, alpha, budget)
        if open_one := _unfinished(lake):
            raise Fault(
                f"第 {open_one.pk} 号周期还没有完成；先继续或取消它"
                f" / cycle {open_one.pk} is not finished: resume or cancel it first"
            )
        audit.save(actor, "supervision.ask for cycle", cycle)
        _hand_over(actor, cycle)
    return cycle


def _made(lake: Lake, alpha: float, budget: int | None) -> Cycle:
    if not 0 < alpha < 1 or (budget is not None and budget < 1):
        raise Fault(
            "错换份额上限应在 0 与 1 之间，上门次数至少为 1"
            " / the share must lie between 0 and 1, visits must be at least 1"
        )
    if lake.survey is None:
        raise Fault(f"{lake}：{lake.fault or '还没有检查过 / has not been checked yet'}")
    before = Cycle.objects.filter(lake=lake, indexed__isnull=False).order_by("-id").first()
    return Cycle(
        lake=lake, folder=lake.folder, alpha=alpha, budget=budget, previous=before, asked=timezone.now()
    )


def _unfinished(lake: Lake) -> Cycle | None:
    return lake.cycles.filter(indexed__isnull=True, task__state__in=UNDER_WAY).first()


def _hand_over(actor: audit.Actor, cycle: Cycle) -> None:
    by = actor if isinstance(actor, User) else None
    cycle.task = tasks.ask(TASK, {"cycle": cycle.pk}, by)
    audit.save(actor, "supervision.hand over cycle", cycle)


def resume(actor: audit.Actor, cycle: Cycle) -> Cycle:
    """Take up a cycle that was cancelled or failed; what it had finished is not computed again. Raises Fault."""
    with transaction.atomic():
        cycle = Cycle.objects.select_for_update().get(pk=cycle.pk)
        ended = cycle.task is None or cycle.task.state in (State.CANCELLED, State.FAILED)
        if cycle.indexed or not ended:
            raise Fault("它已完成或正在运行 / it is finished, or under way")
        _hand_over(actor, cycle)
    return cycle


def cancel(actor: audit.Actor, cycle: Cycle) -> None:
    """Ask a cycle to end; it can be taken up again. Raises Fault."""
    if cycle.indexed or cycle.task is None:
        raise Fault("它已完成 / it is finished")
    with transaction.atomic():
        audit.record(actor, "supervision.cancel cycle", cycle)
        tasks.cancel(cycle.task)


def run_now(actor: audit.Actor, lake: Lake, *, alpha: float = 0.05, given: Path | None = None) -> Cycle:
    """A cycle from beginning to end, here and now. given: the folder of a run over this lake that was made already.

    Raises Fault, BadOutput, BadLake where the given run is none of this lake.
    """
    if given is not None:
        alpha = float(read_bundle(given / NAME).parameters["alpha"])
    cycle = _made(lake, alpha, None)
    if given is not None:
        if cycle.previous:
            raise Fault(
                "已有周期：不能再放进别处算好的 / there are cycles already: none made elsewhere is taken"
            )
        check_lake_of(given, places.lake(lake.folder))
    audit.save(actor, "supervision.ask for cycle", cycle)
    if given is not None:
        _adopt(given, _own_folder(cycle) / "out")
    return run(cycle, lambda step, done, total: None)


def _own_folder(cycle: Cycle) -> Path:
    """The folder of a cycle; what lies there of another one with its number (a database was restored) is put aside."""
    folder = places.run(cycle.pk)
    mark, stated = folder / "asked", cycle.asked.isoformat().encode()
    if mark.exists() and mark.read_bytes() != stated:
        folder.rename(folder.with_name(f"{folder.name}.{sha256_bytes(mark.read_bytes())[:12]}"))
        folder = places.run(cycle.pk)
    if not (folder / "asked").exists():
        write_durably(folder / "asked", stated)
    return folder


def _adopt(given: Path, out: Path) -> None:
    made = out.with_name(".out")
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(given, made)
    publish(made, out)


def run(cycle: Cycle, progress: Progress) -> Cycle:
    """Compute a cycle and index it; done twice, or half, the second time ends with the same bytes and rows.

    Raises what `supervise` raises, and what `progress` raises.
    """
    # 1 what it takes from the cycle before  2 the run, continued where it was interrupted  3 the index
    if cycle.indexed:
        return cycle
    folder = _own_folder(cycle)
    out = folder / "out"
    before = _before(cycle, folder)
    if not out.exists():
        choices = Choices(alpha=cycle.alpha, budget=cycle.budget, previous=before)
        hands = Hands(workers=max(1, cores() - 1))
        try:
            supervise(places.lake(cycle.folder), out, choices, hands, progress=progress)
        except BadOutput:
            if not out.exists():  # else a worker that had been slow finished it meanwhile
                raise
    progress("index", 0, 1)
    return indexing.index(cycle, out, places.lake(cycle.folder))


def _before(cycle: Cycle, folder: Path) -> Path | None:
    """The folder of what a cycle takes from the one before, with what field checks taught since; made once.

    It stays as it is when further checks come in, so that the cycle can be computed again.
    """
    if cycle.previous is None:
        return None
    before = folder / "before"
    if not before.exists():
        made = folder / ".before"
        shutil.rmtree(made, ignore_errors=True)
        (made / "detail").mkdir(parents=True)
        for name in TAKEN:
            os.link(places.run(cycle.previous.pk) / "out" / name, made / name)
        # a meter that was bad in an earlier cycle may have been exchanged since: only good ones stay known
        useful = Q(cycle=cycle.previous) | Q(found=Found.OK, cycle__lake=cycle.lake_id)
        checks = FieldCheck.objects.filter(useful).that_count().order_by("at", "id")
        if found := _known(made, checks):
            write_durably(folder / "checks.csv", found)
            learn(made, folder / "checks.csv")
        publish(made, before)
    return before


def _known(out: Path, checks: Iterable[FieldCheck]) -> bytes:
    """checks.csv of the checks of meters that a run knows; empty where there is none."""
    every = list(checks)
    known = judged(out, (each.meter for each in every))
    rows = [row_of(each) for each in every if each.meter in known]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    return text.getvalue().encode() if rows else b""


def row_of(check: FieldCheck) -> list[object]:
    """A field check as `quanheng learn` reads it."""
    measured = check.error is not None and check.u is not None
    day = timezone.localdate(check.at)
    error, u = (repr(check.error), repr(check.u)) if measured else ("", "")
    return [check.meter, day.isoformat(), error, u, check.found, ""]


def ask_what_is_due(today: date) -> list[Cycle]:
    """Ask for the cycles that the clock asks for; a lake that cannot be judged is left for its next day."""
    asked = []
    for pk in list(Schedule.objects.filter(active=True, next_on__lte=today).values_list("pk", flat=True)):
        with transaction.atomic():
            row = Schedule.objects.select_for_update(of=("self",)).select_related("lake").get(pk=pk)
            if row.next_on > today:  # another worker was quicker
                continue
            row.next_on = today + timedelta(days=row.days)
            audit.save(SYSTEM, "supervision.next by the clock", row)
            if row.lake.survey is not None and not _unfinished(row.lake):
                asked.append(ask(SYSTEM, row.lake, alpha=row.alpha))
    return asked
