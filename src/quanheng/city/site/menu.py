"""The menu: what a viewer may see, office by office."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from quanheng.city.certificates import menu as certificates
from quanheng.city.frame.menu import Entry
from quanheng.city.frame.roles import Role, viewer_of
from quanheng.city.indicators import menu as indicators
from quanheng.city.instruments import menu as instruments
from quanheng.city.people import menu as people
from quanheng.city.site.events import EVENTS_SEEN
from quanheng.city.supervision import menu as supervision

ENTRIES = (
    Entry("verify", _("查验证书"), frozenset({Role.PUBLIC})),
    Entry("in-date", _("在有效期内吗"), frozenset({Role.PUBLIC})),
    *indicators.ENTRIES,
    *supervision.ENTRIES,
    *certificates.ENTRIES,
    *instruments.ENTRIES,
    *people.ENTRIES,
    Entry("events", _("事件"), EVENTS_SEEN),
    Entry("explained", _("城市量什么"), frozenset({Role.PUBLIC})),
    Entry("open-data", _("开放数据"), frozenset({Role.PUBLIC})),
)


def menu(request: HttpRequest) -> dict[str, Any]:
    """For every page: menu, and whether this is a sample city."""
    viewer = viewer_of(request)
    entries = []
    for each in ENTRIES:
        if viewer.role in each.see:
            url = reverse(each.address)
            entries.append({"url": url, "title": each.title, "here": request.path.startswith(url)})
    return {"menu": entries, "demo": settings.DEMO}
