"""A certificate read from the DCC that `writing.py` writes.

Certificates of other laboratories say things in other places. One is read only where its results stand where ours do;
what is missing is told as `BadDocument`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from quanheng.evidence import xml
from quanheng.evidence.certificate import (
    LARGEST,
    Certificate,
    Condition,
    Decision,
    Item,
    Kind,
    Outcome,
    Party,
    Point,
    Use,
    Validation,
)
from quanheng.evidence.errors import BadDocument, BadFigure, BadUnit
from quanheng.evidence.formats.dcc.names import DCC, SI
from quanheng.evidence.number import number_of
from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.units import from_dsi, symbol_of_dsi

E = TypeVar("E", Kind, Outcome)
Parts = Mapping[str, Any]
"""Children of an element by name, of those of which there may be many the first; those of D-SI go by "si:"."""
NOTHING: tuple[Any, Parts] = None, {}
ROOT = f"{{{DCC}}}digitalCalibrationCertificate"
MANY = frozenset({"usedLangCodeISO639_1", "mandatoryLangCodeISO639_1", "content", "file", "link"})
"""Beside what is listed, what may stand many times in one place. Of the rest a second is refused: readers differ over
which of two counts."""
ONCE = frozenset({
    "qh_kind", "qh_customer", "qh_signatory", "qh_intervalSetBy", "qh_place", "qh_basis", "qh_decision",
    "qh_validation", "basic_recalibration", "qh_limits",
})  # fmt: skip
"""Statements and metadata that one certificate, or one result, has once."""


def read(data: bytes) -> Certificate:
    """The certificate that bytes hold. Raises BadXml where they are no XML, BadDocument where a part is missing."""
    return read_root(xml.parse(data, blanks=False))


def is_ours(root: Any) -> bool:
    """Whether a certificate says things where `writing.py` says them."""
    statements = _parts(_parts(root).get("administrativeData")).get("statements")
    return any(each.get("refType") == "qh_kind" for each in _all(statements, "statement"))


def read_root(root: Any) -> Certificate:
    """The certificate of a document that was parsed. Raises BadDocument where a part is missing."""
    if root.tag != ROOT:
        raise BadDocument("不是数字校准证书（DCC）/ is no digital calibration certificate (DCC)")
    whole = _parts(root)
    administrative = _opened(whole, "administrativeData")
    core = _opened(administrative, "coreData")
    laboratory = _opened(administrative, "calibrationLaboratory")
    result = _opened(_opened(whole, "measurementResults"), "measurementResult")
    statements = _Statements(administrative.get("statements"))
    items = {each.get("id", ""): _item(each) for each in _all(administrative.get("items"), "item")}
    standards = _standards(result.get("measuringEquipments"))
    change = _text_or(_parts(core.get("reportAmendedSubstituted")), "typeOfChange")
    previous = _text_or(_parts(core.get("previousReport")), "value")
    customer, due = statements.text("qh_customer"), statements.parts("basic_recalibration")
    decision, validation = statements.parts("qh_decision"), statements.parts("qh_validation")
    return Certificate(
        kind=_member(Kind, statements.text("qh_kind") or Kind.CALIBRATION.value),
        number=number_of(_text(core, "uniqueIdentifier")),
        issuer=_party(laboratory, "contact", _text_or(laboratory, "calibrationLaboratoryCode")),
        items=tuple(items.values()),
        begun=_day(core, "beginPerformanceDate"),
        ended=_day(core, "endPerformanceDate"),
        issued=_day(core, "issueDate" if "issueDate" in core else "endPerformanceDate"),
        procedure=_text_or(_parts(_parts(result.get("usedMethods")).get("usedMethod")), "norm"),
        points=tuple(_point(each, items, standards) for each in _all(_one(result, "results"), "result")),
        signatory=statements.text("qh_signatory"),
        customer=_party(administrative, "customer", customer) if customer else None,
        received=_day(core, "receiptDate") if "receiptDate" in core else None,
        due=None if due is None else _day(due, "date"),
        interval_set_by=statements.text("qh_intervalSetBy"),
        place=statements.text("qh_place"),
        conditions=tuple(
            _condition(_parts(each))
            for each in _all(result.get("influenceConditions"), "influenceCondition")
            if each.get("refType") != "qh_none"
        ),
        decision=None if decision is None else _decision(decision),
        validation=None if validation is None else _validation(validation),
        basis=statements.text("qh_basis"),
        amends=previous if change == "amended" else "",
        supersedes=previous if change == "substituted" else "",
        remarks=statements.texts("qh_remark"),
    )


# ---- elements --------------------------------------------------------------------------------------------------


@lru_cache(1024)
def _short(tag: Any) -> str:
    space, _, name = str(tag).rpartition("}")
    return {f"{{{DCC}": name, f"{{{SI}": f"si:{name}"}.get(space, "")


def _parts(element: Any) -> Parts:
    """The parts of an element. One walk over its children is quicker than a search for each."""
    found: dict[str, Any] = {}
    for each in () if element is None else element:
        name = _short(each.tag)
        if name not in found:
            found[name] = each
        elif name and name not in MANY:
            raise _twice(name)
    return found


def _twice(name: str) -> BadDocument:
    return BadDocument(f"{name[:40]} 出现两次 / {name[:40]} stands twice in one place")


def _all(element: Any, name: str) -> list[Any]:
    """Every child of a name."""
    return [] if element is None else [each for each in element if _short(each.tag) == name]


def _one(parts: Parts, name: str) -> Any:
    if name not in parts:
        raise BadDocument(f"DCC 缺少 {name} / the DCC has no {name}")
    return parts[name]


def _opened(parts: Parts, name: str) -> Parts:
    return _parts(_one(parts, name))


def _text(parts: Parts, name: str) -> str:
    return _one(parts, name).text or ""


def _text_or(parts: Parts, name: str) -> str:
    return _text(parts, name) if name in parts else ""


def _day(parts: Parts, name: str) -> date:
    text = _text(parts, name)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadDocument(f"{name}：{text[:40]!r} 不是日期 / is no date") from error


def _member(kind: type[E], text: str) -> E:
    try:
        return kind(text)
    except ValueError as error:
        raise BadDocument(f"{text[:40]!r} 不是 {', '.join(kind)} 之一 / is none of them") from error


def _names(parts: Parts) -> tuple[str, str]:
    """The name in Chinese, or in the first language that it has, and in English where that is another."""
    texts = [(each.get("lang"), each.text or "") for each in _all(parts.get("name"), "content")]
    first = texts[0][1] if texts else ""
    by_language = dict(texts)
    if len(by_language) < len(texts):
        raise _twice("content")
    chinese, english = by_language.get("zh", first), by_language.get("en", "")
    return chinese, "" if english == chinese else english


def _party(parts: Parts, name: str, identifier: str) -> Party:
    return Party(identifier, *_names(_opened(parts, name)))


def _float(parts: Parts, name: str) -> float:
    text = _text(parts, name)
    try:
        number = float(text)
    except ValueError as error:
        raise BadDocument(f"{name}：{text[:40]!r} 不是数 / is no number") from error
    if number != number:  # D-SI can say NaN
        raise BadDocument(f"{name}：{text[:40]!r} 不是数 / is no number")
    if abs(number) > LARGEST:
        raise BadFigure(f"{name}：{text[:40]!r} 超出 {LARGEST:g} / is beyond {LARGEST:g}")
    return number


def _figure(real: Parts) -> tuple[float, str]:
    """A single value with its unit."""
    value, name = _float(real, "si:value"), _text_or(real, "si:unit").strip()
    try:
        unit, symbol = from_dsi(name), symbol_of_dsi(name)
    except UnitError as error:
        raise BadUnit(f"{error}") from error
    if abs(unit.to_si(value)) > LARGEST:
        raise BadFigure(
            f"{value} {symbol} 超出 {LARGEST:g} SI / {value} {symbol} is beyond {LARGEST:g} in SI"
        )
    return value, symbol


def _quantities(data: Any, name: str = "quantity") -> dict[str, tuple[Any, Parts]]:
    """Quantities and their parts, by the first word of their refType."""
    found: dict[str, tuple[Any, Parts]] = {}
    for each in _all(data, name):
        for kind in (each.get("refType") or "").split()[:1]:
            if kind in found:
                raise _twice(kind)
            found[kind] = each, _parts(each)
    return found


def _figures(data: Any, name: str = "quantity") -> dict[str, tuple[float, str]]:
    """Single values with their units, by the first word of their refType."""
    return {
        kind: _figure(_parts(parts["si:real"]))
        for kind, (_, parts) in _quantities(data, name).items()
        if "si:real" in parts
    }


def _in_unit(figures: Mapping[str, tuple[float, str]], kinds: Iterable[str], unit: str) -> list[float | None]:
    """The figures of some kinds, all in one unit; None where one is not stated."""
    for kind in kinds:
        if kind in figures and figures[kind][1] != unit:
            raise BadDocument(
                f"{kind} 的单位是 {figures[kind][1]}，应为 {unit} / {kind} is in {figures[kind][1]}, not in {unit}"
            )
    return [figures[kind][0] if kind in figures else None for kind in kinds]


def _of_kinds(parent: Any, name: str) -> list[tuple[str, Parts]]:
    """Children of a name by their refType, with their parts."""
    found = [(each.get("refType", ""), _parts(each)) for each in _all(parent, name)]
    kinds = [kind for kind, _ in found if kind in ONCE]
    if len(set(kinds)) < len(kinds):
        raise _twice(next(each for each in kinds if kinds.count(each) > 1))
    return found


class _Statements:
    """Statements by their refType. Older ones of ours say in the declaration what `reference` says today."""

    def __init__(self, statements: Any) -> None:
        self._all = _of_kinds(statements, "statement")

    def parts(self, kind: str) -> Parts | None:
        return next((parts for each, parts in self._all if each == kind), None)

    def text(self, kind: str) -> str:
        return next(iter(self.texts(kind)), "")

    def texts(self, kind: str) -> tuple[str, ...]:
        return tuple(
            _text(parts, "reference")
            if "reference" in parts
            else _text_or(_parts(parts.get("declaration")), "content")
            for each, parts in self._all
            if each == kind
        )


# ---- parts -----------------------------------------------------------------------------------------------------


def _item(element: Any) -> Item:
    parts = _parts(element)
    listed = _all(parts.get("identifications"), "identification")
    opened = [(each.get("refType"), _parts(each)) for each in listed]
    kinds = [kind for kind, _ in opened if kind]
    if len(set(kinds)) < len(kinds):  # readers differ over which of two counts
        raise BadDocument("器具的同一种标识出现两次 / an item has two identifications of one kind")
    known = {kind: _text(each, "value") for kind, each in opened}
    by_issuer = {_text(each, "issuer"): _text(each, "value") for _, each in reversed(opened)}
    serial = known.get(
        "basic_serialNumber", "" if "qh_identifier" in known else by_issuer.get("manufacturer", "")
    )
    chinese, english = _names(parts)
    return Item(
        known.get("qh_identifier", _text(opened[0][1], "value") if opened else ""),
        chinese,
        _names(_parts(parts.get("manufacturer")))[0],
        _text_or(parts, "model"),
        serial,
        english,
        _text_or(_parts(parts.get("equipmentClass")), "classID"),
        known.get("qh_typeApproval", ""),
    )


def _standards(equipments: Any) -> dict[str, str]:
    """Digests of the certificates of the standards, by the ids that they go by."""
    listed = ((each.get("id", ""), _parts(each)) for each in _all(equipments, "measuringEquipment"))
    return {
        place: _text(_opened(parts, "certificate"), "value")
        for place, parts in listed
        if "certificate" in parts
    }


def _condition(parts: Parts) -> Condition:
    found = _figures(_one(parts, "data"))
    if not {"qh_lower", "qh_upper"} <= found.keys():
        raise BadDocument("环境条件没有上下限 / an influence condition without its limits")
    (lower, unit), (upper, _) = found["qh_lower"], found["qh_upper"]
    _in_unit(found, ("qh_upper",), unit)
    return Condition(_names(parts)[0], lower, upper, unit)


def _decision(parts: Parts) -> Decision:
    ratio, risk = _in_unit(_figures(parts.get("data")), ("qh_guardRatio", "qh_risk"), "1")
    return Decision(_text(parts, "convention"), _member(Outcome, _text(parts, "conformity")), ratio, risk)


def _validation(parts: Parts) -> Validation:
    found = _figures(_one(parts, "data"))
    try:
        (y, unit), (u, _), (y0, _), (u0, _) = (found[kind] for kind in ("qh_y", "qh_U", "qh_y0", "qh_U0"))
    except KeyError as error:
        raise BadDocument(f"结果验证缺少 {error} / the validation of results has no {error}") from error
    _in_unit(found, ("qh_U", "qh_y0", "qh_U0"), unit)
    repeatability, stability = _in_unit(found, ("qh_repeatability", "qh_stability"), unit)
    return Validation(y, u, y0, u0, unit, repeatability, stability)


def _point(element: Any, items: Mapping[str, Item], standards: Mapping[str, str]) -> Point:
    parts = _parts(element)
    quantities = _quantities(_one(parts, "data"))
    if {"basic_measuredValue", "basic_measurementError"} <= quantities.keys():
        raise BadDocument("一个结果既有测量值又有误差 / one result with both a measured value and an error")
    _, nominal = quantities.get("basic_nominalValue", NOTHING)
    measured, found = quantities.get("basic_measuredValue", quantities.get("basic_measurementError", NOTHING))
    item = items.get(element.get("refId") or next(iter(items), ""))
    if "si:real" not in found or "si:real" not in nominal or item is None:
        raise BadDocument(
            "结果没有标称值、测量值或器具 / a result without nominal value, measured value or item"
        )
    at, at_unit = _figure(_parts(nominal["si:real"]))
    real = _parts(found["si:real"])
    value, unit = _figure(real)
    uncertainty = _parts(real.get("si:measurementUncertaintyUnivariate"))
    if "si:expandedMU" not in uncertainty:
        raise BadDocument("结果没有扩展不确定度 / a result without an expanded uncertainty")
    expanded = _parts(uncertainty["si:expandedMU"])
    lower, upper, outcome = _limits(found.get("measurementMetaData"), unit)
    return Point(
        identifier=element.get("id", ""),
        item=item.identifier,
        quantity=_names(parts)[0],
        nominal=at,
        nominal_unit=at_unit,
        value=value,
        unit=unit,
        expanded_uncertainty=_float(expanded, "si:valueExpandedMU"),
        coverage_factor=_float(expanded, "si:coverageFactor"),
        coverage_probability=_float(expanded, "si:coverageProbability"),
        distribution=_text_or(expanded, "si:distribution") or "normal",
        relative="qh_relative" in (measured.get("refType") or ""),
        lower=lower,
        upper=upper,
        outcome=outcome,
        uses=tuple(
            _use(each, standards) for each in _all(found.get("measuringEquipments"), "measuringEquipment")
        ),
    )


def _limits(metadata: Any, unit: str) -> tuple[float | None, float | None, Outcome | None]:
    """Lower and upper limit of a result in its unit, and whether it keeps them, as far as these are stated."""
    parts = dict(_of_kinds(metadata, "metaData")).get("qh_limits", {})
    lower, upper = _in_unit(_figures(parts.get("data")), ("qh_lower", "qh_upper"), unit)
    outcome = _text_or(parts, "conformity")
    return lower, upper, _member(Outcome, outcome) if outcome else None


def _use(element: Any, standards: Mapping[str, str]) -> Use:
    place, parts = element.get("refId", ""), _parts(element)
    if place not in standards:
        raise BadDocument(f"引用了不存在的标准 {place[:40]!r} / refers to a standard that does not exist")
    figures = _figures(parts.get("measuringEquipmentQuantities"), "measuringEquipmentQuantity")
    if "qh_at" not in figures:
        raise BadDocument("所用标准没有使用点 / a standard without the value it was used at")
    at, unit = figures["qh_at"]
    (stated,) = _in_unit(figures, ("qh_sensitivity",), "1")
    sensitivity = 1.0 if stated is None else stated
    if sensitivity == 0:
        raise BadDocument(
            "灵敏系数为 0：等于没有使用这件标准 / a sensitivity of 0: the standard was not used"
        )
    return Use(standards[place], _names(parts)[0], at, unit, sensitivity)
