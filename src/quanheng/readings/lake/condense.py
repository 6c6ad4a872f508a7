"""A lake whose curves became terms, so that later cycles need not read the curves."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from quanheng.ground.files import publish
from quanheng.readings.batch import AreaReadings
from quanheng.readings.lake import schema
from quanheng.readings.lake.open import Lake, verify_unchanged
from quanheng.readings.lake.read import read_partition
from quanheng.readings.lake.write import RowsWriter, new_hidden_folder, term_table
from quanheng.readings.reduce import reduce_to_terms


def condense(lake: Lake, out: Path, step_minutes: int, on_area: Callable[[], object] = lambda: None) -> None:
    """Write the lake `out`: areas, meters and readings byte for byte, terms of the given step, no curves.

    An area without curves keeps the terms it has. Durable as LakeWriter; after an exception nothing is left.
    Raises BadOutput if `out` exists, BadLake as reading does.
    """
    hidden = new_hidden_folder(out)
    try:
        for each in lake.files:
            if not each.file.startswith(("terms/", "curves/")):
                (hidden / each.file).parent.mkdir(exist_ok=True)
                shutil.copyfile(lake.path / each.file, hidden / each.file)
        writer = RowsWriter(hidden / "terms", schema.TERMS)
        for partition in lake.partitions():
            for readings in read_partition(lake.path, partition, ("terms", "curves")):
                reduced = _with_terms(readings, step_minutes)
                if reduced.terms is not None:
                    writer.add(term_table(reduced, reduced.terms))
                on_area()
            writer.flush()
        writer.close()
        verify_unchanged(lake)
        publish(hidden, out)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _with_terms(readings: AreaReadings, step_minutes: int) -> AreaReadings:
    if readings.curves is None:
        return readings
    return replace(readings, terms=reduce_to_terms(readings, step_minutes))
