"""How many values stand in each column of each row group, from a Parquet file's own footer.

Arrow knows it as well, but where a damaged footer's statistics contradict its schema the call that asks ends the whole
process (`terminate called`, pyarrow 26). So the footer is read here: Thrift's compact protocol, of which Parquet uses
little (parquet-format, parquet.thrift: FileMetaData, RowGroup, ColumnChunk, ColumnMetaData).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

END = 8  # length of the footer, b"PAR1"
ROW_GROUPS, COLUMNS, META_DATA, PATH, NUM_VALUES = 4, 1, 3, 3, 5  # ids of fields
DEEPEST = 12


def values_of(path: Path) -> list[dict[str, int]]:
    """For each row group, values by the first part of a column's path. Raises OSError, ValueError."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - END))
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, size - END - length))
        data = file.read(min(length, size))
    try:
        return [_counted(group) for group in _Reading(data).struct()[ROW_GROUPS]]
    except (IndexError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("the footer is damaged") from error


def _counted(group: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for column in group[COLUMNS]:
        facts = column[META_DATA]
        name = facts[PATH][0].decode()
        found[name] = found.get(name, 0) + facts[NUM_VALUES]
    return found


class _Reading:
    """Bytes of Thrift's compact protocol while they are read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Values by the ids of their fields."""
        found: dict[int, Any] = {}
        field = 0
        while head := self._octet():
            field = field + (head >> 4) if head >> 4 else self._whole()
            kind = head & 15
            found[field] = (
                kind == 1 if kind in (1, 2) else self._value(kind, depth + 1)
            )  # truth stands in the type
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
        match kind:
            case 4 | 5 | 6:  # I16, I32, I64
                return self._whole()
            case 8:  # BINARY
                return self._octets(self._number())
            case 9 | 10:  # LIST, SET
                head = self._octet()
                count = head >> 4 if head >> 4 < 15 else self._number()
                return [self._value(head & 15, depth + 1) for _ in range(count)]
            case 12:  # STRUCT
                return self.struct(depth)
            case 1 | 2 | 3:  # BYTE, and within a list a truth value
                return self._octet()
            case 7:  # DOUBLE
                return self._octets(8)
        raise ValueError(f"type {kind}")

    def _octet(self) -> int:
        octet = self.data[self.place]
        self.place += 1
        return octet

    def _octets(self, size: int) -> bytes:
        found = self.data[self.place : self.place + size]
        if len(found) < size:
            raise IndexError(size)
        self.place += size
        return found

    def _number(self) -> int:
        found = shift = 0
        while True:
            octet = self._octet()
            found |= (octet & 0x7F) << shift
            shift += 7
            if octet < 0x80:
                return found
            if shift > 63:
                raise ValueError("a number too large")

    def _whole(self) -> int:
        number = self._number()
        return (number >> 1) ^ -(number & 1)
