"""NIST Statistical Reference Datasets, univariate: mean, standard deviation and lag-1 autocorrelation.

Certified values are those of exact arithmetic on the printed decimals; so the hard sets are read as decimals.
"""

from decimal import Decimal

import pytest

from quanheng.measure.statistics.type_a import autocorrelation, type_a

# LEW.DAT: steel beam deflections
LEW = [
    -213, -564, -35, -15, 141, 115, -420, -360, 203, -338, -431, 194, -220, -513, 154, -125, -559, 92,
    -21, -579, -52, 99, -543, -175, 162, -457, -346, 204, -300, -474, 164, -107, -572, -8, 83, -541,
    -224, 180, -420, -374, 201, -236, -531, 83, 27, -564, -112, 131, -507, -254, 199, -311, -495, 143,
    -46, -579, -90, 136, -472, -338, 202, -287, -477, 169, -124, -568, 17, 48, -568, -135, 162, -430,
    -422, 172, -74, -577, -13, 92, -534, -243, 194, -355, -465, 156, -81, -578, -64, 139, -449, -384,
    193, -198, -538, 110, -44, -577, -6, 66, -552, -164, 161, -460, -344, 205, -281, -504, 134, -28,
    -576, -118, 156, -437, -381, 200, -220, -540, 83, 11, -568, -160, 172, -414, -408, 188, -125, -572,
    -32, 139, -492, -321, 205, -262, -504, 142, -83, -574, 0, 48, -571, -106, 137, -501, -266, 190,
    -391, -406, 194, -186, -553, 83, -13, -577, -49, 103, -515, -280, 201, 300, -506, 131, -45, -578,
    -80, 138, -462, -361, 201, -211, -554, 32, 74, -533, -235, 187, -372, -442, 182, -147, -566, 25,
    68, -535, -244, 194, -351, -463, 174, -125, -570, 15, 72, -550, -190, 172, -424, -385, 198, -218,
    -536, 96,
]  # fmt: skip


def alternating(base: str) -> list[Decimal]:
    """Base + 0.2, then base + 0.1 and base + 0.3 five hundred times."""
    b = Decimal(base)
    return [b + Decimal("0.2"), *[b + Decimal("0.1"), b + Decimal("0.3")] * 500]


SETS = [
    ([Decimal(10000001), Decimal(10000003), Decimal(10000002)], 10000002, 1.0, -0.5),
    (alternating("1"), 1.2, 0.1, -0.999),
    (alternating("1000000"), 1000000.2, 0.1, -0.999),
    (alternating("10000000"), 10000000.2, 0.1, -0.999),
]


@pytest.mark.parametrize(("data", "mean", "s", "r1"), SETS, ids=["NumAcc1", "NumAcc2", "NumAcc3", "NumAcc4"])
def test_numerically_hard_sets(data: list[Decimal], mean: float, s: float, r1: float) -> None:
    result = type_a(data)
    assert float(result.mean) == pytest.approx(mean, rel=1e-9)
    assert float(result.s) == pytest.approx(s, abs=1e-12)
    assert float(autocorrelation(data)) == pytest.approx(r1, abs=1e-12)


@pytest.mark.parametrize(("data", "mean", "s", "r1"), SETS[1:], ids=["NumAcc2", "NumAcc3", "NumAcc4"])
def test_what_floating_point_kept_of_them(data: list[Decimal], mean: float, s: float, r1: float) -> None:
    # binary numbers near 10⁷ hold the tenths to 1e-9 only, and no algorithm can bring back more
    assert float(type_a([float(x) for x in data]).s) == pytest.approx(s, abs=2e-9)


def test_lew() -> None:
    result = type_a(LEW)
    assert float(result.mean) == pytest.approx(-177.435, abs=1e-9)
    assert float(result.s) == pytest.approx(277.3321680443161, abs=1e-9)
    assert float(autocorrelation(LEW)) == pytest.approx(-0.30730480060567955, abs=1e-9)
