"""The Merkle tree: what is proven is true, what is altered is not."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import TLOG, needs_vectors

from quanheng.evidence.log import merkle


def recursive_root(hashes: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as it is written."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return merkle.node_hash(recursive_root(hashes[:k]), recursive_root(hashes[k:]))


def leaves(size: int) -> list[bytes]:
    return [merkle.leaf_hash(b"entry %d" % k) for k in range(size)]


def node_of(hashes: list[bytes]) -> merkle.Node:
    return lambda level, index: recursive_root(hashes[index << level : (index + 1) << level])


@pytest.mark.parametrize("size", [*range(18), 31, 32, 33, 255, 256, 257])
def test_the_root_is_that_of_the_definition(size: int):
    hashes = leaves(size)
    assert merkle.root(b"".join(hashes)) == recursive_root(hashes)


def test_leaf_hashes_of_many_are_those_of_each():
    entries = [b"", b"a", b"\x00" * 70]
    assert merkle.leaf_hashes(entries) == b"".join(map(merkle.leaf_hash, entries))


@given(st.integers(1, 90), st.data())
def test_an_inclusion_proof_holds_for_its_leaf_only(size: int, data: st.DataObject):
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size))
    proof = merkle.inclusion_proof(node_of(hashes), index, size)
    root = recursive_root(hashes)
    assert merkle.check_inclusion(hashes[index], index, size, proof, root)
    assert merkle.check_inclusion(hashes[index], other, size, proof, root) is (other == index)
    assert not merkle.check_inclusion(merkle.leaf_hash(b"other"), index, size, proof, root)
    assert not merkle.check_inclusion(hashes[index], index, size, [*proof, root], root)


@given(st.integers(0, 90), st.integers(0, 90))
def test_a_consistency_proof_holds_for_its_sizes_only(a: int, b: int):
    old, new = sorted((a, b))
    hashes = leaves(new)
    roots = recursive_root(hashes[:old]), recursive_root(hashes)
    proof = merkle.consistency_proof(node_of(hashes), old, new)
    assert merkle.check_consistency(old, new, proof, *roots) is (old > 0)
    forged = recursive_root([merkle.leaf_hash(b"forged"), *hashes[1:]])
    if new:
        assert not merkle.check_consistency(old, new, proof, roots[0], forged)
    if 0 < old < new:
        assert not merkle.check_consistency(old, new, proof[:-1], *roots)
        assert not merkle.check_consistency(old, new, proof, roots[1], roots[1])


@given(st.integers(-2, 40), st.integers(-2, 40), st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_made_up_proofs_never_hold_and_never_crash(a: int, b: int, proof: list[bytes]):
    some = merkle.leaf_hash(b"some")
    assert not merkle.check_inclusion(some, a, b, proof, b"\x01" * 32)
    if a != b:
        assert not merkle.check_consistency(a, b, proof, b"\x01" * 32, b"\x02" * 32)


def vectors(kind: str) -> list[Path]:
    return sorted((TLOG / "merkle" / kind).rglob("*.json"))


@pytest.mark.reference
@needs_vectors
@pytest.mark.parametrize("path", vectors("inclusion"), ids=lambda path: "/".join(path.parts[-2:]))
def test_a_published_inclusion_proof_is_judged_as_it_should_be(path: Path):
    case = json.loads(path.read_bytes())
    proof = [base64.b64decode(each) for each in case["proof"] or ()]
    leaf, root = base64.b64decode(case["leafHash"] or ""), base64.b64decode(case["root"] or "")
    holds = merkle.check_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
    assert holds is not case["wantErr"]


@pytest.mark.reference
@needs_vectors
@pytest.mark.parametrize("path", vectors("consistency"), ids=lambda path: "/".join(path.parts[-2:]))
def test_a_published_consistency_proof_is_judged_as_it_should_be(path: Path):
    case = json.loads(path.read_bytes())
    proof = [base64.b64decode(each) for each in case["proof"] or ()]
    roots = (base64.b64decode(case[name] or "") for name in ("root1", "root2"))
    assert merkle.check_consistency(case["size1"], case["size2"], proof, *roots) is not case["wantErr"]
