"""What a text of a register may hold: whatever databases, sheets and XML can keep."""

from __future__ import annotations

from quanheng.ground.errors import Fault
from quanheng.ground.text import UNFIT


def one_newline(text: str) -> str:
    """Lines end as they do in a database; a browser sends them with a carriage return."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def unusable(text: str) -> str:
    """What is wrong with a text, in words; "" where nothing is."""
    found = UNFIT.search(one_newline(text))
    return (
        f"第 {found.start() + 1} 个字符是控制字符 U+{ord(found[0]):04X}，请删去"
        f" / character {found.start() + 1} is the control character U+{ord(found[0]):04X}: take it out"
        if found
        else ""
    )


def check(text: str, where: str) -> None:
    """Raises Fault where a text holds what cannot be kept."""
    if told := unusable(text):
        raise Fault(f"{where}：{told}")


def stripped(text: str) -> str:
    """A text without what a sheet cannot hold: what was kept before this was asked of it."""
    return UNFIT.sub("", one_newline(text))
