"""Orders as they travel: with the path to their run's bundle, and the chain of the master meter where it is at hand."""

from __future__ import annotations

from quanheng.city.certificates import store
from quanheng.city.certificates.models import Certificate
from quanheng.city.supervision import places
from quanheng.city.supervision.models import Order
from quanheng.evidence.bundle import PROOF
from quanheng.evidence.holdings import Holdings
from quanheng.work.supervise.order_proof import prove, read_proof, unsealed


def proof_of(order: Order) -> bytes:
    """The proof file of an order. A run that was not entered into the log is carried as it is: not shown, not hidden.

    Raises BadOutput, Fault.
    """
    out = places.run(order.cycle_id) / "out"
    run = read_proof(out / PROOF).documents if (out / PROOF).exists() else (unsealed(out),)
    return prove(out, order.number, run, _of_master(order.area.master))


def _of_master(master: str) -> Holdings:
    """The latest certificate of the master meter that is kept here, and what it rests on."""
    latest = Certificate.objects.filter(item=master).order_by("-ended").first()
    document = store.get(latest.digest) if latest else None
    return Holdings(store.behind(document, store.content_of(document)) if document else [])
