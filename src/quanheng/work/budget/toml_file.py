"""A budget file in TOML, to its keys. A fault of syntax is named by line and column."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from quanheng.ground.digest import check_nesting
from quanheng.work.budget.errors import BadBudget, Wrong


def read(data: bytes, file: str) -> dict[str, Any]:
    """The tree of keys in the file. BadBudget where it is not UTF-8 or not TOML."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"第 {line} 行不是 UTF-8 / line {line} is not UTF-8: save the file as UTF-8"
        raise BadBudget(file, [Wrong("", message)]) from error
    try:
        tree = tomllib.loads(text)
    except RecursionError as error:
        raise BadBudget(file, [Wrong("", "嵌套过深 / nested too deeply")]) from error
    except ValueError as error:  # also of an integer of thousands of digits
        raise BadBudget(file, [Wrong("", syntax(str(error), text))]) from error
    try:
        check_nesting(tree)
    except ValueError as error:
        raise BadBudget(file, [Wrong("", str(error))]) from error
    return tree


def syntax(said: str, text: str) -> str:
    """What tomllib says, with the place in front and the line that stands there."""
    what, _, _ = said.partition(" (at ")
    place = re.search(r"\(at line (\d+), column (\d+)\)", said)
    if place is None:
        end = "在文件末尾，" if "end of document" in said else ""
        return f"{end}TOML 语法错误：{what} / TOML syntax error: {said}"
    line, column = int(place[1]), int(place[2])
    there = text.split("\n")[line - 1]
    zh, en = quotes_for(there, column - 1)
    return (
        f"第 {line} 行第 {column} 列有 TOML 语法错误：{there.strip()[:60]}{zh}"
        f" / TOML syntax error in line {line}, column {column}: {what}{en}"
    )


def quotes_for(line: str, place: int) -> tuple[str, str]:
    """What to write for a word that is not ASCII: TOML takes it in quotes only, as a key too (TOML 1.0, Keys)."""
    for word in re.finditer(r"[\w-]+", line):
        if word.start() <= place < word.end() and not line[place].isascii():
            return (
                f'；名称或文字含英文以外的字母时须加引号："{word[0]}"',
                f'; a name or a text with letters that are not English stands in quotes: "{word[0]}"',
            )
    return "", ""
