"""The business rules of DCC: what we write breaks none, and each damage is found by its rule."""

from __future__ import annotations

from pathlib import Path

import pytest
from certificates import certificates
from hypothesis import given, settings
from lxml import etree

from quanheng.evidence.certificate import Certificate
from quanheng.evidence.formats import form
from quanheng.evidence.formats.dcc.rules import findings
from quanheng.evidence.formats.dcc.writing import write

EXAMPLES = Path(__file__).resolve().parents[2] / "../shared/data/dcc/examples"
BYTES = write(form.read(form.template(), "form.toml"))


def told(data: bytes) -> set[str]:
    return {each.rule for each in findings(etree.fromstring(data)) if each.severity != "information"}


def errors(data: bytes) -> set[str]:
    return {each.rule for each in findings(etree.fromstring(data)) if each.severity == "error"}


@settings(max_examples=20)
@given(certificates())
def test_what_is_written_breaks_no_rule(certificate: Certificate):
    used = {use.certificate for point in certificate.points for use in point.uses}
    idle = {item.identifier for item in certificate.items} - {point.item for point in certificate.points}
    assert told(write(certificate)) <= (
        ({"dates_disordered"} if certificate.begun > certificate.ended else set())
        | ({"id_unlinked"} if idle or set(certificate.standards) - used else set())
    )


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"usedMethods", b"usedMethodz", "methods_missing_quantity"),
        (b"influenceConditions", b"influenceConditionz", "conditions_missing_quantity"),
        (b'refId="standard1"', b'refId="standard9"', "reference_unresolved"),
        (b'refId="standard1"', b'refId="standard1  item1"', "attribute_spacing"),
        (b'lang="zh"', b'lang="de"', "language_undeclared"),
        (b'lang="zh"', b'lang="en"', "language_twice"),
        (b'<dcc:content lang="en">', b"<dcc:content>", "languages_incomplete"),
        (b"endPerformanceDate>2026", b"endPerformanceDate>2025", "dates_disordered"),
        (b"release>v0", b"release>version 0", "release_format"),
        (b"ISO639_1>en", b"ISO639_1>qq", "language_code"),
        (b"ISO639_1>en", b"ISO639_1>zh", "language_repeated"),
        (b"ISO3166_1>CN", b"ISO3166_1>QQ", "country_code"),
        (b"\\percent", b"\\percent \\percent", "unit_spaces"),
    ],
)
def test_damage_is_found_by_its_rule(old: bytes, new: bytes, rule: str):
    assert old in BYTES
    assert rule in errors(BYTES.replace(old, new))


def test_an_older_edition_is_a_warning():
    found = findings(etree.fromstring(BYTES.replace(b'schemaVersion="3.3.0"', b'schemaVersion="3.2.1"')))
    assert ("old_edition", "warning") in {(each.rule, each.severity) for each in found}


@pytest.mark.reference
@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the example certificates are absent")
def test_the_valid_examples_break_no_rule_and_the_invalid_one_does():
    assert errors((EXAMPLES / "valid.xml").read_bytes()) == set()
    assert errors((EXAMPLES / "valid_signature.xml").read_bytes()) == set()
    assert "language_undeclared" in errors((EXAMPLES / "invalid_schematron.xml").read_bytes())
