"""One peer in its own process and environment, so that neither its licence nor its settings reach ours.

    python bench/peers/worker.py JOB PEER SIZE

It says on a line that it is ready or what is missing, then answers every line it reads with one repetition
(contender.serve). It ends with its input.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from peers.contender import Prepared, serve
from peers.linear import COLUMN, SCALAR
from peers.others import BYTES, RISK
from peers.trials import DRAWN, MANY, TRIALS

JOBS: dict[str, dict[str, Callable[[int], Prepared]]] = {
    "scalar": SCALAR,
    "column": COLUMN,
    "trials": TRIALS,
    "drawn": DRAWN,
    "many": MANY,
    "risk": RISK,
    "bytes": BYTES,
}

if __name__ == "__main__":
    job, peer, size = sys.argv[1:]
    serve(lambda: JOBS[job][peer](int(size)), lambda: version(peer.split()[0]))
