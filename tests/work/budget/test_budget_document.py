"""docs/budget-file.md says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from budget_trees import refusals

from quanheng.measure.conformity import RULES
from quanheng.work.budget import layout, reading
from quanheng.work.budget.effects import DISTRIBUTIONS
from quanheng.work.budget.inputs import CARTESIAN_KEYS, INPUT_KEYS, LISTED_KEYS, POLAR_KEYS

TEXT = (Path(__file__).parents[3] / "docs/budget-file.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
FAULTS = re.findall(r"^\| `(\w+ = [^`]+)` \| `(inputs\.[^`]+)` \|$", TEXT, re.MULTILINE)


def test_it_names_every_key() -> None:
    keys = {*reading.KEYS, *INPUT_KEYS, *LISTED_KEYS, *CARTESIAN_KEYS, *POLAR_KEYS, *reading.CONFORMITY_KEYS}
    keys |= {"between", "trials", "seed", "interval", "model"}
    assert not [key for key in keys if not re.search(rf"[`\[{{ .]{re.escape(key)}\b", TEXT)]


def test_it_names_every_distribution_sheet_and_way_of_stating_a_size() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \| .* \|$", TEXT, re.MULTILINE))
    assert not [name for name in DISTRIBUTIONS if name not in rows]
    assert not [
        key for name, each in DISTRIBUTIONS.items() for key in each.parameters if f"`{key}`" not in rows[name]
    ]
    assert not [sheet.title for sheet in layout.SHEETS if sheet.title not in TEXT]


def test_the_rules_it_names_are_rules() -> None:
    (row,) = re.findall(r"^\| `rule` \| (.*)\|$", TEXT, re.MULTILINE)
    named = re.findall(r'`"(.*?)"`', row)
    assert named
    assert not [name for name in named if name not in RULES]


@pytest.mark.parametrize("example", EXAMPLES)
def test_its_examples_are_sound(example: str) -> None:
    assert refusals(example.encode()) == []


@pytest.mark.parametrize(("written", "told"), FAULTS)
def test_its_faults_are_told_in_these_words(written: str, told: str) -> None:
    budget = f"[outputs.y]\nmodel = 'x'\n[inputs.x]\nvalue = 1\n{written}\n"
    assert refusals(budget.encode()) == [f"budget.toml: {told}"]


def test_it_shows_faults() -> None:
    assert len(FAULTS) == 5
