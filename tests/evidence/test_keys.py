"""Keys: what one signs only it verifies; published vectors; SM2 beside a second implementation."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from hashlib import new as new_hash
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from quanheng.evidence import keys, sm2
from quanheng.evidence.errors import BadKey

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
needs_sm2 = pytest.mark.skipif(not sm2.available(), reason="libcrypto has no SM2")
each_algorithm = pytest.mark.parametrize(
    "algorithm", [keys.ED25519, keys.P256, pytest.param(keys.SM2, marks=needs_sm2)]
)
# GB/T 32918.5-2017, annex A.2: the recommended curve, identifier 1234567812345678, message "message digest"
D = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
X = 0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020
Y = 0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA


def der(r: int, s: int) -> bytes:
    def integer(n: int) -> bytes:
        data = n.to_bytes(n.bit_length() // 8 + 1, "big")
        return bytes([2, len(data)]) + data

    both = integer(r) + integer(s)
    return bytes([0x30, len(both)]) + both


@each_algorithm
def test_what_a_key_signs_it_alone_verifies(algorithm: str):
    key, other = keys.generate(algorithm), keys.generate(algorithm)
    signature = key.sign(b"a certificate")
    assert key.public.verify(signature, b"a certificate")
    assert not key.public.verify(signature, b"a certificatE")
    assert not other.public.verify(signature, b"a certificate")


@each_algorithm
def test_a_key_is_read_as_it_was_written(algorithm: str):
    key = keys.generate(algorithm)
    assert keys.read_private(key.der).public == key.public
    assert keys.read_public(key.public.pem()) == keys.read_public(key.public.der) == key.public
    assert keys.read_public(key.public.pem()).identifier == key.public.identifier


@each_algorithm
def test_a_seed_gives_one_key(algorithm: str):
    assert keys.of_seed(algorithm, b"seed").public == keys.of_seed(algorithm, b"seed").public
    assert keys.of_seed(algorithm, b"seed").public != keys.of_seed(algorithm, b"other").public


@each_algorithm
@given(noise=st.binary(max_size=80))
def test_noise_is_no_signature(algorithm: str, noise: bytes):
    assert not keys.of_seed(algorithm, b"seed").public.verify(noise, b"data")


@given(
    st.binary(max_size=200) | st.binary(max_size=60).map(lambda data: b"-----BEGIN PUBLIC KEY-----\n" + data)
)
def test_noise_is_no_key(noise: bytes):
    for read in (keys.read_public, keys.read_private):
        with pytest.raises(BadKey):
            read(noise)


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(BadKey, match="sha-1"):
        keys.generate("sha-1")


@needs_sm2
def test_the_published_sm2_signature_verifies():
    key = sm2.of_number(D)
    assert key.public_der[-64:] == X.to_bytes(32, "big") + Y.to_bytes(32, "big")
    public = sm2.PublicKey(key.public_der)
    assert public.verify(der(R, S), b"message digest")
    assert not public.verify(der(R, S + 1), b"message digest")


@needs_sm2
def test_a_second_implementation_verifies_what_libcrypto_signs():
    key = sm2.of_number(D)
    for message in (b"", b"message digest", b"x" * 1000):
        signature = key.sign(message)
        length = signature[3]
        r = int.from_bytes(signature[4 : 4 + length], "big")
        s = int.from_bytes(signature[6 + length :], "big")
        assert verified(r, s, message)
        assert not verified(r, s, message + b".")


@needs_sm2
def test_a_point_that_is_not_on_the_curve_verifies_nothing():
    damaged = bytearray(sm2.of_number(D).public_der)
    damaged[-1] ^= 1
    with pytest.raises(BadKey):
        sm2.PublicKey(bytes(damaged)).verify(der(R, S), b"message digest")


@needs_sm2
def test_threads_verify_at_once():
    public = sm2.PublicKey(sm2.of_number(D).public_der)
    found: list[bool] = []

    def many() -> None:
        found.extend(public.verify(der(R, S), b"message digest") for _ in range(50))

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 200


# ---- SM2 once more, slowly: GB/T 32918.1 and .2 as they are written ----------------------------------------------

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
Affine = tuple[int, int] | None


def plus(a: Affine, b: Affine) -> Affine:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    rise, run = (3 * a[0] * a[0] + A, 2 * a[1]) if a == b else (b[1] - a[1], b[0] - a[0])
    slope = rise * pow(run, -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k: int, point: Affine) -> Affine:
    total: Affine = None
    while k:
        total = plus(total, point) if k & 1 else total
        point, k = plus(point, point), k >> 1
    return total


def sm3(data: bytes) -> bytes:
    return new_hash("sm3", data).digest()


def verified(r: int, s: int, message: bytes) -> bool:
    numbers = b"".join(each.to_bytes(32, "big") for each in (A, B, GX, GY, X, Y))
    z = sm3((8 * len(sm2.SIGNER)).to_bytes(2, "big") + sm2.SIGNER + numbers)
    e = int.from_bytes(sm3(z + message), "big")
    t = (r + s) % sm2.ORDER
    point = plus(times(s, (GX, GY)), times(t, (X, Y)))
    return bool(t) and point is not None and (e + point[0]) % sm2.ORDER == r


# ---- edge cases of others ----------------------------------------------------------------------------------------


def wycheproof(name: str) -> Iterator[tuple[dict[str, str], str]]:
    for group in json.loads((DATA / "crypto" / name).read_bytes())["testGroups"]:
        for case in group["tests"]:
            yield case, group["publicKeyDer"]


needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="reference vectors are absent")


@pytest.mark.reference
@needs_data
@pytest.mark.parametrize("name", ["ed25519_test.json", "ecdsa_secp256r1_sha256_test.json"])
def test_edge_cases_of_signatures_are_judged_as_published(name: str):
    wrong = [
        case["tcId"]
        for case, public in wycheproof(name)
        if keys.read_public(bytes.fromhex(public)).verify(
            bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
        )
        is not (case["result"] == "valid")
    ]
    assert wrong == []


@pytest.mark.reference
@needs_data
def test_edge_cases_of_ed25519_are_judged_without_cofactor():
    # RFC 8032, 5.1.7 leaves the cofactor to the implementation; ours multiplies by none and compares R as bytes
    refused = {"low_order_residue", "non_canonical_R"}
    for case in json.loads((DATA / "tlog/cctv/ed25519vectors.json").read_bytes()):
        raw = Ed25519PublicKey.from_public_bytes(bytes.fromhex(case["key"]))
        public = raw.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if "low_order_A" in (case["flags"] or ()):
            with pytest.raises(BadKey, match="small order"):
                keys.read_public(public)
            continue
        key = keys.read_public(public)
        good = key.verify(bytes.fromhex(case["sig"]), case["msg"].encode())
        assert good is refused.isdisjoint(case["flags"] or ()), case["number"]
