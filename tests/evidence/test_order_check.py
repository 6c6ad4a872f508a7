"""An order is judged on the day of its own run, and by what its master's certificate states, whatever the units."""

from __future__ import annotations

import dataclasses
from datetime import date

import proof_world as world
import pytest
from proof_world import ISSUED, LABORATORY, RULES, World, proof_of

from quanheng.evidence import order
from quanheng.evidence.document import BUNDLE, ORDER, Document
from quanheng.evidence.order_check import relative_u
from quanheng.evidence.proof_check import check_proof
from quanheng.ground.digest import canonical_line

RUN = date(2026, 6, 15)


def codes(*, due: date, older: bool = False) -> set[str]:
    """Codes about an order of the run, whose master's certificate is due on a day; older: beside an older bundle."""
    here = World()
    good = here.good()
    master = here.certify(
        dataclasses.replace(world.WRITTEN[good[0].data], due=due, number="M-1"), "laboratory"
    )
    area = {"area": "a", "master": "item-1", "master_u": 0.0002, "master_mpe": 0.002}
    leaf = order.Order({"order": "O-1", "meter": "m1"}, None, area).write()
    facts = {"format": "x", "orders_root": order.orders_root([leaf])}
    bundles = [here.bundle(canonical_line(facts), "cycle", LABORATORY.identifier, RUN)]
    if older:
        old = (canonical_line({"format": "x", "n": n}) for n in range(99))
        each = (here.bundle(data, "cycle", LABORATORY.identifier, date(2026, 4, 1)) for data in old)
        bundles.insert(0, next(one for one in each if one.digest < bundles[0].digest))
    said = Document(ORDER, leaf, proof=order.path_to([leaf], 0).write())
    bound = here.record(world.binding("cycle", LABORATORY, role=f"{BUNDLE}s"))
    found = check_proof(
        proof_of([said, master, *good[1:], *bundles, bound]), world.trusted(), RULES, on=date(2026, 7, 1)
    )
    return set(found[0].answer.codes) - {"screening", "status_unseen"}


def test_an_order_is_judged_on_the_day_of_its_run() -> None:
    assert codes(due=date(2026, 12, 1)) == set()
    assert codes(due=date(2026, 5, 1)) == {"standard_overdue"}


def test_an_older_bundle_beside_it_does_not_make_the_run_older() -> None:
    assert codes(due=date(2026, 5, 1), older=True) == {"standard_overdue"}


@pytest.mark.parametrize(
    ("changes", "u"),
    [
        ({"nominal": 1000.0, "nominal_unit": "W·h", "unit": "kW·h", "expanded_uncertainty": 0.01}, 5e-3),
        ({"nominal": 1.0, "nominal_unit": "kW·h", "unit": "W·h", "expanded_uncertainty": 0.4}, 2e-4),
        ({"unit": "%", "relative": True, "expanded_uncertainty": 0.2}, 1e-3),
        ({"unit": "1", "relative": True, "expanded_uncertainty": 0.2}, 0.1),
        ({"unit": "furlong", "expanded_uncertainty": 0.4}, float("inf")),
        ({"unit": "V", "expanded_uncertainty": 0.4}, float("inf")),
    ],
)
def test_the_u_of_a_master_is_relative_to_its_value_in_whatever_units(
    changes: dict[str, object], u: float
) -> None:
    content = world.certificate("M-1", LABORATORY, "item-1", ISSUED)
    point = dataclasses.replace(content.points[0], **({"relative": False} | changes))  # type: ignore[arg-type]
    assert relative_u(dataclasses.replace(content, points=(point,)), 0) == pytest.approx(u)
