"""What can go wrong, as a person is told it.

QuanhengError                 exit status
├── Fault                     2   the input or the command line is at fault
│   ├── BadLake                   a lake that breaks its contract (file, column and row named)
│   ├── BadTable                  a table or parameter file of the user's
│   ├── BadOutput                 OUT exists, is not ours, or cannot be written
│   └── BadArchive                an archive that is not whole, or none of ours
└── NotShown                  3   cannot be shown with what is at hand
"""

from __future__ import annotations


class QuanhengError(Exception):
    """A message for people: what was wrong, where, what would be right."""

    status = 2


class Fault(QuanhengError):  # noqa: N818 - named by what it is, not by what it is of
    """The input or the command line is at fault."""


class BadLake(Fault):
    """A lake that breaks its contract."""


class BadTable(Fault):
    """A table or parameter file that cannot be used as it stands."""


class BadOutput(Fault):
    """An output folder that cannot be used."""


class BadArchive(Fault):
    """An archive that is not whole, or none of ours."""


class NotShown(QuanhengError):  # noqa: N818 - one of the three answers
    """The question cannot be answered with what is at hand."""

    status = 3
