"""Addresses of the office of instruments."""

from __future__ import annotations

from django.urls import path

from quanheng.city.instruments import due, labels, registers
from quanheng.city.register.pages import urls

urlpatterns = [
    path("due/", due.show, name="due-list"),
    path("due/export.xlsx", due.export, name="due-export"),
    path("labels/", labels.some, name="labels"),
    path("labels/<int:pk>/", labels.one, name="label"),
    *urls(registers.CATALOGUE),
    *urls(registers.CYCLES),
    *urls(registers.INSTRUMENTS),
    *urls(registers.STANDARDS),
    *urls(registers.COVERAGE),
]
