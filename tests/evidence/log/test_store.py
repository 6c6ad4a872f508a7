"""A log on the disk: what it acknowledged it holds, whatever happens to the process."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keys_of_logs import ORIGIN, key, public, witness_key
from reference import TLOG, needs_vectors

from quanheng.evidence.errors import BadLog
from quanheng.evidence.log import checkpoint, merkle, tiles
from quanheng.evidence.log.store import Log
from quanheng.ground.errors import BadOutput


def new_log(folder: Path) -> Log:
    return Log.create(folder, ORIGIN, public(ORIGIN), key(ORIGIN))


def entries(start: int, count: int) -> list[bytes]:
    return [b"entry %d " % k * (k % 7 + 1) for k in range(start, start + count)]


def filled(folder: Path, *counts: int) -> Log:
    """A log that published after so many entries each."""
    log = new_log(folder)
    for count in counts:
        log.append(entries(log.size, count))
        log.publish(key(ORIGIN))
    return log


def unpublished(folder: Path) -> Path:
    """The journal of a closed log: three entries published, then two batches of two that are not."""
    with filled(folder, 3) as log:
        log.append(entries(3, 2))
        log.append(entries(5, 2))
    return folder / "journal"


@pytest.mark.parametrize("counts", [(1,), (255, 1, 1), (256,), (257, 255), (3, 700, 0, 66)])
def test_the_tree_does_not_depend_on_how_it_grew(tmp_path: Path, counts: tuple[int, ...]):
    with filled(tmp_path / "log", *counts) as log:
        assert log.published.root == merkle.root(merkle.leaf_hashes(entries(0, sum(counts))))
        log.audit()


def test_a_level_of_tiles_above_the_second_is_right(tmp_path: Path):
    many = [b"%d" % k for k in range(256 * 256 + 300)]
    with new_log(tmp_path / "log") as log:
        log.append(many[:65_500])
        log.publish(key(ORIGIN))
        log.append(many[65_500:])
        log.publish(key(ORIGIN))
        assert log.published.root == merkle.root(merkle.leaf_hashes(many))
        log.audit()
        proof = log.prove(65_555, log.published)
        assert proof.holds(merkle.leaf_hash(b"65555"))


@settings(max_examples=20)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=4), st.data())
def test_every_entry_is_proven_in_every_later_checkpoint(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], data: st.DataObject
):
    with filled(tmp_path_factory.mktemp("log") / "log", *counts) as log:
        seen = list(log.checkpoints())
        for old in seen:
            for new in (each for each in seen if each.size >= old.size):
                path = log.consistency(old.size, new.size)
                assert merkle.check_consistency(old.size, new.size, path, old.root, new.root)
            index = data.draw(st.integers(0, old.size - 1))
            assert log.prove(index, old).holds(merkle.leaf_hash(entries(index, 1)[0]))
            assert log.entry(index) == entries(index, 1)[0]


def test_an_acknowledged_entry_outlives_the_process(tmp_path: Path):
    log = filled(tmp_path / "log", 10)
    log.append(entries(10, 5))
    log.close()  # without publishing
    with Log.open(tmp_path / "log", write=True) as again:
        assert list(again.entries()) == entries(0, 15)
        assert again.publish(key(ORIGIN)).size == 15
        again.audit()


def test_a_batch_that_was_cut_off_is_not_there_and_the_log_goes_on(tmp_path: Path):
    journal = unpublished(tmp_path / "log")
    for cut in (1, 20, 60):
        journal.write_bytes(journal.read_bytes()[:-cut])
    with Log.open(tmp_path / "log", write=True) as again:
        assert again.size == 5
        again.append(entries(5, 4))
        assert list(again.entries()) == entries(0, 9)


def test_a_crash_before_the_journal_is_emptied_repeats_nothing(tmp_path: Path):
    log = new_log(tmp_path / "log")
    log.append(entries(0, 300))
    journal = (tmp_path / "log/journal").read_bytes()
    log.publish(key(ORIGIN))
    log.close()
    (tmp_path / "log/journal").write_bytes(journal)
    with Log.open(tmp_path / "log", write=True) as again:
        assert again.size == 300
        again.append(entries(300, 1))
        again.publish(key(ORIGIN))
        assert list(again.entries()) == entries(0, 301)
        again.audit()


def test_a_crash_among_tiles_leaves_a_log_that_publishes(tmp_path: Path):
    log = filled(tmp_path / "log", 300)
    log.append(entries(300, 300))
    log.close()
    torn = tmp_path / "log/tile/0/001"
    torn.write_bytes(b"half a tile")
    with Log.open(tmp_path / "log", write=True) as again:
        again.publish(key(ORIGIN))
        again.audit()
        assert again.size == 600


def test_a_damaged_journal_is_refused_and_left_as_it_is(tmp_path: Path):
    journal = unpublished(tmp_path / "log")
    data = bytearray(journal.read_bytes())
    data[60] ^= 1
    journal.write_bytes(data)
    with pytest.raises(BadLog, match="damaged from byte 0"):
        Log.open(tmp_path / "log", write=True)
    assert journal.read_bytes() == bytes(data)


def test_two_processes_do_not_write_one_log(tmp_path: Path):
    with new_log(tmp_path / "log"), pytest.raises(BadOutput):
        Log.open(tmp_path / "log", write=True)


def test_a_log_that_is_only_read_takes_no_entry(tmp_path: Path):
    new_log(tmp_path / "log").close()
    with Log.open(tmp_path / "log") as log, pytest.raises(BadLog, match="reading only"):
        log.append([b"x"])


def test_an_entry_that_is_too_long_adds_nothing_of_its_batch(tmp_path: Path):
    with new_log(tmp_path / "log") as log:
        with pytest.raises(BadLog, match="65536"):
            log.append([b"x", b"y" * 65_536])
        assert log.size == 0
        assert log.append([b"z" * 65_535]) == range(1)


def test_another_key_signs_no_checkpoint(tmp_path: Path):
    with new_log(tmp_path / "log") as log:
        log.append([b"x"])
        with pytest.raises(BadLog, match="not the key"):
            log.publish(key("rogue"))
        assert log.publish(key(ORIGIN)).size == 1


@pytest.mark.parametrize("name", ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"])
def test_an_audit_names_the_tile_that_was_changed(tmp_path: Path, name: str):
    filled(tmp_path / "log", 256).close()
    path = tmp_path / "log" / name
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(data)
    with (
        pytest.raises(BadLog, match=r"damaged|does not follow|is not that"),
        Log.open(tmp_path / "log") as log,
    ):
        log.audit()


def test_a_missing_tile_is_named(tmp_path: Path):
    filled(tmp_path / "log", 300).close()
    (tmp_path / "log/tile/entries/000").unlink()
    with Log.open(tmp_path / "log") as log, pytest.raises(BadLog, match="tile/entries/000"):
        log.audit()


def test_cosignatures_are_kept_with_their_checkpoint(tmp_path: Path):
    with filled(tmp_path / "log", 5, 5) as log:
        first = next(log.checkpoints())
        line = checkpoint.cosign(first, "w1", public("w1"), key("w1"), 77)
        log.attach(first.bearing([*first.note.signatures, line]))
        assert [checkpoint.cosigned_at(each, witness_key("w1")) for each in log.checkpoints()] == [77, None]


def test_a_checkpoint_of_another_tree_is_not_attached(tmp_path: Path):
    with filled(tmp_path / "a", 5) as log, new_log(tmp_path / "b") as other:
        other.append([b"x"] * 5)
        with pytest.raises(BadLog, match="not published by this log"):
            log.attach(other.publish(key(ORIGIN)))


def test_a_log_with_a_witness_that_stands_there_often_is_opened_with_its_earliest_line(tmp_path: Path):
    with filled(tmp_path / "log", 5) as log:
        point = log.published
        lines = [checkpoint.cosign(point, "w1", public("w1"), key("w1"), 77 + n) for n in range(120)]
    for name in ("checkpoint", "checkpoints/5"):
        (tmp_path / "log" / name).write_text(str(point.bearing([*point.note.signatures, *lines])))
    with Log.open(tmp_path / "log", write=True) as log:
        assert log.published.note.signatures == (*point.note.signatures, lines[0])
        assert list(log.checkpoints()) == [log.published]
        log.attach(log.published)
    assert (tmp_path / "log/checkpoint").read_text() == str(log.published)


def test_more_lines_than_a_verifier_reads_are_not_attached(tmp_path: Path):
    with filled(tmp_path / "log", 5) as log:
        own = log.published
        lines = [checkpoint.cosign(own, f"w{n}", public("w"), key("w"), 77) for n in range(100)]
        with pytest.raises(BadLog, match="more than 100 signatures"):
            log.attach(own.bearing([*own.note.signatures, *lines]))
        assert log.published == own
    with Log.open(tmp_path / "log") as log:
        assert log.published == own


@pytest.mark.parametrize("index", [0, 999, 1000, 1_234_067])
def test_a_tile_lies_where_the_specification_says(index: int):
    known = {0: "000", 999: "999", 1000: "x001/000", 1_234_067: "x001/x234/067"}
    assert str(tiles.path(0, index)) == f"tile/0/{known[index]}"
    assert str(tiles.path("entries", index, 3)) == f"tile/entries/{known[index]}.p/3"


def test_a_tree_of_70_000_has_the_tiles_of_the_specification():
    found = list(tiles.tiles_of(70_000))
    assert sum(1 for level, _, width in found if (level, width) == (0, 256)) == 273
    assert [each for each in found if each[2] < 256] == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]


@given(st.binary(max_size=300))
def test_a_bundle_of_noise_is_read_or_refused(data: bytes):
    with contextlib.suppress(BadLog):
        assert tiles.pack(tiles.unpack(data)) == data


@pytest.mark.reference
@needs_vectors
@pytest.mark.parametrize("size", range(1, 16))
def test_a_log_of_another_implementation_is_read(size: int):
    folder = TLOG / "tessera/testdata/log/tile"
    bundle = (folder / f"entries/000.p/{size}").read_bytes()
    assert tiles.hashed(bundle) == (folder / f"0/000.p/{size}").read_bytes()
    published = folder.parent / f"checkpoint.{size}"
    if published.exists():
        assert merkle.root(tiles.hashed(bundle)) == checkpoint.parse(published.read_bytes()).root


WRITER = """
import sys
from pathlib import Path
from keys_of_logs import ORIGIN, key
from quanheng.evidence.log.store import Log
with Log.open(Path(sys.argv[1]), write=True) as log:
    while True:
        start = log.size
        log.append([b"entry %d" % k for k in range(start, start + 37)])
        print(log.size, flush=True)
        if start % 3 == 0:
            log.publish(key(ORIGIN))
"""


def killed_at_random(folder: Path, times: int, seed: int) -> None:
    """Kill a writing process at some instants: the log opens, holds all that was acknowledged, and goes on."""
    rng = random.Random(seed)
    new_log(folder).close()
    acknowledged = 0
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(Path(__file__).parent)])}
    for _ in range(times):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, env=environment, text=True
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(rng.random() * 0.05)
        writer.send_signal(signal.SIGKILL)
        said = writer.stdout.read().split("\n")
        writer.wait()
        writer.stdout.close()
        acknowledged = max([acknowledged, *(int(line) for line in said[:-1] if line)])
        with Log.open(folder) as log:
            assert log.size >= acknowledged
            assert list(log.entries()) == [b"entry %d" % k for k in range(log.size)]
            log.audit()
            acknowledged = log.size


def test_a_killed_writer_loses_no_acknowledged_entry(tmp_path: Path):
    killed_at_random(tmp_path / "log", 3, seed=1)


@pytest.mark.drill
def test_a_writer_killed_many_times_loses_no_acknowledged_entry(tmp_path: Path):
    killed_at_random(tmp_path / "log", 60, seed=2)
