"""Words for people: complete in both languages, and honest about what was not compared with its source."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from small_city import SmallCity

from quanheng.city.site import explained

As = Callable[[str], Client]
KINDS, STEPS = explained.read()


@pytest.mark.parametrize("key", KINDS)
def test_every_kind_says_its_limits_with_their_source(as_user: As, key: str) -> None:
    page = as_user("").get(f"/explained/{key}/").content.decode()
    assert str(KINDS[key]["regulation"]) in page
    for limit in KINDS[key].limits:
        assert str(limit["limit"]) in page
    assert ("尚未与规程原文核对" in page) is not KINDS[key]["checked"]


@pytest.mark.parametrize(
    "address", ["/explained/", "/explained/decided/", *(f"/explained/{key}/" for key in KINDS)]
)
def test_every_text_has_its_english(small: SmallCity, address: str) -> None:
    page = Client(headers={"Accept-Language": "en"}).get(address).content.decode()
    main = re.sub(r"JJG [^<]*", "", page[page.index("<main") : page.index("</main>")])
    assert not re.findall("[\u3400-\u9fff]+", main)


def test_a_kind_that_is_not_there_is_not_found(as_user: As) -> None:
    assert as_user("").get("/explained/nothing/").status_code == 404
