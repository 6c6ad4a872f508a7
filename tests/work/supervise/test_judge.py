"""Three verdicts, never two, and what the meters of one lot share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.work.supervise.columns import MeterColumns
from quanheng.work.supervise.findings import Prior
from quanheng.work.supervise.judge import judge, pooled_priors


def columns(
    location: np.ndarray,
    scale: np.ndarray | float,
    *,
    batch: np.ndarray | int = -1,
    kwh_day: float = 8.0,
    days: int = 90,
) -> MeterColumns:
    n = len(location)
    return MeterColumns(
        mpe=np.full(n, 0.02),
        kwh_day=np.full(n, kwh_day),
        days=np.full(n, days, dtype=np.int64),
        location=np.asarray(location, dtype=float),
        scale=np.broadcast_to(np.asarray(scale, dtype=float), n).copy(),
        batch=np.broadcast_to(np.asarray(batch, dtype=np.int32), n).copy(),
        judged=np.ones(n, dtype=bool),
        changed=np.zeros(n, dtype=bool),
        verified_mean=np.full(n, np.nan),
        verified_u=np.full(n, np.nan),
    )


def simulated(seed: int, scale: float, n: int = 4000) -> tuple[MeterColumns, np.ndarray]:
    """Columns of meters of the usual prior, and which are out of tolerance."""
    rng = np.random.default_rng(seed)
    sd = np.where(rng.random(n) < 0.02, 0.055, 0.004)
    c = sd * rng.standard_normal(n)
    return columns(c + scale * rng.standard_normal(n), scale), np.abs(1 / (1 + c) - 1) > 0.02


USUAL = [Prior()]


@given(seed=st.integers(0, 200), scale=st.floats(5e-4, 0.05), alpha=st.floats(0.01, 0.3))
def test_no_meter_has_two_verdicts(seed: int, scale: float, alpha: float) -> None:
    known, _ = simulated(seed, scale, n=200)
    found = judge(known, USUAL, alpha=alpha)
    assert not (found.replace & found.cleared).any()
    decided = found.replace | found.cleared
    assert np.array_equal(found.reason_code == found.reason.index("ok"), decided)
    assert found.expected_false_share <= alpha + 1e-12
    assert (found.lower <= found.upper).all()


def test_the_realised_false_share_is_the_stated_one() -> None:
    false, replaced, expected = 0, 0, 0.0
    for seed in range(10):
        known, out = simulated(seed, 0.006)
        found = judge(known, USUAL, alpha=0.05)
        false += int((found.replace & ~out).sum())
        replaced += int(found.replace.sum())
        expected += float(found.expected_false_share * found.replace.sum())
    assert replaced > 200
    assert false / replaced == pytest.approx(expected / replaced, abs=0.03)


def test_hardly_a_cleared_meter_is_out_of_tolerance() -> None:
    known, out = simulated(1, 0.002, n=20_000)
    found = judge(known, USUAL, alpha=0.05)
    assert found.cleared.mean() > 0.9
    assert out[found.cleared].mean() < 0.001


def test_a_meter_that_the_data_do_not_know_is_never_cleared() -> None:
    # its prior alone would put it at 0.7 % to be out of tolerance, with a small uncertainty
    careful = [Prior(share=0.001)]
    found = judge(columns(np.zeros(3), np.array([0.05, 0.5, 1e4])), careful, alpha=0.05)
    assert not found.cleared.any()
    assert not found.replace.any()


def test_a_meter_without_load_is_undetermined_for_that_reason() -> None:
    found = judge(columns(np.zeros(1), 1e4, kwh_day=0.0), USUAL, alpha=0.05)
    assert found.reason[found.reason_code[0]] == "load"
    assert np.isnan(found.days_needed[0])


def test_a_meter_that_needs_more_days_says_how_many() -> None:
    found = judge(columns(np.array([0.03]), 0.01), USUAL, alpha=0.05)
    assert found.reason[found.reason_code[0]] == "days"
    assert found.days_needed[0] >= 1


@given(scale=st.floats(3e-3, 0.02), better=st.floats(0.3, 0.95))
def test_fewer_days_are_needed_the_more_is_known(scale: float, better: float) -> None:
    both = columns(np.array([0.012, 0.012]), np.array([scale, better * scale]))
    found = judge(both, USUAL, alpha=0.001)
    need = np.nan_to_num(found.days_needed, nan=0.0)
    assert need[1] <= need[0]


def test_a_meter_it_is_confused_with_is_the_reason() -> None:
    found = judge(columns(np.array([0.03]), 0.01), USUAL, alpha=0.05, correlation=np.array([-0.9]))
    assert found.reason[found.reason_code[0]] == "collinear"


def test_what_was_not_heard_stays_unknown() -> None:
    known = columns(np.array([np.nan, 0.05, 0.05]), np.array([np.nan, 0.002, 0.002]))
    known = replace(known, judged=np.array([True, False, True]))
    found = judge(known, USUAL, alpha=0.05)
    for column in (found.error, found.u, found.lower, found.upper, found.p_out, found.days_needed):
        assert np.isnan(column[:2]).all()
    assert found.replace.tolist() == [False, False, True]
    assert not found.cleared[:2].any()


def test_a_verified_meter_is_judged_by_what_was_found() -> None:
    known = columns(np.array([0.04, 0.0]), 0.01)
    known = replace(known, verified_mean=np.array([0.05, 0.001]), verified_u=np.array([5e-4, 5e-4]))
    found = judge(known, USUAL, alpha=0.05)
    assert found.replace.tolist() == [True, False]
    assert found.cleared.tolist() == [False, True]


def test_a_city_without_meters_has_no_verdicts() -> None:
    found = judge(columns(np.empty(0), np.empty(0)), USUAL, alpha=0.05)
    assert len(found.p_out) == 0
    assert found.expected_false_share == 0.0


def lots(seed: int, *, bad: float = 0.012, size: int = 200, scale: float = 0.003) -> MeterColumns:
    """Four lots of which the last has a common correction `bad`."""
    rng = np.random.default_rng(seed)
    batch = np.repeat(np.arange(4), size)
    sd = np.where(rng.random(4 * size) < 0.02, 0.055, 0.003)
    c = sd * rng.standard_normal(4 * size) + np.where(batch == 3, bad, 0.0)
    return columns(c + scale * rng.standard_normal(4 * size), scale, batch=batch)


@pytest.mark.parametrize("seed", range(3))
def test_a_bad_lot_is_found_as_a_lot(seed: int) -> None:
    priors, found = pooled_priors(lots(seed), ["a", "b", "c", "d"], Prior())
    assert len(priors) == 5
    by_name = {lot.batch: lot for lot in found}
    assert by_name["d"].mean == pytest.approx(1 / 1.012 - 1, abs=0.001)
    assert by_name["d"].p_bad > 0.9
    assert max(by_name[b].p_bad for b in "abc") < 0.01
    assert max(abs(by_name[b].mean) for b in "abc") < 0.001
    assert priors[3].mean == pytest.approx(0.012, abs=0.001)


def test_a_lot_of_one_meter_is_drawn_to_the_city() -> None:
    known = lots(1)
    batch = known.batch.copy()
    batch[0] = 4
    location = known.location.copy()
    location[0] = 0.02
    priors, _ = pooled_priors(replace(known, batch=batch, location=location), list("abcde"), Prior())
    assert abs(priors[4].mean) < 0.011
    assert priors[4].spike == pytest.approx(priors[5].spike, rel=0.3)


def test_the_spread_and_share_of_a_city_are_learnt() -> None:
    rng = np.random.default_rng(0)
    sd = np.where(rng.random(20_000) < 0.05, 0.055, 0.002)
    known = columns(sd * rng.standard_normal(20_000) + 0.002 * rng.standard_normal(20_000), 0.002)
    priors, found = pooled_priors(known, [], Prior())
    assert found == ()
    assert priors[-1].spike == pytest.approx(0.002, rel=0.1)
    assert priors[-1].share == pytest.approx(0.05, rel=0.1)


def test_where_nothing_is_known_the_prior_stays() -> None:
    priors, found = pooled_priors(columns(np.full(5, np.nan), np.nan), ["a"], Prior())
    assert priors == [Prior(), Prior()]
    assert found == ()


def test_meters_of_a_bad_lot_are_judged_with_it() -> None:
    known = lots(2)
    priors, _ = pooled_priors(known, ["a", "b", "c", "d"], Prior())
    alone, pooled = judge(known, [Prior()] * 5, alpha=0.05), judge(known, priors, alpha=0.05)
    assert np.abs(pooled.error[600:]).mean() > np.abs(alone.error[600:]).mean()
    assert pooled.cleared[600:].mean() < pooled.cleared[:600].mean()
