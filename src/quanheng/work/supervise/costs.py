"""What orders are weighed by."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from quanheng.ground.digest import read_toml
from quanheng.ground.errors import BadTable


@dataclass(frozen=True)
class Costs:
    """What orders are weighed by; amounts in one currency (defaults: yuan). Zero or more, all of them."""

    visit: float = 60.0  # one visit to one address
    exchange: float = 150.0  # a meter and its exchange, beside the visit
    price_electricity: float = 0.55  # per kWh
    price_water: float = 4.0  # per m³
    price_gas: float = 3.0  # per m³
    price_heat: float = 0.25  # per kWh
    harm: float = 1.0  # what an unfair bill harms beyond its amount, as a multiple of the amount
    horizon_years: float = 4.0  # how long an error would go on if nobody looked
    theft_years: float = 1.0  # how long consumption without a meter would go on
    theft_found: float = 0.5  # probability that a visit finds its cause
    verdict: float = 5.0  # worth of verdicts for one more meter
    sample: float = 80.0  # worth of one random check: without them recall is unknown
    sample_share: float = 0.1  # random checks for each other visit, at least; and one in each stratum

    def price(self, utility: str) -> float:
        """Per kWh or m³."""
        return float(getattr(self, f"price_{utility}"))


def read_costs(path: Path | None) -> Costs:
    """Costs from a TOML file; what it does not name keeps its default. Raises BadTable naming the key."""
    if path is None:
        return Costs()
    try:
        found = read_toml(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadTable(f"{path}：读不出来（{error}） / {path}: cannot be read as TOML: {error}") from error
    known = [f.name for f in fields(Costs)]
    for key, value in found.items():
        if key not in known:
            raise BadTable(
                f"{path}：不认识 {key}；可用 {'、'.join(known)}"
                f" / {path}: unknown key {key!r}; known are {', '.join(known)}"
            )
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0 <= value < float("inf"):
            raise BadTable(
                f"{path}：{key} = {value} 应为不小于 0 的数"
                f" / {path}: {key} = {value} should be a number of at least 0"
            )
    costs = Costs(**{key: float(value) for key, value in found.items()})
    if costs.theft_found > 1:
        raise BadTable(f"{path}：theft_found 是概率，不应大于 1 / {path}: theft_found is a probability")
    return costs
