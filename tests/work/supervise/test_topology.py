"""Meters booked to the wrong area: found by search, and the true area named."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pytest
from small_areas import city, scores

from quanheng.work.simulate.faults import Fault
from quanheng.work.simulate.world import SimulatedArea
from quanheng.work.supervise.areas import assess
from quanheng.work.supervise.findings import Assessment, TopologySuspect
from quanheng.work.supervise.membership import only
from quanheng.work.supervise.topology import (
    Candidate,
    Candidates,
    Correction,
    corrections,
    merge_candidates,
    score_candidates,
)


@cache
def searched(seed: int) -> tuple[tuple[SimulatedArea, ...], tuple[Assessment, ...], tuple[Candidates, ...]]:
    """Four areas in two swapped pairs, the look at each, and the candidates of each area."""
    areas = city(Fault("swap"), areas=4, meters=30, days=90, seed=seed)
    looks = tuple(assess(a.readings) for a in areas)
    suspects = [s for look in looks for s in look.suspects]
    return areas, looks, tuple(score_candidates(suspects, a.readings) for a in areas)


def booked_anew(seed: int) -> tuple[Correction, ...]:
    _, looks, found = searched(seed)
    candidates: Candidates = ()
    for each in found:
        candidates = merge_candidates(candidates, each)
    suspects = [s for look in looks for s in look.suspects]
    return corrections(suspects, candidates, {x.finding.area: x.foreign for x in looks if x.foreign})


@pytest.mark.parametrize("seed", [1, 2])
def test_swapped_meters_are_found_and_their_true_areas_named(seed: int) -> None:
    truth = {
        (m, booked, true)
        for a in searched(seed)[0]
        for m, booked, true in zip(a.truth.meter, a.truth.area, a.truth.true_area, strict=True)
        if booked != true
    }
    assert len(truth) == 4
    assert {(c.meter, c.from_area, c.to_area) for c in booked_anew(seed)} == truth


def test_the_order_of_the_areas_does_not_matter() -> None:
    _, _, found = searched(2)
    forwards: Candidates = ()
    backwards: Candidates = ()
    for each in found:
        forwards = merge_candidates(forwards, each)
    for each in reversed(found):
        backwards = merge_candidates(each, backwards)
    assert forwards == backwards


def test_an_area_with_its_foreign_meter_replaced_by_its_own_is_repaired() -> None:
    areas, _, _ = searched(2)
    fixes = booked_anew(2)
    first = areas[0]
    name = first.readings.area.area
    gone = {c.meter: c.evidence for c in fixes if c.from_area == name}
    joins = frozenset(c.meter for c in fixes if c.to_area == name)
    come = tuple(only(a.readings, joins) for a in areas if joins & set(a.readings.meters.meter))
    found = assess(first.readings, removed=gone, adopted=come)
    assert found.finding.health == "topology"
    assert found.finding.repaired
    assert found.meters.meter == first.readings.meters.meter
    assert found.meters.status.count("meter:foreign") == 1
    assert not found.suspects
    assert np.sqrt(np.mean(scores(found, first) ** 2)) < 1.4


def test_no_area_is_searched_for_what_it_lacks_itself() -> None:
    areas, looks, _ = searched(2)
    suspects = [s for s in looks[0].suspects if s.area == areas[0].readings.area.area]
    assert suspects
    assert score_candidates(suspects, areas[0].readings) == ()


def test_sound_areas_are_neither_suspect_nor_booked_anew() -> None:
    looks = [assess(a.readings) for a in city(areas=4, meters=30, days=90, seed=2)]
    assert not any(look.suspects or look.foreign for look in looks)


def suspect(area: str = "A") -> TopologySuspect:
    return TopologySuspect(area, "A", date(2025, 1, 1), np.zeros(3), 100.0, np.eye(3, dtype=np.float32))


def test_of_two_candidates_that_fit_alike_neither_is_taken() -> None:
    alike = (Candidate(0, "m1", "B", 60.0), Candidate(0, "m2", "B", 57.0))
    assert corrections([suspect()], alike, {"B": []}) == ()
    clear = (alike[0], Candidate(0, "m2", "B", 40.0))
    assert corrections([suspect()], clear, {"B": []}) == (Correction("m1", "B", "A", 60.0),)


def test_a_candidate_that_fits_where_it_is_booked_stays_there() -> None:
    assert corrections([suspect()], (Candidate(0, "m1", "B", 90.0),), {}) == ()


def test_a_foreign_meter_that_nobody_claims_has_no_true_area() -> None:
    assert corrections([], (), {"B": [("m1", 80.0)]}) == (Correction("m1", "B", None, 80.0),)


def test_a_meter_is_booked_to_one_area_only() -> None:
    two = (Candidate(0, "m1", "B", 60.0), Candidate(1, "m1", "B", 90.0))
    found = corrections([suspect("A"), suspect("C")], two, {"B": [("m1", 50.0)]})
    assert found == (Correction("m1", "B", "C", 140.0),)
