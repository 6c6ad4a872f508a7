"""Points of small order on the curve of Ed25519: a signature by such a key fits whatever was signed."""

from __future__ import annotations

FIELD = 2**255 - 19
_OF_ORDER_8 = int("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826", 16)
SMALL = {0, 1, FIELD - 1, _OF_ORDER_8, FIELD - _OF_ORDER_8}  # y of the eight points whose order divides 8


def of_small_order(point: bytes) -> bool:
    """Whether 32 bytes are a point whose order divides 8, in whichever encoding (RFC 8032, 5.1.2)."""
    return (int.from_bytes(point, "little") & (1 << 255) - 1) % FIELD in SMALL
