"""The race: every contender of a job solves it in turn, round after round; the least time of each counts."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from peers.contender import Float, NotOffered, Prepared, Repetition, timed

Agree = Callable[[Float, Float], bool]
ROUNDS, LEAST_ROUNDS = 9, 3
SECONDS = 25.0  # of a job, once every contender had its least rounds
WORKER = Path(__file__).parent / "worker.py"


@dataclass(frozen=True)
class Job:
    """What is solved, by whom, and how much faster (or smaller) we mean to be.

    `goals`: for each of our variants the least ratio to each peer, None where no goal is set.
    `here`: peers that run in our process.
    """

    figure: str
    unit: str
    size: int
    ours: Mapping[str, Callable[[], Prepared]]
    goals: Mapping[str, Mapping[str, float | None]]
    agree: Agree
    here: Mapping[str, Callable[[], Prepared]] = field(default_factory=dict)
    figure_of: Callable[[Repetition], float] = lambda repetition: repetition.seconds
    rounds: int = ROUNDS


# Contenders


class Local:
    """A contender in this process. Raises NotOffered where it cannot be prepared."""

    def __init__(self, prepare: Callable[[], Prepared]) -> None:
        self.release = ""
        try:
            self.prepared = prepare()
        except ImportError as fault:
            raise NotOffered(str(fault)) from fault

    def repeat(self) -> Repetition:
        return timed(self.prepared)


class Process:
    """A contender in a process of its own, with that environment. Raises NotOffered where it says that it cannot."""

    def __init__(self, command: list[str], environment: dict[str, str], stack: ExitStack) -> None:
        if not Path(command[0]).exists():
            raise NotOffered(f"no environment {command[0]}: make bench-peers")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, text=True, env=environment, **pipes)  # type: ignore[call-overload]
        self.process = stack.enter_context(process)
        assert process.stdin is not None
        stack.callback(process.stdin.close)
        said = self.answer()
        if "missing" in said:
            raise NotOffered(str(said["missing"]))
        self.release = str(said["ready"])

    def answer(self) -> dict[str, object]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"missing": "it failed"}

    def repeat(self) -> Repetition:
        assert self.process.stdin is not None
        print("again", file=self.process.stdin, flush=True)
        said = self.answer()
        if "missing" in said:
            raise NotOffered(str(said["missing"]))
        return Repetition(float(said["seconds"]), np.array(said["result"]))  # type: ignore[arg-type]


@dataclass
class Entry:
    """One contender of a job: its best repetition, or why there is none."""

    name: str
    contender: Local | Process | None = None
    reason: str = ""
    best: Repetition | None = None

    def repeat(self) -> None:
        if self.contender is None:
            return
        try:
            repetition = self.contender.repeat()
        except NotOffered as fault:
            self.contender, self.best, self.reason = None, None, str(fault)
            return
        if self.best is None or repetition.seconds < self.best.seconds:
            self.best = repetition


def entries(name: str, job: Job, *, peers: Path, stack: ExitStack) -> Iterator[Entry]:
    """Our variants first, then the peers of all goals."""
    foreign = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for variant, prepare in job.ours.items():
        yield entered(variant, lambda p=prepare: Local(p))
    for peer in dict.fromkeys(peer for goals in job.goals.values() for peer in goals):
        if peer in job.here:
            yield entered(peer, lambda p=peer: Local(job.here[p]))
        else:
            command = [str(peers / "bin" / "python"), str(WORKER), name, peer]
            yield entered(peer, lambda c=command: Process([*c, str(job.size)], foreign, stack))


def entered(name: str, open_: Callable[[], Local | Process]) -> Entry:
    try:
        return Entry(name, open_())
    except NotOffered as fault:
        return Entry(name, reason=str(fault))


def measure(name: str, job: Job, *, quick: bool, peers: Path) -> list[Entry]:
    """Let all contenders solve the job in turn, round after round."""
    with ExitStack() as stack:
        found = list(entries(name, job, peers=peers, stack=stack))
        begin = time.perf_counter()
        for turn in range(min(job.rounds, 2) if quick else job.rounds):
            if turn >= LEAST_ROUNDS and time.perf_counter() - begin > SECONDS:
                break
            for entry in found:
                entry.repeat()
        for entry in found:
            if entry.contender is not None:
                entry.reason = entry.contender.release
        return found


# What came out


@dataclass(frozen=True)
class Line:
    """One comparison."""

    figure: str
    value: float | None
    unit: str
    peer: str
    peer_value: float | None
    ratio: float | None
    goal: float | None
    reason: str  # why a figure or the ratio is missing

    @property
    def holds(self) -> bool | None:
        return None if self.goal is None or self.ratio is None else self.ratio >= self.goal


def lines(job: Job, found: list[Entry]) -> Iterator[Line]:
    """The comparisons of a job."""
    by_name = {entry.name: entry for entry in found}
    for variant, goals in job.goals.items():
        ours = by_name[variant]
        for peer, goal in goals.items():
            theirs = by_name[peer]
            values = [None if e.best is None else job.figure_of(e.best) for e in (ours, theirs)]
            reason, ratio = "", None
            if ours.best is None or theirs.best is None:
                reason = ours.reason if ours.best is None else theirs.reason
            elif not agreeing(job, ours.best, theirs.best):
                reason = f"results differ by up to {difference(ours.best, theirs.best):.1e}"
            else:
                ratio = values[1] / values[0]  # type: ignore[operator]
            release = "" if theirs.best is None else f" {theirs.reason}".rstrip()
            figure = f"{job.figure}, {variant}" if variant else job.figure
            yield Line(figure, values[0], job.unit, peer + release, values[1], ratio, goal, reason)


def agreeing(job: Job, ours: Repetition, theirs: Repetition) -> bool:
    rows = min(len(ours.result), len(theirs.result))
    return job.agree(ours.result[:rows], theirs.result[:rows])


def difference(ours: Repetition, theirs: Repetition) -> float:
    rows = min(len(ours.result), len(theirs.result))
    return float(np.max(np.abs(ours.result[:rows] - theirs.result[:rows])))
