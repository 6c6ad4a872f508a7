"""An order of a run, as it travels: what was decided of a meter, and the path that leads from it to the run's bundle.

A run's bundle holds the root of the Merkle tree over its orders (RFC 9162 hashing). An order, its place and its path
then need nothing but the bundle to be shown to be of that run; the bundle is signed and logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quanheng.evidence.errors import BadDocument
from quanheng.evidence.log import merkle
from quanheng.ground.digest import canonical_line, read_json

FORMAT = "quanheng-order-1"
DEEPEST = 64  # hashes of a path


@dataclass(frozen=True)
class Order:
    """What an order says: its row, the verdict on its meter (None: it is about no meter), and its area's master."""

    order: Mapping[str, Any]
    verdict: Mapping[str, Any] | None
    area: Mapping[str, Any]  # area, master, master_u, master_mpe

    def write(self) -> bytes:
        """Its bytes: one order, one sequence of bytes; the leaf of the tree."""
        facts = {"format": FORMAT, "order": self.order, "verdict": self.verdict, "area": self.area}
        return canonical_line(facts)


def read(data: bytes) -> Order:
    """The order that bytes hold. Raises BadDocument."""
    try:
        facts = read_json(data)
        order = Order(facts["order"], facts["verdict"], facts["area"])
        right = (
            facts["format"] == FORMAT
            and isinstance(order.order, dict)
            and isinstance(order.verdict, dict | None)
            and isinstance(order.area, dict)
            and order.write() == data
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadDocument("不是工单 / is no order") from error
    if not right:
        raise BadDocument(
            f"不是按唯一写法写出的工单（{FORMAT}） / is no order written in the one way ({FORMAT})"
        )
    return order


def order_number(data: bytes) -> str:
    """The number of an order; "" where the bytes are none."""
    try:
        return str(read(data).order.get("order", ""))
    except BadDocument:
        return ""


def orders_root(leaves: Iterable[bytes]) -> str:
    """The root over the orders of a run, hexadecimal."""
    return merkle.root(merkle.leaf_hashes(leaves)).hex()


@dataclass(frozen=True)
class Path:
    """Where an order stands in its run's tree, and the hashes that lead to the root."""

    index: int
    size: int
    hashes: tuple[bytes, ...]

    def write(self) -> bytes:
        """Its bytes."""
        return canonical_line(
            {"index": self.index, "size": self.size, "hashes": [each.hex() for each in self.hashes]}
        )

    def leads(self, leaf: bytes, root: str) -> bool:
        """Whether it leads from a leaf to a root."""
        try:
            wanted = bytes.fromhex(root)
        except ValueError:
            return False
        return merkle.check_inclusion(merkle.leaf_hash(leaf), self.index, self.size, self.hashes, wanted)


def path_to(leaves: Sequence[bytes], index: int) -> Path:
    """The path of one of the orders of a run."""
    hashes = merkle.leaf_hashes(leaves)

    def node(level: int, at: int) -> bytes:
        return merkle.root(hashes[32 * (at << level) : 32 * ((at + 1) << level)])

    return Path(index, len(leaves), tuple(merkle.inclusion_proof(node, index, len(leaves))))


def read_path(data: bytes) -> Path:
    """The path that bytes hold. Raises BadDocument."""
    try:
        facts = read_json(data)
        path = Path(facts["index"], facts["size"], tuple(bytes.fromhex(each) for each in facts["hashes"]))
        right = all(type(each) is int and 0 <= each < 2**62 for each in (path.index, path.size))
        right = (
            right and len(path.hashes) <= DEEPEST and all(len(each) == merkle.SIZE for each in path.hashes)
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadDocument("不是工单的路径 / is no path of an order") from error
    if not right or path.write() != data:
        raise BadDocument("不是工单的路径 / is no path of an order")
    return path
