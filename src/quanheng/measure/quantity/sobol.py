"""Scrambled Sobol' nets: points so even that the error of a mean falls nearly as 1/M instead of 1/√M.

Direction numbers are those of Joe and Kuo (SIAM J. Sci. Comput. 30 (2008) 2635), as SciPy holds them. Each net is made
random on its own by a linear matrix scramble and a digital shift (Matoušek, J. Complexity 14 (1998) 527), so that every
point is uniform and the scatter of several nets is the error of their average. Points need exclusive-or alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from quanheng.measure.quantity.generator import BITS, MANTISSA, ONE, Words, key, philox

INDEX_BITS = 32  # at most 2³² points in a net
MOST_DIMENSIONS = 21201  # that have direction numbers
AT_ONCE = 1024  # dimensions that are scrambled at once
TABLE = 13  # points are made in stretches of at most 2^TABLE


@dataclass(frozen=True, eq=False)
class Net:
    """2^m scrambled points of d dimensions.

    shift: the first of them, (d,); columns: what each bit of a point's index turns, (d, m).
    """

    shift: Words
    columns: Words

    @cached_property
    def table(self) -> Words:
        """The first 2^min(m, TABLE) points."""
        columns = self.columns[:, :TABLE]
        table = np.empty((len(columns), 1 << columns.shape[1]), dtype=np.uint64)
        table[:, 0] = self.shift
        for j in range(columns.shape[1]):
            np.bitwise_xor(table[:, : 1 << j], columns[:, j, None], out=table[:, 1 << j : 2 << j])
        return table

    def fill(self, bits: Words, first: int) -> int:
        """Fill the first d rows of `bits` (d or more, count) with points from `first` on, as bits `ONE | k`.

        They must not cross a multiple of 2^TABLE. Returns d.
        """
        start = first % self.table.shape[1]
        above = [j for j in range(TABLE, self.columns.shape[1]) if first >> j & 1]
        turned = np.bitwise_xor.reduce(self.columns[:, above], axis=1)
        part = self.table[:, start : start + bits.shape[1]]
        np.bitwise_xor(part, turned[:, None], out=bits[: len(part)])
        return len(part)


@lru_cache(maxsize=8)
def direction_numbers(dimensions: int) -> Words:
    """Joe and Kuo's generator matrices (dimensions, INDEX_BITS): column j of each, its first row as bit BITS − 1."""
    # scipy.stats takes longer to import than a run takes: only when it is needed
    from scipy.stats import qmc

    # no public name gives the matrices; a test compares them with the public points
    columns = getattr(qmc.Sobol(dimensions, scramble=False, bits=INDEX_BITS), "_sv")  # noqa: B009
    return np.asarray(columns, dtype=np.uint64) << np.uint64(BITS - INDEX_BITS)


def scrambled_nets(seed: int, indices: Iterable[int], *, dimensions: int, m: int) -> Iterator[Net]:
    """The nets of a seed with these numbers: 2^m points in so many dimensions.

    A dimension's points do not depend on how many others there are.
    """
    stream = key(seed, "sobol")
    at_once = 1 + AT_ONCE // max(dimensions, 1)
    plain = direction_numbers(_rounded(dimensions))[:dimensions, :m]
    remaining = list(indices)
    while remaining:
        # several at once: one net is little work for NumPy, and all of them may be much memory
        some, remaining = remaining[:at_once], remaining[at_once:]
        words = np.array([philox(stream, index << 128, dimensions * 64) for index in some])
        words = words.reshape(len(some), dimensions, 64)
        shifts = (words[:, :, BITS] & MANTISSA) | ONE
        yield from map(Net, shifts, _product(_lower_triangular(words[:, :, :BITS]), plain))


def _rounded(dimensions: int) -> int:
    """One cached matrix serves many models."""
    return min(max(64, 1 << (dimensions - 1).bit_length()), MOST_DIMENSIONS)


def _lower_triangular(words: Words) -> Words:
    """Random rows (…, BITS), the first column their highest bit: ones on the diagonal, noughts above it."""
    diagonal = np.uint64(1) << np.arange(BITS - 1, -1, -1, dtype=np.uint64)
    below = MANTISSA & ~(diagonal - np.uint64(1)) & ~diagonal
    return (words & below) | diagonal


def _product(rows: Words, columns: Words) -> Words:
    """Over two elements: the matrices of these rows (…, d, BITS) times the columns (d, m); again columns (…, d, m)."""
    odd = np.bitwise_count(rows[..., :, None] & columns[:, None, :]).astype(np.uint64) & np.uint64(1)
    place = np.arange(BITS - 1, -1, -1, dtype=np.uint64)[:, None]
    return np.asarray(np.bitwise_or.reduce(odd << place, axis=-2))
