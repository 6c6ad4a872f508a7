"""What a page needs of millions of verdicts: counted once, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

Float = NDArray[np.float64]

OUTCOMES = ("replace", "undetermined", "cleared")
EDGES = np.linspace(-0.12, 0.12, 97)  # quarter of a per cent


@dataclass(frozen=True)
class Lot:
    """The errors of the meters of one batch: quantiles of their estimates, and the batch's own mean."""

    batch: str
    meters: int
    quantiles: Float  # (5,) of the estimated errors: 5, 25, 50, 75, 95 %
    mean: float  # of the batch, relative error; NaN where the batch was not estimated
    lower: float  # 95 %
    upper: float
    p_bad: float  # probability that the batch as a whole is off


@dataclass(frozen=True)
class Summary:
    """Verdicts of a run, counted."""

    outcomes: dict[str, int]
    energy: dict[str, float]  # kWh a day behind each outcome
    reasons: tuple[tuple[str, int, float], ...]  # why undetermined: code, meters, kWh a day; largest first
    histogram: dict[
        str, NDArray[np.int64]
    ]  # outcome → meters in each interval of EDGES; beyond counts at the ends
    dated: int  # replacements whose error began within the period

    @property
    def meters(self) -> int:
        """All meters that were judged."""
        return sum(self.outcomes.values())


def read_columns(path: Path, columns: tuple[str, ...]) -> pa.Table:
    """The named columns of a table; those it does not have come as nulls."""
    have = set(pq.read_schema(path).names)
    table = pq.read_table(path, columns=[c for c in columns if c in have])
    for name in columns:
        if name not in have:
            table = table.append_column(name, pa.nulls(table.num_rows))
    return table.select(columns)


def summarise(verdicts: Path) -> Summary:
    """Count `verdicts.parquet`."""
    table = read_columns(verdicts, ("verdict", "reason", "error", "kwh_day", "since"))
    verdict = table["verdict"].combine_chunks().dictionary_encode()
    codes = np.asarray(verdict.indices)
    names = verdict.dictionary.to_pylist()
    kwh = floats(table["kwh_day"])
    error = floats(table["error"])
    outcomes, energy, histogram = {}, {}, {}
    for outcome in OUTCOMES:
        mine = codes == (names.index(outcome) if outcome in names else -1)
        outcomes[outcome] = int(mine.sum())
        energy[outcome] = float(np.nansum(kwh[mine]))
        known = error[mine & np.isfinite(error)]
        histogram[outcome] = np.histogram(np.clip(known, EDGES[0], EDGES[-1] - 1e-9), EDGES)[0]
    dated = pc.sum(pc.and_(pc.equal(table["verdict"], "replace"), pc.is_valid(table["since"]))).as_py()
    return Summary(outcomes, energy, _reasons(table), histogram, int(dated or 0))


def floats(column: pa.ChunkedArray) -> Float:
    """A column as float64, null as NaN."""
    return np.asarray(column.cast(pa.float64()).combine_chunks().to_numpy(zero_copy_only=False), dtype=float)


def _reasons(table: pa.Table) -> tuple[tuple[str, int, float], ...]:
    open_ = table.filter(pc.equal(table["verdict"], "undetermined")).select(["reason", "kwh_day"])
    plain = pc.replace_substring_regex(open_["reason"], pattern="^collinear:.*", replacement="collinear")
    counted = (
        pa.table({"reason": plain, "kwh": open_["kwh_day"].cast(pa.float64())})
        .group_by("reason")
        .aggregate([("kwh", "sum"), ("reason", "count")])
    )
    rows = zip(*(counted[c].to_pylist() for c in ("reason", "reason_count", "kwh_sum")), strict=True)
    return tuple(
        sorted(((str(r), int(n), float(k or 0)) for r, n, k in rows), key=lambda row: (-row[1], row[0]))
    )


def lots(estimates: Path, verdicts: Path, table: Path) -> tuple[Lot, ...]:
    """Every batch, the worst first. `table`: lots.parquet, the errors that batches have in common."""
    batch = read_columns(estimates, ("meter", "batch"))
    error = read_columns(verdicts, ("meter", "error"))
    if not batch["meter"].equals(error["meter"]):
        error = batch.select(["meter"]).join(error, "meter", join_type="left outer").sort_by("meter")
        batch = batch.sort_by("meter")
    encoded = batch["batch"].cast(pa.string()).combine_chunks().dictionary_encode()
    index = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    values = floats(error["error"])
    known = np.isfinite(values) & (index >= 0)
    order = np.argsort(index[known], kind="stable")
    index, values = index[known][order], values[known][order]
    cuts = np.searchsorted(index, np.arange(len(encoded.dictionary) + 1))
    estimated = {row["batch"]: row for row in pq.read_table(table).to_pylist()} if table.exists() else {}
    found = [
        _lot(name, values[cuts[k] : cuts[k + 1]], estimated.get(name, {}))
        for k, name in enumerate(encoded.dictionary.to_pylist())
        if cuts[k + 1] > cuts[k]
    ]
    return tuple(
        sorted(found, key=lambda lot: (-round(np.nan_to_num(lot.p_bad), 3), -abs(_centre(lot)), lot.batch))
    )


def _centre(lot: Lot) -> float:
    return lot.mean if np.isfinite(lot.mean) else float(lot.quantiles[2])


def _lot(name: str, errors: Float, row: dict[str, float]) -> Lot:
    quantiles = np.quantile(errors, [0.05, 0.25, 0.5, 0.75, 0.95])
    mean, u, p_bad = (_value(row, key) for key in ("mean", "u", "p_bad"))
    meters = int(row.get("meters", len(errors)))
    return Lot(name, meters, quantiles, mean, mean - 1.96 * u, mean + 1.96 * u, p_bad)


def _value(row: dict[str, float], key: str) -> float:
    value = row.get(key)
    return float("nan") if value is None else float(value)
