"""Which meter stands where: consumers that an area lacks, sought among the meters of all areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.gaps import fill
from quanheng.measure.misfit import free_variance_evidence
from quanheng.readings.batch import AreaReadings
from quanheng.work.supervise.findings import TopologySuspect
from quanheng.work.supervise.registers import continuous

Float = NDArray[np.float64]

KEPT = 10  # candidates kept for each suspect
LOOKED_AT = 3  # of each area, for each suspect, by the exact score
ENOUGH = 25.0  # nats by which the best candidate must raise the likelihood
CLEAR = 8.0  # nats by which it must beat the next


@dataclass(frozen=True)
class Candidate:
    """A meter whose energy, taken off the balance of a suspect, raises its likelihood by `evidence` nats."""

    suspect: int
    meter: str
    area: str
    evidence: float


Candidates = tuple[Candidate, ...]


@dataclass(frozen=True)
class Correction:
    """A meter that is booked in one area and stands in another; to_area None where it was not found."""

    meter: str
    from_area: str
    to_area: str | None
    evidence: float


def daily_energies(readings: AreaReadings, suspect: TopologySuspect) -> Float | None:
    """(days, n) kWh of each meter on the days of the suspect; None where the area has no daily registers for them."""
    registers = readings.registers
    if registers is None or 1440 % registers.step_minutes:
        return None
    registers, _ = continuous(registers)
    every = 1440 // registers.step_minutes
    freezes = registers.meter[:, ::every] * readings.meters.resolution[:, None]
    first = (suspect.start - registers.start).days
    days = len(suspect.weights)
    if first < 0 or first + days + 1 > freezes.shape[1]:
        return None
    span = freezes[:, first : first + days + 1]
    return fill(np.diff(span, axis=1), span, per_day=1).energy.T


def score_candidates(suspects: Sequence[TopologySuspect], readings: AreaReadings) -> Candidates:
    """The meters of an area as consumers that suspects lack; those of the suspect's own area are left out.

    Log-likelihood of y − z against y for y ~ N(0, S): z'S⁻¹y − ½ z'S⁻¹z, with the variance left free. All
    meters are ranked by their correlation with S⁻¹y, and the first few scored exactly.
    """
    spans: dict[tuple[date, int], list[int]] = {}
    for k, suspect in enumerate(suspects):
        if suspect.area != readings.area.area:
            spans.setdefault((suspect.start, len(suspect.weights)), []).append(k)
    found: list[Candidate] = []
    for group in spans.values():
        z = daily_energies(readings, suspects[group[0]])
        if z is None:
            continue
        reach = (
            np.stack([suspects[k].weights for k in group]) @ z
        )  # the most that a meter can gain, (suspects, n)
        rough = reach / np.maximum(np.linalg.norm(z - z.mean(axis=0), axis=0), 1e-9)
        for k, gains, ranks in zip(group, reach, rough, strict=True):
            found += scored(k, suspects[k], z, gains, ranks, readings)
    return merge_candidates(tuple(found), ())


def scored(
    k: int, suspect: TopologySuspect, z: Float, reach: Float, rough: Float, readings: AreaReadings
) -> list[Candidate]:
    """The best few meters of an area for one suspect, by the exact score."""
    out = []
    for j in np.argsort(-rough, kind="stable")[:LOOKED_AT]:
        if free_variance_evidence(suspect.chi_square, float(reach[j]), len(z)) <= CLEAR:
            continue
        gain = float(reach[j] - 0.5 * z[:, j] @ (suspect.precision @ z[:, j]))
        evidence = free_variance_evidence(suspect.chi_square, gain, len(z))
        if evidence > CLEAR:
            out.append(Candidate(k, readings.meters.meter[j], readings.area.area, evidence))
    return out


def merge_candidates(a: Candidates, b: Candidates) -> Candidates:
    """The best candidates of each suspect from two sets; the order of merging does not matter."""
    out: list[Candidate] = []
    ranked = sorted({*a, *b}, key=lambda c: (c.suspect, -c.evidence, c.meter))
    for k in sorted({c.suspect for c in ranked}):
        out += [c for c in ranked if c.suspect == k][:KEPT]
    return tuple(out)


def corrections(
    suspects: Sequence[TopologySuspect],
    candidates: Candidates,
    foreign: Mapping[str, Sequence[tuple[str, float]]],
) -> tuple[Correction, ...]:
    """The meters to book anew: each suspect takes its best candidate, if it is good enough and clearly the best.

    foreign: by area, the meters that do not fit where they are booked, with the evidence. A candidate that fits well
    where it is booked stays there; a foreign meter that no suspect claims is ordered without a true area.
    """
    misplaced = {meter: nats for listed in foreign.values() for meter, nats in listed}
    troubled = {s.area for s in suspects} | set(foreign)
    claims: list[tuple[float, str, str, str]] = []
    for k, suspect in enumerate(suspects):
        scored = sorted(
            (
                (c.evidence + misplaced.get(c.meter, 0.0), c.meter, c.area)
                for c in candidates
                if c.suspect == k and c.area in troubled
            ),
            reverse=True,
        )
        if scored and scored[0][0] >= ENOUGH and (len(scored) < 2 or scored[0][0] - scored[1][0] >= CLEAR):
            claims.append((scored[0][0], scored[0][1], scored[0][2], suspect.area))
    out: dict[str, Correction] = {}
    for evidence, meter, booked, to in sorted(claims, reverse=True):
        out.setdefault(meter, Correction(meter, booked, to, evidence))
    for area, listed in foreign.items():
        for meter, nats in listed:
            out.setdefault(meter, Correction(meter, area, None, nats))
    return tuple(out[m] for m in sorted(out))
