"""What the paper copy of a certificate says, as data for the typesetter: figures rounded, words chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from quanheng.evidence.certificate import (
    Certificate,
    Condition,
    Item,
    Kind,
    Outcome,
    Party,
    Point,
    Validation,
)
from quanheng.evidence.figures import limits as limits_of
from quanheng.measure.quantity.legal_units import KINDS
from quanheng.measure.quantity.rounding import number, round_uncertainty, round_value

TITLES = {
    Kind.VERIFICATION: ("检定证书", "VERIFICATION CERTIFICATE"),
    Kind.CALIBRATION: ("校准证书", "CALIBRATION CERTIFICATE"),
    Kind.TEST: ("检测报告", "TEST REPORT"),
}
NOT_PASSED = (
    "检定结果通知书",
    "NOTICE OF VERIFICATION RESULT",
)  # 计量检定印、证管理办法: no certificate where it failed
OUTCOMES = {Outcome.PASS: "合格 pass", Outcome.FAIL: "不合格 fail"}
CONDITIONS = {
    "temperature": "温度", "relative humidity": "相对湿度", "pressure": "气压", "voltage": "电压", "frequency": "频率",
}  # fmt: skip
STATEMENTS = (
    ("未经本机构书面批准，不得部分复制本证书。",
     "Not to be reproduced in part without the written approval of the issuer."),
    ("结果仅对所列器具有效。", "The results refer to the instruments listed only."),
)  # fmt: skip


@dataclass(frozen=True)
class Standard:
    """What is printed of a standard's certificate besides its digest."""

    number: str
    issuer: str
    due: date | None = None


def words(certificate: Certificate, standards: Mapping[str, Standard], code: str) -> dict[str, Any]:
    """The data of certificate.typ. standards: what is known of them, by digest; code: SVG of the QR code or ""."""
    title, english = _title(certificate)
    issued = certificate.issued
    return {
        "title": title,
        "title_english": english,
        "number": certificate.number,
        "issuer": _party(certificate.issuer),
        "issued": [issued.year, issued.month, issued.day],
        "issued_text": _day(issued),
        "facts": _facts(certificate),
        "signatory": certificate.signatory or "–",
        "statements": STATEMENTS,
        "code": code,
        "items": [
            [each.identifier, each.name, each.maker, each.model, each.serial] for each in certificate.items
        ],
        "how": _how(certificate),
        "standards": [_standard(each, standards.get(each)) for each in certificate.standards],
        "results": _results(certificate),
        "notes": _notes(certificate),
        "validation": _validation(certificate.validation),
        "remarks": certificate.remarks,
    }


def _title(certificate: Certificate) -> tuple[str, str]:
    failed = certificate.decision is not None and certificate.decision.outcome == Outcome.FAIL
    return NOT_PASSED if failed and certificate.kind == Kind.VERIFICATION else TITLES[certificate.kind]


def _party(party: Party) -> dict[str, str]:
    return {"name": party.name, "english": party.name_english}


def _day(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日  {day}"


def _fact(chinese: str, english: str, value: str, foreign: str = "") -> dict[str, str]:
    return {"chinese": chinese, "english": english, "value": value, "foreign": foreign}


def _filled(facts: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return [each for each in facts if each["value"]]


def _facts(certificate: Certificate) -> list[dict[str, str]]:
    customer, decision, due = certificate.customer, certificate.decision, certificate.due
    one = certificate.items[0] if len(certificate.items) == 1 else None
    return _filled(
        [
            *(
                [_fact("委托单位", "Customer", customer.name, customer.name_english or " ")]
                if customer
                else []
            ),
            *(
                _item(one)
                if one
                else [_fact("器具", "Instruments", f"{len(certificate.items)} 件，见续页", "see next page")]
            ),
            _fact(
                "结论",
                "Conclusion",
                OUTCOMES[decision.outcome] if decision and certificate.kind != Kind.CALIBRATION else "",
            ),
            _fact("接收日期", "Received", _day(certificate.received) if certificate.received else ""),
            _fact(
                "检定/校准日期",
                "Performed",
                _day(certificate.ended)
                if certificate.begun == certificate.ended
                else f"{certificate.begun} – {certificate.ended}",
            ),
            _fact("有效期至", "Valid until", _day(due) if due else "", certificate.interval_set_by),
            _fact("资质", "Basis of authority", certificate.basis),
        ]
    )


def _item(item: Item) -> list[dict[str, str]]:
    return [
        _fact("器具名称", "Instrument", item.name, item.name_english),
        _fact("型号规格", "Model", item.model),
        _fact("出厂编号", "Serial No.", item.serial),
        _fact("制造单位", "Manufacturer", item.maker),
        _fact("器具标识", "Identifier", item.identifier),
        _fact("型式批准号", "Type approval", item.type_approval),
    ]


def _how(certificate: Certificate) -> list[dict[str, str]]:
    return _filled(
        [
            _fact("技术依据", "Procedure", certificate.procedure),
            _fact("地点", "Place", certificate.place),
            *(_condition(each) for each in certificate.conditions),
        ]
    )


def _condition(condition: Condition) -> dict[str, str]:
    lower, upper = number(condition.lower), number(condition.upper)
    span = f"{lower} … {upper}" if lower != upper else lower
    return _fact(CONDITIONS.get(condition.quantity, "条件"), condition.quantity, f"({span}) {condition.unit}")


def _standard(digest: str, known: Standard | None) -> dict[str, str]:
    if known is None:
        return {"digest": digest, "number": "见摘要 see digest", "issuer": "–", "due": "–"}
    due = str(known.due) if known.due else "–"
    return {"digest": digest, "number": known.number, "issuer": known.issuer, "due": due}


def _results(certificate: Certificate) -> list[dict[str, Any]]:
    groups = []
    for item in certificate.items:
        points = [each for each in certificate.points if each.item == item.identifier]
        limits = any((each.lower, each.upper, each.outcome) != (None, None, None) for each in points)
        if points:
            rows = [_point(each, limits) for each in points]
            groups.append({"item": f"{item.identifier} {item.name}", "limits": limits, "points": rows})
    return groups


def _point(point: Point, limits: bool) -> list[str]:
    """A row: the value to the last place of U, U to two digits (JJF 1059.1—2012, 5.3.8)."""
    U = round_uncertainty(point.expanded_uncertainty)
    unit = "" if point.unit == "1" else f" {point.unit}"
    relative = " (相对误差 relative error)" if point.relative else ""
    row = [
        f"{KINDS.get(point.quantity, ('',))[0]} {point.quantity}{relative}".strip(),
        f"{number(point.nominal)} {point.nominal_unit}",
        _digits(round_value(point.value, U)) + unit,
        _digits(U) + unit,
        number(point.coverage_factor),
    ]
    if limits:
        row += [
            allowed + unit if (allowed := limits_of(point)) else "–",
            OUTCOMES[point.outcome] if point.outcome else "–",
        ]
    return row


def _digits(rounded: Decimal) -> str:
    """A rounded decimal with all its places, as in the table of a certificate: columns compare digit by digit."""
    exponent = rounded.as_tuple().exponent
    if isinstance(exponent, int) and -12 <= exponent <= 0:
        return f"{rounded:f}".replace("-", "−")
    return number(float(rounded))


def _result(value: float, expanded_uncertainty: float, unit: str) -> str:
    U = round_uncertainty(expanded_uncertainty)
    return f"({_digits(round_value(value, U))} ± {_digits(U)}) {unit}"


def _notes(certificate: Certificate) -> Sequence[tuple[str, str]]:
    coverage = sorted({f"{100 * each.coverage_probability:.4g} %" for each in certificate.points})
    notes = []
    if coverage:
        told = ", ".join(coverage)
        notes.append(
            (
                f"U 为扩展不确定度，包含概率约 {told}（JJF 1059.1）。",
                f"U is the expanded uncertainty for a coverage probability of about {told} (JCGM 100).",
            )
        )
    if (decision := certificate.decision) is not None:
        outcome = OUTCOMES[decision.outcome]
        notes.append((f"判定规则：{decision.rule}；结论：{outcome}。", f"Decision rule: {decision.rule}."))
    return notes


def _validation(validation: Validation | None) -> list[dict[str, str]]:
    if validation is None:
        return []
    unit = validation.unit
    rows = [
        _fact("本标准", "This standard", _result(validation.y, validation.expanded_uncertainty, unit)),
        _fact("比对结果", "Compared with", _result(validation.y0, validation.expanded_uncertainty0, unit)),
    ]
    for chinese, english, value in (
        ("重复性", "Repeatability", validation.repeatability),
        ("稳定性", "Stability", validation.stability),
    ):
        rows.append(_fact(chinese, english, f"{number(value, 2)} {unit}" if value is not None else ""))
    return _filled(rows)
