"""Tables of the database as Parquet files, the same for SQLite and PostgreSQL, and back.

Rows are read and written through the fields of the models as they were at the migration that the tables are at, so
that an older backup can be restored by a newer version. JSON is kept as text, decimals and UUIDs as they are written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.apps import apps as installed
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader

from quanheng.ground.errors import Fault

TOGETHER = 64 << 20  # bytes of a row group, roughly
ROWS = 20_000  # rows of one
FETCHED = 500  # rows of one look into the database
# a number of this database's own transactions: in another one it could be that of a transaction to come
MEANINGLESS = {("audit_event", "transaction")}

Way = Callable[[Any], Any]
Model = type[models.Model]
INTEGERS = {
    "AutoField", "BigAutoField", "SmallAutoField", "IntegerField", "BigIntegerField", "SmallIntegerField",
    "PositiveIntegerField", "PositiveBigIntegerField", "PositiveSmallIntegerField",
}  # fmt: skip


def column(field: models.Field[Any, Any]) -> tuple[pa.DataType, Way | None, Way | None]:
    """How a field is kept: its type, and what makes it and reads it; None: as it is."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    match field.get_internal_type():
        case kind if kind in INTEGERS:
            return pa.int64(), None, None
        case "FloatField":
            return pa.float64(), None, None
        case "BooleanField":
            return pa.bool_(), None, None
        case "DateTimeField":
            return pa.timestamp("us", tz="UTC"), None, None
        case "DateField":
            return pa.date32(), None, None
        case "BinaryField":
            return pa.binary(), bytes, None
        case "JSONField":
            return pa.string(), lambda value: json.dumps(value, ensure_ascii=False), json.loads
        case _:
            return pa.string(), str, field.to_python


def state(applied: set[tuple[str, str]] | None = None) -> tuple[set[tuple[str, str]], list[Model]]:
    """Migrations (those that the tables are at, unless given), and the models of our tables as they were then.

    Raises Fault where this version does not know one of them.
    """
    loader = MigrationLoader(connection)
    applied = set(loader.applied_migrations) if applied is None else applied
    if unknown := sorted(applied - set(loader.graph.nodes)):
        named = "、".join(f"{app}.{name}" for app, name in unknown[:3])
        raise Fault(
            f"这个版本不认识 {named}；请用同样新或更新的版本"
            f" / this version does not know {named}: use one that is as new, or newer"
        )
    ours = {each.label for each in installed.get_app_configs() if each.name.startswith("quanheng.")}
    found = loader.project_state(list(applied)).apps.get_models(include_auto_created=True)
    listed = [each for each in found if each._meta.app_label in ours and each._meta.managed]
    return applied, sorted(listed, key=lambda each: each._meta.db_table)


def kept(model: Model) -> list[models.Field[Any, Any]]:
    """The fields of a table that are kept."""
    table = model._meta.db_table
    return [field for field in model._meta.concrete_fields if (table, field.column) not in MEANINGLESS]


def write(model: Model, path: Path) -> int:
    """Write a table, in the transaction of the caller, in bounded memory; how many rows."""
    fields = kept(model)
    ways = [column(field) for field in fields]
    schema = pa.schema([(field.column, kind) for field, (kind, _, _) in zip(fields, ways, strict=True)])
    rows = model._base_manager.order_by("pk").values_list(*(field.attname for field in fields))
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as out:
        held: list[tuple[Any, ...]] = []
        size = 0
        for row in rows.iterator(FETCHED):
            made = tuple(
                value if value is None or way is None else way(value)
                for value, (_, way, _) in zip(row, ways, strict=True)
            )
            held.append(made)
            size += sum(len(each) for each in made if isinstance(each, str | bytes))
            count += 1
            if len(held) == ROWS or size > TOGETHER:
                out.write_table(_table(held, schema))
                held, size = [], 0
        out.write_table(_table(held, schema))
    return count


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(each, kind) for each, kind in zip(columns, schema.types, strict=True)], schema)


def read(model: Model, path: Path) -> int:
    """Put the rows of a file into a table, in the transaction of the caller; how many. Raises Fault."""
    fields = kept(model)
    with pq.ParquetFile(path) as file:
        if file.schema_arrow.names != [field.column for field in fields]:
            table = model._meta.db_table
            raise Fault(
                f"{table}：备份中的列与这个版本的不同 / {table}: the backup has other columns than this version"
            )
        rows = _rows(file, fields)
        quoted = connection.ops.quote_name
        names = ", ".join(quoted(str(field.column)) for field in fields)
        table = quoted(model._meta.db_table)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with (
                    connection.wrap_database_errors,
                    cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
                ):
                    for row in chain.from_iterable(rows):
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(fields))
                for some in rows:
                    cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", some)
        return int(file.metadata.num_rows)


def _rows(file: pq.ParquetFile, fields: list[models.Field[Any, Any]]) -> Iterator[list[tuple[Any, ...]]]:
    ways = [column(field)[2] for field in fields]
    for batch in file.iter_batches(FETCHED):
        yield [
            tuple(
                field.get_db_prep_save(value if value is None or way is None else way(value), connection)
                for value, way, field in zip(row, ways, fields, strict=True)
            )
            for row in zip(*(each.to_pylist() for each in batch.columns), strict=True)
        ]
