"""Fill an empty database from the tables of a backup."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from quanheng.city.site.backup import tables
from quanheng.ground.errors import BadOutput, Fault


def check_empty() -> None:
    """Raises BadOutput where the database holds any table: a restore takes nobody's place."""
    if connection.introspection.table_names():
        raise BadOutput(
            "数据库不是空的，不会改动它；请另建一个空库（QUANHENG_DATABASE）"
            " / the database is not empty and is left untouched: make an empty one (QUANHENG_DATABASE)"
        )


def load(folder: Path, facts: dict[str, Any]) -> int:
    """Make the tables as they were, fill them, bring them up to date; how many rows. Raises Fault.

    1 tables as the backup's version had them  2 their rows  3 references, numbers of rows to come
    4 tables as this version wants them, and their guards, which are put in place after a migration
    All or nothing on PostgreSQL for 1 to 3; of SQLite the caller deletes the file where this fails.
    """
    check_empty()
    applied, models = tables.state({(app, name) for app, name in facts["migrations"]})
    executor = MigrationExecutor(connection)
    whole = transaction.atomic() if connection.vendor == "postgresql" else nullcontext()
    count = 0
    with whole:
        children = {each: executor.loader.graph.node_map[each].children for each in applied}
        last = [each for each in applied if not any(child.key in applied for child in children[each])]
        executor.migrate(sorted(last))
        with transaction.atomic():
            # migrations may have asked PostgreSQL to compare references at once: now at the end, as they are declared
            connection.check_constraints()
            for model in models:
                name = model._meta.db_table
                found = tables.read(model, folder / f"{name}.parquet")
                if found != facts["rows"][name]:
                    raise Fault(f"{name}：{found} 行，应为 {facts['rows'][name]} / rows, should be so many")
                count += found
            connection.check_constraints()
            with connection.cursor() as cursor:
                for statement in connection.ops.sequence_reset_sql(no_style(), models):
                    cursor.execute(statement)
    call_command("migrate", verbosity=0, interactive=False)
    return count
