"""The supervision cycle of the sample city: its lake, one cycle, its orders, and what was found on site."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone
from pyarrow.parquet import read_table

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.site.sample.who import Who
from quanheng.city.supervision.actions import checks, cycles, lakes, orders, sealing
from quanheng.city.supervision.models import Cycle, Order

CHECKED = 12  # orders to replace that an inspector has been at, beside every random check
U = 0.003  # k = 2, relative, of the reference meter on site
LOADS = ("10 %", "100 %")
Said = Callable[[str], None]


def supervision(who: Who, city: Path, out: Path | None, rng: np.random.Generator, said: Said) -> Cycle:
    """Point to the lake, run a cycle (or take that of `out`), seal it, issue its orders, check some meters on site."""
    place = settings.HOME / "lakes"
    place.mkdir(exist_ok=True)
    shutil.copytree(city / "lake", place / "sample")
    lake = lakes.point(
        SYSTEM,
        name="sample",
        title="样例供电公司用电采集",
        folder="lakes/sample",
        owner=who.utilities["electricity"],
    )
    cycle = cycles.run_now(SYSTEM, lakes.look(SYSTEM, lake), given=out)
    sealing.seal(SYSTEM, cycle)
    orders.issue_all(SYSTEM, cycle, deadline=timezone.localdate() + timedelta(days=14))
    _handed_in(who, city)
    n = _checked(who, city, rng)
    said(f"{Order.objects.count()} 张工单，{n} 次现场检查 / orders, checks on site")
    return cycle


def _handed_in(who: Who, city: Path) -> None:
    """The power company hands in a part of its next lake, and gets a receipt."""
    power = who.users["power"]
    opened = lakes.open_for_deliveries(SYSTEM, name="power", title="样例供电公司，下一期", owner=power.party)
    lakes.deliver(power, opened, "areas.parquet", iter([(city / "lake/areas.parquet").read_bytes()]), "")


def _checked(who: Who, city: Path, rng: np.random.Generator) -> int:
    """What an inspector of the district found: what is true, as a reference meter on site sees it (U = 0.3 %)."""
    truth = {row["meter"]: row for row in read_table(city / "truth.parquet").to_pylist()}
    inspectors = {each.district_id: each for each in who.users.values() if each.role == "district"}
    n = 0
    flagged = Order.objects.filter(kind="replace_trend").order_by("pk")[:CHECKED]
    for order in (*flagged, *Order.objects.filter(kind="sample_check").order_by("pk")):
        inspector, true = inspectors.get(order.district_id), truth.get(order.meter)
        if inspector is None or true is None:
            continue
        mpe = order.verdict.mpe if order.verdict and order.verdict.mpe else 0.02
        error = true["error"] + rng.normal(0.0, U / 2)
        loads = [round(error + rng.normal(0.0, U / 10), 5) for _load in LOADS]
        points = [{"load": load, "error": each, "U": U} for load, each in zip(LOADS, loads, strict=True)]
        facts = {
            "uuid": str(uuid.UUID(int=int(rng.integers(1, 2**62)))), "meter": order.meter, "order": order.pk,
            "at": timezone.now().isoformat(), "found": "out_of_tolerance" if abs(error) > mpe else "ok",
            "seal": "intact", "points": points,
        }  # fmt: skip
        checks.record(inspector, checks.read(facts))
        n += 1
    return n
