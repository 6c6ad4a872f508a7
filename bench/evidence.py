"""The floor of proof beside the limits of the machine: checks of documents, the log, chains.

    python bench/evidence.py [--only JOB …] [--scale S] [--json | --markdown]

A ratio is the peer's figure over ours in the same run: above 1, ours is the smaller. Processor time where nothing is
said; the least of several runs. --scale 0.1 takes a tenth of the ten million entries and instruments.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from evidence_jobs import chain, documents, log

JOBS = {"documents": documents.figures, "log": log.figures, "chain": chain.figures}


def found(only: Sequence[str], scale: float) -> Iterator[dict[str, Any]]:
    """The figures of some jobs."""
    for name, figures in JOBS.items():
        if not only or name in only:
            yield from figures(scale)


def shown(value: float | None, unit: str) -> str:
    """A figure in a unit that suits it."""
    if value is None:
        return "–"
    if unit != "s" or value >= 1:
        return f"{value:.3g} {unit}"
    for factor, name in ((1e3, "ms"), (1e6, "µs"), (1e9, "ns")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {name}"
    return f"{value:.3g} s"


def row(each: dict[str, Any]) -> list[str]:
    """A line of the table."""
    ratio = "" if each["ratio"] is None else f"{each['ratio']:.3g}"
    goal = "" if each["goal"] is None else f"{each['goal']:g}{'' if each['holds'] else ' ✗'}"
    peer = each.get("reason") or each["peer"]
    return [
        each["figure"],
        shown(each["value"], each["unit"]),
        peer,
        shown(each["peer_value"], each["unit"]),
        ratio,
        goal,
    ]


def main() -> int:
    """Print the figures as they come."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=JOBS, default=[])
    parser.add_argument("--scale", type=float, default=1.0)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    if args.markdown:
        print("| figure | ours | beside | its figure | ratio | goal |\n|---|---|---|---|---|---|")
    for each in found(args.only, args.scale):
        if args.json:
            print(json.dumps(each, ensure_ascii=False), flush=True)
        elif args.markdown:
            print("| " + " | ".join(row(each)) + " |", flush=True)
        else:
            figure, ours, peer, theirs, ratio, goal = row(each)
            print(f"{figure:55} {ours:>10}  {peer:45} {theirs:>10} {ratio:>8} {goal}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
