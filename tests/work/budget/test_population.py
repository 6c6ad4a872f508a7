"""A budget over a population: shares agree with a reckoning by matrices, and what cannot be reckoned is told."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook, load_workbook

from quanheng.cli.main import main
from quanheng.ground.errors import BadTable
from quanheng.work.budget.population import evaluate
from quanheng.work.budget.reading import read_budget

MODEL = """
title = "水表"
[outputs.error]
model = "(indicated - reference)/reference + drift"
unit = "%"
[inputs.indicated]
value = 10
unit = "L"
u = 0.01
[inputs.reference]
value = 10
unit = "L"
u = 0.02
[inputs.drift]
value = 0
unit = "%"
u = 0.05
source = "scale of the city"
"""
ROWS = {
    "name": ["a", "b", "c", "d"],
    "indicated": [10.1, 9.9, 10.0, 10.05],
    "reference": [10.0, 10.0, 20.0, 10.0],
    "reference.u": [0.02, 0.03, 0.02, 0.01],
    "reference.source": ["bench 1", "bench 1", "bench 2", ""],
    "weight": [1.0, 2.0, 1.0, 0.5],
}


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    path = tmp_path / "budget.toml"
    path.write_text(MODEL)
    return path


def table(folder: Path, kind: str = "parquet", **changes: object) -> Path:
    """The table of four meters, in a format."""
    columns = {key: value for key, value in {**ROWS, **changes}.items() if value is not None}
    path = folder / f"meters.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table(columns), path)
    elif kind == "csv":
        pa.csv.write_csv(pa.table(columns), path)
    else:
        book = Workbook()
        book.active.append(list(columns))
        for row in zip(*columns.values(), strict=True):
            book.active.append(list(row))
        book.save(path)
    return path


def by_matrices() -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Covariance of the errors in %, by cause, from the Jacobian."""
    indicated, reference, u, weights = (
        np.array(ROWS[k]) for k in ("indicated", "reference", "reference.u", "weight")
    )
    c_indicated, c_reference = 100 / reference, -100 * indicated / reference**2
    part = c_reference * u
    one, two, own = ([1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1])
    causes = {
        "bench 1": np.outer(part * one, part * one),
        "bench 2": np.outer(part * two, part * two),
        "reference †": np.diag((part * own) ** 2),
        "indicated †": np.diag((c_indicated * 0.01) ** 2),
        "scale of the city": np.full((4, 4), 0.05**2),
    }
    return weights, sum(causes.values()), causes


def test_shares_agree_with_a_reckoning_by_matrices(budget: Path, tmp_path: Path) -> None:
    (over,) = evaluate(read_budget(budget), table(tmp_path)).outputs
    weights, whole, causes = by_matrices()
    assert over.total_u == pytest.approx(np.sqrt(weights @ whole @ weights))
    assert over.independent_u == pytest.approx(np.sqrt(weights**2 @ np.diag(whole)))
    found = {row.name: row for row in over.causes}
    assert set(found) == set(causes)
    for name, part in causes.items():
        assert found[name].of_total == pytest.approx(weights @ part @ weights / (weights @ whole @ weights))
        assert found[name].of_each == pytest.approx(np.mean(np.diag(part) / np.diag(whole)))
    assert found["bench 1"].rows == 2
    assert over.mean_u == pytest.approx(over.total_u / weights.sum())


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_format_of_the_table_gives_the_same(budget: Path, tmp_path: Path, kind: str) -> None:
    file = read_budget(budget)
    assert evaluate(file, table(tmp_path, kind)) == evaluate(file, table(tmp_path))


def test_reports_hold_the_dominating_bench_in_every_format(
    budget: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {kind: tmp_path / f"report.{kind}" for kind in ("html", "tex", "xlsx")}
    words = ("uncertainty", str(budget), "--population", str(table(tmp_path)))
    assert (
        main(
            [
                *words,
                "--html",
                str(paths["html"]),
                "--latex",
                str(paths["tex"]),
                "--excel",
                str(paths["xlsx"]),
            ]
        )
        == 0
    )
    assert "bench 1" in capsys.readouterr().out
    assert "bench 1" in paths["html"].read_text()
    assert "bench 1" in paths["tex"].read_text()
    sheet = load_workbook(paths["xlsx"]).worksheets[0]
    rows = {row[0].value: [cell.value for cell in row[1:4]] for row in sheet.iter_rows()}
    weights, whole, causes = by_matrices()
    share = weights @ causes["bench 1"] @ weights / (weights @ whole @ weights)
    assert rows["bench 1"][1] == pytest.approx(share)
    assert main([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)["population"]
    assert facts["outputs"]["error"]["causes"][0]["cause"] == max(
        causes, key=lambda name: float(weights @ causes[name] @ weights)
    )


def test_the_same_population_gives_the_same_bytes(budget: Path, tmp_path: Path) -> None:
    words = ["uncertainty", str(budget), "--population", str(table(tmp_path))]
    for name in ("a", "b"):
        assert (
            main(
                [*words, "--excel", str(tmp_path / f"{name}.xlsx"), "--html", str(tmp_path / f"{name}.html")]
            )
            == 0
        )
    for kind in ("xlsx", "html"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"indicated": [1.0, None, 1.0, 1.0]}, "row 2"),
        ({"reference.u": [0.1, 0.1, -0.1, 0.1]}, "row 3"),
        ({"colour": ["a"] * 4}, "colour"),
        ({"reference.u": None}, "source without u"),
        ({"weight": [-1.0, 1.0, 1.0, 1.0]}, "negative"),
        ({"reference": [0.0, 1.0, 1.0, 1.0]}, "undefined"),
    ],
)
def test_a_table_that_cannot_be_used_is_told(
    budget: Path, tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(BadTable, match=told):
        evaluate(read_budget(budget), table(tmp_path, **changes))


def test_a_source_that_is_another_one_in_the_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(MODEL.replace('source = "scale of the city"', 'dof = 5\nsource = "bench 1"'))
    with pytest.raises(BadTable, match="bench 1"):
        evaluate(read_budget(path), table(tmp_path))


def test_a_column_is_an_input_as_the_file_spells_it(tmp_path: Path) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(MODEL.replace("drift", "\u00b5").replace("[inputs.\u00b5]", '[inputs."\u00b5"]'))
    found = evaluate(read_budget(path), table(tmp_path, µ=[1.0, 2.0, 3.0, 4.0]))
    assert found.outputs[0].worst


def test_a_damaged_workbook_is_told(budget: Path, tmp_path: Path) -> None:
    path = table(tmp_path, "xlsx")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part.replace(b"</sheetData>", b""))
    with pytest.raises(BadTable, match=r"\.xlsx"):
        evaluate(read_budget(budget), path)


def test_a_file_of_another_kind_is_told(
    budget: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.txt").write_text("")
    assert main(["uncertainty", str(budget), "--population", str(tmp_path / "x.txt")]) == 2
    assert ".parquet" in capsys.readouterr().err


def over(
    folder: Path, model: str, inputs: str, columns: dict[str, list[float]]
) -> tuple[float, float, float, float]:
    """u of the rows: least, median, 95th percentile, largest."""
    budget, rows = folder / "b.toml", folder / "rows.parquet"
    budget.write_text(f'[outputs.y]\nmodel = "{model}"\n{inputs}', "utf-8")
    pq.write_table(pa.table(columns), rows)
    return evaluate(read_budget(budget), rows).outputs[0].u


def test_a_relative_u_goes_with_the_value_of_the_row(tmp_path: Path) -> None:
    u = over(tmp_path, "x", "[inputs.x]\nvalue = 1\nu_rel = 0.01", {"x": [1.0, -10.0, 100.0]})
    assert u[:2] == pytest.approx((0.01, 0.1))
    assert u[3] == pytest.approx(1.0)


def test_nothing_is_relative_to_a_value_of_nought(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match=r"第 2 行，x"):
        over(tmp_path, "x", "[inputs.x]\nvalue = 1\nu_rel = 0.01", {"x": [1.0, 0.0]})


def test_an_exponential_has_the_value_of_the_row_as_its_u(tmp_path: Path) -> None:
    u = over(tmp_path, "x", '[inputs.x]\nvalue = 1\ndistribution = "exponential"', {"x": [1.0, 10.0]})
    assert (u[0], u[3]) == pytest.approx((1.0, 10.0))


def test_a_population_takes_sources_as_the_budget_does(tmp_path: Path) -> None:
    effects = '[{name = "cal", u = 0.3, source = "C1"}, {name = "drift", u = 0.4, source = "C1"}]'
    u = over(tmp_path, "x", f"[inputs.x]\nvalue = 1\neffects = {effects}", {"x": [1.0, 2.0]})
    assert u[0] == pytest.approx(0.5)


def test_a_bench_of_the_table_is_the_bench_of_the_file(tmp_path: Path) -> None:
    z = '[inputs.z]\nvalue = 0\neffects = [{name = "cal", u = 0.3, source = "B1"}]'
    rows = {"x": [1.0, 2.0], "x.u": [0.3, 0.3], "x.source": ["B1", "B2"]}
    u = over(tmp_path, "x + z", f"[inputs.x]\nvalue = 1\nu = 1\n{z}", rows)
    assert (u[0], u[3]) == pytest.approx((0.3 * 2**0.5, 0.6))
