"""A plain certificate is checked at once; what is said of a certificate does not depend on that."""

from __future__ import annotations

import copy
import random
from pathlib import Path

import pytest
from certificates import certificates
from damaged_dcc import damaged
from hypothesis import HealthCheck, given, settings
from lxml import etree

from quanheng.evidence import xml
from quanheng.evidence.answer import Answer
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.formats import form
from quanheng.evidence.formats.dcc import check, reading, rules, structure, writing

EXAMPLES = Path(__file__).parents[3] / "shared/data/dcc/examples"
GOOD = writing.write(form.read(form.template(), "form.toml"))


def both_ways(data: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, Answer, Answer]:
    """Whether a document is plain; what is said of it; what is said where none counts as plain."""
    plain, said = structure.is_plain(etree.fromstring(data)), check.check(data)[1]
    with monkeypatch.context() as patched:
        patched.setattr(structure, "is_plain", lambda root: False)
        return plain, said, check.check(data)[1]


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(certificates())
def test_what_we_write_is_plain(certificate: Certificate) -> None:
    assert structure.is_plain(etree.fromstring(writing.write(certificate)))


def test_the_same_is_said_of_a_damaged_certificate_plain_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    root, chance, met = etree.fromstring(GOOD), random.Random(1), {True: 0, False: 0}
    for _ in range(1500):
        data = etree.tostring(damaged(copy.deepcopy(root), chance))
        plain, said, otherwise = both_ways(data, monkeypatch)
        assert said == otherwise, data
        met[plain and bool(said.reasons)] += 1
    assert min(met.values()) > 50, met


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"usedSoftware", b"noSoftware", "software_missing"),
        (b"release>v0.1.0", b"release>version 0", "release_format"),
        (
            b'<dcc:content lang="zh">\xe8\xaf\x81\xe4\xb9\xa6',
            b"<dcc:content>\xe8\xaf\x81",
            "language_missing",
        ),
        (b"\\percent</si:unit>", b"\\percent x</si:unit>", "unit_spaces"),
    ],
)
def test_what_a_pattern_finds_is_not_plain(old: bytes, new: bytes, rule: str) -> None:
    assert old in GOOD
    root = etree.fromstring(GOOD.replace(old, new))
    assert rule in " ".join(each.rule for each in rules.findings(root))
    assert not structure.is_plain(root)


@pytest.mark.reference
def test_the_same_is_said_of_published_certificates_plain_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    if not EXAMPLES.is_dir():
        pytest.skip("the reference data are not beside the project")
    for path in sorted(EXAMPLES.glob("*.xml")):
        if path.name != "invalid_syntax.xml":
            _, said, otherwise = both_ways(path.read_bytes(), monkeypatch)
            assert said == otherwise, path.name


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(certificates())
def test_indentation_says_nothing(certificate: Certificate) -> None:
    data = writing.write(certificate)
    assert reading.read_root(xml.parse(data, blanks=False)) == reading.read_root(xml.parse(data))
