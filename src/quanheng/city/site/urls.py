"""Addresses of the site, office by office."""

from __future__ import annotations

from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from quanheng.city.site import events, explained, home, in_date, open_data, pages, verify
from quanheng.city.site.api import api

urlpatterns = [
    path("", home.home, name="home"),
    path("in-date/", in_date.page, name="in-date"),
    path("verify/", verify.verify, name="verify"),
    path("verify/page.proof", verify.proof, name="verify-proof"),
    path("verify/page.html", verify.saved, name="verify-page"),
    path("explained/", explained.explained, name="explained"),
    path("explained/decided/", explained.decided, name="decided"),
    path("explained/<slug:key>/", explained.one, name="explained-one"),
    path("open-data/", open_data.page, name="open-data"),
    path("events/", events.events, name="events"),
    path("events/export.csv", events.export, name="events-export"),
    path("events/<int:pk>/", events.event, name="event"),
    path("healthz", pages.health, name="health"),
    path("metrics", pages.metrics, name="metrics"),
    # a token of its own would make every stranger's page another one, and no cache could keep it
    path("language/setlang/", csrf_exempt(set_language), name="set_language"),
    path("api/", api.urls),
    path("", include("quanheng.city.people.urls")),
    path("", include("quanheng.city.instruments.urls")),
    path("", include("quanheng.city.certificates.urls")),
    path("supervision/", include("quanheng.city.supervision.urls")),
    path("indicators/", include("quanheng.city.indicators.urls")),
]
