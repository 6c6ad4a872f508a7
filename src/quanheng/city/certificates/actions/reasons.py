"""The reason of an act: there is one, and it can be kept. Asked before it is logged, for a log forgets nothing."""

from __future__ import annotations

from quanheng.city.register import texts
from quanheng.ground.errors import Fault


def check_reason(why: str) -> None:
    """Raises Fault: no reason, or one that no register could keep."""
    if not why.strip():
        raise Fault("须写原因 / a reason is needed")
    texts.check(why, "原因 / reason")
