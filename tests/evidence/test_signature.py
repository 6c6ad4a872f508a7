"""Signatures beside bytes, keys at rest, XML from strangers."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.evidence import key_file, keys, signature, sm2, xml
from quanheng.evidence.errors import BadDocument, BadKey, BadXml, UnsafeXml

KEY = keys.of_seed(keys.ED25519, b"laboratory")
OTHER = keys.of_seed(keys.ED25519, b"rogue")
SIGNED = signature.sign(b"the bytes", KEY)


def test_a_signature_is_of_its_bytes_and_its_key_only():
    made = signature.read(SIGNED)
    assert signature.check(b"the bytes", made, KEY.public)
    assert not signature.check(b"the byteS", made, KEY.public)
    assert not signature.check(b"the bytes", made, OTHER.public)


def test_a_signature_is_read_as_it_was_written():
    assert signature.read(SIGNED).write() == SIGNED


@given(st.binary(max_size=300))
def test_foreign_bytes_are_no_signature(data: bytes):
    with pytest.raises(BadDocument):
        signature.read(data)


@pytest.mark.parametrize("change", [(b'":"', b'": "'), (b"ed25519", b"ed25518"), (b'"format":', b'"forma":')])
def test_a_signature_in_another_writing_is_refused(change: tuple[bytes, bytes]):
    with pytest.raises(BadDocument):
        signature.read(SIGNED.replace(*change, 1))


ALGORITHMS = [each for each in keys.ALGORITHMS if each != keys.SM2 or sm2.available()]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_comes_back_from_its_file(tmp_path: Path, algorithm: str):
    key = keys.generate(algorithm)
    key_file.write(tmp_path / "key", key, b"a passphrase")
    assert key_file.read(tmp_path / "key", b"a passphrase").public == key.public
    assert key_file.public_of(tmp_path / "key") == key.public


def test_a_key_file_is_for_its_owner_and_hides_the_key(tmp_path: Path):
    key_file.write(tmp_path / "key", KEY, b"a passphrase")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert KEY.der[-32:] not in (tmp_path / "key").read_bytes()


def test_a_key_file_is_never_overwritten(tmp_path: Path):
    key_file.write(tmp_path / "key", KEY, b"a passphrase")
    with pytest.raises(BadKey, match="never overwritten"):
        key_file.write(tmp_path / "key", OTHER, b"a passphrase")
    assert key_file.public_of(tmp_path / "key") == KEY.public


def test_another_passphrase_opens_nothing(tmp_path: Path):
    key_file.write(tmp_path / "key", KEY, b"a passphrase")
    with pytest.raises(BadKey, match="wrong passphrase"):
        key_file.read(tmp_path / "key", b"a passphrasE")


def test_a_short_passphrase_is_refused(tmp_path: Path):
    with pytest.raises(BadKey, match="at least 8"):
        key_file.write(tmp_path / "key", KEY, b"short")
    assert not (tmp_path / "key").exists()


def test_a_key_file_with_another_public_key_is_refused(tmp_path: Path):
    sealed = key_file.seal(KEY, b"a passphrase", salt=b"s" * 16, nonce=b"n" * 12)
    other = key_file.seal(OTHER, b"a passphrase", salt=b"s" * 16, nonce=b"n" * 12)
    (tmp_path / "key").write_bytes(sealed[: sealed.index(b'"public"')] + other[other.index(b'"public"') :])
    with pytest.raises(BadKey, match="altered"):
        key_file.read(tmp_path / "key", b"a passphrase")


@given(noise=st.binary(max_size=200))
def test_noise_is_no_key_file(tmp_path_factory: pytest.TempPathFactory, noise: bytes):
    path = tmp_path_factory.getbasetemp() / "noise"
    path.write_bytes(noise)
    with pytest.raises(BadKey):
        key_file.public_of(path)


def test_an_entity_is_not_expanded_and_a_dtd_is_refused():
    with pytest.raises(UnsafeXml, match="DTD"):
        xml.parse(b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>')


@pytest.mark.parametrize(
    "data", [b"", b"<a>", b"<a></b>", b"text", b'<?xml version="1.0" encoding="x"?><a/>', b"<a>" * 5000]
)
def test_what_is_not_well_formed_is_refused_with_its_place(data: bytes):
    with pytest.raises(BadXml):
        xml.parse(data)


def test_a_billion_laughs_are_not_heard():
    layers = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 10))
    with pytest.raises(BadXml):
        xml.parse(f'<!DOCTYPE a [<!ENTITY l0 "ha">{layers}]><a>&l9;</a>'.encode())


def test_xml_beyond_the_limit_is_refused_unread():
    with pytest.raises(UnsafeXml, match="larger than 10"):
        xml.parse(b"<a>0123456789</a>", at_most=10)


@given(st.binary(max_size=200))
def test_noise_is_no_xml_and_never_crashes(data: bytes):
    with pytest.raises(BadXml):
        xml.parse(data)
