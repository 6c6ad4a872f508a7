"""Random numbers that are a function of (seed, stream, counter) alone, so that a recorded seed recomputes a run.

The generator is Philox4x64-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3, SC11, 2011).
Uniforms are (k + ½)·2⁻⁵² of whole numbers k: exact, never 0 or 1, and 1 − uniform is one of them too.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Words = NDArray[np.uint64]

BITS = 52
ONE = np.uint64(0x3FF << BITS)  # the bits of 1.0: with k they are those of 1 + k·2⁻⁵²
MANTISSA = np.uint64((1 << BITS) - 1)
BELOW_ONE = 1 - 2.0**-53


def key(seed: int, stream: str) -> int:
    """The 128-bit key of a stream: the first half of SHA-256 of its name and the seed."""
    text = f"quanheng/{stream}/{seed}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def philox(key: int, counter: int, count: int) -> Words:
    """The first `count` words of the blocks at `counter`, `counter` + 1, …; four words a block.

    key: 128 bits; counter: 256 bits, both with the least word first.
    """
    # NumPy counts up before it makes a block
    before = (counter - 1) % (1 << 256)
    return np.random.Philox(key=key, counter=before).random_raw(count)


def uniforms(bits: Words) -> Float:
    """(k + ½)·2⁻⁵² for the bits `ONE | k` of any shape; the array itself is used up."""
    u = bits.view(np.float64)
    u -= BELOW_ONE
    return u
