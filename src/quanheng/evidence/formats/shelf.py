"""The shelf of formats that evidence comes in and goes out by: one line for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from quanheng.evidence.formats import gtc
from quanheng.measure.quantity.uncertain import Uncertain


class Format(NamedTuple):
    """How bytes of a format become uncertain numbers by name, and the other way round."""

    title: str
    read: Callable[[bytes], Mapping[str, Uncertain]]
    write: Callable[[Mapping[str, Uncertain]], bytes]


FORMATS = {
    "gtc": Format("GUM Tree Calculator 1.5, JSON", gtc.read, gtc.write),
}
