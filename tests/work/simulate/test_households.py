"""The load model against its own facts, and against real households."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from quanheng.work.simulate.loads import HOUSEHOLD, SHOP, VACANT, daily_energy, draw_loads, draw_weather

REAL = Path(__file__).resolve().parents[3] / "../shared/data/loads/households_15min.parquet"
DAYS = 49


def facts(energy):
    """Figures of energy (n, Q) per quarter-hour: medians over the households, means over their pairs."""
    daily = energy.reshape(len(energy), -1, 96).sum(axis=2)
    pairs = np.triu_indices(len(energy), 1)

    def memory(values, lag):
        values = values - values.mean(axis=1, keepdims=True)
        return np.median((values[:, lag:] * values[:, :-lag]).mean(axis=1) / (values**2).mean(axis=1))

    return {
        "daily variation": np.median(daily.std(axis=1) / daily.mean(axis=1)),
        "daily correlation of two": np.corrcoef(daily)[pairs].mean(),
        "quarter-hour correlation of two": np.corrcoef(energy)[pairs].mean(),
        "memory of a day": memory(daily, 1),
        "memory of a quarter-hour": memory(energy, 1),
        "same hour of the next day": memory(energy, 96),
        "quarter-hour variation": np.median(energy.std(axis=1) / energy.mean(axis=1)),
        "peak over mean": np.median(energy.max(axis=1) / energy.mean(axis=1)),
    }


@pytest.fixture(scope="module")
def simulated():
    """Facts of our households, the mean over some winters: the weather of seven weeks differs a lot."""
    winters = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        loads = draw_loads(100, draw_weather(date(2025, 1, 1), DAYS, rng), rng)
        winters.append(facts(loads.power[loads.kind[loads.meter] == HOUSEHOLD]))
    return {name: float(np.mean([each[name] for each in winters])) for name in winters[0]}


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("daily variation", 0.18, 0.32),
        ("daily correlation of two", 0.15, 0.33),
        ("quarter-hour correlation of two", 0.02, 0.06),
    ],
)
def test_households_vary_as_much_and_as_much_together_as_the_study_found(simulated, name, least, most):
    assert least < simulated[name] < most


@pytest.mark.reference
def test_households_are_like_real_ones(simulated):
    """Within bands about real households, which are Swiss and in winter: many heat with electricity.

    So the correlation of two lies between that of small consumers, who do not, and that of all.
    """
    if not REAL.exists():
        pytest.skip("real households are not at hand: shared/data/loads lies beside the project")
    wh = pq.read_table(REAL)["wh"].combine_chunks().flatten().to_numpy().reshape(-1, DAYS * 96)
    energy = wh.clip(0).astype(float)[:300]
    level = energy.sum(axis=1) / DAYS
    energy, level = energy[level > 500], level[level > 500]
    real, small = facts(energy), facts(energy[level < 20_000])
    for name, factor in (
        ("daily variation", 1.5),
        ("memory of a quarter-hour", 1.4),
        ("same hour of the next day", 1.6),
        ("quarter-hour variation", 1.6),
    ):
        assert 1 / factor < simulated[name] / real[name] < factor, (name, simulated[name], real[name])
    for name in ("daily correlation of two", "quarter-hour correlation of two"):
        assert 0.5 * small[name] < simulated[name] < 1.2 * real[name], (name, simulated[name], real[name])
    assert 0.25 < simulated["memory of a day"] < 1.2 * real["memory of a day"]
    assert real["peak over mean"] / 1.3 < simulated["peak over mean"] < 1.5 * small["peak over mean"]


@pytest.fixture(scope="module")
def year():
    rng = np.random.default_rng(11)
    return draw_loads(300, draw_weather(date(2025, 1, 1), 60, rng), rng)


def test_levels_are_those_of_households_shops_and_empty_dwellings(year):
    level = daily_energy(year)
    assert 4 < np.median(level[year.kind == HOUSEHOLD]) < 6
    assert level[year.kind == VACANT].max() < 0.2
    assert np.median(level[year.kind == SHOP]) > 10
    assert 0.02 < (year.kind == VACANT).mean() < 0.09
    assert 0.01 < (year.kind == SHOP).mean() < 0.08


def test_no_load_is_negative_or_beyond_its_fuse(year):
    assert year.power.min() >= 0
    assert year.power.max() <= 18


def test_rows_of_a_shop_are_its_three_phases(year):
    for meter in np.flatnonzero(year.kind == SHOP):
        assert year.phase[year.meter == meter].tolist() == [0, 1, 2]


def test_household_is_known_by_its_own_habits(year):
    """The profile of a household's first month is more like its own second month than like anybody else's."""
    single = year.power[year.kind[year.meter] == HOUSEHOLD]
    profile = single.reshape(len(single), 2, 30, 96).mean(axis=2)
    likeness = np.corrcoef(profile[:, 0], profile[:, 1])[: len(single), len(single) :]
    assert (likeness.argmax(axis=1) == np.arange(len(single))).mean() > 0.9
