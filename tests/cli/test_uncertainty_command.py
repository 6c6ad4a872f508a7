import json
from pathlib import Path

import pytest

from quanheng.cli.main import main

GAUGE = """
title = "量块"
coverage = 0.99
[outputs.l]
model = "ls + d"
unit = "nm"
[inputs.ls]
value = 50_000_623
unit = "nm"
u = 25
dof = 18
source = "certificate 1"
[inputs.d]
readings = [215.1, 214.7, 215.4]
unit = "nm"
[monte_carlo]
trials = 10000
"""


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    path = tmp_path / "budget.toml"
    path.write_text(GAUGE, encoding="utf-8")
    return path


def test_the_object_has_the_keys_of_the_contract(budget: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["uncertainty", str(budget), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["outputs"]["l"]["value"] == pytest.approx(50000838.0667)
    assert found["outputs"]["l"]["k"] == pytest.approx(2.878, abs=1e-3)
    assert found["monte_carlo"]["trials"] == 10000
    assert [row["input"] for row in found["outputs"]["l"]["budget"]] == ["ls", "d"]


def test_the_same_file_gives_the_same_bytes(budget: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for _ in range(2):
        assert main(["uncertainty", str(budget), "--json"]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]


def test_reports_are_written_beside_the_printed_one(
    budget: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {kind: tmp_path / f"report.{kind}" for kind in ("html", "latex", "excel")}
    options = [word for kind, path in paths.items() for word in (f"--{kind}", str(path))]
    assert main(["uncertainty", str(budget), *options]) == 0
    assert "量块" in capsys.readouterr().out
    assert "量块" in paths["html"].read_text(encoding="utf-8")
    assert paths["excel"].read_bytes()[:2] == b"PK"


def test_a_template_is_a_budget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["uncertainty", "--template", "toml"]) == 0
    path = tmp_path / "template.toml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    sheet = tmp_path / "template.xlsx"
    assert main(["uncertainty", "--template", "excel", "--excel", str(sheet)]) == 0
    objects = []
    for file in (path, sheet):
        assert main(["uncertainty", str(file), "--json"]) == 0
        objects.append(capsys.readouterr().out)
    assert objects[0] == objects[1]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("u = 0", "inputs.ls.u"),
        ("u = -1", "inputs.ls.u"),
        ("u = nan", "inputs.ls.u"),
        ("u = inf", "inputs.ls.u"),
        ("uncertainty = 25", "inputs.ls.uncertainty"),
    ],
)
def test_a_fault_names_its_key(
    budget: Path, wrong: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    budget.write_text(GAUGE.replace("u = 25", wrong), encoding="utf-8")
    assert main(["uncertainty", str(budget)]) == 2
    assert named in capsys.readouterr().err


@pytest.mark.parametrize("model", ["__import__('os').system('x')", "ls.real", "ls + q", "ls +", "[ls]"])
def test_what_is_no_model_is_refused_by_its_key(
    budget: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    budget.write_text(GAUGE.replace('"ls + d"', json.dumps(model)), encoding="utf-8")
    assert main(["uncertainty", str(budget)]) == 2
    assert "outputs.l" in capsys.readouterr().err


def test_a_missing_file_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["uncertainty", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in capsys.readouterr().err
