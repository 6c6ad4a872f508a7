"""A registry comes into being: keys, log, trust; the authority vouches for keys; what comes from elsewhere is filed.

The authority's first words bind the institute's key to its certificates and the key of runs to itself; scopes, type
approvals and the like follow as records of their own (`standing.say`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from quanheng.city.audit import actions as audit
from quanheng.city.certificates import house, store
from quanheng.city.certificates.actions import filing, standing
from quanheng.city.certificates.house import House
from quanheng.city.certificates.models import Certificate, Filed
from quanheng.city.people.models import Party
from quanheng.evidence import certificate as evidence
from quanheng.evidence import key_file, procedures, proof_file, records
from quanheng.evidence.answer import Standing, together
from quanheng.evidence.document import CERTIFICATE, Document
from quanheng.evidence.document_check import Rules
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.log import proof as proofs
from quanheng.evidence.monitor import GRACE
from quanheng.evidence.proof_check import check_proof
from quanheng.evidence.records import KeyBinding, Record, Status
from quanheng.ground.errors import Fault, NotShown
from quanheng.work.trace.proof import judge_proof

ROLES = {"institute": "certificates", "bundles": "bundles"}  # keys that the authority binds, and what for


def establish(
    actor: Any,
    institute: Party,
    *,
    origin: str,
    authority: str,
    witnesses: Sequence[tuple[str, str]],
    since: date,
    until: date,
) -> House:
    """Keys, log and trust of this site, where there are none yet; then the keys are bound from a day to a day.

    authority: how it is called as an issuer. witnesses: verifier key and address of each. May be run again, e.g. after
    too few witnesses answered (NotShown): what is there stays. Raises Fault.
    """
    try:
        found = house.house()
    except NotShown:
        party = evidence.Party(institute.code, institute.name, institute.name_english)
        found = House(party, institute.code, authority, origin)
        house.establish(found, house.passphrase(), witnesses=witnesses)
        with transaction.atomic():
            audit.record(actor, "certificates.establish", after={"log": origin, "institute": institute.code})
    if (found.code, found.origin, found.authority) != (institute.code, origin, authority):
        told = _("本站已属于 %(code)s，日志 %(origin)s，主管部门 %(authority)s")
        raise Fault(told % {"code": found.code, "origin": found.origin, "authority": found.authority})
    standing.say(actor, [_binding(name, found, since, until) for name in ROLES], since)
    return found


def _binding(name: str, found: House, since: date, until: date) -> KeyBinding:
    party = found.institute.identifier if name == "institute" else found.authority
    public = key_file.public_of(settings.HOME / "keys" / f"{name}.key")
    return KeyBinding(**records.of_key(public), party=party, role=ROLES[name], since=since, until=until)


def take_in(actor: Any, data: bytes, *, on: date) -> int:
    """File what a proof file holds, once it is verified: certificates of the institute's standards with their chains.

    How many documents are new. Raises BadDocument for what is no proof file, Fault where it is invalid, NotShown where
    it cannot be shown here, e.g. because its log is not one that this site trusts.
    """
    proof = proof_file.read(data)
    found = check_proof(proof, house.trust(), Rules(sealed.read, GRACE), on=on)
    subject, *others = judge_proof(found, procedures.regulations(), on=on)
    answer = together([subject.answer])
    if answer.standing != Standing.VALID:
        told = "\n".join(str(each) for each in answer.reasons if each.standing != Standing.VALID)
        if answer.standing == Standing.INVALID:
            raise Fault(_("证明文件无效，没有登记：") + "\n" + told)
        raise NotShown(_("证明文件在此未得证明，没有登记：") + "\n" + told)
    good = [each.document for each in (subject, *others) if each.answer.standing == Standing.VALID]
    new = _new(good)
    with transaction.atomic():
        filing.bring_in(actor, new, {each.statement: proofs.parse(each.proof).index for each in new})
        _follow(actor, (records.read(each.data) for each in new if each.kind == Status.kind))
    return len(new)


def _new(documents: Sequence[Document]) -> list[Document]:
    """Those that are not filed yet. Raises Fault where a number is another certificate's."""
    digests = [each.digest for each in documents]
    there = set(Filed.objects.filter(digest__in=digests).values_list("digest", flat=True))
    there |= set(Certificate.objects.filter(digest__in=digests).values_list("digest", flat=True))
    new = [
        each
        for each in documents
        if each.digest not in there and each.kind in (CERTIFICATE, *records.RECORDS)
    ]
    numbers = [store.content_of(each).number for each in new if each.kind == CERTIFICATE]
    if taken := Certificate.objects.filter(number__in=numbers).first():
        raise Fault(_("编号 %(number)s 已有别的证书") % {"number": taken.number})
    return new


def _follow(actor: Any, said: Iterable[Record]) -> None:
    """The register says of certificates what the records say of them."""
    for each in said:
        if isinstance(each, Status) and each.change in standing.CHANGES:
            row = Certificate.objects.select_for_update().filter(digest=each.target).first()
            if row is not None and row.standing in standing.FROM[each.change]:
                row.standing, row.standing_since = standing.CHANGES[each.change], each.since
                row.standing_why = each.why[:300]
                audit.save(actor, f"certificates.{each.change}", row)
