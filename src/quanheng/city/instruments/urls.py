"""Addresses of the office of instruments."""

from __future__ import annotations

from quanheng.city.instruments import registers
from quanheng.city.register.pages import urls

urlpatterns = [*urls(registers.CATALOGUE), *urls(registers.INSTRUMENTS), *urls(registers.STANDARDS)]
