"""Addresses of the site, office by office."""

from __future__ import annotations

from django.urls import include, path

from quanheng.city.site import pages
from quanheng.city.site.api import api

urlpatterns = [
    path("", pages.home, name="home"),
    path("healthz", pages.health, name="health"),
    path("language/", include("django.conf.urls.i18n")),
    path("api/", api.urls),
    path("", include("quanheng.city.people.urls")),
    path("", include("quanheng.city.instruments.urls")),
]
