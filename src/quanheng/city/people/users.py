"""Who may sign in: the city regulator makes users, gives them a first password, and shuts them out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from quanheng.city.frame.roles import Role, check_role, viewer_of
from quanheng.city.people import actions, shown_once
from quanheng.city.people.models import District, Party, Person, User
from quanheng.ground.errors import Fault

CITY = frozenset({Role.CITY})
ROLES = [(code, label) for code, label in Role.choices if code != Role.PUBLIC]
LISTED = 500


class UserForm(forms.Form):
    """A new user."""

    username = forms.RegexField(r"^[\w.@+-]{2,150}$", label=gettext_lazy("用户名"))
    name = forms.CharField(label=gettext_lazy("显示名"), max_length=60, required=False)
    role = forms.ChoiceField(label=gettext_lazy("角色"), choices=ROLES)
    party = forms.CharField(
        label=gettext_lazy("单位"), required=False, help_text=gettext_lazy("统一社会信用代码")
    )
    district = forms.ModelChoiceField(District.objects.all(), label=gettext_lazy("区"), required=False)
    person = forms.CharField(label=gettext_lazy("人员"), required=False, help_text=gettext_lazy("人员编号"))

    def clean_party(self) -> Any:
        """By its code."""
        return _one(Party, "code", self.cleaned_data["party"])

    def clean_person(self) -> Any:
        """By the number."""
        return _one(Person, "number", self.cleaned_data["person"])


def _one(model: Any, key: str, text: str) -> Any:
    if not text.strip():
        return None
    found = model.objects.filter(**{key: text.strip()}).first()
    if found is None:
        raise ValidationError(_("没有这一条：%(text)s") % {"text": text[:40]})
    return found


@never_cache
@require_http_methods(["GET", "POST"])
def users(request: HttpRequest) -> HttpResponse:
    """All users; a new one is shown its first password once."""
    viewer = viewer_of(request)
    check_role(viewer, CITY)
    form = UserForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made, first = actions.make_user(viewer, **form.cleaned_data)
            shown_once.keep(request, "users", str(made), first)
            return redirect("users")
        except ValidationError as error:
            for name, found in error.message_dict.items():
                form.add_error(name if name in form.fields else None, found)
    whose, first = ("", "") if request.method == "POST" else shown_once.take(request, "users")
    rows = User.objects.select_related("party", "district").order_by("username")[:LISTED]
    context = {"form": form, "users": rows, "made": whose, "first": first}
    return render(request, "people/users.html", context, status=422 if form.errors else 200)


@require_POST
def reset(request: HttpRequest, pk: int) -> HttpResponse:
    """A first password anew; the second factor is to be set up anew as well."""
    viewer = viewer_of(request)
    check_role(viewer, CITY)
    user = get_object_or_404(User, pk=pk)
    first = actions.reset_user(viewer, user)
    shown_once.keep(request, "users", str(user), first)
    return redirect("users")


@require_POST
def shut(request: HttpRequest, pk: int) -> HttpResponse:
    """Shut a user out (active=0), or let him in again (active=1)."""
    viewer = viewer_of(request)
    check_role(viewer, CITY)
    user = get_object_or_404(User, pk=pk)
    wanted = request.POST.get("active")
    if wanted not in ("0", "1"):
        raise Fault("active：应为 0（停用）或 1（恢复）/ should be 0 (shut out) or 1 (let in again)")
    if wanted == "0" and user.pk == getattr(viewer, "pk", None):
        raise Fault(_("不能停用自己。"))
    actions.shut_user(viewer, user, active=wanted == "1")
    messages.success(
        request, (_("%(user)s 可以登录。") if wanted == "1" else _("%(user)s 已停用。")) % {"user": user}
    )
    return redirect("users")
