"""Text that can be kept: that UTF-8, JSON, XML and every database take alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# NUL and the other control characters but tab and line ends; halves of a pair that stand alone; what is no character
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def unfit(text: str) -> str:
    """The first character of a text that cannot be kept, as U+0000; "" where there is none."""
    found = UNFIT.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def unfit_within(value: Any, where: str = "") -> str:
    """The same of all texts in a value as JSON has it, names included: "points.0.load: U+D800"."""
    if isinstance(value, str):
        found = unfit(value)
        return f"{where}: {found}" if found and where else found
    if isinstance(value, Mapping):
        for name, each in value.items():
            if told := unfit_within(str(name), where) or unfit_within(each, f"{where}.{name}".strip(".")):
                return told
    elif isinstance(value, list | tuple):
        for n, each in enumerate(value):
            if told := unfit_within(each, f"{where}.{n}".strip(".")):
                return told
    return ""
