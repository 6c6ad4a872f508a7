"""How fast an institute issues: jobs that are checked become certificates that are signed, logged, proven, registered.

    python bench/issuing.py [--jobs 200] [--entries 100000] [--markdown | --json]

The sample city, its log filled up with entries of others. Beside it stands what cannot be left out for a certificate:
one signature, and its document put on the disk durably, twice (before it is logged, and with its proof), in the same
run on the same disk.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

CITY = ("--areas", "2", "--meters", "8", "--days", "30", "--seed", "7", "--chain", "60")
BATCH = 20_000


def line(figure: str, value: float, peer: str, limit: float | None, goal: float | None) -> dict[str, Any]:
    """A figure in seconds beside its limit."""
    ratio = limit / value if limit else None
    return {
        "figure": figure, "value": value, "unit": "s", "peer": peer, "peer_value": limit, "ratio": ratio, "goal": goal,
        "holds": goal is None or ratio is None or ratio >= goal,
    }  # fmt: skip


def quanheng(*words: str) -> None:
    """A command, in silence."""
    subprocess.run([sys.executable, "-m", "quanheng.cli.main", *words], check=True, stdout=subprocess.DEVNULL)


def figures(folder: Path, n: int, entries: int, profile: bool) -> Iterator[dict[str, Any]]:
    """Issue n certificates, as they are and behind so many entries."""
    os.environ |= {"QUANHENG_HOME": str(folder / "home"), "QUANHENG_DEMO": "1"}
    quanheng("simulate", str(folder / "city"), *CITY)
    quanheng("supervise", str(folder / "city" / "lake"), "--out", str(folder / "out"))
    quanheng("sample", str(folder / "city"), "--out", str(folder / "out"), "--seed", "7")
    from quanheng.cli.site import bring_up_to_date, set_up

    set_up()
    bring_up_to_date()
    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.certificates import house, store
    from quanheng.city.certificates.actions import issue
    from quanheng.city.certificates.models import Certificate
    from quanheng.evidence import signature
    from quanheng.ground.files import write_durably

    issue.issue_all(SYSTEM, asked(3, "warm"))
    size = house.entries()
    yield line(f"a certificate of {n}, a log of {size:,}", issued(asked(n, "a"), profile), "", None, None)
    with house.writing() as log:
        for start in range(0, entries, BATCH):
            log.append(
                [hashlib.sha256(b"%d" % k).hexdigest().encode() * 8 for k in range(start, start + BATCH)]
            )
            log.publish(house.key("log"))
    begun = time.perf_counter()
    issue.issue_all(SYSTEM, asked(1, "warm again"))
    yield line(
        f"the first, which reads {entries:,} entries once", time.perf_counter() - begun, "", None, None
    )
    row = Certificate.objects.latest("pk")
    document = store.get(row.digest)
    assert document is not None
    data, key, limit = store.path_of(row.digest).read_bytes(), house.key("institute"), []
    for k in range(50):
        begun = time.perf_counter()
        signature.sign(document.data, key)
        for _ in range(2):
            write_durably(folder / f"limit-{k}", data)
        limit.append(time.perf_counter() - begun)
    beside = "a signature, two durable files", sorted(limit)[len(limit) // 2]
    yield line(
        f"a certificate of {n}, a log of {house.entries():,}", issued(asked(n, "b"), profile), *beside, None
    )


def asked(n: int, name: str) -> list[int]:
    """Jobs that are checked and wait to be issued: keys."""
    from django.utils import timezone

    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.certificates.actions import issue, jobs, results
    from quanheng.city.instruments import actions as instruments
    from quanheng.city.instruments.models import Instrument, MeasurementStandard
    from quanheng.city.people.models import User

    today = timezone.localdate()
    verifier, checker, signatory = (
        User.objects.get(username=each) for each in ("verifier", "checker", "signatory")
    )
    like = Instrument.objects.filter(code__startswith="energy-").order_by("pk")[0]
    standard = MeasurementStandard.objects.get(item="energy-3-0")
    made = []
    for k in range(n):
        row = Instrument(
            code=f"B-{name}-{k}", name="电能表", maker=like.maker, model=like.model, serial=str(k), user=like.user,
            district=like.district, type_approval=like.type_approval,
        )  # fmt: skip
        instruments.keep(SYSTEM, row)
        job = jobs.receive(
            verifier, row, [standard], procedure="JJG 596-2012", accuracy="1 级", on=today,
            promised=today + timedelta(days=9),
        )  # fmt: skip
        read = [
            results.Read(
                at, tuple(f"{float(at) * 1.001 + m * 1e-5:.5f}" for m in range(3)), (at,) * 3, "23.1", "45"
            )
            for at in ("0.1", "1", "5")
        ]
        jobs.measure(verifier, job, read, on=today)
        jobs.check(checker, job, on=today)
        made.append(job.pk)
    task = issue.ask_for_all(signatory, dict.fromkeys(made, ""), on=today)
    assert task is not None
    assert len(task.arguments["jobs"]) == n
    return made


def issued(keys: list[int], profile: bool) -> float:
    """Seconds for each of them."""
    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.certificates.actions import issue

    watch = cProfile.Profile()
    begun = time.perf_counter()
    numbers = watch.runcall(issue.issue_all, SYSTEM, keys) if profile else issue.issue_all(SYSTEM, keys)
    took = time.perf_counter() - begun
    assert all(numbers), "refused"
    if profile:
        pstats.Stats(watch, stream=sys.stderr).sort_stats("cumtime").print_stats(70)
    return took / len(keys)


def main() -> int:
    """Print the figures as they come."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--profile", action="store_true", help="where the time goes, on stderr")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true")
    shown.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    if not args.json:
        print("| figure | ours | beside | its figure | ratio | goal |\n|---|---|---|---|---|---|", flush=True)
    status = 0
    with tempfile.TemporaryDirectory(prefix="quanheng-bench-", ignore_cleanup_errors=True) as folder:
        for each in figures(Path(folder), args.jobs, args.entries, args.profile):
            status |= not each["holds"]
            if args.json:
                print(json.dumps(each, ensure_ascii=False), flush=True)
                continue
            limit, ratio = each["peer_value"], each["ratio"]
            its, of = (f"{limit * 1e3:.3g} ms", f"{ratio:.3g}") if limit else ("", "")
            goal = "" if each["goal"] is None else f"{each['goal']:g}{'' if each['holds'] else ' ✗'}"
            words = each["figure"], f"{each['value'] * 1e3:.3g} ms", each["peer"], its, of, goal
            print(f"| {' | '.join(words)} |", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
