"""A certificate written as a digital calibration certificate, DCC 3.3.0 with D-SI 2.2.1.

One certificate, one sequence of bytes. What DCC has a place for stands there; what it has none for stands in statements
and quantities whose refType begins with `qh_` (docs/methods/dcc.md). `reading.py` reads it all back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from lxml import etree

from quanheng import __version__
from quanheng.evidence.certificate import LARGEST, Certificate, Condition, Item, Point, Use
from quanheng.evidence.errors import BadDocument, BadForm
from quanheng.evidence.figures import plain
from quanheng.evidence.formats.dcc.names import DCC, SI, VERSION
from quanheng.evidence.number import number_of
from quanheng.ground.text import unfit
from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.units import parse_unit, to_dsi

NAMESPACES = {"dcc": DCC, "si": SI}


def write(certificate: Certificate) -> bytes:
    """The bytes of a certificate as DCC 3.3.0.

    Raises BadForm where something has no place in it: a unit without a name in D-SI, a figure that is not positive
    where it must be, an empty name.
    """
    if not (certificate.items and certificate.points):
        raise BadForm("证书至少有一个器具和一个结果 / a certificate has at least one item and one result")
    root = etree.Element(f"{{{DCC}}}digitalCalibrationCertificate", {"schemaVersion": VERSION}, NAMESPACES)
    try:
        number_of(certificate.number)
    except BadDocument as error:
        raise BadForm(str(error)) from error
    _administrative(root, certificate)
    _results(_dcc(root, "measurementResults"), certificate)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


# ---- elements --------------------------------------------------------------------------------------------------


def _dcc(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:
    said = {key: _plain(value) for key, value in attributes.items()}
    element = etree.SubElement(parent, f"{{{DCC}}}{name}", said)
    element.text = _plain(text) if text is not None else None
    return element


def _si(parent: Any, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{SI}}}{name}").text = _plain(text)


def _plain(text: str) -> str:
    if unfit(text) or "\r" in text:  # a carriage return, which a parser turns into another
        raise BadForm(
            f"{text[:40]!a} 中有控制字符或 XML 不容的字符"
            f" / characters that XML does not have, or control characters, in {text[:40]!a}"
        )
    return text


def _name(parent: Any, chinese: str, english: str = "", tag: str = "name") -> Any:
    """A text, in both languages where there are two."""
    if not chinese.strip():
        raise BadForm("名称不能为空 / a name must not be empty")
    element = _dcc(parent, tag)
    if english:
        _dcc(element, "content", chinese, lang="zh")
        _dcc(element, "content", english, lang="en")
    else:
        _dcc(element, "content", chinese)
    return element


def number(value: float) -> str:
    """A float as D-SI writes it: the shortest text that reads back as the same. BadForm beyond LARGEST."""
    if not abs(value) <= LARGEST:
        raise BadForm(f"{value} 不是 {LARGEST:g} 以内的数 / is not a number up to {LARGEST:g}")
    return repr(float(value))


def stated(value: float, U: float) -> tuple[str, str]:
    """A value and its U with the zeros at the end that they were stated with: −0.190 beside 0.049, not −0.19."""
    return plain(value, U) or (number(value), number(U))


def _unit(symbol: str, value: float) -> str:
    """The name of a unit in D-SI, in which a value stands."""
    try:
        unit = parse_unit(symbol)
        name = to_dsi(unit)
    except UnitError as error:
        raise BadForm(f"{symbol}：{error}") from error
    number(unit.to_si(value))
    return name


def _quantity(parent: Any, name: str, value: float | str, unit: str, kind: str, tag: str = "quantity") -> Any:
    """A quantity with a single value, a float or the text of one; its si:real stands last."""
    quantity = _dcc(parent, tag, refType=kind)
    _name(quantity, name)
    real = etree.SubElement(quantity, f"{{{SI}}}real")
    _si(real, "value", value if isinstance(value, str) else number(value))
    _si(real, "unit", _unit(unit, float(value)))
    return quantity


# ---- administrative data ---------------------------------------------------------------------------------------


def _administrative(root: Any, c: Certificate) -> None:
    data = _dcc(root, "administrativeData")
    _software(data, "dccSoftware")
    _core(_dcc(data, "coreData"), c)
    items = _dcc(data, "items")
    for k, item in enumerate(c.items, 1):
        _item(items, item, f"item{k}")
    laboratory = _dcc(data, "calibrationLaboratory")
    _dcc(laboratory, "calibrationLaboratoryCode", c.issuer.identifier)
    _contact(laboratory, "contact", c.issuer.name, c.issuer.name_english)
    person = _dcc(_dcc(data, "respPersons"), "respPerson")
    _name(_dcc(person, "person"), c.signatory or c.issuer.name)
    _dcc(person, "mainSigner", "true")
    customer = c.customer
    _contact(data, "customer", customer.name if customer else "—", customer.name_english if customer else "")
    _statements(_dcc(data, "statements"), c)


def _software(parent: Any, tag: str) -> None:
    software = _dcc(_dcc(parent, tag), "software")
    _name(software, "quanheng")
    _dcc(software, "release", f"v{__version__}")


def _core(core: Any, c: Certificate) -> None:
    _dcc(core, "countryCodeISO3166_1", "CN")
    for language in ("zh", "en"):
        _dcc(core, "usedLangCodeISO639_1", language)
    _dcc(core, "mandatoryLangCodeISO639_1", "zh")
    _dcc(core, "uniqueIdentifier", c.number)
    if c.received is not None:
        _dcc(core, "receiptDate", c.received.isoformat())
    _dcc(core, "beginPerformanceDate", c.begun.isoformat())
    _dcc(core, "endPerformanceDate", c.ended.isoformat())
    _dcc(core, "performanceLocation", "laboratory")
    _dcc(core, "issueDate", c.issued.isoformat())
    if c.amends and c.supersedes:
        raise BadForm("证书不能既修改又取代另一份 / a certificate either amends another or supersedes it")
    if c.amends or c.supersedes:
        change = _dcc(core, "reportAmendedSubstituted")
        _dcc(change, "typeOfChange", "amended" if c.amends else "substituted")
        _dcc(change, "replacedUniqueIdentifier", c.amends or c.supersedes)
        _hash(core, "previousReport", "前一份证书", "previous certificate", c.amends or c.supersedes)


def _hash(parent: Any, tag: str, chinese: str, english: str, digest: str) -> None:
    element = _dcc(parent, tag)
    _name(element, chinese, english, tag="referral")
    for name, text in (("referralID", digest), ("procedure", "SHA-256"), ("value", digest)):
        _dcc(element, name, text)


def _item(parent: Any, item: Item, identifier: str) -> None:
    element = _dcc(parent, "item", id=identifier)
    _name(element, item.name, item.name_english)
    if item.instrument:
        kind = _dcc(element, "equipmentClass", refType="qh_instrument")
        _dcc(kind, "reference", "quanheng")
        _dcc(kind, "classID", item.instrument)
    if item.maker:
        _name(_dcc(element, "manufacturer"), item.maker)
    if item.model:
        _dcc(element, "model", item.model)
    listed = _dcc(element, "identifications")
    for issuer, value, kind, chinese, english in (
        ("other", item.identifier, "qh_identifier", "器具编码", "code of the instrument"),
        ("manufacturer", item.serial, "basic_serialNumber", "出厂编号", "serial number"),
        ("other", item.type_approval, "qh_typeApproval", "型式批准号", "type approval"),
    ):
        if value:
            each = _dcc(listed, "identification", refType=kind)
            _dcc(each, "issuer", issuer)
            _dcc(each, "value", value)
            _name(each, chinese, english)


def _contact(parent: Any, tag: str, name: str, english: str) -> None:
    contact = _dcc(parent, tag)
    _name(contact, name, english)
    _dcc(_dcc(contact, "location"), "countryCode", "CN")


def _statements(parent: Any, c: Certificate) -> None:
    for kind, text, chinese, english in (
        ("qh_kind", c.kind.value, "证书种类", "kind of certificate"),
        ("qh_customer", c.customer.identifier if c.customer else "", "客户标识", "customer's identifier"),
        ("qh_signatory", c.signatory, "授权签字人", "signatory"),
        ("qh_intervalSetBy", c.interval_set_by, "有效期由谁确定", "interval set by"),
        ("qh_place", c.place, "地点", "place"),
        ("qh_basis", c.basis, "资质", "basis"),
        *(("qh_remark", remark, "备注", "remark") for remark in c.remarks),
    ):
        if text:
            statement = _dcc(parent, "statement", refType=kind)
            _dcc(statement, "reference", text)
            _name(statement, chinese, english, tag="declaration")
    # the kind is said of the results: ids that nothing refers to are against the business rules
    parent[0].set("refId", _plain(" ".join(point.identifier for point in c.points)))
    if c.due is not None:
        _due(parent, c.due)
    if c.decision is not None:
        statement = _dcc(parent, "statement", refType="qh_decision")
        _dcc(statement, "convention", c.decision.rule)
        _dcc(statement, "conformity", c.decision.outcome.value)
        figures = [("w/U", c.decision.guard_ratio, "qh_guardRatio"), ("risk", c.decision.risk, "qh_risk")]
        _figures(statement, [(name, value, "1", kind) for name, value, kind in figures])
    if c.validation is not None:
        v = c.validation
        _figures(
            _dcc(parent, "statement", refType="qh_validation"),
            [
                ("y", v.y, v.unit, "qh_y"),
                ("U", v.expanded_uncertainty, v.unit, "qh_U"),
                ("y0", v.y0, v.unit, "qh_y0"),
                ("U0", v.expanded_uncertainty0, v.unit, "qh_U0"),
                ("repeatability", v.repeatability, v.unit, "qh_repeatability"),
                ("stability", v.stability, v.unit, "qh_stability"),
            ],
        )


def _due(parent: Any, due: date) -> None:
    statement = _dcc(parent, "statement", refType="basic_recalibration")
    _name(statement, "有效期至", "valid until", tag="declaration")
    _dcc(statement, "date", due.isoformat())


def _figures(parent: Any, figures: Iterable[tuple[str, float | None, str, str]]) -> None:
    """Those figures that are known, as quantities."""
    known = [(name, value, unit, kind) for name, value, unit, kind in figures if value is not None]
    if known:
        data = _dcc(parent, "data")
        for name, value, unit, kind in known:
            _quantity(data, name, value, unit, kind)


# ---- results ---------------------------------------------------------------------------------------------------


def _results(parent: Any, c: Certificate) -> None:
    result = _dcc(parent, "measurementResult")
    _name(result, "测量结果", "measurement results")
    method = _dcc(_dcc(result, "usedMethods"), "usedMethod", refType="qh_procedure")
    _name(method, c.procedure)
    _dcc(method, "norm", c.procedure)
    _software(result, "usedSoftware")
    places = {digest: f"standard{k}" for k, digest in enumerate(c.standards, 1)}
    if places:
        equipment = _dcc(result, "measuringEquipments")
        for digest, place in places.items():
            standard = _dcc(equipment, "measuringEquipment", id=place)
            _name(standard, "测量标准", "measurement standard")
            _hash(standard, "certificate", "标准的证书", "certificate of the standard", digest)
    conditions = _dcc(result, "influenceConditions")
    for condition in c.conditions:
        _condition(conditions, condition)
    if not c.conditions:
        none = _dcc(conditions, "influenceCondition", refType="qh_none")
        _name(none, "未记录", "not recorded")
        _name(_dcc(none, "data"), "—", "—", tag="text")
    results = _dcc(result, "results")
    items = {item.identifier: f"item{k}" for k, item in enumerate(c.items, 1)}
    for point in c.points:
        _point(results, point, items, places)


def _condition(parent: Any, condition: Condition) -> None:
    element = _dcc(parent, "influenceCondition")
    _name(element, condition.quantity)
    data = _dcc(element, "data")
    _quantity(data, condition.quantity, condition.lower, condition.unit, "qh_lower")
    _quantity(data, condition.quantity, condition.upper, condition.unit, "qh_upper")


def _point(parent: Any, point: Point, items: dict[str, str], places: dict[str, str]) -> None:
    if point.item not in items:
        raise BadForm(
            f"{point.identifier}：没有器具 {point.item} / {point.identifier}: there is no item {point.item}"
        )
    result = _dcc(parent, "result", id=point.identifier, refId=items[point.item])
    _name(result, point.quantity)
    data = _dcc(result, "data")
    _quantity(data, "标称值 / nominal value", point.nominal, point.nominal_unit, "basic_nominalValue")
    kind = "basic_measurementError qh_relative" if point.relative else "basic_measuredValue"
    value, U = stated(point.value, point.expanded_uncertainty)
    measured = _quantity(data, point.quantity, value, point.unit, kind)
    _uncertainty(measured[-1], point, U)
    if point.uses:
        equipment = _dcc(measured, "measuringEquipments")
        for use in point.uses:
            _use(equipment, use, places[use.certificate])
    if point.outcome is not None or point.lower is not None or point.upper is not None:
        limits = _dcc(_dcc(measured, "measurementMetaData"), "metaData", refType="qh_limits")
        if point.outcome is not None:
            _dcc(limits, "conformity", point.outcome.value)
        both = [("lower", point.lower, "qh_lower"), ("upper", point.upper, "qh_upper")]
        _figures(limits, [(name, value, point.unit, kind) for name, value, kind in both])


def _uncertainty(real: Any, point: Point, U: str) -> None:
    if not point.expanded_uncertainty > 0 or not point.coverage_factor >= 1:
        raise BadForm(
            f"{point.identifier}：U 须为正，k 不小于 1 / {point.identifier}: U is positive and k not below 1"
        )
    if "e" in number(point.coverage_factor) or not 1e-4 <= point.coverage_probability <= 1:
        # D-SI writes neither with an exponent
        raise BadForm(f"{point.identifier}：k 或 p 超出范围 / {point.identifier}: k or p is out of range")
    expanded = etree.SubElement(
        etree.SubElement(real, f"{{{SI}}}measurementUncertaintyUnivariate"), f"{{{SI}}}expandedMU"
    )
    _si(expanded, "valueExpandedMU", U)
    _si(expanded, "coverageFactor", number(point.coverage_factor))
    _si(expanded, "coverageProbability", number(point.coverage_probability))
    _si(expanded, "distribution", point.distribution)


def _use(parent: Any, use: Use, place: str) -> None:
    equipment = _dcc(parent, "measuringEquipment", refId=place)
    _name(equipment, use.quantity)
    quantities = _dcc(equipment, "measuringEquipmentQuantities")
    _quantity(quantities, use.quantity, use.at, use.unit, "qh_at", tag="measuringEquipmentQuantity")
    if use.sensitivity == 0:
        raise BadForm(
            "灵敏系数不能为 0：等于没有使用这件标准 / a sensitivity is not 0: the standard was not used"
        )
    if use.sensitivity != 1.0:
        _quantity(
            quantities,
            "sensitivity",
            use.sensitivity,
            "1",
            "qh_sensitivity",
            tag="measuringEquipmentQuantity",
        )
