"""The Merkle tree of a log: hashes, roots, and proofs that an entry is in it or that it only grew. RFC 6962, RFC 9162.

Size 0 is a tree: its root is the hash of nothing. Every tree is consistent with it, so there is nothing to prove, and
`check_consistency` says no where a size is 0: who begins at 0 has to know that he does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

SIZE = 32  # bytes of a hash
EMPTY = sha256(b"").digest()

Node = Callable[[int, int], bytes]  # (level, index) -> hash of the complete subtree over 2^level leaves


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry: SHA-256(0 || entry). RFC 9162, 2.1.1."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(1 || left || right). RFC 9162, 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


def leaf_hashes(entries: Iterable[bytes]) -> bytes:
    """Hashes of entries, 32 bytes each, one after the other."""
    return b"".join([sha256(b"\x00" + entry).digest() for entry in entries])


def pairs(hashes: bytes) -> bytes:
    """The level above: each two hashes become one, an odd last one is left out."""
    return b"".join([sha256(b"\x01" + hashes[k : k + 64]).digest() for k in range(0, len(hashes) - 63, 64)])


def root(hashes: bytes) -> bytes:
    """Root of the tree over leaves given by their hashes, one after the other."""
    if not hashes:
        return EMPTY
    # complete subtrees that have no partner at their level, from the right
    alone: list[bytes] = []
    while len(hashes) > SIZE:
        if len(hashes) // SIZE % 2:
            alone.append(hashes[-SIZE:])
        hashes = pairs(hashes)
    right = b""
    for each in alone:
        right = node_hash(each, right) if right else each
    return node_hash(hashes, right) if right else hashes


def split(size: int) -> int:
    """The largest power of two below a size of at least 2: where a tree divides."""
    return 1 << ((size - 1).bit_length() - 1)


def subtree(node: Node, start: int, end: int) -> bytes:
    """Root over the leaves [start, end); start is a multiple of the largest power of two not above end − start."""
    folded = b""
    while end > start:
        # from the right: the smallest complete subtree that ends here
        level = ((end - start) & -(end - start)).bit_length() - 1
        end -= 1 << level
        complete = node(level, end >> level)
        folded = node_hash(complete, folded) if folded else complete
    return folded or EMPTY


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """Hashes from leaf `index` up to the root of the first `size` leaves. RFC 9162, 2.1.3.1. IndexError."""
    if not 0 <= index < size:
        raise IndexError(f"entry {index} of a tree of {size}")
    start, end, proof = 0, size, []
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            proof.append(subtree(node, middle, end))
            end = middle
        else:
            proof.append(subtree(node, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(node: Node, old: int, new: int) -> list[bytes]:
    """Hashes that show the first `old` of `new` leaves to be the tree of old. RFC 9162, 2.1.4.1; empty from 0."""
    if not 0 <= old <= new:
        raise IndexError(f"from a tree of {old} to one of {new}")
    start, end, proof = 0, new if old else 0, []
    while old < end:
        middle = start + split(end - start)
        if old <= middle:
            proof.append(subtree(node, middle, end))
            end = middle
        else:
            proof.append(subtree(node, start, middle))
            start = middle
    if start:
        proof.append(subtree(node, start, end))
    return proof[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof leads from the hash of a leaf to the root of a tree of `size`. RFC 9162, 2.1.3.2."""
    if not 0 <= index < size or len(leaf) != SIZE:
        return False
    # up to `inner` the path has neighbours on both sides; above it, only complete subtrees on the left
    inner = (index ^ (size - 1)).bit_length()
    if len(proof) != inner + (index >> inner).bit_count():
        return False
    found = leaf
    for each in proof[:inner]:
        found = sha256(b"\x01" + each + found if index & 1 else b"\x01" + found + each).digest()
        index >>= 1
    for each in proof[inner:]:
        found = sha256(b"\x01" + each + found).digest()
    return found == root


def check_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether a proof shows that the tree of `new` leaves begins with that of `old`. RFC 9162, 2.1.4.2."""
    if old == new:
        return old > 0 and not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    index, last = old - 1, new - 1
    up = (~index & (index + 1)).bit_length() - 1  # trailing ones: subtrees that end with the old tree
    index >>= up
    last >>= up
    before = after = path[0]
    for each in path[1:]:
        if not last:
            return False
        if index & 1 or index == last:
            before, after = node_hash(each, before), node_hash(each, after)
            if not index & 1:
                up = (index & -index).bit_length() - 1 if index else last.bit_length()
                index >>= up
                last >>= up
        else:
            after = node_hash(after, each)
        index >>= 1
        last >>= 1
    return not last and before == old_root and after == new_root
