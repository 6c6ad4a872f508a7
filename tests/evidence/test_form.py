"""A certificate as a form: read whole, or refused with every fault by its key."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.evidence.certificate import Kind
from quanheng.evidence.errors import BadForm
from quanheng.evidence.formats import form

TEMPLATE = form.template().decode()


def faults(old: str, new: str) -> str:
    assert old in TEMPLATE
    with pytest.raises(BadForm) as caught:
        form.read(TEMPLATE.replace(old, new, 1).encode(), "form.toml")
    return str(caught.value)


def test_the_template_is_a_certificate():
    certificate = form.read(TEMPLATE.encode(), "form.toml")
    assert certificate.kind is Kind.CALIBRATION
    assert certificate.due == date(2027, 3, 1)
    assert certificate.points[0].uses[0].certificate == "0" * 64


def test_what_json_says_of_a_certificate_has_every_figure_of_the_form():
    said = json.loads(json.dumps(form.said(form.read(TEMPLATE.encode(), "form.toml"))))
    assert said["points"][0]["expanded_uncertainty"] == 0.02
    assert said["issued"] == "2026-03-03"


def test_every_fault_of_a_form_is_told_at_once():
    said = faults('kind = "calibration"', 'kind = "calibratoin"\nnumbr = "1"\nplaces = 3')
    assert "kind" in said
    assert "numbr" in said
    assert "did you mean number" in said
    assert "places" in said


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('number = "2026-0131"\n', "", "number"),
        ("value = 0.012", "value = nan", "points[0].value"),
        ("value = 0.012", 'value = "0.012"', "points[0].value"),
        ("relative = true", "relative = 1", "points[0].relative"),
        ("issued = 2026-03-03", 'issued = "2026-03-03"', "issued"),
        ("issued = 2026-03-03", "issued = 2026-03-03T00:00:00", "issued"),
        ('certificate = "bench"', 'certificate = "bank"', "points[0].uses[0].certificate"),
        ("[issuer]\n", "[issuers]\n", "issuer"),
        ("[standards]\n", "[[standards]]\n", "standards"),
        ("[[items]]", "[items]", "items"),
    ],
)
def test_a_fault_is_named_by_its_key(old: str, new: str, key: str):
    assert f"\n  {key}：" in faults(old, new)


@given(st.text(max_size=200))
def test_foreign_text_is_refused_and_never_crashes(text: str):
    with pytest.raises(BadForm):
        form.read(text.encode(), "form.toml")
