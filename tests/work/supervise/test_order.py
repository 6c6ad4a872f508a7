"""What people are asked to do."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from quanheng.ground.errors import BadTable
from quanheng.work.supervise.columns import LotFinding
from quanheng.work.supervise.costs import Costs, read_costs
from quanheng.work.supervise.order import SCHEMA, rank_orders
from quanheng.work.supervise.topology import Correction

SEED = bytes(range(32))
METER: dict[str, Any] = {
    "area": "A1", "error": 0.001, "u": 0.004, "lower": -0.007, "upper": 0.009, "p_out": 0.001,
    "verdict": "cleared", "reason": "ok", "since": None, "days_needed": None, "kwh_day": 6.0,
    "mpe": 0.02, "batch": "L1",
}  # fmt: skip
AREA: dict[str, Any] = {
    "health": "ok", "repaired": False, "meters": 10, "days": 365, "detail": "", "district": "城东",
    "utility": "electricity", "start": date(2025, 1, 1),
}  # fmt: skip
BAD = {"error": -0.06, "u": 0.004, "p_out": 0.99, "verdict": "replace"}
NOTHING = {"error": None, "u": None, "p_out": None, "verdict": "undetermined"}


def ordered(
    meters: list[dict[str, Any]], areas: list[dict[str, Any]] | None = None, **given: Any
) -> list[dict[str, Any]]:
    rows = [{"meter": f"M{k}", **METER, **m} for k, m in enumerate(meters)]
    places = [{"area": f"A{k + 1}", **AREA, **a} for k, a in enumerate(areas or [{}])]
    table = rank_orders(
        pa.Table.from_pylist(rows), pa.Table.from_pylist(places), given.get("corrections", ()),
        given.get("lots", ()), given.get("costs", Costs()), given.get("budget"), given.get("seed", SEED),
    )  # fmt: skip
    assert table.schema == SCHEMA
    return table.to_pylist()


def kinds(orders: list[dict[str, Any]]) -> set[tuple[str, str | None]]:
    return {(o["kind"], o["meter"]) for o in orders if o["kind"] != "sample_check"}


def test_a_replace_verdict_is_ordered_with_what_the_customer_was_undercharged() -> None:
    order = next(o for o in ordered([BAD, {}]) if o["kind"] == "replace_trend")
    assert order["meter"] == "M0"
    assert order["energy_kwh"] == pytest.approx(6 * 365 * -0.06 / 0.94)
    assert order["energy_u"] == pytest.approx(6 * 365 * 0.004 / 0.94**2)
    assert order["expected_benefit"] == pytest.approx(0.99 * (0.06 * 6 * 365 * 0.55 * 8 - 150) - 60, rel=1e-6)
    assert "少计" in order["text_zh"] and "undercharged" in order["text_en"]
    assert "screening" in order["text_en"] and "筛查" in order["text_zh"]


def test_energy_counts_from_the_day_on_which_the_error_began() -> None:
    order = next(o for o in ordered([{**BAD, "since": date(2025, 12, 22)}, {}]) if o["meter"] == "M0")
    assert order["energy_kwh"] == pytest.approx(6 * 10 * -0.06 / 0.94)


def test_rank_follows_the_benefit_and_the_budget_makes_weeks() -> None:
    orders = ordered([{**BAD, "kwh_day": float(k)} for k in (2, 50, 10)], budget=2)
    benefit = [o["expected_benefit"] for o in orders]
    assert benefit == sorted(benefit, reverse=True)
    assert [o["rank"] for o in orders] == [1, 2, 3]
    assert [o["week"] for o in orders] == [1, 1, 2]
    assert [o["order"] for o in orders] == ["W000001", "W000002", "W000003"]


def test_an_undetermined_meter_is_checked_where_a_visit_pays() -> None:
    doubtful = {"verdict": "undetermined", "reason": "days", "p_out": 0.4}
    found = kinds(ordered([{**doubtful, "kwh_day": 60.0}, {**doubtful, "kwh_day": 0.5}]))
    assert found == {("field_check", "M0")}


def test_a_stopped_meter_is_a_failure_of_function_and_no_theft() -> None:
    days = ["2025-03-01", "2025-03-02"]
    flow = {"phase": "A", "since": "2025-03-01", "kwh_day": 4.0, "days": days, "stopped": "M0"}
    area = {"health": "unmetered", "repaired": True, "detail": json.dumps({"unmetered": [flow]})}
    orders = ordered([{**NOTHING, "reason": "meter:stopped"}, {}], [area])
    assert kinds(orders) == {("replace_function", "M0")}
    order = next(o for o in orders if o["kind"] == "replace_function")
    assert order["energy_kwh"] == -8.0
    assert order["expected_benefit"] == pytest.approx(4 * 365 * 0.55 * 4 - 150 - 60)


def test_theft_names_size_and_beginning() -> None:
    days = ["2025-03-01", "2025-03-02"]
    flow = {"phase": "A", "since": "2025-03-01", "kwh_day": 4.0, "days": days, "stopped": None}
    area = {"health": "unmetered", "repaired": True, "detail": json.dumps({"unmetered": [flow]})}
    order = next(o for o in ordered([{}], [area]) if o["kind"] == "theft")
    assert (order["meter"], order["energy_kwh"]) == (None, -8.0)
    assert "4.0 kWh" in order["text_zh"] and "2025-03-01" in order["text_en"]


def test_a_booking_is_corrected_to_the_area_that_was_found() -> None:
    orders = ordered(
        [{**NOTHING, "reason": "meter:foreign"}, {"area": "A2"}],
        [{"health": "topology"}, {}],
        corrections=(Correction("M0", "A1", "A2", 40.0),),
    )
    order = next(o for o in orders if o["kind"] == "data_correction")
    assert (order["meter"], order["area"], order["to_area"]) == ("M0", "A1", "A2")


def test_the_members_of_a_bad_lot_are_ordered_unless_replaced_already() -> None:
    lots = (
        LotFinding("L1", 12, -0.013, 0.0004, 0.004, 0.1, 0.99),
        LotFinding("L2", 12, 0, 0.0004, 0.004, 0.02, 0.0),
    )
    found = kinds(ordered([BAD, {}, {"batch": "L2"}], lots=lots))
    assert found == {("replace_trend", "M0"), ("replace_batch", "M1")}


@pytest.mark.parametrize(
    ("health", "kind"),
    [("clock", "clock"), ("readings", "re_read"), ("model", "field_check"), ("topology", "data_correction")],
)
def test_an_area_without_verdicts_gets_an_order_of_its_own(health: str, kind: str) -> None:
    meters = [{**NOTHING, "reason": f"area:{health}"}] * 3
    assert kinds(ordered(meters, [{"health": health, "detail": json.dumps({health: {}})}])) == {(kind, None)}


def test_unflagged_meters_are_always_sampled_and_stand_for_all_of_them() -> None:
    orders = ordered([BAD] + [{}] * 40 + [{"kwh_day": 0.5}] * 7)
    sample = [o for o in orders if o["kind"] == "sample_check"]
    assert len(sample) >= 2
    assert sum(o["weight"] for o in sample) == 47
    assert "M0" not in {o["meter"] for o in sample}


def test_the_sample_and_the_evidence_follow_from_the_inputs() -> None:
    meters: list[dict[str, Any]] = [{}] * 60
    assert ordered(meters) == ordered(meters)
    assert ordered(meters)[0]["evidence"] != ordered(meters, seed=SEED[::-1])[0]["evidence"]


def test_costs_that_are_not_named_keep_their_defaults(tmp_path: Path) -> None:
    (tmp_path / "costs.toml").write_text("visit = 80\n", encoding="utf-8")
    assert read_costs(tmp_path / "costs.toml") == Costs(visit=80.0)
    assert read_costs(None) == Costs()


@pytest.mark.parametrize("text", ["vist = 1", "visit = -1", "visit = 'x'", "visit = true", "visit = nan"])
def test_costs_that_make_no_sense_are_refused_by_key(tmp_path: Path, text: str) -> None:
    (tmp_path / "costs.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadTable, match="vis"):
        read_costs(tmp_path / "costs.toml")
