"""What field checks teach: how right the last cycle was, and which meters the next one knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from quanheng.evidence.bundle import NAME, read_bundle
from quanheng.ground.digest import canonical_json
from quanheng.ground.errors import BadOutput
from quanheng.ground.files import write_durably
from quanheng.measure.statistics.proportion import jeffreys_interval, wilson_interval
from quanheng.work.supervise.checks import Check, read_checks, refuse, told
from quanheng.work.supervise.findings import Known

CHECKS, LEARNED = "checks.parquet", "learned.json"
BAD = ("out_of_tolerance", "stopped", "tampered")
DRAWS = 20_000
SCHEMA = pa.schema(
    [
        ("meter", pa.string()),
        ("date", pa.date32()),
        ("error", pa.float64()),
        ("u", pa.float64()),
        ("found", pa.string()),
        ("note", pa.string()),
    ]
)


@dataclass(frozen=True)
class Learned:
    """What a cycle takes from the checks of the one before."""

    known: Mapping[str, Known] = field(default_factory=dict)  # by meter


@dataclass(frozen=True)
class Checked:
    """A check beside what the cycle had said of the meter."""

    check: Check
    verdict: str
    batch: str | None
    kinds: tuple[str, ...]  # of the orders that sent somebody there
    weight: float | None  # of the random sample

    @property
    def bad(self) -> bool:
        """Whether replacing it is right."""
        return self.check.found in BAD


def learn(out: Path, checks: Path) -> dict[str, Any]:
    """Take the checks in; returns what OUT/learned.json holds.

    Repeating a file changes nothing; a later check of a meter takes the place of an earlier one.
    Raises BadTable, BadOutput; then nothing is changed.
    """
    # 1 the file, and every fault in it  2 with what was known before  3 beside verdicts and orders  4 written
    read_bundle(out / NAME)
    rows, faults = read_checks(checks)
    new = [check for _, check in rows]
    known = judged(out, (check.meter for check in new))
    refuse(checks, [*faults, *(unknown(at, c.meter) for at, c in rows if c.meter not in known)])
    every = merged([*old_checks(out), *new])
    summary = lessons(out, every)
    pq.write_table(table_of(every), sink := pa.BufferOutputStream())
    write_durably(out / CHECKS, sink.getvalue().to_pybytes())
    write_durably(out / LEARNED, canonical_json(summary))
    return summary


def judged(out: Path, meters: Iterable[str]) -> set[str]:
    """Of some meters those that a run has a verdict on. Raises BadOutput."""
    there = read(out / "verdicts.parquet", ["meter"])["meter"]
    return set(there.filter(pc.is_in(there, strings(meters))).to_pylist())


def lessons(out: Path, checks: Sequence[Check]) -> dict[str, Any]:
    """What checks of a run's meters teach, the latest of each meter; writes nothing. Raises BadOutput."""
    bundle, every = read_bundle(out / NAME), merged(checks)
    verdicts = read(out / "verdicts.parquet", ["meter", "verdict"])
    checked = beside(out, verdicts, every)
    orders = read(out / "orders.parquet", ["kind", "meter", "weight"])
    return {
        "run": bundle.digest,
        "checked": len(every),
        **rates(checked, verdicts, orders, bundle.facts),
        "known": known_meters(checked),
    }


def read_learned(previous: Path) -> Learned:
    """What was learnt of a run; nothing, if nobody has come back yet. Raises BadOutput if it is no run."""
    read_bundle(previous / NAME)
    path = previous / LEARNED
    if not path.exists():
        return Learned()
    try:
        known = json.loads(path.read_bytes())["known"]
        return Learned(
            {m: Known(k["error"], k["u"], date.fromisoformat(k["checked"])) for m, k in known.items()}
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadOutput(
            f"{path}：不是 quanheng learn 写的；请重新运行 learn"
            f" / {path}: was not written by quanheng learn; run it again"
        ) from error


def changes(previous: pa.Table, now: pa.Table) -> dict[str, list[str]]:
    """Meters to be replaced that are new, gone, or confirmed by this cycle; each sorted."""
    before, after = (
        set(t.filter(pc.equal(t["verdict"], "replace"))["meter"].to_pylist()) for t in (previous, now)
    )
    return {
        "new": sorted(after - before),
        "gone": sorted(before - after),
        "confirmed": sorted(before & after),
    }


def read(path: Path, columns: list[str]) -> pa.Table:
    """Columns of a table of OUT. Raises BadOutput."""
    try:
        return pq.read_table(path, columns=columns)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BadOutput(f"{path}：读不出来（{error}） / {path}: cannot be read: {error}") from error


def strings(values: Iterable[str]) -> pa.Array:
    """An Arrow column of text."""
    return pa.array(list(values), pa.string())


def unknown(at: int, meter: str) -> str:
    """The fault of a meter that the run does not know."""
    return told(at, "meter", meter, "不在这次运行的判定之中", "has no verdict in this run")


def old_checks(out: Path) -> list[Check]:
    """Checks that were taken in before."""
    if not (out / CHECKS).exists():
        return []
    return [Check(**row) for row in read(out / CHECKS, SCHEMA.names).to_pylist()]


def merged(checks: Sequence[Check]) -> list[Check]:
    """The latest check of each meter, by meter; of one day the one that came last."""
    latest: dict[str, Check] = {}
    for check in checks:
        if check.meter not in latest or check.date >= latest[check.meter].date:
            latest[check.meter] = check
    return [latest[meter] for meter in sorted(latest)]


def table_of(checks: Sequence[Check]) -> pa.Table:
    """checks.parquet."""
    return pa.Table.from_pylist([asdict(c) for c in checks], SCHEMA)


def beside(out: Path, verdicts: pa.Table, checks: Sequence[Check]) -> list[Checked]:
    """Each check with the verdict, lot and orders of its meter."""
    wanted = strings(c.meter for c in checks)
    mine = verdicts.filter(pc.is_in(verdicts["meter"], wanted)).to_pylist()
    verdict = {row["meter"]: row["verdict"] for row in mine}
    batch: dict[str, str | None] = {}
    if (out / "detail" / "estimates.parquet").exists():
        lots = read(out / "detail" / "estimates.parquet", ["meter", "batch"])
        batch = {r["meter"]: r["batch"] for r in lots.filter(pc.is_in(lots["meter"], wanted)).to_pylist()}
    orders = read(out / "orders.parquet", ["kind", "meter", "weight"])
    kinds: dict[str, list[str]] = {}
    weight: dict[str, float] = {}
    for row in orders.filter(pc.is_in(orders["meter"], wanted)).to_pylist():
        kinds.setdefault(row["meter"], []).append(row["kind"])
        if row["kind"] == "sample_check":
            weight[row["meter"]] = row["weight"]
    return [
        Checked(c, verdict[c.meter], batch.get(c.meter), tuple(kinds.get(c.meter, ())), weight.get(c.meter))
        for c in checks
    ]


def rates(
    checked: Sequence[Checked], verdicts: pa.Table, orders: pa.Table, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Precision, recall and risk with 95 % intervals, by order and lot; `not_found` does not count."""
    seen = [c for c in checked if c.check.found != "not_found"]
    replace = [c for c in seen if c.verdict == "replace"]
    kinds = sorted({k for c in seen for k in c.kinds})
    lots = sorted({c.batch for c in seen if c.batch is not None})
    precision = share(replace)
    return {
        "found": {
            f: n
            for f in sorted({c.check.found for c in checked})
            if (n := sum(c.check.found == f for c in checked))
        },
        "precision": precision,
        "recall": recall(seen, verdicts, orders),
        "risk": {
            "stated": facts.get("stated_false_share"),
            "expected": facts.get("expected_false_share"),
            "realised": None if precision["share"] is None else 1 - precision["share"],
            "jeffreys": [1 - precision["jeffreys"][1], 1 - precision["jeffreys"][0]],
        },
        "kinds": {k: share([c for c in seen if k in c.kinds]) for k in kinds},
        "batches": {b: share([c for c in seen if c.batch == b]) for b in lots},
    }


def share(group: Sequence[Checked]) -> dict[str, Any]:
    """How many of a group are bad, with both intervals."""
    n, k = len(group), sum(c.bad for c in group)
    return {
        "checked": n,
        "bad": k,
        "share": k / n if n else None,
        "jeffreys": [float(v) for v in jeffreys_interval(k, n)],
        "wilson": [float(v) for v in wilson_interval(k, n)],
    }


def recall(seen: Sequence[Checked], verdicts: pa.Table, orders: pa.Table) -> dict[str, Any]:
    """Share of all bad meters that the verdict `replace` caught, with a 95 % interval.

    The meters fall into three groups: replace; ordered otherwise (field check, lot, function); and the rest,
    which the random sample stands for. The bad share of each has the posterior Beta(k + 1/2, n − k + 1/2); of
    the sample k and n are effective counts, n = (Σw)²/Σw² (L. Kish, Survey Sampling, 1965, 11.7).
    The interval is of draws of a fixed generator.
    """
    sample = orders.filter(pc.equal(orders["kind"], "sample_check"))
    rest = float(pc.sum(sample["weight"]).as_py() or 0.0)
    replaced = int(pc.sum(pc.equal(verdicts["verdict"], "replace")).as_py() or 0)
    sizes = np.array([replaced, max(0.0, len(verdicts) - replaced - rest), rest])
    flagged = [c for c in seen if c.verdict == "replace"]
    other = [c for c in seen if c.verdict != "replace" and c.weight is None and c.kinds]
    weights = np.array([c.weight for c in seen if c.weight is not None], dtype=float)
    hit = np.array([c.bad for c in seen if c.weight is not None], dtype=bool)
    n = np.array([len(flagged), len(other), effective(weights)])
    p = np.array([mean_bad(flagged), mean_bad(other), weights[hit].sum() / max(weights.sum(), 1e-300)])
    rng = np.random.Generator(np.random.Philox(key=0))
    bad = sizes * rng.beta(p * n + 0.5, (1 - p) * n + 0.5, size=(DRAWS, 3))
    caught = np.quantile(bad[:, 0] / np.maximum(bad.sum(axis=1), 1e-300), [0.025, 0.975])
    total = float((sizes * p).sum())
    complete = bool(n[2] > 0 and n[0] > 0 and (n[1] > 0 or sizes[1] == 0))
    return {
        "share": float(sizes[0] * p[0]) / total if complete and total > 0 else None,
        "interval": [float(v) for v in caught],
        "sampled": len(weights),
        "sampled_bad": int(hit.sum()),
        "stands_for": rest,
    }


def effective(weights: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Number of equal draws that would tell as much as these."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def mean_bad(group: Sequence[Checked]) -> float:
    """Share of a group that is bad; 0 of none."""
    return sum(c.bad for c in group) / max(len(group), 1)


def known_meters(checked: Sequence[Checked]) -> dict[str, dict[str, Any]]:
    """Meters whose error was measured and that are still in place: not the bad that were replaced."""
    return {
        c.check.meter: {"error": c.check.error, "u": c.check.u, "checked": c.check.date.isoformat()}
        for c in checked
        if c.check.found in ("ok", "out_of_tolerance")
        and c.check.error is not None
        and not (c.bad and any(k.startswith("replace") for k in c.kinds))
    }
