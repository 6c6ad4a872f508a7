"""Forms of supervision."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from quanheng.city.people.models import Party, PartyKind
from quanheng.city.supervision.models import NAME, Kind


def utilities() -> Any:
    """Parties that readings may come from."""
    return Party.objects.filter(kind=PartyKind.UTILITY, active=True)


def assignees() -> Any:
    """Parties that orders may be given to."""
    kinds = (PartyKind.UTILITY, PartyKind.INSTITUTE, PartyKind.ENTERPRISE)
    return Party.objects.filter(kind__in=kinds, active=True)


class PointForm(forms.Form):
    """Point to a lake that lies on this machine."""

    name = forms.CharField(label=_("代号"), max_length=40, validators=[NAME])
    title = forms.CharField(label=_("名称"), max_length=80)
    folder = forms.CharField(
        label=_("文件夹"), max_length=400, help_text=_("在允许的位置之下，如 lakes/grid")
    )
    owner = forms.ModelChoiceField(Party.objects.none(), label=_("来自"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = utilities()  # type: ignore[attr-defined]


class OpenForm(forms.Form):
    """Open a lake that will be handed in."""

    name = forms.CharField(label=_("代号"), max_length=40, validators=[NAME])
    title = forms.CharField(label=_("名称"), max_length=80)


class HandInForm(forms.Form):
    """Hand in a lake as a zip, or one file of it."""

    file = forms.FileField(label=_("文件（zip 或 Parquet）"), allow_empty_file=True)
    path = forms.CharField(
        label=_("在数据湖中的位置"), max_length=200, required=False,
        help_text=_("zip 留空；单个文件如 readings/2026-06.parquet"),
    )  # fmt: skip
    sha256 = forms.CharField(label="SHA-256", max_length=64, required=False, help_text=_("声明了就核对"))


class AskForm(forms.Form):
    """Ask for a cycle."""

    alpha = forms.FloatField(label=_("错换份额上限"), min_value=0.001, max_value=0.5, initial=0.05)
    budget = forms.IntegerField(label=_("每周上门次数"), min_value=1, max_value=1_000_000, required=False)


class PlanForm(forms.Form):
    """When a lake is judged again."""

    days = forms.IntegerField(label=_("每隔几天"), min_value=1, max_value=366, initial=7)
    next_on = forms.DateField(
        label=_("下一次"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    alpha = forms.FloatField(label=_("错换份额上限"), min_value=0.001, max_value=0.5, initial=0.05)
    active = forms.BooleanField(label=_("启用"), required=False, initial=True)


class IssueForm(forms.Form):
    """Issue what a cycle proposes."""

    kind = forms.MultipleChoiceField(label=_("类别"), choices=Kind, required=False)
    most = forms.IntegerField(label=_("至多"), min_value=1, max_value=10_000, initial=100)
    deadline = forms.DateField(
        label=_("期限"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    assignee = forms.ModelChoiceField(
        Party.objects.none(),
        label=_("承办单位"),
        required=False,
        empty_label=_("各表的计量单位；随机抽检由监管自办"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = assignees()  # type: ignore[attr-defined]


class MoveForm(forms.Form):
    """One step of an order."""

    held = forms.IntegerField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label=_("说明"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    deadline = forms.DateField(
        label=_("期限"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    assignee = forms.ModelChoiceField(
        Party.objects.none(), label=_("承办单位"), required=False, empty_label=_("监管自办")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = assignees()  # type: ignore[attr-defined]
