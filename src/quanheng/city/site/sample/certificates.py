"""The institute of the sample city: keys and log of the sample chains, certificates up to the SI, some work in hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone
from pyarrow.parquet import read_table

from quanheng.city.audit import actions as audit
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.certificates import house
from quanheng.city.certificates.actions import filing, issue, jobs, recall, results, standing
from quanheng.city.certificates.house import House
from quanheng.city.certificates.models import Certificate, Job
from quanheng.city.instruments.models import Instrument, MeasurementStandard
from quanheng.city.site.sample.who import Who
from quanheng.evidence import holdings, key_file
from quanheng.evidence.document import BUNDLE, ORDER
from quanheng.evidence.keys import raw_ed25519
from quanheng.evidence.log.store import Log
from quanheng.ground.errors import Fault
from quanheng.work.simulate.chain.entry import ORIGIN, WITNESSES
from quanheng.work.simulate.chain.world import BUREAU, CITY, ChainWorld
from quanheng.work.verify.methods import methods

KEYS = {"institute": "city", "authority": "authority", "bundles": "supervisor", "log": ORIGIN}
PROCEDURE = "JJG 596-2012"
READ = ("0.1", "1", "5")  # kW·h
Said = Callable[[str], None]


def certificates(who: Who, city: Path, seed: int, said: Said) -> None:
    """Keys, log and trust of the sample, what it certified, and an institute's week of work. Raises Fault."""
    _establish(who, city, seed)
    truth = read_table(city / "chain_truth.parquet").to_pylist()
    wrong = {row["document"] for row in truth if row["code"]}
    good = [each for each in holdings.read(city / "holdings") if each.digest not in wrong]
    with Log.open(settings.HOME / "log") as log:
        indexes = {entry: n for n, entry in enumerate(log.entries())}
    n = filing.bring_in(SYSTEM, [each for each in good if each.kind not in (BUNDLE, ORDER)], indexes)
    _follow()
    said(f"{n} 份文书 / documents")
    _work(who, seed, said)


def _establish(who: Who, city: Path, seed: int) -> None:
    world, phrase, home = ChainWorld(seed), house.passphrase(), settings.HOME
    with Log.open(city / "log") as log:
        if log.key.key != _raw(world):
            raise Fault(
                f"--seed {seed}：不是 simulate 所用的种子 / is not the seed of simulate: its keys come from it"
            )
    shutil.copytree(city / "log", home / "log")
    shutil.copytree(city / "trust", home / "trust")
    (home / "witnesses").mkdir(mode=0o700)
    for name in WITNESSES:
        key_file.write(home / "witnesses" / f"{name}.key", world.key(name), phrase)
    made = {name: world.key(each) for name, each in KEYS.items()}
    house.establish(House(CITY, who.institute.code, BUREAU, ORIGIN), phrase, made=made)


def _raw(world: ChainWorld) -> bytes:
    return raw_ed25519(world.key(ORIGIN).public)


def _follow() -> None:
    """The ledger follows the certificates."""
    latest: dict[int, Certificate] = {}
    for row in Certificate.objects.filter(instrument__isnull=False).order_by("ended", "id"):
        latest[row.instrument_id or 0] = row
    rows = list(Instrument.objects.filter(pk__in=list(latest)))
    for each in rows:
        each.verified, each.due = latest[each.pk].ended, latest[each.pk].due
    audit.write_all(SYSTEM, "instruments.verified", rows, {"source": "sample"})


def _work(who: Who, seed: int, said: Said) -> None:
    """Jobs in every state, one certificate corrected, one revoked, one recall reported."""
    today, rng = timezone.localdate(), np.random.default_rng([seed, 3])
    verifier, checker, city = who.users["verifier"], who.users["checker"], who.users["city"]
    bench = MeasurementStandard.objects.get(item="energy-3-0")
    try:
        jobs.usable(bench, methods()[PROCEDURE], who.institute.pk, today)
    except Fault as error:
        said(str(error))
        return
    rows = list(Instrument.objects.filter(code__startswith="energy-").order_by("code")[:8])
    made = [_received(who, each, bench, today) for each in rows]
    for job in made[1:]:
        _measured(who, job, rng, today)
    for job in made[2:]:
        jobs.check(checker, job, on=today)
    issued = [_issued(who, job, today) for job in made[3:]]
    standing.revoke(city, issued[0], "[样例] 原始记录有误 / the raw record was wrong", on=today)
    again = jobs.receive(
        verifier, issued[1].job.instrument, [bench], procedure=PROCEDURE, accuracy="1 级", promised=today, on=today,
        corrects=issued[1], why="[样例] 漏记一次读数 / a reading was left out",
    )  # fmt: skip
    _measured(who, again, rng, today)
    jobs.check(checker, again, on=today)
    _issued(who, again, today)
    standard = Certificate.objects.filter(item="pressure-3-0").latest("ended")
    since = standard.ended + timedelta(days=60)
    recall.report(
        verifier,
        standard,
        since,
        "[样例] 期间核查发现示值漂移 / an intermediate check found a drift",
        on=today,
    )
    other = Certificate.objects.filter(item="temperature-3-0").latest("ended")
    found = recall.report(
        verifier, other, date(2026, 3, 1), "[样例] 送检后发现超差 / found out of tolerance", on=today
    )
    recall.confirm(city, found, who.institute, today + timedelta(days=60), on=today)
    recall.carry_out(city, found.pk)
    said(f"{Job.objects.count()} 张受理单，2 次召回 / jobs, recalls")


def _received(who: Who, instrument: Instrument, bench: MeasurementStandard, today: date) -> Job:
    return jobs.receive(
        who.users["verifier"], instrument, [bench], procedure=PROCEDURE, accuracy="1 级",
        promised=today + timedelta(days=20), on=today, condition="外观完好",
    )  # fmt: skip


def _measured(who: Who, job: Job, rng: np.random.Generator, today: date) -> None:
    error = rng.normal(0.0, 0.002)
    read = []
    for nominal in READ:
        at = float(nominal)
        scatter = rng.normal(0.0, 0.00005, 3)
        shown = tuple(f"{at * (1 + error + each):.5f}" for each in scatter)
        read.append(results.Read(nominal, shown, (nominal,) * 3, "23.1", "48"))
    jobs.measure(who.users["verifier"], job, read, on=today)


def _issued(who: Who, job: Job, today: date) -> Certificate:
    issue.ask_for(who.users["signatory"], job, on=today)
    issue.issue(who.users["signatory"], job.pk)
    job.refresh_from_db()
    if job.certificate is None:
        raise Fault(f"{job.number}：{job.refusal}")
    return job.certificate
