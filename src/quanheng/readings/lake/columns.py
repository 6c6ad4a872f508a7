"""Which types a lake's columns may have, and how a fault in a file is told."""

from __future__ import annotations

import pyarrow as pa

from quanheng.ground.errors import BadLake

MAY_BE_ABSENT = {"step_minutes"}
MAY_BE_NULL = {"phase", "batch", "maker", "verified"}


def fault(
    file: str, chinese: str, english: str, *, row: int | None = None, column: str | None = None
) -> BadLake:
    """A BadLake that names the file, the row (counted from 0 here, told from 1) and the column."""
    where_zh = "".join([f"，第 {row + 1} 行" if row is not None else "", f"，{column} 列" if column else ""])
    where_en = "".join(
        [f", row {row + 1}" if row is not None else "", f", column '{column}'" if column else ""]
    )
    return BadLake(f"{file}{where_zh}：{chinese} / {file}{where_en}: {english}")


def check_columns(file: str, found: pa.Schema, wanted: pa.Schema) -> None:
    """Raises BadLake unless every wanted column is there once, with a type that the contract allows."""
    for each in wanted:
        here = found.get_all_field_indices(each.name)
        if len(here) > 1:
            raise fault(file, f"这一列出现了 {len(here)} 次", "stands more than once", column=each.name)
        if not here and each.name not in MAY_BE_ABSENT:
            raise fault(
                file, f"缺少这一列，应为 {each.type}", f"is missing, should be {each.type}", column=each.name
            )
        if here and not fits(found.field(here[0]).type, each):
            kind = found.field(here[0]).type
            raise fault(
                file,
                f"类型是 {kind}，应为 {each.type}",
                f"is {kind}, should be {each.type}",
                column=each.name,
            )


def fits(found: pa.DataType, wanted: pa.Field) -> bool:
    """Whether every value of type `found` can stand in the column `wanted`."""
    if pa.types.is_null(found):
        return wanted.name in MAY_BE_NULL
    if pa.types.is_list(wanted.type):
        return _is_list(found) and _fits_value(found.value_type, wanted.type.value_type)
    if pa.types.is_dictionary(found):
        found = found.value_type
    return _fits_value(found, wanted.type)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _fits_value(found: pa.DataType, wanted: pa.DataType) -> bool:
    types = pa.types
    if types.is_integer(wanted):
        return bool(types.is_integer(found) and not types.is_uint64(found))
    if types.is_floating(wanted):
        return bool(types.is_float32(found) or types.is_float64(found))
    if types.is_date(wanted):
        return bool(types.is_date(found))
    return bool(types.is_string(found) or types.is_large_string(found) or types.is_string_view(found))
