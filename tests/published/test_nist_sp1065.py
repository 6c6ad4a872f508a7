"""Allan deviations of the 1000-point frequency data of NIST SP 1065 (W. J. Riley, 2008)."""

import pytest

from quanheng.measure.statistics.allan import allan_deviation, overlapping_allan_deviation


def frequencies() -> list[float]:
    """n ← 16807·n mod (2³¹ − 1) from n = 1234567890, over 2³¹ − 1."""
    n, out = 1234567890, []
    for _ in range(1000):
        out.append(n / 2147483647)
        n = 16807 * n % 2147483647
    return out


def test_allan_deviation() -> None:
    published = [0.2922319, 0.09965736, 0.03897804]
    assert allan_deviation(frequencies(), [1, 10, 100]) == pytest.approx(published, abs=5.1e-8)


def test_overlapping_allan_deviation() -> None:
    published = [0.2922319, 0.09159953, 0.03241343]
    assert overlapping_allan_deviation(frequencies(), [1, 10, 100]) == pytest.approx(published, abs=5.1e-8)
