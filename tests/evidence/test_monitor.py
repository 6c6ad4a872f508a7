"""The monitor: what should not be in a log is found by whoever reads it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest
from proof_world import ORIGIN, key_of

from quanheng.evidence import records, statement
from quanheng.evidence.keys import raw_ed25519
from quanheng.evidence.log import checkpoint, merkle
from quanheng.evidence.monitor import Monitor, forked
from quanheng.evidence.records import KeyBinding, Status
from quanheng.evidence.statement import Statement

DAY = date(2026, 3, 2)
AUTHORITY, LAB = "a" * 64, "b" * 64
KEY = key_of(ORIGIN)


def seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())


def recorded(record: records.Record, by: str = AUTHORITY) -> bytes:
    return statement.of_record(record, issuer="authority", issued=DAY, key=by, signature=b"s").write()


BINDING = recorded(KeyBinding(LAB, "ed25519", "", "lab-1", "certificates", DAY, DAY + timedelta(365)))
GOOD = Statement("certificate", "1" * 64, "lab-1", LAB, "2" * 64, number="3" * 64, issued=DAY)


def codes(*entries: bytes, day: date = DAY) -> list[str]:
    """Codes of findings of the last entry, seen on a day; those before were seen on DAY."""
    monitor = Monitor({AUTHORITY})
    for entry in entries[:-1]:
        monitor.see(entry, seconds(DAY))
    return [each.reason.code for each in monitor.see(entries[-1], seconds(day))]


def changed(**fields: object) -> bytes:
    return dataclasses.replace(GOOD, **fields).write()  # type: ignore[arg-type]


def test_what_is_as_it_should_be_is_not_reported():
    assert codes(BINDING) == []
    assert codes(BINDING, GOOD.write()) == []


def test_a_second_version_of_a_number_is_reported():
    assert codes(BINDING, GOOD.write(), changed(sha256="4" * 64)) == ["second_version"]


@pytest.mark.parametrize("link", ["amends", "supersedes"])
def test_a_version_that_says_what_it_replaces_is_not(link: str):
    assert codes(BINDING, GOOD.write(), changed(sha256="4" * 64, **{link: GOOD.sha256})) == []


def test_two_that_replace_one_are_reported():
    first = changed(sha256="4" * 64, amends=GOOD.sha256)
    second = changed(sha256="5" * 64, amends=GOOD.sha256)
    assert codes(BINDING, GOOD.write(), first, second) == ["second_version"]


def test_late_registration_is_reported_with_its_days():
    assert codes(BINDING, GOOD.write(), day=DAY + timedelta(7)) == []
    assert codes(BINDING, GOOD.write(), day=DAY + timedelta(8)) == ["registered_late"]


def test_registration_before_the_date_of_issue_is_reported():
    assert codes(BINDING, changed(issued=DAY + timedelta(3))) == ["registered_early"]


def test_a_key_that_nobody_bound_is_reported():
    assert codes(GOOD.write()) == ["key_unknown"]


def test_a_key_of_another_laboratory_is_reported():
    assert codes(BINDING, changed(issuer="lab-2")) == ["key_of_other"]


def test_a_key_for_another_role_is_reported():
    assert codes(BINDING, changed(kind="bundle", number="")) == ["key_of_other_role"]


def test_a_day_is_that_of_chinas_standard_time():
    evening = int(datetime(DAY.year, DAY.month, DAY.day, 17, tzinfo=UTC).timestamp())
    monitor = Monitor({AUTHORITY})
    monitor.see(BINDING, evening)
    assert monitor.see(changed(issued=DAY + timedelta(1)), evening) == []


def test_a_key_after_its_binding_is_reported():
    later = DAY + timedelta(400)
    assert codes(BINDING, changed(issued=later), day=later) == ["key_expired"]


def test_a_key_before_its_binding_is_reported():
    earlier = DAY - timedelta(10)
    assert codes(BINDING, changed(issued=earlier), day=earlier) == ["key_not_yet"]


def test_a_revoked_key_is_reported_from_its_day_on():
    revoked = recorded(Status("revoke key", LAB, DAY + timedelta(3), "stolen"))
    assert codes(BINDING, revoked, GOOD.write(), day=DAY + timedelta(2)) == []
    assert codes(BINDING, revoked, GOOD.write(), day=DAY + timedelta(3)) == ["key_revoked"]


def test_a_record_that_the_authority_did_not_sign_is_reported_and_not_believed():
    rogue = recorded(KeyBinding(LAB, "ed25519", "", "lab-1", "certificates", DAY, DAY), by="c" * 64)
    assert codes(rogue) == ["key_of_other_role"]
    assert codes(rogue, GOOD.write()) == ["key_unknown"]


def test_what_a_deputy_of_the_authority_records_is_believed_and_whom_he_makes_a_deputy_is_not():
    def deputised(key: str, by: str) -> bytes:
        return recorded(
            KeyBinding(key, "ed25519", "", "authority", "authority", DAY, DAY + timedelta(365)), by
        )

    deputy, second = "c" * 64, "d" * 64
    bound = KeyBinding(LAB, "ed25519", "", "lab-1", "certificates", DAY, DAY + timedelta(365))
    appointed = deputised(deputy, AUTHORITY)
    assert codes(appointed, recorded(bound, deputy)) == []
    assert codes(appointed, recorded(bound, deputy), GOOD.write()) == []
    assert codes(appointed, deputised(second, deputy), recorded(bound, second)) == ["key_of_other_role"]
    dismissed = recorded(Status("revoke key", deputy, DAY, ""))
    assert codes(appointed, dismissed, recorded(bound, deputy)) == ["key_revoked"]


def test_an_entry_that_is_no_statement_is_reported():
    assert codes(b"noise") == ["statement_differs"]


def test_two_trees_under_one_name_are_a_fork():
    hashes = [merkle.leaf_hash(b"%d" % k) for k in range(3)]
    roots = [merkle.root(b"".join(hashes[:n])) for n in (2, 3)]
    old, new = (
        checkpoint.sign(ORIGIN, n, root, raw_ed25519(KEY.public), KEY)
        for n, root in zip((2, 3), roots, strict=True)
    )
    false = checkpoint.sign(ORIGIN, 3, b"x" * 32, raw_ed25519(KEY.public), KEY)
    assert forked(old, new, [hashes[2]]) is None
    found = forked(old, false, [hashes[2]])
    assert found is not None
    assert found.code == "log_forked"
