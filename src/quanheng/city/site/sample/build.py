"""The sample city as the site has it: registers, certificates, one cycle, what was found on site. All from a seed.

    1 catalogue  2 who there is  3 standards and ledger  4 certificates with their chains  5 the cycle and its orders
    6 field checks  7 indicators  8 the page that verifies, logged
Every step goes through the actions of its office, as people's work does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from django.conf import settings

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.audit.models import Event
from quanheng.city.indicators.catalogue import indicators
from quanheng.city.instruments import versions
from quanheng.city.site import verify
from quanheng.city.site.sample import certificates, figures, ledger, supervision, who
from quanheng.ground.errors import Fault

CHAINED = 300  # instruments of the sample chains
Said = Callable[[str], None]


def build(city: Path, *, seed: int, on: date, said: Said, out: Path | None = None) -> None:
    """Fill the site with the sample city whose lake and chains lie in `city`.

    out: a cycle over that lake, run already. Raises Fault where this is no sample, or a site that has been used.
    """
    if not settings.DEMO:
        raise Fault(
            "只在 QUANHENG_DEMO=1 的装置里建样例城市 / a sample city is built only where QUANHENG_DEMO=1"
        )
    if Event.objects.exists():
        raise Fault(
            f"{settings.HOME} 已有记录；请用空的 QUANHENG_HOME / has records; use an empty QUANHENG_HOME"
        )
    rng = np.random.default_rng(seed)
    for path in versions.FILES:
        versions.load(SYSTEM, path)
    found = who.people(on)
    said(f"{len(found.users)} 个用户 / users")
    ledger.standards(found, on)
    said(f"{ledger.ledger(found, city, CHAINED, on, rng)} 台计量器具 / instruments")
    certificates.certificates(found, city, seed, said)
    supervision.supervision(found, city, out, rng, said)
    figures.figures(found, on, rng)
    verify.publish(SYSTEM, on)
    said(f"{len(indicators())} 项指标 / indicators")
