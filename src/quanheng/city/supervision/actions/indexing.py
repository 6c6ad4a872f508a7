"""The index of a run: a row for each area, verdict and proposed order, written with the cycle in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import transaction
from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.instruments.models import Instrument
from quanheng.city.people.models import District
from quanheng.city.supervision.models import Area, Cycle, Order, OrderState, Verdict
from quanheng.evidence.bundle import NAME, read_bundle

ROWS = 20_000  # written with one event
KEPT = (
    "counts",
    "stated_false_share",
    "expected_false_share",
    "method",
    "version",
    "libraries",
    "orders_root",
)
Ledger = Mapping[str, tuple[int, int, int]]  # instrument, its user, its district


def index(cycle: Cycle, out: Path, lake: Path) -> Cycle:
    """Index the results of a run; what is indexed already stays as it is. Raises BadOutput."""
    bundle = read_bundle(out / NAME)
    with transaction.atomic():
        cycle = (
            Cycle.objects.select_for_update(of=("self",)).select_related("lake", "previous").get(pk=cycle.pk)
        )
        if cycle.indexed:
            return cycle
        facts = {"cycle": cycle.pk, "run": bundle.digest}
        areas = _areas(cycle, out, facts)
        verdicts = _verdicts(cycle, out, lake, areas, facts)
        _orders(cycle, out, areas, verdicts, facts)
        _lapse(cycle, facts)
        changes = bundle.facts.get("changes", {})
        cycle.run, cycle.indexed = bundle.digest, timezone.now()
        cycle.facts = {
            **{name: bundle.facts[name] for name in KEPT},
            "changes": {name: len(meters) for name, meters in changes.items()},
        }
        audit.save(SYSTEM, "supervision.index cycle", cycle)
    return cycle


def changes_of(out: Path) -> dict[str, list[str]]:
    """Meters to be replaced that are new, gone or confirmed, as the bundle has them."""
    found: dict[str, list[str]] = read_bundle(out / NAME).facts.get("changes", {})
    return found


def _areas(cycle: Cycle, out: Path, facts: dict[str, Any]) -> dict[str, Area]:
    table = pq.read_table(out / "areas.parquet")
    tallied: dict[str, dict[str, int]] = {}
    verdicts = pq.read_table(out / "verdicts.parquet", columns=["area", "verdict"])
    for row in verdicts.group_by(["area", "verdict"]).aggregate([([], "count_all")]).to_pylist():
        tallied.setdefault(row["area"], {})[row["verdict"]] = row["count_all"]
    places = districts()
    rows = []
    for each in table.to_pylist():
        count = tallied.get(each["area"], {})
        rows.append(
            Area(
                cycle=cycle,
                area=each["area"],
                utility=each["utility"],
                district=places.get(each["district"] or ""),
                owner=cycle.lake.owner,
                master=each["master_meter"] or "",
                master_u=each["master_u"],
                master_mpe=each["master_mpe"],
                health=each["health"],
                repaired=each["repaired"],
                residual=each["residual_kwh"],
                loss=each["loss_kwh"],
                read_rate=each["read_rate"],
                days=each["days"],
                data=each["data"] or "",
                meters=each["meters"],
                **{name: count.get(name, 0) for name in ("replace", "cleared", "undetermined")},
            )
        )
    audit.write_all(SYSTEM, "supervision.index areas", rows, facts)
    return {each.area: each for each in rows}


def districts() -> dict[str, District]:
    """Districts by each of their names."""
    return {
        name: each
        for each in District.objects.all()
        for name in (each.code, each.name_english, each.name)
        if name
    }


def _verdicts(
    cycle: Cycle, out: Path, lake: Path, areas: Mapping[str, Area], facts: dict[str, Any]
) -> dict[str, Verdict]:
    """Verdicts by meter, of those meters that orders are about."""
    wanted = set(pq.read_table(out / "orders.parquet", columns=["meter"])["meter"].to_pylist())
    limits = pq.read_table(lake / "meters.parquet", columns=["meter", "mpe"])
    found: dict[str, Verdict] = {}
    for batch in pq.ParquetFile(out / "verdicts.parquet").iter_batches(ROWS):
        names = batch.column("meter")
        mpe = limits["mpe"].take(pc.index_in(names, limits["meter"].combine_chunks())).to_pylist()
        known = ledger(names.to_pylist())
        rows = []
        for each, limit in zip(batch.to_pylist(), mpe, strict=True):
            area = areas[each["area"]]
            instrument, user, district = known.get(each["meter"], (None, area.owner_id, area.district_id))
            row = {name: each[name] for name in ("error", "u", "lower", "upper", "p_out", "kwh_day")}
            rows.append(
                Verdict(
                    cycle=cycle,
                    area=area,
                    meter=each["meter"],
                    utility=area.utility,
                    instrument_id=instrument,
                    owner_id=user,
                    district_id=district,
                    outcome=each["verdict"],
                    reason=each["reason"][:120],
                    mpe=limit,
                    since=each["since"],
                    days_needed=each["days_needed"],
                    **row,
                )
            )
        audit.write_all(SYSTEM, "supervision.index verdicts", rows, facts)
        found |= {each.meter: each for each in rows if each.meter in wanted}
    return found


def ledger(meters: list[str]) -> Ledger:
    """Instruments of the ledger by the meters they are: (instrument, its user, its district)."""
    found = {}
    for start in range(0, len(meters), 500):
        some = Instrument.objects.filter(code__in=meters[start : start + 500])
        for code, *ids in some.values_list("code", "pk", "user_id", "district_id"):
            found[code] = (ids[0], ids[1], ids[2])
    return found


def _orders(
    cycle: Cycle, out: Path, areas: Mapping[str, Area], verdicts: Mapping[str, Verdict], facts: dict[str, Any]
) -> None:
    for batch in pq.ParquetFile(out / "orders.parquet").iter_batches(ROWS):
        rows = [_order(cycle, each, areas, verdicts) for each in batch.to_pylist()]
        audit.write_all(SYSTEM, "supervision.propose orders", rows, facts)


def _order(
    cycle: Cycle, row: Mapping[str, Any], areas: Mapping[str, Area], verdicts: Mapping[str, Verdict]
) -> Order:
    area, verdict = areas[row["area"]], verdicts.get(row["meter"] or "")
    place = verdict or area
    return Order(
        cycle=cycle,
        number=row["order"],
        kind=row["kind"],
        meter=row["meter"] or "",
        verdict=verdict,
        area=area,
        to_area=row["to_area"] or "",
        utility=area.utility,
        district_id=place.district_id,
        owner_id=place.owner_id,
        rank=row["rank"],
        benefit=row["expected_benefit"],
        p_out=row["p_out"],
        reason=(row["reason"] or "")[:120],
        evidence=row["evidence"],
        energy=row["energy_kwh"],
        energy_u=row["energy_u"],
        weight=row["weight"],
        text_zh=row["text_zh"],
        text_en=row["text_en"],
    )


def _lapse(cycle: Cycle, facts: dict[str, Any]) -> None:
    """What an earlier cycle of the lake proposed and nobody issued: this cycle proposes anew."""
    for rows in _old(cycle):
        for each in rows:
            each.state = OrderState.LAPSED
        audit.write_all(SYSTEM, "supervision.lapse orders", rows, facts)


def _old(cycle: Cycle) -> Iterator[list[Order]]:
    old = Order.objects.filter(
        cycle__lake=cycle.lake, state=OrderState.PROPOSED, cycle__lt=cycle.pk
    ).order_by("id")
    while rows := list(old[:ROWS]):
        yield rows
