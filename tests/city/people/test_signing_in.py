"""Signing in: password, second factor, and what has to be done first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from small_city import SmallCity

from quanheng.city.audit.models import Event
from quanheng.city.people import actions, second_factor
from quanheng.city.people.models import User
from quanheng.cli import main

As = Callable[[str], Client]
PASSWORD = "an honest password"
RFC_6238 = ((59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (20000000000, "65353130"))


@pytest.fixture(autouse=True)
def no_limits_from_before() -> Iterator[None]:
    """Every test begins with full buckets."""
    (site.HOME / "limits.sqlite3").unlink(missing_ok=True)
    yield


def sign_in(browser: Client, name: str, password: str = PASSWORD) -> int:
    return browser.post("/sign-in/", {"username": name, "password": password}).status_code


def enrolled(user: User) -> tuple[bytes, list[str]]:
    secret = second_factor.new_secret()
    return secret, actions.enrol(user, secret, 0)


def now_code(secret: bytes, steps: int = 0) -> str:
    return second_factor.code(secret, int(time.time()) // second_factor.STEP + steps)


@pytest.mark.parametrize(("at", "digits"), RFC_6238)
def test_one_time_passwords_are_those_of_rfc_6238(at: int, digits: str) -> None:
    assert second_factor.code(b"12345678901234567890", at // 30) == digits[-6:]


@given(st.integers(min_value=10**8, max_value=10**10), st.integers(-5, 5))
def test_a_code_is_accepted_one_step_off_and_no_further(now: int, off: int) -> None:
    step = now // second_factor.STEP + off
    found = second_factor.accepted(b"s" * 20, second_factor.code(b"s" * 20, step), now=now, used=0)
    assert found is None if abs(off) > 1 else found is not None


def test_a_secret_opens_only_under_the_secret_of_the_site() -> None:
    sealed = second_factor.seal(b"secret", "the site's")
    assert second_factor.unseal(sealed, "the site's") == b"secret"
    assert second_factor.unseal(sealed, "another") is None


def test_a_right_password_signs_in_and_a_wrong_one_is_told(small: SmallCity) -> None:
    browser = Client()
    assert sign_in(browser, "city", "wrong") == 422
    assert sign_in(browser, "city") == 302
    assert browser.get("/account/").status_code == 200


def test_wrong_passwords_are_refused_for_a_while_whoever_tries(small: SmallCity) -> None:
    for _ in range(8):
        assert sign_in(Client(), "city", "wrong") == 422
    refused = Client().post("/sign-in/", {"username": "city", "password": PASSWORD})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert sign_in(Client(), "auditor") == 302


def test_the_second_factor_is_asked_for_where_it_was_set_up(small: SmallCity) -> None:
    secret, _codes = enrolled(small.users["city"])
    browser = Client()
    assert sign_in(browser, "city") == 302
    assert browser.get("/account/").status_code == 302  # not signed in yet
    assert browser.post("/sign-in/second/", {"code": "000000"}).status_code == 422
    assert browser.post("/sign-in/second/", {"code": now_code(secret)}).status_code == 302
    assert browser.get("/account/").status_code == 200


def test_a_code_counts_once(small: SmallCity) -> None:
    secret, _codes = enrolled(small.users["city"])
    now = time.time()
    code = second_factor.code(secret, int(now) // 30)
    assert actions.accept_second_factor(small.users["city"], code, now)
    assert not actions.accept_second_factor(small.users["city"], code, now)


def test_a_recovery_code_counts_once(small: SmallCity) -> None:
    _secret, codes = enrolled(small.users["city"])
    assert actions.accept_second_factor(small.users["city"], codes[3].upper(), time.time())
    assert not actions.accept_second_factor(small.users["city"], codes[3], time.time())
    assert actions.accept_second_factor(small.users["city"], codes[4], time.time())


def test_setting_it_up_takes_a_right_code_and_shows_recovery_codes(small: SmallCity, as_user: As) -> None:
    browser = as_user("city")
    page = browser.get("/account/second-factor/").content.decode()
    assert b"<svg" in browser.get("/account/second-factor/qr.svg").content
    sealed = browser.session["enrolling"]
    secret = second_factor.unseal(sealed, site.SECRET_KEY)
    assert secret is not None
    assert "000000" not in page
    assert browser.post("/account/second-factor/", {"code": "12345"}).status_code == 422
    done = browser.post("/account/second-factor/", {"code": now_code(secret)}).content.decode()
    assert done.count("<li><code>") == second_factor.RECOVERY
    assert browser.get("/account/").status_code == 200


def test_roles_that_act_for_the_city_must_set_it_up_first(
    small: SmallCity, as_user: As, settings: Any
) -> None:
    settings.SECOND_FACTOR = "required"
    for name in ("city", "institute", "auditor"):
        assert as_user(name).get("/instruments/")["Location"] == "/account/second-factor/"
        assert as_user(name).get("/api/instruments").status_code == 403
    assert as_user("power").get("/instruments/").status_code == 200


def test_a_first_password_must_be_changed_first(small: SmallCity, as_user: As) -> None:
    city = as_user("city")
    page = city.post("/users/", {"username": "new", "role": "auditor"}, follow=True).content.decode()
    first = page.split("</strong> <code>")[1].split("</code>")[0]
    browser = Client()
    assert sign_in(browser, "new", first) == 302
    assert browser.get("/instruments/")["Location"] == "/account/password/"
    weak = {"old": first, "new": "123456789012", "again": "123456789012"}
    assert browser.post("/account/password/", weak).status_code == 422
    good = {"old": first, "new": "a much better one", "again": "a much better one"}
    assert browser.post("/account/password/", good).status_code == 302
    assert browser.get("/instruments/").status_code == 200


def test_a_new_password_ends_the_sessions_elsewhere(small: SmallCity, as_user: As) -> None:
    here, there = as_user("city"), as_user("city")
    new = {"old": PASSWORD, "new": "a much better one", "again": "a much better one"}
    assert here.post("/account/password/", new).status_code == 302
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302


def test_signing_out_everywhere_ends_every_session(small: SmallCity, as_user: As) -> None:
    here, there = as_user("city"), as_user("city")
    here.post("/sign-out/everywhere/")
    assert [each.get("/account/").status_code for each in (here, there)] == [302, 302]


def test_an_idle_session_ends(small: SmallCity, as_user: As) -> None:
    browser = as_user("city")
    browser.get("/account/")
    session = browser.session
    session["seen"] = time.time() - 3 * 3600
    session.save()
    assert browser.get("/account/")["Location"] == "/sign-in/"


def test_only_the_city_makes_users(small: SmallCity, as_user: As) -> None:
    for name in ("north", "institute", "power", "auditor", ""):
        assert as_user(name).get("/users/").status_code == 403
        assert as_user(name).post("/users/", {"username": "x1", "role": "city"}).status_code == 403
    assert not User.objects.filter(username="x1").exists()


def test_a_role_without_its_party_is_refused_in_words(small: SmallCity, as_user: As) -> None:
    answer = as_user("city").post("/users/", {"username": "x1", "role": "utility"})
    assert answer.status_code == 422
    assert "此角色须有所属单位" in answer.content.decode()


def test_a_user_who_is_shut_out_is_out_at_once(small: SmallCity, as_user: As) -> None:
    theirs = as_user("power")
    assert theirs.get("/account/").status_code == 200
    as_user("city").post(f"/users/{small.users['power'].pk}/shut/", {"active": "0"})
    assert theirs.get("/account/").status_code == 302
    assert sign_in(Client(), "power") == 422
    assert Event.objects.filter(action="people.shut user").exists()


def test_the_roles_of_a_sample_city_cannot_be_taken_elsewhere(small: SmallCity, settings: Any) -> None:
    assert Client().post("/sign-in/as/city/").status_code == 404
    settings.DEMO = True
    assert Client().post("/sign-in/as/city/").status_code == 302


def test_the_first_user_is_made_on_the_command_line(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["user", "add", "first", "--role", "city"]) == 0
    assert sign_in(Client(), "first", capsys.readouterr().out.strip()) == 302
    assert main.main(["user", "add", "first", "--role", "city"]) == 2
    assert main.main(["user", "add", "second", "--role", "district"]) == 2
    assert main.main(["user", "reset", "nobody"]) == 2


def test_strangers_ask_only_so_often_and_are_told_when_to_come_again(
    small: SmallCity, tmp_path: Path
) -> None:
    from quanheng.city.frame import limits

    slow = limits.Limit("test", 3, 0.5)
    assert [limits.take(slow, "a", now=100.0) for _ in range(4)] == [0, 0, 0, 2.0]
    assert limits.take(slow, "b", now=100.0) == 0
    assert limits.take(slow, "a", now=102.0) == 0
    assert limits.wait(slow, "a", now=1000.0) == 0


def test_nobody_shuts_himself_out(small: SmallCity, as_user: As) -> None:
    answer = as_user("city").post(f"/users/{small.users['city'].pk}/shut/", {"active": "0"})
    assert answer.status_code == 400
    assert "不能停用自己" in answer.content.decode()
    assert User.objects.get(username="city").is_active


@pytest.mark.parametrize("typed", ["１２３４５６", "12345é", "验证码", "１２３４ ５６"])
def test_a_code_of_whatever_characters_is_refused_in_words(small: SmallCity, typed: str) -> None:
    enrolled(small.users["city"])
    browser = Client()
    sign_in(browser, "city")
    answer = browser.post("/sign-in/second/", {"code": typed})
    assert answer.status_code == 422
    assert "验证码不对" in answer.content.decode()


def test_full_width_digits_of_an_input_method_are_digits(small: SmallCity) -> None:
    secret, codes = enrolled(small.users["city"])
    wide = {ord(c): ord(c) + 0xFEE0 for c in "0123456789abcdefghijklmnopqrstuvwxyz"}
    now = time.time()
    code = second_factor.code(secret, int(now) // 30).translate(wide)
    assert actions.accept_second_factor(small.users["city"], code, now)
    assert actions.accept_second_factor(small.users["city"], codes[0].translate(wide), now)


def test_to_send_it_twice_leaves_a_user_shut_out(small: SmallCity, as_user: As) -> None:
    browser, path = as_user("city"), f"/users/{small.users['power'].pk}/shut/"
    for _ in range(2):
        assert browser.post(path, {"active": "0"})["Location"] == "/users/"
        assert not User.objects.get(username="power").is_active
    assert Event.objects.filter(action="people.shut user").count() == 1
    assert browser.post(path).status_code == 400
    assert 'name="active" value="1"' in browser.get("/users/").content.decode()
    browser.post(path, {"active": "1"})
    assert User.objects.get(username="power").is_active


@pytest.mark.parametrize("what", ["new", "reset"])
def test_a_first_password_is_shown_once_and_a_reload_makes_no_other(
    small: SmallCity, as_user: As, what: str
) -> None:
    browser = as_user("city")
    path = "/users/" if what == "new" else f"/users/{small.users['power'].pk}/reset/"
    answer = browser.post(path, {"username": "new", "role": "auditor"})
    assert (answer.status_code, answer["Location"]) == (302, "/users/")
    told = browser.get("/users/").content.decode()
    first = told.split("</strong> <code>")[1].split("</code>")[0]
    assert first not in answer["Location"]
    assert first not in browser.get("/users/").content.decode()
    assert "</strong> <code>" not in browser.get("/users/").content.decode()
    assert sign_in(Client(), "new" if what == "new" else "power", first) == 302


def test_a_first_password_does_not_stand_in_the_table_of_sessions(small: SmallCity, as_user: As) -> None:
    browser = as_user("city")
    browser.post("/users/", {"username": "new", "role": "auditor"})
    kept = str(dict(browser.session.items()))
    first = browser.get("/users/").content.decode().split("</strong> <code>")[1].split("</code>")[0]
    assert "shown once" in kept
    assert first not in kept


def test_a_token_is_shown_once_and_a_reload_makes_no_other(small: SmallCity, as_user: As) -> None:
    browser = as_user("power")
    assert browser.post("/account/", {"name": "meters", "days": 9})["Location"] == "/account/"
    assert "只显示这一次" in browser.get("/account/").content.decode()
    assert "只显示这一次" not in browser.get("/account/").content.decode()
    assert small.users["power"].tokens.count() == 1


def test_a_second_factor_is_replaced_only_with_the_old_one(small: SmallCity, as_user: As) -> None:
    secret, codes = enrolled(small.users["city"])
    browser = as_user("city")
    assert "现在的验证码" in browser.get("/account/second-factor/").content.decode()
    new = second_factor.unseal(browser.session["enrolling"], site.SECRET_KEY)
    assert new is not None
    sealed = User.objects.get(username="city").second_factor
    for wrong in ({}, {"current": "000000"}, {"current": now_code(new)}):
        answer = browser.post("/account/second-factor/", {"code": now_code(new), **wrong})
        assert answer.status_code == 422
    assert User.objects.get(username="city").second_factor == sealed
    given = {"code": now_code(new), "current": codes[0]}
    done = browser.post("/account/second-factor/", given).content.decode()
    assert done.count("<li><code>") == second_factor.RECOVERY
    assert not actions.accept_second_factor(small.users["city"], now_code(secret), time.time())


def test_the_old_second_factor_cannot_be_guessed_at_leisure(small: SmallCity, as_user: As) -> None:
    enrolled(small.users["city"])
    browser = as_user("city")
    browser.get("/account/second-factor/")
    new = second_factor.unseal(browser.session["enrolling"], site.SECRET_KEY)
    assert new is not None
    tried = [
        browser.post("/account/second-factor/", {"code": now_code(new), "current": "000000"}).status_code
        for _ in range(9)
    ]
    assert tried == [422] * 8 + [429]
