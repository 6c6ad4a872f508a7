"""A DCC of whatever edition, checked and read.

    1 XML, and no comment inside a value  2 built as its edition demands  3 business rules  4 read
A certificate of ours is read without loss (`reading.py`), another as far as our model goes (`foreign.py`); what could
not be read is remarked upon. Nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from quanheng.evidence import xml
from quanheng.evidence.answer import VALID, Answer, Reason, because, together
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.errors import BadDocument, BadFigure, BadUnit, BadXml, UnsafeXml
from quanheng.evidence.formats.dcc import foreign, reading, rules, structure
from quanheng.evidence.formats.dcc.names import DCC
from quanheng.evidence.formats.xmldsig.envelope import SIGNATURE

ROOT = f"{{{DCC}}}digitalCalibrationCertificate"
RULES_BIND = (3, 3)  # editions from which on an error of the business rules makes a certificate invalid
LONGEST = 40  # characters of a version that are looked at
UNREADABLE = {"structure", "edition_unknown"}  # what is built otherwise is not read
TOLD = 20  # faults of a kind that are told one by one


def check(data: bytes, *, schema_dir: Path | None = None) -> tuple[Certificate | None, Answer]:
    """What a certificate says, None where that cannot be read; and whether its form is right.

    schema_dir: a folder with the official schemas (dcc/vN/dcc.xsd), which then decide as well.
    """
    root, answer = parsed(data)
    return (None, answer) if root is None else check_root(root, schema_dir=schema_dir)


def parsed(data: bytes) -> tuple[Any, Answer]:
    """The root element; None, and why, where the data are no XML that is read here."""
    try:
        root = xml.parse(data, blanks=False)
        signed = next(root.iter(SIGNATURE), None) is not None
        return xml.parse(data) if signed else root, VALID  # a signature counts what indents
    except UnsafeXml as error:
        return None, because("unsafe_xml", detail=str(error))
    except BadXml as error:
        return None, because("malformed", detail=str(error))


def check_root(root: Any, *, schema_dir: Path | None = None) -> tuple[Certificate | None, Answer]:
    """The same of a document that was parsed. Signatures are taken out of it before it is read."""
    held = list(root.iter())  # lxml makes an element anew whenever it is met and nobody holds it
    answer = form(root, schema_dir=schema_dir)
    if answer.codes & UNREADABLE:
        return None, answer
    content, remarks = _read(root)
    del held
    return content, together([answer, Answer(remarks)])


def form(root: Any, *, schema_dir: Path | None = None) -> Answer:
    """Whether the form of a document that was parsed is right: its structure and the business rules; it is not read.

    Signatures are taken out of the document: a signature may hold whatever somebody put in, and is no part of the
    certificate.
    """
    if root.tag != ROOT:
        return because("structure", detail="不是数字校准证书（DCC） / is no digital calibration certificate")
    plain = schema_dir is None and structure.is_plain(root)
    if not plain and not edition(root):
        return because("structure", detail="没有 schemaVersion / has no schemaVersion")
    try:
        wrong = [] if plain else structure.check(root, schema_dir)
    except BadDocument as error:
        return because("edition_unknown", detail=str(error))
    reasons = list(_interrupted(root))
    if wrong:
        reasons += (Reason("structure", f"line {line}", told) for line, told in wrong[:TOLD])
        return Answer(tuple(reasons))
    for each in list(root.iterchildren(SIGNATURE)):
        root.remove(each)
    found = rules.findings_of_plain(root) if plain and not reasons else rules.findings(root)
    reasons += _told(root, found) if found else ()
    return together([Answer(tuple(reasons))]) if reasons else VALID


def _interrupted(root: Any) -> Iterator[Reason]:
    """Comments and instructions between the characters of a value: readers differ over what such a value is."""
    holding: dict[Any, bool] = {}  # a parent of many comments is looked through once
    for each in root.iter(etree.Comment, etree.ProcessingInstruction):
        parent = each.getparent()
        if parent not in holding:
            holding[parent] = parent is not None and _holds_text(parent)
        if holding[parent]:
            yield Reason("value_interrupted", f"line {each.sourceline}")


def _holds_text(element: Any) -> bool:
    """Whether an element holds characters of its own, other than blanks."""
    return bool((element.text or "").strip()) or any((each.tail or "").strip() for each in element)


def _told(root: Any, findings: Iterable[rules.Finding]) -> Iterator[Reason]:
    binding = edition(root) >= RULES_BIND
    told: dict[str, int] = {}
    for each in findings:
        if each.severity == "information":
            continue
        told[each.rule] = told.get(each.rule, 0) + 1
        if told[each.rule] <= TOLD:
            code = "business_rule" if each.severity == "error" and binding else "business_finding"
            yield Reason(code, f"line {each.line}", f"{each.rule} {each.detail}".strip())


def edition(root: Any) -> tuple[int, ...]:
    """The edition of the schema that a certificate says it follows, as numbers."""
    words = str(root.get("schemaVersion"))[:LONGEST].split(".")
    return tuple(int(word) for word in words if word.isdecimal())


def _read(root: Any) -> tuple[Certificate | None, tuple[Reason, ...]]:
    try:
        if reading.is_ours(root):
            return reading.read_root(root), ()
    except BadUnit as error:
        return None, (Reason("unit_unknown", detail=str(error)),)
    except BadFigure as error:
        return None, (Reason("figure_too_large", detail=str(error)),)
    except BadDocument as error:
        return None, (Reason("structure", detail=str(error)),)
    try:
        return foreign.read(root)
    except BadDocument as error:
        return None, (Reason("results_unread", detail=str(error)),)
