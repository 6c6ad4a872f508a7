"""An archive says what it holds, and does not open where that is no longer so."""

from __future__ import annotations

import io
import os
import random
import stat
import tarfile
from pathlib import Path

import pytest

from quanheng.ground.archive import MANIFEST, Reader, Writer
from quanheng.ground.digest import canonical_json, sha256_bytes
from quanheng.ground.errors import BadArchive

FACTS = {"rows": {"a": 1}}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two files, one of them under two names, and a link."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "one").write_bytes(random.Random(1).randbytes(30_000))
    (source / "two").write_bytes(b"two")
    os.link(source / "one", source / "same")
    (source / "link").symlink_to("elsewhere")
    path = tmp_path / "a.tar"
    with Writer(path) as writer:
        for name in ("one", "two", "same", "link"):
            writer.add(f"home/deep/{name}", source / name)
        writer.finish(FACTS)
    return path


def test_what_was_put_in_comes_out(archive: Path, tmp_path: Path) -> None:
    with Reader(archive) as reader:
        reader.verify()
        assert reader.facts == FACTS
        assert reader.extract("home", tmp_path / "out") == 4
    deep = tmp_path / "out/deep"
    assert (deep / "one").read_bytes() == (tmp_path / "source/one").read_bytes()
    assert (deep / "same").samefile(deep / "one")
    assert str((deep / "link").readlink()) == "elsewhere"
    assert archive.stat().st_size < 50_000


def test_an_archive_and_what_comes_out_are_for_the_owner_alone(archive: Path, tmp_path: Path) -> None:
    with Reader(archive) as reader:
        reader.extract("home", tmp_path / "out")
    for path in (archive, tmp_path / "out/deep", tmp_path / "out/deep/two"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077


def test_a_flipped_bit_of_a_file_is_named(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[data.index(b"two", data.index(b"deep/two") + 500)] ^= 1
    archive.write_bytes(data)
    with Reader(archive) as reader, pytest.raises(BadArchive, match="home/deep/two"):
        reader.verify()


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_goes_unseen(archive: Path, tmp_path: Path, seed: int) -> None:
    drawn = random.Random(seed)
    data = bytearray(archive.read_bytes())
    place = drawn.randrange(len(data))
    if seed % 4 == 0:
        del data[place:]
    else:
        data[place] ^= 1 << drawn.randrange(8)
    archive.write_bytes(data)
    try:
        with Reader(archive) as reader:
            reader.verify()
            reader.extract("home", tmp_path / "out")
    except BadArchive:
        return
    # padding of tar, times, names of owners: what matters is as it was
    assert (tmp_path / "out/deep/one").read_bytes() == (tmp_path / "source/one").read_bytes()
    assert (tmp_path / "out/deep/two").read_bytes() == b"two"
    assert (tmp_path / "out/deep/same").samefile(tmp_path / "out/deep/one")


def test_an_archive_that_was_not_finished_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(OSError), Writer(tmp_path / "a.tar") as writer:
        writer.add("home/x", tmp_path / "x")
        writer.add("home/y", tmp_path / "y")
    assert [each.name for each in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("name", ["../out", "/out", "home/../../out"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.tar"
    listed = {"files": {name: [1, sha256_bytes(b"x")]}, "links": {}, "facts": {}}
    manifest = canonical_json({"sha256": sha256_bytes(canonical_json(listed)), "list": listed})
    with tarfile.open(path, "w") as tar:
        for each, data in ((name, b"x"), (MANIFEST, manifest)):
            info = tarfile.TarInfo(each)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    with pytest.raises(BadArchive, match="leads out"):
        Reader(path)


def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    for data in (b"", b"not a tar", b"\0" * 10240):
        path.write_bytes(data)
        with pytest.raises(BadArchive):
            Reader(path)
    with pytest.raises(BadArchive):
        Reader(tmp_path / "missing.tar")
