"""The footer of a Parquet file says how many values there are; a damaged one is refused and ends no process."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_lakes import sound_lake, write_lake

from quanheng.readings.lake.footer import values_of


def test_values_are_those_that_arrow_counts(tmp_path: Path) -> None:
    for path in write_lake(tmp_path, sound_lake(), row_group=2).rglob("*.parquet"):
        metadata = pq.ParquetFile(path).metadata
        counted: list[dict[str, int]] = [{} for _ in range(metadata.num_row_groups)]
        for number, group in enumerate(counted):
            for each in (metadata.row_group(number).column(k) for k in range(metadata.num_columns)):
                name = each.path_in_schema.split(".")[0]
                group[name] = group.get(name, 0) + each.num_values
        assert values_of(path) == counted


@given(st.binary(max_size=200) | st.integers(1, 200).map(lambda n: b"\x19" * n))
def test_noise_is_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.parquet"
    path.write_bytes(noise + len(noise).to_bytes(4, "little") + b"PAR1")
    with contextlib.suppress(ValueError):
        values_of(path)
