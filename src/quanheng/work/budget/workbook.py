"""Excel workbooks: opened with care, and written as the same bytes every time."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from typing import NoReturn

from openpyxl import Workbook, load_workbook

from quanheng.work.budget.errors import BadBudget, Wrong

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
LARGEST_UNPACKED = 64 * 1024 * 1024
MOST_PARTS = 2000
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can say


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are some Excel workbook, also of a kind that is not read."""
    return data.startswith((ZIP, OLE))


def open_workbook(data: bytes, file: str) -> tuple[Workbook, Workbook | None]:
    """The workbook with its values, and once more with its formulas if it has any. Macros are never run.

    BadBudget for what is no .xlsx, or would unpack to more than a budget needs.
    """
    if data.startswith(OLE):
        refuse(
            file,
            "是旧 .xls 格式或有密码；请另存为不加密的 .xlsx",
            "is an old .xls, or has a password: save it as a plain .xlsx",
        )
    formulas = check_archive(data, file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that a budget does not use
            values = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            return values, load_workbook(io.BytesIO(data), read_only=True) if formulas else None
    except Exception as error:  # whatever a damaged or hostile file makes the parser raise
        refuse(file, f"不是可读的 .xlsx（{type(error).__name__}）", f"is no readable .xlsx: {error}", error)


def check_archive(data: bytes, file: str) -> bool:
    """Whether a sheet holds formulas; before that, that the archive is whole, small when unpacked, and without DTD."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                refuse(
                    file,
                    "解压后大于 64 MB，不是预算文件",
                    "unpacks to more than 64 MB and is no budget file",
                )
            found = False
            for part in parts:
                # reads no more than the size counted above, and checks it
                content = archive.read(part)
                if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
                    refuse(
                        file,
                        f"{part.filename} 中有 DTD，不予读取",
                        f"{part.filename} has a DTD and is not read",
                    )
                found |= "worksheets/" in part.filename and re.search(rb"<f[\s>/]", content) is not None
    except BadBudget:
        raise
    except Exception as error:  # as above: zipfile and its decompressors raise errors of many kinds
        refuse(file, "不是完整的 .xlsx", f"is no whole .xlsx: {error}", error)
    return found


def refuse(file: str, zh: str, en: str, cause: Exception | None = None) -> NoReturn:
    raise BadBudget(file, [Wrong("", f"{zh} / {en}")]) from cause


def workbook_bytes(workbook: Workbook) -> bytes:
    """The workbook as a file. The same content gives the same bytes: no clock stands in it."""
    raw, fixed = io.BytesIO(), io.BytesIO()
    workbook.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", content)
            part = zipfile.ZipInfo(name, EPOCH)
            part.compress_type = zipfile.ZIP_DEFLATED
            part.external_attr = 0o600 << 16
            target.writestr(part, content, compresslevel=9)
    return fixed.getvalue()
