"""Labels to stick on instruments: a code that leads anybody to the page that says whether it is in date."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import parse_qs

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from quanheng.city.frame.roles import check_role, viewer_of
from quanheng.city.instruments.models import FOR_THE_PUBLIC, Instrument
from quanheng.city.instruments.registers import INSTRUMENTS
from quanheng.city.register import listing, texts

MOST = 100  # on a page


@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """The label of one instrument."""
    viewer = viewer_of(request)
    check_role(viewer, INSTRUMENTS.see)
    return _sheet(request, [get_object_or_404(INSTRUMENTS.visible(viewer), pk=pk)], "")


@require_GET
def some(request: HttpRequest) -> HttpResponse:
    """Labels of what the ledger shows for the same address."""
    viewer = viewer_of(request)
    check_role(viewer, INSTRUMENTS.see)
    asked = request.GET.dict()
    behind = listing.number(asked.pop("after", "")) or 0
    fitting = listing.fitting_records(INSTRUMENTS, viewer, asked).filter(pk__gt=behind)
    found = list(fitting.order_by("pk")[: MOST + 1])
    following = urlencode({**asked, "after": found[MOST - 1].pk}) if len(found) > MOST else ""
    return _sheet(request, found[:MOST], following)


def _sheet(request: HttpRequest, rows: list[Any], following: str) -> HttpResponse:
    context = {"labels": [(each, _code(request, each)) for each in rows], "next": following, "most": MOST}
    return render(request, "instruments/labels.html", context)


def code_of(scanned: str) -> str:
    """The code of an instrument from what a scanner read off its label, or from the code as somebody typed it."""
    text = scanned.strip()
    address, _mark, query = text.partition("?")
    if not (address.startswith(("http://", "https://")) and address.endswith(reverse("in-date"))):
        return text
    code = parse_qs(query).get("code", [""])[0].strip()
    return "" if texts.unusable(code) else code


def _code(request: HttpRequest, instrument: Instrument) -> str:
    """The QR code as SVG, whose squares hold the address; "" where the public page would not know the instrument."""
    if instrument.purpose not in FOR_THE_PUBLIC:
        return ""
    place = f"{reverse('in-date')}?{urlencode({'code': instrument.code})}"
    out = io.BytesIO()
    segno.make(request.build_absolute_uri(place), error="m", micro=False).save(
        out, kind="svg", border=4, xmldecl=False, svgns=True, omitsize=True, light="#fff"
    )
    return out.getvalue().decode()
