"""Addresses of the office of certificates."""

from __future__ import annotations

from django.urls import path

from quanheng.city.certificates import registers
from quanheng.city.certificates.pages import certificates, jobs, recalls, take_in
from quanheng.city.register.pages import urls

urlpatterns = [
    path("jobs/", jobs.listed, name="jobs"),
    path("jobs/receive/", jobs.receive, name="job-receive"),
    path("jobs/sign/", jobs.sign_many, name="jobs-sign"),
    path("jobs/together/<int:pk>/", jobs.together, name="jobs-together"),
    path("jobs/<int:pk>/", jobs.one, name="job"),
    path("jobs/<int:pk>/readings/", jobs.readings, name="job-readings"),
    path("jobs/<int:pk>/budget/<int:entry>/", jobs.budget, name="job-budget"),
    path("jobs/<int:pk>/check/", jobs.check, name="job-check"),
    path("jobs/<int:pk>/withdraw/", jobs.withdraw, name="job-withdraw"),
    path("jobs/<int:pk>/send-back/", jobs.send_back, name="job-send-back"),
    path("jobs/<int:pk>/give-back/", jobs.give_back, name="job-give-back"),
    path("jobs/<int:pk>/sign/", jobs.sign, name="job-sign"),
    path("certificates/of/<str:number>/", certificates.public, name="certificate-public"),
    path("certificates/of/<str:number>/qr.txt", certificates.public_code, name="certificate-public-code"),
    path("certificates/<int:pk>/file/<str:form>", certificates.file, name="certificate-file"),
    path("certificates/<int:pk>/chain/", certificates.chain, name="certificate-chain"),
    path("certificates/<int:pk>/chain.svg", certificates.chain_picture, name="certificate-chain-picture"),
    path("certificates/<int:pk>/act/", certificates.act, name="certificate-act"),
    path("certificates/take-in/", take_in.page, name="certificates-take-in"),
    path("recalls/", recalls.listed, name="recalls"),
    path("recalls/<int:pk>/", recalls.one, name="recall"),
    *urls(registers.CERTIFICATES),
    *urls(registers.REVERIFICATIONS),
]
