"""The events of the audit in the transparency log: a Merkle root over all of them, signed and entered like a run.

    leaf     an event as canonical JSON, in the order of its id
    entry    a bundle: parameters `last` and `size`, output `events`: the root; the key of runs signs it
Whoever holds an older root sees whether an event of those days was altered or taken away since.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date

from django.conf import settings
from django.db import transaction

from quanheng.city.audit.models import Event, Seal
from quanheng.city.audit.past import last_event
from quanheng.city.certificates import house, store
from quanheng.evidence import bundle, registry, statement
from quanheng.evidence.document import BUNDLE
from quanheng.evidence.log import merkle
from quanheng.evidence.log.store import Log
from quanheng.ground.digest import canonical_json, canonical_line, sha256_bytes
from quanheng.ground.errors import NotShown

METHOD, VERSION = "audit root", "1"  # the version of the method: the same events give the same bytes for ever
BUNDLED = b'"kind":"bundle"'
AT_ONCE = 5_000  # events read at once


@dataclass(frozen=True)
class Checked:
    """A root and what became of the events below it."""

    seal: Seal
    same: bool
    logged: bool


def leaf(event: Event) -> bytes:
    """The bytes of an event in the tree."""
    return canonical_line(
        {
            "id": event.pk,
            "at": event.at.astimezone(UTC).isoformat(),
            "actor": event.actor,
            "role": event.role,
            "action": event.action,
            "subject": event.subject,
            "before": event.before,
            "after": event.after,
        }
    )


def leaves(last: int) -> Iterator[bytes]:
    """The leaves of all events up to one."""
    for event in Event.objects.filter(pk__lte=last).order_by("pk").iterator(AT_ONCE):
        yield leaf(event)


def said(last: int, size: int, root: str) -> bytes:
    """The bytes of the bundle that states a root."""
    facts = {
        "format": bundle.FORMAT,
        "method": METHOD,
        "version": VERSION,
        "parameters": {"last": last, "size": size},
        "inputs": {},
        "outputs": {"events": root},
    }
    return canonical_json(facts)


def possible() -> bool:
    """Whether this installation has the keys to enter a root."""
    try:
        house.house()
        house.key("bundles")
        house.key("log")
    except NotShown:
        return False
    return True


def seal(on: date) -> Seal | None:
    """Enter the root of all events so far; None where none has come since the last root. Done twice, once entered.

    Raises NotShown where nothing can be signed here, or too few witnesses have seen it.
    """
    last = last_event()
    before = Seal.objects.order_by("-last").first()
    if not last or (before is not None and before.last == last and before.index is not None):
        return None
    hashes = merkle.leaf_hashes(leaves(last))
    size, root = len(hashes) // merkle.SIZE, merkle.root(hashes).hex()
    made = registry.bundle(said(last, size, root), house.house().authority, on, house.key("bundles"))
    document = store.get(made.digest) or made
    store.put(document)
    (index,), (proven,) = house.enter([document])
    store.put(proven)
    with transaction.atomic():
        found, _new = Seal.objects.update_or_create(
            last=last, defaults={"size": size, "root": root, "index": index}
        )
    return found


def check() -> list[Checked]:
    """Every root computed again from the events, and looked for in the log, the oldest first."""
    logged = _entered()
    found, hashes, before = [], b"", 0
    for each in Seal.objects.order_by("last"):
        new = Event.objects.filter(pk__gt=before, pk__lte=each.last).order_by("pk").iterator(AT_ONCE)
        hashes, before = hashes + merkle.leaf_hashes(leaf(event) for event in new), each.last
        same = (len(hashes) // merkle.SIZE, merkle.root(hashes).hex()) == (each.size, each.root)
        found.append(Checked(each, same, sha256_bytes(said(each.last, each.size, each.root)) in logged))
    return found


def _entered() -> set[str]:
    """Digests of all bundles in the log."""
    if not (settings.HOME / "log" / "checkpoint").exists():
        return set()
    with Log.open(settings.HOME / "log") as log:
        statements = (statement.read(entry) for entry in log.entries() if BUNDLED in entry)
        return {each.sha256 for each in statements if each.kind == BUNDLE}
