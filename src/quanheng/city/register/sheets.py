"""Registers as Excel sheets and CSV files, in and out.

A sheet has one row of headings: titles of the fields in either language, in any order; what is not a field is a fault.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Font

from quanheng.city.register import cells, texts
from quanheng.city.register.declaration import Register
from quanheng.ground.errors import BadTable
from quanheng.ground.workbook import LAST_ROW, BadWorkbook, Why, first_sheet

LARGEST = 64 * 1024 * 1024  # bytes
UNPACKED = 512 * 1024 * 1024  # bytes of a workbook's parts
ROWS = 200_000  # of one import; more goes by API
REFUSED = {
    Why.OLD: gettext_lazy("是旧 .xls 格式或有密码；请另存为不加密的 .xlsx"),
    Why.BROKEN: gettext_lazy("不是 Excel 工作簿（.xlsx）"),
    Why.LARGE: gettext_lazy("解开后大于 %(n)d MB"),
    Why.DTD: gettext_lazy("有 DTD，不予读取"),
    Why.ROWS: gettext_lazy("有一行自称在第 %(last)d 行之后"),
}


def template(register: Register) -> bytes:
    """An empty sheet whose headings say, in a comment, what is expected."""
    return _workbook(register, (), register.fields)


def export_excel(register: Register, rows: Iterable[Any], names: Sequence[str] = ()) -> bytes:
    """Records as a sheet that can be imported again; names: the fields that are shown, none given: all."""
    return _workbook(register, rows, names or register.fields)


def export_csv(register: Register, rows: Iterable[Any], names: Sequence[str] = ()) -> Iterator[str]:
    """Records as lines of CSV; names: the fields that are shown, none given: all."""
    names = names or register.fields
    written = ([cells.write(register, name, row) for name in names] for row in rows)
    return csv_lines([str(register.field(name).verbose_name) for name in names], written)


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Lines of CSV; the first begins with a byte order mark, which Excel needs to see UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(head)
    yield "\ufeff" + buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([_safe(cell) for cell in row])
        yield buffer.getvalue()


def headings(register: Register) -> list[str]:
    """Titles of the fields."""
    return [str(register.field(name).verbose_name) for name in register.fields]


def read(register: Register, name: str, data: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and cells by field of every row that is not empty. Raises BadTable."""
    numbered = (
        (n, line)
        for n, line in enumerate(lines(name, data), 1)
        if any(cell not in (None, "") for cell in line)
    )
    first = next(numbered, None)
    if first is None:
        raise BadTable(_("表是空的"))
    fields = _fields(register, first[1])
    for count, (n, line) in enumerate(numbered):
        if count >= ROWS:
            raise BadTable(_("多于 %(n)d 行；请分成几个文件") % {"n": ROWS})
        whole = [*line, *[None] * (len(fields) - len(line))]  # a row may end early
        yield n, {field: _unquoted(cell) for field, cell in zip(fields, whole, strict=False) if field}


def lines(name: str, data: bytes) -> Iterator[Sequence[Any]]:
    """The lines of a sheet as they stand, that of the headings included. Raises BadTable."""
    return _csv(data) if name.lower().endswith(".csv") else _excel(data)


def _fields(register: Register, line: Sequence[Any]) -> list[str]:
    known = {name: name for name in register.fields}
    for language in ("zh-hans", "en"):
        with override(language):
            known |= dict(zip(headings(register), register.fields, strict=True))
    fields, strange = [], []
    for cell in line:
        title = str(cell or "").strip().lstrip("\ufeff")
        fields.append(known.get(title, ""))
        if title and title not in known:
            strange.append(title[:40])
    missing = [
        str(register.field(name).verbose_name)
        for name in register.fields
        if name not in fields and cells.needed(register.field(name))
    ]
    twice = sorted({each for each in fields if each and fields.count(each) > 1})
    if strange or missing or twice:
        told = _("第 1 行应为表头。不认识：%(strange)s；缺少：%(missing)s；重复：%(twice)s")
        raise BadTable(
            told
            % {
                "strange": "、".join(strange) or "–",
                "missing": "、".join(missing) or "–",
                "twice": "、".join(twice) or "–",
            }
        )
    return fields


def _excel(data: bytes) -> Iterator[Sequence[Any]]:
    try:
        yield from first_sheet(data, UNPACKED)
    except BadWorkbook as error:
        raise BadTable(str(REFUSED[error.why]) % {"n": UNPACKED >> 20, "last": LAST_ROW}) from error


def _csv(data: bytes) -> Iterator[Sequence[Any]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            yield from csv.reader(io.StringIO(text, newline=""), strict=True)
        except csv.Error as error:
            raise BadTable(_("不是 CSV：%(why)s") % {"why": error}) from error
        return
    raise BadTable(_("CSV 应为 UTF-8 或 GB 18030"))


def _workbook(register: Register, rows: Iterable[Any], names: Sequence[str]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(register.title)[:31])
    sheet.freeze_panes = "A2"
    head = []
    for n, name in enumerate(names):
        field = register.field(name)
        cell = WriteOnlyCell(sheet, str(field.verbose_name))
        cell.font = Font(bold=True)
        cell.comment = Comment(cells.expectation(field), "quanheng")
        head.append(cell)
        sheet.column_dimensions[chr(65 + n) if n < 26 else f"A{chr(39 + n)}"].width = 18
    sheet.append(head)
    for row in rows:
        sheet.append([_typed(sheet, cells.write(register, name, row)) for name in names])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


# a spreadsheet runs a text that begins so, or leaves its beginning out
RUN = ("=", "+", "-", "@", "\t", "\r")
QUOTE = "'"


def _typed(sheet: Any, value: Any) -> Any:
    """A cell of a workbook: a text is one by its type, whatever it begins with."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if not isinstance(value, str):
        return value
    text = _quoted(texts.stripped(value), (QUOTE,))
    if not text.startswith(("=", "#")):  # of a formula, of an error
        return text
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell


def _safe(value: Any) -> Any:
    """A text in a CSV file, quoted where a spreadsheet would run it."""
    return _quoted(value, (*RUN, QUOTE)) if isinstance(value, str) else value


def _quoted(text: str, beginnings: tuple[str, ...]) -> str:
    return QUOTE + text if text.startswith(beginnings) else text


def _unquoted(cell: Any) -> Any:
    """What a text was before it was quoted."""
    quoted = isinstance(cell, str) and cell[:1] == QUOTE and cell[1:].startswith((*RUN, QUOTE))
    return cell[1:] if quoted else cell
