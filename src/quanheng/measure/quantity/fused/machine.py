"""How the loops are compiled.

Numba keeps what it compiled beside the file of the function, by that file's date: where a file changes that it calls,
`make clean` makes it forget.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba  # type: ignore[import-untyped, import-not-found, unused-ignore]
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Whole = NDArray[np.int64]
Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
F = TypeVar("F", bound=Callable[..., Any])

TILE = 512  # trials that are worked on at once, so that all that is held of them stays in the first caches
TILE_BITS = 9


def compiled(function: F) -> F:
    """The function in machine code, without the interpreter's lock; kept on disk where that is possible."""
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return cast(F, numba.njit(cache=True, **options)(function))
    except RuntimeError:  # neither the package nor the user's cache can be written
        return cast(F, numba.njit(**options)(function))
