"""The engine: the same files from any engine, whatever was finished before."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from quanheng.ground.engine import map_partitions
from quanheng.ground.errors import BadLake, NotShown


def squared(seed: int) -> bytes:
    """A product of matrices: its last bits would show another number of BLAS threads."""
    a = np.random.default_rng(seed).standard_normal((200, 200))
    return (a @ a).tobytes()


def marked(folder: Path, k: int) -> bytes:
    (folder / f"computed-{k}").touch()
    return str(k).encode()


def refused(k: int) -> bytes:
    raise BadLake(f"{k} 坏了 / is broken")


def killed(k: int) -> bytes:
    os._exit(9)


def test_results_stand_in_the_order_of_the_partitions_for_any_engine(tmp_path: Path) -> None:
    seeds = list(range(7))
    expected = [squared(seed) for seed in seeds]
    for engine, workers in (("local", 1), ("local", 2), ("dask", 2)):
        files = map_partitions(
            squared, seeds, folder=tmp_path / f"{engine}{workers}", workers=workers, engine=engine
        )
        assert [file.read_bytes() for file in files] == expected


def test_what_is_finished_is_not_computed_again(tmp_path: Path) -> None:
    results, marks = tmp_path / "results", tmp_path / "marks"
    marks.mkdir()
    function = partial(marked, marks)
    map_partitions(function, [0, 1], folder=results, workers=1)
    for mark in marks.iterdir():
        mark.unlink()
    steps: list[tuple[int, int]] = []
    map_partitions(
        function, [0, 1, 2, 3], folder=results, workers=1, progress=lambda a, b: steps.append((a, b))
    )
    assert sorted(mark.name for mark in marks.iterdir()) == ["computed-2", "computed-3"]
    assert steps == [(2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_function_reaches_the_caller_as_it_is(tmp_path: Path, workers: int) -> None:
    with pytest.raises(BadLake, match="坏了"):
        map_partitions(refused, [1, 2], folder=tmp_path, workers=workers)


def test_a_worker_that_dies_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(NotShown, match="工作进程意外终止"):
        map_partitions(killed, [1, 2, 3], folder=tmp_path, workers=2)
