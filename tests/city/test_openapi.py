"""The API is asked what nobody would: whatever comes in, it answers, and never with a fault of its own."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_city import SmallCity

from quanheng.city.frame import limits
from quanheng.city.site.api import api

schemathesis = pytest.importorskip("schemathesis", reason="no schemathesis: pip install schemathesis")
WHO = ("city", "power", "")
QUICK, LONG = 4, 150
As = Callable[[str], Client]


def operations() -> list[Any]:
    """Every operation of the API."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema(), default=str)))
        return [each.ok() for each in schema.get_all_operations()]


OPERATIONS = {each.label: each for each in operations()}


def sent(browser: Client, case: Any) -> int:
    """The status of the answer to a case."""
    body = case.body if isinstance(case.body, dict | list | str | int | float | bool) else None
    data = b"" if body is None else json.dumps(body, default=repr).encode()
    query = {name: value for name, value in (case.query or {}).items() if value is not None}
    answer = browser.generic(
        case.method, case.formatted_path, data, case.media_type or "application/json", query_params=query
    )
    for _part in answer if answer.streaming else ():
        pass
    return answer.status_code


def ask(label: str, browsers: list[Client], examples: int) -> None:
    """Ask an operation as everybody."""
    faults: list[tuple[int, str, Any]] = []

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=OPERATIONS[label].as_strategy(), n=st.integers(0, len(browsers) - 1))
    def asked(case: Any, n: int) -> None:
        status = sent(browsers[n], case)
        if status >= 500:
            faults.append((status, case.formatted_path, case.body))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asked()
    assert faults == []


@pytest.fixture
def everybody(small: SmallCity, as_user: As, monkeypatch: pytest.MonkeyPatch) -> list[Client]:
    """A browser each, that no limit hinders."""
    monkeypatch.setattr(limits, "API", limits.Limit("api of the tests", 10**9, 10**9))
    monkeypatch.setattr(limits, "LOOK_UP", limits.Limit("look-up of the tests", 10**9, 10**9))
    browsers = [as_user(name) for name in WHO]
    for each in browsers:
        each.raise_request_exception = False
    return browsers


@pytest.mark.parametrize("label", OPERATIONS)
def test_an_operation_never_answers_with_a_fault_of_its_own(label: str, everybody: list[Client]) -> None:
    ask(label, everybody, QUICK)


@pytest.mark.drill
@pytest.mark.parametrize("label", OPERATIONS)
def test_an_operation_never_answers_with_a_fault_of_its_own_however_often_it_is_asked(
    label: str, everybody: list[Client]
) -> None:
    ask(label, everybody, LONG)
