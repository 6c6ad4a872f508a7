"""Addresses of the office of people."""

from __future__ import annotations

from django.urls import path

from quanheng.city.people import pages, registers
from quanheng.city.register.pages import urls

urlpatterns = [
    path("sign-in/", pages.SignIn.as_view(), name="sign-in"),
    path("sign-in/as/<str:username>/", pages.sign_in_as, name="sign-in-as"),
    path("sign-out/", pages.SignOut.as_view(), name="sign-out"),
    path("account/", pages.account, name="account"),
    path("account/token/<int:pk>/drop/", pages.drop_token, name="drop-token"),
    *urls(registers.DISTRICTS),
    *urls(registers.PARTIES),
    *urls(registers.PEOPLE),
    *urls(registers.QUALIFICATIONS),
]
