"""Columns on the disk: derived from documents, read back at the speed of the disk, and never trusted for more.

FOLDER/TABLE.arrow   each table in Arrow's file format, uncompressed, mapped into memory
FOLDER/names.json    what codes stand for; written last: without it there is no index
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa

from quanheng.evidence.chain.columns import (
    TYPES,
    Approvals,
    Certificates,
    Chain,
    Columns,
    Conditions,
    Names,
    Points,
    Scopes,
    Statuses,
    Uses,
)
from quanheng.evidence.errors import BadDocument
from quanheng.ground.digest import canonical_line, read_json
from quanheng.ground.files import sync, write_durably

FORMAT = "quanheng-chain-2"
TABLES: dict[str, type[Columns]] = {
    "certificates": Certificates,
    "points": Points,
    "uses": Uses,
    "conditions": Conditions,
    "scopes": Scopes,
    "statuses": Statuses,
    "approvals": Approvals,
}
TEXTS = ("numbers", "items", "point_names")


class Texts(Sequence[Any]):
    """Texts, or tuples of texts, that stay on the disk until they are asked for."""

    def __init__(self, column: Any) -> None:
        self.column = column

    def __len__(self) -> int:
        return len(self.column)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(len(self)))]
        found = self.column[place].as_py()
        return tuple(found) if isinstance(found, list) else found


def save(chain: Chain, folder: Path) -> None:
    """Write a chain into a folder, in place of an earlier one. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "names.json").unlink(missing_ok=True)
    for name in TABLES:
        columns = getattr(chain, name)
        _write(
            folder / f"{name}.arrow", {f.name: getattr(columns, f.name) for f in dataclasses.fields(columns)}
        )
    digests = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(32), len(chain), [None, pa.py_buffer(chain.digests)]
    )
    _write(folder / "digests.arrow", {"digest": digests})
    for name in TEXTS:
        found = getattr(chain, name)
        kind = pa.list_(pa.string()) if name == "items" else pa.string()
        column = found.column if isinstance(found, Texts) else pa.array(list(found), kind)
        _write(folder / f"{name}.arrow", {name: column})
    names = {key: _plain(value) for key, value in dataclasses.asdict(chain.names).items()}
    write_durably(folder / "names.json", canonical_line({"format": FORMAT, "names": names}))


def load(folder: Path) -> Chain:
    """The chain of a folder, its columns mapped into memory. Raises BadDocument where it is none, or damaged."""
    try:
        facts = read_json((folder / "names.json").read_bytes())
        if facts["format"] != FORMAT:
            raise ValueError(facts["format"])
        tables = {name: _columns(folder / f"{name}.arrow", kind) for name, kind in TABLES.items()}
        digests = _read(folder / "digests.arrow")["digest"]
        texts = {name: Texts(_read(folder / f"{name}.arrow")[name]) for name in TEXTS}
        return Chain(
            **tables,  # type: ignore[arg-type]
            names=_names(facts["names"]),
            digests=np.frombuffer(digests.buffers()[1], "V32", len(digests)),
            **texts,  # type: ignore[arg-type]
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
        raise BadDocument(
            f"{folder}：不是完好的索引，请重建 / is no intact index; build it again: {error}"
        ) from error


def _names(facts: dict[str, Any]) -> Names:
    lists: dict[str, Any] = {key: tuple(value) for key, value in facts.items()}
    lists["scoped"] = frozenset(facts["scoped"])
    for key in ("decisions", "rights"):
        lists[key] = tuple(tuple(each) for each in facts[key])
    return Names(**lists)


def _columns(path: Path, kind: type[Columns]) -> Columns:
    table = _read(path)
    found = {}
    for each in dataclasses.fields(kind):
        dtype, column = np.dtype(TYPES[str(each.type)]), table[each.name]
        if not len(column):
            found[each.name] = np.empty(0, dtype)
            continue
        array = column.to_numpy(zero_copy_only=True)
        found[each.name] = array.view(np.bool_) if dtype.kind == "b" else array
        if found[each.name].dtype != dtype:
            raise ValueError(f"{path.name}: {each.name}")
    return kind(**found)


def _write(path: Path, columns: dict[str, Any]) -> None:
    arrays = {
        name: pa.array(each.view(np.uint8))
        if isinstance(each, np.ndarray) and each.dtype == bool
        else pa.array(each)
        for name, each in columns.items()
    }
    table = pa.table(arrays)
    hidden = path.with_name(f".{path.name}")
    with pa.OSFile(str(hidden), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=max(len(table), 1))
    sync(hidden)
    hidden.rename(path)


def _read(path: Path) -> Any:
    """The columns of a file by name, each one array."""
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    return {
        name: table[name].chunk(0) if table[name].num_chunks else pa.array([]) for name in table.column_names
    }


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value
