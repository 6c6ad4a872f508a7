"""Excel workbooks: those of strangers are looked at before they are opened, ours are the same bytes every time."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from enum import Enum
from typing import IO, Any
from xml.parsers import expat

from openpyxl import Workbook, load_workbook

from quanheng.ground.errors import Fault

LAST_ROW = 1_048_576  # of Excel; a row that claims to lie beyond it would be preceded by as many empty ones
MOST_PARTS = 2000
PIECE = 1 << 16  # bytes
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can say
CLOCK = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Why(Enum):
    """Why a workbook is not opened."""

    OLD = "是旧 .xls 格式或有密码；请另存为不加密的 .xlsx / is an old .xls, or has a password: save it as a plain .xlsx"
    BROKEN = "不是完整可读的 .xlsx / is no whole, readable .xlsx"
    LARGE = "解压后大于所限 / unpacks to more than the limit"
    DTD = "有 DTD，不予读取 / has a DTD and is not read"
    ROWS = "有一行自称在 Excel 的末行之后 / a row claims to lie beyond the last of Excel"


class BadWorkbook(Fault):
    """A workbook that is not opened."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why.value}：{detail}" if detail else why.value)
        self.why = why


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are some Excel workbook, also of a kind that is not read."""
    return data.startswith((ZIP, OLE))


def open_workbook(data: bytes, largest: int) -> Workbook:
    """A stranger's workbook, read only, with the values that its formulas last had. Macros are never run.

    largest: bytes that its parts may unpack to. Raises BadWorkbook.
    """
    _inspect(data, largest)
    return _load(data, data_only=True)


def open_with_formulas(data: bytes, largest: int) -> tuple[Workbook, Workbook | None]:
    """As `open_workbook`, and once more with the formulas instead of their values; None where no sheet holds any."""
    values = open_workbook(data, largest)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = (archive.read(name) for name in archive.namelist() if "worksheets/" in name)
        found = any(re.search(rb"<f[\s>/]", each) for each in sheets)
    return values, _load(data, data_only=False) if found else None


def first_sheet(data: bytes, largest: int) -> Iterator[tuple[Any, ...]]:
    """The rows of the first sheet, as `open_workbook` reads them. Raises BadWorkbook, also while they are read."""
    book = open_workbook(data, largest)
    try:
        for n, row in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
            if n > LAST_ROW:
                raise BadWorkbook(Why.ROWS)
            yield row
    except BadWorkbook:
        raise
    except Exception as error:  # whatever a damaged or hostile file makes the parser raise
        raise BadWorkbook(Why.BROKEN, type(error).__name__) from error


def workbook_bytes(workbook: Workbook) -> bytes:
    """The workbook as a file. The same content gives the same bytes: no clock stands in it."""
    raw, fixed = io.BytesIO(), io.BytesIO()
    workbook.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = CLOCK.sub(b"1980-01-01T00:00:00Z", content)
            part = zipfile.ZipInfo(name, EPOCH)
            part.compress_type = zipfile.ZIP_DEFLATED
            part.external_attr = 0o600 << 16
            target.writestr(part, content, compresslevel=9)
    return fixed.getvalue()


def _inspect(data: bytes, largest: int) -> None:
    if data.startswith(OLE):
        raise BadWorkbook(Why.OLD)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > largest:
                raise BadWorkbook(Why.LARGE, f"{largest >> 20} MB")
            for part in parts:
                with archive.open(part) as file:
                    if _has_dtd(file):
                        raise BadWorkbook(Why.DTD, part.filename)
                    while file.read(PIECE):  # its checksum is compared at its end
                        pass
    except BadWorkbook:
        raise
    except Exception as error:  # zipfile and its decompressors raise errors of many kinds
        raise BadWorkbook(Why.BROKEN, str(error)) from error


def _has_dtd(file: IO[bytes]) -> bool:
    """Whether a part declares a type of document, which comes before its first element, in whatever encoding."""
    found: list[bool] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: found.append(True)
    parser.StartElementHandler = lambda *_: found.append(False)
    try:
        while not found and (piece := file.read(PIECE)):
            parser.Parse(piece)
    except expat.ExpatError:  # a picture, or something that no parser will take
        pass
    return found[:1] == [True]


def _load(data: bytes, *, data_only: bool) -> Workbook:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that nobody here uses
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=data_only, keep_links=False)
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # what it holds, not what it claims to hold
            return book
    except Exception as error:  # whatever a damaged or hostile file makes the parser raise
        raise BadWorkbook(Why.BROKEN, type(error).__name__) from error
