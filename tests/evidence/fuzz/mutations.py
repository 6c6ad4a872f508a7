"""Ways to damage a file: one function of a source of chance, for properties, drills and a guided fuzzer alike."""

from __future__ import annotations

import copy
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lxml import etree

from quanheng.ground.digest import canonical_line

MOST = 4  # damages of one file
LARGEST = 1 << 20  # bytes that a damaged file is allowed to grow to
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
BOUNDARY = re.compile(rb"[<>\n,\"{}\[\] ]")
ODD = (
    b"", b"0", b"-1", b"1e999", b"NaN", b"Infinity", b"1_0", b"9" * 400, b"9" * 5000, b"0x" + b"f" * 5000,
    "１２".encode(), "²".encode(), b"18446744073709551616", b"2026-02-30", b"0000-00-00", b"9999-12-31", b"25:61",
    b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\x7f", "‮".encode(), b"null", b"true",
    b"&lt;", b"&#0;", b"&x;", b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"<?pi?>", b"<!-- -->", b"<![CDATA[",
    b"../../etc/passwd",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 10**400, -0.0, 1e-320, 1e308, float("nan"), float("inf"), "", "x" * 5000, "\ud800", "\0",
    "NaN", "2026-02-30", "９", "ff" * 32, "==", [], {}, [[]], [None], {"": None}, {"format": 1},
)  # fmt: skip


def mutated(chance: random.Random, samples: Sequence[bytes]) -> bytes:
    """One of the samples, damaged in one to four ways."""
    data = chance.choice(samples)
    for _ in range(chance.randint(1, MOST)):
        data = chance.choice(DAMAGES)(chance, data, samples)[:LARGEST]
    return data


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A ZIP, such as a workbook, of its parts: the same bytes at any time, so that a damage can be repeated."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    """The parts of a ZIP."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# ---- bytes -----------------------------------------------------------------------------------------------------


def flip(chance: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """One bit is another."""
    place = chance.randint(0, max(len(data) - 1, 0))
    there = bytes(each ^ 1 << chance.randint(0, 7) for each in data[place : place + 1])
    return data[:place] + there + data[place + 1 :]


def cut(chance: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """The end, or the beginning, is not there."""
    place = chance.randint(0, len(data))
    return data[:place] if chance.randint(0, 3) else data[place:]


def repeat(chance: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """A part stands there again, once or a thousand times."""
    start, stop = _part(chance, data)
    return data[:stop] + data[start:stop] * chance.choice((1, 2, 1000)) + data[stop:]


def drop(chance: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """A part is not there."""
    start, stop = _part(chance, data)
    return data[:start] + data[stop:]


def splice(chance: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """A part of another file stands in the place of a part."""
    other = chance.choice(samples)
    (start, stop), (first, last) = _part(chance, data), _part(chance, other)
    return data[:start] + other[first:last] + data[stop:]


def odd(chance: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """Something stands there that few expect, in the place of a part or before it."""
    start, stop = _part(chance, data)
    return data[:start] + chance.choice(ODD) + data[chance.choice((start, stop)) :]


def blow_up(chance: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """A number is another."""
    found = list(NUMBER.finditer(data))
    if not found:
        return data
    there = chance.choice(found)
    return data[: there.start()] + chance.choice(ODD) + data[there.end() :]


def lengthen(chance: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """Bytes that may say a length say a huge one, or none."""
    place, size = chance.randint(0, len(data)), chance.choice((1, 2, 4, 8))
    huge = chance.choice(
        (b"\xff" * size, b"\x7f" + b"\xff" * (size - 1), b"\xff" * (size - 1) + b"\x7f", b"\0" * size)
    )
    return data[:place] + huge + data[place + size :]


def nest(chance: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """Something is nested deeper than anybody writes by hand."""
    depth = chance.choice((100, 2000, 50_000))
    before, after = chance.choice(
        ((b"[", b"]"), (b'{"a":', b"}"), (b"<a>", b"</a>"), (b"(", b")"), (b"-", b""))
    )
    start, stop = _part(chance, data)
    return data[:start] + before * depth + data[start:stop] + after * depth + data[stop:]


def _part(chance: random.Random, data: bytes) -> tuple[int, int]:
    """A part of a file, mostly one between two signs that mean something in texts."""
    if chance.randint(0, 2) and (found := [each.start() for each in BOUNDARY.finditer(data)]):
        start = chance.randint(0, len(found) - 1)
        return found[start], found[min(start + chance.choice((1, 2, 5, 20)), len(found) - 1)]
    start = chance.randint(0, len(data))
    return start, min(start + chance.choice((0, 1, 4, 32, 300)), len(data))


# ---- trees -----------------------------------------------------------------------------------------------------


def leaf(chance: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """JSON, written in the one way, in which a value or a key is another; what is no JSON is flipped."""
    try:
        tree = [json.loads(data)]
        place: Any = tree
        key: Any = 0
        while isinstance(place[key], dict | list) and place[key] and chance.randint(0, 5):
            place = place[key]
            key = chance.choice(sorted(place) if isinstance(place, dict) else range(len(place)))
        match chance.randint(0, 5):
            case 0 if isinstance(place, dict):
                place[chance.choice(("", "format", "x"))] = place.pop(key)
            case 1 if isinstance(place, list):
                place.insert(key, copy.deepcopy(place[key]))
            case _:
                place[key] = chance.choice(VALUES)
        return canonical_line(tree[0])
    except (ValueError, RecursionError, TypeError):
        return flip(chance, data, samples)


def element(chance: random.Random, data: bytes, samples: Sequence[bytes]) -> bytes:
    """XML in which an element is dropped, doubled, moved, renamed, emptied or filled; what is no XML is flipped."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return flip(chance, data, samples)
    every = list(root.iter("*"))
    here, there = chance.choice(every), chance.choice(every)
    match chance.randint(0, 6):
        case 0 if here is not root:
            here.getparent().remove(here)
        case 1 if here is not root:
            here.addnext(copy.deepcopy(here))
        case 2:
            there.append(copy.deepcopy(here))
        case 3:
            here.tag = there.tag
        case 4 if here.attrib:
            here.set(chance.choice(list(here.attrib)), _word(chance))
        case 5 if there.attrib:
            here.set(chance.choice(list(there.attrib)), there.get(chance.choice(list(there.attrib))))
        case _:
            here.text = _word(chance)
    return bytes(etree.tostring(root))


def _word(chance: random.Random) -> str:
    """A text that XML can hold."""
    words = [each.decode() for each in ODD if each.isalnum()]
    more = ("", "-1", "2026-02-30", "１２", "²", " ", "\\", "\\ilo\\ampere\\tothe{99999999999}", "1 2 3")
    return chance.choice([*words, *more])


DAMAGES: tuple[Callable[[random.Random, bytes, Sequence[bytes]], bytes], ...] = (
    flip, cut, repeat, drop, splice, odd, blow_up, lengthen, nest, leaf, leaf, element, element,
)  # fmt: skip
