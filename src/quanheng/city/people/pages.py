"""Pages of a user's own: who he is here, and his tokens."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from quanheng.city.people import actions, shown_once
from quanheng.city.people.models import User


class TokenForm(forms.Form):
    """A new token of the API."""

    name = forms.CharField(label=_("用途"), max_length=60)
    days = forms.IntegerField(label=_("有效天数"), min_value=1, max_value=366, initial=90)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """A user's own page: who he is here, and his tokens."""
    user = request.user
    assert isinstance(user, User)
    form = TokenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = actions.make_token(user, form.cleaned_data["name"], form.cleaned_data["days"])
        shown_once.keep(request, "account", form.cleaned_data["name"], made)
        return redirect("account")
    secret = "" if request.method == "POST" else shown_once.take(request, "account")[1]
    context = {"form": form, "secret": secret, "tokens": user.tokens.order_by("-id")}
    return render(request, "people/account.html", context)


@login_required
@require_POST
def drop_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a token."""
    assert isinstance(request.user, User)
    actions.drop_token(request.user, pk)
    return redirect("account")
