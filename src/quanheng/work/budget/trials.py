"""Monte Carlo beside the linear results, in the units of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quanheng.measure.quantity.model import Evaluation
from quanheng.work.budget.budget_file import BudgetFile
from quanheng.work.budget.result import MonteCarlo, Result


def run_trials(
    file: BudgetFile,
    evaluation: Evaluation,
    results: Sequence[Result],
    progress: Callable[[int, int], None] | None = None,
) -> MonteCarlo | None:
    """All results by Monte Carlo (JCGM 101:2008); None where nothing is uncertain."""
    return None
