"""Durable files and new folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from quanheng.ground.errors import BadOutput
from quanheng.ground.files import check_new_folder, fresh_folder, held, publish, write_durably


def test_a_file_is_written_as_a_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_durably(tmp_path / "a", b"one")
    write_durably(tmp_path / "a", b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"two"


def test_a_finished_folder_gets_its_name(tmp_path: Path) -> None:
    (tmp_path / "work" / "deep").mkdir(parents=True)
    (tmp_path / "work" / "deep" / "a").write_bytes(b"x")
    publish(tmp_path / "work", tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "a").read_bytes() == b"x"
    assert not (tmp_path / "work").exists()


def test_a_folder_that_appeared_meanwhile_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "out").mkdir()
    with pytest.raises(BadOutput, match="appeared"):
        publish(tmp_path / "work", tmp_path / "out")
    assert (tmp_path / "work").exists()


def test_a_new_folder_is_refused_where_one_exists_or_the_lake_is(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    lake.mkdir()
    for target, why in (
        (lake, "exists"),
        (lake / "out", "only read"),
        (tmp_path / "no" / "out", "no folder"),
    ):
        with pytest.raises(BadOutput, match=why):
            check_new_folder(target, outside=lake)
    check_new_folder(tmp_path / "out", outside=lake)
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


def test_a_fresh_folder_is_empty_whatever_was_there(tmp_path: Path) -> None:
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "deep" / "a").write_bytes(b"x")
    assert list(fresh_folder(tmp_path / "out").iterdir()) == []


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with (
        held(tmp_path / "lock"),
        pytest.raises(BadOutput, match="another process"),
        held(tmp_path / "lock"),
    ):
        pass
    with held(tmp_path / "lock"):
        pass
