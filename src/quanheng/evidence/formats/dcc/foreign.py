"""Certificates of other laboratories, read as far as our model goes.

Results stand in many ways: single values, lists, hybrids with a second unit; with the uncertainty of D-SI 1 or 2. The
quantities that stand together in a list belong together: one says where on the range (nominal or reference value),
one what was found (measurement error or measured value). What is not understood is remarked upon, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from quanheng.evidence.answer import Reason
from quanheng.evidence.certificate import LARGEST, Certificate, Item, Kind, Party, Point
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.dcc.names import DCC
from quanheng.evidence.number import number_of
from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.units import symbol_of_dsi

FOUND = ("basic_measurementError", "basic_measuredValue")  # what a result says, the first that there is
PLACES = ("basic_nominalValue", "basic_referenceValue", "basic_measuredValue")  # where on the range
RESULT = "measurementResults/measurementResult/results/result"
MOST = 100_000  # points
NORMAL = "normal"


@dataclass(frozen=True)
class Link:
    """A document that a certificate refers to by the digest of its bytes."""

    name: str  # element: "certificate", "previousReport", "linkedReport"
    procedure: str  # of the digest, as written
    value: str


@dataclass(frozen=True)
class Figures:
    """A quantity: values and, where they are given, expanded uncertainties of the same number."""

    words: tuple[str, ...]  # refType
    name: str
    values: Sequence[float]
    units: Sequence[str]
    expanded: Sequence[float]  # empty: none
    k: Sequence[float]
    p: Sequence[float]
    distribution: str


def read(root: Any) -> tuple[Certificate, tuple[Reason, ...]]:
    """What a certificate says, and remarks on what could not be read. Raises BadDocument where no core is found."""
    core = _one(root, "administrativeData/coreData")
    begun = _day(core, "beginPerformanceDate")
    ended = _day(core, "endPerformanceDate")
    items = tuple(_item(each) for each in root.iterfind(_path("administrativeData/items/item")))
    points: list[Point] = []
    remarks: list[Reason] = []
    for n, result in enumerate(root.iterfind(_path(RESULT)), 1):
        _points(result, n, items, points, remarks)
    return Certificate(
        Kind.CALIBRATION,
        number_of(_text(core, "uniqueIdentifier")),
        _laboratory(root),
        items,
        begun,
        ended,
        _day(core, "issueDate") if core.find(_path("issueDate")) is not None else ended,
        _norm(root),
        tuple(points),
        customer=_customer(root),
        received=_day(core, "receiptDate") if core.find(_path("receiptDate")) is not None else None,
    ), tuple(remarks)


def links(root: Any) -> list[Link]:
    """Every document that a certificate refers to by a digest."""
    return [
        Link(name, _text(each, "procedure"), _text(each, "value"))
        for name in ("certificate", "previousReport", "linkedReport")
        for each in root.iter(f"{{{DCC}}}{name}")
        if each.find(_path("value")) is not None
    ]


# ---- administrative --------------------------------------------------------------------------------------------


def _path(path: str) -> str:
    return "/".join(f"{{{DCC}}}{name}" for name in path.split("/"))


def _one(parent: Any, path: str) -> Any:
    found = parent.find(_path(path))
    if found is None:
        raise BadDocument(f"DCC 缺少 {path} / the DCC has no {path}")
    return found


def _text(parent: Any, path: str) -> str:
    found = parent.find(_path(path))
    return "" if found is None else "".join(found.itertext()).strip()


def _day(parent: Any, path: str) -> date:
    text = _text(parent, path)[:10]
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadDocument(f"{path}：{text!r} 不是日期 / is no date") from error


def _name(parent: Any) -> str:
    """A name in Chinese, English, or the first language that there is."""
    if parent is None:
        return ""
    contents = parent.findall(_path("name/content"))
    by_language = {each.get("lang"): str(each.text or "").strip() for each in contents}
    return by_language.get("zh") or by_language.get("en") or next(iter(by_language.values()), "")


def _laboratory(root: Any) -> Party:
    laboratory = _one(root, "administrativeData/calibrationLaboratory")
    name = _name(laboratory.find(_path("contact")))
    return Party(_text(laboratory, "calibrationLaboratoryCode") or name, name)


def _customer(root: Any) -> Party | None:
    name = _name(root.find(_path("administrativeData/customer")))
    return Party(name, name) if name else None


def _item(element: Any) -> Item:
    numbers = [_text(each, "value") for each in element.iterfind(_path("identifications/identification"))]
    maker = _name(element.find(_path("manufacturer")))
    serial = numbers[0] if numbers else ""
    return Item(serial or _name(element), _name(element), maker, _text(element, "model"), serial)


def _norm(root: Any) -> str:
    for each in root.iter(f"{{{DCC}}}usedMethod"):
        return _text(each, "norm") or _name(each)
    return ""


# ---- results ---------------------------------------------------------------------------------------------------


def _points(
    result: Any, number: int, items: Sequence[Item], points: list[Point], remarks: list[Reason]
) -> None:
    groups = [each for each in result.iter(f"{{{DCC}}}list") if each.find(_path("quantity")) is not None]
    groups += [each for each in result.iterfind(_path("data")) if each.find(_path("quantity")) is not None]
    where = f"result {number}"
    for k, group in enumerate(groups, 1):
        quantities = [
            found for each in group.iterfind(_path("quantity")) if (found := _figures(each)) is not None
        ]
        found = _chosen(quantities, FOUND) or next((each for each in quantities if each.expanded), None)
        place = _chosen(quantities, PLACES) or found
        if found is None or place is None or not found.expanded:
            remarks.append(Reason("results_unread", where))
            continue
        made = list(_paired(found, place, f"r{number}.{k}", items[0].identifier if items else ""))
        if not made or len(points) + len(made) > MOST:
            remarks.append(Reason("unit_unread" if not made else "results_unread", where))
            continue
        points += made
    if not groups:
        remarks.append(Reason("results_unread", where))


def _chosen(quantities: Sequence[Figures], words: Sequence[str]) -> Figures | None:
    for word in words:
        for each in quantities:
            if word in each.words:
                return each
    return None


def _paired(found: Figures, place: Figures, name: str, item: str) -> Iterator[Point]:
    """A point for each value; nothing where a unit is not on the list or the lengths differ."""
    n = len(found.values)
    told = (place.values, place.units, found.units, found.expanded, found.k, found.p)
    if any(len(each) != n for each in told):
        return
    try:
        units = [symbol_of_dsi(each) for each in found.units]
        places = [symbol_of_dsi(each) for each in place.units]
    except UnitError:
        return
    for i in range(n):
        yield Point(
            f"{name}.{i + 1}",
            item,
            found.name or place.name,
            place.values[i],
            places[i],
            found.values[i],
            units[i],
            found.expanded[i],
            found.k[i],
            found.p[i],
            found.distribution or NORMAL,
        )


def _figures(quantity: Any) -> Figures | None:
    """The numbers of a quantity; None: it holds none of a kind that is known here."""
    words = tuple((quantity.get("refType") or "").split())
    holder = next((each for each in quantity if _local(each) in ("real", "realListXMLList", "hybrid")), None)
    if holder is not None and _local(holder) == "hybrid":
        # the first is in a unit of the SI, as the hybrids of D-SI are meant
        holder = next((each for each in holder if _local(each) in ("real", "realListXMLList")), None)
    if holder is None:
        return None
    listed = "XMLList" if _local(holder) == "realListXMLList" else ""
    try:
        values = _numbers(_sub(holder, "value" + listed))
        units = (_sub(holder, "unit" + listed) or "").split()
        expanded, k, p, distribution = _expanded(holder, listed)
        n = len(values)
        return Figures(
            words, _name(quantity), values, _spread(units, n), _spread(expanded, n), _spread(k, n), _spread(p, n),
            distribution,
        )  # fmt: skip
    except ValueError:
        return None


def _expanded(holder: Any, listed: str) -> tuple[list[float], list[float], list[float], str]:
    """U, k, p and distribution, by D-SI 1 to 2.1 (expandedUnc) or 2.2 (expandedMU); empty where there are none."""
    for name, value in (("expandedUnc", "uncertainty"), ("expandedMU", "valueExpandedMU")):
        for each in holder.iter():
            if isinstance(each.tag, str) and _local(each) == name + listed:
                distribution = (
                    _sub(each, "distribution" + listed) or _sub(each, "distribution") or ""
                ).split()
                return (
                    _numbers(_sub(each, value + listed)),
                    _numbers(_sub(each, "coverageFactor" + listed)),
                    _numbers(_sub(each, "coverageProbability" + listed)),
                    distribution[0] if distribution else "",
                )
    return [], [], [], ""


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _sub(parent: Any, name: str) -> str | None:
    return next(("".join(each.itertext()) for each in parent if _local(each) == name), None)


def _numbers(text: str | None) -> list[float]:
    numbers = [float(word) for word in (text or "").split()]
    if not all(abs(each) <= LARGEST for each in numbers):
        raise ValueError(text)
    return numbers


def _spread(found: Sequence[Any], n: int) -> Sequence[Any]:
    """One entry stands for all."""
    return list(found) * n if len(found) == 1 else found
