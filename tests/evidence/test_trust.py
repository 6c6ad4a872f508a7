"""A folder of trust is read whole, or the file that is wrong is named."""

from __future__ import annotations

from pathlib import Path

import proof_world as world
import pytest

from quanheng.evidence.errors import BadDocument
from quanheng.evidence.trust import read_trust


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "authority").mkdir()
    (tmp_path / "policy").write_bytes(world.policy_file())
    (tmp_path / "authority" / "bureau.pem").write_bytes(world.key_of("authority").public.pem())
    return tmp_path


def test_folder_holds_policy_and_authority(folder):
    found, same = read_trust(folder), world.trusted()
    assert found.authority.keys() == same.authority.keys()
    assert found.policy == same.policy


def test_several_keys_of_the_authority_are_all_pinned(folder):
    (folder / "authority" / "next.pem").write_bytes(world.key_of("next", "ecdsa-p256-sha256").public.pem())
    assert len(read_trust(folder).authority) == 2


@pytest.mark.parametrize(
    ("file", "data", "said"),
    [
        ("policy", None, "policy"),
        ("policy", b"quorum", "line 1"),
        ("authority/bureau.pem", None, "authority"),
        ("authority/bureau.pem", b"key", "bureau.pem"),
    ],
)
def test_what_is_wrong_is_named(folder, file, data, said):
    if data is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(data)
    with pytest.raises(BadDocument, match=said):
        read_trust(folder)
