"""What is handed in: files of lakes, against a receipt, and checks on site.

Annotations are read where they stand, for schemas are made here: no `from __future__ import annotations`.
"""

import json
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, File, Form, Query, Router, Schema, Status, UploadedFile

from quanheng.city.queue.tasks import ask
from quanheng.city.register.api import one
from quanheng.city.register.paging import Paged, page
from quanheng.city.supervision import who
from quanheng.city.supervision.actions import checks, lakes
from quanheng.city.supervision.api.asked import asking, user_asking
from quanheng.city.supervision.models import FieldCheck, Lake
from quanheng.city.supervision.pages.checks import photo_bytes
from quanheng.ground.errors import Fault

router = Router()


class Receipt(Schema):
    """A receipt: `receipt` are the exact bytes that `signature` signs."""

    id: int
    sha256: str
    receipt: str
    signature: str


class DeliveryGiven(Schema):
    """A file of a lake."""

    lake: str = Field(max_length=40)
    path: str = Field(
        "", max_length=200, description="areas.parquet, readings/….parquet; empty: the whole as a zip"
    )
    sha256: str = Field(min_length=64, max_length=64, description="of the file, hexadecimal")
    last: bool = Field(False, description="make a lake of what was handed in, and check it")


class LakeRecord(Schema):
    """A lake: what it holds, or why what was handed in last was refused."""

    name: str
    title: str
    checked: datetime | None
    fault: str
    survey: dict[str, Any] | None


class CheckRecord(Schema):
    """A field check; errors are relative, U with k = 2."""

    id: int
    uuid: str
    meter: str
    at: datetime
    found: str
    seal: str
    error: float | None
    u: float | None
    points: list[Any]
    photo: str = Field("", description="SHA-256")
    order: int | None


class CheckPage(Schema):
    """Field checks by id."""

    items: list[CheckRecord]
    next: int | None


class CheckGiven(Schema):
    """A field check."""

    check: str = Field(
        max_length=20_000, description="JSON: uuid, meter, at, found, seal, points, note, order"
    )


def _check(each: FieldCheck) -> dict[str, Any]:
    names = ("meter", "at", "found", "seal", "error", "u", "points", "photo")
    return {
        "id": each.pk,
        "uuid": each.uuid,
        "order": each.order_id,
        **{n: getattr(each, n) for n in names},
    }


@router.post(
    "/deliveries",
    response={200: Receipt, 201: Receipt},
    operation_id="supervision_deliveries_add",
    summary="hand in a file",
)
def deliver(request: HttpRequest, data: Form[DeliveryGiven], file: File[UploadedFile]) -> Any:
    user = user_asking(request, who.HAND_IN)
    lake = one(Lake.objects.visible_to(user), name=data.lake.replace("\0", ""))
    made, new = lakes.deliver(user, lake, data.path, file.chunks(), data.sha256)
    if data.last or not data.path:
        ask("supervision.assemble lake", {"lake": lake.pk}, user)
    said = {"id": made.pk, "sha256": made.sha256, "receipt": made.receipt, "signature": made.signature}
    return Status(201 if new else 200, said)


@router.get(
    "/lakes/{slug:name}", response=LakeRecord, operation_id="supervision_lakes_get", summary="one lake"
)
def get_lake(request: HttpRequest, name: str) -> Any:
    return one(Lake.objects.visible_to(asking(request, who.SEE_LAKES)), name=name)


@router.get("/checks", response=CheckPage, operation_id="supervision_checks_list", summary="field checks")
def list_checks(request: HttpRequest, asked: Query[Paged]) -> Any:
    return page(FieldCheck.objects.visible_to(asking(request, who.SEE)), asked, _check)


@router.post(
    "/checks",
    response={200: CheckRecord, 201: CheckRecord},
    operation_id="supervision_checks_add",
    summary="hand in a field check",
)
def add_check(request: HttpRequest, data: Form[CheckGiven], photo: File[UploadedFile | None] = None) -> Any:
    user = user_asking(request, who.CHECK)
    try:
        facts = json.loads(data.check)
    except (ValueError, RecursionError) as error:
        raise Fault(f"check：不是 JSON：{error} / is not JSON") from error
    if not isinstance(facts, dict):
        raise Fault("check：应为 JSON 对象 / should be a JSON object")
    if facts.get("by") not in (None, user.username):  # a phone that is shared: kept there for who found it
        raise PermissionDenied(_("这条核查是别人填写的；请由本人登录后发送。"))
    made, new = checks.record(user, checks.read(facts), photo_bytes(photo) if photo else b"")
    return Status(201 if new else 200, _check(made))
