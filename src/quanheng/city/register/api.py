"""The API of a register: list, get, add, change; one schema for what comes out and what goes in.

Annotations are read where they stand, for schemas are made here: no `from __future__ import annotations`.
"""

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema, Status
from ninja.errors import ValidationError as BadRequest
from pydantic import Field, create_model

from quanheng.city.frame.roles import viewer_of
from quanheng.city.register import cells, listing
from quanheng.city.register.declaration import Register
from quanheng.city.register.paging import LARGEST_ID, Paged


class Asked(Paged):
    """Which page is asked for, and of what."""

    q: str = Field("", max_length=100, description="beginning of a searched field")


def router(register: Register) -> Router:
    """The routes of a register, below /api/NAME."""
    made = Router(tags=[register.name])
    record: Any = _schema(register, "Record", given=False)
    given: Any = _schema(register, "Given", given=True)
    many: Any = create_model(
        f"{_title(register)}Page",
        __base__=Schema,
        items=(list[record], ...),
        next=(int | None, None),
        count=(int, 0),
        more=(bool, False),
    )

    @made.get("", response=many, operation_id=f"{register.name}_list", summary=f"list {register.name}")
    def listed(request: HttpRequest, asked: Query[Asked]) -> Any:
        viewer = _seen(request, register)
        filters = {name: request.GET[name] for name in register.filters if name in request.GET}
        page = listing.page(register, viewer, {"q": asked.q, **filters}, after=asked.after, limit=asked.limit)
        items = [_said(register, row, viewer) for row in page.rows]
        return {"items": items, "next": page.after, "count": page.count, "more": page.more}

    @made.get(
        "/{int:pk}", response=record, operation_id=f"{register.name}_get", summary=f"one of {register.name}"
    )
    def get(request: HttpRequest, pk: int) -> Any:
        viewer = _seen(request, register)
        return _said(register, _found(register, viewer, pk), viewer)

    if not register.write:
        return made

    @made.post(
        "", response={201: record}, operation_id=f"{register.name}_add", summary=f"add to {register.name}"
    )
    def add(request: HttpRequest, data: given) -> Any:
        return Status(201, _written(request, register, register.model(), data))

    @made.put(
        "/{int:pk}",
        response=record,
        operation_id=f"{register.name}_change",
        summary=f"change {register.name}",
    )
    def change(request: HttpRequest, pk: int, data: given) -> Any:
        viewer = _seen(request, register)
        if not register.may_write(viewer):
            raise PermissionDenied
        return _written(request, register, one(register.theirs(viewer), pk=pk), data)

    return made


def _seen(request: HttpRequest, register: Register) -> Any:
    viewer = viewer_of(request)
    if viewer.role not in register.see:
        raise PermissionDenied
    return viewer


def _found(register: Register, viewer: Any, pk: int) -> Any:
    return one(register.visible(viewer), pk=pk)


def one(rows: Any, **key: int | str) -> Any:
    """The record of a key. Raises Http404, also for what no database takes for a key."""
    odd = any(not 0 < each <= LARGEST_ID if isinstance(each, int) else "\0" in each for each in key.values())
    row = None if odd else rows.filter(**key).first()
    if row is None:
        raise Http404
    return row


def _written(request: HttpRequest, register: Register, row: Any, data: Any) -> Any:
    viewer = viewer_of(request)
    if not register.may_write(viewer):
        raise PermissionDenied
    reader, faults = cells.Cells(register, viewer), []
    for name, cell in data.dict(exclude_unset=row.pk is not None).items():
        try:
            setattr(row, name, reader.read(name, cell))
        except ValidationError as error:
            faults.append({"loc": ["body", "data", name], "msg": " ".join(error.messages)})
    if not faults:
        try:
            register.check(row)
            register.keep(viewer, row)
        except ValidationError as error:
            faults = [{"loc": ["body", "data", n], "msg": " ".join(t)} for n, t in error.message_dict.items()]
    if faults:
        raise BadRequest(faults)
    return _said(register, row, viewer)


def _said(register: Register, row: Any, viewer: Any) -> dict[str, Any]:
    return {"id": row.pk, **{name: cells.write(register, name, row) for name in register.shown_to(viewer)}}


def _title(register: Register) -> str:
    return register.name.title().replace("-", "")


def _schema(register: Register, kind: str, *, given: bool) -> type[Schema]:
    """The fields of a register as pydantic has them; references are keys."""
    fields: dict[str, Any] = {} if given else {"id": (int, ...)}
    for name in register.fields:
        field = register.field(name)
        python = _type(field)
        optional = not given or not cells.needed(field)
        told = Field(
            None if optional else ..., description=str(field.verbose_name), max_length=_longest(field, python)
        )
        fields[name] = (python | None if optional else python, told)
    made: type[Schema] = create_model(f"{_title(register)}{kind}", __base__=Schema, **fields)
    return made


def _type(field: "models.Field[Any, Any]") -> Any:
    if isinstance(field, models.BooleanField):
        return bool
    if isinstance(field, models.DateField):
        return date | str
    if isinstance(field, models.IntegerField):
        return int
    if isinstance(field, models.FloatField | models.DecimalField):
        return float
    return str


def _longest(field: "models.Field[Any, Any]", python: Any) -> int | None:
    return field.max_length if python is str and not field.is_relation and not field.choices else None
