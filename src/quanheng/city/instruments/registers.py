"""The registers of the office of instruments."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.frame.roles import EVERYBODY, STAFF, Role
from quanheng.city.instruments import actions
from quanheng.city.instruments.models import CatalogueEntry, Instrument, MeasurementStandard
from quanheng.city.register.declaration import Register, declared

CATALOGUE = declared(
    Register(
        name="catalogue", model=CatalogueEntry, title=_("强检目录"),
        lead=_("实施强制管理的计量器具目录，按版本；每一项写明出处，以及是否已与原文核对。"),
        columns=("code", "category", "name", "regime", "mode", "cycle_months", "checked"),
        fields=(
            "code", "version", "category", "name", "name_english", "regime", "mode", "regulation", "cycle_months",
            "since", "until", "source", "checked",
        ),
        key="code", search=("code", "name"), filters=("regime", "mode"), see=EVERYBODY, write=frozenset({Role.CITY}),
        save=actions.keep, save_all=actions.keep_all,
    )
)  # fmt: skip

INSTRUMENTS = declared(
    Register(
        name="instruments", model=Instrument, title=_("计量器具台账"),
        lead=_("在用计量器具：谁在用，在哪里，哪天检定过，有效期到哪天。"),
        columns=("code", "name", "model", "serial", "user", "district", "verified", "due", "status"),
        fields=(
            "code", "name", "entry", "model", "measuring_range", "accuracy_class", "serial", "maker", "origin",
            "type_approval", "user", "district", "place", "purpose", "delivery", "put_in_use", "verified", "due",
            "status",
        ),
        key="code", search=("code", "serial"), filters=("purpose", "status", "district", "entry"), see=STAFF,
        write=frozenset({Role.CITY, Role.INSTITUTE, Role.UTILITY, Role.ENTERPRISE}),
        save=actions.keep, save_all=actions.keep_all,
    )
)  # fmt: skip

STANDARDS = declared(
    Register(
        name="standards", model=MeasurementStandard, title=_("计量标准"),
        lead=_("已建计量标准（建标）：考核证书、有效期、测量范围、溯源。"),
        columns=("code", "name", "kind", "holder", "until", "active"),
        fields=(
            "code", "name", "kind", "holder", "assessment", "since", "until", "quantity", "unit", "lower", "upper",
            "accuracy", "item", "traced_to", "active",
        ),
        key="code", search=("code", "name"), filters=("kind",), see=EVERYBODY,
        write=frozenset({Role.CITY, Role.INSTITUTE, Role.ENTERPRISE}),
        save=actions.keep, save_all=actions.keep_all,
    )
)  # fmt: skip
