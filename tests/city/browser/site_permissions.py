"""Who is answered what: every page and every operation of the API, asked by everybody, for rows of theirs and not.

What would change something is asked with nothing in it, or with what is there already, in a transaction that is taken
back.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from site_addresses import WITH, Address, With, addresses, of_row

from quanheng.city.certificates.models import Certificate, Job
from quanheng.city.frame.roles import STRANGER
from quanheng.city.people.models import User
from quanheng.city.register.declaration import REGISTERS, Register
from quanheng.city.site.api import api
from quanheng.city.supervision.models import Cycle, Lake, Order, Verdict

Body = Callable[[dict[str, Any]], dict[str, Any]]  # keyword arguments of the test client

API_WITH: dict[str, With] = {
    "certificate_of": of_row(lambda _: Certificate.objects, number="number"),
    "certificate_code": of_row(lambda _: Certificate.objects, number="number"),
    "job_get": of_row(Job.objects.visible_to, number="number"),
    "job_readings": of_row(Job.objects.visible_to, number="number"),
    "job_withdraw": of_row(Job.objects.visible_to, number="number"),
    "supervision_cycles_get": of_row(Cycle.objects.visible_to),
    "supervision_cycles_lessons": of_row(Cycle.objects.visible_to),
    "supervision_verdicts_get": of_row(Verdict.objects.visible_to),
    "supervision_orders_get": of_row(Order.objects.visible_to),
    "supervision_orders_step": of_row(Order.objects.visible_to, {"step": "accept"}),
    "supervision_lakes_get": of_row(Lake.objects.visible_to, name="name"),
    "indicators_series": lambda viewer: {"key": "public-standards"},
}
API_BODY: dict[str, Body] = {
    "job_readings": lambda _: as_json({"points": []}),
    "job_withdraw": lambda _: as_json({"nominal": "1", "why": "x"}),
    "supervision_cycles_ask": lambda _: as_json({"lake": "sample"}),
    "supervision_orders_step": lambda _: as_json({"text": "x", "held": 1}),
    "supervision_deliveries_add": lambda _: {
        "data": {
            "lake": "power",
            "path": "areas.parquet",
            "sha256": hashlib.sha256(b"x").hexdigest(),
            "file": SimpleUploadedFile("areas.parquet", b"x"),
        }
    },
    "supervision_checks_add": lambda _: {"data": {"check": "{}"}},
}


def as_json(said: Any) -> dict[str, Any]:
    """A body as JSON."""
    return {"data": json.dumps(said, default=str), "content_type": "application/json"}


def answers() -> Iterator[dict[str, Any]]:
    """Every answer: who, name, method, path, mine (of a row that he may see, or of none), status, type, leads."""
    users = [*User.objects.order_by("pk"), None]
    everybody = User.objects.get(username="city")
    for user in users:
        who = {"who": user.username if user else ""}
        for each in addresses():
            for given, mine in _ways(WITH.get(each.name), bool(each.parameters), user, everybody):
                path = reverse(each.name, kwargs=given)
                yield {**who, "name": each.name, "mine": mine, **_page(user, path)}
        for operation in operations():
            for given, mine in _ways(operation.given, operation.parameters, user, everybody):
                yield {**who, "name": operation.name, "mine": mine, **operation.asked(user, given)}


def _ways(
    given: With | None, needed: bool, user: Any, everybody: Any
) -> Iterator[tuple[dict[str, Any], bool]]:
    """Parameters, and whether they are of a row that is the viewer's to see."""
    if not needed:
        yield {}, True
    elif given is not None:
        if (mine := given(user or STRANGER)) is not None:
            yield mine, True
        if hasattr(given, "anothers") and (other := given.anothers(user or STRANGER, everybody)) is not None:
            yield other, False


def _client(user: Any) -> Client:
    browser = Client(raise_request_exception=False, SERVER_NAME="localhost")
    if user:
        browser.force_login(user)
    return browser


def _page(user: Any, path: str) -> dict[str, Any]:
    answer = taken_back(lambda: _client(user).get(path))
    if answer["status"] == 405:
        answer = taken_back(lambda: _client(user).post(path)) | {"method": "POST"}
    return {"method": "GET", "path": path, **answer}


def taken_back(ask: Callable[[], Any]) -> dict[str, Any]:
    """The answer to something that then never was."""
    with transaction.atomic():
        answer = ask()
        kind, leads = answer.headers.get("Content-Type", ""), answer.headers.get("Location", "")
        for _part in answer if answer.streaming else ():
            pass
        transaction.set_rollback(True)
    return {"status": answer.status_code, "type": kind, "leads": leads}


class Operation:
    """An operation of the API."""

    def __init__(self, path: str, method: str, said: dict[str, Any]) -> None:
        self.path, self.method, self.said = path, method, said
        self.name = f"{method.upper()} {path}"
        self.id: str = said["operationId"]
        self.parameters = "{" in path
        self.register = REGISTERS.get(self.id.rpartition("_")[0])
        self.given: With | None = API_WITH.get(self.id)
        if self.register and self.parameters:
            self.given = of_row(self.register.visible if method == "get" else self.register.theirs)

    def missing(self) -> str:
        """What the tables above lack, in words."""
        if self.parameters and self.given is None:
            return f"{self.name}: add to API_WITH: {self.id!r}: of_row(…)"
        if "requestBody" in self.said and not self.register and self.id not in API_BODY:
            return f"{self.name}: add to API_BODY: {self.id!r}: lambda given: as_json({{…}})"
        return ""

    def asked(self, user: Any, given: dict[str, Any]) -> dict[str, Any]:
        """The answer."""
        path = self.path.format(**given)
        body = {}
        if "requestBody" in self.said:
            body = _record(self.register, self.method, given) if self.register else API_BODY[self.id](given)
        answer = taken_back(lambda: getattr(_client(user), self.method)(path, **body))
        return {"method": self.method.upper(), "path": path, **answer}


def _record(register: Register, method: str, given: dict[str, Any]) -> dict[str, Any]:
    """A record as the API says it: to be written again, or added under a new key."""
    city = _client(User.objects.get(username="city"))
    pk = given["pk"] if given else register.model._default_manager.earliest("pk").pk
    said = city.get(f"/api/{register.name}/{pk}").json()
    del said["id"]
    if method == "post":
        said[register.key] = uuid.uuid4().hex[:12]
    return as_json({name: None if cell == "" else cell for name, cell in said.items()})


def operations() -> list[Operation]:
    """All of the API."""
    paths = api.get_openapi_schema()["paths"]
    return [Operation(path, method, said) for path, each in paths.items() for method, said in each.items()]


def without_body() -> list[str]:
    """What is missing, in words."""
    return [told for each in operations() if (told := each.missing())]


def said_of(address: Address) -> str:
    """What an address is for: the first sentence of its view."""
    view = getattr(address.view, "view_class", address.view)
    return (view.__doc__ or "").strip().split("\n")[0]
