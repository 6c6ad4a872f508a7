"""The index of chains on the disk: read back as it was, refused where it is damaged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small_chain import ON, Small

from quanheng.evidence.chain.files import TABLES, load, save
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.procedures import regulations
from quanheng.work.trace.judge import judge
from quanheng.work.trace.part import Asked


def test_a_chain_is_read_back_as_it_was(tmp_path: Path) -> None:
    chain = Small().chain()
    save(chain, tmp_path)
    again = load(tmp_path)
    for name in TABLES:
        ours, theirs = getattr(chain, name), getattr(again, name)
        for each in dataclasses.fields(ours):
            one, other = getattr(ours, each.name), getattr(theirs, each.name)
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
    assert again.names == chain.names
    assert list(again.numbers) == list(chain.numbers)
    assert [tuple(each) for each in again.items] == list(chain.items)
    assert again.row(chain.digest(1)) == 1


def test_a_chain_from_the_disk_is_judged_as_the_one_in_memory(tmp_path: Path) -> None:
    chain = Small().change("bench", due=None).chain()
    save(chain, tmp_path)
    asked = Asked(ON, ON, regulations())
    found = judge(load(tmp_path), asked).counts()
    assert found == judge(chain, asked).counts()
    assert found["validity_unset"] == 1


@pytest.mark.parametrize("name", ["names.json", "points.arrow", "digests.arrow"])
@pytest.mark.parametrize("how", ["missing", "noise", "cut"])
def test_a_damaged_index_is_refused(tmp_path: Path, name: str, how: str) -> None:
    save(Small().chain(), tmp_path)
    path = tmp_path / name
    data = path.read_bytes()
    path.unlink()
    if how != "missing":
        path.write_bytes(b"noise" if how == "noise" else data[: len(data) // 2])
    with pytest.raises(BadDocument, match="build it again"):
        load(tmp_path)
