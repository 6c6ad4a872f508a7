"""Three answers about a piece of evidence: valid, invalid for reasons, or not shown with what is at hand.

Every reason has a stable code; what a code means, and which answer it forces, stands once, in `reasons.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from quanheng.evidence.reasons import REASONS


class Standing(IntEnum):
    """How a piece of evidence stands; of several the greatest holds."""

    VALID = 0
    NOT_SHOWN = 1
    INVALID = 2

    @property
    def exit_status(self) -> int:
        """0 valid, 1 invalid, 3 not shown."""
        match self:
            case Standing.VALID:
                return 0
            case Standing.NOT_SHOWN:
                return 3
            case Standing.INVALID:
                return 1


@dataclass(frozen=True, order=True)
class Reason:
    """Why an answer is as it is: a code of `reasons.py`, the place it was met at, and the figures of this case."""

    code: str
    where: str = ""  # e.g. "certificate 2024-0131, point p3"
    detail: str = ""  # "中文 / English", what was found and what would be right

    def __post_init__(self) -> None:
        if self.code not in REASONS:
            raise KeyError(f"{self.code} is not in reasons.py")

    @property
    def standing(self) -> Standing:
        """What this reason alone forces; a remark leaves an answer valid."""
        return Standing[REASONS[self.code].forces]

    def __str__(self) -> str:
        meaning = REASONS[self.code]
        said = f"{meaning.chinese} / {meaning.english}"
        return f"{self.code}  {self.where + ': ' if self.where else ''}{self.detail or said}"


@dataclass(frozen=True)
class Answer:
    """The standing of something, with every reason that was found."""

    reasons: tuple[Reason, ...] = ()

    @property
    def standing(self) -> Standing:
        """The gravest of the reasons' standings; without a reason: valid."""
        return max((reason.standing for reason in self.reasons), default=Standing.VALID)

    @property
    def codes(self) -> frozenset[str]:
        """Codes of the reasons."""
        return frozenset(reason.code for reason in self.reasons)

    def __bool__(self) -> bool:
        raise TypeError("an answer has three values: ask for its standing")


VALID = Answer()


def because(code: str, where: str = "", detail: str = "") -> Answer:
    """An answer with one reason."""
    return Answer((Reason(code, where, detail),))


def together(answers: Iterable[Answer]) -> Answer:
    """One answer of several: all their reasons, each once, the gravest first."""
    found = {reason for answer in answers for reason in answer.reasons}
    return Answer(tuple(sorted(found, key=lambda each: (-each.standing, each.code, each.where, each.detail))))
