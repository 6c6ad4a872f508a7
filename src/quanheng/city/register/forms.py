"""The form of a record: every field as text, choice, date or check box, read by the same cells as a sheet."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from quanheng.city.register import cells
from quanheng.city.register.declaration import Register


class RecordForm(forms.Form):
    """A new record or a changed one. `held`: the event on which the person's page stood."""

    held = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, register: Register, viewer: Any, row: Any, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", initial(register, row))
        super().__init__(*args, **kwargs)
        self.register, self.row = register, row
        self._cells = cells.Cells(register, viewer)
        for name in register.fields:
            self.fields[name] = _widget(register.field(name))

    def clean(self) -> dict[str, Any]:
        """Every field read as a cell; what is wrong is told at its field."""
        given = super().clean() or {}
        for name in self.register.fields:
            if name in self.errors:
                continue
            try:
                setattr(self.row, name, self._cells.read(name, given.get(name)))
            except ValidationError as error:
                self.add_error(name, error)
        if not self.errors:
            self._check_row()
        held = given.get("held")
        if self.row.pk and held is not None and held != type(self.row).objects.get(pk=self.row.pk).event_id:
            self.add_error(None, _("别人刚刚改过这条记录。请重新打开，再改一次。"))
        return given

    def _check_row(self) -> None:
        try:
            self.register.check(self.row)
        except ValidationError as error:
            for name, found in error.message_dict.items():
                self.add_error(name if name in self.fields else None, found)


def initial(register: Register, row: Any) -> dict[str, Any]:
    """What the fields hold before anybody has typed."""
    facts = {
        name: cells.write(register, name, row)
        for name in register.fields
        if not (register.field(name).is_relation and row.pk is None)
    }
    return {**facts, "held": row.event_id if row.pk else None}


def _widget(field: models.Field[Any, Any]) -> forms.Field:
    told = {"label": field.verbose_name, "help_text": field.help_text, "required": cells.needed(field)}
    if field.choices:
        choices = [("", "—"), *((str(code), label) for code, label in field.flatchoices)]
        return forms.ChoiceField(choices=choices, **told)  # type: ignore[arg-type]
    if isinstance(field, models.BooleanField):
        return forms.BooleanField(**{**told, "required": False})  # type: ignore[arg-type]
    if isinstance(field, models.DateField):
        # as HTML wants it, whatever the language writes: a browser empties a field that it cannot read
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        return forms.CharField(widget=widget, **told)  # type: ignore[arg-type]
    if isinstance(field, models.TextField):
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), **told)  # type: ignore[arg-type]
    if isinstance(field, models.ForeignKey) and not field.help_text:
        told["help_text"] = cells.expectation(field)
    return forms.CharField(max_length=field.max_length, **told)  # type: ignore[arg-type]
