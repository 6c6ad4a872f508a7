"""Certificates as columns: what the rules of a chain ask for, of one certificate or of ten million.

Everything here is derived from the bytes of documents and from the log (`build.py`), and can be built again. Values
are in SI units. Days are proleptic ordinals (`date.toordinal`); NEVER stands for a day that is not given, which is
later than any. Codes index the lists of `Names`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from quanheng.evidence.records import BASES

Days = NDArray[np.int32]
Codes = NDArray[np.int32]
Small = NDArray[np.int8]
Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

NEVER = np.int32(2**31 - 1)
NONE = -1  # no row, no code
KINDS = ("verification", "calibration", "test")
AND = "\n"  # between the kinds of instruments of one certificate
DISTRIBUTIONS = ("normal", "rectangular", "t", "other")
OUTCOMES = ("pass", "fail")
ROUTES = tuple(BASES)  # of Scopes.basis
NATIONAL = ROUTES.index("national standard")
CHANGES = ("revoke", "supersede", "suspend", "resume")


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of one length, a row each of something."""

    def __len__(self) -> int:
        return len(getattr(self, dataclasses.fields(self)[0].name))

    @classmethod
    def of(cls, rows: list[dict[str, Any]]) -> Self:
        """Columns of rows given as mappings."""
        return cls(
            **{
                each.name: np.array([row[each.name] for row in rows], TYPES[str(each.type)])
                for each in dataclasses.fields(cls)
            }
        )

    def part(self, rows: Any) -> Self:
        """Some rows: a slice is a view."""
        return type(self)(**{each.name: getattr(self, each.name)[rows] for each in dataclasses.fields(self)})

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        return sum(getattr(self, each.name).nbytes for each in dataclasses.fields(self))


TYPES = {"Days": np.int32, "Codes": np.int32, "Small": np.int8, "Float": np.float64, "Flags": np.bool_}


@dataclass(frozen=True, eq=False)
class Certificates(Columns):
    """A certificate a row; standards stand before what they are used for (`level` rises)."""

    level: Small  # 0: uses nothing that is here; else one more than the highest it uses; NONE: in a circle
    own: Small  # Standing of the document by itself: form, signature, key, log, time
    kind: Small  # of KINDS
    issuer: Codes  # of Names.parties
    procedure: Codes  # of Names.procedures
    instrument: Codes  # kinds of instruments, of Names.instruments; NONE: none stated
    approval: Codes  # row of Approvals that covers the items, the first to end; NONE: none cited or found
    received: Days  # NEVER: not stated
    begun: Days
    ended: Days
    issued: Days
    due: Days
    logged: Days  # NEVER: not shown
    outcome: Small  # of the whole, of OUTCOMES; NONE: no decision
    rule: Codes  # decision rule, of Names.decisions; NONE
    validation: Float  # |y − y0| / sqrt(U² + U0²); NaN: no validation
    repeatability: Flags  # recorded
    stability: Flags


@dataclass(frozen=True, eq=False)
class Points(Columns):
    """A result a row, in the order of certificates. Of relative results value, u and limits are ratios to nominal."""

    certificate: Codes
    quantity: Codes  # of Names.quantities
    dimension: Codes  # of Names.dimensions, of the nominal value
    right: Codes  # (issuer, quantity, dimension, kind): of Rights
    nominal: Float
    value: Float
    u: Float  # standard uncertainty
    k: Float
    p: Float
    lower: Float  # −inf: none
    upper: Float
    inherited: Float  # standard uncertainty that the standards bring, in the unit of u
    relative: Flags
    fits: Flags  # its units measure the quantity that it names
    acted: Flags  # its standards account for it, or it has none
    limited: Flags  # a limit is stated
    comparable: Flags  # u is of the quantity of the nominal value (ohms of a thermometer are not)
    distribution: Small
    outcome: Small  # of OUTCOMES; NONE
    uses: Codes  # number of uses


@dataclass(frozen=True, eq=False)
class Uses(Columns):
    """A standard at work for a point, in the order of points."""

    point: Codes
    certificate: Codes  # of the point
    standard: Codes  # row of Certificates; NONE: not at hand
    at: Float
    acting: Float  # what it brings to the point, with its sign, in the unit of the point's u; NaN: not known
    supporter: Codes  # row of the standard's point that supports it, the less certain of two; NONE
    support: Small  # of SUPPORT


SUPPORT = ("supported", "quantity", "unit", "range")


@dataclass(frozen=True, eq=False)
class Conditions(Columns):
    """Influence quantities of certificates, in the order of certificates."""

    certificate: Codes
    quantity: Codes  # of Names.conditions
    lower: Float
    upper: Float


@dataclass(frozen=True, eq=False)
class Scopes(Columns):
    """What parties may do, in the order of `right`: one row for each right that a scope covers."""

    right: Codes
    lower: Float
    upper: Float
    absolute: Float
    relative: Float
    basis: Small  # of ROUTES
    since: Days
    until: Days
    logged: Days


@dataclass(frozen=True, eq=False)
class Statuses(Columns):
    """What was withdrawn, in the order of certificates."""

    certificate: Codes
    change: Small  # of CHANGES
    since: Days
    logged: Days


@dataclass(frozen=True, eq=False)
class Approvals(Columns):
    """Type approvals."""

    instrument: Codes
    since: Days
    until: Days
    logged: Days


@dataclass(frozen=True)
class Names:
    """What the codes stand for; digests name certificates, items and numbers are for people."""

    parties: tuple[str, ...]
    scoped: frozenset[str]  # parties of which any scope is known
    quantities: tuple[str, ...]
    dimensions: tuple[str, ...]
    conditions: tuple[str, ...]
    procedures: tuple[str, ...]
    instruments: tuple[str, ...]
    decisions: tuple[tuple[str, float | None, float | None], ...]  # rule, guard ratio, risk
    rights: tuple[tuple[int, int, int, int], ...]  # issuer, quantity, dimension, kind


@dataclass(frozen=True, eq=False)
class Chain:
    """Certificates and all that they are judged by."""

    certificates: Certificates
    points: Points
    uses: Uses
    conditions: Conditions
    scopes: Scopes
    statuses: Statuses
    approvals: Approvals
    names: Names
    digests: NDArray[np.void]  # (n,) of 32 bytes
    items: tuple[tuple[str, ...], ...] | NDArray[np.object_]  # identifiers of each certificate's items
    numbers: tuple[str, ...] | NDArray[np.object_]
    point_names: tuple[str, ...] | NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.certificates)

    def row(self, digest: str) -> int:
        """The row of a certificate by its digest, hexadecimal; NONE: it is not here."""
        try:
            wanted = np.frombuffer(bytes.fromhex(digest), np.uint64)
        except ValueError:
            return NONE
        words = self.digests.view(np.uint64).reshape(-1, 4)
        if wanted.shape != (4,):
            return NONE
        near = np.flatnonzero(words[:, 0] == wanted[0])
        exact = near[(words[near] == wanted).all(axis=1)]
        return int(exact[0]) if len(exact) else NONE

    def digest(self, row: int) -> str:
        """The digest of a certificate, hexadecimal."""
        return bytes(self.digests[row]).hex()
