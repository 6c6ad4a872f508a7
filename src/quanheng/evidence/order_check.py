"""Whether an order is of the run that it claims, and whether the run took its master meter for what it is.

    1 its form  2 the path to the root that a bundle here holds  3 how that bundle stands
    4 a certificate of the master meter: in force when the run was made, its u not larger than the run took
The chain behind that certificate is judged as any chain is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date

from quanheng.evidence import order
from quanheng.evidence.answer import VALID, Reason, Standing
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.document import BUNDLE, Document
from quanheng.evidence.document_check import Checked, with_reasons
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.order import Order
from quanheng.ground.digest import read_json
from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.dimension import NUMBER
from quanheng.measure.quantity.units import parse_unit

SLACK = 1 + 1e-9


def check_order(document: Document, others: Iterable[Checked], made: date) -> Checked:
    """An order beside the other documents of its proof file. made: the day of the run, or of asking."""
    beside, checked = list(others), Checked(document, VALID)
    try:
        said, path = order.read(document.data), order.read_path(document.proof)
    except BadDocument as error:
        return with_reasons(checked, [Reason("order_malformed", detail=str(error))])
    reasons = [*_run(document, path, beside), *_master(said, beside, made), Reason("screening")]
    return with_reasons(checked, reasons)


def run_of(document: Document, beside: Iterable[Checked]) -> date | None:
    """The day of the run that an order is of, as the log has it; None where no bundle here holds it."""
    try:
        path = order.read_path(document.proof)
    except BadDocument:
        return None
    ours = _bundle(document, path, beside)
    return ours.statement.issued if ours is not None and ours.statement is not None else None


def _bundle(document: Document, path: order.Path, beside: Iterable[Checked]) -> Checked | None:
    bundles = (each for each in beside if each.document.kind == BUNDLE)
    return next((each for each in bundles if path.leads(document.data, _root(each.document))), None)


def _run(document: Document, path: order.Path, beside: Iterable[Checked]) -> Iterator[Reason]:
    if not any(each.document.kind == BUNDLE for each in beside):
        yield Reason("bundle_missing")
        return
    ours = _bundle(document, path, beside)
    if ours is None:
        yield Reason("order_unproven")
    elif ours.answer.standing == Standing.INVALID:
        yield Reason("bundle_invalid")
    elif ours.answer.standing == Standing.NOT_SHOWN:
        yield Reason("bundle_not_shown")


def _root(bundle: Document) -> str:
    """The root over its orders that a bundle holds; "" where it holds none."""
    try:
        facts = read_json(bundle.data)
    except ValueError:
        return ""
    root = facts.get("orders_root") if isinstance(facts, dict) else None
    return root if isinstance(root, str) else ""


def _master(said: Order, beside: Iterable[Checked], made: date) -> Iterator[Reason]:
    master, taken = said.area.get("master"), said.area.get("master_u")
    certificates = [
        each.content
        for each in beside
        if isinstance(each.content, Certificate)
        and any(item.identifier == master for item in each.content.items)
    ]
    if not certificates:
        yield Reason("master_missing", detail=str(master))
        return
    latest = max(certificates, key=lambda each: each.ended)
    where = f"certificate {latest.number}"
    if latest.ended > made:
        yield Reason("standard_not_yet", where, f"{latest.ended} > {made}")
    if latest.due is not None and latest.due < made:
        yield Reason("standard_overdue", where, f"{latest.due} < {made}")
    stated = max((relative_u(latest, n) for n in range(len(latest.points))), default=0.0)
    if not isinstance(taken, float | int) or taken * SLACK < stated:
        yield Reason("master_u_too_small", where, f"{taken} < {stated:.4g}")


def relative_u(content: Certificate, n: int) -> float:
    """Standard uncertainty of a point, relative to its nominal value; infinite where its units do not tell."""
    point = content.points[n]
    try:
        unit, nominal = parse_unit(point.unit), parse_unit(point.nominal_unit)
    except UnitError:
        return math.inf
    u = unit.difference_to_si(point.standard_uncertainty)
    if point.relative:
        return u if unit.dimension == NUMBER else math.inf
    if unit.dimension != nominal.dimension:
        return math.inf
    at = abs(nominal.to_si(point.nominal))
    return u / at if at else 0.0
