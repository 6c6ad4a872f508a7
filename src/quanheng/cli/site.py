"""What the commands of the site share: Django, set up as the environment says."""

from __future__ import annotations

import os

import django
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from quanheng.ground.errors import Fault

PASSPHRASE = "sample, worthless"  # of the keys of a sample city, which come from a seed that everybody knows

INSUFFICIENT_PRIVILEGE = "42501"  # PostgreSQL, appendix A


def set_up() -> None:
    """Load the site. Raises Fault where the environment is at fault, or its database cannot be opened."""
    if os.environ.get("QUANHENG_DEMO") == "1":
        os.environ.setdefault("QUANHENG_KEY_PASSPHRASE", PASSPHRASE)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quanheng.city.settings")
    django.setup()
    if connection.connection is not None:  # called from within a process that works already
        return
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise Fault(f"QUANHENG_DATABASE：打不开：{error} / cannot be opened: {error}") from error
    connection.close()


def bring_up_to_date() -> None:
    """Make or change the tables as this version wants them, and their guards; nothing to do is nothing done.

    Raises Fault where the user of the database may not: a site whose user owns no tables is brought up to date by
    their owner.
    """
    from quanheng.city.audit.guard import lacking

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()) and not lacking():
        return
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        if not _refused(error):
            raise
        raise Fault(
            f"数据表须先由其拥有者更新（QUANHENG_DATABASE）：{error}"
            f" / the tables must first be brought up to date by their owner (QUANHENG_DATABASE): {error}"
        ) from error


def _refused(error: BaseException | None) -> bool:
    """Whether PostgreSQL says, in whatever language, that a user lacks a right."""
    while error is not None:
        if getattr(error, "sqlstate", "") == INSUFFICIENT_PRIVILEGE:
            return True
        error = error.__cause__ or error.__context__
    return False
