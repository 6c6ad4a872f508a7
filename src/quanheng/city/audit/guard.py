"""Triggers, on SQLite and PostgreSQL, that hold what no package of Python holds: bulk writes and raw SQL.

Rows of a guarded table are written only with an event of the same transaction, and never deleted; events are only
ever added. The triggers are put in place after every migration, for SQLite loses them when a table is altered.
PostgreSQL: the site's role should not own its tables, for an owner can drop triggers (docs/operation.md).
"""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from quanheng.city.audit.models import Event, Recorded

TRIGGER = re.compile(r"CREATE (?:OR REPLACE )?TRIGGER (?:IF NOT EXISTS )?(\w+)")
WITHOUT = "written without an event of its transaction"
NEVER = "rows are never deleted"
ADDED = "rows are only ever added"

SQLITE_GUARD = [
    """CREATE TRIGGER IF NOT EXISTS {table}_guard_insert BEFORE INSERT ON {table}
       WHEN NEW.event_id IS NOT (SELECT max(id) FROM audit_event)
       BEGIN SELECT RAISE(ABORT, '{table}: {without}'); END""",
    """CREATE TRIGGER IF NOT EXISTS {table}_guard_update BEFORE UPDATE ON {table}
       WHEN NEW.event_id IS NOT (SELECT max(id) FROM audit_event) OR NEW.event_id <= OLD.event_id
       BEGIN SELECT RAISE(ABORT, '{table}: {without}'); END""",
    """CREATE TRIGGER IF NOT EXISTS {table}_guard_delete BEFORE DELETE ON {table}
       BEGIN SELECT RAISE(ABORT, '{table}: {never}'); END""",
]
SQLITE_APPEND = [
    """CREATE TRIGGER IF NOT EXISTS {table}_append_update BEFORE UPDATE ON {table}
       BEGIN SELECT RAISE(ABORT, '{table}: {added}'); END""",
    """CREATE TRIGGER IF NOT EXISTS {table}_append_delete BEFORE DELETE ON {table}
       BEGIN SELECT RAISE(ABORT, '{table}: {added}'); END""",
]
POSTGRESQL_GUARD = [
    """CREATE OR REPLACE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF TG_OP IN ('DELETE', 'TRUNCATE') THEN RAISE EXCEPTION '{table}: {never}'; END IF;
         IF TG_OP = 'UPDATE' AND NEW.event_id <= OLD.event_id
            OR NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.id = NEW.event_id
                           AND e.transaction = pg_current_xact_id()::text::bigint)
         THEN RAISE EXCEPTION '{table}: {without}'; END IF;
         RETURN NEW;
       END $$""",
    """CREATE OR REPLACE TRIGGER {table}_guard BEFORE INSERT OR UPDATE OR DELETE ON {table}
       FOR EACH ROW EXECUTE FUNCTION {table}_guard()""",
    "CREATE OR REPLACE TRIGGER {table}_guard_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {table}_guard()",
]
POSTGRESQL_APPEND = [
    """CREATE OR REPLACE FUNCTION {table}_append() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION '{table}: {added}'; END $$""",
    """CREATE OR REPLACE TRIGGER {table}_append BEFORE UPDATE OR DELETE ON {table}
       FOR EACH ROW EXECUTE FUNCTION {table}_append()""",
    "CREATE OR REPLACE TRIGGER {table}_append_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {table}_append()",
]
POSTGRESQL_STAMP = [
    """CREATE OR REPLACE FUNCTION audit_event_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN NEW.transaction := pg_current_xact_id()::text::bigint; RETURN NEW; END $$""",
    """CREATE OR REPLACE TRIGGER audit_event_stamp BEFORE INSERT ON audit_event
       FOR EACH ROW EXECUTE FUNCTION audit_event_stamp()""",
]


def put_in_place(using: str = "default", **_: Any) -> None:
    """Make sure that every table has its triggers (after each migration)."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for statement in statements(connection):
            cursor.execute(statement)


def lacking(using: str = "default") -> set[str]:
    """Names of triggers that should be there and are not; to look for them needs no right on the tables."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
        there = {name for (name,) in cursor.fetchall()}
    named = (TRIGGER.search(each) for each in statements(connection))
    return {found[1] for found in named if found} - there


def statements(connection: BaseDatabaseWrapper) -> list[str]:
    """What puts the triggers of all tables that are there in place."""
    sqlite = connection.vendor == "sqlite"
    there = set(connection.introspection.table_names())
    if Event._meta.db_table not in there:
        return []
    found = [] if sqlite else [*POSTGRESQL_STAMP]
    for table in sorted(guarded() & there):
        each = SQLITE_GUARD if sqlite else POSTGRESQL_GUARD
        found += [one.format(table=table, without=WITHOUT, never=NEVER) for one in each]
    each = SQLITE_APPEND if sqlite else POSTGRESQL_APPEND
    return found + [one.format(table=Event._meta.db_table, added=ADDED) for one in each]


def guarded() -> set[str]:
    """Tables whose rows are written only with an event."""
    return {each._meta.db_table for each in apps.get_models() if issubclass(each, Recorded)}
