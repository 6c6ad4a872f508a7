"""Runs are signed and entered into the log, so that their orders carry a proof that anybody can check."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.certificates import house, store
from quanheng.city.certificates.actions import standing
from quanheng.city.supervision import places
from quanheng.city.supervision.models import Cycle
from quanheng.evidence import bundle, procedures, proof_file, records, registry
from quanheng.evidence.answer import Standing
from quanheng.evidence.document import Document
from quanheng.evidence.document_check import Rules
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.monitor import GRACE
from quanheng.evidence.records import KeyBinding
from quanheng.ground.errors import BadOutput, Fault, NotShown
from quanheng.ground.files import write_durably
from quanheng.work.trace.admit import admit

TASK = "supervision.seal cycle"
KEY = "bundles"  # HOME/keys/bundles.key


def entitle(actor: Any, *, since: date, until: date, on: date) -> None:
    """The authority binds the key that signs runs, where nobody has bound it yet. Raises NotShown."""
    facts = records.of_key(house.key(KEY).public)
    standing.say(
        actor, [KeyBinding(**facts, party=house.house().authority, role=KEY, since=since, until=until)], on
    )


def check_possible() -> None:
    """Raises NotShown where this installation has not the keys that seal runs."""
    house.house()
    house.key(KEY)
    house.key("log")


def possible() -> bool:
    """Whether this installation has the keys that seal runs."""
    try:
        check_possible()
    except NotShown:
        return False
    return True


def seal(actor: audit.Actor, cycle: Cycle, *, on: date | None = None) -> bytes:
    """Sign the bundle of a run and enter it into the log; its proof file, kept beside the run. May be run again.

    Raises BadOutput where a result was changed after the run, Fault where the log refuses it, NotShown where keys or
    witnesses are not at hand.
    """
    # 1 the results are as run.json says  2 signed, with the signature of an interrupted sealing where there is one
    # 3 what the log asks of a bundle  4 entered, witnessed, kept  5 OUT/run.proof
    out = places.run(cycle.pk) / "out"
    if (out / bundle.PROOF).exists():
        return (out / bundle.PROOF).read_bytes()
    found = bundle.read_bundle(out / bundle.NAME)
    if changed := bundle.differences(out, found.outputs, bundle.sealed_files(out)):
        listed = "、".join(f"{each.path} {each.what}" for each in changed)
        raise BadOutput(f"运行之后被改动，不予签名：{listed} / was changed after the run, and is not signed")
    document = store.get(found.digest) or _signed(
        (out / bundle.NAME).read_bytes(), on or timezone.localdate()
    )
    answer = admit(
        document, store.behind(document, None), house.trust(), Rules(sealed.read, GRACE), procedures.regulations(),
        now=int(timezone.now().timestamp()),
    )  # fmt: skip
    if answer.standing != Standing.VALID:
        raise Fault("不予登记 / refused: " + "; ".join(str(each) for each in answer.reasons))
    store.put(document)
    _, (proven,) = house.enter([document])
    store.put(proven)
    write_durably(out / bundle.SIGNATURE, proven.signature)
    proof = proof_file.write(store.behind(proven, None))
    write_durably(out / bundle.PROOF, proof)
    audit.save(actor, "supervision.seal cycle", cycle, logged=proven.digest)
    return proof


def _signed(data: bytes, on: date) -> Document:
    return registry.bundle(data, house.house().authority, on, house.key(KEY))
