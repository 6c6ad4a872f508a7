"""Units at the edge: text in, a unit on the closed list out, or an error that names what is near.

`parse_unit` reads symbols (`kg·m^2/s2`, `kW·h`, `µm`), names (`picohenry`, `毫米`), D-SI (`\\milli\\metre`) and UCUM
(`kg.m2.s-2`) where it says nothing else. A whole symbol on the list wins over prefix and unit: pH is no picohenry.
The list stands in `legal_units.py`. Inside, quantities are columns in SI units; `Unit.to_si` brings them there.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from typing import Protocol, overload

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.legal_units import KINDS, PREFIXES, REFUSED, ROWS, VERSION, Row

Float = NDArray[np.float64]
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Dimension:
    """Exponents over the base units m kg s A K mol cd, and over scales that nothing converts to (NTU, HRC).

    exponents: pairs of base unit and exponent, sorted, none of them 0.
    """

    exponents: tuple[tuple[str, Fraction], ...] = ()

    def __mul__(self, other: Dimension) -> Dimension:
        total = dict(self.exponents)
        for base, exponent in other.exponents:
            total[base] = total.get(base, Fraction(0)) + exponent
        return Dimension(tuple(sorted((base, each) for base, each in total.items() if each)))

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other**-1

    def __pow__(self, power: Fraction | int) -> Dimension:
        return Dimension(tuple((base, exponent * power) for base, exponent in self.exponents if power))

    def __str__(self) -> str:
        return "·".join(base + _superscript(exponent) for base, exponent in self.exponents) or "1"


NUMBER = Dimension()


class Measured(Protocol):
    """What has a dimension, and a kind of quantity where one is known."""

    @property
    def dimension(self) -> Dimension: ...
    @property
    def kind(self) -> str | None: ...


@dataclass(frozen=True)
class Unit:
    """A unit on the list, or a product of such.

    symbol: as printed (GB 3101—1993). factor: its size in SI, exact where it is rational. kind: the kind of quantity
    that it is kept for, or None (a plain product fits any). offset: of its zero, in SI (°C standing alone).
    dsi, ucum: names in D-SI and UCUM, or None where there is none.
    """

    symbol: str
    factor: Fraction | float
    dimension: Dimension
    kind: str | None = None
    offset: float = 0.0
    dsi: str | None = None
    ucum: str | None = None
    scale: float = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", float(self.factor))

    def __str__(self) -> str:
        return self.symbol

    @overload
    def to_si(self, x: float) -> float: ...
    @overload
    def to_si(self, x: Float) -> Float: ...
    def to_si(self, x: float | Float) -> float | Float:
        """A value in this unit, in SI; arrays of any shape."""
        return x * self.scale + self.offset

    @overload
    def from_si(self, x: float) -> float: ...
    @overload
    def from_si(self, x: Float) -> Float: ...
    def from_si(self, x: float | Float) -> float | Float:
        """A value in SI, in this unit."""
        return (x - self.offset) / self.scale

    @overload
    def difference_to_si(self, u: float) -> float: ...
    @overload
    def difference_to_si(self, u: Float) -> Float: ...
    def difference_to_si(self, u: float | Float) -> float | Float:
        """An uncertainty, half-width or difference in this unit, in SI: the zero of the scale has no part in it."""
        return u * self.scale

    @overload
    def difference_from_si(self, u: float) -> float: ...
    @overload
    def difference_from_si(self, u: Float) -> Float: ...
    def difference_from_si(self, u: float | Float) -> float | Float:
        """An uncertainty or difference in SI, in this unit."""
        return u / self.scale


# ---- reading -----------------------------------------------------------------------------------------------------

Factors = list[tuple[Unit, Fraction]]


@lru_cache(maxsize=4096)
def parse_unit(text: str, kind: str | None = None) -> Unit:
    """The unit that a text names, as a unit of the kind of quantity if one is given ("torque" for N·m).

    UnitError: not on the list (with the nearest that are), a prefix where none is legal, an ambiguous solidus, or a
    kind that the unit does not measure.
    """
    if "\\" in text:
        unit = _dsi_unit(text, legal=True)
    else:
        plain = _plain(text)
        if not plain:
            raise UnitError("没有写单位；纯数写 1 / no unit stands there; write 1 for a pure number")
        unit = _product(_factors(plain, text))
    return unit if kind is None else _of_kind(unit, kind)


def from_dsi(text: str) -> Unit:
    """The unit that a D-SI name means, also where it is no legal unit but stands in a certificate (\\milli\\bar).

    D-SI (SmartCom, 2.2): prefix, unit and \\tothe{…} in turn; \\per inverts the unit after it. UnitError otherwise.
    """
    return _dsi_unit(text, legal=False)


def to_dsi(unit: Unit) -> str:
    """The unit's name in D-SI; UnitError where it has none."""
    if unit.dsi is None:
        raise UnitError(f"单位 {unit} 在 D-SI 中没有名称 / the unit {unit} has no name in D-SI")
    return unit.dsi


def _plain(text: str) -> str:
    """One spelling of what looks alike: ² and 2, µ and μ, × and ·, ℃ and °C, full width and half."""
    text = unicodedata.normalize("NFKC", text.strip().replace("º", "°").replace("″", '"'))
    text = text.replace("−", "-").replace("n mile", "nmile").replace("dB(A)", "dBA").replace("**", "^")
    text = re.sub(r"[⋅•∙×・*]|(?<!\d)\.|\.(?!\d)", "·", text)  # noqa: RUF001
    text = re.sub(r"\s*([·/^()])\s*", r"\1", text)
    return re.sub(r"\s+", "·", text)


def _factors(text: str, origin: str, whole: bool = True) -> Factors:
    """Factors and powers of a plain text; `origin` is what the person wrote."""
    known = _find(text) if whole else None
    if known is not None:
        return [(known, Fraction(1))]
    if len(over := _split(text, "/")) > 1:
        return _quotient(over, origin)
    if len(terms := _split(text, "·")) > 1:
        return [factor for term in terms for factor in _factors(term, origin)]
    if text.startswith("(") and text.endswith(")"):
        return _factors(text[1:-1], origin)
    raised = re.fullmatch(r"(.+)\^(\(?[+-]?\d+(?:[./]\d+)?\)?)", text) or re.fullmatch(r"(.*?[^\d+-])([+-]?\d+)", text)
    if raised is None:
        raise _unknown(text, origin)
    power = _power(raised[2].strip("()"), origin)
    return [(unit, each * power) for unit, each in _factors(raised[1], origin)]


def _quotient(over: Sequence[str], origin: str) -> Factors:
    """Numerator and denominator. GB 3101—1993, 3.3: what follows a solidus is one unit or stands in parentheses."""
    if len(over) > 2 or len(_split(over[1], "·")) > 1:
        raise UnitError(
            f"“{origin}” 有歧义：斜线后只能有一个单位，或加括号，如 W/(m²·K) / "
            f"{origin!r} is ambiguous: one unit after the solidus, or parentheses as in W/(m²·K)"
        )
    above = [] if over[0] in ("", "1") else _factors(over[0], origin)
    return above + [(unit, -power) for unit, power in _factors(over[1], origin)]


def _split(text: str, separator: str) -> list[str]:
    """Parts of a text between separators that stand outside parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _power(text: str, origin: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise UnitError(
            f"“{origin}” 中的指数 “{text}” 不是数 / the exponent {text!r} in {origin!r} is no number"
        ) from error


def _dsi_unit(text: str, legal: bool) -> Unit:
    tokens = re.findall(r"\s*\\([A-Za-z]+)\s*(?:\{\s*([^{}]*?)\s*\})?\s*|(.)", text, re.DOTALL)
    factors: Factors = []
    prefix, sign, raised = "", 1, True
    for name, braces, stray in tokens:
        if stray or (braces != "") != (name == "tothe"):
            raise _bad_dsi(text, stray or f"\\{name}")
        if name == "per" and not prefix and sign == 1:
            sign = -1
        elif name == "tothe":
            if raised or prefix or not re.fullmatch(r"[+-]?\d+(\.\d+)?", braces):
                raise _bad_dsi(text, f"\\tothe{{{braces}}}")
            factors[-1] = (factors[-1][0], factors[-1][1] * Fraction(braces))
            raised = True
        elif name in _DSI_PREFIXES and not prefix:
            prefix = name
        else:
            factors.append((_dsi_factor(prefix, name, legal, text), Fraction(sign)))
            prefix, sign, raised = "", 1, False
    if prefix or sign == -1 or not factors:
        raise _bad_dsi(text, f"\\{prefix}" if prefix else "")
    return _product(factors)


def _dsi_factor(prefix: str, name: str, legal: bool, text: str) -> Unit:
    spelling = f"\\{prefix}\\{name}" if prefix else f"\\{name}"
    row = _by_dsi().get(spelling)
    if row is not None:
        prefix = ""
    else:
        row = _by_dsi().get(f"\\{name}")
    if row is None or (prefix and _DSI_PREFIXES[prefix] not in row.prefixes.split()):
        raise _bad_dsi(text, spelling)
    if legal and not row.legal:
        raise _refused(row.symbol, text)
    return _unit(row.symbol, _DSI_PREFIXES[prefix] if prefix else "")


# ---- the list ----------------------------------------------------------------------------------------------------

_DSI_PREFIXES = {name: symbol for symbol, (_, name, _) in PREFIXES.items()} | {"deka": "da"}
_SYMBOLS = {symbol: symbol for symbol in PREFIXES} | {"u": "μ"}
_NAMES = _DSI_PREFIXES | {zh: symbol for symbol, (_, _, zh) in PREFIXES.items()}
_ROWS = {row.symbol: row for row in ROWS}


@cache
def _by_symbol() -> dict[str, Row]:
    """Rows by every symbol that is read, UCUM's codes last: they never take what is a symbol already."""
    found: dict[str, Row] = {}
    legal = [row for row in ROWS if row.legal]
    for row in legal:
        found.update({_plain(each): row for each in (row.symbol, *row.also) if each[0] != "\\"})
    for row in legal:
        found.setdefault(_plain(row.ucum or row.symbol), row)
    return found


@cache
def _by_name() -> dict[str, Row]:
    """Rows by their names: with and without what GB 3100 puts in brackets, 瓦[特]."""
    found: dict[str, Row] = {}
    for row in ROWS:
        names = (row.en, re.sub(r"[\[\]]", "", row.zh), re.sub(r"\[.*?\]", "", row.zh))
        for name in names if row.legal else ():
            found.setdefault(_plain(name), row)
    return found


@cache
def _by_dsi() -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in ROWS:
        for name in (row.dsi, *row.also):
            if name and name[0] == "\\":
                found.setdefault(name, row)
    return found


def _find(text: str) -> Unit | None:
    """The unit of a whole symbol or name, then of prefix and unit; None where neither is on the list."""
    row = _by_symbol().get(text) or _by_name().get(text)
    if row is not None:
        return _unit(row.symbol)
    if text in _refusals():
        return None
    for prefixes, rows in ((_SYMBOLS, _by_symbol()), (_NAMES, _by_name())):
        for spelling, prefix in prefixes.items():
            row = rows.get(text[len(spelling) :]) if text.startswith(spelling) else None
            if row is not None and prefix in row.prefixes.split():
                return _unit(row.symbol, prefix)
    return None


@cache
def _unit(symbol: str, prefix: str = "") -> Unit:
    """A row of the list, with a prefix, as a unit."""
    row = _ROWS[symbol]
    power, name, _ = PREFIXES[prefix] if prefix else (0, "", "")
    size, dimension = row.factor, Dimension(((row.symbol, Fraction(1)),))
    if row.definition == "":
        dimension = NUMBER
    elif row.definition is not None:
        base = _product(_factors(row.definition, row.definition))
        size, dimension = _times(size, base.factor), base.dimension
    dsi = f"\\{name}{row.dsi}" if prefix and row.dsi else row.dsi
    ucum = ("u" if prefix == "μ" else prefix) + row.ucum if row.ucum else None
    if row.codes is not None:
        spelled = _product(_factors(prefix + row.codes, row.codes, whole=False))
        dsi, ucum = dsi or spelled.dsi, ucum or spelled.ucum
    size = _times(Fraction(10) ** power, size)
    return Unit(prefix + row.symbol, size, dimension, row.kind, row.offset, dsi, ucum)


def _times(a: Fraction | float, b: Fraction | float) -> Fraction | float:
    return a * b if isinstance(a, Fraction) and isinstance(b, Fraction) else float(a) * float(b)


# ---- products ----------------------------------------------------------------------------------------------------


def _product(factors: Factors) -> Unit:
    """The product of powers of units. A °C in it is a kelvin: only standing alone does it carry its zero."""
    factors = [(unit, power) for unit, power in factors if unit.symbol != "1"] or factors[:1]
    if len(factors) == 1 and factors[0][1] == 1:
        return factors[0][0]
    size: Fraction | float = Fraction(1)
    dimension = NUMBER
    for unit, power in factors:
        size, dimension = _times(size, _raised(unit.factor, power)), dimension * unit.dimension**power
    dsi = _join("", (_raised_dsi(unit.dsi, power) for unit, power in factors))
    ucum = _join(".", (_raised_ucum(unit.ucum, power) for unit, power in factors))
    return Unit(_printed(factors), size, dimension, dsi=dsi, ucum=ucum)


def _raised(size: Fraction | float, power: Fraction) -> Fraction | float:
    return size**power.numerator if power.denominator == 1 else float(size) ** float(power)


def _join(separator: str, codes: Iterable[str | None]) -> str | None:
    known = list(codes)
    return None if None in known else separator.join(each for each in known if each)


def _raised_dsi(code: str | None, power: Fraction) -> str | None:
    """Each unit of a D-SI name to a power; None where the power has no decimal form."""
    decimal = _decimal(power)
    if code is None or decimal is None:
        return None
    if power == 1:
        return code
    raised = ""
    for unit, exponent in re.findall(r"((?:\\(?!tothe)[A-Za-z]+)+)(?:\\tothe\{(.*?)\})?", code):
        names = re.findall(r"\\[A-Za-z]+", unit)
        for k, name in enumerate(names):
            last = k + 1 == len(names)
            total = Fraction(exponent) * power if last and exponent else power
            raised += name if name[1:] in _DSI_PREFIXES else f"{name}\\tothe{{{_decimal(total)}}}"
    return raised


def _raised_ucum(code: str | None, power: Fraction) -> str | None:
    """Each unit of a UCUM code to a power; None for a broken power, or one of an annotation."""
    if code is None or power == 1:
        return code
    if power.denominator != 1 or "{" in code:
        return None
    parts = [re.fullmatch(r"(.*?)(-?\d+)?", each) for each in code.split(".")]
    return ".".join(f"{each[1]}{int(each[2] or 1) * power}" for each in parts if each)


def _decimal(power: Fraction) -> str | None:
    text = f"{float(power):g}"
    return text if Fraction(text) == power else None


def _printed(factors: Factors) -> str:
    """kg·m²/s², W/(m²·K), K⁻¹ (GB 3101—1993, 3.3)."""
    above = [(unit.symbol, power) for unit, power in factors if power > 0]
    below = [(unit.symbol, power) for unit, power in factors if power <= 0]
    if not above:
        return "·".join(_base(symbol) + _superscript(power) for symbol, power in below)
    under = [_base(symbol) + _superscript(-power) for symbol, power in below]
    over = "·".join(
        (symbol if power == 1 and "/" not in symbol else _base(symbol)) + _superscript(power)
        for symbol, power in above
    )
    if not under:
        return over
    return f"{over}/{under[0]}" if len(under) == 1 else f"{over}/({'·'.join(under)})"


def _base(symbol: str) -> str:
    return f"({symbol})" if re.search("[·/]", symbol) else symbol


def _superscript(power: Fraction) -> str:
    if power == 1:
        return ""
    return str(power).translate(SUPERSCRIPTS) if power.denominator == 1 else f"^({power})"


# ---- kinds -------------------------------------------------------------------------------------------------------


def compatible(a: Measured, b: Measured) -> bool:
    """Whether values of the two may be compared and added: one dimension, and not two kinds that are known.

    Torque in N·m is no energy in J; a plain product, whose kind is None, fits either (VIM 1.2; ISO 80000-1, 4.2).
    """
    return a.dimension == b.dimension and (a.kind == b.kind or a.kind is None or b.kind is None)


def require_compatible(a: Unit, b: Unit) -> None:
    """UnitError that says whether dimension or kind keeps two units apart."""
    if compatible(a, b):
        return
    if a.dimension != b.dimension:
        raise UnitError(
            f"{a} 与 {b} 量纲不同（{a.dimension} 与 {b.dimension}） / "
            f"{a} and {b} differ in dimension ({a.dimension} and {b.dimension})"
        )
    assert a.kind is not None
    assert b.kind is not None
    raise UnitError(
        f"{a} 是{KINDS[a.kind][0]}的单位，{b} 是{KINDS[b.kind][0]}的单位，不是同类量 / "
        f"{a} is a unit of {a.kind}, {b} one of {b.kind}: not of one kind"
    )


def _of_kind(unit: Unit, kind: str) -> Unit:
    if kind not in KINDS:
        near = _near(kind, KINDS)
        raise UnitError(f"没有量类 “{kind}”；相近的有 {near} / there is no kind {kind!r}; near it: {near}")
    needed = parse_unit(KINDS[kind][1])
    required = Unit(needed.symbol, needed.factor, needed.dimension, kind)
    require_compatible(unit, required)
    return Unit(unit.symbol, unit.factor, unit.dimension, kind, unit.offset, unit.dsi, unit.ucum)


# ---- errors ------------------------------------------------------------------------------------------------------


@cache
def _refusals() -> dict[str, tuple[str, str]]:
    return {_plain(spelling): reason for spelling, reason in REFUSED.items()}


def _refused(text: str, origin: str) -> UnitError:
    zh, en = _refusals()[text]
    return UnitError(f"“{origin}” 不能用：{zh} / {origin!r} is refused: {en}")


def _unknown(text: str, origin: str) -> UnitError:
    """What is wrong with a symbol that is not on the list."""
    for prefix in ("", *_SYMBOLS):
        rest = text[len(prefix) :] if text.startswith(prefix) else ""
        if rest in _refusals() and (not prefix or len(rest) > 1):
            return _refused(rest, origin)
        row = _by_symbol().get(rest)
        if prefix and row is not None:
            return UnitError(
                f"“{origin}”：单位 {row.symbol} 不能加词头 {prefix} / "
                f"{origin!r}: the unit {row.symbol} takes no prefix {prefix}"
            )
    near = _near(text, _all_symbols())
    return UnitError(
        f"“{text}”（“{origin}” 中）不在法定计量单位表（{VERSION}）中；相近的有 {near} / "
        f"{text!r} in {origin!r} is not on the list of legal units ({VERSION}); near it: {near}"
    )


def _bad_dsi(text: str, part: str) -> UnitError:
    near = _near(part.rpartition("\\")[2], (name[1:] for name in _by_dsi()), mark="\\")
    return UnitError(
        f"“{text}” 不是 D-SI 单位：错在 “{part}”；相近的有 {near} / "
        f"{text!r} is no unit of D-SI: {part!r} cannot stand there; near it: {near}"
    )


@cache
def _all_symbols() -> tuple[str, ...]:
    symbols = [prefix + row.symbol for row in ROWS if row.legal for prefix in ("", *row.prefixes.split())]
    return (*symbols, *_by_symbol(), *_by_name())


def _near(text: str, choices: Iterable[str], mark: str = "") -> str:
    """Up to five of the choices that look like a text; those that differ in case alone come first."""
    choices = list(dict.fromkeys(choices))
    same = [each for each in choices if each.casefold() == text.casefold()]
    bare = [each for each in choices if re.sub("[·/ ]", "", each) == text]
    close = difflib.get_close_matches(text, choices, n=5, cutoff=0.5)
    found = list(dict.fromkeys([*bare, *same, *close]))[:5]
    return ", ".join(mark + each for each in found) or "—"
