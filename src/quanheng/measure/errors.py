"""What can be wrong with a quantity, a model or a statistic, as a person is told it.

MeasureError
├── UnitError             a unit that is not on the list, or that does not fit
├── InvalidUncertainty    not positive, not finite, or degrees of freedom below 1
├── InvalidCorrelation    coefficients that cannot be those of any variables, or two sources under one name
├── InvalidDistribution   parameters that make no distribution
├── InvalidModel          an expression or function that is no model, or undefined at its inputs
│   └── CircularModel         outputs that use each other in a circle
├── InvalidLimits         limits or a rule of conformity that make no question
├── InvalidData           observations or points that a statistic cannot use
└── NotConverged          an iteration that ends without a solution
"""

from __future__ import annotations

from collections.abc import Sequence


class MeasureError(ValueError):
    """A message for people: what was wrong, where, what would be right."""


class UnitError(MeasureError):
    """A unit that is not on the list of legal units, or that does not fit where it stands."""


class InvalidUncertainty(MeasureError):  # noqa: N818 - named by what is wrong
    """An uncertainty that is not positive and finite, or degrees of freedom below 1."""


class InvalidCorrelation(MeasureError):  # noqa: N818
    """Correlation coefficients that no variables can have, or two sources under one name."""


class InvalidDistribution(MeasureError):  # noqa: N818
    """Parameters that make no distribution."""


class InvalidModel(MeasureError):  # noqa: N818
    """An expression or function that is no measurement model, or is undefined at its inputs."""


class CircularModel(InvalidModel):
    """Outputs that use each other in a circle: their names, the first one again at the end."""

    def __init__(self, circle: Sequence[str]) -> None:
        self.circle = tuple(circle)
        shown = " → ".join(self.circle)
        super().__init__(f"模型循环引用：{shown} / the outputs use each other in a circle: {shown}")


class InvalidLimits(MeasureError):  # noqa: N818
    """Limits or a decision rule that make no question."""


class InvalidData(MeasureError):  # noqa: N818
    """Observations or points that a statistic cannot use."""


class NotConverged(MeasureError):  # noqa: N818
    """An iteration that ends without a solution."""
