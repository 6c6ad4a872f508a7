"""Sources as a record says them: in one order, whatever order they came in, and with their identities."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from quanheng.evidence.errors import BadRecord, expect
from quanheng.ground.digest import canonical_line
from quanheng.measure.quantity import shapes
from quanheng.measure.quantity.contributions import Column, Sparse
from quanheng.measure.quantity.source import (
    Ensemble,
    SomeRows,
    Source,
    SumOfRows,
    check_same,
    checked_correlation,
    in_common,
)
from quanheng.measure.quantity.uncertain import Uncertain

Float = NDArray[np.float64]
Dof = float | Float

KINDS: dict[str, Literal["A", "B"]] = {"A": "A", "B": "B"}
SHAPES: dict[str, type[shapes.Shape]] = {
    shape.name: shape
    for shape in (
        shapes.Normal, shapes.Rectangular, shapes.Triangular, shapes.Trapezoidal, shapes.Arcsine, shapes.StudentT,
        shapes.TOfSource, shapes.CTrap, shapes.Exponential, shapes.Gamma,
    )
}  # fmt: skip


def is_stable(identity: Hashable) -> bool:
    """Whether an identity means the same in every process: texts, numbers, tuples of them, and rows of such."""
    if isinstance(identity, SomeRows | SumOfRows):
        return is_stable(identity.whole)
    if isinstance(identity, tuple):
        return all(is_stable(each) for each in identity)
    return isinstance(identity, str | int) or (isinstance(identity, float) and math.isfinite(identity))


# ---- writing ---------------------------------------------------------------------------------------------------


def in_order(columns: Sequence[Uncertain]) -> list[Source]:
    """The sources of some columns, each once, by what they are; those that are alike by what they contribute.

    InvalidCorrelation where two under one identity differ.
    """
    known: dict[Source, Source] = {}
    held: dict[Source, list[tuple[int, Column]]] = {}
    for k, column in enumerate(columns):
        for source, contribution in (*column.shared.items(), *column.private.items()):
            check_same(known.setdefault(source, source), source)
            held.setdefault(source, []).append((k, contribution))
    said = {source: canonical_line(said_source(source)) for source in held}
    times = Counter(said.values())
    return sorted(
        held,
        key=lambda source: (
            said[source],
            _fingerprint(source, held[source]) if times[said[source]] > 1 else b"",
        ),
    )


def said_source(source: Source) -> dict[str, Any]:
    """What JSON says of a source; degrees of freedom by row stand among the columns, here only how many."""
    return {
        "name": source.name,
        "identity": said_identity(source.identity) if is_stable(source.identity) else None,
        "dof": {"rows": np.size(source.dof)} if np.ndim(source.dof) else _said_dof(float(source.dof)),
        "shape": _said_shape(source.shape),
        "kind": source.kind,
    }


def said_merged(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """Which sources were condensed from what: stable identities, and the earlier sources they have something from."""
    said = []
    for k, source in enumerate(sources):
        common = [j for j, other in enumerate(sources[:k]) if in_common(source, other)]
        if source.merged or common:
            stable = sorted(
                (said_identity(each) for each in source.merged if is_stable(each)), key=canonical_line
            )
            said.append({"source": k, "identities": stable, "common": common})
    return said


def said_ensembles(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """The ensembles of sources in the order of a record; members that contribute nowhere stand by identity."""
    number = {source.identity: k for k, source in enumerate(sources)}
    done: set[Hashable] = set()
    found = []
    for source in sources:
        group = source.ensemble
        if group is not None and source.identity not in done:
            present = sorted((each for each in group.identities if each in number), key=number.__getitem__)
            absent = sorted(
                (each for each in group.identities if each not in number and is_stable(each)),
                key=lambda each: canonical_line(said_identity(each)),
            )
            order = [group.place[each] for each in (*present, *absent)]
            found.append(
                {
                    "sources": [number[each] for each in present],
                    "absent": [said_identity(each) for each in absent],
                    "matrix": group.matrix[np.ix_(order, order)].tolist(),
                    "declared": group.declared,
                }
            )
            done.update(present)
    return found


def _fingerprint(source: Source, held: Sequence[tuple[int, Column]]) -> bytes:
    """A digest of what a source contributes to the columns, by their numbers."""
    digest = hashlib.sha256(np.asarray(source.dof, dtype="<f8").tobytes())
    for k, column in held:
        digest.update(b"%d " % k)
        if isinstance(column, Sparse):
            digest.update(np.asarray(column.rows, dtype="<i4").tobytes())
        values = column.values if isinstance(column, Sparse) else column
        digest.update(np.asarray(values, dtype="<f8").tobytes())
    return digest.digest()


def said_identity(identity: Hashable) -> Any:
    """What JSON says of a stable identity."""
    if isinstance(identity, SomeRows):
        return {"whole": said_identity(identity.whole), "rows": np.frombuffer(identity.rows, "<i8").tolist()}
    if isinstance(identity, SumOfRows):
        rows = None if identity.rows is None else np.frombuffer(identity.rows, "<i8").tolist()
        return {"whole": said_identity(identity.whole), "sum of rows": rows}
    return [said_identity(each) for each in identity] if isinstance(identity, tuple) else identity


def _said_dof(dof: float) -> float | str | None:
    """null for infinite; a word for undefined."""
    return None if math.isinf(dof) else "undefined" if math.isnan(dof) else dof


def _said_shape(shape: shapes.Shape) -> dict[str, Any]:
    said: dict[str, Any] = {"name": shape.name}
    for each in dataclasses.fields(shape):
        value = getattr(shape, each.name)
        said[each.name] = value if isinstance(value, str) else _said_dof(float(value))
    return said


# ---- reading ---------------------------------------------------------------------------------------------------


def read_sources(
    said: Sequence[Any],
    ensembles: Sequence[Any],
    merged: Sequence[Any],
    column: Callable[[int], Float],
    digest: str,
) -> list[Source]:
    """The sources of a record; `column(n)` gives the next n degrees of freedom.

    A source without an identity takes that of (digest of the record, its number). BadRecord, saying which.
    """
    sources = [_read_source(each, (digest, k), f"sources[{k}]", column) for k, each in enumerate(said)]
    if len(set(sources)) < len(sources):
        raise BadRecord("sources：两个来源同一标识 / sources: two have one identity")
    for k, each in enumerate(ensembles):
        _join(sources, each, f"ensembles[{k}]")
    for k, each in enumerate(merged):
        _merge(sources, each, digest, f"merged[{k}]")
    return sources


def dof_rows(said: Any, where: str) -> int:
    """How many degrees of freedom of a source stand among the columns. BadRecord."""
    dof = expect(said, dict, where).get("dof")
    return whole(dof.get("rows"), f"{where}.dof.rows") if isinstance(dof, dict) else 0


def whole(value: Any, where: str) -> int:
    """A whole number, not negative. BadRecord."""
    number = expect(value, int, where)
    if number < 0:
        raise BadRecord(f"{where}：不能为负 / {where}: is negative")
    return number


def _read_source(said: Any, alone: tuple[str, int], where: str, column: Callable[[int], Float]) -> Source:
    match said:
        case {
            "name": str(name),
            "identity": identity,
            "dof": dof,
            "shape": dict(shape),
            "kind": str(kind),
            **rest,
        } if not rest and kind in KINDS:
            rows = dof_rows(said, where)
            return Source(
                name,
                column(rows) if isinstance(dof, dict) else _read_dof(dof, where),
                _read_shape(shape, where),
                KINDS[kind],
                alone if identity is None else _identity(identity, where),
            )
    raise BadRecord(f"{where}：不是来源 / {where}: is no source")


def _read_dof(said: Any, where: str) -> float:
    if said is None or said == "undefined":
        return math.inf if said is None else math.nan
    return float(expect(said, float, f"{where}.dof"))


def _read_shape(said: Mapping[str, Any], where: str) -> shapes.Shape:
    shape = SHAPES.get(str(said.get("name")))
    if shape is None or set(said) != {"name", *(each.name for each in dataclasses.fields(shape))}:
        raise BadRecord(f"{where}.shape：未知的分布 / {where}.shape: no distribution that is known: {said}")
    parameters = {
        name: value if isinstance(value, str) else _read_dof(value, where)
        for name, value in said.items()
        if name != "name"
    }
    return shape(**parameters)


def _identity(said: Any, where: str) -> Hashable:
    if isinstance(said, list):
        return tuple(_identity(each, where) for each in said)
    if isinstance(said, dict) and set(said) == {"whole", "rows"}:
        return SomeRows(_identity(said["whole"], where), _rows(said["rows"], where))
    if isinstance(said, dict) and set(said) == {"whole", "sum of rows"}:
        rows = said["sum of rows"]
        return SumOfRows(_identity(said["whole"], where), None if rows is None else _rows(rows, where))
    if isinstance(said, str | int | float) and not isinstance(said, bool):
        return said
    raise BadRecord(f"{where}.identity：不是文字、数或其列表 / {where}.identity: neither text nor number")


def _rows(said: Any, where: str) -> bytes:
    rows = [whole(each, f"{where}.rows") for each in expect(said, list, f"{where}.rows")]
    return np.array(rows, dtype="<i8").tobytes()


def _join(sources: list[Source], said: Any, where: str) -> None:
    match said:
        case {
            "sources": list(numbers),
            "absent": list(absent),
            "matrix": matrix,
            "declared": bool(declared),
            **rest,
        } if not rest and all(type(k) is int and 0 <= k < len(sources) for k in numbers):
            identities = (
                *(sources[k].identity for k in numbers),
                *(_identity(each, where) for each in absent),
            )
            if len(set(identities)) < len(identities) or any(sources[k].ensemble for k in numbers):
                raise BadRecord(f"{where}：来源重复 / {where}: a source stands twice")
            r = checked_correlation([str(each) for each in identities], _matrix(matrix, where))
            ensemble = Ensemble(identities, r, declared)
            for k in numbers:
                sources[k] = dataclasses.replace(sources[k], ensemble=ensemble)
            return
    raise BadRecord(f"{where}：不是相关组 / {where}: is no ensemble")


def _merge(sources: list[Source], said: Any, digest: str, where: str) -> None:
    """Let sources that have something in common name it: of two, each holds what the other holds too."""
    match said:
        case {"source": int(k), "identities": list(stable), "common": list(common), **rest} if (
            not rest and 0 <= k < len(sources) and all(type(j) is int and 0 <= j < k for j in common)
        ):
            held = {k: {_identity(each, where) for each in stable}}
            for j in common:
                held[k].add((digest, "common", j, k))
                held[j] = {(digest, "common", j, k)}
            for j, identities in held.items():
                sources[j] = dataclasses.replace(sources[j], merged=sources[j].merged | identities)
            return
    raise BadRecord(f"{where}：不是归并的来源 / {where}: is no condensed source")


def _matrix(said: Any, where: str) -> Float:
    rows = [expect(row, list, f"{where}.matrix") for row in expect(said, list, f"{where}.matrix")]
    if any(len(row) != len(rows) for row in rows):
        raise BadRecord(f"{where}.matrix：不是方阵 / {where}.matrix: is not square")
    return np.array(
        [[float(expect(each, float, f"{where}.matrix")) for each in row] for row in rows],
        dtype=float,
    )
