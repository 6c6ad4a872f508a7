"""A folder of trust is read whole, or the file that is wrong is named."""

from __future__ import annotations

from pathlib import Path

import proof_world as world
import pytest
from xml_signers import identity

from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.xmldsig.anchors import Anchors
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


def test_a_folder_may_hold_anchors_for_foreign_certificates_and_whose_they_are(folder):
    assert read_trust(folder).x509 == Anchors()
    authority = identity("authority", authority=True)
    (folder / "x509").mkdir()
    (folder / "x509" / "authority.pem").write_bytes(authority.pem)
    (folder / "x509" / "parties").write_text(f"{authority.signer.fingerprint} 样例院\n", "utf-8")
    found = read_trust(folder).x509
    assert found.certificates == (authority.signer,)
    assert found.parties == {authority.signer.fingerprint: ("样例院",)}


@pytest.mark.parametrize(
    ("file", "data", "said"),
    [
        ("policy", None, "policy"),
        ("policy", b"quorum", "line 1"),
        ("authority/bureau.pem", None, "authority"),
        ("authority/bureau.pem", b"key", "bureau.pem"),
        ("x509/ca.pem", b"certificate", "ca.pem"),
        ("x509/parties", b"ab some laboratory", "parties.*line 1"),
        ("x509/parties", b"\xff", "parties"),
    ],
)
def test_what_is_wrong_is_named(folder, file, data, said):
    if data is None:
        (folder / file).unlink()
    else:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(data)
    with pytest.raises(BadDocument, match=said):
        read_trust(folder)
