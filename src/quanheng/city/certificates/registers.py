"""The registers of the office: certificates, and orders to verify again. Both are written by its actions alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.city.audit.models import Event
from quanheng.city.certificates import store
from quanheng.city.certificates.models import Certificate, Outcome, Recall, Reverification
from quanheng.city.frame.roles import STAFF, Role, Viewer
from quanheng.city.register.declaration import Link, Panel, Register, declared
from quanheng.evidence.figures import figures

LISTED = 10  # certificates on the page of an instrument
NOBODY: frozenset[Role] = frozenset()


def never(actor: Any, row: Any) -> Event:
    """A certificate is issued, not written. Raises PermissionDenied."""
    raise PermissionDenied


def never_all(actor: Any, rows: Sequence[Any], facts: Mapping[str, Any]) -> Event:
    """As `never`."""
    raise PermissionDenied


def of_certificate(row: Certificate, viewer: Viewer) -> Iterable[Panel]:
    """Files, results, recalls, and what rests on it."""
    files = [
        (Link(reverse("certificate-file", args=[row.pk, each]), title),)
        for each, title in (
            ("xml", _("DCC（XML），原件")),
            ("pdf", _("PDF/A，纸本")),
            ("proof", _("证明文件：证书、签名、日志证明，直到 SI")),
            ("qr.svg", _("二维码：日志证明")),
        )
    ]
    files.append((Link(reverse("certificate-chain", args=[row.pk]), _("溯源链")),))
    files.append((Link(reverse("certificate-public", args=[row.number]), _("公众看到的一页")),))
    yield Panel(_("文件"), ("",), files, "")
    document = store.get(row.digest)
    if document is not None:
        content = store.content_of(document)
        points = [
            (*figures(each), Outcome(each.outcome).label if each.outcome else "") for each in content.points
        ]
        head = (_("测量点"), _("结果"), "U", "k", _("允许限"), _("结论"))
        yield Panel(_("结果"), head, points, _("没有测量点。"))
    recalls = Recall.objects.visible_to(viewer).filter(certificate=row)
    if recalls:
        listed = [
            (
                Link(reverse("recall", args=[each.pk]), each.number),
                each.since,
                each.why,
                each.get_state_display(),
            )
            for each in recalls
        ]
        yield Panel(_("召回"), (_("召回号"), _("自"), _("原因"), _("状态")), listed, "")
    acts = []
    if viewer.role in (Role.CITY, Role.INSTITUTE):
        acts = [(Link(reverse("certificate-act", args=[row.pk]), _("暂停、撤销、更正、召回")),)]
    if acts:
        yield Panel(_("处理"), ("",), acts, "")


def of_instrument(row: Any, viewer: Any) -> Iterable[Panel]:
    """The latest certificates of an instrument."""
    found = Certificate.objects.visible_to(viewer).filter(instrument=row).order_by("-ended", "-id")[:LISTED]
    listed = [
        (
            Link(reverse("certificates-record", args=[each.pk]), each.number),
            each.get_kind_display(),
            each.ended,
            each.due,
            each.get_outcome_display(),
            each.get_standing_display(),
        )
        for each in found
    ]
    head = (_("证书编号"), _("种类"), _("检定日期"), _("有效期至"), _("结论"), _("状态"))
    yield Panel(_("证书"), head, listed, _("这里没有它的证书。"))


CERTIFICATES = declared(
    Register(
        name="certificates", model=Certificate, title=gettext_lazy("证书"),
        lead=gettext_lazy("检定、校准、检测证书：签了名，进了透明日志，每一份都可以追到 SI。"),
        columns=("number", "name", "item", "owner", "ended", "due", "outcome", "standing"),
        fields=(
            "number", "kind", "item", "name", "instrument", "issuer", "issuer_name", "owner", "district", "procedure",
            "ended", "issued", "due", "outcome", "digest", "log_index", "standing", "standing_since", "standing_why",
            "replaces",
        ),
        key="number", search=("number", "item"), filters=("kind", "outcome", "standing", "district"), see=STAFF,
        write=NOBODY, save=never, save_all=never_all, panels=of_certificate,
    )
)  # fmt: skip

REVERIFICATIONS = declared(
    Register(
        name="reverifications", model=Reverification, title=gettext_lazy("重新检定任务"),
        lead=gettext_lazy("被召回的证书所涉的器具，须在期限之前重新检定。"),
        columns=("number", "instrument", "certificate", "assignee", "deadline", "state"),
        fields=("number", "recall", "certificate", "instrument", "path", "assignee", "deadline", "state", "done_by"),
        key="number", search=("number",), filters=("state",), see=STAFF,
        write=NOBODY, save=never, save_all=never_all,
    )
)  # fmt: skip
