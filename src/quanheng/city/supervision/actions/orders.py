"""Orders: issued, accepted, done, closed; objected to and answered. The only place that writes orders and objections.

proposed ─issue→ issued ─accept→ accepted ─done→ done ─close→ closed
issued, accepted, done ─object→ objected ─answer or withdraw→ where it was; ─uphold→ upheld
issued, accepted ─the clock→ expired ─issue→ issued;  done, closed, upheld ─reopen→ issued
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from quanheng.city.audit import actions as audit
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.frame.roles import Role, Viewer
from quanheng.city.people.models import Party, User
from quanheng.city.supervision.models import OPEN, Cycle, Ending, Kind, Objection, Order, OrderState
from quanheng.ground.errors import Fault

AT_METER = (
    Kind.REPLACE_TREND,
    Kind.REPLACE_FUNCTION,
    Kind.REPLACE_BATCH,
    Kind.FIELD_CHECK,
    Kind.SAMPLE_CHECK,
)
BATCH = 5_000


def by_authority(viewer: Viewer, order: Order) -> bool:
    """The city, or the district of the order."""
    return viewer.role == Role.CITY or (
        viewer.role == Role.DISTRICT and viewer.district_id == order.district_id
    )


def by_assignee(viewer: Viewer, order: Order) -> bool:
    """Whom it was given to; what was given to nobody is the authority's own."""
    if order.assignee_id is None:
        return by_authority(viewer, order)
    return (
        viewer.role in (Role.INSTITUTE, Role.UTILITY, Role.ENTERPRISE)
        and viewer.party_id == order.assignee_id
    )


def by_concerned(viewer: Viewer, order: Order) -> bool:
    """Whose meter it is, whom it was given to, or the authority for a customer who came to it."""
    if by_authority(viewer, order):
        return True
    mine = viewer.party_id is not None and viewer.party_id in (order.owner_id, order.assignee_id)
    return mine and viewer.role in (Role.UTILITY, Role.ENTERPRISE, Role.INSTITUTE)


@dataclass(frozen=True)
class Move:
    """A step of the state machine. to: None where it depends on what was before."""

    title: Any
    states: tuple[OrderState, ...]
    to: OrderState | None
    who: Callable[[Viewer, Order], bool]
    needs: str = ""  # "deadline": when, and by whom; "text": in words


S = OrderState
MOVES = {
    "issue": Move(_("下达"), (S.PROPOSED, S.EXPIRED), S.ISSUED, by_authority, "deadline"),
    "accept": Move(_("接受"), (S.ISSUED,), S.ACCEPTED, by_assignee),
    "done": Move(_("完成"), (S.ACCEPTED,), S.DONE, by_assignee),
    "close": Move(_("办结"), (S.DONE,), S.CLOSED, by_authority),
    "object": Move(_("提出异议"), (S.ISSUED, S.ACCEPTED, S.DONE), S.OBJECTED, by_concerned, "text"),
    "withdraw": Move(_("撤回异议"), (S.OBJECTED,), None, by_concerned),
    "answer": Move(_("答复：异议不成立"), (S.OBJECTED,), None, by_authority, "text"),
    "uphold": Move(_("异议成立，撤销工单"), (S.OBJECTED,), S.UPHELD, by_authority, "text"),
    "reopen": Move(_("重新下达"), (S.DONE, S.CLOSED, S.UPHELD), S.ISSUED, by_authority, "deadline"),
}
ENDINGS = {"withdraw": Ending.WITHDRAWN, "answer": Ending.ANSWERED, "uphold": Ending.UPHELD}


def moves_of(viewer: Viewer, order: Order) -> dict[str, Move]:
    """What a viewer may do with an order as it is."""
    return {
        name: each for name, each in MOVES.items() if order.state in each.states and each.who(viewer, order)
    }


def act(
    actor: User,
    pk: int,
    name: str,
    *,
    text: str = "",
    deadline: date | None = None,
    assignee: Party | None = None,
    held: int | None = None,
) -> Order:
    """One step of an order. held: the event after which the actor saw it; what has changed since is refused.

    Raises PermissionDenied, Fault: what is wrong, what would be right. The order is locked from reading to writing.
    """
    with transaction.atomic():
        seen = Order.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=pk)
        order: Order | None = seen.select_related("cycle").first()
        if order is None or name not in MOVES:
            raise PermissionDenied(gettext("没有这张工单，或不能这样做。"))
        move = MOVES[name]
        if not move.who(actor, order):
            raise PermissionDenied(gettext("您的角色不能做这件事。"))
        _check(order, move, text, deadline, held)
        if name == "done":
            _check_done(order, text)
        facts: dict[str, Any] = {"note": text} if text else {}
        _objection(actor, order, name, text)
        order.state = move.to if move.to else _was(order)
        if move.needs == "deadline":
            if assignee and order.audits(assignee.pk):
                raise Fault(
                    f"承办单位：{order} 是随机抽检，不能交给计量单位自己；应为监管自办或别的单位"
                    f" / {order} is a random check: give it to the authority or another party, not to whose meter it is"
                )
            order.deadline, order.assignee, order.issued = deadline, assignee, timezone.now()
        audit.save(actor, f"supervision.{name} order", order, **facts)
    return order


def _check(order: Order, move: Move, text: str, deadline: date | None, held: int | None) -> None:
    if held is not None and held != order.event_id:
        raise Fault(
            "别人刚刚改过这张工单；请看过再做 / somebody has just changed this order: look at it again"
        )
    if order.state not in move.states:
        now = OrderState(order.state)
        raise Fault(
            f"工单现为“{now.label}”，不能{move.title} / the order is {now.value}: this cannot be done now"
        )
    if move.needs == "text" and not text.strip():
        raise Fault("请写明理由 / say why, in words")
    if len(text) > 4000:
        raise Fault("至多 4000 字 / at most 4000 characters")
    if move.needs == "deadline" and (deadline is None or deadline < timezone.localdate()):
        raise Fault("请给出期限，不早于今天 / give a deadline, not before today")


def _check_done(order: Order, text: str) -> None:
    if order.kind in AT_METER and not _checked(order):
        who = "（由监管或检定机构填写）" if order.kind == Kind.SAMPLE_CHECK else ""
        raise Fault(
            f"下达之后还没有现场核查记录；先填写现场核查{who}"
            " / there is no field check since it was issued: enter what was found first"
            + (", by the authority or an institute" if who else "")
        )
    if order.kind not in AT_METER and not text.strip():
        raise Fault("请写明做了什么 / say what was done")


def _checked(order: Order) -> bool:
    """Whether somebody has been there since the order was issued, and not the owner where chance chose the meter."""
    assert order.issued is not None
    since = order.issued.replace(second=0, microsecond=0)  # as exact as the form tells when
    made = order.checks.filter(at__gte=since)
    return bool((made.by_others() if order.kind == Kind.SAMPLE_CHECK else made).exists())


def _open_objection(order: Order) -> Objection:
    return order.objections.select_for_update().get(ending="")


def _was(order: Order) -> OrderState:
    """Where an order was before the objection that has just ended."""
    return OrderState(order.objections.order_by("-id")[0].was)


def _objection(actor: User, order: Order, name: str, text: str) -> None:
    if name == "object":
        made = Objection(order=order, text=text, by=actor, at=timezone.now(), was=order.state)
        audit.save(actor, "supervision.object", made)
    elif name in ENDINGS:
        open_one = _open_objection(order)
        if name == "withdraw" and open_one.by.party_id != actor.party_id:
            raise PermissionDenied(gettext("只有提出异议的一方可以撤回。"))
        open_one.ending, open_one.answer = ENDINGS[name], text
        open_one.answered_by, open_one.answered_at = actor, timezone.now()
        audit.save(actor, f"supervision.{name} objection", open_one)


def issue_all(
    actor: audit.Actor,
    cycle: Cycle,
    *,
    deadline: date,
    kinds: Collection[str] = (),
    most: int = 1000,
    assignee: Party | None = None,
    viewer: Viewer | None = None,
) -> tuple[int, int]:
    """Issue what a cycle proposes, the most useful first: (issued, left out because one like it is still open).

    assignee None: each to whose meter it is. Random checks of a party's own meters are the authority's in any case, for
    nobody audits himself.
    viewer: who issues them, within his sight; None: all. Raises Fault.
    """
    if deadline < timezone.localdate():
        raise Fault("期限不早于今天 / the deadline must not be before today")
    with transaction.atomic():
        found = Order.objects.visible_to(viewer) if viewer else Order.objects.all()
        like = Order.objects.filter(
            meter=OuterRef("meter"), area__area=OuterRef("area__area"), kind=OuterRef("kind"), state__in=OPEN
        )
        proposed = found.filter(cycle=cycle, state=OrderState.PROPOSED)
        if kinds:
            proposed = proposed.filter(kind__in=kinds)
        already = proposed.filter(Exists(like)).count()
        rows = list(proposed.exclude(Exists(like)).order_by("rank")[:most])
        now = timezone.now()
        for each in rows:
            each.state, each.deadline, each.issued = OrderState.ISSUED, deadline, now
            given = assignee.pk if assignee else each.owner_id
            each.assignee_id = None if each.audits(given) else given
        facts = {
            "cycle": cycle.pk,
            "deadline": deadline.isoformat(),
            "orders": [each.number for each in rows],
        }
        if rows:
            audit.write_all(actor, "supervision.issue orders", rows, facts)
    return len(rows), already


def expire(today: date) -> int:
    """Orders whose deadline has passed; how many."""
    late = Order.objects.filter(state__in=[OrderState.ISSUED, OrderState.ACCEPTED], deadline__lt=today)
    count = 0
    while True:
        with transaction.atomic():
            rows = list(late.select_for_update().order_by("id")[:BATCH])
            if not rows:
                return count
            for each in rows:
                each.state = OrderState.EXPIRED
            audit.write_all(SYSTEM, "supervision.expire orders", rows, {"on": today.isoformat()})
            count += len(rows)


def reopen_all(actor: audit.Actor, rows: Collection[Order], why: str, *, deadline: date) -> int:
    """Reopen orders that rest on something that was recalled; those that are under way are marked alone."""
    listed = list(rows)
    for each in listed:
        each.recalled = why[:120]
        if each.state in (OrderState.DONE, OrderState.CLOSED, OrderState.UPHELD):
            each.state, each.deadline, each.issued = OrderState.ISSUED, deadline, timezone.now()
    if listed:
        audit.write_all(actor, "supervision.recall orders", listed, {"why": why})
    return len(listed)
