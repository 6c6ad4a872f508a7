"""One peer in its own process and environment, so that neither its licence nor its settings reach ours.

    python bench/peers/worker.py JOB PEER SIZE

Says on a line that it is ready ({"ready": version, "count": n}) or what is missing ({"missing": reason}). Then for every
line it reads it solves the job once and answers {"seconds": of one unit, "result": first rows}; it ends with its input.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from linear import COLUMN, SCALAR
from others import BYTES, RISK
from problems import Prepared, timed
from trials import DRAWN, MANY, TRIALS, NotOffered

JOBS: dict[str, dict[str, Callable[[int], Prepared]]] = {
    "scalar": SCALAR,
    "column": COLUMN,
    "trials": TRIALS,
    "drawn": DRAWN,
    "many": MANY,
    "risk": RISK,
    "bytes": BYTES,
}


def main() -> int:
    job, peer, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer

    def answer(**what: object) -> None:
        print(json.dumps(what), file=answers, flush=True)

    try:
        release = version(peer.split()[0])
        prepared = JOBS[job][peer](size)
    except (PackageNotFoundError, ImportError) as fault:
        answer(missing=f"not installed: {fault}")
        return 0
    except NotOffered as fault:
        answer(missing=str(fault))
        return 0
    answer(ready=release, count=prepared.count)
    for _ in sys.stdin:
        repetition = timed(prepared)
        answer(seconds=repetition.seconds, result=repetition.result.tolist())
    return 0


if __name__ == "__main__":
    sys.exit(main())
