"""Statements and records: one way to write each, and nothing hidden in them."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.evidence import records, statement
from quanheng.evidence.answer import VALID, Standing, because, together
from quanheng.evidence.certificate import Certificate, Item, Kind, Party, Point, Use
from quanheng.evidence.errors import BadDocument
from quanheng.ground.digest import sha256_bytes

DAY = date(2026, 3, 2)
STANDARD = sha256_bytes(b"certificate of the standard")
CERTIFICATE = Certificate(
    Kind.CALIBRATION,
    "2026-0131",
    Party("lab-1", "某某计量院"),
    (Item("item-7", "标准电能表", "maker", "model", "serial-7"),),
    DAY,
    DAY,
    DAY,
    "JJF 1033-2023",
    (
        Point("p1", "item-7", "energy", 1.0, "kWh", 0.01, "%", 0.02, 2.0, 0.9545, relative=True,
              uses=(Use(STANDARD, "energy", 1.0, "kWh"),)),
    ),
    customer=Party("customer-1", "某某供电公司"),
)  # fmt: skip
SALTS = statement.derive_salts(b"secret of the registry", "lab-1", "2026-0131")
BINDING = records.KeyBinding("k" * 64, "ed25519", "AAAA", "lab-1", "certificates", DAY, date(2030, 1, 1))


def stated(salts: statement.Salts = SALTS) -> statement.Statement:
    return statement.of_certificate(CERTIFICATE, b"bytes", key="k" * 64, signature=b"s", salts=salts)


def test_a_statement_is_read_as_it_was_written():
    assert statement.read(stated().write()) == stated()


def test_a_statement_names_neither_customer_nor_instrument_nor_number_nor_value():
    said = stated().write().decode()
    for hidden in ("customer-1", "某某供电公司", "item-7", "serial-7", "2026-0131", "0.02"):
        assert hidden not in said


def test_who_holds_document_and_salts_can_check_the_commitments():
    assert stated().number == statement.commit(SALTS.number, "lab-1", "2026-0131")
    assert stated().items == (statement.commit(SALTS.items, "item-7"),)


def test_two_versions_of_one_number_show_one_commitment():
    other = dataclasses.replace(CERTIFICATE, points=())
    second = statement.of_certificate(other, b"other", key="k", signature=b"t", salts=SALTS)
    assert second.number == stated().number
    assert second.sha256 != stated().sha256


def test_one_number_of_two_issuers_shows_two_commitments():
    salts = statement.derive_salts(b"secret of the registry", "lab-2", "2026-0131")
    assert salts.number != SALTS.number


def test_a_record_stands_in_its_statement_as_a_whole():
    said = statement.of_record(BINDING, issuer="authority", issued=DAY, key="a" * 64, signature=b"s")
    again = statement.read(said.write())
    assert again.record is not None
    assert records.parse(again.record) == BINDING


@pytest.mark.parametrize(
    "record",
    [
        BINDING,
        records.Scope("lab-1", "energy", "kWh", 0.1, 10.0, 0.0, 2e-4, "accreditation", "L0001", DAY, DAY),
        records.Status("revoke", STANDARD, DAY, "wrong reference value"),
        records.TypeApproval("2026F001-33", "maker", "model", "electricity meter", DAY, DAY),
    ],
)
def test_a_record_is_read_as_it_was_written(record: records.Record):
    assert records.read(records.write(record)) == record


def test_a_record_with_another_spacing_is_refused():
    with pytest.raises(BadDocument, match="canonical"):
        records.read(records.write(BINDING).replace(b'","', b'", "', 1))


def test_a_record_with_a_field_too_many_is_refused():
    with pytest.raises(BadDocument, match="just"):
        records.parse({**records.said(BINDING), "more": "x"})


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_foreign_bytes_are_refused_and_never_crash(data: bytes):
    for read in (records.read, statement.read, statement.read_salts):
        with pytest.raises(BadDocument):
            read(data)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_an_altered_statement_is_refused_or_says_something_else(place: int, byte: int):
    data = bytearray(stated().write())
    data[place % len(data)] = byte
    try:
        again = statement.read(bytes(data))
    except BadDocument:
        return
    assert again.write() == bytes(data)


def test_the_gravest_reason_rules_an_answer():
    answer = together([because("not_logged"), because("signature_wrong"), because("not_logged"), VALID])
    assert answer.standing is Standing.INVALID
    assert [reason.code for reason in answer.reasons] == ["signature_wrong", "not_logged"]


@pytest.mark.parametrize(("code", "status"), [("route_3", 0), ("signature_wrong", 1), ("unsigned", 3)])
def test_an_answer_has_the_exit_status_of_its_standing(code: str, status: int):
    assert because(code).standing.exit_status == status


def test_an_answer_is_no_truth_value():
    with pytest.raises(TypeError, match="three values"):
        bool(VALID)


SCOPE = records.Scope("lab-1", "energy", "kWh", 0.1, 10.0, 0.0, 2e-4, "accreditation", "L0001", DAY, DAY)
REVOKED = records.Status("revoke", STANDARD, DAY, "wrong reference value")


@pytest.mark.parametrize(
    ("record", "changes"),
    [
        (BINDING, {"role": "certificate"}),
        (BINDING, {"algorithm": "rsa"}),
        (BINDING, {"since": date(2030, 1, 2)}),
        (SCOPE, {"basis": "accredited"}),
        (SCOPE, {"certificates": ("calibrations",)}),
        (SCOPE, {"lower": 11.0}),
        (SCOPE, {"absolute": -0.1}),
        (SCOPE, {"relative": -0.1}),
        (REVOKED, {"change": "revoked"}),
        (REVOKED, {"target": "xyz"}),
        (REVOKED, {"successor": "xyz"}),
    ],
)
def test_a_record_whose_words_nobody_understands_is_no_record(
    record: records.Record, changes: dict[str, object]
):
    assert records.read(records.write(record)) == record
    wrong = dataclasses.replace(record, **changes)  # type: ignore[arg-type]
    with pytest.raises(BadDocument, match=next(iter(changes))):
        records.read(records.write(wrong))


def test_a_scope_of_an_unknown_unit_is_read_and_not_issued():
    wrong = dataclasses.replace(SCOPE, unit="kWhh")
    assert records.read(records.write(wrong)) == wrong
    with pytest.raises(BadDocument, match="kWhh"):
        records.check(wrong)
