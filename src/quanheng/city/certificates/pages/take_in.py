"""Certificates that were issued elsewhere, above all those of the institute's own standards, come in as proof files."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from quanheng.city.certificates.actions import ceremony
from quanheng.city.frame.roles import Role, check_role, viewer_of
from quanheng.ground.errors import QuanhengError

MAY = frozenset({Role.CITY, Role.INSTITUTE})
LARGEST = 16 * 1024 * 1024  # bytes


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Hand in a proof file: verified first, and filed only where it is valid."""
    viewer, fault = viewer_of(request), ""
    check_role(viewer, MAY)
    if request.method == "POST":
        given = request.FILES.get("proof")
        try:
            if given is None:
                fault = _("请选择一个文件。")
            else:
                count = ceremony.take_in(viewer, given.read(LARGEST + 1), on=timezone.localdate())
                messages.success(request, _("新登记 %(n)d 份文书。") % {"n": count})
                return redirect("certificates-list")
        except QuanhengError as error:
            fault = str(error)
    return render(request, "certificates/take_in.html", {"fault": fault}, status=422 if fault else 200)
