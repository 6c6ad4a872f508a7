"""Whether an order is of the run that it claims, and whether the run took its master meter for what it is.

    1 its form  2 the path to the root that a bundle here holds  3 how that bundle stands
    4 a certificate of the master meter: in force when the run was made, its u not larger than the run took
The chain behind that certificate is judged as any chain is.
"""

from __future__ import annotations

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


def _run(document: Document, path: order.Path, beside: Iterable[Checked]) -> Iterator[Reason]:
    bundles = [each for each in beside if each.document.kind == BUNDLE]
    if not bundles:
        yield Reason("bundle_missing")
        return
    ours = next((each for each in bundles if path.leads(document.data, _root(each.document))), None)
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
    stated = max((_relative_u(latest, n) for n in range(len(latest.points))), default=0.0)
    if not isinstance(taken, float | int) or taken * SLACK < stated:
        yield Reason("master_u_too_small", where, f"{taken} < {stated:.4g}")


def _relative_u(content: Certificate, n: int) -> float:
    """Standard uncertainty of a point, relative to its nominal value."""
    point = content.points[n]
    u = point.standard_uncertainty
    if point.relative:
        return u / 100 if point.unit == "%" else u
    return u / abs(point.nominal) if point.nominal else 0.0
