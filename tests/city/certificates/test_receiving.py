"""At the counter: an instrument is named by its code, or by scanning its label."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from at_the_bench import Bench, signed_in, today

from quanheng.city.certificates.models import Job


def handed_over(bench: Bench, scanned: str) -> Any:
    bench.small.instrument("E-1 甲", bench.small.power, bench.small.north)
    given = {
        "instrument": scanned, "procedure": "JJG 596-2012", "accuracy": "1 级", "standards": [bench.standard.pk],
        "promised": today() + timedelta(days=5),
    }  # fmt: skip
    return signed_in(bench.verifier).post("/jobs/receive/", given)


@pytest.mark.parametrize(
    "scanned",
    [
        "E-1 甲",
        "https://weights.example/in-date/?code=E-1+%E7%94%B2",
        " http://a.very.long.name.of.a.site.example:8000/in-date/?code=E-1%20%E7%94%B2\n",
    ],
)
def test_an_instrument_is_received_by_what_its_label_holds(bench: Bench, scanned: str) -> None:
    assert handed_over(bench, scanned).status_code == 302
    assert Job.objects.get().code == "E-1 甲"


@pytest.mark.parametrize(
    "scanned",
    [
        "https://elsewhere.example/?code=E-1",
        "https://[",
        "https://x/in-date/?code=",
        "https://x/in-date/?code=%00",
    ],
)
def test_what_another_code_holds_is_no_instrument(bench: Bench, scanned: str) -> None:
    answer = handed_over(bench, scanned)
    assert answer.status_code == 422
    assert "台账里没有这台器具" in answer.content.decode()
