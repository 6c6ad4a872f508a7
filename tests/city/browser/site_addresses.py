"""Every address of the site, and where its parameters come from.

An address without parameters is walked to by itself, and so are the pages of every register. One with parameters
needs a line in WITH: from which row a viewer takes them; None: this viewer has no such row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from quanheng.city.audit.models import Event
from quanheng.city.certificates.actions.issue import ISSUE_ALL
from quanheng.city.certificates.models import Certificate, Entry, Job, JobState, Recall
from quanheng.city.indicators.models import Entered
from quanheng.city.instruments.models import Instrument
from quanheng.city.queue.models import Task
from quanheng.city.register.declaration import REGISTERS, Register
from quanheng.city.register.models import Import
from quanheng.city.supervision.models import Area, Cycle, Delivery, FieldCheck, Lake, Order, Verdict

Given = dict[str, Any] | None
With = Callable[[Any], Given]


@dataclass(frozen=True)
class OfRow:
    """Parameters from the first of the rows that a viewer may see."""

    rows: Callable[[Any], Any]
    fields: dict[str, str]  # parameter: field of the row
    more: dict[str, Any]  # parameters that are always the same

    def __call__(self, viewer: Any) -> Given:
        """Of a row that he may see."""
        return self._of(self.rows(viewer))

    def anothers(self, viewer: Any, everybody: Any) -> Given:
        """Of a row that `everybody` sees and he does not."""
        return self._of(
            self.rows(everybody).exclude(pk__in=list(self.rows(viewer).values_list("pk", flat=True)))
        )

    def _of(self, rows: Any) -> Given:
        row = rows.order_by("pk").values_list(*self.fields.values()).first()
        return None if row is None else {**dict(zip(self.fields, row, strict=True)), **self.more}


def of_row(rows: Callable[[Any], Any], more: dict[str, Any] | None = None, **fields: str) -> OfRow:
    """pk=pk where no fields are given."""
    return OfRow(rows, fields or {"pk": "pk"}, more or {})


def of_register(register: Register) -> dict[str, With]:
    """The pages of a register that need parameters."""
    imports = of_row(
        lambda viewer: Import.objects.filter(register=register.name, by__username=viewer.username)
    )
    return {
        f"{register.name}-export": lambda viewer: {"form": "csv"},
        f"{register.name}-record": of_row(register.visible),
        f"{register.name}-change": of_row(register.theirs),
        f"{register.name}-import-check": imports,
        f"{register.name}-import-write": imports,
    }


WITH: dict[str, With] = {
    "sign-in-as": lambda viewer: {"username": "city"},
    "user-reset": lambda viewer: {"pk": 1},
    "user-shut": lambda viewer: {"pk": 1},
    "drop-token": lambda viewer: {"pk": 1},
    "explained-one": lambda viewer: {"key": "electricity"},
    "event": of_row(lambda _: Event.objects),
    "label": of_row(Instrument.objects.visible_to),
    "cycle-area": of_row(Area.objects.visible_to, pk="cycle", area="area"),
    "order-act": of_row(Order.objects.visible_to, {"move": "accept"}),
    "receipt": of_row(Delivery.objects.visible_to, {"what": "receipt"}),
    "indicator": lambda viewer: {"key": "public-standards"},
    "indicator-trend": lambda viewer: {"key": "public-standards"},
    "indicator-enter": lambda viewer: {"key": "national-centres"},
    "indicator-evidence": lambda viewer: Entered.objects.order_by("pk").values("key", "pk").first(),
    "indicator-members": lambda viewer: {"key": "public-standards", "version": 1},
}
for _name in ("", "-state", "-cancel", "-resume", "-recompute", "-report.html", "-run.json", "-run.proof"):
    WITH[f"cycle{_name}"] = of_row(Cycle.objects.visible_to)
for _name in ("recomputations", "orders-issue", "cycle-seal"):
    WITH[_name] = of_row(Cycle.objects.visible_to)
for _name in ("verdict", "verdict-sheet"):
    WITH[_name] = of_row(Verdict.objects.visible_to)
for _name in ("order", "order-notice", "order-proof"):
    WITH[_name] = of_row(Order.objects.visible_to)
WITH["check"] = of_row(FieldCheck.objects.visible_to)
WITH["check-photo"] = of_row(lambda viewer: FieldCheck.objects.visible_to(viewer).exclude(photo=""))
for _name in ("lake", "lake-hand-in", "lake-look", "lake-plan", "lake-run"):
    WITH[_name] = of_row(Lake.objects.visible_to, name="name")
for _name in ("", "-readings", "-check", "-send-back", "-give-back", "-withdraw", "-sign"):
    WITH[f"job{_name}"] = of_row(Job.objects.visible_to)


def issued_together(viewer: Any) -> Any:
    """The tasks of which a viewer sees a job."""
    seen = Job.objects.visible_to(viewer).filter(state=JobState.ISSUED).exists()
    return Task.objects.filter(kind=ISSUE_ALL) if seen else Task.objects.none()


WITH["jobs-together"] = of_row(issued_together)
WITH["job-budget"] = of_row(
    lambda viewer: Entry.objects.visible_to(viewer).filter(replaced_by=None), pk="job", entry="pk"
)
for _name in ("-chain", "-chain-picture", "-act"):
    WITH[f"certificate{_name}"] = of_row(Certificate.objects.visible_to)
WITH["certificate-file"] = of_row(Certificate.objects.visible_to, {"form": "xml"})
for _name in ("-public", "-public-code"):
    WITH[f"certificate{_name}"] = of_row(lambda _: Certificate.objects, number="number")
WITH["recall"] = of_row(Recall.objects.visible_to)
for _register in REGISTERS.values():
    WITH |= of_register(_register)

FRAGMENTS = {"cycle-state", "recomputations"}  # parts of a page, which htmx puts in their place
PAPERS = {
    "cycle-report.html",
    "verdict-sheet",
    "verify",
    "verify-page",
}  # files of a run in both languages, with a switch of their own
ONLY_AFTER = {
    "set_language": "it leads back to where one was",
    "cycle-run.proof": "keys of the log; tests/city/supervision",
    "receipts-key": "keys of the site; tests/city/supervision",
    "sign-in-second": "a right password; tests/city/people/test_signing_in.py",
}
ELSEWHERE = ("api/",)  # what programs ask: site_permissions.py, test_api.py


@dataclass(frozen=True)
class Address:
    """A name that the resolver knows."""

    name: str
    route: str
    parameters: tuple[str, ...]
    view: Any


def addresses() -> Iterator[Address]:
    """Every named address of the site, in the order of the resolver."""
    yield from _below(get_resolver(), "")


def _below(resolver: URLResolver, before: str) -> Iterator[Address]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if route.startswith(ELSEWHERE):
            continue
        if isinstance(each, URLResolver):
            yield from _below(each, route)
        elif isinstance(each, URLPattern):
            yield Address(each.name or "", route, tuple(each.pattern.converters), each.callback)


def without_example() -> list[str]:
    """What is missing in WITH, in words, and names that two addresses have."""
    names = Counter(each.name for each in addresses())
    twice = [f"{name}: {count} addresses have this name" for name, count in names.items() if count > 1]
    return twice + [
        f"{each.name or '(no name)'}: {each.route} — give it a name and add to WITH: "
        f'"{each.name}": lambda viewer: {{{", ".join(f"{name!r}: …" for name in each.parameters)}}},'
        for each in addresses()
        if not each.name or (each.parameters and each.name not in WITH)
    ]
