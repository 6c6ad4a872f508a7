"""Pages of lakes: where readings come from, what was handed in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from quanheng.city.frame.roles import Role, check_role, viewer_of
from quanheng.city.people.models import User
from quanheng.city.queue.tasks import ask
from quanheng.city.supervision import receipts, who
from quanheng.city.supervision.actions import cycles, lakes
from quanheng.city.supervision.forms import AskForm, HandInForm, OpenForm, PlanForm, PointForm
from quanheng.city.supervision.listing import rows_of
from quanheng.city.supervision.models import Delivery, Lake, Schedule


def _user(request: HttpRequest, roles: Any) -> User:
    viewer = viewer_of(request)
    check_role(viewer, roles)
    assert isinstance(viewer, User)
    return viewer


@require_GET
def show_list(request: HttpRequest) -> HttpResponse:
    """The lakes."""
    user = _user(request, who.SEE_LAKES)
    found = Lake.objects.visible_to(user).select_related("owner")
    context = {
        "page": rows_of(request, found),
        "may_point": user.role in who.POINT,
        "may_hand_in": user.role in who.HAND_IN,
    }
    return render(request, "supervision/lakes.html", context)


@require_http_methods(["GET", "POST"])
def point(request: HttpRequest) -> HttpResponse:
    """Point to a lake."""
    user = _user(request, who.POINT)
    form = PointForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        lake = lakes.point(user, **form.cleaned_data)
        ask("supervision.look at lake", {"lake": lake.pk}, user)
        return redirect("lake", lake.name)
    return _form(request, form, _("指向一个数据湖"))


@require_http_methods(["GET", "POST"])
def open_one(request: HttpRequest) -> HttpResponse:
    """Open a lake that will be handed in."""
    user = _user(request, who.HAND_IN)
    form = OpenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        owner = user.party if user.role == Role.UTILITY else None
        lake = lakes.open_for_deliveries(user, owner=owner, **form.cleaned_data)
        return redirect("lake", lake.name)
    return _form(request, form, _("开一个交付的数据湖"))


def _form(request: HttpRequest, form: Any, title: str) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, "supervision/form.html", {"form": form, "title": title}, status=status)


@require_GET
def show(request: HttpRequest, name: str) -> HttpResponse:
    """A lake: what it holds, what was handed in, its cycles."""
    user = _user(request, who.SEE_LAKES)
    lake = get_object_or_404(Lake.objects.visible_to(user).select_related("owner"), name=name)
    plan = Schedule.objects.filter(lake=lake).first()
    given = {} if plan is None else {n: getattr(plan, n) for n in ("days", "next_on", "alpha", "active")}
    context = {
        "lake": lake,
        "notes": [
            (kind, note) for kind, note in (lake.survey or {}).get("notes", {}).items() if note["count"]
        ],
        "deliveries": lake.deliveries.select_related("by").order_by("-id")[:50],
        "cycles": lake.cycles.select_related("task").order_by("-id")[:20],
        "may_hand_in": not lake.pointed and user.role in who.HAND_IN,
        "may_run": user.role in who.RUN,
        "hand_in": HandInForm(),
        "ask": AskForm(),
        "plan": plan,
        "plan_form": PlanForm(initial=given),
    }
    return render(request, "supervision/lake.html", context)


@require_POST
def hand_in(request: HttpRequest, name: str) -> HttpResponse:
    """Take a file; the lake is made of what was handed in by a task, which checks it."""
    user = _user(request, who.HAND_IN)
    lake = get_object_or_404(Lake.objects.visible_to(user), name=name)
    form = HandInForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, form, _("交付"))
    file, path = form.cleaned_data["file"], form.cleaned_data["path"]
    made, new = lakes.deliver(user, lake, path, file.chunks(), form.cleaned_data["sha256"])
    ask("supervision.assemble lake", {"lake": lake.pk}, user)
    told = _("已收下 %(digest)s，正在检查。") if new else _("%(digest)s 早已收到，收据不变。")
    messages.success(request, told % {"digest": made.sha256[:12]})
    return redirect("lake", lake.name)


@require_POST
def look_again(request: HttpRequest, name: str) -> HttpResponse:
    """Check a lake again: what is pointed to may have changed."""
    user = _user(request, who.RUN)
    lake = get_object_or_404(Lake.objects.visible_to(user), name=name)
    ask("supervision.look at lake" if lake.pointed else "supervision.assemble lake", {"lake": lake.pk}, user)
    messages.success(request, _("正在检查。"))
    return redirect("lake", lake.name)


@require_POST
def plan(request: HttpRequest, name: str) -> HttpResponse:
    """Say when a lake is judged again."""
    user = _user(request, who.RUN)
    lake = get_object_or_404(Lake.objects.visible_to(user), name=name)
    form = PlanForm(request.POST)
    if not form.is_valid():
        return _form(request, form, _("计划"))
    lakes.plan(user, lake, **form.cleaned_data)
    messages.success(request, _("已保存。"))
    return redirect("lake", lake.name)


@require_POST
def run(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a cycle."""
    user = _user(request, who.RUN)
    lake = get_object_or_404(Lake.objects.visible_to(user), name=name)
    form = AskForm(request.POST)
    if not form.is_valid():
        return _form(request, form, _("运行一个周期"))
    return redirect("cycle", cycles.ask(user, lake, **form.cleaned_data).pk)


@require_GET
def receipt(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """A receipt, or its signature, to keep."""
    user = _user(request, who.SEE_LAKES)
    row = get_object_or_404(Delivery.objects.visible_to(user), pk=pk)
    data = row.receipt if what == "receipt" else row.signature
    headers = {"Content-Disposition": f'attachment; filename="{row.sha256[:16]}.{what}.json"'}
    return HttpResponse(data, content_type="application/json", headers=headers, status=200 if data else 404)


@require_GET
def key(request: HttpRequest) -> HttpResponse:
    """The public key of receipts, for everybody."""
    found = receipts.public_key()
    return HttpResponse(
        found.pem() if found else receipts.UNSIGNED,
        content_type="application/x-pem-file" if found else "text/plain; charset=utf-8",
        status=200 if found else 404,
    )
