"""Verify a certificate: the answer is computed in the visitor's browser, by the page that evidence/page writes.

    /verify/           by file, by code, and by number: a proof found by its number stands inside the page that is sent
    /verify/page.html  the same page for oneself, always the same bytes: its SHA-256 is what the log knows (`publish`)
    /verify/page.proof the proof that the log does
The page runs nothing but its own script, which the policy names by its digest, and may ask the network for nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from quanheng.city.audit import actions as audit
from quanheng.city.certificates import house, store
from quanheng.city.certificates.models import Certificate
from quanheng.city.certificates.pages.certificates import code_of
from quanheng.city.frame.cache import cached
from quanheng.city.frame.language import in_english
from quanheng.city.frame.limits import LOOK_UP, limited
from quanheng.city.frame.roles import Viewer, viewer_of
from quanheng.evidence import proof_file, registry
from quanheng.evidence.document import Document
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.monitor import GRACE
from quanheng.evidence.page.page import Site, write_page
from quanheng.evidence.trust import Trust
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import NotShown

KEPT = 300  # seconds
LONGEST = 80  # characters of a number
INSIDE = {name: re.compile(rf"<{name}>(.*?)</{name}>".encode(), re.DOTALL) for name in ("style", "script")}


def trust() -> Trust | None:
    """Whom this site pins; None where nobody is pinned yet."""
    return house.trust() if (settings.HOME / "trust" / "policy").exists() else None


def publish(actor: Any, on: date) -> tuple[str, int]:
    """Enter the page for oneself into the log, signed like a run: its SHA-256 and index. Done twice, once entered.

    Raises NotShown where nothing can be signed here, or too few witnesses have seen it.
    """
    made = registry.bundle(
        write_page(house.trust(), grace=GRACE), house.house().authority, on, house.key("bundles")
    )
    document = store.get(made.digest) or made
    store.put(document)
    (index,), (proven,) = house.enter([document])
    store.put(proven)
    with transaction.atomic():
        audit.record(actor, "site.publish page", after={"sha256": made.digest, "index": index})
    return made.digest, index


def published(digest: str) -> Document | None:
    """The page as the log knows it; None where it was not published with the present pins."""
    document = store.get(digest)
    return document if document is not None and document.proof else None


def by_number(viewer: Viewer, number: str) -> tuple[bytes, str]:
    """What the page opens with, and what the register says of a certificate by its number.

    Whoever may see the certificate gets its proof file; others the text of its code, which names no owner and no value.
    """
    row = Certificate.objects.filter(number=number).first()
    if row is None:
        return b"", _(
            "登记册里没有编号为 %(number)s 的证书。请核对编号；若证书写着由本市机构签发，它可能是伪造的。"
        ) % {"number": number}
    facts = {
        "number": number, "kind": row.get_kind_display(), "name": row.name, "issuer": row.issuer_name,
        "ended": row.ended, "standing": row.get_standing_display(),
        "why": f" {row.standing_since} {row.standing_why}" if row.standing_since else "",
    }  # fmt: skip
    told = _(
        "登记册说：%(number)s，%(kind)s，%(name)s，%(issuer)s，%(ended)s；%(standing)s%(why)s。登记册的话不是证明；下面的答案由证明算出。"
    )
    try:
        seen = Certificate.objects.visible_to(viewer).filter(pk=row.pk).exists()
        return store.proof(row.digest) if seen else code_of(row).encode(), told % facts
    except (NotShown, BadDocument) as error:
        return b"", f"{told % facts} {error}"


def policy(page: bytes) -> str:
    """The content security policy of a page that carries its script and style: these by their digests, nothing else."""
    allowed = {
        name: " ".join(f"'sha256-{_digest(each)}'" for each in found.findall(page))
        for name, found in INSIDE.items()
    }
    return (
        f"default-src 'none'; script-src {allowed['script']}; style-src {allowed['style']}; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _digest(text: bytes) -> str:
    return base64.b64encode(hashlib.sha256(text).digest()).decode()


@require_safe
@cached(KEPT)
@limited(LOOK_UP)
def verify(request: HttpRequest) -> HttpResponse:
    """The page as one of this site; ?number= opens it with what was found."""
    pinned = trust()
    if pinned is None:
        return render(request, "site/verify_closed.html")
    number = request.GET.get("number", "").strip()[:LONGEST]
    given, told = by_number(viewer_of(request), number) if number else (b"", "")
    digest = sha256_bytes(write_page(pinned, grace=GRACE))
    proof = reverse("verify-proof") if published(digest) else ""
    site = Site(reverse("home"), reverse("verify-page"), digest, proof, True, number, told)
    language = "en" if in_english() else "zh-CN"
    page = write_page(pinned, grace=GRACE, site=site, given=given, language=language)
    return HttpResponse(page, headers={"Content-Security-Policy": policy(page)})


@require_safe
@cached(KEPT)
def saved(request: HttpRequest) -> HttpResponse:
    """The page for oneself: to be saved, not to be opened here."""
    pinned = trust()
    if pinned is None:
        return render(request, "site/verify_closed.html")
    named = {"Content-Disposition": 'attachment; filename="verify.html"'}
    return HttpResponse(
        write_page(pinned, grace=GRACE), content_type="application/octet-stream", headers=named
    )


@require_safe
@cached(KEPT)
def proof(request: HttpRequest) -> HttpResponse:
    """The proof file of the page for oneself."""
    pinned = trust()
    document = published(sha256_bytes(write_page(pinned, grace=GRACE))) if pinned else None
    if document is None:
        raise Http404
    named = {"Content-Disposition": 'attachment; filename="verify.proof"'}
    data = proof_file.write(store.behind(document, None))
    return HttpResponse(data, content_type="application/zip", headers=named)
