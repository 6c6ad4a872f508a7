"""The register of certificates, and the rows by which documents are found: written for what is kept and logged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from quanheng.city.audit import actions as audit
from quanheng.city.certificates import store
from quanheng.city.certificates.models import Basis, Certificate, Filed
from quanheng.city.instruments.models import Instrument
from quanheng.evidence import certificate as evidence
from quanheng.evidence.document import CERTIFICATE, Document


def register(
    actor: Any, found: Iterable[tuple[Document, evidence.Certificate, int | None]]
) -> list[Certificate]:
    """Write rows of certificates that are kept and logged; what is registered already is left as it is."""
    listed = list(found)
    there = {
        each.digest: each
        for each in Certificate.objects.filter(digest__in=[document.digest for document, _c, _n in listed])
    }
    new = [each for each in listed if each[0].digest not in there]
    codes = {item.identifier for _d, content, _n in new for item in content.items}
    owned = {
        each.code: each
        for each in Instrument.objects.filter(code__in=codes).select_related("user", "district")
    }
    rows = [_row(document, content, index, owned) for document, content, index in new]
    with transaction.atomic():
        if rows:
            audit.write_all(actor, "certificates.register", rows, {"numbers": [each.number for each in rows]})
            file(actor, [(document, index) for document, _content, index in new])
            bases = [base for document, content, _n in new for base in store.bases(document, content)]
            known = set(
                Basis.objects.filter(certificate__in=[d.digest for d, _c, _n in new]).values_list(
                    "certificate", "standard"
                )
            )
            missing = [each for each in bases if (each.certificate, each.standard) not in known]
            if missing:
                audit.write_all(actor, "certificates.base", missing, {})
    there |= {
        each.digest: each for each in Certificate.objects.filter(digest__in=[each.digest for each in rows])
    }
    return [there[document.digest] for document, _content, _index in listed]


def file(actor: Any, found: Iterable[tuple[Document, int | None]]) -> None:
    """Write rows by which documents are found, each once."""
    listed = list(found)
    there = set(
        Filed.objects.filter(digest__in=[each.digest for each, _n in listed]).values_list("digest", flat=True)
    )
    rows = [store.filed(each, index) for each, index in listed if each.digest not in there]
    if rows:
        audit.write_all(actor, "certificates.file", rows, {"documents": len(rows)})


def _row(
    document: Document, content: evidence.Certificate, index: int | None, owned: dict[str, Instrument]
) -> Certificate:
    item = content.items[0]
    instrument = owned.get(item.identifier)
    outcome = content.decision.outcome.value if content.decision else "none"
    return Certificate(
        number=content.number, kind=content.kind.value, item=item.identifier, name=item.name, instrument=instrument,
        issuer=content.issuer.identifier, issuer_name=content.issuer.name,
        owner=instrument.user if instrument else None, district=instrument.district if instrument else None,
        procedure=content.procedure, ended=content.ended, issued=content.issued, due=content.due, outcome=outcome,
        digest=document.digest, log_index=index,
    )  # fmt: skip


def bring_in(actor: Any, documents: Iterable[Document], indexes: dict[bytes, int]) -> int:
    """Keep and register documents that were issued and logged elsewhere; how many. indexes: by statement."""
    listed = list(documents)
    for each in listed:
        store.put(each)
    certificates = [each for each in listed if each.kind == CERTIFICATE]
    register(actor, [(each, store.content_of(each), indexes.get(each.statement)) for each in certificates])
    with transaction.atomic():
        others = [each for each in listed if each.kind != CERTIFICATE]
        file(actor, [(each, indexes.get(each.statement)) for each in others])
    return len(listed)
