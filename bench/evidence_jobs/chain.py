"""Rules over all chains of a large registry, cold and warm, beside one pass over its columns; recalls."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from quanheng.evidence.chain.columns import (
    NATIONAL,
    NEVER,
    NONE,
    Approvals,
    Certificates,
    Chain,
    Conditions,
    Names,
    Points,
    Scopes,
    Statuses,
    Uses,
)
from quanheng.evidence.chain.files import TABLES, load, save
from quanheng.evidence.procedures import regulations
from quanheng.work.trace.judge import judge
from quanheng.work.trace.part import Asked
from quanheng.work.trace.recall import Dependants, recall

DAY = date(2026, 6, 1).toordinal()
BENCH = 500  # instruments on a bench


def large(n: int) -> Chain:
    """n instruments on n/500 benches, on city standards, on a national one; one in 10,000 with a fault."""
    rng = np.random.default_rng(1)
    benches, cities = max(n // BENCH, 1), 20
    sizes = (1, cities, benches, n)
    total = sum(sizes)
    level = np.repeat(np.arange(4, dtype=np.int8), sizes)
    first = np.cumsum((0, *sizes))[:4]
    above = np.full(total, NONE, np.int32)
    for k in range(1, 4):
        above[first[k] : first[k] + sizes[k]] = first[k - 1] + rng.integers(0, sizes[k - 1], sizes[k])
    begun = DAY - 500 + 100 * level.astype(np.int32)
    i32, i8 = np.int32, np.int8
    overdue = np.zeros(total, bool)
    overdue[first[3] :] = rng.random(n) < 1e-4
    certificates = Certificates(
        level, np.zeros(total, i8), np.where(level == 3, 0, 1).astype(i8), np.minimum(level, 2).astype(i32),
        np.where(level == 3, 0, 1).astype(i32), np.where(level == 3, 0, NONE).astype(i32),
        np.where(level == 3, 0, NONE).astype(i32), np.full(total, NEVER, i32), begun, begun, begun + i32(1),
        begun + np.where(overdue, 4000, 700).astype(i32), begun + i32(1), np.where(level == 3, 0, NONE).astype(i8),
        np.full(total, NONE, i32), np.full(total, np.nan), np.zeros(total, bool), np.zeros(total, bool),
    )  # fmt: skip
    u = np.array([1e-5, 3e-5, 1e-4, 1e-3])[level]
    limit = np.where(level == 3, 0.01, np.inf)
    points = Points(
        np.arange(total, dtype=i32), np.zeros(total, i32), np.zeros(total, i32), np.minimum(level, 2).astype(i32),
        np.full(total, 3.6e6), rng.uniform(-0.005, 0.005, total), u, np.full(total, 2.0), np.full(total, 0.95), -limit,
        limit, np.where(level > 0, np.array([0, 1e-5, 3e-5, 1e-4])[level], 0.0), np.ones(total, bool),
        np.ones(total, bool), np.ones(total, bool), level == 3, np.ones(total, bool), np.zeros(total, i8),
        np.where(level == 3, 0, NONE).astype(i8), np.minimum(level, 1).astype(i32),
    )  # fmt: skip
    used = np.flatnonzero(level > 0).astype(i32)
    uses = Uses(
        used, used, above[used], np.full(len(used), 3.6e6), np.array([0, 1e-5, 3e-5, 1e-4])[level[used]],
        above[used], np.zeros(len(used), i8),
    )  # fmt: skip
    days = np.full(3, DAY - 2000, i32)
    scopes = Scopes(
        np.arange(3, dtype=i32), np.full(3, 1.0), np.full(3, 1e9), np.zeros(3), np.array([1e-5, 3e-5, 1e-4]),
        np.array([NATIONAL, 3, 3], i8), days, np.full(3, DAY + 9000, i32), days,
    )  # fmt: skip
    approvals = Approvals(np.zeros(1, i32), days[:1], np.full(1, DAY + 9000, i32), days[:1])
    names = Names(
        ("national", "city", "institute"), frozenset({"national", "city", "institute"}), ("energy",), ("J",), (),
        ("JJG 596-2012", "样例校准规范"), ("energy meter",), (),
        ((0, 0, 0, 1), (1, 0, 0, 1), (2, 0, 0, 0)),
    )  # fmt: skip
    digests = rng.integers(0, 2**63, (total, 4), dtype=np.uint64).view("V32").ravel()
    nothing = np.empty(0)
    return Chain(
        certificates, points, uses, Conditions(nothing.astype(i32), nothing.astype(i32), nothing, nothing), scopes,
        Statuses(nothing.astype(i32), nothing.astype(i8), nothing.astype(i32), nothing.astype(i32)), approvals, names,
        digests, (), (), (),
    )  # fmt: skip


def one_pass(chain: Chain) -> float:
    """Read every column once."""
    total = 0.0
    for name in TABLES:
        table = getattr(chain, name)
        for each in dataclasses.fields(table):
            total += float(np.add.reduce(getattr(table, each.name), dtype=None))
    return total


def timed(function: Any, *args: Any, times: int = 3) -> tuple[float, Any]:
    """The least processor time of several runs."""
    best, result = float("inf"), None
    for _ in range(times):
        start = time.process_time()
        result = function(*args)
        best = min(best, time.process_time() - start)
    return best, result


def figures(scale: float = 1.0) -> Iterator[dict[str, Any]]:
    """Rules, warm and cold, and recall; scale: of ten million instruments."""
    n = int(10_000_000 * scale)
    asked = Asked(date.fromordinal(DAY), date.fromordinal(DAY), regulations())
    with tempfile.TemporaryDirectory() as folder:
        save(large(n), Path(folder))
        start = time.perf_counter()
        cold = judge(load(Path(folder)), asked)
        took = time.perf_counter() - start
    found = cold.counts()
    assert set(found) == {"cycle_exceeded"}, found
    yield line(f"rules over {n:,} instruments, from disk", took, "s", "the bar", 15.0 * scale, 1.0)
    del cold
    chain = large(n)
    passing, _ = timed(one_pass, chain)
    judging, judged = timed(judge, chain, asked)
    assert judged.counts() == found
    yield line(f"rules over {n:,} instruments", judging, "s", "one pass over the columns", passing, 0.25)
    start = time.perf_counter()
    dependants = Dependants.of(chain)
    indexing = time.perf_counter() - start
    yield line("index for recalls, once", indexing, "s", "", None, None)
    bench = 1 + 20 + 7
    recalling, hit = timed(recall, dependants, bench, date(2020, 1, 1), times=20)
    yield line(
        f"recall of a bench, {len(hit.certificates)} instruments", recalling, "s", "the bar", 0.005, 1.0
    )
    city, hit = timed(recall, dependants, 1, date(2020, 1, 1), times=3)
    yield line(
        f"recall of a city's standard, {len(hit.certificates):,} certificates", city, "s", "", None, None
    )


def line(
    figure: str, value: float, unit: str, peer: str, peer_value: float | None, goal: float | None
) -> dict[str, Any]:
    """A line of the benchmark: the ratio is the peer's figure over ours."""
    ratio = None if peer_value is None else peer_value / value
    holds = None if ratio is None or goal is None else ratio >= goal
    return {
        "figure": figure, "value": value, "unit": unit, "peer": peer, "peer_value": peer_value, "ratio": ratio,
        "goal": goal, "holds": holds,
    }  # fmt: skip
