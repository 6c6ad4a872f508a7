"""Base45 (RFC 9285): bytes in the 45 characters that a QR code packs two into 11 bits."""

from __future__ import annotations

from quanheng.evidence.errors import BadDocument

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
VALUES = {character: value for value, character in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """Three characters for two bytes, two for a last one. RFC 9285, 4."""
    parts = []
    for start in range(0, len(data) - 1, 2):
        rest, low = divmod(int.from_bytes(data[start : start + 2], "big"), 45)
        high, middle = divmod(rest, 45)
        parts.append(ALPHABET[low] + ALPHABET[middle] + ALPHABET[high])
    if len(data) % 2:
        high, low = divmod(data[-1], 45)
        parts.append(ALPHABET[low] + ALPHABET[high])
    return "".join(parts)


def decode(text: str) -> bytes:
    """The bytes of a text. Raises BadDocument where it is not base45 (RFC 9285, 6)."""
    parts = []
    for start in range(0, len(text), 3):
        group = text[start : start + 3]
        value = sum(VALUES.get(each, 1 << 16) * 45**place for place, each in enumerate(group))
        size = len(group) - 1
        if not size or value >= 1 << 8 * size:
            raise BadDocument(f"第 {start} 个字符起不是 base45 / is not base45 from character {start} on")
        parts.append(value.to_bytes(size, "big"))
    return b"".join(parts)
