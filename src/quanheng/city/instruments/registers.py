"""The registers of the office of instruments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from quanheng.city.frame.roles import EVERYBODY, STAFF, Role
from quanheng.city.instruments import actions
from quanheng.city.instruments.models import CatalogueEntry, Coverage, Cycle, Instrument, MeasurementStandard
from quanheng.city.instruments.spoken_for import look_over
from quanheng.city.register.declaration import Link, Register, declared

CATALOGUE = declared(
    Register(
        name="catalogue", model=CatalogueEntry, title=_("强检目录"),
        lead=_("实施强制管理的计量器具目录，按版本；每一项写明出处，以及是否已与原文核对。"),
        columns=("code", "category", "name", "regime", "mode", "since", "checked"),
        fields=(
            "code", "version", "category", "name", "name_english", "regime", "mode", "since", "until", "source",
            "checked",
        ),
        key="code", search=("code", "name", "category"), filters=("regime", "mode"), see=EVERYBODY,
        write=frozenset({Role.CITY}), save=actions.keep, save_all=actions.keep_all,
    )
)  # fmt: skip

CYCLES = declared(
    Register(
        name="verification-cycles", model=Cycle, title=_("检定周期"),
        lead=_("检定规程规定的周期，各有施行日期；规程修订后旧的留下，新的另记。"),
        columns=("code", "entry", "regulation", "applies", "months", "since", "until", "checked"),
        fields=(
            "code", "entry", "regulation", "applies", "applies_english", "months", "since", "until", "source",
            "checked",
        ),
        key="code", search=("code", "regulation"), filters=(), see=EVERYBODY, write=frozenset({Role.CITY}),
        save=actions.keep, save_all=actions.keep_all,
    )
)  # fmt: skip


def of_instruments(row: Any, viewer: Any) -> Iterable[Link]:
    """Labels to print."""
    yield Link(reverse("label", args=[row.pk]) if row else reverse("labels"), str(_("标签")))


INSTRUMENTS = declared(
    Register(
        name="instruments", model=Instrument, title=_("计量器具台账"),
        lead=_("在用计量器具：谁在用，在哪里，哪天检定过，有效期到哪天。"),
        columns=("code", "name", "model", "serial", "user", "district", "verified", "due", "status"),
        fields=(
            "code", "name", "entry", "cycle", "model", "measuring_range", "accuracy_class", "serial", "maker", "origin",
            "type_approval", "user", "district", "place", "quantity", "purpose", "delivery", "put_in_use", "verified",
            "due", "status",
        ),
        key="code", search=("code", "serial"), filters=("purpose", "status", "district", "entry"), see=STAFF,
        write=frozenset({Role.CITY, Role.INSTITUTE, Role.UTILITY, Role.ENTERPRISE}),
        save=actions.keep_instrument, save_all=actions.keep_instruments, links=of_instruments, look_over=look_over,
    )
)  # fmt: skip

STANDARDS = declared(
    Register(
        name="standards", model=MeasurementStandard, title=_("计量标准"),
        lead=_("已建计量标准（建标）：考核证书、有效期、测量范围、溯源。"),
        columns=("code", "name", "kind", "holder", "until", "active"),
        fields=(
            "code", "name", "kind", "holder", "assessment", "public_certificate", "since", "until", "quantity", "unit",
            "lower", "upper", "accuracy", "repeatability", "stability", "equipment", "procedure", "item", "traced_to",
            "traced_until", "place", "keeper", "active",
        ),
        key="code", search=("code", "name"), filters=("kind",), see=EVERYBODY,
        write=frozenset({Role.CITY, Role.INSTITUTE, Role.ENTERPRISE}),
        save=actions.keep, save_all=actions.keep_all,
        public_fields=(
            "code", "name", "kind", "holder", "assessment", "public_certificate", "since", "until", "quantity", "unit",
            "lower", "upper", "accuracy", "repeatability", "stability", "equipment", "procedure", "item", "traced_to",
            "traced_until", "place", "active",
        ),  # not who keeps it
    )
)  # fmt: skip

COVERAGE = declared(
    Register(
        name="coverage", model=Coverage, title=_("建标覆盖"),
        lead=_("哪项计量标准可以检定强检目录的哪一项；登记者已比较测量范围与准确度。"),
        columns=("code", "standard", "entry", "since", "until"), fields=("code", "standard", "entry", "since", "until"),
        key="code", search=("code",), filters=(), see=EVERYBODY,
        write=frozenset({Role.CITY, Role.INSTITUTE, Role.ENTERPRISE}),
        save=actions.keep, save_all=actions.keep_all,
    )
)  # fmt: skip
