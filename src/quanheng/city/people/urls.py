"""Addresses of the office of people."""

from __future__ import annotations

from django.urls import path

from quanheng.city.people import pages, registers, signing_in, users
from quanheng.city.register.pages import urls

urlpatterns = [
    path("sign-in/", signing_in.SignIn.as_view(), name="sign-in"),
    path("sign-in/second/", signing_in.second, name="sign-in-second"),
    path("sign-in/as/<str:username>/", signing_in.sign_in_as, name="sign-in-as"),
    path("sign-out/", signing_in.SignOut.as_view(), name="sign-out"),
    path("sign-out/everywhere/", signing_in.sign_out_everywhere, name="sign-out-everywhere"),
    path("account/second-factor/", signing_in.enrol, name="second-factor"),
    path("account/second-factor/qr.svg", signing_in.enrol_picture, name="second-factor-picture"),
    path("account/password/", signing_in.password, name="password"),
    path("users/", users.users, name="users"),
    path("users/<int:pk>/reset/", users.reset, name="user-reset"),
    path("users/<int:pk>/shut/", users.shut, name="user-shut"),
    path("account/", pages.account, name="account"),
    path("account/token/<int:pk>/drop/", pages.drop_token, name="drop-token"),
    *urls(registers.DISTRICTS),
    *urls(registers.PARTIES),
    *urls(registers.PEOPLE),
    *urls(registers.QUALIFICATIONS),
]
