"""Pages of orders: the list, one of them with its steps, the notice to the customer, the proof."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from quanheng.city.audit.actions import history
from quanheng.city.frame.language import in_english
from quanheng.city.frame.roles import check_role, viewer_of
from quanheng.city.people.models import District, User
from quanheng.city.register.listing import number
from quanheng.city.supervision import settling, who, wording
from quanheng.city.supervision.actions import orders
from quanheng.city.supervision.actions.orders import moves_of
from quanheng.city.supervision.forms import IssueForm, MoveForm
from quanheng.city.supervision.listing import chosen, rows_of
from quanheng.city.supervision.models import ENDED, Cycle, Kind, Order, OrderState
from quanheng.city.supervision.proofs import proof_of
from quanheng.work.supervise.pages.markup import percent


@require_GET
def show_list(request: HttpRequest) -> HttpResponse:
    """The orders that a viewer may see."""
    viewer = viewer_of(request)
    check_role(viewer, who.SEE)
    found: QuerySet[Any] = Order.objects.visible_to(viewer)
    found = chosen(
        request,
        found,
        state="state",
        kind="kind",
        district="district_id",
        cycle="cycle_id",
        q="meter__prefix",
    )
    if by := request.GET.get("by", ""):
        found = found.filter(issued__isnull=False, assignee__isnull=by == "authority")
    if not any(request.GET.get(each) for each in ("state", "cycle", "q")):
        found = found.exclude(state__in=[OrderState.LAPSED, OrderState.CLOSED, OrderState.UPHELD])
    page = rows_of(request, found.select_related("district", "assignee", "area"))
    cycle = Cycle.objects.visible_to(viewer).filter(pk=number(request.GET.get("cycle")) or 0).first()
    context = {
        "page": page,
        "rows": [(each, percent(each.p_out, 1), text_of(each)) for each in page.rows],
        "states": OrderState.choices,
        "kinds": Kind.choices,
        "districts": District.objects.all(),
        "asked": request.GET,
        "cycle": cycle,
        "issue": IssueForm() if cycle and viewer.role in who.ISSUE else None,
    }
    rows_only = request.headers.get("HX-Target") == "rows"
    return render(request, "supervision/order_rows.html" if rows_only else "supervision/orders.html", context)


def text_of(order: Order) -> str:
    """What an order says, in the language of the page."""
    return order.text_en if in_english() else order.text_zh


@require_POST
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue what a cycle proposes."""
    viewer = viewer_of(request)
    check_role(viewer, who.ISSUE)
    cycle = get_object_or_404(Cycle.objects.visible_to(viewer), pk=pk)
    form = IssueForm(request.POST)
    if not form.is_valid():
        context = {"form": form, "title": _("下达工单")}
        return render(request, "supervision/form.html", context, status=422)
    given = form.cleaned_data
    assert isinstance(viewer, User)
    issued, open_ones = orders.issue_all(
        viewer, cycle, deadline=given["deadline"], kinds=given["kind"], most=given["most"],
        assignee=given["assignee"], viewer=viewer,
    )  # fmt: skip
    told = _("已下达 %(n)d 张；%(open)d 张因同一块表已有未办结的工单而略去。")
    messages.success(request, told % {"n": issued, "open": open_ones})
    return redirect("orders-list")


def _found(request: HttpRequest, pk: int) -> tuple[Any, Order]:
    viewer = viewer_of(request)
    check_role(viewer, who.SEE)
    rows = Order.objects.visible_to(viewer).select_related(
        "cycle__lake", "area", "verdict", "district", "owner", "assignee"
    )
    return viewer, get_object_or_404(rows, pk=pk)


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One order: what it says, where it is, what may be done now, what was done."""
    viewer, order = _found(request, pk)
    settled = settling.of_order(order)
    form = MoveForm(initial={"held": order.event_id})
    context = {
        "order": order,
        "text": text_of(order),
        "moves": [(name, each.title, each.needs) for name, each in moves_of(viewer, order).items()],
        "form": form,
        "p_out": percent(order.p_out, 2),
        "energy": wording.energy(order.energy, order.energy_u, order.utility),
        "settled": settled,
        "settled_energy": wording.energy(settled.energy, settled.u, order.utility) if settled else "",
        "objections": order.objections.select_related("by", "answered_by").order_by("id"),
        "checks": order.checks.select_related("by").order_by("-at"),
        "history": [(each, (each.after or {}).get("note", "")) for each in history(order)],
        "machine": [(state, label) for state, label in OrderState.choices if state != OrderState.LAPSED],
        "may_check": viewer.role in who.CHECK
        and order.meter
        and order.state not in ENDED
        and not order.audits(viewer.party_id),
        "suggested": None if order.kind == Kind.SAMPLE_CHECK else order.owner_id,
        "screening": wording.said(wording.screening),
    }
    return render(request, "supervision/order.html", context)


@require_POST
def act(request: HttpRequest, pk: int, move: str) -> HttpResponse:
    """One step of an order."""
    viewer, _order = _found(request, pk)
    assert isinstance(viewer, User)
    form = MoveForm(request.POST)
    if not form.is_valid():
        return render(request, "supervision/form.html", {"form": form, "title": _("工单")}, status=422)
    orders.act(viewer, pk, move, **form.cleaned_data)
    messages.success(request, _("已记录。"))
    return redirect("order", pk)


@require_GET
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """The notice to the customer, to print."""
    _viewer, order = _found(request, pk)
    settled = settling.of_order(order)
    verdict = order.verdict
    estimated = verdict if verdict and verdict.error is not None and verdict.lower is not None else None
    context = {
        "order": order,
        "energy": wording.energy(order.energy, order.energy_u, order.utility)
        if wording.tells(order.energy, order.energy_u)
        else "",
        "settled": settled,
        "settled_energy": wording.energy(settled.energy, settled.u, order.utility) if settled else "",
        "error": wording.signed(estimated.error) if estimated else "",
        "interval": wording.interval(estimated) if estimated else "",
        "screening": wording.said(wording.screening),
    }
    return render(request, "supervision/notice.html", context)


@require_GET
def proof(request: HttpRequest, pk: int) -> HttpResponse:
    """The order with its proof, to check with `quanheng certificate verify`, or in a browser."""
    _viewer, order = _found(request, pk)
    data = proof_of(order)
    headers = {"Content-Disposition": f'attachment; filename="{order}.proof"'}
    return HttpResponse(data, content_type="application/zip", headers=headers)
