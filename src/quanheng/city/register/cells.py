"""Cells: what a person or a sheet writes becomes the value of a field, and the other way round.

One way for form, sheet and API: choices by code or by label in either language, references by their key, dates as
2026-03-01 or as Excel has them, numbers with a decimal point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import override

from quanheng.city.register import texts
from quanheng.city.register.declaration import KEYS, Register

YES = {"1", "true", "yes", "y", "是", "√"}
NO = {"0", "false", "no", "n", "否", "×", ""}


class Cells:
    """Reads cells of a register for one viewer; references are looked up once each."""

    def __init__(self, register: Register, viewer: Any) -> None:
        self.register = register
        self.viewer = viewer
        self._found: dict[tuple[type[models.Model], str], models.Model] = {}

    def read(self, name: str, cell: Any) -> Any:
        """The value of a field. Raises ValidationError: what stands there, what would be right."""
        field = self.register.field(name)
        if isinstance(cell, str):
            cell = texts.one_newline(cell).strip()
            if told := texts.unusable(cell):
                raise ValidationError(told)
        if cell is None or cell == "":
            if field.is_relation or field.null:
                value = None
            else:
                value = field.get_default()
                value = False if isinstance(field, models.BooleanField) and value is None else value
            if not field.blank and value in (None, ""):
                raise ValidationError(_("不能为空"))
            return value
        if isinstance(field, models.ForeignKey):
            return self._referred(field, str(cell))
        if field.choices:
            return _choice(field, str(cell))
        if isinstance(field, models.BooleanField):
            return _boolean(cell)
        if isinstance(field, models.DateField):
            return _date(cell)
        if isinstance(field, models.CharField) and isinstance(cell, float) and cell.is_integer():
            cell = str(int(cell))  # Excel makes a number of 0012345 and 12345
        if isinstance(field, models.IntegerField) and isinstance(cell, float) and not cell.is_integer():
            raise ValidationError(_("%(cell)s 不是整数") % {"cell": cell})
        value = field.to_python(cell)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValidationError(_("%(cell)s 不是有限的数") % {"cell": repr(str(cell)[:40])})
        field.run_validators(value)
        return value

    def _referred(self, field: models.ForeignKey[Any, Any], key: str) -> models.Model:
        model = field.related_model
        assert isinstance(model, type)
        place = (model, key)
        if place not in self._found:
            visible = model._default_manager.visible_to(self.viewer)  # type: ignore[attr-defined]
            found = visible.filter(**{KEYS[model]: key}).first()
            if found is None:
                told = _("没有 %(key)s 这一%(what)s") % {
                    "key": repr(key[:40]),
                    "what": model._meta.verbose_name,
                }
                raise ValidationError(told)
            self._found[place] = found
        return self._found[place]


def write(register: Register, name: str, row: Any) -> Any:
    """The cell of a field: what `Cells.read` takes back."""
    field = register.field(name)
    value = getattr(row, name)
    if isinstance(field, models.ForeignKey):
        key = KEYS.get(type(value))  # of a table that has no register, the row says itself what it is called
        return "" if value is None else getattr(value, key) if key else str(value)
    return "" if value is None else value


def shown(register: Register, name: str, row: Any) -> Any:
    """A field as the list and the page of a record show it."""
    field = register.field(name)
    if field.choices:
        return getattr(row, f"get_{name}_display")()
    value = getattr(row, name)
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return "" if value is None else value


def needed(field: models.Field[Any, Any]) -> bool:
    """Whether a cell must not be left empty."""
    return not field.blank and not field.has_default()


def expectation(field: models.Field[Any, Any]) -> str:
    """What a cell should hold, in words."""
    if isinstance(field, models.ForeignKey):
        model = field.related_model
        assert isinstance(model, type)
        return f"{model._meta.verbose_name}：{model._meta.get_field(KEYS[model]).verbose_name}"  # type: ignore[union-attr]
    if field.choices:
        return "、".join(str(label) for _code, label in field.flatchoices)
    if isinstance(field, models.BooleanField):
        return _("是 或 否")
    if isinstance(field, models.DateField):
        return _("日期，如 2026-03-01")
    if isinstance(field, models.IntegerField | models.FloatField | models.DecimalField):
        return _("数")
    return _("文字，至多 %(n)s 个字") % {"n": field.max_length} if field.max_length else _("文字")


def _choice(field: models.Field[Any, Any], text: str) -> Any:
    labels = labels_of(tuple(field.flatchoices))
    if text in labels:
        return labels[text]
    told = _("%(text)s 不在其列；应为 %(choices)s 之一")
    choices = "、".join(str(label) for _code, label in field.flatchoices)
    raise ValidationError(told % {"text": repr(text[:40]), "choices": choices})


@lru_cache(maxsize=256)
def labels_of(choices: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
    """Codes by code and by label in either language."""
    labels = {str(code): code for code, _label in choices}
    for language in ("zh-hans", "en"):
        with override(language):
            labels |= {str(label): code for code, label in choices}
    return labels


def _boolean(cell: Any) -> bool:
    text = str(cell).lower()
    if text in YES:
        return True
    if text in NO:
        return False
    raise ValidationError(_("%(text)s 应为 是 或 否") % {"text": repr(text[:40])})


def _date(cell: Any) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        return date.fromisoformat(str(cell).replace("/", "-").replace(".", "-"))
    except ValueError as error:
        told = _("%(text)s 不是日期；应如 2026-03-01") % {"text": repr(str(cell)[:40])}
        raise ValidationError(told) from error
