"""A sample city: areas under one weather, and the folder that holds its lake and its truth."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from quanheng.ground.errors import BadOutput
from quanheng.ground.files import publish
from quanheng.readings.lake.write import LakeWriter, TableWriter, new_hidden_folder
from quanheng.work.simulate.area import build_area, deliver
from quanheng.work.simulate.loads import draw_weather
from quanheng.work.simulate.swap import swap_meters
from quanheng.work.simulate.world import Event, SimulatedArea, Truth, World

TRUTH = pa.schema(
    [
        ("meter", pa.string()),
        ("area", pa.string()),
        ("error", pa.float64()),
        ("kind", pa.string()),
        ("true_area", pa.string()),
        ("kwh_day", pa.float64()),
        ("since", pa.date32()),
        ("clock", pa.float64()),
        ("lot_mean", pa.float64()),
    ]
)
EVENTS = pa.schema(
    [
        ("area", pa.string()),
        ("fault", pa.string()),
        ("meter", pa.string()),
        ("phase", pa.string()),
        ("since", pa.date32()),
        ("kwh_day", pa.float64()),
    ]
)


LOCAL = (
    "theft",
    "swap",
    "stopped",
    "step",
    "exchanged",
)  # faults of single areas; the others are of a whole city


def area_name(k: int) -> str:
    """Names sort as numbers do up to 100,000 areas."""
    return f"A{k:05d}"


def simulate_city(world: World, *, areas: int, seed: int, start: int = 0) -> Iterator[SimulatedArea]:
    """Areas `start` (even) to `areas` − 1 of a city, in the order of their names, under one weather.

    Each is drawn from a stream of its own: area k is the same in a city of any size. (Where `swap` pairs
    areas, the last of an odd number stays as it is.)
    """
    pairs = world.fault("swap") is not None
    weather = draw_weather(world.start, world.days, np.random.default_rng(seed))
    for first in range(start, areas, 2 if pairs else 1):
        group = range(first, min(first + (2 if pairs else 1), areas))
        streams = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(k,))) for k in group]
        ills, ways = zip(*(stream.spawn(2) for stream in streams), strict=True)
        worlds = [struck_by_chance(world, seed, k) for k in group]
        built = [
            build_area(each, area=area_name(k), rng=rng, ill=ill, weather=weather)
            for each, k, rng, ill in zip(worlds, group, streams, ills, strict=True)
        ]
        if len(built) == 2 and worlds[0].fault("swap") is not None:
            built = list(swap_meters(built[0], built[1], ills[0]))
        for each, way in zip(built, ways, strict=True):
            yield deliver(world, each, way)


def struck_by_chance(world: World, seed: int, area: int) -> World:
    """The world of one area: each fault of single areas strikes it with the chance `struck`."""
    if world.struck >= 1.0:
        return world
    draw = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(area, 1))).random(len(LOCAL))
    missed = {name for name, at in zip(LOCAL, draw, strict=True) if at >= world.struck}
    return replace(world, faults=tuple(f for f in world.faults if f.name not in missed))


def write_city(
    world: World, out: Path, *, areas: int, seed: int, on_area: Callable[[], None] = lambda: None
) -> None:
    """Write OUT/lake, OUT/truth.parquet and OUT/areas_truth.parquet; the same seed gives the same bytes.

    All is written to a hidden folder beside `out`, synced, and renamed in the end: `out` is whole or is not
    there. `on_area` is called after each area. Raises BadOutput if `out` exists and is not an empty folder,
    or cannot be written.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise BadOutput(f"{out} 已存在且不为空，不会改动它 / exists and is not empty; choose another folder")
    hidden = new_hidden_folder(out.with_name(f"{out.name}.new") if out.exists() else out)
    try:
        _write_files(simulate_city(world, areas=areas, seed=seed), hidden, on_area)
        if out.exists():
            out.rmdir()
        publish(hidden, out)
    except OSError as error:
        raise BadOutput(f"{out} 无法写入 / cannot be written: {error}") from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _write_files(city: Iterable[SimulatedArea], folder: Path, on_area: Callable[[], None]) -> None:
    truth = TableWriter(folder / "truth.parquet", TRUTH)
    events = TableWriter(folder / "areas_truth.parquet", EVENTS)
    with LakeWriter(folder / "lake") as lake:
        for area in city:
            lake.add(area.readings)
            truth.add(_truth_table(area.truth), len(area.truth.meter))
            events.add(_event_table(area.events), len(area.events))
            on_area()
    truth.close()
    events.close()


def _truth_table(truth: Truth) -> pa.Table:
    return pa.table({name: getattr(truth, name) for name in TRUTH.names}, schema=TRUTH)


def _event_table(events: tuple[Event, ...]) -> pa.Table:
    return pa.Table.from_pylist([asdict(event) for event in events], schema=EVENTS)
