"""Orders, and their steps.

Annotations are read where they stand, for schemas are made here: no `from __future__ import annotations`.
"""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, Query, Router, Schema

from quanheng.city.register.api import one
from quanheng.city.register.paging import LARGEST_ID, Paged, page
from quanheng.city.supervision import settling, who
from quanheng.city.supervision.actions import orders
from quanheng.city.supervision.api.asked import asking, user_asking
from quanheng.city.supervision.forms import assignees
from quanheng.city.supervision.models import Kind, Order, OrderState
from quanheng.ground.errors import Fault

router = Router()


class OrderRecord(Schema):
    """An order; energies in kWh, or m³ for water and gas, positive where too much was charged."""

    id: int
    cycle: int
    number: str
    kind: str
    state: str
    meter: str
    area: str
    district: str | None
    assignee: str | None
    deadline: date | None
    p_out: float | None
    energy: float | None
    energy_u: float | None
    settled_energy: float | None = None
    settled_u: float | None = None
    text_zh: str
    text_en: str
    recalled: str
    held: int = Field(description="give it back with a step: what was changed since is refused")
    steps: list[str] = Field(default_factory=list, description="what you may do with it now")


class OrderPage(Schema):
    """Orders by id."""

    items: list[OrderRecord]
    next: int | None


class OrdersAsked(Paged):
    """Which orders."""

    cycle: int | None = Field(None, ge=1, le=LARGEST_ID)
    state: OrderState | None = None
    kind: Kind | None = None


class StepGiven(Schema):
    """What a step of an order needs."""

    held: int = Field(description="as the order said it", ge=1, le=LARGEST_ID)
    text: str = Field("", max_length=4000)
    deadline: date | None = None
    assignee: str = Field("", max_length=18, description="code of a party")


def _order(each: Order) -> dict[str, Any]:
    names = (
        "number", "kind", "state", "meter", "deadline", "p_out", "energy", "energy_u", "text_zh", "text_en", "recalled",
    )  # fmt: skip
    return {
        "id": each.pk, "cycle": each.cycle_id, "area": each.area.area,
        "district": each.district.code if each.district else None,
        "assignee": each.assignee.code if each.assignee else None, "held": each.event_id,
        **{name: getattr(each, name) for name in names},
    }  # fmt: skip


def _seen(viewer: Any) -> Any:
    return Order.objects.visible_to(viewer).select_related("area", "district", "assignee")


@router.get("/orders", response=OrderPage, operation_id="supervision_orders_list", summary="orders")
def list_orders(request: HttpRequest, asked: Query[OrdersAsked]) -> Any:
    found = _seen(asking(request, who.SEE))
    for name, value in (("cycle_id", asked.cycle), ("state", asked.state), ("kind", asked.kind)):
        found = found.filter(**{name: value}) if value else found
    return page(found, asked, _order)


@router.get(
    "/orders/{int:pk}", response=OrderRecord, operation_id="supervision_orders_get", summary="one order"
)
def get_order(request: HttpRequest, pk: int) -> Any:
    viewer = asking(request, who.SEE)
    order = one(_seen(viewer).select_related("verdict"), pk=pk)
    settled = settling.of_order(order)
    more = {"settled_energy": settled.energy, "settled_u": settled.u} if settled else {}
    return {**_order(order), "steps": list(orders.moves_of(viewer, order)), **more}


@router.post(
    "/orders/{int:pk}/{slug:step}",
    response=OrderRecord,
    operation_id="supervision_orders_step",
    summary="one step",
)
def step(request: HttpRequest, pk: int, step: str, data: StepGiven) -> Any:
    user = user_asking(request, who.SEE)
    one(_seen(user), pk=pk)
    if step not in orders.MOVES:
        raise Http404
    assignee = assignees().filter(code=data.assignee).first() if data.assignee else None
    if data.assignee and assignee is None:
        raise Fault(
            f"assignee：没有可承办的单位 {data.assignee}；应为在业的公用事业、检定机构或企业"
            f" / no party {data.assignee} that could act: an active utility, institute or enterprise"
        )
    orders.act(user, pk, step, text=data.text, deadline=data.deadline, assignee=assignee, held=data.held)
    order = one(_seen(user), pk=pk)
    return {**_order(order), "steps": list(orders.moves_of(user, order))}
