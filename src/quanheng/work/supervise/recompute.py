"""Compute a run again from its bundle, and say what differs.

Across processors results may differ in last bits. Decisions (verdict, reason, since, order, health) are therefore
compared exactly, and numbers to RELATIVE or ABSOLUTE, whichever is wider.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from quanheng.evidence.bundle import (
    NAME,
    Bundle,
    Difference,
    differences,
    files_of,
    read_bundle,
    sealed_files,
)
from quanheng.ground.errors import BadLake, BadOutput, NotShown
from quanheng.readings.lake.schema import FOLDERS
from quanheng.work.supervise.costs import Costs
from quanheng.work.supervise.cycle import METHOD, Choices, Hands, parameters_of, supervise

RELATIVE = 1e-6
ABSOLUTE = 1e-9
TABLES = {
    "verdicts.parquet": "meter",
    "areas.parquet": "area",
    "orders.parquet": "order",
    "detail/estimates.parquet": "meter",
    "detail/lots.parquet": "batch",
}
FREE = frozenset(
    {"format", "inputs", "outputs", "orders_root", "libraries", "version"}
)  # compared apart, or free to differ


@dataclass(frozen=True)
class ChangedVerdict:
    """A meter that the run and the recomputation judge differently; None where one of them does not know it."""

    meter: str
    recorded: dict[str, Any] | None
    recomputed: dict[str, Any] | None


@dataclass(frozen=True)
class Comparison:
    """What differs between a run as recorded, its files, and the run as computed again."""

    inputs: tuple[Difference, ...]  # of the lake, against the bundle
    results: tuple[Difference, ...]  # of OUT, against the bundle: somebody changed them after the run
    recomputed: tuple[str, ...]  # outputs whose bytes came out otherwise
    facts: tuple[str, ...]  # keys of run.json that came out otherwise
    verdicts: tuple[ChangedVerdict, ...]
    last_bits: bool  # nothing differs but the last bits of numbers
    refused: str  # why the lake could not be computed again, "" where it could

    @property
    def identical(self) -> bool:
        """Every byte is as recorded."""
        return not (self.inputs or self.results or self.recomputed or self.facts or self.refused)


def recompute(run: Path, lake: Path, *, workers: int = 1, previous: Path | None = None) -> Comparison:
    """Compare a run with its files and with itself, computed again in a temporary folder.

    run: OUT/run.json. previous: folder of the cycle that the run began from, where it had one.
    Raises BadOutput if `run` is none, BadLake if `lake` is no folder, NotShown if the run was made by another
    method or needs a previous cycle that is not at hand.
    """
    # 1 the bundle  2 can it be computed here  3 inputs  4 files of OUT  5 the run again  6 what differs
    bundle = read_bundle(run)
    choices = choices_of(bundle, previous)
    if not lake.is_dir():
        raise BadLake(f"{lake} 不是文件夹 / {lake}: is no folder")
    inputs = tuple(differences(lake, bundle.inputs, lake_files(lake, bundle)))
    out = run.parent
    results = tuple(differences(out, bundle.outputs, sealed_files(out)))
    with tempfile.TemporaryDirectory(prefix="quanheng-") as scratch:
        again = Path(scratch) / "out"
        try:
            supervise(lake, again, choices, Hands(workers=workers))
        except BadLake as error:
            if not inputs:
                raise
            return Comparison(inputs, results, (), (), (), False, str(error))
        return compared(bundle, out, again, inputs, results)


def choices_of(bundle: Bundle, previous: Path | None) -> Choices:
    """What the run was told. Raises NotShown where it cannot be told again, BadOutput where it makes no sense."""
    if bundle.method != METHOD:
        raise NotShown(
            f"这次运行的方法是 “{bundle.method}”，本程序是 “{METHOD}”；请用 {bundle.version} 版重算"
            f" / the run was made by method {bundle.method!r}, this program has {METHOD!r}; "
            f"recompute with version {bundle.version}"
        )
    told = bundle.parameters
    try:
        costs = Costs(**{f.name: float(told["costs"][f.name]) for f in fields(Costs)})
        choices = Choices(float(told["alpha"]), costs, told["budget"], previous if told["previous"] else None)
    except (KeyError, TypeError, ValueError) as error:
        raise BadOutput(f"run.json：参数不全（{error}） / run.json: parameters lack {error}") from error
    if told["previous"] and previous is None:
        raise NotShown(
            "这次运行承接了上一周期；请用 --previous 给出它的文件夹"
            " / the run began from a previous cycle; name its folder with --previous"
        )
    if parameters_of(choices)["previous"] != told["previous"]:
        raise NotShown(
            f"{previous} 不是这次运行所承接的样子：run.json 或 learned.json 已不同"
            f" / {previous}: run.json or learned.json is not what the run began from"
        )
    return choices


def lake_files(lake: Path, bundle: Bundle) -> list[str]:
    """The files of the folder that a run over it reads, or has read."""
    known = bundle.inputs
    return [
        name
        for name in files_of(lake)
        if name in known
        or (name.count("/") == 1 and name.split("/")[0] in FOLDERS and name.endswith(".parquet"))
    ]


def compared(
    bundle: Bundle, out: Path, again: Path, inputs: tuple[Difference, ...], results: tuple[Difference, ...]
) -> Comparison:
    """The run beside the same run, computed again."""
    new = read_bundle(again / NAME)
    names = sorted(new.outputs.keys() | bundle.outputs.keys())
    other = tuple(n for n in names if new.outputs.get(n) != bundle.outputs.get(n))
    keys = sorted((new.facts.keys() | bundle.facts.keys()) - FREE)
    facts = tuple(k for k in keys if not alike(bundle.facts.get(k), new.facts.get(k)))
    # where every table is the same to the byte, nothing excuses a difference in what is drawn from them
    excused = not (inputs or results or facts) and bool(TABLES.keys() & set(other))
    close = excused and all(near(out / n, again / n, key) for n, key in TABLES.items())
    changed = () if close or not (other or results) else changed_verdicts(out, again)
    return Comparison(inputs, results, other, facts, changed, close, "")


def near(recorded: Path, recomputed: Path, key: str) -> bool:
    """Whether two tables hold the same rows but for the last bits of their numbers."""
    old, new = pq.read_table(recorded), pq.read_table(recomputed)
    if old.schema != new.schema or len(old) != len(new) or not old[key].equals(new[key]):
        return False
    for name in old.column_names:
        apart = differing(old[name], new[name])
        if name == "detail":
            pairs = zip(*(t[name].filter(pa.array(apart)).to_pylist() for t in (old, new)), strict=True)
            apart = np.array([not alike(*(json.loads(text or "{}") for text in pair)) for pair in pairs])
        # the evidence of an order is a digest of numbers, to the last bit
        if name != "evidence" and apart.any():
            return False
    return True


def alike(a: Any, b: Any) -> bool:
    """Whether two values of JSON agree, numbers to the tolerance."""
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= ABSOLUTE + RELATIVE * abs(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(alike(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and bool(a == b)


def differing(old: pa.ChunkedArray, new: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(n,) where two columns of one type differ: numbers beyond the tolerance, all else at all; null equals null."""
    if pa.types.is_floating(old.type):
        a, b = (np.asarray(c.to_numpy(), dtype=float) for c in (old, new))
        return np.asarray(~np.isclose(a, b, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True))
    same = pc.fill_null(pc.equal(old, new), False)
    both_null = pc.and_(pc.is_null(old), pc.is_null(new))
    return ~np.asarray(pc.or_(same, both_null).to_numpy(), dtype=bool)


def changed_verdicts(out: Path, again: Path) -> tuple[ChangedVerdict, ...]:
    """Meters whose verdicts differ, by meter; none where OUT's table can no longer be read."""
    new = pq.read_table(again / "verdicts.parquet")
    try:
        old = pq.read_table(out / "verdicts.parquet").select(new.column_names).cast(new.schema)
    except (OSError, KeyError, ValueError, pa.ArrowException):
        return ()
    if old["meter"].equals(new["meter"]):
        apart = np.any([differing(old[name], new[name]) for name in new.column_names], axis=0)
        old, new = old.filter(pa.array(apart)), new.filter(pa.array(apart))
    before, after = by_meter(old.to_pylist()), by_meter(new.to_pylist())
    return tuple(
        ChangedVerdict(meter, before.get(meter), after.get(meter))
        for meter in sorted(before.keys() | after.keys())
        if not alike(before.get(meter), after.get(meter))
    )


def by_meter(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by their meter."""
    return {row["meter"]: row for row in rows}
