"""What results share through their standards, and who is hit when a standard was wrong."""

from __future__ import annotations

import dataclasses
import random
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_chain import Small, bench, digest, meter, point, use

from quanheng.evidence.answer import Standing
from quanheng.evidence.chain.build import Known, build
from quanheng.work.trace.flow import results
from quanheng.work.trace.recall import Dependants, find, hit_items, recall


def two_benches() -> Small:
    """Two benches on one national standard, a meter on each, and a second meter on the first."""
    small = Small()
    small.certificates["bench-2"] = bench(number="C-2")
    small.certificates["same"] = meter(number="V-2")
    points = tuple(dataclasses.replace(each, uses=(use("bench-2", each.nominal),)) for each in meter().points)
    small.certificates["other"] = meter(number="V-3", points=points)
    return small


def rows_of_points(small: Small, *names: str) -> list[int]:
    """Rows of the first points of certificates."""
    chain = small.chain()
    return [int(np.flatnonzero(chain.points.certificate == chain.row(digest(name)))[0]) for name in names]


def test_u_of_a_result_is_what_its_certificate_states() -> None:
    small = two_benches()
    rows = rows_of_points(small, "root", "bench", "meter")
    assert results(small.chain(), rows).u == pytest.approx([1e-5, 1e-4, 1e-3])


def test_meters_of_one_bench_share_more_than_meters_of_two_benches_of_one_standard() -> None:
    small = two_benches()
    column = results(small.chain(), rows_of_points(small, "meter", "same", "other"))
    same = column.total([1.0, -1.0, 0.0]).u[0]
    other = column.total([1.0, 0.0, -1.0]).u[0]
    own = 1e-3**2 - 1e-4**2
    assert same == pytest.approx(np.sqrt(2 * own))
    assert other == pytest.approx(np.sqrt(2 * own + 2 * (1e-4**2 - 1e-5**2)))


def test_a_recall_finds_what_rests_on_a_standard_and_says_by_which_path() -> None:
    small = two_benches()
    chain = small.chain()
    hit = recall(Dependants.of(chain), chain.row(digest("root")), date(2026, 1, 1))
    assert {chain.numbers[row] for row in hit.certificates.tolist()} == {"C-1", "C-2", "V-1", "V-2", "V-3"}
    path = hit.path(chain.row(digest("other")))
    assert [chain.numbers[row] for row in path] == ["V-3", "C-2", "N-1"]
    assert "meter" in hit_items(chain, hit)


def test_a_recall_spares_what_was_made_before_the_day() -> None:
    chain = two_benches().chain()
    hit = recall(Dependants.of(chain), chain.row(digest("bench")), date(2026, 3, 2))
    assert len(hit.certificates) == 0


def test_a_standard_is_found_by_digest_number_item_and_beginning() -> None:
    chain = Small().chain()
    row = chain.row(digest("bench"))
    assert [find(chain, each) for each in (digest("bench"), "C-1", "bench", digest("bench")[:12])] == [
        row
    ] * 4
    assert find(chain, "nobody") == -1


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_a_recall_agrees_with_a_search_by_hand(seed: int, n: int) -> None:
    chance = random.Random(seed)
    days = [date(2026, 1, 1 + chance.randrange(28)) for _ in range(n)]
    parents = [chance.sample(range(k), chance.randrange(min(k, 3) + 1)) for k in range(n)]
    known = [
        Known(
            digest(str(k)),
            meter(
                number=str(k),
                begun=days[k],
                ended=days[k],
                points=(point("p", 1.0, 0.2, *(use(str(p)) for p in parents[k])),),
            ),
            Standing.VALID,
            None,
        )
        for k in range(n)
    ]
    chain, since = build(known), date(2026, 1, 15)
    expected: set[int] = {0}
    for k in range(n):
        if days[k] >= since and expected & set(parents[k]):
            expected.add(k)
    hit = recall(Dependants.of(chain), chain.row(digest("0")), since)
    assert {chain.numbers[row] for row in hit.certificates.tolist()} == {str(k) for k in expected - {0}}
