"""What `--fault` accepts, and what it says where it does not."""

from __future__ import annotations

import pytest

from quanheng.ground import errors
from quanheng.work.simulate.faults import FAULTS, Fault, parse_fault, parse_faults
from quanheng.work.simulate.world import World


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("theft", Fault("theft")),
        ("theft:3.5", Fault("theft", 3.5)),
        ("missing:0.01", Fault("missing", 0.01)),
        ("swap", Fault("swap")),
    ],
)
def test_fault_is_a_name_and_perhaps_a_value(text, fault):
    assert parse_fault(text) == fault


def test_unknown_fault_is_refused_with_the_names_of_all():
    with pytest.raises(errors.Fault) as refused:
        parse_fault("lightning")
    assert all(name in str(refused.value) for name in FAULTS)


@pytest.mark.parametrize(
    "text",
    [
        "missing",
        "missing:1",
        "missing:-0.1",
        "missing:0",
        "missing:much",
        "theft:nan",
        "theft:inf",
        "swap:2",
        "clock:",
        "step:",
    ],
)
def test_value_that_means_nothing_is_refused_by_the_fault_s_own_text(text):
    with pytest.raises(errors.Fault, match=text.partition(":")[0]):
        parse_fault(text)


def test_fault_given_twice_is_refused():
    with pytest.raises(errors.Fault, match="clock"):
        parse_faults(["clock:60", "clock:120"])


def test_fault_without_a_value_has_its_usual_size():
    world = World(meters=1, days=1, faults=parse_faults(["theft", "swap"]))
    assert world.fault("theft") == 8.0
    assert world.fault("theft", usual=0.5) == 0.5
    assert world.fault("swap") == 1.0
    assert world.fault("step") is None
