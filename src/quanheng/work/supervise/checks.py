"""What field checks found, as somebody typed it: every fault of the file is told at once."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from quanheng.ground.errors import BadTable

COLUMNS = ("meter", "date", "error", "u", "found", "note")
FOUND = ("ok", "out_of_tolerance", "stopped", "foreign", "tampered", "not_found")


@dataclass(frozen=True)
class Check:
    """One meter as it was found on site."""

    meter: str
    date: date
    error: float | None  # relative; None where it was not measured
    u: float | None  # standard uncertainty of `error`
    found: str  # of FOUND
    note: str


@dataclass(frozen=True)
class Point:
    """An error measured on site at a load: relative, with expanded uncertainty U (k = 2)."""

    load: str
    error: float
    expanded: float

    @property
    def u(self) -> float:
        """Standard uncertainty."""
        return self.expanded / 2


def contradiction(found: str, points: Sequence[Point], mpe: float) -> bool:
    """Whether what was measured excludes what was found: beyond the limit by more than U, or within it by U everywhere.

    What lies nearer to the limit than U is left to whoever stands there (JJF 1094-2002, 5.3.1.4 to 5.3.1.6).
    """
    if not points:
        return False
    if found == "ok":
        return any(abs(each.error) - each.expanded > mpe for each in points)
    if found == "out_of_tolerance":
        return all(abs(each.error) + each.expanded < mpe for each in points)
    return False


def read_checks(path: Path) -> tuple[list[tuple[int, Check]], list[str]]:
    """Checks with their rows, and every fault, of a CSV file in UTF-8, with or without a byte order mark.

    Raises BadTable if it is no such file.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                listed = "、".join(missing)
                raise BadTable(
                    f"{path}，第 1 行：缺少列 {listed}；应有 {','.join(COLUMNS)}"
                    f" / {path}, row 1: columns are missing: {', '.join(missing)}"
                )
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadTable(
            f"{path}：读不出来（{error}）；应为 UTF-8 的 CSV"
            f" / {path}: cannot be read as CSV in UTF-8: {error}"
        ) from error
    faults: list[str] = []
    return [(at, check) for at, row in rows for check in parsed(at, row, faults)], faults


def refuse(path: Path, faults: list[str]) -> None:
    """Raises BadTable with every fault, if there is one."""
    if faults:
        raise BadTable(
            "\n".join(
                [
                    f"{path}：{len(faults)} 处有误，什么也没有改动 / {len(faults)} faults, nothing changed",
                    *faults,
                ]
            )
        )


def parsed(at: int, row: Mapping[str, str | None], faults: list[str]) -> list[Check]:
    """The check of a row, or its faults."""
    text = {name: (row.get(name) or "").strip() for name in COLUMNS}
    before = len(faults)
    if not text["meter"]:
        faults.append(told(at, "meter", "", "应为表号", "should be a meter"))
    if text["found"] not in FOUND:
        faults.append(
            told(at, "found", text["found"], f"应为 {'、'.join(FOUND)} 之一", "should be one of these")
        )
    try:
        day = date.fromisoformat(text["date"])
    except ValueError:
        day = date.min
        faults.append(
            told(at, "date", text["date"], "应为日期，如 2026-03-01", "should be a date like 2026-03-01")
        )
    error = number(at, "error", text["error"], faults)
    u = number(at, "u", text["u"], faults)
    if error is not None and abs(error) > 1:
        faults.append(
            told(at, "error", text["error"], "应为相对值，3 % 写 0.03", "is relative: write 0.03 for 3 %")
        )
    if u is not None and not 0 < u <= 1:
        faults.append(told(at, "u", text["u"], "应大于 0 且不大于 1", "should be above 0 and at most 1"))
    if bool(text["error"]) != bool(text["u"]):
        faults.append(told(at, "u", text["u"], "error 与 u 应同时有或同时无", "error and u go together"))
    whole = len(faults) == before
    return [Check(text["meter"], day, error, u, text["found"], text["note"])] if whole else []


def number(at: int, column: str, text: str, faults: list[str]) -> float | None:
    """A finite number, or None where nothing is written."""
    try:
        value = float(text) if text else None
    except ValueError:
        value = float("nan")
    if value is not None and not abs(value) < float("inf"):
        faults.append(told(at, column, text, "不是数", "is no number"))
        return None
    return value


def told(at: int, column: str, text: str, chinese: str, english: str) -> str:
    """A fault: where, what, what would be right."""
    return f"第 {at} 行，{column} 列：“{text}” {chinese} / row {at}, column '{column}': {text!r} {english}"
