"""The pages of a register: list, record, form, import, export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from quanheng.city.audit.actions import history
from quanheng.city.frame.roles import check_role, viewer_of
from quanheng.city.register import cells, imports, listing, sheets
from quanheng.city.register.declaration import Link, Register, register_of
from quanheng.city.register.forms import RecordForm
from quanheng.city.register.models import Import

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXPORTED = 100_000  # records of an Excel export; CSV has no limit
View = Callable[..., HttpResponse]
WRITING = frozenset({"add", "import", "sheet", "import-check", "import-write", "change"})


def urls(register: Register) -> list[URLPattern]:
    """Addresses of a register's pages, below its name; one that nobody writes has none for writing."""
    pages: tuple[tuple[str, str, Callable[..., Any]], ...] = (
        ("", "list", show_list),
        ("export.<str:form>", "export", export),
        ("add/", "add", add),
        ("import/", "import", hand_in),
        ("import/sheet.xlsx", "sheet", sheet),
        ("import/<int:pk>/", "import-check", look_at_import),
        ("import/<int:pk>/write/", "import-write", write_import),
        ("<int:pk>/", "record", record),
        ("<int:pk>/change/", "change", change),
    )
    return [
        path(f"{register.name}/{below}", bound(view, register), name=f"{register.name}-{name}")
        for below, name, view in pages
        if register.write or name not in WRITING
    ]


def bound(view: Callable[..., Any], register: Register) -> View:
    """The view of one register."""

    def answer(request: HttpRequest, **where: Any) -> HttpResponse:
        response: HttpResponse = view(request, register, **where)
        return response

    answer.__name__ = f"{register.name}_{view.__name__}"
    return answer


def _viewer(request: HttpRequest, register: Register, *, write: bool = False) -> Any:
    viewer = viewer_of(request)
    check_role(viewer, register.write if write else register.see)
    return viewer


@require_GET
def show_list(request: HttpRequest, register: Register) -> HttpResponse:
    """A page of the register."""
    viewer = _viewer(request, register)
    asked = {name: str(value) for name, value in request.GET.items() if value}
    after = asked.pop("after", "0")
    found = listing.page(
        register, viewer, asked, after=int(after) if after.isdecimal() and len(after) < 19 else 0
    )
    names = [name for name in register.columns if name in register.shown_to(viewer)]
    columns = [register.field(name).verbose_name for name in names]
    rows = [
        (register.url("record", row.pk), [cells.shown(register, name, row) for name in names])
        for row in found.rows
    ]
    following = request.GET.copy()
    if found.after:
        following["after"] = str(found.after)
    context = {
        "register": register,
        "columns": columns,
        "rows": rows,
        "page": found,
        "next": f"?{following.urlencode()}" if found.after else "",
        "filters": listing.filters(register, viewer, asked),
        "q": asked.get("q", ""),
        "query": request.GET.urlencode(),
        "may_write": register.may_write(viewer),
        "links": list(register.links(None, viewer)),
        "urls": {
            name: register.url(name) for name in ("list", *(("add", "import") if register.write else ()))
        },
    }
    template = "register/rows.html" if request.headers.get("HX-Target") == "rows" else "register/list.html"
    return render(request, template, context)


@require_GET
def record(request: HttpRequest, register: Register, pk: int) -> HttpResponse:
    """All that is known of one record, and what became of it."""
    viewer = _viewer(request, register)
    row = get_object_or_404(register.visible(viewer), pk=pk)
    public = viewer.role == "public"
    change = register.may_write(viewer) and register.theirs(viewer).filter(pk=pk).exists()
    facts = [
        (register.field(name).verbose_name, _fact(register, name, row)) for name in register.shown_to(viewer)
    ]
    context = {
        "register": register,
        "row": row,
        "facts": facts,
        "panels": list(register.all_panels(row, viewer)),
        "history": [] if public else history(row),
        "change_url": register.url("change", pk) if change else "",
        "links": list(register.links(row, viewer)),
        "list_url": register.url("list"),
    }
    return render(request, "register/record.html", context)


def _fact(register: Register, name: str, row: Any) -> Any:
    from_other = register.field(name).related_model
    value = cells.shown(register, name, row)
    other = register_of(from_other) if isinstance(from_other, type) else None
    return Link(other.url("record", getattr(row, f"{name}_id")), str(value)) if other and value else value


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, register: Register) -> HttpResponse:
    """A new record."""
    viewer = _viewer(request, register, write=True)
    return _edited(request, register, viewer, register.model(), _("新增"))


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, register: Register, pk: int) -> HttpResponse:
    """A changed record."""
    viewer = _viewer(request, register, write=True)
    return _edited(request, register, viewer, get_object_or_404(register.theirs(viewer), pk=pk), _("更改"))


def _edited(request: HttpRequest, register: Register, viewer: Any, row: Any, title: str) -> HttpResponse:
    form = RecordForm(register, viewer, row, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            register.keep(viewer, row)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("已保存。"))
            return redirect(register.url("record", row.pk))
    context = {
        "register": register,
        "form": form,
        "title": title,
        "row": row,
        "list_url": register.url("list"),
    }
    return render(request, "register/form.html", context, status=200 if request.method == "GET" else 422)


@require_GET
def export(request: HttpRequest, register: Register, form: str) -> HttpResponse | StreamingHttpResponse:
    """The records of a list as .xlsx or .csv."""
    viewer = _viewer(request, register)
    names = register.shown_to(viewer)
    rows = listing.fitting_records(register, viewer, request.GET.dict()).select_related(
        *[name for name in names if register.field(name).is_relation]
    )
    named = {"Content-Disposition": f'attachment; filename="{register.name}.{form}"'}
    if form == "csv":
        lines = sheets.export_csv(register, rows.order_by("pk").iterator(2000), names)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=named)
    if form == "xlsx":
        data = sheets.export_excel(register, rows.order_by("pk")[:EXPORTED].iterator(2000), names)
        return HttpResponse(data, content_type=EXCEL, headers=named)
    raise Http404


@require_GET
def sheet(request: HttpRequest, register: Register) -> HttpResponse:
    """An empty sheet to fill in."""
    _viewer(request, register, write=True)
    named = {"Content-Disposition": f'attachment; filename="{register.name}-template.xlsx"'}
    return HttpResponse(sheets.template(register), content_type=EXCEL, headers=named)


@require_http_methods(["GET", "POST"])
def hand_in(request: HttpRequest, register: Register) -> HttpResponse:
    """Hand in a sheet."""
    viewer = _viewer(request, register, write=True)
    fault = ""
    if request.method == "POST":
        file = request.FILES.get("sheet")
        if file is None:
            fault = _("请选择一个文件。")
        else:
            kept = imports.hand_in(register, viewer, file.name or "sheet.xlsx", file.read(sheets.LARGEST + 1))
            return redirect(register.url("import-check", kept.pk))
    columns = [
        (
            register.field(name).verbose_name,
            cells.needed(register.field(name)),
            cells.expectation(register.field(name)),
        )
        for name in register.fields
    ]
    context = {"register": register, "columns": columns, "fault": fault, "sheet_url": register.url("sheet")}
    return render(request, "register/import.html", context, status=422 if fault else 200)


@require_GET
def look_at_import(request: HttpRequest, register: Register, pk: int) -> HttpResponse:
    """What a sheet would do."""
    viewer = _viewer(request, register, write=True)
    kept = get_object_or_404(Import, pk=pk, by=viewer.pk, register=register.name)
    context = {
        "register": register,
        "kept": kept,
        "write_url": register.url("import-write", pk),
        "import_url": register.url("import"),
        "list_url": register.url("list"),
        "preview": [
            (
                key,
                what,
                [(register.field(name).verbose_name, *pair) for name, pair in found.items()],
            )
            for key, what, found in kept.preview
        ],
    }
    return render(request, "register/import_check.html", context)


@require_POST
def write_import(request: HttpRequest, register: Register, pk: int) -> HttpResponse:
    """Write a checked sheet."""
    viewer = _viewer(request, register, write=True)
    kept = get_object_or_404(Import, pk=pk, by=viewer.pk, register=register.name)
    if not imports.write(register, kept, viewer):
        messages.error(request, _("没有写入：登记册在检查以后变了。"))
        return redirect(register.url("import-check", pk))
    messages.success(
        request, _("已写入：新增 %(new)d，更改 %(changed)d。") % {"new": kept.new, "changed": kept.changed}
    )
    return redirect(register.url("list"))
