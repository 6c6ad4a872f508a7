"""`quanheng uncertainty`: published budgets through the command, what it writes, and how it refuses."""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from quanheng.cli.main import main

FILES = Path(__file__).resolve().parents[1] / "work" / "budget" / "files"
SMALL = """
title = "长度"
[outputs.y]
model = "a + b"
unit = "mm"
[inputs.a]
value = 1.5
unit = "mm"
u = 0.1
[inputs.b]
value = 2
unit = "mm"
distribution = "rectangular"
half_width = 0.2
[monte_carlo]
trials = 2000
"""


def uncertainty(*words: object) -> int:
    return main(["uncertainty", *map(str, words)])


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "budget.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def outputs(name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the command says of one of the published budgets."""
    assert uncertainty(FILES / f"{name}.toml", "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


# ---- published budgets -------------------------------------------------------------------------------------------


def test_the_end_gauge_of_the_gum(capsys: pytest.CaptureFixture[str]) -> None:
    found = outputs("gum_h1", capsys)
    l = found["outputs"]["l"]  # noqa: E741 - its name
    assert l["value"] == pytest.approx(50_000_838, abs=0.5)
    assert l["u"] == pytest.approx(31.7, abs=0.05)
    assert l["dof"] == pytest.approx(16.752, abs=0.001)
    assert l["k"] == pytest.approx(2.92, abs=0.005)
    # the GUM multiplies 2.92 by 32 nm
    assert l["U"] == pytest.approx(93, abs=1)
    assert l["u_second_order"] == pytest.approx(34, abs=0.5)
    assert l["linear_enough"] is False
    contributions = {row["input"]: abs(row["contribution"]) for row in l["budget"]}
    assert [contributions[name] for name in ("ls", "dtheta", "d2", "d0", "d1", "dalpha")] == pytest.approx(
        [25, 16.599, 6.7, 5.8, 3.9, 2.88679], abs=0.001
    )
    assert found["monte_carlo"]["outputs"]["l"]["linear_validated"] is False


def test_the_result_line_of_the_end_gauge(capsys: pytest.CaptureFixture[str]) -> None:
    assert uncertainty(FILES / "gum_h1.toml") == 0
    text = capsys.readouterr().out.replace("\u2009", " ")
    assert "l = (50 000 838 ± 93) nm, k = 2.92, ν = 16" in text


def test_resistance_and_reactance_of_the_gum(capsys: pytest.CaptureFixture[str]) -> None:
    found = outputs("gum_h2", capsys)
    values = [found["outputs"][name]["value"] for name in "RXZ"]
    assert values == pytest.approx([127.732, 219.847, 254.260], abs=0.001)
    assert [found["outputs"][name]["u"] for name in "RXZ"] == pytest.approx([0.071, 0.295, 0.236], abs=0.001)
    r = found["correlation"]["matrix"]
    assert (r[0][1], r[0][2], r[1][2]) == pytest.approx((-0.588, -0.485, 0.993), abs=0.001)
    assert found["outputs"]["R"]["dof"] is None
    assert (
        found["outputs"]["R"]["dof_reason"] == "undefined: correlated inputs with finite degrees of freedom"
    )


def test_the_gauge_block_of_jcgm_101(capsys: pytest.CaptureFixture[str]) -> None:
    drawn = outputs("jcgm101_9_5", capsys)["monte_carlo"]["outputs"]["deviation"]
    assert drawn["value"] == pytest.approx(838, abs=0.5)
    assert drawn["u"] == pytest.approx(36, abs=0.5)
    assert drawn["interval"] == pytest.approx([745, 932], abs=1.5)


def test_the_weight_of_ea_4_02(capsys: pytest.CaptureFixture[str]) -> None:
    m = outputs("ea_s2", capsys)["outputs"]["m"]
    assert m["value"] == pytest.approx(10000.025, abs=1e-9)
    assert m["u"] == pytest.approx(0.0291465131827805, abs=2e-6)
    assert m["U"] == pytest.approx(0.058, abs=0.0005)
    assert m["dof_reason"] == "infinite"
    shares = [100 * row["share"] for row in m["budget"]]
    assert shares == pytest.approx([59.6, 8.8, 23.7, 3.9, 3.9], abs=0.06)


@pytest.mark.parametrize(
    ("name", "output", "value", "value_tolerance", "u", "u_tolerance"),
    [
        ("ea_s3", "RX", 10000.1780007665, 1e-9, 0.00832800405259282, 2e-6),
        # expected values recomputed, not read
        ("ea_s4", "lX", 49.999926, 1e-9, 36.399098889945066e-6, 0.1e-6),
        ("quam_a1", "c", 1002.7, 0.05, 0.835199, 1e-6),
        ("quam_a2", "c", 0.102136159706, 1e-12, 0.000100500722124, 1e-14),
        ("quam_a3", "c", 0.10139, 5e-6, 0.0001843, 5e-8),
    ],
)
def test_published_budgets(
    capsys: pytest.CaptureFixture[str],
    name: str,
    output: str,
    value: float,
    value_tolerance: float,
    u: float,
    u_tolerance: float,
) -> None:
    found = outputs(name, capsys)["outputs"][output]
    assert found["value"] == pytest.approx(value, rel=0, abs=value_tolerance)
    assert found["u"] == pytest.approx(u, rel=0, abs=u_tolerance)
    assert found["linear_enough"] is True


def test_the_motor_oil_of_jcgm_106(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "oil.toml").write_text(
        '[outputs.Y]\nmodel = "y"\nunit = "mm2/s"\n[inputs.y]\nvalue = 13.6\nu = 1.8\nunit = "mm2/s"\n'
        "[conformity.Y]\nlower = 12.5\nupper = 16.3\n",
        encoding="utf-8",
    )
    assert uncertainty(tmp_path / "oil.toml", "--json") == 0
    conformity = json.loads(capsys.readouterr().out)["conformity"]["Y"]
    # expected value recomputed, not read
    assert conformity["probability"] == pytest.approx(0.6626297864953079, abs=0.005)
    assert conformity["probability_monte_carlo"] == pytest.approx(0.6626, abs=0.005)


# ---- the contract ------------------------------------------------------------------------------------------------

CONTRACT = """
title = "量块校准"
coverage = 0.95

[outputs.l]
model = "ls + d - ls*(dalpha*theta + alphas*dtheta) + h"
unit  = "nm"
[outputs.R]
model = "V/I"
unit = "Ω"

[inputs.ls]
value = 50_000_623
unit  = "nm"
u     = 25
dof   = 18
source = "certificate NIM-2026-0417"
[inputs.theta]
value = -0.1
unit  = "K"
distribution = "arcsine"
half_width = 0.5
[inputs.dalpha]
value = 0
unit = "1/K"
distribution = "rectangular"
half_width = 1e-6
[inputs.alphas]
value = 11.5e-6
unit = "1/K"
distribution = "rectangular"
half_width = 2e-6
[inputs.dtheta]
value = 0
unit = "K"
distribution = "rectangular"
half_width = 0.05
[inputs.d]
readings = [215.1, 214.7, 215.4]
unit = "nm"
[inputs.h]
value = 0.0
unit = "nm"
effects = [
    { name = "resolution", distribution = "rectangular", half_width = 0.5 },
    { name = "repeatability", u = 0.2, dof = 4 },
]
[inputs.V]
value = 5
unit = "V"
u = 0.01
[inputs.I]
value = 20
unit = "mA"
u = 0.1

[[correlation]]
between = ["V", "I"]
r = -0.36

[monte_carlo]
trials = 10_000
seed = 1
interval = "symmetric"

[conformity.l]
lower = 50_000_000
upper = 50_001_000
rule = "simple"
"""


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "contract.toml"
    path.write_text(CONTRACT, encoding="utf-8")
    return path


def test_json_holds_every_key_of_the_contract(contract: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert uncertainty(contract, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["correlation"]["names"] == ["l", "R"]
    result = found["outputs"]["l"]
    assert set(result) >= {
        *(
            "value",
            "unit",
            "u",
            "dof",
            "dof_reason",
            "k",
            "U",
            "coverage",
            "linear_enough",
            "u_second_order",
            "budget",
        ),
    }
    row = {
        *(
            "input",
            "value",
            "unit",
            "u",
            "type",
            "distribution",
            "dof",
            "sensitivity",
            "contribution",
            "share",
        ),
    }
    assert all(set(each) - {"effects"} == row for each in result["budget"])
    assert [each["input"] for each in result["budget"]] == [
        *("ls", "theta", "dalpha", "alphas", "dtheta", "d", "h", "V", "I"),
    ]
    by_name = {each["input"]: each for each in result["budget"]}
    assert [each["name"] for each in by_name["h"]["effects"]] == ["resolution", "repeatability"]
    assert (by_name["d"]["type"], by_name["d"]["distribution"], by_name["d"]["dof"]) == ("A", "t", 2)
    drawn = found["monte_carlo"]
    assert (drawn["trials"], drawn["seed"]) == (10_000, 1)
    assert set(drawn["outputs"]["l"]) == {"value", "u", "interval", "interval_kind", "linear_validated"}
    judged = found["conformity"]["l"]
    assert set(judged) >= {"probability", "rule", "verdict", "acceptance", "specific_risk"}
    assert (judged["rule"], judged["verdict"], judged["acceptance"]) == (
        "simple",
        "conforming",
        [50e6, 50.001e6],
    )


def test_k_is_taken_at_whole_degrees_of_freedom(contract: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from scipy.stats import t

    assert uncertainty(contract, "--json") == 0
    result = json.loads(capsys.readouterr().out)["outputs"]["l"]
    assert result["k"] == pytest.approx(t.ppf(0.975, math.floor(result["dof"])))
    assert result["U"] == pytest.approx(result["k"] * result["u"])


def test_the_same_file_gives_the_same_bytes_wherever_it_lies(
    contract: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "copy.toml"
    other.write_bytes(contract.read_bytes())
    written = []
    for path in (contract, other):
        kinds = {f"--{kind}": path.with_suffix(f".{kind}") for kind in ("html", "latex", "excel")}
        assert uncertainty(path, "--json", *(word for pair in kinds.items() for word in pair)) == 0
        written.append([capsys.readouterr().out, *(each.read_bytes() for each in kinds.values())])
    assert written[0] == written[1]


def test_a_verdict_of_not_conforming_is_no_fault(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small.write_text(SMALL + "[conformity.y]\nupper = 3\n", encoding="utf-8")
    assert uncertainty(small) == 0
    assert "not conforming" in capsys.readouterr().out


# ---- reports -----------------------------------------------------------------------------------------------------


def test_one_run_writes_every_report(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, tex, book = tmp_path / "r.html", tmp_path / "r.tex", tmp_path / "r.xlsx"
    assert uncertainty(small, "--html", page, "--latex", tex, "--excel", book) == 0
    assert "y = (3.50 ± 0.30) mm" in capsys.readouterr().out.replace("\u2009", " ")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert tex.read_text(encoding="utf-8").startswith("\\documentclass")
    assert openpyxl.load_workbook(book).worksheets[0]["A1"].value == "长度"


def test_a_report_is_replaced_as_a_whole(small: Path, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    page.write_text("an earlier report")
    assert uncertainty(small, "--html", page) == 0
    assert "an earlier report" not in page.read_text(encoding="utf-8")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["budget.toml", "r.html"]


@pytest.mark.parametrize("kind", ["--html", "--latex", "--excel"])
def test_the_budget_itself_is_never_overwritten(
    small: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    assert uncertainty(small, kind, small) == 2
    assert "in use already" in capsys.readouterr().err
    assert small.read_text(encoding="utf-8") == SMALL


def test_two_reports_in_one_file_are_refused(small: Path, tmp_path: Path) -> None:
    assert uncertainty(small, "--html", tmp_path / "r", "--latex", tmp_path / "r") == 2
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("place", ["nowhere/r.html", "."])
def test_a_path_that_cannot_be_written_is_a_fault(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    assert uncertainty(small, "--html", tmp_path / place) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_a_fault(small: Path, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    assert uncertainty(small, "--html", tmp_path / "closed" / "r.html") == 2


@pytest.mark.parametrize(
    ("language", "there", "absent"),
    [("zh", "占比", "share"), ("en", "share", "占比"), ("both", "share", "\0")],
)
def test_the_report_speaks_the_language_asked_for(
    small: Path, capsys: pytest.CaptureFixture[str], language: str, there: str, absent: str
) -> None:
    assert uncertainty(small, "--lang", language) == 0
    text = capsys.readouterr().out
    assert there in text
    assert absent not in text


# ---- templates ---------------------------------------------------------------------------------------------------


def test_the_template_is_a_budget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert uncertainty("--template", "toml") == 0
    (tmp_path / "t.toml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert uncertainty("--template", "excel", "--excel", tmp_path / "t.xlsx") == 0
    found = []
    for name in ("t.toml", "t.xlsx"):
        assert uncertainty(tmp_path / name, "--json") == 0
        found.append(capsys.readouterr().out)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--template", "excel"],
        ["--template", "toml", "--excel", "x.xlsx"],
        ["budget.toml", "--template", "toml"],
        ["--template", "toml", "--json"],
        ["nowhere.toml"],
    ],
)
def test_a_command_line_that_means_nothing_is_a_fault(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert uncertainty(*words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert " / " in said.err


# ---- faults of the file ------------------------------------------------------------------------------------------


def test_a_fault_is_told_with_its_key_what_stands_there_and_what_would_be_right(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small.write_text(SMALL.replace("u = 0.1", "u = -0.1"), encoding="utf-8")
    assert uncertainty(small) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "inputs.a.u" in said.err
    assert "-0.1" in said.err
    assert "above 0" in said.err


def test_units_that_do_not_fit_name_the_model(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small.write_text(SMALL.replace('model = "a + b"', 'model = "a*b"'), encoding="utf-8")
    assert uncertainty(small) == 2
    assert "outputs.y.model" in capsys.readouterr().err


def test_a_fault_in_a_sheet_names_the_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.xlsx"
    assert uncertainty("--template", "excel", "--excel", path) == 0
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value == "ls + d - ls*(dalpha*theta + alphas*dtheta)":
                    cell.value, place = "ls*d", cell.coordinate
    book.save(path)
    assert uncertainty(path) == 2
    assert place in capsys.readouterr().err


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path, small: Path) -> None:
    small.write_text(SMALL.replace('"长度"', '"=1+1"'), encoding="utf-8")
    assert uncertainty(small, "--excel", tmp_path / "r.xlsx") == 0
    assert openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0]["A1"].data_type == "s"
    with zipfile.ZipFile(io.BytesIO((tmp_path / "r.xlsx").read_bytes())) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())
