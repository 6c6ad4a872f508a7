"""Signing in: password, second factor, what has to be done first. Wrong tries are counted, by name and by address."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, password_validation
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from quanheng.city.frame import limits
from quanheng.city.frame.roles import Role
from quanheng.city.people import actions, second_factor
from quanheng.city.people.models import User

PENDING = "second factor pending"  # in the session: whose password was right, and when
PATIENCE = 300  # seconds to give the second factor
IDLE = 2 * 3600  # seconds without a page after which a session ends
SEEN = 300  # seconds between two notes of having been seen
MUST_ENROL = frozenset({Role.CITY, Role.INSTITUTE, Role.AUDITOR})
FREE = ("sign-out", "second-factor", "second-factor-picture", "password", "set_language")


class SignIn(LoginView):
    """Sign in by user name and password; a sample city lists its roles."""

    template_name = "people/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        """With the users of a sample city."""
        users = User.objects.filter(is_active=True).order_by("id") if settings.DEMO else []
        return {**super().get_context_data(**kwargs), "demo_users": users, "demo": settings.DEMO}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refused for a while after wrong tries."""
        if seconds := _wait(request, request.POST.get("username", "")):
            return limits.refused(request, seconds)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        """A wrong try counts."""
        _count(self.request, self.request.POST.get("username", ""))
        answer = super().form_invalid(form)
        answer.status_code = 422
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        """Signed in, or asked for the second factor."""
        user = form.get_user()
        if not user.second_factor:
            return super().form_valid(form)
        self.request.session.cycle_key()
        self.request.session[PENDING] = [user.pk, time.time(), self.get_success_url()]
        return redirect("sign-in-second")


class SignOut(LogoutView):
    """Sign out, by POST."""


def _wait(request: HttpRequest, username: str) -> float:
    place = limits.address(request)
    return max(limits.wait(limits.SIGN_IN, username), limits.wait(limits.SIGN_IN_PLACE, place))


def _count(request: HttpRequest, username: str) -> None:
    limits.take(limits.SIGN_IN, username)
    limits.take(limits.SIGN_IN_PLACE, limits.address(request))


class CodeForm(forms.Form):
    """A one-time password, or a recovery code."""

    code = forms.CharField(
        label=gettext_lazy("验证码"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}
        ),
        help_text=gettext_lazy("验证器上的六位数，或一个恢复码。"),
    )


@never_cache
@require_http_methods(["GET", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """The second factor of whoever gave the right password just now."""
    pk, since, following = request.session.get(PENDING, (0, 0.0, ""))
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or time.time() - since > PATIENCE:
        request.session.pop(PENDING, None)
        return redirect("sign-in")
    if seconds := _wait(request, user.username):
        return limits.refused(request, seconds)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if actions.accept_second_factor(user, form.cleaned_data["code"], time.time()):
            del request.session[PENDING]
            login(request, user)
            return redirect(_safe(request, following))
        _count(request, user.username)
        form.add_error("code", _("验证码不对，或已用过。"))
    return render(request, "people/second.html", {"form": form}, status=422 if form.errors else 200)


def _safe(request: HttpRequest, following: str) -> str:
    ours = url_has_allowed_host_and_scheme(following, {request.get_host()}, request.is_secure())
    return following if ours else reverse("home")


@require_POST
def sign_in_as(request: HttpRequest, username: str) -> HttpResponse:
    """Sign in as a role of a sample city; nowhere else."""
    if not settings.DEMO:
        raise Http404
    login(request, get_object_or_404(User, username=username, is_active=True))
    return redirect("home")


class EnrolForm(CodeForm):
    """The first code of a new second factor, and one of the old where there is one.

    A session that somebody left open is not enough to take its place.
    """

    current = forms.CharField(
        label=gettext_lazy("现在的验证码"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
        help_text=gettext_lazy("旧验证器上的六位数，或一个恢复码。"),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("新验证器上的六位数。")
        if not user.second_factor:
            del self.fields["current"]


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Set up the second factor: scan, type one code, keep the recovery codes."""
    user = request.user
    assert isinstance(user, User)
    sealed = request.session.get("enrolling")
    secret = second_factor.unseal(sealed, settings.SECRET_KEY) if sealed else None
    if secret is None:
        secret = second_factor.new_secret()
        request.session["enrolling"] = second_factor.seal(secret, settings.SECRET_KEY)
    if request.method == "POST" and (seconds := _wait(request, user.username)):
        return limits.refused(request, seconds)
    form = EnrolForm(user, request.POST if request.method == "POST" else None)
    recovery: list[str] = []
    if form.is_valid():
        now, current = time.time(), form.cleaned_data.get("current")
        step = second_factor.accepted(secret, form.cleaned_data["code"], now=now, used=0)
        if step is None:
            form.add_error("code", _("验证码不对，或已用过。"))
        elif current is not None and not actions.accept_second_factor(user, current, now):
            _count(request, user.username)
            form.add_error("current", _("验证码不对，或已用过。"))
        else:
            recovery = actions.enrol(user, secret, step)
            del request.session["enrolling"]
            login(request, user)  # a new session: the old one knew no second factor
    context = {
        "form": form,
        "recovery": recovery,
        "enrolled": bool(user.second_factor),
        "key": second_factor.address(secret, user.username, "Quanheng").split("secret=")[1].split("&")[0],
    }
    return render(request, "people/enrol.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@require_GET
def enrol_picture(request: HttpRequest) -> HttpResponse:
    """The QR code to scan."""
    sealed = request.session.get("enrolling")
    secret = second_factor.unseal(sealed, settings.SECRET_KEY) if sealed else None
    if secret is None:
        raise Http404
    out = io.BytesIO()
    address = second_factor.address(secret, request.user.get_username(), "Quanheng")
    segno.make(address, error="m").save(out, kind="svg", scale=5, border=4, light="white")
    return HttpResponse(out.getvalue(), content_type="image/svg+xml")


class PasswordForm(forms.Form):
    """The old password and a new one, twice."""

    old = forms.CharField(
        label=gettext_lazy("现在的口令"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=gettext_lazy("新口令"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("至少 12 个字符；不要用常见的口令。"),
    )
    again = forms.CharField(
        label=gettext_lazy("再写一次"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )  # fmt: skip

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """The old one right, the new one good enough and written twice."""
        given = super().clean() or {}
        if self.errors:
            return given
        if not self.user.check_password(given["old"]):
            self.add_error("old", _("现在的口令不对。"))
        if given["new"] != given["again"]:
            self.add_error("again", _("两次写的不同。"))
        try:
            password_validation.validate_password(given["new"], self.user)
        except forms.ValidationError as error:
            self.add_error("new", error)
        return given


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's password; all other sessions end."""
    user = request.user
    assert isinstance(user, User)
    if request.method == "POST" and (seconds := _wait(request, user.username)):
        return limits.refused(request, seconds)
    form = PasswordForm(user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.change_password(user, form.cleaned_data["new"])
        login(request, user)
        messages.success(request, _("口令已改；别处的登录都已结束。"))
        return redirect("account")
    if form.errors:
        _count(request, user.username)
    return render(request, "people/password.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all sessions of a user, this one too."""
    assert isinstance(request.user, User)
    actions.end_sessions(request.user)
    logout(request)
    return redirect("home")


def first_things_first(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """A session that was idle ends; a password that somebody else set is changed, a second factor is set up, before
    anything else is shown."""

    def answer(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return get_response(request)
        assert isinstance(user, User)
        now, seen = time.time(), request.session.get("seen", 0.0)
        if seen and now - seen > IDLE:
            logout(request)
            return redirect("sign-in")
        if now - seen > SEEN:
            request.session["seen"] = now
        wanted = _wanted(user)
        if wanted and not any(request.path == reverse(name) for name in FREE):
            if request.path.startswith("/api/"):
                return HttpResponse(status=403)
            return redirect(wanted)
        return get_response(request)

    return answer


def _wanted(user: User) -> str:
    """What a user has to do first."""
    if user.must_change:
        return "password"
    if settings.SECOND_FACTOR == "required" and user.role in MUST_ENROL and not user.second_factor:
        return "second-factor"
    return ""
