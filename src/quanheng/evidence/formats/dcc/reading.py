"""A certificate read from the DCC that `writing.py` writes.

Certificates of other laboratories say things in other places. One is read only where its results stand where ours do;
what is missing is told as `BadDocument`.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, TypeVar

from quanheng.evidence import xml
from quanheng.evidence.certificate import (
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
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.dcc.names import DCC, SI
from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.units import from_dsi

E = TypeVar("E", Kind, Outcome)


def read(data: bytes) -> Certificate:
    """The certificate that bytes hold. Raises BadXml where they are no XML, BadDocument where a part is missing."""
    return read_root(xml.parse(data))


def is_ours(root: Any) -> bool:
    """Whether a certificate says things where `writing.py` says them."""
    path = _path("administrativeData/statements/statement")
    return any(each.get("refType") == "qh_kind" for each in root.iterfind(path))


def read_root(root: Any) -> Certificate:
    """The certificate of a document that was parsed. Raises BadDocument where a part is missing."""
    if root.tag != f"{{{DCC}}}digitalCalibrationCertificate":
        raise BadDocument("不是数字校准证书（DCC）/ is no digital calibration certificate (DCC)")
    statements = _Statements(_one(root, "administrativeData"))
    core = _one(root, "administrativeData/coreData")
    items = {each.get("id", ""): _item(each) for each in _all(root, "administrativeData/items/item")}
    result = _one(root, "measurementResults/measurementResult")
    standards = {
        each.get("id", ""): _text(each, "certificate/value")
        for each in _all(result, "measuringEquipments/measuringEquipment")
        if _find(each, "certificate") is not None
    }
    change, previous = (
        _text_or(core, "reportAmendedSubstituted/typeOfChange"),
        _text_or(core, "previousReport/value"),
    )
    decision, validation = statements.find("qh_decision"), statements.find("qh_validation")
    return Certificate(
        kind=_member(Kind, statements.text("qh_kind") or Kind.CALIBRATION.value),
        number=_text(core, "uniqueIdentifier"),
        issuer=_party(root, "administrativeData/calibrationLaboratory/contact", _text_or(
            root, "administrativeData/calibrationLaboratory/calibrationLaboratoryCode")),
        items=tuple(items.values()),
        begun=_day(core, "beginPerformanceDate"),
        ended=_day(core, "endPerformanceDate"),
        issued=_day(core, "issueDate") if _find(core, "issueDate") is not None else _day(core, "endPerformanceDate"),
        procedure=_text_or(result, "usedMethods/usedMethod/norm"),
        points=tuple(_point(each, items, standards) for each in _all(result, "results/result")),
        signatory=statements.text("qh_signatory"),
        customer=_party(root, "administrativeData/customer", statements.text("qh_customer"))
        if statements.text("qh_customer")
        else None,
        received=_day(core, "receiptDate") if _find(core, "receiptDate") is not None else None,
        due=_day(due, "date") if (due := statements.find("basic_recalibration")) is not None else None,
        interval_set_by=statements.text("qh_intervalSetBy"),
        place=statements.text("qh_place"),
        conditions=tuple(
            _condition(each)
            for each in _all(result, "influenceConditions/influenceCondition")
            if each.get("refType") != "qh_none"
        ),
        decision=None if decision is None else _decision(decision),
        validation=None if validation is None else _validation(validation),
        basis=statements.text("qh_basis"),
        amends=previous if change == "amended" else "",
        supersedes=previous if change == "substituted" else "",
        remarks=statements.texts("qh_remark"),
    )  # fmt: skip


# ---- elements --------------------------------------------------------------------------------------------------


@cache
def _path(path: str) -> str:
    return "/".join(f"{{{DCC}}}{name}" for name in path.split("/"))


def _find(parent: Any, path: str) -> Any:
    return parent.find(_path(path))


def _all(parent: Any, path: str) -> list[Any]:
    return list(parent.findall(_path(path)))


def _one(parent: Any, path: str) -> Any:
    found = _find(parent, path)
    if found is None:
        raise BadDocument(f"DCC 缺少 {path} / the DCC has no {path}")
    return found


def _text(parent: Any, path: str) -> str:
    return str(_one(parent, path).text or "")


def _text_or(parent: Any, path: str) -> str:
    found = _find(parent, path)
    return "" if found is None else str(found.text or "")


def _day(parent: Any, path: str) -> date:
    text = _text(parent, path)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadDocument(f"{path}：{text[:40]!r} 不是日期 / is no date") from error


def _member(kind: type[E], text: str) -> E:
    try:
        return kind(text)
    except ValueError as error:
        raise BadDocument(f"{text[:40]!r} 不是 {', '.join(kind)} 之一 / is none of them") from error


def _names(parent: Any, tag: str = "name") -> tuple[str, str]:
    """A text in Chinese, or in the first language that it has, and in English where that is another."""
    contents = _all(parent, f"{tag}/content")
    by_language = {each.get("lang"): str(each.text or "") for each in contents}
    first = str(contents[0].text or "") if contents else ""
    chinese = by_language.get("zh", first)
    english = by_language.get("en", "")
    return chinese, "" if english == chinese else english


def _party(parent: Any, path: str, identifier: str) -> Party:
    return Party(identifier, *_names(_one(parent, path)))


def _unit(real: Any) -> str:
    name = real.findtext(f"{{{SI}}}unit") or ""
    try:
        return from_dsi(name.strip()).symbol
    except UnitError as error:
        raise BadDocument(f"{error}") from error


def _float(parent: Any, name: str) -> float:
    text = parent.findtext(f"{{{SI}}}{name}")
    try:
        return float(text)
    except (TypeError, ValueError) as error:
        raise BadDocument(f"{name}：{str(text)[:40]!r} 不是数 / is no number") from error


def _figures(parent: Any, tag: str = "quantity") -> dict[str, tuple[float, str]]:
    """Single values with their units, by the first word of their refType."""
    found = {}
    for each in _all(parent, tag):
        real = each.find(f"{{{SI}}}real")
        if real is not None and each.get("refType"):
            found[each.get("refType").split()[0]] = (_float(real, "value"), _unit(real))
    return found


class _Statements:
    """Statements by their refType."""

    def __init__(self, administrative: Any) -> None:
        self._all = _all(administrative, "statements/statement")

    def find(self, kind: str) -> Any:
        return next((each for each in self._all if each.get("refType") == kind), None)

    def text(self, kind: str) -> str:
        return next(iter(self.texts(kind)), "")

    def texts(self, kind: str) -> tuple[str, ...]:
        return tuple(
            _text_or(each, "declaration/content") for each in self._all if each.get("refType") == kind
        )


# ---- parts -----------------------------------------------------------------------------------------------------


def _item(element: Any) -> Item:
    listed = _all(element, "identifications/identification")
    known = {each.get("refType"): _text(each, "value") for each in listed}
    by_issuer = {_text(each, "issuer"): _text(each, "value") for each in listed}
    serial = known.get(
        "basic_serialNumber", "" if "qh_identifier" in known else by_issuer.get("manufacturer", "")
    )
    chinese, english = _names(element)
    maker = _find(element, "manufacturer")
    return Item(
        known.get("qh_identifier", next(iter(by_issuer.values()), "")),
        chinese,
        _names(maker)[0] if maker is not None else "",
        _text_or(element, "model"),
        serial,
        english,
        _text_or(element, "equipmentClass/classID"),
        known.get("qh_typeApproval", ""),
    )


def _condition(element: Any) -> Condition:
    found = _figures(_one(element, "data"))
    if not {"qh_lower", "qh_upper"} <= found.keys():
        raise BadDocument("环境条件没有上下限 / an influence condition without its limits")
    (lower, unit), (upper, _) = found["qh_lower"], found["qh_upper"]
    return Condition(_names(element)[0], lower, upper, unit)


def _decision(element: Any) -> Decision:
    data = _find(element, "data")
    figures = _figures(data) if data is not None else {}
    ratio, risk = (figures[kind][0] if kind in figures else None for kind in ("qh_guardRatio", "qh_risk"))
    return Decision(_text(element, "convention"), _member(Outcome, _text(element, "conformity")), ratio, risk)


def _validation(element: Any) -> Validation:
    found = _figures(_one(element, "data"))
    try:
        (y, unit), (u, _), (y0, _), (u0, _) = (found[kind] for kind in ("qh_y", "qh_U", "qh_y0", "qh_U0"))
    except KeyError as error:
        raise BadDocument(f"结果验证缺少 {error} / the validation of results has no {error}") from error
    repeatability, stability = (
        found[kind][0] if kind in found else None for kind in ("qh_repeatability", "qh_stability")
    )
    return Validation(y, u, y0, u0, unit, repeatability, stability)


def _point(element: Any, items: dict[str, Item], standards: dict[str, str]) -> Point:
    data = _one(element, "data")
    quantities = {(each.get("refType") or "").split(" ")[0]: each for each in _all(data, "quantity")}
    measured = quantities.get("basic_measuredValue", quantities.get("basic_measurementError"))
    nominal = _figures(data).get("basic_nominalValue")
    real = measured.find(f"{{{SI}}}real") if measured is not None else None
    item = items.get(element.get("refId") or next(iter(items), ""))
    if measured is None or nominal is None or real is None or item is None:
        raise BadDocument(
            "结果没有标称值、测量值或器具 / a result without nominal value, measured value or item"
        )
    expanded = real.find(f"{{{SI}}}measurementUncertaintyUnivariate/{{{SI}}}expandedMU")
    if expanded is None:
        raise BadDocument("结果没有扩展不确定度 / a result without an expanded uncertainty")
    limits = next(
        (e for e in _all(measured, "measurementMetaData/metaData") if e.get("refType") == "qh_limits"), None
    )
    figures = (
        _figures(_find(limits, "data")) if limits is not None and _find(limits, "data") is not None else {}
    )
    outcome = _text_or(limits, "conformity") if limits is not None else ""
    return Point(
        identifier=element.get("id", ""),
        item=item.identifier,
        quantity=_names(element)[0],
        nominal=nominal[0],
        nominal_unit=nominal[1],
        value=_float(real, "value"),
        unit=_unit(real),
        expanded_uncertainty=_float(expanded, "valueExpandedMU"),
        coverage_factor=_float(expanded, "coverageFactor"),
        coverage_probability=_float(expanded, "coverageProbability"),
        distribution=expanded.findtext(f"{{{SI}}}distribution") or "normal",
        relative="qh_relative" in (measured.get("refType") or ""),
        lower=figures["qh_lower"][0] if "qh_lower" in figures else None,
        upper=figures["qh_upper"][0] if "qh_upper" in figures else None,
        outcome=_member(Outcome, outcome) if outcome else None,
        uses=tuple(_use(e, standards) for e in _all(measured, "measuringEquipments/measuringEquipment")),
    )


def _use(element: Any, standards: dict[str, str]) -> Use:
    place = element.get("refId", "")
    if place not in standards:
        raise BadDocument(f"引用了不存在的标准 {place[:40]!r} / refers to a standard that does not exist")
    quantities = _find(element, "measuringEquipmentQuantities")
    figures = _figures(quantities, "measuringEquipmentQuantity") if quantities is not None else {}
    if "qh_at" not in figures:
        raise BadDocument("所用标准没有使用点 / a standard without the value it was used at")
    at, unit = figures["qh_at"]
    sensitivity = figures["qh_sensitivity"][0] if "qh_sensitivity" in figures else 1.0
    return Use(standards[place], _names(element)[0], at, unit, sensitivity)
