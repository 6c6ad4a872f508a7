"""A certificate's files, its chain to the SI, what the public sees of it, and what may be done about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from quanheng.city.certificates import forms, house, store
from quanheng.city.certificates.actions import corrections, jobs, recall, standing
from quanheng.city.certificates.models import Certificate, Job
from quanheng.city.frame import limits
from quanheng.city.frame.language import in_english
from quanheng.city.frame.roles import STAFF, Role, check_role, viewer_of
from quanheng.city.people.models import User
from quanheng.evidence import procedures, proof_file, qr_proof
from quanheng.evidence.certificate import Certificate as Content
from quanheng.evidence.document import CERTIFICATE, Document
from quanheng.evidence.document_check import Rules
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.formats.paper import paper
from quanheng.evidence.formats.paper.words import Standard
from quanheng.evidence.monitor import GRACE
from quanheng.ground.errors import Fault, NotShown, QuanhengError
from quanheng.ground.files import write_durably
from quanheng.work.trace import drawing, tree
from quanheng.work.trace.holdings_check import check_holdings
from quanheng.work.trace.part import Asked
from quanheng.work.trace.recall import find

ACTS = frozenset({Role.CITY, Role.INSTITUTE})
DECIDED = {
    "suspend": gettext_lazy("已暂停使用，并记入日志。"),
    "resume": gettext_lazy("已恢复有效，并记入日志。"),
    "revoke": gettext_lazy("已撤销，并记入日志。"),
}


def _seen(request: HttpRequest, pk: int) -> tuple[Any, Certificate]:
    viewer = viewer_of(request)
    check_role(viewer, STAFF)
    rows = Certificate.objects.visible_to(viewer).select_related("instrument", "owner")
    return viewer, get_object_or_404(rows, pk=pk)


def _document(row: Certificate) -> tuple[Document, Content]:
    document = store.get(row.digest)
    if document is None:
        raise NotShown(f"{row.number}：文书不在此处 / the document is not here")
    return document, store.content_of(document)


@require_GET
def file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The original, the paper copy, the proof file, or the QR code."""
    _viewer, row = _seen(request, pk)
    document, content = _document(row)
    if form == "xml":
        return _download(document.data, "application/xml", f"{row.number}.xml")
    if form == "proof":
        return _download(store.proof(row.digest), "application/zip", f"{row.number}.proof")
    if form == "qr.svg":
        return HttpResponse(qr_proof.draw(code_of(row)), content_type="image/svg+xml")
    if form == "pdf":
        return _download(_paper(row, document, content), "application/pdf", f"{row.number}.pdf")
    raise Http404


def _download(data: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private"
    return answer


def _paper(row: Certificate, document: Document, content: Content) -> bytes:
    """The paper copy; set when it is first asked for, kept beside the document."""
    path = store.path_of(row.digest).with_suffix(".pdf")
    if not path.exists():
        listed = store.behind(document, content)
        standards = {}
        for each in listed[1:]:
            if each.kind == CERTIFICATE:
                said = store.content_of(each)
                standards[each.digest] = Standard(said.number, said.issuer.name, said.due)
        pdf = paper.write(
            content,
            document.data,
            standards=standards,
            code=qr_proof.draw(code_of(row)),
            proof=proof_file.write(listed),
        )
        write_durably(path, pdf)
    return path.read_bytes()


def _tree(row: Certificate) -> tree.Node:
    """The chain of a certificate up to the SI, judged for today."""
    document, content = _document(row)
    today = timezone.localdate()
    asked = Asked(today, today, procedures.regulations())
    whole = check_holdings(store.behind(document, content), house.trust(), Rules(sealed.read, GRACE), asked)
    chain = whole.judged.chain

    def said(digest: str) -> Content:
        found = whole.certificates[digest].content
        assert isinstance(found, Content)  # a row of the chain was read
        return found

    return tree.tree(
        chain,
        find(chain, row.digest),
        said,
        lambda n: whole.answer(chain.digest(n)),
        lambda n: whole.standing(chain.digest(n)),
    )


@require_GET
def chain(request: HttpRequest, pk: int) -> HttpResponse:
    """The chain in words, beside its drawing."""
    _viewer, row = _seen(request, pk)
    node = _tree(row)
    lines = [each.text for each in tree.lines(node, width=100, english=in_english())]
    context = {"row": row, "node": node, "lines": lines}
    return render(request, "certificates/chain.html", context)


@require_GET
def chain_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """The drawing."""
    _viewer, row = _seen(request, pk)
    return HttpResponse(drawing.svg(_tree(row)), content_type="image/svg+xml")


@require_GET
@limits.limited(limits.LOOK_UP)
def public(request: HttpRequest, number: str) -> HttpResponse:
    """What anybody may know of a certificate by its number: no owner, no value."""
    row = Certificate.objects.filter(number=number).first()
    context = {"number": number[:80], "row": row, "newer": _newer(row), "today": timezone.localdate()}
    return render(request, "certificates/public.html", context, status=200 if row else 404)


def _newer(row: Certificate | None) -> Certificate | None:
    """The certificate that stands in the place of one."""
    last = corrections.newest(row) if row else None
    return last if last != row else None


@require_GET
@limits.limited(limits.LOOK_UP)
def public_code(request: HttpRequest, number: str) -> HttpResponse:
    """The text of the QR code of a certificate: proves that it is logged, tells no value."""
    row = get_object_or_404(Certificate, number=number)
    return HttpResponse(code_of(row), content_type="text/plain; charset=utf-8")


def code_of(row: Certificate) -> str:
    """The text of a certificate's QR code. Raises NotShown where the document is not here, BadDocument where it is too
    much for a code."""
    document, content = _document(row)
    return qr_proof.text(qr_proof.of_document(document, content, house.trust().policy))


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Suspend, resume or revoke it, correct it, report that it was wrong."""
    viewer, row = _seen(request, pk)
    check_role(viewer, ACTS)
    wrong, fault = forms.RecallForm(), ""
    if request.method == "POST":
        try:
            return _acted(request, viewer, row)
        except ValidationError as error:
            fault = " ".join(error.messages)
        except QuanhengError as error:
            fault = str(error)
    ours = (
        viewer.role == Role.INSTITUTE
        and Job.objects.filter(certificate=row, institute=viewer.party_id).exists()
    )
    offered = [how for how in DECIDED if standing.may(viewer, row, how)]
    context = {
        "row": row,
        "wrong": wrong,
        "fault": fault,
        "offered": offered,
        "correct": ours and row.standing in corrections.CORRECTABLE,
        "newer": _newer(row),
        "under_way": corrections.under_way(row),
    }
    return render(request, "certificates/act.html", context, status=422 if fault else 200)


def _acted(request: HttpRequest, viewer: Any, row: Certificate) -> HttpResponse:
    today, how = timezone.localdate(), request.POST.get("how", "")
    why = request.POST.get("why", "").strip()[:300]
    if how in DECIDED:
        standing.decide(viewer, row, how, why, on=today)
        messages.success(request, str(DECIDED[how]))
        return redirect("certificates-record", row.pk)
    if how == "recall":
        form = forms.RecallForm(request.POST)
        if not form.is_valid():
            raise ValidationError([each for found in form.errors.values() for each in found])
        found = recall.report(viewer, row, form.cleaned_data["since"], why, on=today)
        return redirect("recall", found.pk)
    if how == "correct" and isinstance(viewer, User):
        old = get_object_or_404(Job, certificate=row)
        job = jobs.receive(
            viewer, old.instrument, [each.standard for each in old.used.select_related("standard")],
            procedure=old.procedure, accuracy=old.accuracy, resolution=old.resolution, promised=today, on=today,
            condition=old.condition, corrects=row, why=why,
        )  # fmt: skip
        return redirect("job", job.pk)
    raise Fault(f"{how[:20]!r}：不认识 / is unknown")
