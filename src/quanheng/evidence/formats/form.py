"""A certificate as a form in TOML that a laboratory fills in, and as JSON for programs: the fields of `Certificate`.

A form may name its standards once, `[standards]` with a name and a digest each, and cite them by name. Every fault of a
form is told at once, by its key.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from importlib.resources import files
from typing import Any

from quanheng.evidence.certificate import Certificate
from quanheng.evidence.errors import BadDocument, BadForm
from quanheng.evidence.number import number_of
from quanheng.ground.digest import read_toml

LARGEST = 16 * 1024 * 1024
MISSING = object()


def template() -> bytes:
    """A form to begin with, with comments."""
    return files("quanheng.evidence.formats").joinpath("form.toml").read_bytes()


def said(value: Any) -> Any:
    """What JSON says of a certificate or of a part of it; fields that are empty are left out."""
    if dataclasses.is_dataclass(value):
        pairs = ((each.name, getattr(value, each.name), each.default) for each in dataclasses.fields(value))
        return {name: said(field) for name, field, default in pairs if field != default}
    if isinstance(value, tuple):
        return [said(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def read(data: bytes, name: str) -> Certificate:
    """The certificate that a form states; `name` of the file stands in messages.

    Raises BadForm, which tells every fault by its key.
    """
    tree = _tree(data, name)
    faults: list[str] = []
    standards = tree.pop("standards", {})
    if not isinstance(standards, dict):
        faults.append("standards：应为表 / should be a table of names and digests")
        standards = {}
    _cite(tree, standards, faults)
    faults += [
        f"{key}：{_short(tree[key])} 不是 SHA-256 / is no SHA-256"
        for key in ("amends", "supersedes")
        if isinstance(tree.get(key), str) and tree[key] and not _is_digest(tree[key])
    ]
    issuer = tree.get("issuer")
    if isinstance(issuer, dict) and not str(issuer.get("identifier", "?")).strip():
        faults.append("issuer.identifier：不能为空 / must not be empty")
    try:
        number_of(str(tree.get("number", "")))
    except BadDocument as error:
        faults.append(f"number：{error}")
    certificate = _read(tree, Certificate, "", faults)
    if isinstance(certificate, Certificate) and any(
        u.sensitivity == 0 for p in certificate.points for u in p.uses
    ):
        faults.append(
            "points.uses.sensitivity：不能为 0：等于没有使用这件标准 / is not 0: the standard was not used"
        )
    if faults:
        raise BadForm(name + "".join(f"\n  {fault}" for fault in faults))
    assert isinstance(certificate, Certificate)
    return certificate


def _tree(data: bytes, name: str) -> dict[str, Any]:
    if len(data) > LARGEST:
        raise BadForm(f"{name}：大于 16 MB，不是证书表单 / {name}: is larger than 16 MB and no form")
    try:
        return read_toml(data)
    except ValueError as error:
        raise BadForm(f"{name}：不是 TOML：{error} / {name}: is not TOML: {error}") from error


def _cite(tree: Mapping[str, Any], standards: Mapping[str, Any], faults: list[str]) -> None:
    """Put the digest of a standard in the place of its name."""
    points = tree.get("points")
    for i, point in enumerate(points if isinstance(points, list) else ()):
        uses = point.get("uses") if isinstance(point, dict) else None
        for j, use in enumerate(uses if isinstance(uses, list) else ()):
            cited = use.get("certificate") if isinstance(use, dict) else None
            if not isinstance(cited, str):
                continue
            use["certificate"] = standards.get(cited, cited)
            if not _is_digest(use["certificate"]):
                faults.append(
                    f"points[{i}].uses[{j}].certificate：{cited!r} 既不在 [standards] 中，也不是 SHA-256"
                    f" / {cited!r} is neither in [standards] nor a SHA-256"
                )


def _is_digest(text: Any) -> bool:
    return isinstance(text, str) and len(text) == 64 and set(text) <= set("0123456789abcdef")


def _read(value: Any, hint: Any, key: str, faults: list[str]) -> Any:
    """A value as its type says; None where a fault was noted."""
    if isinstance(hint, types.UnionType):
        hint = next(each for each in typing.get_args(hint) if each is not type(None))
    if isinstance(hint, types.GenericAlias):
        return _list(value, typing.get_args(hint)[0], key, faults)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _record(value, hint, key, faults)
    if hint is date and isinstance(value, date) and not isinstance(value, datetime):
        return value
    if (
        hint is float
        and isinstance(value, float | int)
        and not isinstance(value, bool)
        and math.isfinite(value)
    ):
        return float(value)
    if hint is bool and isinstance(value, bool):
        return value
    if hint is str and isinstance(value, str):
        return value
    if issubclass(hint, StrEnum) and isinstance(value, str) and value in list(hint):
        return hint(value)
    faults.append(
        f"{key}：{_expected(hint)}，不是 {_short(value)} / {_expected(hint, 'en')}, not {_short(value)}"
    )
    return None


def _list(value: Any, hint: Any, key: str, faults: list[str]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        faults.append(f"{key}：应为列表 / should be a list")
        return ()
    return tuple(_read(each, hint, f"{key}[{i}]", faults) for i, each in enumerate(value))


def _record(value: Any, kind: type, key: str, faults: list[str]) -> Any:
    """A record of the model: every field that it must have, and none that it cannot."""
    if not isinstance(value, Mapping):
        faults.append(f"{key}：应为表 / should be a table")
        return None
    inside = f"{key}." if key else ""
    fields = {each.name: each for each in dataclasses.fields(kind)}
    for name in value.keys() - fields.keys():
        near = get_close_matches(name, fields, 1)
        hint = f"；是否 {near[0]} / did you mean {near[0]}?" if near else ""
        faults.append(f"{inside}{name}：没有这个键{hint} / is no key of a certificate".replace("?/", "?"))
    hints = typing.get_type_hints(kind)
    found = {}
    before = len(faults)
    for name, field in fields.items():
        if name in value:
            found[name] = _read(value[name], hints[name], inside + name, faults)
        elif field.default is dataclasses.MISSING:
            faults.append(f"{inside}{name}：缺少 / is missing ({_expected(hints[name], 'en')})")
    return kind(**found) if len(faults) == before else None


def _expected(hint: Any, language: str = "zh") -> str:
    chinese = language == "zh"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return ("应为 " if chinese else "should be one of ") + ", ".join(hint)
    if hint is date:
        return "应为日期，如 2026-03-01" if chinese else "should be a date such as 2026-03-01"
    words = {
        str: ("文字", "text"),
        float: ("有限的数", "a finite number"),
        bool: ("true 或 false", "true or false"),
    }
    word = words.get(hint, ("表", "a table"))
    return f"应为{word[0]}" if chinese else f"should be {word[1]}"


def _short(value: Any) -> str:
    text = str(value)
    return repr(text[:40]) if isinstance(value, str) else text[:40]
