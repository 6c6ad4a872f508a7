"""Is this instrument in date? For anybody, by the code on its label: kind and days; never whose it is, or where.

Instruments that nobody asks to be verified (an enterprise's own) are answered like those that are not there.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from quanheng.city.certificates.models import Certificate
from quanheng.city.certificates.models import Standing as OfCertificate
from quanheng.city.certificates.spoken import newest
from quanheng.city.frame.cache import cached
from quanheng.city.frame.language import in_english
from quanheng.city.frame.limits import LOOK_UP, limited
from quanheng.city.instruments.models import FOR_THE_PUBLIC, CatalogueEntry, Instrument, Mode, Status
from quanheng.ground.errors import Fault

LONGEST = 40  # characters of a code
KEPT = 300  # seconds that an answer may be kept


class Standing(models.TextChoices):
    """What can be said of an instrument."""

    IN_DATE = "in date", _("在有效期内")
    OVERDUE = "overdue", _("已过有效期")
    ONCE = "verified once", _("只做首次检定，不设有效期")
    OUT = "out of use", _("已停用或报废")
    SUSPENDED = "certificate suspended", _("证书已暂停使用，不能证明在有效期内")
    REVOKED = "certificate revoked", _("证书已撤销，不能证明在有效期内")
    NO_DATE = "no date", _("登记在册，但没有登记有效期")
    UNKNOWN = "unknown", _("没有登记这个编码")


TONES = {
    Standing.IN_DATE: "good", Standing.ONCE: "good", Standing.OVERDUE: "bad", Standing.SUSPENDED: "bad",
    Standing.REVOKED: "bad",
}  # fmt: skip
WITHDRAWN = {OfCertificate.SUSPENDED: Standing.SUSPENDED, OfCertificate.REVOKED: Standing.REVOKED}


@dataclass(frozen=True)
class Answer:
    """What anybody may know of an instrument on a day."""

    code: str
    on: date
    standing: Standing
    kind: str = ""
    kind_english: str = ""
    verified: date | None = None
    due: date | None = None
    since: date | None = None  # when its certificate was suspended or revoked

    @property
    def tone(self) -> str:
        """Its colour."""
        return TONES.get(self.standing, "open")

    @property
    def said_kind(self) -> str:
        """The kind in the language of the page."""
        english = in_english()
        return self.kind_english if english and self.kind_english else self.kind


def tidy(text: str) -> str:
    """A code as people type it: full-width characters and spaces are forgiven. Raises Fault."""
    code = unicodedata.normalize("NFKC", text).strip()
    if not code or len(code) > LONGEST or not code.isprintable():
        raise Fault(
            f"器具编码：应为 1 至 {LONGEST} 个字符，照标签上的写；收到 {text[:LONGEST]!r}"
            f" / code of an instrument: 1 to {LONGEST} characters, as on its label; received {text[:LONGEST]!r}"
        )
    return code


def answer(code: str, on: date) -> Answer:
    """What can be said of the instrument with a code on a day."""
    rows = Instrument.objects.filter(code=code, purpose__in=FOR_THE_PUBLIC).select_related("entry")
    row = rows.first()
    if row is None:
        return Answer(code, on, Standing.UNKNOWN)
    entry = row.entry
    kind, english = (entry.name, entry.name_english) if entry else ("", "")
    certificate = newest([code]).get(code)
    if row.status == Status.IN_USE and certificate is not None and _rests_on(row, certificate):
        withdrawn = WITHDRAWN[OfCertificate(certificate.standing)]
        return Answer(code, on, withdrawn, kind, english, since=certificate.standing_since)
    return Answer(code, on, standing(row, entry, on), kind, english, row.verified, row.due)


def _rests_on(row: Instrument, certificate: Certificate) -> bool:
    """Whether the ledger has nothing later than a certificate that was withdrawn."""
    later = row.verified is not None and row.verified > certificate.ended
    return certificate.standing in WITHDRAWN and not later


def standing(row: Instrument, entry: CatalogueEntry | None, on: date) -> Standing:
    """By its status, its due date, and what the catalogue asks of its kind."""
    if row.status != Status.IN_USE:
        return Standing.OUT
    if row.due is not None:
        return Standing.IN_DATE if on <= row.due else Standing.OVERDUE
    if entry is not None and entry.mode == Mode.ONCE_UNTIL_WRONG and row.verified is not None:
        return Standing.ONCE
    return Standing.NO_DATE


@require_safe
@cached(KEPT)
@limited(LOOK_UP)
def page(request: HttpRequest) -> HttpResponse:
    """Ask, and the answer; what is wrong with a code is said at its field."""
    asked = request.GET.get("code")
    context: dict[str, object] = {"code": asked or "", "longest": LONGEST}
    if asked is None:
        return render(request, "site/in_date.html", context)
    try:
        context["answer"] = answer(tidy(asked), timezone.localdate())
    except Fault as error:
        return render(request, "site/in_date.html", {**context, "fault": str(error)}, status=422)
    return render(request, "site/in_date.html", context)
