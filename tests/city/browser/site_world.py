"""A site with the sample city, to be opened by a browser: builds it and says, as JSON, who sees what there.

python site_world.py CITY        QUANHENG_HOME, QUANHENG_DATABASE, QUANHENG_DEMO=1 as for `quanheng serve`
"""

from __future__ import annotations

import io
import json
import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

import segno

from quanheng.cli.site import bring_up_to_date, set_up

CHINESE = re.compile(r"[\u3400-\u9fff]+")
ON = date(2026, 3, 1)


def main(city: Path) -> None:
    """Build the site; one JSON object on stdout."""
    set_up()
    bring_up_to_date()
    from site_matrix import rows
    from site_permissions import answers

    from quanheng.city.people.models import User
    from quanheng.city.site.sample.build import build

    build(city, seed=7, on=ON, said=lambda _told: None)
    users = list(User.objects.order_by("pk"))
    hand_in_sheets(users)
    issue_together()
    supervise()
    take_indicators(User.objects.get(username="city"))
    json.dump(
        {
            "answers": list(answers()),
            "sessions": {each.username: session(each) for each in users},
            "roles": {"": "public", **{each.username: each.role for each in users}},
            "words": sorted(known_words()),
            "rows": rows(),
        },
        sys.stdout,
    )


def hand_in_sheets(users: list[Any]) -> None:
    """Everybody who may write a register has handed in a sheet: an empty one says what it lacks."""
    from quanheng.city.register import imports, sheets
    from quanheng.city.register.declaration import REGISTERS

    for register in REGISTERS.values():
        for user in users:
            if register.may_write(user):
                rows = register.theirs(user).order_by("pk")[:3]
                imports.hand_in(register, user, "sheet.xlsx", sheets.export_excel(register, rows))


def issue_together() -> None:
    """Jobs were issued together, and the task has ended."""
    from quanheng.city.certificates.actions import issue
    from quanheng.city.certificates.models import Job, JobState
    from quanheng.city.queue.models import State, Task
    from quanheng.city.queue.tasks import ask

    issued = Job.objects.filter(state=JobState.ISSUED).values_list("pk", flat=True)
    task = ask(issue.ISSUE_ALL, {"jobs": list(issued)})
    Task.objects.filter(pk=task.pk).update(state=State.DONE)


def take_indicators(city: Any) -> None:
    """Two days of figures, and one that somebody entered."""
    from quanheng.city.indicators import actions

    for day in (date(2026, 2, 1), ON):
        actions.take(city, day)
    actions.enter(city, "national-centres", ON, 1, evidence=b"approved", name="approval.txt")


def supervise() -> None:
    """A cycle computed again, a check on site with a photo."""
    from django.utils import timezone

    from quanheng.city.people.models import User
    from quanheng.city.supervision.actions import checks, recomputing
    from quanheng.city.supervision.models import Cycle, Order

    auditor, inspector = User.objects.get(username="auditor"), User.objects.get(username="city")
    recomputing.ask(auditor, Cycle.objects.earliest("pk"))
    order = Order.objects.exclude(meter="").earliest("pk")
    facts = {
        "uuid": "00000000-0000-4000-8000-000000000001",
        "meter": order.meter,
        "at": timezone.now().isoformat(),
        "found": "not_found",
        "seal": "absent",
        "order": order.pk,
    }
    checks.record(inspector, checks.read(facts), picture())


def picture() -> bytes:
    """A photo of nothing, as PNG."""
    out = io.BytesIO()
    segno.make("a meter").save(out, kind="png")
    return out.getvalue()


def session(user: Any) -> str:
    """The key of a session in which a user is signed in."""
    from django.test import Client

    browser = Client()
    browser.force_login(user)
    return browser.cookies["sessionid"].value


def known_words() -> set[str]:
    """Chinese that the records themselves hold: data, which no catalogue translates."""
    from django.apps import apps

    words: set[str] = set()
    for model in apps.get_models():
        names = [
            field.name
            for field in model._meta.concrete_fields
            if field.get_internal_type() in ("CharField", "TextField", "JSONField")
        ]
        for row in model._default_manager.values_list(*names).iterator(2_000):
            words.update(CHINESE.findall(json.dumps(row, ensure_ascii=False, default=str)))
    return words


if __name__ == "__main__":
    main(Path(sys.argv[1]))
