"""What measures in the city: kinds, instruments, and the standards they are compared with."""

from quanheng.city.instruments.models.catalogue import CatalogueEntry, Cycle, Mode, Regime
from quanheng.city.instruments.models.ledger import FOR_THE_PUBLIC, Delivery, Instrument, Purpose, Status
from quanheng.city.instruments.models.standards import Coverage, MeasurementStandard, StandardKind

__all__ = [
    "FOR_THE_PUBLIC",
    "CatalogueEntry",
    "Coverage",
    "Cycle",
    "Delivery",
    "Instrument",
    "MeasurementStandard",
    "Mode",
    "Purpose",
    "Regime",
    "StandardKind",
    "Status",
]
