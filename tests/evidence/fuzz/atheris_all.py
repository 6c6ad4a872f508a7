"""Every parser under a fuzzer that follows coverage.

    PYTHONPATH=tests python tests/evidence/fuzz/atheris_all.py CORPUS/ -max_total_time=60

The first byte of an input says which parser reads the rest. New inputs are made by libFuzzer and by our own damages,
half and half. An input that crashes is left in the folder where the command ran; hand it over instead of CORPUS to see
it again.
"""

from __future__ import annotations

import contextlib
import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["quanheng"]):
    from mutations import DAMAGES
    from parsers import PARSERS

NAMES = list(PARSERS)


def one_input(data: bytes) -> None:
    """Read one input."""
    if not data:
        return
    parser = PARSERS[NAMES[data[0] % len(NAMES)]]
    with contextlib.suppress(*parser.refuses):
        parser.read(parser.mend(data[1:]))


def damaged(data: bytes, most: int, seed: int) -> bytes:
    """An input made of another."""
    chance = random.Random(seed)
    if not data or chance.randint(0, 1):
        return bytes(atheris.Mutate(data, most))
    samples = PARSERS[NAMES[data[0] % len(NAMES)]].samples()
    return (data[:1] + chance.choice(DAMAGES)(chance, data[1:], samples))[:most]


def main() -> None:
    corpus = next((Path(each) for each in sys.argv[1:] if Path(each).is_dir()), None)
    if corpus:
        for number, parser in enumerate(PARSERS.values()):
            for k, sample in enumerate(parser.samples()):
                (corpus / f"{number:02d}.{k}").write_bytes(bytes([number]) + sample)
    atheris.Setup([*sys.argv, "-timeout=10", "-max_len=200000"], one_input, custom_mutator=damaged)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
