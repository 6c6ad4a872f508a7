"""The engine: results in order, whoever does the work; and it continues where it stopped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from engine_work import die_on_three, fail_on_three, noted, product, slow_if_even, square, threads

from quanheng.ground.engine import map_partitions
from quanheng.ground.errors import Fault, NotShown

SQUARES = [b"0", b"1", b"4", b"9", b"16", b"25"]


def contents(paths: list[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]


@pytest.mark.parametrize("workers", [1, 2])
def test_results_stand_in_the_order_of_tasks(tmp_path: Path, workers: int) -> None:
    paths = map_partitions(slow_if_even, range(6), folder=tmp_path / "parts", workers=workers)
    assert contents(paths) == SQUARES


def test_dask_gives_the_same_files(tmp_path: Path) -> None:
    paths = map_partitions(square, range(6), folder=tmp_path / "parts", engine="dask")
    assert contents(paths) == SQUARES


def test_the_last_bits_are_the_same_from_every_engine(tmp_path: Path) -> None:
    expected = [product(seed) for seed in range(4)]
    for workers, engine in ((1, "local"), (2, "local"), (2, "dask")):
        folder = tmp_path / f"{engine}{workers}"
        assert (
            contents(map_partitions(product, range(4), folder=folder, workers=workers, engine=engine))
            == expected
        )


def test_no_tasks_give_no_files(tmp_path: Path) -> None:
    assert map_partitions(square, [], folder=tmp_path / "parts", workers=2) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_finished_files_stay_when_a_task_fails(tmp_path: Path, workers: int) -> None:
    with pytest.raises(ValueError, match="three"):
        map_partitions(fail_on_three, range(6), folder=tmp_path / "parts", workers=workers)
    assert (tmp_path / "parts" / "000000.part").read_bytes() == b"0"
    assert not (tmp_path / "parts" / "000003.part").exists()


def test_only_what_is_missing_is_computed_again(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    tasks = [(notes, k) for k in range(4)]
    map_partitions(noted, tasks, folder=tmp_path / "parts")
    (tmp_path / "parts" / "000002.part").unlink()
    paths = map_partitions(noted, tasks, folder=tmp_path / "parts")
    assert contents(paths) == SQUARES[:4]
    assert sorted(path.name.split("-")[0] for path in notes.iterdir()) == ["0", "1", "2", "2", "3"]


def test_a_dead_worker_is_said_and_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(NotShown, match="worker process died"):
        map_partitions(die_on_three, range(6), folder=tmp_path / "parts", workers=2)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_worker_computes_in_one_thread(tmp_path: Path, workers: int) -> None:
    before = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    paths = map_partitions(threads, range(2), folder=tmp_path / "parts", workers=workers)
    assert contents(paths) == [b"1", b"1"]
    assert before == {name: os.environ.get(name) for name in before}


def test_progress_counts_what_was_there_already(tmp_path: Path) -> None:
    map_partitions(square, range(3), folder=tmp_path / "parts")
    seen: list[tuple[int, int]] = []
    map_partitions(square, range(5), folder=tmp_path / "parts", progress=lambda *each: seen.append(each))
    assert seen == [(3, 5), (4, 5), (5, 5)]


def test_a_scheduler_that_does_not_answer_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="no Dask scheduler"):
        map_partitions(square, [1], folder=tmp_path / "parts", engine="dask", scheduler="nonsense://nowhere")


def test_no_worker_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="at least 1"):
        map_partitions(square, [1], folder=tmp_path / "parts", workers=0)
