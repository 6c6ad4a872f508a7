"""Budgets at random whose sum can be made: everything in one unit."""

from __future__ import annotations

import copy
from typing import Any

from budget_trees import trees


def of_one_unit(tree: dict[str, Any]) -> dict[str, Any]:
    """The budget with all in mm, so that its sum can be made; a complex one without limits."""
    tree = copy.deepcopy(tree) | {"monte_carlo": {"trials": 200}}
    for each in (*tree["inputs"].values(), *tree["outputs"].values()):
        each["unit"] = "mm"
    if any(isinstance(each.get("value"), dict) for each in tree["inputs"].values()):
        del tree["conformity"]
    return tree


sums = trees().map(of_one_unit)
