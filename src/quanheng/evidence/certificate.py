"""What a certificate of calibration, verification or test says: who measured what, with what, and what was found.

The bytes of a certificate are kept as they are; this is what is read from them (formats/), and what they are written
from. Figures stand in the certificate's own units; `measure/` brings them to the SI. Days are ISO 8601.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

LARGEST = 1e60
"""Of a figure, in SI units: nothing in the world is larger, and ratios and squares of two stay within a float."""


class Kind(StrEnum):
    """Kind of a certificate (JJF 1001: 检定、校准; ISO/IEC 17025: test)."""

    VERIFICATION = "verification"
    CALIBRATION = "calibration"
    TEST = "test"


class Outcome(StrEnum):
    """What a statement of conformity says (JCGM 106, 3.3.1)."""

    PASS = "pass"
    FAIL = "fail"


@dataclass(frozen=True)
class Party:
    """A laboratory, institute or owner; the identifier is the one under which the authority binds keys and scopes."""

    identifier: str
    name: str  # in Chinese where it has a Chinese name
    name_english: str = ""


@dataclass(frozen=True)
class Item:
    """A measuring instrument or material measure."""

    identifier: str  # stable through its life: code of the register, e.g. the QR code on the instrument
    name: str
    maker: str
    model: str
    serial: str
    name_english: str = ""
    instrument: str = ""  # kind of instrument in the statutory sense, code of rules/instruments.toml
    type_approval: str = ""  # number of the type approval, where one is needed


@dataclass(frozen=True)
class Condition:
    """An influence quantity that was kept between two values, both in `unit`."""

    quantity: str  # "temperature", "relative humidity", "pressure", "voltage", …
    lower: float
    upper: float
    unit: str


@dataclass(frozen=True)
class Use:
    """A standard as used for a point: the certificate that speaks for it, and what it was used for."""

    certificate: str  # digest of the exact bytes of the standard's certificate
    quantity: str  # kind of quantity it realised
    at: float  # value it realised, in `unit`
    unit: str
    sensitivity: float = (
        1.0  # ∂(point's result)/∂(standard's value), of relative errors where the point is relative
    )


@dataclass(frozen=True)
class Point:
    """One result. `nominal`, in `nominal_unit`, says where on the range; value, uncertainty and limits are in `unit`.

    relative: value, expanded uncertainty and limits are ratios to the nominal value (errors of meters: unit "%").
    """

    identifier: str  # unique in the certificate, an XML name
    item: str  # Item.identifier
    quantity: str  # kind of quantity, as in measure/quantity/legal_units.KINDS or a plain name
    nominal: float
    nominal_unit: str
    value: float
    unit: str
    expanded_uncertainty: float
    coverage_factor: float
    coverage_probability: float
    distribution: str = "normal"
    relative: bool = False
    lower: float | None = None  # limits of permissible error or of the value
    upper: float | None = None
    outcome: Outcome | None = None
    uses: tuple[Use, ...] = ()

    @property
    def standard_uncertainty(self) -> float:
        """U/k, in `unit` (GUM 6.2.1)."""
        return self.expanded_uncertainty / self.coverage_factor


@dataclass(frozen=True)
class Validation:
    """What JJF 1033 asks of a measurement standard: its result y, U against y0, U0 of a higher or other standard."""

    y: float
    expanded_uncertainty: float
    y0: float
    expanded_uncertainty0: float
    unit: str
    repeatability: float | None = None  # experimental standard deviation, in `unit`
    stability: float | None = None  # largest change over the record, in `unit`


@dataclass(frozen=True)
class Decision:
    """The rule by which outcomes of points were decided, and the outcome of the whole."""

    rule: str  # a name of measure/conformity.RULES
    outcome: Outcome
    guard_ratio: float | None = None  # w/U for the rules that take it
    risk: float | None = None


@dataclass(frozen=True)
class Certificate:
    """A certificate. Dates: received ≤ begun ≤ ended ≤ issued; `due` is the day after which it no longer holds."""

    kind: Kind
    number: str
    issuer: Party
    items: tuple[Item, ...]
    begun: date
    ended: date
    issued: date
    procedure: str  # code with edition, e.g. "JJG 596-2012"
    points: tuple[Point, ...]
    signatory: str = ""  # role or name as printed
    customer: Party | None = None
    received: date | None = None
    due: date | None = None
    interval_set_by: str = (
        ""  # who set the interval: "procedure", "owner", "laboratory at the customer's wish"
    )
    place: str = ""
    conditions: tuple[Condition, ...] = ()
    decision: Decision | None = None
    validation: Validation | None = None
    basis: str = ""  # what entitles the issuer, as printed: number of the authorisation or accreditation
    amends: str = ""  # digest of the certificate that this one amends
    supersedes: str = ""  # digest of the certificate that this one replaces
    remarks: tuple[str, ...] = ()

    @property
    def standards(self) -> tuple[str, ...]:
        """Digests of the certificates of all standards used, each once, in order."""
        return tuple(dict.fromkeys(use.certificate for point in self.points for use in point.uses))
