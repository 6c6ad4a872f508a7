"""How long people wait for the site: pages of a large ledger, and fifty people at once.

    python bench/site.py [--scale 1.0] [--only sqlite postgresql] [--markdown | --json]

scale 1.0 is a ledger of 1,000,000 instruments. Each database has a home of its own; PostgreSQL is that of the package
pgserver. Pages are asked in process (no network); the fifty ask a served site of two processes, over the loopback.
Beside each figure stands the bar that was set: 200 ms at the 95th percentile for pages of the ledger.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

INSTRUMENTS, PARTIES, TOGETHER, ORDERS, SHEET = 1_000_000, 200, 20_000, 2_000, 50_000
ASKED, PEOPLE, SECONDS = 40, 50, 20.0
BAR = 0.2  # seconds
TODAY = date(2026, 11, 27)


def line(figure: str, value: float, bar: float | None) -> dict[str, Any]:
    """A figure beside its bar."""
    ratio = bar / value if bar else None
    return {
        "figure": figure, "value": value, "unit": "s", "peer": "the bar" if bar else "", "peer_value": bar,
        "ratio": ratio, "goal": 1.0 if bar else None, "holds": ratio is None or ratio >= 1,
    }  # fmt: skip


def percentile(times: list[float], share: float = 0.95) -> float:
    """The time within which a share of the answers came."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


# ---- one database, in a process of its own --------------------------------------------------------------------------


def of_database(name: str, scale: float) -> Iterator[dict[str, Any]]:
    """Fill, then ask. The environment says which home and which database."""
    from quanheng.cli.site import bring_up_to_date, set_up

    set_up()
    bring_up_to_date()
    begun = time.perf_counter()
    users, n = fill(round(INSTRUMENTS * scale))
    yield line(f"{name}: filling a ledger of {n:,} instruments", time.perf_counter() - begun, None)
    yield from pages(name, users, n)
    yield from importing(name, users["power"], round(SHEET * scale))
    yield from crowd(name, users["city"], n)


def fill(n: int) -> tuple[dict[str, Any], int]:
    """Districts, parties, and n instruments, half of them the power company's, by the actions of their offices.

    One in ten is verified once and has no due date; one in a thousand is to be verified again and lacks its date.
    """
    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.instruments import actions
    from quanheng.city.instruments.models import CatalogueEntry, Instrument, Mode, Purpose, Regime
    from quanheng.city.people.models import Party
    from quanheng.city.site.sample.who import people

    who = people(TODAY)
    parties, districts = list(Party.objects.all()[:PARTIES]), list(who.districts.values())
    rng, purposes = random.Random(1), list(Purpose)
    periodic, once = (
        CatalogueEntry(code=mode, category="bench", regime=Regime.VERIFICATION, mode=mode, since=TODAY)
        for mode in (Mode.PERIODIC, Mode.ONCE_UNTIL_WRONG)
    )
    for entry in (periodic, once):
        actions.keep(SYSTEM, entry)
    for start in range(0, n, TOGETHER):
        rows = []
        for k in range(start, min(start + TOGETHER, n)):
            verified = TODAY - timedelta(days=rng.randrange(775))  # one in seventeen is overdue
            rows.append(
                Instrument(
                    code=f"QH{k:09d}", name="电能表", serial=f"S{rng.randrange(10**9):09d}",
                    user=parties[k // 2 % len(parties)] if k % 2 else who.utilities["electricity"],
                    district=districts[k % len(districts)], purpose=purposes[k % len(purposes)], verified=verified,
                    due=None if k % 10 == 3 or k % 1000 == 7 else verified + timedelta(days=730),
                    entry=once if k % 10 == 3 else periodic,
                )
            )  # fmt: skip
        actions.keep_all(SYSTEM, rows, {"source": "bench"})
    return who.users, n


def pages(name: str, users: dict[str, Any], n: int) -> Iterator[dict[str, Any]]:
    """Pages of the ledger and of the due list, asked one after the other."""
    from django.test import Client

    from quanheng.city.instruments.models import Instrument
    from quanheng.city.people.models import District

    def ask(user: str, title: str, place: str) -> dict[str, Any]:
        browser = Client(SERVER_NAME="localhost")
        browser.force_login(users[user])
        times = [seconds(lambda: browser.get(place)) for _ in range(ASKED)]
        return line(f"{name}: {title}, p95", percentile(times), BAR)

    first = Instrument.objects.order_by("pk").values_list("pk", flat=True)[0]
    serial = Instrument.objects.values_list("serial", flat=True)[0]
    district = District.objects.values_list("pk", flat=True)[0]
    asked = {
        "first page": "", "a page in the middle": f"after={first + n // 2}",
        "filter by district": f"district={district}",
        "filter by purpose": "purpose=trade", "filter by status": "status=in use",
        "two filters": f"district={district}&purpose=trade", "search by code": f"q=QH{n // 2:09d}",
        "search by the beginning of a code": f"q=QH{n // 2000:06d}", "search by serial": f"q={serial}",
        "search for nothing there": "q=ZZZZ", "search by the beginning of all": "q=QH",
    }  # fmt: skip
    due = {
        "overdue": "", "a page in the middle": f"after={TODAY - timedelta(days=20)},{n // 2}",
        "due in 90 days": "when=90", "without a date": "when=undated",
        "by user": f"user={users['power'].party.name}", "two filters": f"district={district}&purpose=trade",
    }  # fmt: skip
    for title, query in asked.items():
        yield ask("city", f"ledger, {title}", f"/instruments/?{query}")
    for title, query in due.items():
        yield ask("city", f"due list, {title}", f"/due/?{query}")
    yield ask(
        "water",
        "ledger of water, search by the beginning of all",
        f"/instruments/?{asked['search by the beginning of all']}",
    )
    for user in ("power", "east"):
        for title in ("first page", "filter by status", "search by serial", "search by the beginning of all"):
            yield ask(user, f"ledger of {user}, {title}", f"/instruments/?{asked[title]}")
        for title in ("overdue", "without a date"):
            yield ask(user, f"due list of {user}, {title}", f"/due/?{due[title]}")


def importing(name: str, user: Any, n: int) -> Iterator[dict[str, Any]]:
    """A sheet of n new instruments, handed in, and written."""
    from quanheng.city.instruments.models import Instrument
    from quanheng.city.instruments.registers import INSTRUMENTS
    from quanheng.city.people.models import District
    from quanheng.city.register import imports, sheets

    district = District.objects.all()[0]
    rows = [
        Instrument(code=f"IN{k:07d}", name="电能表", serial=f"N{k}", user=user.party, district=district,
                   verified=TODAY, due=TODAY + timedelta(days=730))
        for k in range(n)
    ]  # fmt: skip
    data = sheets.export_excel(INSTRUMENTS, rows)
    begun = time.perf_counter()
    kept = imports.hand_in(INSTRUMENTS, user, "bench.xlsx", data)
    assert kept.new == n, kept.faults
    yield line(f"{name}: a sheet of {n:,} rows, checked", time.perf_counter() - begun, None)
    begun = time.perf_counter()
    imports.write(INSTRUMENTS, kept, user)
    yield line(f"{name}: the same, written", time.perf_counter() - begun, None)


def seconds(ask: Callable[[], Any]) -> float:
    """How long an answer takes that is one."""
    begun = time.perf_counter()
    assert ask().status_code == 200
    return time.perf_counter() - begun


# ---- fifty people at once ------------------------------------------------------------------------------------------


def orders(n: int) -> list[int]:
    """n orders to set clocks right, as a cycle would have proposed them: keys."""
    from django.utils import timezone

    from quanheng.city.audit import actions as audit
    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.people.models import District
    from quanheng.city.supervision.models import Area, Cycle, Kind, Lake, Order, Utility

    lake = Lake(name="bench", title="样例数据湖")
    audit.save(SYSTEM, "bench", lake)
    cycle = Cycle(lake=lake, folder="bench", asked=timezone.now(), indexed=timezone.now())
    audit.save(SYSTEM, "bench", cycle)
    utility, district = Utility.ELECTRICITY, District.objects.all()[0]
    area = Area(cycle=cycle, area="A", utility=utility, district=district, master="M", health="ok")
    audit.save(SYSTEM, "bench", area)
    rows = [
        Order(
            cycle=cycle, number=f"{k:05d}", kind=Kind.CLOCK, area=area, utility=utility, district=district, rank=k,
            text_zh="校时", text_en="set the clock",
        )
        for k in range(n)
    ]  # fmt: skip
    audit.write_all(SYSTEM, "bench", rows, {"source": "bench"})
    return list(Order.objects.filter(cycle=cycle).values_list("pk", flat=True))


NEXT = {"proposed": "issue", "issued": "accept", "accepted": "done", "done": "close", "closed": "reopen"}


def crowd(name: str, user: Any, n: int) -> Iterator[dict[str, Any]]:
    """Fifty people read, change instruments, and move orders, each his own one after the other, on a served site."""
    from django.db import connection

    from quanheng.city.instruments.models import Instrument
    from quanheng.city.people.actions import make_token

    tokens = [make_token(user, "bench", 1) for _ in range(PEOPLE)]  # a limit holds for each
    first = Instrument.objects.order_by("pk").values_list("pk", flat=True)[0]
    listed = orders(ORDERS)
    connection.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "quanheng.cli.main", "serve", "--no-worker", "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as site:
        try:
            wait_for(port)

            people = [Person(port, n, token) for n, token in enumerate(tokens)]

            def read(me: Person) -> float:
                places = ("/", "/indicators/", "/api/instruments?limit=50", "/verify/", "/standards/")
                return me.ask("GET", me.rng.choice(places))[0]

            def change(me: Person) -> float:
                place = f"/api/instruments/{first + me.rng.randrange(n)}"
                said = {k: v if v != "" else None for k, v in me.ask("GET", place)[1].items() if k != "id"}
                return me.ask("PUT", place, said | {"place": "样例路"})[0]

            def move(me: Person) -> float:
                place = f"/api/supervision/orders/{me.rng.choice(listed[me.number :: PEOPLE])}"
                order = me.ask("GET", place)[1]
                step = {"held": order["held"], "text": "已校时", "deadline": str(TODAY + timedelta(days=60))}
                return me.ask("POST", f"{place}/{NEXT[order['state']]}", step)[0]

            for title, act in (
                ("reading main pages", read), ("changing an instrument", change), ("moving an order a step", move)
            ):  # fmt: skip
                times, refused = at_once(people, act)
                words = f"{name}: {PEOPLE} people {title}, p95 of {len(times):,}"
                yield line(f"{words} ({refused} refused)" if refused else words, percentile(times), None)
        finally:
            site.terminate()


class RefusedError(Exception):
    """The site answered, but not with what was asked for."""


class Person:
    """Somebody at an address of his own, with a token of his own: limits hold for each."""

    def __init__(self, port: int, number: int, token: str) -> None:
        self.port, self.number, self.token, self.rng = port, number, token, random.Random(number)

    def ask(self, method: str, path: str, data: Any = None) -> tuple[float, Any]:
        """How long the answer took, and what it says. Raises RefusedError."""
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        begun = time.perf_counter()
        way = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=60, source_address=(f"127.0.1.{self.number + 1}", 0)
        )
        try:
            way.request(method, path, None if data is None else json.dumps(data).encode(), head)
            answer = way.getresponse()
            said = answer.read()
        finally:
            way.close()
        took = time.perf_counter() - begun
        if answer.status != 200:
            raise RefusedError(f"{method} {path}: {answer.status} {said[:200]!r}")
        return took, json.loads(said) if path.startswith("/api/") else None


def wait_for(port: int) -> None:
    """Return once the site answers."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(port)


def at_once(people: list[Person], act: Callable[[Person], float]) -> tuple[list[float], int]:
    """Times of what all of them did over SECONDS, each as often as he could, and how many were refused."""
    times: list[float] = []
    refused = [0]
    end = time.perf_counter() + SECONDS

    def work(me: Person) -> None:
        while time.perf_counter() < end:
            try:
                times.append(act(me))
            except RefusedError as why:
                refused[0] += 1
                if refused[0] == 1:
                    print(why, file=sys.stderr)

    threads = [threading.Thread(target=work, args=(each,)) for each in people]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return times, refused[0]


# ---- both ------------------------------------------------------------------------------------------------------------


def both(names: list[str], scale: float) -> Iterator[dict[str, Any]]:
    """The figures of each database, from a process of its own."""
    for name in names:
        with tempfile.TemporaryDirectory(prefix="quanheng-bench-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o755)
            home = {"QUANHENG_HOME": f"{folder}/home", "QUANHENG_DEMO": "1"}
            server = None
            if name == "postgresql":
                try:
                    import pgserver
                except ImportError:
                    yield {**line("postgresql", float("nan"), None), "reason": "pgserver is not installed"}
                    continue
                server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
                server.psql("CREATE DATABASE quanheng")
                home["QUANHENG_DATABASE"] = urlsplit(server.get_uri())._replace(path="/quanheng").geturl()
            command = [sys.executable, __file__, "--of", name, "--scale", str(scale)]
            with subprocess.Popen(
                command, env={**os.environ, **home}, stdout=subprocess.PIPE, text=True
            ) as child:
                assert child.stdout is not None
                yield from map(json.loads, child.stdout)
            if server:
                server.cleanup()


def main() -> int:
    """Print the figures as they come."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument(
        "--only", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"]
    )
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--of", choices=("sqlite", "postgresql"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.of:
        for each in of_database(args.of, args.scale):
            print(json.dumps(each), flush=True)
        return 0
    if not args.json:
        print("| figure | ours | the bar | holds |\n|---|---|---|---|")
    for each in both(args.only, args.scale):
        if args.json:
            print(json.dumps(each, ensure_ascii=False), flush=True)
            continue
        bar = "" if each["peer_value"] is None else f"{1000 * each['peer_value']:.0f} ms"
        value = f"{each['value']:.1f} s" if each["value"] >= 10 else f"{1000 * each['value']:.0f} ms"
        holds = "" if each["peer_value"] is None else "✓" if each["holds"] else "✗"
        print(f"| {each['figure']} | {each.get('reason') or value} | {bar} | {holds} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
