"""Budgets to begin with: the same example as a TOML file with comments, and as an Excel workbook."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Literal

from quanheng.work.budget.sheet_writer import write

TEMPLATE = "template.toml"


def write_template(kind: Literal["toml", "excel"]) -> bytes:
    """The bytes of a template, always the same; both kinds state one budget."""
    toml = files("quanheng.work.budget").joinpath(TEMPLATE).read_bytes()
    match kind:
        case "toml":
            return toml
        case "excel":
            return write(tomllib.loads(toml.decode("utf-8")))
