"""The supervision cycle: from a lake of readings to verdicts, orders and evidence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from shutil import rmtree
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from quanheng import __version__
from quanheng.evidence.bundle import digest_files, libraries, seal, sealed_files
from quanheng.evidence.order import orders_root
from quanheng.ground.digest import canonical_json, sha256_bytes
from quanheng.ground.engine import map_partitions
from quanheng.ground.errors import BadOutput
from quanheng.ground.files import check_new_folder, fresh_folder, held, publish, write_durably
from quanheng.readings.batch import AreaReadings
from quanheng.readings.lake.open import METERS_PER_PARTITION, Lake, digests, open_lake, verify_unchanged
from quanheng.readings.lake.partition import Partition
from quanheng.readings.lake.read import read_partition
from quanheng.work.supervise import tables
from quanheng.work.supervise.areas import assess, unjudged
from quanheng.work.supervise.city import City, Judged, assemble, judge_city
from quanheng.work.supervise.costs import Costs
from quanheng.work.supervise.findings import Assessment, Known, TopologySuspect
from quanheng.work.supervise.learn import Learned, changes, read_learned
from quanheng.work.supervise.leaves import leaves
from quanheng.work.supervise.membership import only
from quanheng.work.supervise.order import rank_orders
from quanheng.work.supervise.report import write_report
from quanheng.work.supervise.topology import (
    Candidate,
    Candidates,
    Correction,
    corrections,
    merge_candidates,
    score_candidates,
)

METHOD = "energy balance, spike and slab, expectation propagation; 1"
LEAST_PARTITIONS = 8
MOST_SUSPECTS = 400  # each carries a matrix of days × days

DETAIL = ("detail/balance", "detail/estimates", "detail/lots")
KEY = "key.json"  # what the results in a work folder belong to
LEARNT = ("run.json", "learned.json")  # what a cycle takes from the one before

P = TypeVar("P")
Progress = Callable[[str, int, int], None]  # step, done, of how many


@dataclass(frozen=True)
class Choices:
    """What a run is told, and what its result depends on beside the lake."""

    alpha: float = 0.05  # largest expected share of false replacements
    costs: Costs = field(default_factory=Costs)
    budget: int | None = None  # visits a week
    previous: Path | None = None  # folder of the last cycle


@dataclass(frozen=True)
class Hands:
    """Who computes; the result does not depend on it."""

    workers: int = 1
    engine: str = "local"
    scheduler: str | None = None


@dataclass(frozen=True)
class Looked:
    """Areas to assess: those of a partition, and the meters of it that were verified on site."""

    partition: Partition
    known: Mapping[str, Known]


@dataclass(frozen=True)
class Repaired:
    """One area to assess anew: without some of its meters, with some of others."""

    partition: Partition
    known: Mapping[str, Known]
    removed: Mapping[str, float]
    adopted: tuple[tuple[Partition, frozenset[str]], ...]


@dataclass(frozen=True)
class Run:
    """A run under way."""

    lake: Lake
    choices: Choices
    hands: Hands
    learned: Learned
    partitions: tuple[Partition, ...]
    work: Path
    progress: Progress
    say: Callable[[str], None]

    def map(self, step: str, function: Callable[[P], bytes], tasks: Sequence[P]) -> list[Path]:
        """Results of a step, one file for each task."""
        return map_partitions(
            function,
            tasks,
            folder=self.work / step,
            workers=self.hands.workers,
            engine=self.hands.engine,
            scheduler=self.hands.scheduler,
            progress=partial(self.progress, step),
        )


def supervise(
    path: Path,
    out: Path,
    choices: Choices,
    hands: Hands,
    *,
    say: Callable[[str], None] = lambda text: None,
    progress: Progress = lambda step, done, total: None,
) -> dict[str, Any]:
    """Run the cycle over the lake `path` and write the folder `out`; returns what run.json holds.

    Everything is written to OUT.partial and renamed in the end, so `out` is whole or is not there; an
    interrupted run is continued by the next one on the same lake with the same choices. say: gets words for
    people.
    Raises BadLake, BadOutput, BadTable, NotShown.
    """
    # 1 open the lake  2 what the run depends on  3 assess every area  4 seek wrongly booked meters in all
    # 5 assess anew the areas that they leave and join  6 judge all meters together  7 order  8 the tables
    # 9 the report  10 the bundle, and the folder appears
    check_new_folder(out, outside=path)
    learned = read_learned(choices.previous) if choices.previous else Learned()
    with threadpool_limits(1), open_lake(path, say=say) as lake:
        inputs, parameters = digests(lake), parameters_of(choices)
        key = {"inputs": inputs, "parameters": parameters, "version": [METHOD, __version__]}
        with work_folder(out, canonical_json(key), say) as work:
            run = Run(lake, choices, hands, learned, partitions_of(lake), work, progress, say)
            parts = assess_all(run)
            found = seek(run, parts)
            city = assemble(lake, parts, repair(run, parts, found), learned.known)
            judged = judge_city(city, choices.alpha)
            whole = fresh_folder(work / "out")
            # of a city the tables are large: what is not needed any more goes to the disk
            write_tables(whole, {name: judged.tables.pop(name) for name in DETAIL})
            seed = sha256_bytes(canonical_json(inputs))
            orders = order(city, judged, found, choices, seed)
            verify_unchanged(lake)
            write_tables(whole, {**judged.tables, "orders": orders})
            facts = {
                "method": METHOD,
                "version": __version__,
                "libraries": libraries(),
                "inputs": inputs,
                "parameters": parameters,
                "seeds": {"sample": seed},
                "counts": counts(judged, orders),
                "stated_false_share": choices.alpha,
                **judged.facts,
                "orders_root": orders_root(leaves(orders, judged.tables["verdicts"], judged.tables["areas"])),
                **since_last_cycle(choices.previous, judged.verdicts),
            }
            del city, judged, orders  # the report reads the files
            write_report(whole, {**facts, "outputs": digest_files(whole, sealed_files(whole))})
            sealed = seal(whole, facts)
            publish(whole, out)
    rmtree(work_of(out), ignore_errors=True)
    return dict(sealed.facts)


def partitions_of(lake: Lake) -> tuple[Partition, ...]:
    """About 2000 meters each; fewer in a small lake, so that there is work for every core of a machine."""
    return lake.partitions(min(METERS_PER_PARTITION, 1 + lake.n_meters // LEAST_PARTITIONS))


def parameters_of(choices: Choices) -> dict[str, Any]:
    """The choices as run.json holds them; a previous cycle by its digests, for paths differ."""
    previous = choices.previous
    learnt = (
        {} if previous is None else digest_files(previous, [n for n in LEARNT if (previous / n).is_file()])
    )
    return {
        "alpha": choices.alpha,
        "budget": choices.budget,
        "costs": asdict(choices.costs),
        "previous": learnt,
    }


def work_of(out: Path) -> Path:
    """Where the run for `out` is made."""
    return out.with_name(f"{out.name}.partial")


@contextmanager
def work_folder(out: Path, key: bytes, say: Callable[[str], None]) -> Iterator[Path]:
    """The folder in which a run is made; what a run with the same key has finished there is kept.

    Raises BadOutput if a folder of that name is not ours, or another run is at work in it.
    """
    work = work_of(out)
    if work.exists() and not (work / "lock").exists():
        raise BadOutput(
            f"{work} 已存在而不是未完成的运行；请移走它或另选 OUT"
            f" / {work}: exists and is no unfinished run; move it away or choose another OUT"
        )
    work.mkdir(exist_ok=True)
    with held(work / "lock"):
        old = (work / KEY).read_bytes() if (work / KEY).exists() else key
        if old != key:
            say(
                f"{work} 属于另一次运行（数据、参数或版本不同），从头开始"
                f" / {work} is of another run (data, parameters or version differ); starting anew"
            )
            for child in work.iterdir():
                if child.is_dir():
                    rmtree(child)
        write_durably(work / KEY, key)
        yield work


def known_in(partition: Partition, known: Mapping[str, Known]) -> dict[str, Known]:
    """Of the meters that were verified on site those of a partition."""
    return {m: known[m] for m in partition.meters["meter"].to_pylist() if m in known} if known else {}


def assess_all(run: Run) -> list[Path]:
    """What was found of every area, a file for each partition."""
    tasks = [Looked(each, known_in(each, run.learned.known)) for each in run.partitions]
    return run.map("assess", partial(assess_partition, run.lake.path), tasks)


def assess_partition(path: Path, task: Looked) -> bytes:
    """Assess the areas of a partition of the lake `path`."""
    return tables.pack([sound(each, known=task.known) for each in read_partition(path, task.partition)])


def sound(readings: AreaReadings, **given: Any) -> Assessment:
    """`assess`; an area whose numbers break the algebra is not judged, and does not end the run."""
    try:
        return assess(readings, **given)
    except (ValueError, ArithmeticError) as error:
        return unjudged(readings, None, "model", {"failed": str(error)})


def seek(run: Run, parts: Sequence[Path]) -> tuple[Correction, ...]:
    """The meters that are booked in one area and stand in another; all areas are read again for them."""
    foreign: dict[str, Sequence[tuple[str, float]]] = {}
    suspects: list[pa.Table] = []
    room = MOST_SUSPECTS
    for part in parts:
        areas, some = tables.unpack_suspects(part)
        suspects.append(some.slice(0, max(room, 0)))
        room -= len(some)
        for row in areas.select(["area", "foreign"]).to_pylist():
            if row["foreign"]:
                foreign[row["area"]] = [(each["meter"], each["evidence"]) for each in row["foreign"]]
    if room < 0:
        run.say(
            f"{MOST_SUSPECTS - room} 个相位缺少用户，只为其中前 {MOST_SUSPECTS} 个查找错挂的表"
            f" / {MOST_SUSPECTS - room} phases lack a consumer; it is sought for the first {MOST_SUSPECTS}"
        )
    if room == MOST_SUSPECTS:
        return corrections((), (), foreign)
    file = run.work / "suspects.arrow"
    write_durably(file, tables.to_stream(pa.concat_tables(suspects)))
    scored = run.map("seek", partial(score_partition, run.lake.path, file), run.partitions)
    candidates: Candidates = ()
    for each in scored:
        found = tuple(Candidate(*row) for row in json.loads(each.read_bytes()))
        candidates = merge_candidates(candidates, found)
    return corrections(read_suspects(file), candidates, foreign)


@lru_cache(maxsize=1)
def read_suspects(file: Path) -> tuple[TopologySuspect, ...]:
    """The suspects of a run; their matrices stay in the mapped file, which all workers of a machine share."""
    return tuple(tables.suspects_of(tables.mapped(file)))


def score_partition(path: Path, suspects: Path, partition: Partition) -> bytes:
    """The meters of a partition as consumers that suspects lack."""
    found: Candidates = ()
    for readings in read_partition(path, partition, ("readings",)):
        found = merge_candidates(found, score_candidates(read_suspects(suspects), readings))
    return canonical_json([[c.suspect, c.meter, c.area, c.evidence] for c in found])


def repair(run: Run, parts: Sequence[Path], found: Sequence[Correction]) -> dict[int, Path]:
    """Assess anew every area that meters leave or join; files by the row of the area."""
    removed: dict[str, dict[str, float]] = {}
    adopted: dict[str, list[Correction]] = {}
    for each in found:
        if each.to_area is not None:
            removed.setdefault(each.from_area, {})[each.meter] = each.evidence
            adopted.setdefault(each.to_area, []).append(each)
    touched = sorted(removed.keys() | adopted.keys())
    tasks = [repair_task(run, area, removed.get(area, {}), adopted.get(area, [])) for area in touched]
    files = run.map("repair", partial(assess_repaired, run.lake.path), tasks)
    row = {area: k for k, area in enumerate(run.lake.areas["area"].to_pylist())}
    return {row[area]: file for area, file in zip(touched, files, strict=True)}


def repair_task(run: Run, area: str, removed: Mapping[str, float], adopted: Sequence[Correction]) -> Repaired:
    """All that a worker needs to assess an area anew."""
    partition = run.lake.partition_of(area)
    from_areas = sorted({each.from_area for each in adopted})
    joining = tuple(
        (run.lake.partition_of(booked), frozenset(each.meter for each in adopted if each.from_area == booked))
        for booked in from_areas
    )
    return Repaired(partition, known_in(partition, run.learned.known), removed, joining)


def assess_repaired(path: Path, task: Repaired) -> bytes:
    """Assess one area with its meters as they stand."""
    joining = tuple(only(next(read_partition(path, booked)), meters) for booked, meters in task.adopted)
    readings = next(read_partition(path, task.partition))
    return tables.pack([sound(readings, known=task.known, removed=task.removed, adopted=joining)])


def order(city: City, judged: Judged, found: Sequence[Correction], choices: Choices, seed: str) -> pa.Table:
    """What people are asked to do."""
    verdicts, areas = judged.verdicts, judged.areas.append_column("start", city.areas["start"])
    for name in ("mpe", "batch"):
        verdicts = verdicts.append_column(name, city.meters[name])
    return rank_orders(
        verdicts, areas, found, judged.lots, choices.costs, choices.budget, bytes.fromhex(seed)
    )


def write_tables(folder: Path, made: Mapping[str, pa.Table]) -> None:
    """Write the tables into a folder, each by its name."""
    for name, table in made.items():
        tables.write_table(folder / f"{name}.parquet", table)


def counts(judged: Judged, orders: pa.Table) -> dict[str, Any]:
    """How many of everything."""
    undetermined = judged.verdicts.filter(pc.equal(judged.verdicts["verdict"], "undetermined"))
    by = {
        "verdicts": judged.verdicts["verdict"],
        "undetermined": pc.replace_substring_regex(undetermined["reason"], "^collinear:.*", "collinear"),
        "health": judged.areas["health"],
        "orders": orders["kind"],
    }
    return {
        "areas": len(judged.areas),
        "meters": len(judged.verdicts),
        **{name: tallied(column) for name, column in by.items()},
    }


def tallied(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each word stands in a column."""
    return {row["values"]: row["counts"] for row in pc.value_counts(column).to_pylist()}


def since_last_cycle(previous: Path | None, verdicts: pa.Table) -> dict[str, Any]:
    """What changed since the last cycle, as a fact of this one."""
    if previous is None:
        return {}
    return {"changes": changes(pq.read_table(previous / "verdicts.parquet"), verdicts)}
