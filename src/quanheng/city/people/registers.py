"""The registers of the office of people."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quanheng.city.frame.roles import EVERYBODY, STAFF, Role, Viewer
from quanheng.city.people import actions
from quanheng.city.people.models import District, Party, Person, Qualification
from quanheng.city.register.declaration import Link, Panel, Register, declared

CITY = frozenset({Role.CITY})
EMPLOYERS = frozenset({Role.CITY, Role.INSTITUTE, Role.UTILITY, Role.ENTERPRISE})

DISTRICTS = declared(
    Register(
        name="districts", model=District, title=gettext_lazy("区"), lead=gettext_lazy("城市的各区，按行政区划代码。"),
        columns=("code", "name"), fields=("code", "name", "name_english"), key="code", search=("code", "name"),
        filters=(), see=EVERYBODY, write=CITY, save=actions.keep, save_all=actions.keep_all,
    )
)  # fmt: skip


def of_party(party: Party, viewer: Viewer) -> Iterable[Panel]:
    """The people of a party."""
    people = Person.objects.visible_to(viewer).filter(party=party)[:200]
    rows = [(Link(PEOPLE.url("record", each.pk), each.number), each.name, each.post) for each in people]
    yield Panel(_("人员"), (_("编号"), _("姓名"), _("岗位")), rows, _("没有登记人员。"))


PARTIES = declared(
    Register(
        name="parties", model=Party, title=gettext_lazy("单位"),
        lead=gettext_lazy("主管部门、检定机构、实验室、公用事业与企业；统一社会信用代码逐位核对。"),
        columns=("code", "name", "kind", "district", "active"),
        fields=("code", "kind", "name", "name_english", "district", "address", "authorisation", "active"),
        key="code", search=("code", "name"), filters=("kind", "district"), see=EVERYBODY, write=CITY,
        save=actions.keep, save_all=actions.keep_all, panels=of_party,
        public_fields=("code", "kind", "name", "name_english", "authorisation"),
    )
)  # fmt: skip


def of_person(person: Person, viewer: Viewer) -> Iterable[Panel]:
    """The qualifications of a person."""
    rows = [
        (
            Link(QUALIFICATIONS.url("record", each.pk), each.number),
            each.get_kind_display(),
            each.field,
            each.since,
            each.until or "–",
        )
        for each in person.qualifications.all()
    ]
    yield Panel(
        _("资格"),
        (_("证书号"), _("资格"), _("专业、项目"), _("有效期自"), _("有效期至")),
        rows,
        _("没有登记资格。"),
    )


PEOPLE = declared(
    Register(
        name="people", model=Person, title=gettext_lazy("人员"), lead=gettext_lazy("计量人员及其资格。"),
        columns=("number", "name", "party", "post", "active"), fields=("number", "name", "party", "post", "active"),
        key="number", search=("number", "name"), filters=(), see=STAFF, write=EMPLOYERS,
        save=actions.keep, save_all=actions.keep_all, panels=of_person,
    )
)  # fmt: skip

QUALIFICATIONS = declared(
    Register(
        name="qualifications", model=Qualification, title=gettext_lazy("资格"),
        lead=gettext_lazy("注册计量师、考评员、授权签字人等，各有有效期。"),
        columns=("number", "kind", "person", "field", "since", "until"),
        fields=("number", "kind", "person", "field", "since", "until"), key="number", search=("number",),
        filters=("kind",), see=STAFF, write=EMPLOYERS, save=actions.keep, save_all=actions.keep_all,
    )
)  # fmt: skip
