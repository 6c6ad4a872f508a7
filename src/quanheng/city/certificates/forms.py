"""Forms of the institute's day: text as it is typed; what it means is checked by the actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quanheng.city.certificates.actions.results import Read
from quanheng.city.certificates.models import CONDITIONS
from quanheng.city.instruments import labels
from quanheng.city.instruments.models import Instrument, MeasurementStandard
from quanheng.city.people.models import Party, PartyKind
from quanheng.work.verify.methods import Method, methods

SCANNED = 300  # characters of the address in a label's QR code
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ReceiveForm(forms.Form):
    """An instrument at the counter."""

    instrument = forms.CharField(
        label=_("器具编码"), max_length=SCANNED, help_text=_("扫描器具上的二维码，或照写。")
    )
    procedure = forms.ChoiceField(label=_("依据规程"))
    accuracy = forms.CharField(label=_("准确度等级"), max_length=30)
    resolution = forms.FloatField(label=_("分度值或分辨力"), required=False, min_value=0)
    standards = forms.ModelMultipleChoiceField(MeasurementStandard.objects.none(), label=_("计量标准"))
    condition = forms.CharField(label=_("外观与状态"), max_length=200, required=False)
    promised = forms.DateField(label=_("应完成日期"), widget=DAY)

    def __init__(self, institute: int | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        procedure = self.fields["procedure"]
        assert isinstance(procedure, forms.ChoiceField)
        procedure.choices = [
            (name, f"{name} {each.title}（{'、'.join(each.limits)}）") for name, each in methods().items()
        ]
        standards = self.fields["standards"]
        assert isinstance(standards, forms.ModelMultipleChoiceField)
        standards.queryset = MeasurementStandard.objects.filter(holder=institute, active=True)
        self.fields["promised"].initial = timezone.localdate() + timedelta(days=20)

    def clean_instrument(self) -> Instrument:
        """By its code, or by what its label's QR code holds."""
        code = labels.code_of(self.cleaned_data["instrument"])
        found = Instrument.objects.filter(code=code).first()
        if found is None:
            raise forms.ValidationError(_("台账里没有这台器具。"))
        return found


class PointForm(forms.Form):
    """Readings at one point."""

    nominal = forms.CharField(label=_("测量点"), max_length=30)
    indications = forms.CharField(label=_("被检器具示值"), max_length=4000, required=False)
    references = forms.CharField(label=_("标准器示值"), max_length=4000, required=False)
    temperature = forms.CharField(label=_("温度 °C"), max_length=CONDITIONS, required=False)
    humidity = forms.CharField(label=_("相对湿度 %"), max_length=CONDITIONS, required=False)

    def read(self) -> Read | None:
        """What was typed; None: nothing was read at this point."""
        given = self.cleaned_data
        indications, references = (tuple(given[name].split()) for name in ("indications", "references"))
        if not indications and not references:
            return None
        return Read(
            given["nominal"].strip(),
            indications,
            references,
            given["temperature"].strip(),
            given["humidity"].strip(),
        )


PointForms = forms.formset_factory(PointForm, extra=0, max_num=60)


def initial_points(method: Method, entries: Sequence[Any], read: Iterable[Read] = ()) -> list[dict[str, str]]:
    """A row for each point: of a sheet, else as entered last, else as the method proposes."""
    rows = [
        {
            "nominal": each.nominal,
            "indications": " ".join(each.indications),
            "references": " ".join(each.references),
            "temperature": each.temperature,
            "humidity": each.humidity,
        }
        for each in (list(read) or entries)
    ]
    there = {float(row["nominal"]) for row in rows if _is_number(row["nominal"])}
    return rows + [{"nominal": f"{each:g}"} for each in method.points if each not in there]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class WhyForm(forms.Form):
    """A reason."""

    why = forms.CharField(label=_("原因"), max_length=300)


class RecallForm(forms.Form):
    """A certificate was wrong since a day."""

    since = forms.DateField(label=_("自"), widget=DAY)
    why = forms.CharField(label=_("原因"), max_length=300)


class ConfirmForm(forms.Form):
    """Who verifies anew, and until when."""

    assignee = forms.ModelChoiceField(
        Party.objects.filter(kind__in=[PartyKind.INSTITUTE, PartyKind.LABORATORY]),
        label=_("承担重新检定的机构"),
    )
    deadline = forms.DateField(label=_("期限"), widget=DAY)
