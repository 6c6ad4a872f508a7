"""All meters of a lake together: assembled from its partitions, judged, laid out as the tables of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quanheng.readings.lake.open import Lake
from quanheng.work.supervise import tables
from quanheng.work.supervise.areas import PRIORS
from quanheng.work.supervise.columns import LotFinding, MeterColumns, Verdicts
from quanheng.work.supervise.findings import Known, Prior
from quanheng.work.supervise.judge import judge, pooled_priors, prior_columns

LOT = pa.schema(
    [
        ("batch", pa.string()),
        ("meters", pa.int64()),
        ("mean", pa.float64()),
        ("u", pa.float64()),
        ("spread", pa.float64()),
        ("share", pa.float64()),
        ("p_bad", pa.float64()),
    ]
)
OUTCOMES = ("undetermined", "cleared", "replace")


OF_AREAS = {
    "district": "district",
    "utility": "utility",
    "master_meter": "master",
    "master_u": "master_u",
    "master_mpe": "master_mpe",
}  # columns that areas.parquet takes over from the lake, by their names there


@dataclass(frozen=True)
class City:
    """A lake's areas and meters with what was found of them, both in the order of its partitions."""

    areas: pa.Table  # columns of AREA_PART and of areas.parquet
    meters: pa.Table  # columns of METER_PART, and meter, area, mpe, batch
    area_of_meter: NDArray[np.int32]  # row of `areas`
    known: Mapping[str, Known]


@dataclass(frozen=True)
class Judged:
    """What all meters together yield."""

    tables: dict[str, pa.Table]  # by name of the file: verdicts, areas, detail/…
    lots: tuple[LotFinding, ...]
    facts: dict[str, Any]  # for run.json

    @property
    def verdicts(self) -> pa.Table:
        """Columns of verdicts.parquet."""
        return self.tables["verdicts"]

    @property
    def areas(self) -> pa.Table:
        """Columns of areas.parquet."""
        return self.tables["areas"]


def assemble(
    lake: Lake, parts: Sequence[Path], repaired: Mapping[int, Path], known: Mapping[str, Known]
) -> City:
    """Put the results of the partitions side by side; `repaired`: areas (by row) that were assessed anew."""
    unpacked = [tables.unpack(part) for part in parts]
    meters = pa.concat_tables(meters for meters, _ in unpacked)
    areas = pa.concat_tables(areas for _, areas in unpacked)
    first = np.r_[0, np.cumsum(lake.sizes)]
    anew = {k: tables.unpack(file) for k, file in repaired.items()}
    meters = spliced(meters, {int(first[k]): new[0] for k, new in anew.items()})
    areas = spliced(areas, {k: new[1] for k, new in anew.items()})
    area_of_meter = np.repeat(np.arange(lake.n_areas, dtype=np.int32), lake.sizes)
    for name in ("mpe", "batch"):
        meters = meters.append_column(name, lake.meters[name])
    meters = meters.append_column("area", lake.areas["area"].combine_chunks().take(pa.array(area_of_meter)))
    meters = meters.append_column("meter", lake.meters["meter"])
    for name, column in OF_AREAS.items():
        areas = areas.append_column(name, lake.areas[column])
    return City(areas, meters, area_of_meter, known)


def spliced(table: pa.Table, new: Mapping[int, pa.Table]) -> pa.Table:
    """The table with rows replaced: new[k] stands for the rows from k on, as many as it has."""
    pieces, at = [], 0
    for k in sorted(new):
        pieces += [table.slice(at, k - at), new[k]]
        at = k + len(new[k])
    return pa.concat_tables([*pieces, table.slice(at)])


def judge_city(city: City, alpha: float) -> Judged:
    """Judge all meters: priors of each utility's lots, verdicts, and the tables of the run."""
    utilities = sorted(set(city.areas["utility"].to_pylist()))
    of = pc.index_in(city.areas["utility"], pa.array(utilities)).to_numpy()[city.area_of_meter]
    batches = pc.unique(city.meters["batch"].drop_null()).sort()
    columns = meter_columns(city, batches)
    priors: list[Prior] = []
    lots: list[LotFinding] = []
    for k, utility in enumerate(utilities):
        mine = of == k
        found, seen = pooled_priors(chosen(columns, mine), batches.to_pylist(), PRIORS.get(utility, Prior()))
        code = columns.batch[mine]
        columns.batch[mine] = np.where(code < 0, len(batches), code) + len(priors)
        priors += found
        lots += seen
    correlation = city.meters["correlation"].to_numpy()
    verdicts = judge(columns, priors, alpha=alpha, correlation=correlation)
    made = {
        "verdicts": verdict_table(city, verdicts),
        "areas": city.areas.select([*tables.AREAS, *OF_AREAS]),
        "detail/balance": city.areas.select(tables.BALANCE),
        "detail/estimates": estimate_table(city, columns, priors),
        "detail/lots": pa.Table.from_pylist([asdict(lot) for lot in lots], LOT),
    }
    facts = {
        "mpe": np.unique(columns.mpe).tolist()[:20],
        "expected_false_share": verdicts.expected_false_share,
        "priors": {utility: asdict(PRIORS.get(utility, Prior())) for utility in utilities},
    }
    return Judged(made, tuple(lots), facts)


def meter_columns(city: City, batches: pa.Array) -> MeterColumns:
    """The columns that the judgement needs; `batches`: names of the lots, into which `batch` points."""
    table = city.meters
    mean, u = verified(table["meter"], city.known)
    code = pc.fill_null(pc.index_in(table["batch"], value_set=batches), -1)
    return MeterColumns(
        mpe=table["mpe"].to_numpy(),
        kwh_day=table["kwh_day"].to_numpy(),
        days=table["days"].to_numpy().astype(np.int64),
        location=table["location"].to_numpy(),
        scale=table["scale"].to_numpy(),
        batch=np.array(code.to_numpy(), dtype=np.int32),
        judged=pc.equal(table["status"], "ok").to_numpy().astype(bool),
        changed=pc.is_valid(table["since"]).to_numpy().astype(bool),
        verified_mean=mean,
        verified_u=u,
    )


def verified(
    meters: pa.ChunkedArray, known: Mapping[str, Known]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Correction 1/(1 + e) − 1 that a field check established, and its uncertainty; NaN without one."""
    mean, u = np.full(len(meters), np.nan), np.full(len(meters), np.nan)
    if known:
        names = sorted(known)
        found = pc.index_in(meters, value_set=pa.array(names, pa.string())).to_numpy()
        error, uncertainty = (np.array([getattr(known[m], name) for m in names]) for name in ("error", "u"))
        here = np.isfinite(found)
        k = found[here].astype(np.intp)
        mean[here], u[here] = 1 / (1 + error[k]) - 1, uncertainty[k] / (1 + error[k]) ** 2
    return mean, u


def chosen(columns: MeterColumns, which: NDArray[np.bool_]) -> MeterColumns:
    """Some of the meters."""
    return (
        columns
        if which.all()
        else replace(columns, **{f.name: getattr(columns, f.name)[which] for f in fields(columns)})
    )


def verdict_table(city: City, verdicts: Verdicts) -> pa.Table:
    """verdicts.parquet: numbers are null where a meter was not judged."""
    columns = {name: nullable(getattr(verdicts, name)) for name in ("error", "u", "lower", "upper", "p_out")}
    outcome = np.where(verdicts.replace, 2, np.where(verdicts.cleared, 1, 0))
    return pa.table(
        {
            "meter": city.meters["meter"],
            "area": city.meters["area"],
            **columns,
            "verdict": pa.array(OUTCOMES).take(pa.array(outcome)),
            "reason": reasons(city, verdicts),
            "since": city.meters["since"],
            "days_needed": nullable(verdicts.days_needed).cast(pa.int32()),
            "kwh_day": nullable(city.meters["kwh_day"].to_numpy()),
        }
    )


def reasons(city: City, verdicts: Verdicts) -> pa.ChunkedArray:
    """The status of the meter where that is why, else the reason of the judge."""
    code = verdicts.reason_code
    words = pa.array(verdicts.reason).take(pa.array(code))
    twins = code == verdicts.reason.index("collinear")
    named = pc.binary_join_element_wise("collinear", neighbours(city).filter(pa.array(twins)), ":")
    words = pc.replace_with_mask(words, pa.array(twins), pc.fill_null(named, "days"))
    status = city.meters["status"].combine_chunks()
    return pc.if_else(pc.equal(status, "ok"), words, status)


def neighbours(city: City) -> pa.Array:
    """(N,) the meter with which each is most easily confused; null where there is none."""
    size = np.bincount(city.area_of_meter, minlength=len(city.areas))
    first = np.r_[0, np.cumsum(size)][city.area_of_meter]
    place = city.meters["neighbour"].to_numpy()
    return city.meters["meter"].combine_chunks().take(pa.array(first + place, mask=place < 0))


def estimate_table(city: City, columns: MeterColumns, priors: Sequence[Prior]) -> pa.Table:
    """detail/estimates.parquet: the data's word on each meter, and the prior it was weighed against."""
    prior = prior_columns(columns, priors)
    meters = city.meters
    return pa.table(
        {
            **{name: meters[name] for name in ("meter", "area", "batch")},
            **{name: nullable(meters[name].to_numpy()) for name in ("location", "scale")},
            "days": meters["days"],
            "neighbour": pc.fill_null(neighbours(city), ""),
            **{name: meters[name] for name in ("correlation", "change")},
            **{name: getattr(prior, name) for name in ("spike", "slab", "share", "mean")},
        }
    )


def nullable(values: NDArray[np.float64]) -> pa.Array:
    """Null for NaN."""
    return pa.array(values, from_pandas=True)
