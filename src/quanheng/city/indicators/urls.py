"""Addresses of the office of indicators."""

from __future__ import annotations

from django.urls import path

from quanheng.city.indicators import pages

urlpatterns = [
    path("", pages.table, name="indicators"),
    path("export.csv", pages.export, name="indicators-export"),
    path("take/", pages.take, name="indicators-take"),
    path("map/", pages.by_district, name="indicators-map"),
    path("<slug:key>/", pages.one, name="indicator"),
    path("<slug:key>/trend.svg", pages.trend, name="indicator-trend"),
    path("<slug:key>/enter/", pages.enter, name="indicator-enter"),
    path("<slug:key>/evidence/<int:pk>/", pages.evidence, name="indicator-evidence"),
    path("<slug:key>/<int:version>/members/", pages.members, name="indicator-members"),
]
