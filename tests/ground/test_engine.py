"""The engine: results in order, whoever does the work; and it continues where it stopped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from engine_work import die_on_three, fail_on_three, noted, slow_if_even, square, threads

from quanheng.ground.engine import Engine, map_to_files
from quanheng.ground.errors import Fault, NotShown

SQUARES = [b"0", b"1", b"4", b"9", b"16", b"25"]


def contents(paths: list[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]


@pytest.mark.parametrize("workers", [1, 2])
def test_results_stand_in_the_order_of_tasks(tmp_path: Path, workers: int) -> None:
    paths = map_to_files(slow_if_even, range(6), tmp_path / "parts", engine=Engine(workers))
    assert contents(paths) == SQUARES


def test_dask_gives_the_same_files(tmp_path: Path) -> None:
    paths = map_to_files(square, range(6), tmp_path / "parts", engine=Engine(1, "dask"))
    assert contents(paths) == SQUARES


def test_no_tasks_give_no_files(tmp_path: Path) -> None:
    assert map_to_files(square, [], tmp_path / "parts", engine=Engine(2)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_finished_files_stay_when_a_task_fails(tmp_path: Path, workers: int) -> None:
    with pytest.raises(ValueError, match="three"):
        map_to_files(fail_on_three, range(6), tmp_path / "parts", engine=Engine(workers))
    assert (tmp_path / "parts" / "000000.part").read_bytes() == b"0"
    assert not (tmp_path / "parts" / "000003.part").exists()


def test_only_what_is_missing_is_computed_again(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    tasks = [(notes, k) for k in range(4)]
    map_to_files(noted, tasks, tmp_path / "parts", engine=Engine())
    (tmp_path / "parts" / "000002.part").unlink()
    paths = map_to_files(noted, tasks, tmp_path / "parts", engine=Engine())
    assert contents(paths) == SQUARES[:4]
    assert sorted(path.name.split("-")[0] for path in notes.iterdir()) == ["0", "1", "2", "2", "3"]


def test_a_dead_worker_is_said_and_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(NotShown, match="worker process died"):
        map_to_files(die_on_three, range(6), tmp_path / "parts", engine=Engine(2))


@pytest.mark.parametrize("workers", [1, 2])
def test_every_worker_computes_in_one_thread(tmp_path: Path, workers: int) -> None:
    before = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    paths = map_to_files(threads, range(2), tmp_path / "parts", engine=Engine(workers))
    assert contents(paths) == [b"1", b"1"]
    assert before == {name: os.environ.get(name) for name in before}


def test_progress_counts_what_was_there_already(tmp_path: Path) -> None:
    map_to_files(square, range(3), tmp_path / "parts", engine=Engine())
    seen: list[tuple[int, int]] = []
    map_to_files(
        square, range(5), tmp_path / "parts", engine=Engine(), progress=lambda *each: seen.append(each)
    )
    assert seen == [(3, 5), (4, 5), (5, 5)]


def test_a_scheduler_that_does_not_answer_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="no Dask scheduler"):
        map_to_files(square, [1], tmp_path / "parts", engine=Engine(1, "dask", "nonsense://nowhere"))


def test_no_worker_is_a_fault() -> None:
    with pytest.raises(Fault, match="at least 1"):
        Engine(0)
