"""Every parser reads damaged files while the process may not grow.

    PYTHONPATH=tests python tests/evidence/fuzz/bounded.py [NAME]

Not a property but a process of its own: the system counts all memory, also that of libxml2, Arrow and OpenSSL.
"""

from __future__ import annotations

import contextlib
import random
import resource
import sys
from pathlib import Path

from mutations import mutated
from parsers import PARSERS

ROOM = 256 << 20  # bytes that a parser may take beyond what is there
TIMES, DEAR_TIMES = 1000, 100


def in_use() -> int:
    """Bytes of address space."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def main(asked: str = "") -> None:
    for name, parser in PARSERS.items():
        if asked not in name:
            continue
        for sample in parser.samples():  # modules are loaded and pools are filled before the room is measured
            parser.read(parser.mend(sample))
        resource.setrlimit(resource.RLIMIT_AS, (in_use() + ROOM, resource.RLIM_INFINITY))
        for seed in range(DEAR_TIMES if parser.dear else TIMES):
            data = parser.mend(mutated(random.Random(seed), parser.samples()))
            try:
                with contextlib.suppress(*parser.refuses):
                    parser.read(data)
            except BaseException:
                print(f"{name}, seed {seed}", flush=True)
                raise
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(f"{name}: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
