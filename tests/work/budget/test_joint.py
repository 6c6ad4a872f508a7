"""Regions that hold several results together stand in every report for people."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pytest
from budget_trees import parsed
from openpyxl import load_workbook
from rich.console import Console

from quanheng.work.budget import excel, latex, machine, page, text
from quanheng.work.budget.evaluate import evaluate
from quanheng.work.budget.joint import joint
from quanheng.work.budget.result import Budget

NORMAL = np.random.default_rng(1).multivariate_normal([1.0, 2.0], [[1.0, 0.6], [0.6, 1.0]], 200_000).T


def budget(**models: str) -> Budget:
    a, b = ({"value": x, "unit": "mm", "u": 0.1} for x in (1, 2))
    outputs = {name: {"model": model, "unit": "mm"} for name, model in models.items()}
    tree: dict[str, Any] = {"outputs": outputs, "inputs": {"a": a, "b": b}, "monte_carlo": {"trials": 20_000}}
    return evaluate(parsed(tree))


def test_regions_of_two_normal_results_are_those_of_the_binormal_distribution() -> None:
    found = joint({"a": NORMAL[0], "b": NORMAL[1]}, 0.95)
    assert found is not None
    round_, straight, smallest = found.regions
    # JCGM 102:2011, table 1 of 6.5.2.3: k of two outputs
    assert round_.k == pytest.approx(2.45, abs=0.02)
    assert round_.volume == pytest.approx(math.pi * round_.k**2 * 0.8, rel=0.01)
    assert straight.half_widths["a"] == pytest.approx(straight.k, rel=0.01)
    assert 2.1 < straight.k < 2.24
    assert math.isnan(smallest.k)
    # the ellipse is the smallest there is; a mesh of cells is coarser
    assert smallest.volume == pytest.approx(round_.volume, rel=0.05)


def test_a_single_uncertain_result_has_no_region() -> None:
    assert joint({"a": NORMAL[0]}, 0.95) is None
    assert joint({"a": NORMAL[0], "exact": np.ones(200_000)}, 0.95) is None


def test_a_result_that_the_others_determine_leaves_the_rectangle_alone() -> None:
    found = joint({"a": NORMAL[0], "b": NORMAL[1], "sum": NORMAL.sum(axis=0)}, 0.95)
    assert found is not None
    assert [each.kind for each in found.regions] == ["rectangle"]


def test_more_results_than_a_mesh_holds_have_no_smallest_region() -> None:
    five = np.random.default_rng(2).normal(size=(5, 10_000))
    found = joint(dict(zip("abcde", five, strict=True)), 0.95)
    assert found is not None
    assert [each.kind for each in found.regions] == ["ellipsoid", "rectangle"]


def test_every_report_for_people_has_the_regions_in_the_units_of_the_file() -> None:
    several = budget(s="a + b", d="a - b")
    console = Console(file=io.StringIO(), width=160)
    console.print(text.report(several, "en"))
    assert isinstance(console.file, io.StringIO)
    sheet = load_workbook(io.BytesIO(excel.write(several, "en"))).worksheets[0]
    cells = [str(each.value) for row in sheet.iter_rows() for each in row if each.value is not None]
    for shown in (
        console.file.getvalue(),
        page.write(several).decode(),
        latex.write(several, "en").decode().replace("\\ensuremath{\\pm}", "±"),
        "\n".join(cells),
    ):
        assert "hyper-ellipsoid" in shown
        assert "smallest region" in shown
        assert "s ± 0.31" in shown
    assert "mm·mm" in console.file.getvalue()


def test_one_result_needs_no_region_in_its_reports() -> None:
    assert b"hyper-ellipsoid" not in page.write(budget(s="a + b"))


def test_the_object_for_machines_stays_as_the_contract_has_it() -> None:
    found = machine.as_json(budget(s="a + b", d="a - b"))
    assert "joint" not in found["monte_carlo"]
