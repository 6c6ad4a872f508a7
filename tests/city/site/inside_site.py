"""What a test does within a site of its own: `python inside_site.py DOING ARGUMENTS`, one JSON value on stdout."""

from __future__ import annotations

import json
import shutil
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from quanheng.cli.site import bring_up_to_date, set_up
from quanheng.ground.digest import sha256_file

PASSWORD = "an honest password"
PASSING = {"worker.alive", "limits.sqlite3", "metrics", "static", "lock"}


def fill() -> None:
    """A small city: a power company with an inspector's eye on it, 300 instruments, files, a log with a journal."""
    from django.conf import settings
    from small_city import credit_code

    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.frame.roles import Role
    from quanheng.city.instruments import actions as instruments
    from quanheng.city.instruments.models import Instrument
    from quanheng.city.people import actions as people
    from quanheng.city.people.models import District, Party, PartyKind, User

    district = District(code="990101", name="北城区", name_english="North", outline=[[[120.5, 31.25]]])
    people.keep(SYSTEM, district)
    power = Party(code=credit_code(1), kind=PartyKind.UTILITY, name="样例供电公司", district=district)
    people.keep(SYSTEM, power)
    User.objects.create_user("city", PASSWORD, Role.CITY)
    User.objects.create_user("power", PASSWORD, Role.UTILITY, party=power)
    rows = [Instrument(code=f"Q{n:04}", name="电能表", user=power, district=district) for n in range(300)]
    instruments.keep_all(SYSTEM, rows, {"from": "a test"})
    (settings.HOME / "evidence").mkdir()
    (settings.HOME / "evidence/a").write_bytes(b"approved")
    (settings.HOME / "same").hardlink_to(settings.HOME / "evidence/a")
    log(settings.HOME / "log")


def let_in() -> None:
    """Users of a sample city have no password: the city gets one."""
    from quanheng.city.people.models import User

    user = User.objects.get(username="city")
    user.set_password(PASSWORD)
    user.save()


def seal() -> None:
    """Enter the root of all events so far into the log."""
    from django.utils import timezone

    from quanheng.city.certificates.actions import auditing

    assert auditing.seal(timezone.localdate())


def log(folder: Path) -> None:
    """A log of 300 published entries and 3 that are acknowledged."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from quanheng.evidence.log.store import Log

    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with Log.create(folder, "quanheng.example/log", key.public_key().public_bytes_raw(), key) as opened:
        opened.append([b"%d" % n for n in range(300)])
        opened.publish(key)
        opened.append([b"a", b"b", b"c"])


def busy(seconds: str) -> int:
    """Go on writing: an entry of the log, a file, and the row that names them; how often."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from django.conf import settings

    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.instruments import actions as instruments
    from quanheng.city.instruments.models import Instrument
    from quanheng.evidence.log.store import Log

    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    row = Instrument.objects.get(code="Q0000")
    until, n = time.monotonic() + float(seconds), 0
    with Log.open(settings.HOME / "log", write=True) as opened:
        while time.monotonic() < until:
            index = opened.append([b"of the row"])[0]
            if n % 5 == 0:
                opened.publish(key)
            (settings.HOME / "evidence" / str(index)).write_bytes(b"proof")
            row.serial = str(index)
            instruments.keep(SYSTEM, row)
            n += 1
    return n


def whole() -> dict[str, Any]:
    """What must hold whenever it is looked at: the row, its last event, its file, its entry of the log."""
    from django.conf import settings

    from quanheng.city.audit.models import Event
    from quanheng.city.instruments.models import Instrument
    from quanheng.evidence.log.store import Log

    row = Instrument.objects.get(code="Q0000")
    event = Event.objects.filter(subject=f"instruments.instrument:{row.pk}").order_by("-id")[0]
    assert row.event_id == event.pk == Event.objects.order_by("-id")[0].pk
    assert event.after["serial"] == row.serial
    assert (settings.HOME / "evidence" / row.serial).read_bytes() == b"proof"
    with Log.open(settings.HOME / "log") as opened:
        opened.audit()
        assert opened.entry(int(row.serial)) == b"of the row"
        return {"serial": int(row.serial), "log": opened.size}


def said() -> dict[str, Any]:
    """Every row of every table of ours, and every file: for comparison."""
    from django.apps import apps
    from django.conf import settings

    tables = {}
    for model in apps.get_models(include_auto_created=True):
        if not model.__module__.startswith("quanheng."):
            continue
        names = [each.attname for each in model._meta.concrete_fields if each.name != "transaction"]
        rows = model._base_manager.order_by("pk").values_list(*names)
        tables[model._meta.label] = [json.dumps(row, sort_keys=True, default=plain) for row in rows]
    files = {
        str(path.relative_to(settings.HOME)): sha256_file(path)
        for path in sorted(Path(settings.HOME).rglob("*"))
        if path.is_file() and path.parts[len(settings.HOME.parts)] not in PASSING and path.name != "lock"
    }
    kept = {name: digest for name, digest in files.items() if not name.startswith("quanheng.sqlite3")}
    return {"tables": tables, "files": kept}


# ---- of the drills that kill -------------------------------------------------------------------------------------


def sheet(rows: str) -> str:
    """A sheet of so many new instruments."""
    from quanheng.city.instruments.models import Instrument
    from quanheng.city.people.models import Party
    from quanheng.city.register import sheets
    from quanheng.city.register.declaration import REGISTERS

    power = Party.objects.get()
    made = (
        Instrument(code=f"I{n:05}", name="电能表", user=power, district=power.district)
        for n in range(int(rows))
    )
    return "".join(sheets.export_csv(REGISTERS["instruments"], made))


def imported() -> list[Any]:
    """Instruments of the sheet, events of imports that name it, and how the import stands."""
    from quanheng.city.audit.models import Event
    from quanheng.city.instruments.models import Instrument
    from quanheng.city.register.models import Import

    kept = Import.objects.get()
    rows = Instrument.objects.filter(code__startswith="I")
    events = Event.objects.filter(action="instruments.import", after__sha256=kept.sha256)
    assert set(rows.values_list("event", flat=True)) == set(events.values_list("pk", flat=True))
    return [rows.count(), events.count(), kept.stage]


def pointed(folder: str) -> Any:
    """A lake of the power company."""
    from django.conf import settings

    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.people.models import Party
    from quanheng.city.supervision.actions import lakes

    shutil.copytree(folder, settings.HOME / "lakes/grid")
    made = lakes.point(SYSTEM, name="grid", title="供电", folder="lakes/grid", owner=Party.objects.get())
    return lakes.look(SYSTEM, made)


def orders(folder: str) -> list[Any]:
    """Orders that were issued to the power company, and a token of it."""
    from django.utils import timezone

    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.people import actions as people
    from quanheng.city.people.models import User
    from quanheng.city.supervision.actions import cycles
    from quanheng.city.supervision.actions import orders as acts
    from quanheng.city.supervision.models import Order

    cycle = cycles.run_now(SYSTEM, pointed(folder))
    acts.issue_all(SYSTEM, cycle, deadline=timezone.localdate() + timedelta(days=14))
    power = User.objects.get(username="power")
    mine = Order.objects.filter(assignee=power.party).order_by("pk").values_list("pk", flat=True)
    return [list(mine), people.make_token(power, "a test", 1)]


def orders_whole(acknowledged: str) -> int:
    """Every order is what its events say, and has an open objection just where it says so; how many of the
    acknowledged steps are among the events."""
    from quanheng.city.audit.models import Event
    from quanheng.city.supervision.models import Objection, Order

    for order in Order.objects.all():
        events = list(Event.objects.filter(subject=f"supervision.order:{order.pk}").order_by("pk"))
        states = [each.after["state"] for each in events if "state" in each.after]
        assert not states or states[-1] == order.state
        assert not events or events[-1].pk == order.event_id
        assert order.objections.filter(ending="").count() == (order.state == "objected")
    asked = Event.objects.filter(action="supervision.object order").count()
    assert Objection.objects.count() == asked == Event.objects.filter(action="supervision.object").count()
    kept = set(Event.objects.filter(actor="power").values_list("subject", "action", "pk"))
    return sum(
        (f"supervision.order:{order}", f"supervision.{step} order", event) in kept
        for order, step, event in json.loads(acknowledged)
    )


def ask_for_cycle(folder: str) -> int:
    """A cycle that somebody has asked for."""
    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.supervision.actions import cycles

    return int(cycles.ask(SYSTEM, pointed(folder)).pk)


def indexed() -> list[int]:
    """Verdicts and orders in the database, and how often the cycle was indexed."""
    from quanheng.city.audit.models import Event
    from quanheng.city.supervision.models import Order, Verdict

    times = Event.objects.filter(action="supervision.index cycle").count()
    return [Verdict.objects.count(), Order.objects.count(), times]


def proposed(out: str) -> int:
    """Orders that a run proposes."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(Path(out) / "orders.parquet").num_rows)


def task() -> list[Any]:
    """How the only task of a cycle stands, and how often it was tried."""
    from quanheng.city.queue.models import Task
    from quanheng.city.supervision.actions.cycles import TASK

    found = Task.objects.get(kind=TASK)
    return [found.state, found.attempts]


def plain(value: Any) -> str:
    """As a text that does not depend on the database."""
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)


def guarded() -> bool:
    """Whether the database refuses a write without an event, and a new event gets a number of its own."""
    from django.db import DatabaseError

    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.audit.past import last_event
    from quanheng.city.instruments import actions as instruments
    from quanheng.city.instruments.models import Instrument

    before = last_event()
    row = Instrument.objects.order_by("pk")[0]
    row.serial = "guarded"
    assert instruments.keep(SYSTEM, row).pk == before + 1
    made = Instrument(code="NEW", name="电能表", user=row.user, district=row.district)
    instruments.keep(SYSTEM, made)
    try:
        Instrument.objects.filter(pk=made.pk).update(serial="x")
    except DatabaseError:
        return True
    return False


DOINGS = {
    each.__name__: each
    for each in (
        *(fill, let_in, seal, busy, whole, said, guarded),
        *(sheet, imported, orders, orders_whole, ask_for_cycle, indexed, proposed, task),
    )
}

if __name__ == "__main__":
    set_up()
    bring_up_to_date()
    json.dump(DOINGS[sys.argv[1]](*sys.argv[2:]), sys.stdout)
