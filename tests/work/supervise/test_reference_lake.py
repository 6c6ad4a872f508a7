"""The cycle's judgement on a lake that this project did not make: that it runs and is sane, not how well it finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from quanheng.readings.lake.open import open_lake
from quanheng.readings.lake.read import read_area
from quanheng.work.supervise.areas import assess

DATA = Path(__file__).resolve().parents[3] / "../shared/data"


@pytest.mark.reference
def test_areas_of_foreign_make_are_judged_and_their_estimates_lie_where_they_say() -> None:
    if not (DATA / "lake").is_dir():
        pytest.skip("the reference lake is not beside the project")
    truth = {row["meter"]: row for row in pq.read_table(DATA / "lake-truth.parquet").to_pylist()}
    z: list[float] = []
    with open_lake(DATA / "lake") as lake:
        names = lake.areas["area"].to_pylist()
        looks = [assess(read_area(lake, name)) for name in names]
    assert len(looks) == 4
    for look in looks:
        meters = look.meters
        for k, name in enumerate(meters.meter):
            if look.finding.health == "ok" and np.isfinite(meters.scale[k]) and truth[name]["kind"] == "ok":
                true = 1 / (1 + truth[name]["error"]) - 1
                z.append(float((true - meters.location[k]) / meters.scale[k]))
    assert any(look.finding.health == "ok" for look in looks)
    assert len(z) > 20
    assert np.sqrt(np.mean(np.square(z))) < 2.0
