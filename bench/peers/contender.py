"""How a contender is timed, in our process or at the other end of a pipe.

A contender prepares a job once and then solves it as often as it is asked. Its result is an array whose rows are the
job's units (an evaluation, an instrument, a run of trials), so that results can be compared before a ratio is printed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

COMPARED = 200  # rows of a result that are compared


class NotOffered(Exception):  # noqa: N818 - named by what is wrong
    """The library cannot do the job."""


@dataclass(frozen=True)
class Prepared:
    """A contender ready to be timed: how many units one repetition solves, and the repetition."""

    count: int
    run: Callable[[], Float]


@dataclass(frozen=True)
class Repetition:
    seconds: float  # of one unit
    result: Float  # the first rows


def timed(prepared: Prepared) -> Repetition:
    begin = time.perf_counter()
    result = prepared.run()
    seconds = time.perf_counter() - begin
    return Repetition(seconds / prepared.count, np.atleast_2d(result)[:COMPARED])


def serve(prepare: Callable[[], Prepared], release: Callable[[], str]) -> None:
    """Say {"ready": release, "count": n} or {"missing": reason}; then answer every line read with a repetition."""
    with answers_alone() as answers:

        def answer(**what: object) -> None:
            print(json.dumps(what), file=answers, flush=True)

        try:
            version, prepared = release(), prepare()
        except ImportError as fault:  # PackageNotFoundError among them
            answer(missing=f"not installed: {fault}")
            return
        except NotOffered as fault:
            answer(missing=str(fault))
            return
        answer(ready=version, count=prepared.count)
        for _ in sys.stdin:
            repetition = timed(prepared)
            answer(seconds=repetition.seconds, result=repetition.result.tolist())


@contextmanager
def answers_alone() -> Iterator[TextIO]:
    """Standard output for answers only: what a library prints goes where errors go."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        yield answers
