"""What the clock asks for: every office declares it in its tasks.py; a worker with nothing to do looks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

EVERY = 20.0  # seconds between two looks of one worker
CLOCK: list[Callable[[], None]] = []
log = logging.getLogger(__name__)


def on_clock(asking: Callable[[], None]) -> Callable[[], None]:
    """Declare what looks at the day and asks for what is due; two workers may look at once."""
    CLOCK.append(asking)
    return asking


class Clock:
    """Called whenever a worker is idle."""

    def __init__(self) -> None:
        self.looked = float("-inf")

    def __call__(self) -> None:
        """Look, unless it was done just now. What fails for one office is logged and hinders no other."""
        if time.monotonic() - self.looked < EVERY:
            return
        self.looked = time.monotonic()
        for each in CLOCK:
            try:
                each()
            except Exception:
                log.exception("clock", extra={"asking": each.__qualname__})
