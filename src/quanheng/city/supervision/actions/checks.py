"""Field checks: what was found on site, kept once however often it is sent. The only place that writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.instruments.models import Instrument
from quanheng.city.people.models import User
from quanheng.city.supervision import places
from quanheng.city.supervision.models import ENDED, FieldCheck, Found, Order, OrderState, Seal, Verdict
from quanheng.ground.errors import Fault
from quanheng.ground.text import unfit
from quanheng.work.supervise.checks import Point, contradiction

PHOTO = 5 * 1024 * 1024  # bytes
KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"RIFF": "image/webp"}
MOST_POINTS = 20
NOTE, LOAD = 500, 40  # characters
OLD = timedelta(days=366)
AHEAD = timedelta(minutes=15)  # a phone's clock


@dataclass(frozen=True)
class Given:
    """What somebody found, as the form or the API says it."""

    uuid: str
    meter: str
    at: datetime
    found: str  # of Found
    seal: str  # of Seal
    points: tuple[Point, ...] = ()  # the first at the load of the moment: the error that is learnt from
    note: str = ""
    order: int | None = None


def read(facts: Mapping[str, Any]) -> Given:
    """What a mapping says, every fault told. Raises Fault."""
    faults: list[str] = []
    facts = {"note": "", **facts}

    def take(name: str, reading: Any, told: str) -> Any:
        try:
            return reading(facts[name])
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
            faults.append(f"{name}：{told}")
            return None

    uuid = take("uuid", lambda text: str(UUID(str(text))), "应为 UUID / should be a UUID")
    meter = take(
        "meter", lambda text: _text(text, 80, needed=True), "应为表号 / should be the number of a meter"
    )
    at = take("at", _moment, "应如 2026-03-01T09:30:00+08:00 / should be a time with its zone")
    found = take(
        "found", lambda text: Found(text).value, f"应为 {'、'.join(Found)} 之一 / should be one of these"
    )
    seal = take(
        "seal", lambda text: Seal(text).value, f"应为 {'、'.join(Seal)} 之一 / should be one of these"
    )
    note = take("note", lambda text: _text(text or "", NOTE), _said(NOTE))
    points = _points(facts.get("points") or [], faults)
    order = facts.get("order")
    if order is not None and (not isinstance(order, int) or isinstance(order, bool) or not 0 < order < 2**63):
        faults.append("order：应为工单的编号 / should be the id of an order")
    if faults:
        raise Fault("；".join(faults))
    return Given(uuid, meter, at, found, seal, tuple(points), note, order)


def _text(text: str, most: int, *, needed: bool = False) -> str:
    """As it is kept: ends of lines as one character, for so a form counts them."""
    text = text.replace("\r\n", "\n").strip()
    if unfit(text) or len(text) > most or (needed and not text):
        raise ValueError
    return text


def _said(most: int) -> str:
    return (
        f"应为文字，至多 {most} 字，没有控制字符"
        f" / should be text of at most {most} characters without control characters"
    )


def _moment(text: Any) -> datetime:
    moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _points(rows: Any, faults: list[str]) -> list[Point]:
    if not isinstance(rows, Sequence) or isinstance(rows, str) or len(rows) > MOST_POINTS:
        faults.append(f"points：至多 {MOST_POINTS} 个点 / at most {MOST_POINTS} points")
        return []
    points = []
    for n, row in enumerate(rows, 1):
        try:
            load = _text(str(row.get("load") or ""), LOAD)
        except (ValueError, AttributeError):
            faults.append(f"points {n}，load：{_said(LOAD)}")
            continue
        try:
            point = Point(load, float(row["error"]), float(row["U"]))
            if not (abs(point.error) < 1 and 0 < point.expanded < 1):
                raise ValueError
            points.append(point)
        except (KeyError, ValueError, TypeError, OverflowError):
            faults.append(
                f"points {n}：error 应在 −1 与 1 之间，U（k = 2）应大于 0 且小于 1，都是相对值：3 % 写 0.03"
                " / error must lie between −1 and 1, U (k = 2) above 0 and below 1, both relative: 0.03 for 3 %"
            )
    return points


def record(actor: User, given: Given, photo: bytes = b"") -> tuple[FieldCheck, bool]:
    """Keep a field check: (check, whether it is new). Raises Fault; then nothing is kept."""
    if kept := FieldCheck.objects.filter(uuid=given.uuid).first():
        return _same(kept, actor, given), False
    now = timezone.now()
    if not now - OLD < given.at < now + AHEAD:
        raise Fault(f"at：{given.at.isoformat()} 不在过去一年之内 / does not lie within the last year")
    order = _order(actor, given)
    seen = Verdict.objects.visible_to(actor).filter(meter=given.meter, cycle__indexed__isnull=False)
    verdict = order.verdict if order else seen.order_by("-pk").first()
    instrument = Instrument.objects.visible_to(actor).filter(code=given.meter).first()
    place: Any = verdict or instrument
    if place is None:
        raise Fault(f"没有您可见的表 {given.meter!r} / there is no meter {given.meter!r} that you may see")
    if verdict and verdict.mpe and contradiction(given.found, given.points, verdict.mpe):
        raise Fault(
            f"结论与实测误差矛盾（最大允许误差 ±{100 * verdict.mpe:g} %）；请核对"
            f" / what was found contradicts what was measured (limit of error ±{100 * verdict.mpe:g} %)"
        )
    kind, digest = _keep_photo(photo)
    main = given.points[0] if given.points else None
    row = FieldCheck(
        uuid=given.uuid,
        cycle=verdict.cycle if verdict else None,
        verdict=verdict,
        order=order,
        instrument=instrument,
        meter=given.meter,
        district_id=place.district_id,
        owner_id=verdict.owner_id if verdict else place.user_id,
        by=actor,
        at=given.at,
        received=now,
        found=given.found,
        seal=given.seal,
        error=main.error if main else None,
        u=main.u if main else None,
        points=[{"load": each.load, "error": each.error, "U": each.expanded} for each in given.points],
        note=given.note,
        photo=digest,
        photo_type=kind,
    )
    try:
        with transaction.atomic():
            if order:  # somebody may be closing it just now
                _check_open(Order.objects.select_for_update().get(pk=order.pk))
            audit.save(actor, "supervision.record field check", row)
    except IntegrityError:  # sent twice at once: the other was quicker
        return _same(FieldCheck.objects.get(uuid=given.uuid), actor, given), False
    return row, True


def _same(kept: FieldCheck, actor: User, given: Given) -> FieldCheck:
    if kept.by_id != actor.pk or kept.meter != given.meter:
        raise Fault("这个 uuid 属于另一次核查 / this uuid is of another check")
    return kept


def _order(actor: User, given: Given) -> Order | None:
    """The order that sent somebody there: the one named, else the latest that is under way. Raises Fault."""
    seen = Order.objects.visible_to(actor).filter(meter=given.meter).select_related("verdict__cycle")
    if given.order is None:
        going = seen.filter(state__in=[OrderState.ISSUED, OrderState.ACCEPTED, OrderState.EXPIRED])
        return next((each for each in going.order_by("-pk") if not each.audits(actor.party_id)), None)
    named: Order | None = seen.filter(pk=given.order).first()
    if named is None:
        raise Fault(f"order：没有关于 {given.meter} 的这张工单 / there is no such order on {given.meter}")
    if named.audits(actor.party_id):
        raise Fault(
            f"order：{named} 是随机抽检，不由计量单位自己核查；请由监管或检定机构核查"
            f" / {named} is a random check: not by whose meter it is, but by the authority or an institute"
        )
    _check_open(named)
    return named


def _check_open(order: Order) -> None:
    if order.state in ENDED:
        now = OrderState(order.state)
        raise Fault(
            f"order：{order} 现为“{now.label}”，不再收核查；去掉工单号可另行记录，或请监管重新下达"
            f" / {order} is {now.value} and takes no more checks: send it without the order, or have it reopened"
        )


def _keep_photo(photo: bytes) -> tuple[str, str]:
    """(media type, SHA-256) of a photo; empty where there is none. Raises Fault."""
    if not photo:
        return "", ""
    kind = next((name for head, name in KINDS.items() if photo.startswith(head)), "")
    if not kind or (kind == "image/webp" and photo[8:12] != b"WEBP"):
        raise Fault("照片应为 JPEG、PNG 或 WebP / the photo should be JPEG, PNG or WebP")
    _, digest, _ = places.keep([photo], "photos", "", PHOTO)
    return kind, digest


def photo_of(check: FieldCheck) -> Path:
    """Where a photo is kept."""
    return places.home() / "photos" / check.photo
