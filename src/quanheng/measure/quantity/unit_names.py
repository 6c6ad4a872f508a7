"""How units are spelled: what a person writes brought to one spelling, and products printed, in D-SI and in UCUM."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from fractions import Fraction

from quanheng.measure.quantity.dimension import superscript
from quanheng.measure.quantity.legal_units import PREFIXES

DSI_PREFIXES = {name: symbol for symbol, (_, name, _) in PREFIXES.items()} | {"deka": "da"}


def plain(text: str) -> str:
    """One spelling of what looks alike: ² and 2, µ and μ, × and ·, ℃ and °C, full width and half."""
    # a superscript is a power, also behind a symbol that ends in a digit: tCO2⁻¹
    text = re.sub("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", r"^\g<0>", text)
    text = unicodedata.normalize("NFKC", text.strip().replace("º", "°").replace("″", '"'))
    text = text.replace("−", "-").replace("n mile", "nmile").replace("dB(A)", "dBA").replace("**", "^")
    text = re.sub(r"[⋅•∙×・*]|(?<!\d)\.|\.(?!\d)", "·", text)
    text = re.sub(r"\s*([·/^()])\s*", r"\1", text)
    return re.sub(r"\s+", "·", text)


def split(text: str, separator: str) -> list[str]:
    """Parts of a text between separators that stand outside parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def raised_dsi(code: str | None, power: Fraction) -> str | None:
    """Each unit of a D-SI name to a power; None where the power has no decimal form."""
    if code is None or power == 1:
        return code
    raised = ""
    for name, exponent in re.findall(r"\\((?!tothe)[A-Za-z]+)(?:\\tothe\{(.*?)\})?", code):
        total = Fraction(exponent or 1) * power
        decimal = f"{float(total):g}"
        if Fraction(decimal) != total:
            return None
        raised += f"\\{name}" if name in DSI_PREFIXES or total == 1 else f"\\{name}\\tothe{{{decimal}}}"
    return raised


def raised_ucum(code: str | None, power: Fraction) -> str | None:
    """Each unit of a UCUM code to a power; None for a broken power, or one of an annotation."""
    if code is None or power == 1:
        return code
    if power.denominator != 1 or "{" in code:
        return None
    raised = []
    for each in code.split("."):
        unit = each.rstrip("-0123456789")
        total = int(each[len(unit) :] or 1) * power
        raised.append(unit if total == 1 else f"{unit}{total}")
    return ".".join(raised)


def printed(powers: Sequence[tuple[str, Fraction]]) -> str:
    """Symbols and powers as a product: kg·m²/s², W/(m²·K), K⁻¹ (GB 3101—1993, 3.3)."""
    above = [_raised(symbol, power) for symbol, power in powers if power > 0]
    below = [(symbol, power) for symbol, power in powers if power <= 0]
    if not above:
        return "·".join(_raised(symbol, power) for symbol, power in below)
    under = [_raised(symbol, -power, alone=True) for symbol, power in below]
    over = "·".join(above)
    return over if not under else f"{over}/{under[0]}" if len(under) == 1 else f"{over}/({'·'.join(under)})"


def _raised(symbol: str, power: Fraction, alone: bool = False) -> str:
    compound = "/" in symbol or ("·" in symbol and (alone or power != 1))
    return (f"({symbol})" if compound else symbol) + superscript(power)


def nearest(text: str, choices: Iterable[str], first: Sequence[str] = (), mark: str = "") -> str:
    """Up to five of the choices that look like a text; those that differ in case or a dot alone come first."""
    choices = list(dict.fromkeys(choices))
    same = [each for each in choices if each.casefold() == text.casefold()]
    bare = [each for each in choices if re.sub("[·/ ]", "", each) == text]
    close = difflib.get_close_matches(text, choices, n=5, cutoff=0.5)
    found = list(dict.fromkeys([*bare, *same, *first, *close]))[:5]
    return ", ".join(mark + each for each in found) or "—"
