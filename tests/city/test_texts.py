"""What no database takes is refused in words, wherever it comes in; no event ever holds it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from small_city import SmallCity

from quanheng.city.audit import actions as audit
from quanheng.city.audit.actions import SYSTEM
from quanheng.city.audit.models import Event
from quanheng.city.people import actions as people
from quanheng.city.people.models import Party
from quanheng.ground.errors import Fault

As = Callable[[str], Client]
UNFIT = ["\0", "\x1b", "\ud800", "a\udfff"]


@pytest.mark.parametrize("text", UNFIT)
def test_an_event_that_could_not_be_read_again_is_never_written(small: SmallCity, text: str) -> None:
    before = Event.objects.count()
    with pytest.raises(Fault, match=r"points\.0\.load: U\+"), transaction.atomic():
        audit.record(SYSTEM, "nothing", after={"points": [{"load": text}]})
    assert Event.objects.count() == before


@pytest.mark.parametrize("text", UNFIT)
def test_a_row_that_could_not_be_read_again_is_never_written(small: SmallCity, text: str) -> None:
    before = Event.objects.count()
    small.power.name = text
    for act in (
        lambda: people.keep(SYSTEM, small.power),
        lambda: people.keep_all(SYSTEM, [small.power], {}),
        lambda: people.keep_all(SYSTEM, [Party(code="1", kind="utility", name=text)], {}),
    ):
        with pytest.raises(Fault, match=r"U\+"):
            act()
    assert Event.objects.count() == before
    assert Party.objects.get(pk=small.power.pk).name == "样例供电公司"


def test_a_text_of_several_lines_and_of_any_script_is_kept(small: SmallCity) -> None:
    with transaction.atomic():
        event = audit.record(SYSTEM, "nothing", after={"note": "一\r\n二\t三 𠮷"})
    assert Event.objects.get(pk=event.pk).after == {"note": "一\r\n二\t三 𠮷"}


@pytest.mark.parametrize("text", ['"\\u0000"', '"\\ud800"', '"a\\udc00b"'])
@pytest.mark.parametrize("name", ["name", "address", "district"])
def test_a_body_of_the_api_with_what_cannot_be_kept_is_refused(
    small: SmallCity, as_user: As, name: str, text: str
) -> None:
    path, before = f"/api/parties/{small.power.pk}", Event.objects.count()
    said = as_user("city").get(path).json() | {name: "@"}
    body = json.dumps(said).replace('"@"', text)
    answer = as_user("city").put(path, body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]
    assert Event.objects.count() == before


def test_an_address_with_nul_is_nobodys(as_user: As) -> None:
    for path in ("/supervision/cycles/1/areas/%00/", "/sign-in/as/%00/", "/static/%00"):
        answer = as_user("city").get(path)
        assert answer.status_code == 404, path
    assert "U+0000" in as_user("city").get("/supervision/cycles/1/areas/%00/").content.decode()


@pytest.mark.parametrize("path", ["/parties/?q=%00", "/instruments/?%1b=x", "/verify/?number=%00"])
def test_a_query_with_a_control_character_is_refused_in_words(as_user: As, path: str) -> None:
    answer = as_user("city").get(path)
    assert answer.status_code == 400
    assert "U+00" in answer.content.decode()


def test_the_api_refuses_such_a_query_as_json(as_user: As) -> None:
    answer = as_user("city").get("/api/parties?q=%00")
    assert (answer.status_code, "U+0000" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    "given", [{"username": "a\0"}, {"username": "anna", "role": "auditor", "name": "a\x0bb"}]
)
def test_a_form_with_a_control_character_is_refused_in_words(as_user: As, given: dict[str, Any]) -> None:
    answer = as_user("city").post("/users/", given)
    assert answer.status_code == 400
    assert "不能保存的字符" in answer.content.decode()


def test_a_form_without_its_token_is_refused_before_it_is_read(small: SmallCity) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(small.users["city"])
    assert browser.post("/users/", {"username": "a\0"}).status_code == 403
