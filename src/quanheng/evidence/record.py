"""A record: canonical bytes of uncertain results, with all that their correlation needs.

    magic (16 bytes) · length of the header (8, little-endian) · header (canonical JSON, spaces to a multiple of 8)
    · columns: float64, then int32, little-endian · SHA-256 of all before (32)

The header says what the numbers are: names, units, rows, sources, ensembles, model, seed, parameters, versions. The
same content has the same bytes: nothing depends on the order of a dictionary, a clock or a path. The digest of a
record is the SHA-256 of all its bytes.

Sources keep their identity. One that has none outside its process (every source but a named one) takes the identity
(digest of the record, number) when the record is read: whoever reads it, anywhere and any number of times, holds the
same source, and so does a record of what was computed from it. Records with equal bytes are one record: results of two
measurements that agree in every number are told apart by `parameters` (an instrument's number, a day).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from quanheng import __version__
from quanheng.evidence.errors import BadRecord, expect
from quanheng.evidence.recorded_model import RecordedModel, Said, model_of, model_said
from quanheng.evidence.recorded_sources import (
    dof_rows,
    in_order,
    read_sources,
    said_ensembles,
    said_merged,
    said_source,
    whole,
)
from quanheng.ground.digest import canonical_line, sha256_bytes
from quanheng.measure.errors import MeasureError
from quanheng.measure.quantity.contributions import Column, Sparse, dense
from quanheng.measure.quantity.source import Source
from quanheng.measure.quantity.uncertain import Uncertain

FORMAT = "quanheng-record-1"
MAGIC = b"quanheng record\n"
LENGTH = 8
DIGEST = 32
LONGEST_HEADER = 1 << 28
MOST_ROWS = 1 << 31
KEYS = {
    "format", "version", "columns", "inputs", "sources", "ensembles", "merged", "model", "seed", "parameters",
}  # fmt: skip

Float = NDArray[np.float64]
Columns: TypeAlias = Mapping[str, Uncertain]


@dataclass(frozen=True)
class Record:
    """What a record holds."""

    results: Columns
    inputs: Columns
    units: Mapping[str, str]  # of results and inputs
    model: RecordedModel | str | Mapping[str, str] | None
    seed: int | None
    parameters: Mapping[str, Any]
    version: str  # of quanheng, when it was written
    digest: str  # SHA-256 of the record's bytes, in hexadecimal


# ---- writing ---------------------------------------------------------------------------------------------------


def write_record(
    results: Columns,
    *,
    units: Mapping[str, str],
    inputs: Columns | None = None,
    model: Said = None,
    seed: int | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> bytes:
    """The record of results, and of the inputs they came from if these are to be kept.

    `units` by name, one for each result and input ("1" for a number); `model`: its expressions, or the model itself,
    of which the tape is recorded; `seed` of a Monte Carlo run; `parameters`: anything that JSON can say.
    BadRecord for what cannot be recorded; InvalidCorrelation where two sources under one identity differ.
    """
    columns = _by_name(results, inputs or {}, units)
    sources = in_order(list(columns.values()))
    number = {source: k for k, source in enumerate(sources)}
    header = {
        "format": FORMAT,
        "version": __version__,
        "columns": {name: _said_column(column, number, units[name]) for name, column in columns.items()},
        "inputs": sorted(inputs or {}),
        "sources": [said_source(source) for source in sources],
        "ensembles": said_ensembles(sources),
        "merged": said_merged(sources),
        "model": model_said(model),
        "seed": seed,
        "parameters": dict(parameters or {}),
    }
    return _sealed(_header_bytes(header), _blocks(columns, number, sources))


def _by_name(results: Columns, inputs: Columns, units: Mapping[str, str]) -> dict[str, Uncertain]:
    both = set(results) & set(inputs)
    if both:
        raise BadRecord(f"既是结果又是输入 / both results and inputs: {', '.join(sorted(both))}")
    columns = dict(sorted({**results, **inputs}.items()))
    if set(units) != set(columns):
        wrong = ", ".join(sorted(set(units) ^ set(columns)))
        raise BadRecord(f"单位与结果须一一对应 / units and results do not match: {wrong}")
    for name, column in columns.items():
        if len(column) >= MOST_ROWS or not all(np.all(np.isfinite(each)) for each in _floats(column)):
            raise BadRecord(f"{name}：有非有限的数，或行数过多 / {name}: not finite, or too many rows")
    return columns


def _said_column(column: Uncertain, number: Mapping[Source, int], unit: str) -> dict[str, Any]:
    full, sparse, private = _parts(column, number)
    return {
        "unit": unit,
        "rows": len(column),
        "shared": [number[source] for source in full],
        "sparse": [[number[source], len(part.rows)] for source, part in sparse.items()],
        "private": [number[source] for source in private],
    }


def _parts(
    column: Uncertain, number: Mapping[Source, int]
) -> tuple[dict[Source, Float], dict[Source, Sparse], dict[Source, Float]]:
    """Contributions to all rows, to some rows, and private ones; each by the numbers of their sources."""
    shared = sorted(column.shared.items(), key=lambda item: number[item[0]])
    full = {source: dense(part, len(column)) for source, part in shared if not isinstance(part, Sparse)}
    sparse = {source: part for source, part in shared if isinstance(part, Sparse)}
    return full, sparse, dict(sorted(column.private.items(), key=lambda item: number[item[0]]))


def _blocks(columns: Columns, number: Mapping[Source, int], sources: Sequence[Source]) -> Iterator[bytes]:
    parts = {name: _parts(column, number) for name, column in columns.items()}
    for source in sources:
        if np.ndim(source.dof):
            yield _little(np.asarray(source.dof))
    for name, (full, sparse, private) in parts.items():
        yield _little(columns[name].value)
        for each in (*full.values(), *(part.values for part in sparse.values()), *private.values()):
            yield _little(each)
    for _, sparse, _ in parts.values():
        for part in sparse.values():
            yield np.ascontiguousarray(part.rows, dtype="<i4").tobytes()


def _floats(column: Uncertain) -> Iterator[Float]:
    yield column.value
    for part in (*column.shared.values(), *column.private.values()):
        yield part.values if isinstance(part, Sparse) else part


def _little(column: Float) -> bytes:
    return np.ascontiguousarray(column, dtype="<f8").tobytes()


def _header_bytes(header: Mapping[str, Any]) -> bytes:
    try:
        text = canonical_line(header)
    except (TypeError, ValueError) as error:
        raise BadRecord(f"参数或模型不能写成 JSON / JSON cannot say it: {error}") from error
    return text + b" " * (-len(text) % LENGTH)


def _sealed(header: bytes, blocks: Iterator[bytes]) -> bytes:
    body = b"".join([MAGIC, len(header).to_bytes(LENGTH, "little"), header, *blocks])
    return body + hashlib.sha256(body).digest()


# ---- reading ---------------------------------------------------------------------------------------------------


def read_record(data: bytes) -> Record:
    """The record that some bytes are. BadRecord, saying where, if they are none or are damaged.

    Takes no more memory than a small multiple of the bytes: sizes are compared with what is there before anything is
    made of them. Columns are views of the bytes.
    """
    header, payload = _opened(data)
    digest = sha256_bytes(data)
    try:
        return _read(header, payload, digest)
    except (MeasureError, RecursionError, OverflowError) as error:
        raise BadRecord(f"记录的内容不成立 / what the record says cannot be: {error}") from error


def _opened(data: bytes) -> tuple[dict[str, Any], memoryview]:
    """Header, and the bytes of the columns."""
    view = memoryview(data)
    start = len(MAGIC) + LENGTH
    if bytes(view[: len(MAGIC)]) != MAGIC:
        raise BadRecord("不是权衡的记录 / is no record of quanheng")
    if len(view) < start + DIGEST:
        raise BadRecord(f"记录不完整：只有 {len(view)} 字节 / truncated: {len(view)} bytes")
    size = int.from_bytes(view[len(MAGIC) : start], "little")
    if size > min(LONGEST_HEADER, len(view) - start - DIGEST) or size % LENGTH:
        raise BadRecord(f"记录头长 {size} 字节，不可能 / a header of {size} bytes does not fit")
    if hashlib.sha256(view[:-DIGEST]).digest() != bytes(view[-DIGEST:]):
        raise BadRecord("摘要不符：记录被截断或改动 / digest mismatch: truncated or changed")
    return _header(bytes(view[start : start + size])), view[start + size : -DIGEST]


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = expect(json.loads(text), dict, "header")
        same = _header_bytes(header) == text
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"记录头不是 JSON / the header is no JSON: {error}") from error
    if header.get("format") != FORMAT:
        raise BadRecord(f"格式 {header.get('format')!r}，应为 {FORMAT} / format: not {FORMAT}")
    if set(header) != KEYS:
        raise BadRecord(f"记录头的键不符 / keys: {', '.join(sorted(set(header) ^ KEYS))}")
    if not same:
        raise BadRecord("记录头不是规范写法 / the header is not canonical JSON")
    return header


def _read(header: Mapping[str, Any], payload: memoryview, digest: str) -> Record:
    said = expect(header["columns"], dict, "columns")
    plans = {name: _Plan.of(said[name], f"columns.{name}") for name in sorted(said)}
    listed = expect(header["sources"], list, "sources")
    of_dof = sum(dof_rows(each, f"sources[{k}]") for k, each in enumerate(listed))
    blocks = _Blocks(payload, of_dof + sum(plan.floats for plan in plans.values()))
    if blocks.bytes_asked(sum(plan.ints for plan in plans.values())) != len(payload):
        raise BadRecord("数列长度与记录头不符 / columns: not as long as the header says")
    ensembles = expect(header["ensembles"], list, "ensembles")
    merged = expect(header["merged"], list, "merged")
    sources = read_sources(listed, ensembles, merged, blocks.take, digest)
    columns = {name: plan.column(blocks, sources) for name, plan in plans.items()}
    inputs = {expect(name, str, "inputs") for name in expect(header["inputs"], list, "inputs")}
    if not inputs <= set(columns):
        raise BadRecord("inputs：没有这样的列 / inputs: no such column")
    return Record(
        results={name: column for name, column in columns.items() if name not in inputs},
        inputs={name: column for name, column in columns.items() if name in inputs},
        units={name: plan.unit for name, plan in plans.items()},
        model=model_of(header["model"]),
        seed=None if header["seed"] is None else expect(header["seed"], int, "seed"),
        parameters=expect(header["parameters"], dict, "parameters"),
        version=expect(header["version"], str, "version"),
        digest=digest,
    )


@dataclass
class _Blocks:
    """The columns of a record, taken in their order."""

    payload: memoryview
    floats: int  # how many stand before the int32
    float_at: int = 0
    int_at: int = 0

    def bytes_asked(self, ints: int) -> int:
        return 8 * self.floats + 4 * ints

    def take(self, n: int) -> Float:
        found = np.frombuffer(self.payload, "<f8", n, 8 * self.float_at)
        self.float_at += n
        return found.astype(np.float64, copy=False)

    def take_finite(self, n: int, where: str) -> Float:
        found = self.take(n)
        if not np.all(np.isfinite(found)):
            raise BadRecord(f"{where}：有非有限的数 / {where}: a number is not finite")
        return found

    def take_rows(self, n: int, among: int, where: str) -> NDArray[np.intp]:
        found = np.frombuffer(self.payload, "<i4", n, 8 * self.floats + 4 * self.int_at).astype(np.intp)
        self.int_at += n
        if n and not (found[0] >= 0 and found[-1] < among and np.all(np.diff(found) > 0)):
            raise BadRecord(f"{where}：行号不递增或越界 / {where}: rows do not ascend within {among}")
        return found


@dataclass(frozen=True)
class _Plan:
    """What the header says of one column."""

    where: str
    unit: str
    rows: int
    shared: list[int]
    sparse: list[tuple[int, int]]  # source, how many rows
    private: list[int]

    @classmethod
    def of(cls, said: Any, where: str) -> _Plan:
        match said:
            case {
                "unit": str(unit), "rows": rows, "shared": list(shared), "sparse": list(sparse),
                "private": list(private), **rest,
            } if not rest and all(isinstance(each, list) and len(each) == 2 for each in sparse):  # fmt: skip
                return cls(
                    where,
                    unit,
                    whole(rows, f"{where}.rows"),
                    [whole(each, f"{where}.shared") for each in shared],
                    [(whole(k, f"{where}.sparse"), whole(m, f"{where}.sparse")) for k, m in sparse],
                    [whole(each, f"{where}.private") for each in private],
                )
        raise BadRecord(f"{where}：不是列 / {where}: is no column")

    @property
    def floats(self) -> int:
        return self.rows * (1 + len(self.shared) + len(self.private)) + self.ints

    @property
    def ints(self) -> int:
        return sum(m for _, m in self.sparse)

    def column(self, blocks: _Blocks, sources: Sequence[Source]) -> Uncertain:
        shared_by = self._sources([*self.shared, *(k for k, _ in self.sparse)], sources)
        private_by = self._sources(self.private, sources)
        value = blocks.take_finite(self.rows, self.where)
        shared: dict[Source, Column] = {
            source: blocks.take_finite(self.rows, self.where) for source in shared_by[: len(self.shared)]
        }
        some = [blocks.take_finite(m, self.where) for _, m in self.sparse]
        private = {source: blocks.take_finite(self.rows, self.where) for source in private_by}
        for source, values in zip(shared_by[len(self.shared) :], some, strict=True):
            shared[source] = Sparse(blocks.take_rows(len(values), self.rows, self.where), values)
        return Uncertain(value, shared, private)

    def _sources(self, numbers: Sequence[int], sources: Sequence[Source]) -> list[Source]:
        if len(set(numbers)) < len(numbers) or any(k >= len(sources) for k in numbers):
            raise BadRecord(f"{self.where}：来源重复或不存在 / {self.where}: a source twice, or none such")
        found = [sources[k] for k in numbers]
        if any(np.ndim(each.dof) and np.size(each.dof) != self.rows for each in found):
            raise BadRecord(
                f"{self.where}：自由度的行数不符 / {self.where}: rows of degrees of freedom differ"
            )
        return found
