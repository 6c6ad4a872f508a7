"""Corrected, suspended, revoked: in the open, by records of the authority that the log holds whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from quanheng.city.audit import actions as audit
from quanheng.city.certificates import house, store
from quanheng.city.certificates.actions import filing
from quanheng.city.certificates.actions.reasons import check_reason
from quanheng.city.certificates.models import (
    Basis,
    Certificate,
    Recall,
    RecallState,
    Reverification,
    ReverificationState,
    Standing,
)
from quanheng.city.frame.roles import Role
from quanheng.city.instruments import actions as instruments
from quanheng.evidence import registry
from quanheng.evidence.records import Record, Status
from quanheng.ground.errors import Fault

CHANGES = {
    "revoke": Standing.REVOKED,
    "supersede": Standing.SUPERSEDED,
    "suspend": Standing.SUSPENDED,
    "resume": Standing.IN_FORCE,
}
FROM = {
    "revoke": {Standing.IN_FORCE, Standing.SUSPENDED, Standing.SUPERSEDED},
    "supersede": {Standing.IN_FORCE, Standing.SUSPENDED},
    "suspend": {Standing.IN_FORCE},
    "resume": {Standing.SUSPENDED},
}


def say(actor: Any, records: Sequence[Record], on: date) -> None:
    """Sign records as the authority, log and keep them; said twice, they stand there once. Raises NotShown."""
    known = house.house()
    documents = [registry.record(each, known.authority, on, house.key("authority")) for each in records]
    for each in documents:
        store.put(each)
    indexes, proven = house.enter(documents)
    for each in proven:
        store.put(each)
    with transaction.atomic():
        filing.file(actor, list(zip(proven, indexes, strict=True)))


def change(
    actor: Any, found: Sequence[Certificate], how: str, why: str, *, on: date, successor: str = ""
) -> list[Certificate]:
    """Change the standing of certificates: "revoke", "suspend", "resume", "supersede". Those that cannot be are left.

    The record is logged before the register says so: interrupted between, it is said again. Raises Fault, NotShown.
    """
    check_reason(why)
    rows = [each for each in found if each.standing in FROM[how]]
    if not rows:
        return []
    say(actor, [Status(how, each.digest, on, why, successor) for each in rows], on)
    with transaction.atomic():
        rows = list(
            Certificate.objects.select_for_update(of=("self",))
            .filter(pk__in=[each.pk for each in rows], standing__in=FROM[how])
            .select_related("instrument")
        )
        for each in rows:
            each.standing, each.standing_since, each.standing_why = CHANGES[how], on, why[:300]
        if rows:
            numbers = [each.number for each in rows]
            audit.write_all(actor, f"certificates.{how}", rows, {"why": why, "numbers": numbers})
        if how in ("revoke", "suspend"):
            opened = [each.instrument for each in rows if each.instrument is not None and _followed(each)]
            instruments.reopened(actor, opened, on - timedelta(days=1), {"why": why})
        if how == "resume":
            _lift(actor, rows, why)
    return rows


def _followed(row: Certificate) -> bool:
    """Whether the ledger's dates are this certificate's, not those of a later verification."""
    assert row.instrument is not None
    return row.instrument.verified is None or row.instrument.verified <= row.ended


def _lift(actor: Any, rows: Sequence[Certificate], why: str) -> None:
    """What a suspension brought about: the ledger's due date, and orders to verify again that are still open."""
    for each in rows:
        if each.instrument is not None:
            instruments.in_date_again(actor, each.instrument, each.ended, each.due)
    orders = list(Reverification.objects.filter(certificate__in=rows, state=ReverificationState.OPEN))
    for order in orders:
        order.state = ReverificationState.LIFTED
    if orders:
        audit.write_all(actor, "certificates.lift order", orders, {"why": why})


def entitled(actor: Any, row: Certificate, how: str) -> bool:
    """Whether it is somebody's to "revoke", "suspend" or "resume": the city's, or the institute's that issued it here.

    The city alone says that a certificate holds again: a recall may have been what suspended it.
    """
    ours = actor.role == Role.INSTITUTE and row.issuer == house.house().institute.identifier
    return actor.role == Role.CITY or (ours and how != "resume")


def may(actor: Any, row: Certificate, how: str) -> bool:
    """Whether that can be done now, by somebody entitled to it."""
    return row.standing in FROM[how] and entitled(actor, row, how)


def decide(actor: Any, row: Certificate, how: str, why: str, *, on: date) -> None:
    """Revoke, suspend or resume one. Raises Fault where it does not stand so, PermissionDenied for another's."""
    if not entitled(actor, row, how):
        raise PermissionDenied(
            "只有签发机构或市级监管；恢复只有市级监管 / the issuing institute or the city; the city alone resumes"
        )
    if how == "resume":
        _check_resumed(row)
    if not change(actor, [row], how, why, on=on):
        raise Fault(f"{row.number}：{row.get_standing_display()} / does not stand so that this can be done")


def _check_resumed(row: Certificate) -> None:
    """Raises Fault: a recall might suspend it again, or it rests on what did not hold."""
    if (going := Recall.objects.filter(state=RecallState.CONFIRMED).first()) is not None:
        raise Fault(
            f"召回 {going.number} 正在处理，完成后再恢复 / recall {going.number} is not carried out yet"
        )
    used = Basis.objects.filter(certificate=row.digest).values("standard")
    fallen = Certificate.objects.filter(digest__in=used, standing_since__lte=row.ended)
    if (standard := fallen.exclude(standing=Standing.IN_FORCE).first()) is not None:
        raise Fault(
            f"所用标准的证书 {standard.number} 在 {row.ended} 已{standard.get_standing_display()}，应先恢复它"
            f" / rests on {standard.number}, which did not hold on {row.ended}: see to that first"
        )


def revoke(actor: Any, row: Certificate, why: str, *, on: date) -> None:
    """Revoke one. Raises Fault where it is revoked already, PermissionDenied for another's."""
    decide(actor, row, "revoke", why, on=on)


def supersede(actor: Any, old: Certificate, new: Certificate, why: str, *, on: date) -> None:
    """A correction stands in the place of what it corrects."""
    change(actor, [old], "supersede", why, on=on, successor=new.digest)
