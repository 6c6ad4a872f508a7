"""Documents as files: HOME/certificates/ab/abcd….proof, each a proof file of one document; written once, durably.

The tables `Filed` and `Basis` only find them: all of it can be built again from the files and the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from quanheng.city.certificates.models import Basis, Filed
from quanheng.evidence import proof_file, statement
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.document import CERTIFICATE, Document
from quanheng.evidence.formats.dcc import check as dcc
from quanheng.evidence.holdings import Holdings
from quanheng.evidence.records import Scope
from quanheng.evidence.statement import Statement
from quanheng.ground.errors import NotShown
from quanheng.ground.files import write_durably

MOST = 10_000  # documents behind one
HELD = 500  # documents in memory, some 20 kB each


def path_of(digest: str) -> Path:
    """Where a document lies."""
    return Path(settings.HOME / "certificates" / digest[:2] / f"{digest}.proof")


def put(document: Document) -> None:
    """Keep a document; one with a proof stands in the place of the same without."""
    path = path_of(document.digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    if document.proof or not path.exists():
        write_durably(path, proof_file.write([document]))


def get(digest: str) -> Document | None:
    """A document by its digest; None: it is not here."""
    path = path_of(digest)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@lru_cache(HELD)
def _read(path: Path, _changed: int) -> Document:
    return proof_file.read(path.read_bytes()).subject


def content_of(document: Document) -> Certificate:
    """What a certificate says. Raises NotShown where it cannot be read."""
    content, _answer = dcc.check(document.data)
    if content is None:
        raise NotShown(f"{document.digest[:16]}：读不出来 / cannot be read")
    return content


def about(said: Statement) -> str:
    """What a record speaks of: a scope of its party, others of a key, a target or a number."""
    record = said.record or {}
    names = ("party",) if said.kind == Scope.kind else ("key", "target", "number")
    return next((str(record[name]) for name in names if isinstance(record.get(name), str)), "")


def filed(document: Document, index: int | None) -> Filed:
    """The row by which a document is found; not written yet."""
    said = statement.read(document.statement)
    return Filed(
        digest=document.digest,
        kind=document.kind,
        issuer=said.issuer,
        key=said.key,
        about=about(said),
        log_index=index,
    )


def bases(document: Document, content: Certificate) -> list[Basis]:
    """The rows that say what a certificate rests on; not written yet."""
    return [
        Basis(certificate=document.digest, standard=each, ended=content.ended) for each in content.standards
    ]


def behind(subject: Document, content: Certificate | None) -> list[Document]:
    """The subject, all certificates that it rests on, and the records that speak of any of them (proof file order)."""
    found = {subject.digest: subject}
    order = [subject.digest]
    asked: set[str] = set()
    for digest in order:  # grows while it is read
        said = statement.read(found[digest].statement)
        asked |= {digest, said.key, said.issuer}
        for standard in said.standards:
            if standard not in found and len(found) < MOST and (there := get(standard)) is not None:
                found[standard] = there
                order.append(standard)
    approvals = [each.type_approval for each in content.items if each.type_approval] if content else []
    asked |= set(approvals)
    done: set[str] = set()
    while new := asked - done:
        done |= new
        rows = Filed.objects.filter(about__in=sorted(new)).exclude(kind=CERTIFICATE)
        for row in rows:
            if row.digest not in found and (there := get(row.digest)) is not None:
                found[row.digest] = there
                asked |= {row.key}
    return Holdings(found.values()).behind(subject, approvals)


def proof(digest: str) -> bytes:
    """The proof file of a certificate. Raises NotShown where its document is not here."""
    document = get(digest)
    if document is None:
        raise NotShown(f"{digest[:16]}：文书不在此处 / the document is not here")
    return proof_file.write(behind(document, content_of(document)))


def every(kind: str) -> Iterable[Document]:
    """All documents of a kind that are here."""
    for row in Filed.objects.filter(kind=kind).order_by("pk").iterator(1000):
        if (document := get(row.digest)) is not None:
            yield document
