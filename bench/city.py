"""How long the supervision cycle takes for a city, from two smaller lakes.

    python bench/city.py [--data registers …] [--areas A B] [--meters 200] [--days 365] [--workers 2]
                         [--cache FOLDER] [--stage cycle|assess] [--json]

`quanheng supervise` runs as a command of its own on a lake of A and on one of B areas. The difference gives
the marginal rate, what is left the start-up, both together the time of five million meters on two cores; by
the clock, and by the processor time that the command and its workers used, which neighbours on a busy machine
do not change. Beside it the floor, measured in the same run: decode the Parquet files of the larger lake, and
for every area one Gram matrix and one Cholesky factor of days × meters. A lake repeats a few simulated areas
under other names, each time with other registers at the start; the energies are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pyarrow.parquet as pq
from scipy.linalg import cholesky

from quanheng.ground.errors import NotShown
from quanheng.readings.batch import AreaReadings
from quanheng.readings.lake.open import open_lake
from quanheng.readings.lake.partition import Partition
from quanheng.readings.lake.read import read_partition
from quanheng.readings.lake.write import LakeWriter
from quanheng.work.simulate.city import area_name, simulate_city
from quanheng.work.simulate.world import World
from quanheng.work.supervise.areas import assess

CITY_METERS = 5_000_000
CITY_CORES = 2
SEED = 20_261_231
OFFSET = 1009  # register steps between one repetition of an area and the next
MEMORY_GOAL = 2.0  # GiB
SAMPLE_SECONDS = 0.5
IDLE_LOAD = 0.5


@dataclass(frozen=True)
class Kind:
    """What is run of one kind of data where nothing else is asked for."""

    areas: tuple[int, int]
    distinct: int  # simulated areas; the others repeat them
    goal: float  # s, the city on two cores


KINDS = {
    "registers": Kind((250, 1250), 25, 60.0),
    "terms": Kind((250, 1250), 25, 300.0),
    "curves": Kind((20, 60), 5, 45 * 60.0),  # 1,250 areas of curves would be some 10 GB
}


@dataclass(frozen=True)
class Run:
    """One command on one lake."""

    areas: int
    seconds: float
    processor: float  # s of all its processes
    peak: float | None  # GiB of the command and its workers together, None where the system does not tell


@dataclass(frozen=True)
class Speed:
    """What two runs say together."""

    small: Run
    large: Run
    floor: float  # s for an area on one core
    meters: int
    workers: int

    @property
    def seconds_per_area(self) -> float:
        return (self.large.seconds - self.small.seconds) / (self.large.areas - self.small.areas)

    @property
    def start_up(self) -> float:
        return self.small.seconds - self.small.areas * self.seconds_per_area

    @property
    def city(self) -> float:
        """Seconds for the city on two cores."""
        areas = CITY_METERS / self.meters
        return max(self.start_up, 0.0) + areas * self.seconds_per_area * self.workers / CITY_CORES

    @property
    def processor_per_area(self) -> float:
        """Processor seconds of an area."""
        return (self.large.processor - self.small.processor) / (self.large.areas - self.small.areas)

    @property
    def city_processor(self) -> float:
        """Seconds for the city on two cores that do nothing else, by processor time."""
        start_up = self.small.processor - self.small.areas * self.processor_per_area
        return max(start_up, 0.0) + CITY_METERS / self.meters * self.processor_per_area / CITY_CORES

    @property
    def ratio(self) -> float:
        """Processor seconds of an area over those of the floor."""
        return self.processor_per_area / self.floor


# Lakes


def make_lake(folder: Path, *, data: str, areas: int, distinct: int, meters: int, days: int) -> Path:
    """The lake of that size, from the cache where it is there."""
    lake = folder / f"{data}-{areas}-of-{distinct}-{meters}x{days}"
    if lake.exists():
        return lake
    world = World(meters=meters, days=days, data=data, bad_lots=1)
    known = [sample.readings for sample in simulate_city(world, areas=min(distinct, areas), seed=SEED)]
    with LakeWriter(lake) as writer:
        for k in range(areas):
            turn, which = divmod(k, len(known))
            writer.add(renamed(known[which], area_name(k), turn * OFFSET))
    return lake


def renamed(readings: AreaReadings, name: str, offset: int) -> AreaReadings:
    """The same area under another name, its registers `offset` steps further on."""
    old = readings.area.area
    registers = readings.registers
    assert registers is not None
    return replace(
        readings,
        area=replace(readings.area, area=name, master=readings.area.master.replace(old, name, 1)),
        meters=replace(readings.meters, meter=tuple(m.replace(old, name, 1) for m in readings.meters.meter)),
        registers=replace(registers, meter=registers.meter + offset, master=registers.master + offset),
    )


# Runs


def timed(lake: Path, areas: int, *, stage: str, workers: int, scratch: Path) -> Run:
    """Time the command on a lake. Raises CalledProcessError where it fails."""
    out = scratch / "out"
    shutil.rmtree(out, ignore_errors=True)
    module = "from quanheng.cli.main import main; raise SystemExit(main())"
    words = ["supervise", str(lake), "--out", str(out), "--workers", str(workers), "--json"]
    command = [sys.executable, "-c", module, *words]
    if stage == "assess":
        command = [sys.executable, __file__, "--assess-only", str(lake), "--workers", str(workers)]
    with (scratch / "said").open("w+") as said:
        begin, before = time.perf_counter(), processor_seconds()
        process = subprocess.Popen(command, stdout=said, stderr=said)
        with watched(process.pid) as peaks:
            status = process.wait()
        seconds, processor = time.perf_counter() - begin, processor_seconds() - before
        said.seek(0)
        if status != 0:
            raise subprocess.CalledProcessError(status, command, said.read()[-2000:])
    shutil.rmtree(out, ignore_errors=True)
    return Run(areas, seconds, processor, max(peaks, default=None))


def processor_seconds() -> float:
    """Processor time of all commands that have ended, their workers among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Samples of the memory (GiB) of a process and its descendants, taken until the context ends."""
    peaks: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            total = sum(memory_of(each) for each in family(pid))
            if total:
                peaks.append(total / 2**30)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        ended.set()
        thread.join()


def family(pid: int) -> set[int]:
    """A process and its descendants; only itself where there is no /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it ended meanwhile
    found, wave = {pid}, {pid}
    while wave:
        wave = {child for child, parent in parents.items() if parent in wave} - found
        found |= wave
    return found


def memory_of(pid: int) -> int:
    """Bytes of a process, pages shared with others counted in part; 0 where that cannot be read."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def assess_lake(lake: Path, workers: int) -> None:
    """Only the first step of the cycle: read and assess every area."""
    with (
        open_lake(lake) as opened,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
    ):
        for _ in pool.map(partial(assess_partition, opened.path), opened.partitions()):
            pass


def assess_partition(path: Path, partition: Partition) -> int:
    return sum(len(assess(readings).meters.meter) for readings in read_partition(path, partition))


# The floor


def floor_seconds(lake: Path, *, areas: int, meters: int, days: int) -> tuple[float, float]:
    """Processor seconds for an area: to decode its files; for one Gram matrix and one Cholesky factor."""
    begin = time.process_time()
    for path in sorted(lake.rglob("*.parquet")):
        file = pq.ParquetFile(path)
        for k in range(file.num_row_groups):
            file.read_row_group(k, use_threads=False)
    decode = (time.process_time() - begin) / areas
    x = np.random.default_rng(SEED).random((days, meters))
    times = []
    for _ in range(30):
        begin = time.process_time()
        cholesky(x.T @ x + np.eye(meters), lower=True, overwrite_a=True, check_finite=False)
        times.append(time.process_time() - begin)
    return decode, float(np.median(times))


# Output


def print_speed(data: str, kind: Kind, speed: Speed, *, parts: tuple[float, float], title: str) -> None:
    small, large, rate = speed.small, speed.large, 1 / speed.seconds_per_area
    peak = "unknown" if large.peak is None else f"{large.peak:.2f} GiB"
    lines = {
        "run": f"{small.seconds:.1f} s and {large.seconds:.1f} s",
        "marginal rate": f"{rate:.2f} areas/s, {rate * speed.meters:.0f} meters/s",
        "processor time": f"{1e3 * speed.processor_per_area:.1f} ms an area",
        "start-up": f"{speed.start_up:.1f} s",
        "5 M meters on 2 cores": f"{speed.city:.0f} s; by processor time {speed.city_processor:.0f} s; "
        f"goal {kind.goal:.0f} s",
        "peak memory": f"{peak}; goal {MEMORY_GOAL:.0f} GiB",
        "floor": f"{1e3 * speed.floor:.2f} ms an area: decode {1e3 * parts[0]:.2f}, "
        f"Gram matrix and Cholesky {1e3 * parts[1]:.2f}",
        "over the floor": f"{speed.ratio:.1f} times",
    }
    print(f"\n{data}: {small.areas} and {large.areas} areas, {title}")
    for name, text in lines.items():
        print(f"  {name:24s}{text}", flush=True)


def print_lines(data: str, kind: Kind, speed: Speed) -> None:
    rate, peak = 1 / speed.seconds_per_area, speed.large.peak
    small = None if peak is None else peak <= MEMORY_GOAL
    print_line(f"{data}: areas per second", rate, "1/s")
    print_line(f"{data}: meters per second", rate * speed.meters, "1/s")
    print_line(f"{data}: start-up", speed.start_up, "s")
    print_line(
        f"{data}: processor time of an area",
        speed.processor_per_area,
        "s",
        peer="decode, one Gram matrix and one Cholesky",
        peer_value=speed.floor,
        ratio=speed.ratio,
    )
    print_line(
        f"{data}: 5 M meters on 2 cores", speed.city, "s", goal=kind.goal, holds=speed.city <= kind.goal
    )
    print_line(f"{data}: 5 M meters on 2 cores, by processor time", speed.city_processor, "s")
    print_line(f"{data}: peak memory", peak, "GiB", goal=MEMORY_GOAL, holds=small)


def print_line(figure: str, value: float | None, unit: str, **others: object) -> None:
    nothing = {"peer": None, "peer_value": None, "ratio": None, "goal": None, "holds": None}
    print(json.dumps({"figure": figure, "value": value, "unit": unit} | nothing | others), flush=True)


def measure(data: str, args: argparse.Namespace, cache: Path) -> None:
    """Make both lakes, run the command on both, measure the floor, print. Raises NotShown."""
    kind = KINDS[data]
    sizes = tuple(args.areas or kind.areas)
    distinct = args.distinct or kind.distinct
    make = partial(make_lake, cache, data=data, distinct=distinct, meters=args.meters, days=args.days)
    lakes = [make(areas=areas) for areas in sizes]
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        run = partial(timed, stage=args.stage, workers=args.workers, scratch=Path(scratch))
        small, large = (run(lake, areas) for lake, areas in zip(lakes, sizes, strict=True))
    parts = floor_seconds(lakes[1], areas=sizes[1], meters=args.meters, days=args.days)
    speed = Speed(small, large, sum(parts), args.meters, args.workers)
    if speed.seconds_per_area <= 0 or speed.processor_per_area <= 0:
        raise NotShown(f"{data}: {sizes[1]} areas took no longer than {sizes[0]}; choose larger --areas")
    if args.json:
        print_lines(data, kind, speed)
        return
    title = f"{args.meters} meters × {args.days} days, {args.workers} workers, {args.stage}; "
    title += f"{distinct} areas simulated, the others repeat them"
    print_speed(data, kind, speed, parts=parts, title=title)


def options() -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--data", choices=tuple(KINDS), action="append", help="repeatable; default: all")
    parser.add_argument("--areas", type=int, nargs=2, metavar=("A", "B"), help="sizes of the two lakes")
    parser.add_argument("--meters", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--distinct", type=int, help="areas that are simulated; the others repeat them")
    parser.add_argument("--workers", type=int, default=CITY_CORES)
    parser.add_argument("--cache", type=Path, help="folder where lakes are kept; default: a temporary one")
    parser.add_argument(
        "--stage", choices=("cycle", "assess"), default="cycle", help="or only assess all areas"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--assess-only", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.areas and args.areas[0] >= args.areas[1]:
        parser.error("--areas A B: A must be smaller than B")
    return args


def main() -> int:
    args = options()
    if args.assess_only:
        assess_lake(args.assess_only, args.workers)
        return 0
    if os.getloadavg()[0] > IDLE_LOAD:
        print(f"load {os.getloadavg()[0]:.1f}: others are at work, go by the processor time", file=sys.stderr)
    with tempfile.TemporaryDirectory() as temporary:
        cache = args.cache or Path(temporary)
        cache.mkdir(parents=True, exist_ok=True)
        for data in args.data or KINDS:
            try:
                measure(data, args, cache)
            except subprocess.CalledProcessError as error:
                print(
                    f"{data}: the command failed with status {error.returncode}\n{error.output}",
                    file=sys.stderr,
                )
                return 1
            except NotShown as error:
                print(error, file=sys.stderr)
                return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
