"""The budgets to begin with."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from openpyxl import load_workbook

from quanheng.work.budget import layout, template
from quanheng.work.budget.effects import DISTRIBUTIONS
from quanheng.work.budget.reading import parse_budget
from quanheng.work.budget.template import write_template

TOML = write_template("toml").decode("utf-8")


def test_both_templates_state_one_sound_budget() -> None:
    toml = parse_budget(write_template("toml"), "template.toml")
    assert parse_budget(write_template("excel"), "template.xlsx") == toml
    assert list(toml.outputs) == ["l"]


def test_the_excel_template_has_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first = write_template("excel")
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert write_template("excel") == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"1980-01-01T00:00:00Z" in archive.read("docProps/core.xml")
        assert not re.search(rb"20\d\d-\d\d-\d\dT", archive.read("docProps/core.xml"))


def test_the_toml_template_is_explained_in_both_languages() -> None:
    comments = [line.partition("#")[2] for line in TOML.splitlines() if "#" in line]
    assert sum(bool(re.search("[\u4e00-\u9fff]", each)) for each in comments) > 20
    assert sum(bool(re.search("[a-z]{4}", each)) for each in comments) > 20


def test_the_toml_template_shows_every_distribution() -> None:
    assert not [name for name in DISTRIBUTIONS if not re.search(rf"\b{name}\b", TOML)]


def test_the_examples_in_the_comments_are_sound() -> None:
    lines = re.findall(r"^#   (distribution = .*|value = .*)$", TOML, re.MULTILINE)
    for line in lines:
        keys = line.partition("#")[0]
        value = "" if "value" in keys or "gamma" in keys else "value = 1\n"
        pairs = "\n".join(re.split(r" {2,}(?=[a-z_]+ =)", keys.strip()))
        data = f"[outputs.y]\nmodel = 'a'\n[inputs.a]\n{value}{pairs}\n".encode()
        assert parse_budget(data, line).inputs["a"]
    assert len(lines) == 9


def test_the_excel_template_offers_words_to_choose_from() -> None:
    book = load_workbook(io.BytesIO(write_template("excel")))
    listed = {each.formula1 for each in book[layout.INPUTS.title].data_validations.dataValidation}
    assert listed == {f"'{layout.NOTES.title}'!$A$3:$A$11"}
    shown = [row[0].value for row in book[layout.NOTES.title]["A3:A11"]]
    assert shown == list(layout.CHOICES["distribution"])


def test_the_excel_template_explains_every_column_in_both_languages() -> None:
    book = load_workbook(io.BytesIO(write_template("excel")))
    settings = [row[2] for row in book[layout.SETTINGS.title].iter_rows(min_row=2, values_only=True)]
    rows = list(book[layout.NOTES.title].iter_rows(values_only=True))
    begun = next(k for k, row in enumerate(rows) if row[0] == "各列 / the columns")
    notes = [str(text) for text in (*settings, *(row[2] for row in rows[begun + 1 :]))]
    assert len(notes) > 50
    assert not [each for each in notes if not re.search("[\u4e00-\u9fff].* / .*[a-z]", each)]


def test_the_template_is_a_file_of_the_package() -> None:
    assert template.TEMPLATE.endswith(".toml")  # as [tool.setuptools.package-data] has it
