"""On PostgreSQL the site works as a user who owns no table, and so cannot lift the guards."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from inside_site import PASSWORD
from own_site import OwnSite

pytestmark = [
    pytest.mark.drill,
    pytest.mark.skipif("QUANHENG_TEST_DATABASE" in os.environ, reason="this site has a database of its own"),
]
DOCUMENT = Path(__file__).parents[3] / "docs/operation.md"


def test_a_site_whose_user_owns_no_table_works_and_cannot_lift_the_guards(
    postgresql: Callable[[str], str], tmp_path: Path
) -> None:
    address = postgresql("quanheng")
    found = re.search(r"```sql\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert found
    with psycopg.connect(address, autocommit=True) as admin:
        for statement in found[1].split(";"):
            if "CREATE DATABASE" not in statement and statement.strip():
                admin.execute(statement)
        admin.execute("ALTER DATABASE quanheng OWNER TO quanheng_owner")
        admin.execute("ALTER SCHEMA public OWNER TO quanheng_owner")

    def of(name: str) -> str:
        """The address for another user."""
        parts = urlsplit(address)
        return parts._replace(netloc=f"{name}@").geturl()

    site = OwnSite(tmp_path / "home", of("quanheng_site"))
    assert "their owner" in site.quanheng("catalogue", status=2)
    OwnSite(tmp_path / "home", of("quanheng_owner")).inside("fill")
    assert site.inside("guarded")
    with site.served() as served:
        assert served.health["migrations"] == "ok"
        assert "Q0007" in served.reader("city", PASSWORD).get("/instruments/?q=Q0007")
    for statement in (
        "DROP TRIGGER instruments_instrument_guard ON instruments_instrument",
        "ALTER TABLE audit_event DISABLE TRIGGER USER",
        "TRUNCATE audit_event CASCADE",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION audit_event_append() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ):
        with (
            psycopg.connect(of("quanheng_site")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)
