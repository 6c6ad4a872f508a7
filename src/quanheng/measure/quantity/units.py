"""Units at the edge: text in, a unit on the closed list out, or an error that names what is near.

`parse_unit` reads symbols (`kg·m^2/s2`, `kW·h`, `µm`), names (`picohenry`, `毫米`), D-SI (`\\milli\\metre`) and UCUM
(`kg.m2.s-2`) where it says nothing else. A whole symbol on the list wins over prefix and unit: pH is no picohenry.
The list stands in `legal_units.py`. Inside, quantities are columns in SI units; `Unit.to_si` brings them there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from quanheng.measure.errors import UnitError
from quanheng.measure.quantity.dimension import NUMBER, Dimension
from quanheng.measure.quantity.legal_units import KINDS, PREFIXES, REFUSED, ROWS, VERSION, Row
from quanheng.measure.quantity.unit_names import (
    DSI_PREFIXES,
    nearest,
    plain,
    printed,
    raised_dsi,
    raised_ucum,
    split,
)

X = TypeVar("X", float, NDArray[np.float64])


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

    def to_si(self, x: X) -> X:
        """A value in this unit, in SI; arrays of any shape."""
        return x * self.scale + self.offset

    def from_si(self, x: X) -> X:
        """A value in SI, in this unit."""
        return (x - self.offset) / self.scale

    def difference_to_si(self, u: X) -> X:
        """An uncertainty, half-width or difference in this unit, in SI: the zero of the scale has no part in it."""
        return u * self.scale

    def difference_from_si(self, u: X) -> X:
        """An uncertainty or difference in SI, in this unit."""
        return u / self.scale


# ---- reading -----------------------------------------------------------------------------------------------------

Factors = list[tuple[Unit, Fraction]]
# no unit in use is longer, or of a higher power; what is has been made to keep a reader busy
LONGEST, LARGEST_POWER = 500, 12  # in D-SI a product of ten factors is that long
# m^2, m^(1/2), m^-0.5; m2 and s-1, where no solidus can be meant
POWER = re.compile(
    r"(?P<of>.+(?=\^)|.*[^\d^+-])\^?(?P<power>(?<=\^)\([+-]?\d+(?:[./]\d+)?\)|(?<=\^)[+-]?\d+\.\d+|[+-]?\d+)"
)


@lru_cache(maxsize=4096)
def parse_unit(text: str, kind: str | None = None) -> Unit:
    """The unit that a text names, as a unit of the kind of quantity if one is given ("torque" for N·m).

    UnitError: not on the list (with the nearest that are), a prefix where none is legal, an ambiguous solidus, or a
    kind that the unit does not measure.
    """
    if "\\" in text:
        unit = _dsi_unit(text, legal=True)
    else:
        spelled = plain(_short(text))
        if not spelled:
            raise UnitError("没有写单位；纯数写 1 / no unit stands there; write 1 for a pure number")
        unit = _product(_factors(spelled, text))
    return unit if kind is None else _of_kind(unit, kind)


@lru_cache(maxsize=4096)
def from_dsi(text: str) -> Unit:
    """The unit that a D-SI name means, also where it is no legal unit but stands in a certificate (\\milli\\bar).

    D-SI (SmartCom, 2.2): prefix, unit and \\tothe{…} in turn; \\per inverts the unit after it. UnitError otherwise.
    """
    return _dsi_unit(text, legal=False)


def symbol_of_dsi(text: str) -> str:
    """The legal symbol of a unit in D-SI; its name in D-SI where it has none: bar is no legal unit, \\bar can be read.

    UnitError where it is no unit at all.
    """
    symbol = from_dsi(text).symbol
    try:
        return symbol if "\\" in symbol or parse_unit(symbol) else text
    except UnitError:
        return text


def dsi_names() -> dict[str, dict[str, str]]:
    """Every name of a unit that `from_dsi` reads, and its symbol by the prefixes that it takes, of D-SI; "": by none.

    A unit that is no legal one has its name for a symbol, as in `symbol_of_dsi`.
    """
    return {
        name: {
            each: _symbol(row, symbol) if row.legal else f"\\{each}{name}" if each else name
            for each, symbol in {"": "", **DSI_PREFIXES}.items()
            if not each or symbol in row.prefixes.split()
        }
        for name, row in _by_dsi().items()
    }


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise UnitError(f"单位长于 {LONGEST} 个字符 / the unit is longer than {LONGEST} characters")
    return text


def to_dsi(unit: Unit) -> str:
    """The unit's name in D-SI; UnitError where it has none."""
    if unit.dsi is None:
        raise UnitError(f"单位 {unit} 在 D-SI 中没有名称 / the unit {unit} has no name in D-SI")
    return unit.dsi


def _factors(text: str, origin: str, whole: bool = True) -> Factors:
    """Factors and powers of a plain text; `origin` is what the person wrote."""
    known = _find(text) if whole else None
    if known is not None:
        return [(known, Fraction(1))]
    if text in _refusals():
        raise _refused(text, origin)
    if len(over := split(text, "/")) > 1:
        return _quotient(over, origin)
    if len(terms := split(text, "·")) > 1:
        return [factor for term in terms for factor in _factors(term, origin)]
    raised = POWER.fullmatch(text)
    if raised is None:
        if text.startswith("(") and text.endswith(")"):
            return _factors(text[1:-1], origin)
        raise _unknown(text, origin)
    power = _power(raised["power"].strip("()"), origin)
    return [(unit, each * power) for unit, each in _factors(raised["of"], origin)]


def _quotient(over: Sequence[str], origin: str) -> Factors:
    """Numerator and denominator. GB 3101—1993, 3.3: what follows a solidus is one unit or stands in parentheses."""
    if len(over) > 2 or len(split(over[1], "·")) > 1:
        raise UnitError(
            f"“{origin}” 有歧义：斜线后只能有一个单位，或加括号，如 W/(m²·K) / "
            f"'{origin}' is ambiguous: one unit after the solidus, or parentheses as in W/(m²·K)"
        )
    above = [] if over[0] in ("", "1") else _factors(over[0], origin)
    return above + [(unit, -power) for unit, power in _factors(over[1], origin)]


def _power(text: str, origin: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise UnitError(
            f"“{origin}” 中的指数 “{text}” 不是数 / the exponent '{text}' in '{origin}' is no number"
        ) from error


def _dsi_unit(text: str, legal: bool) -> Unit:
    tokens = re.findall(r"\s*\\([A-Za-z]+)\s*(?:\{\s*([^{}]*?)\s*\})?\s*|(.)", _short(text), re.DOTALL)
    factors: Factors = []
    prefix, sign, raised = "", 1, True
    for name, braces, stray in tokens:
        if stray or (braces != "") != (name == "tothe"):
            raise _bad_dsi(text, stray or f"\\{name}")
        if name == "per" and not prefix and sign == 1:
            sign = -1
        elif name == "tothe":
            if raised or prefix or not re.fullmatch(r"[+-]?\d+(\.\d+)?", braces):
                raise _bad_dsi(text, f"\\tothe{{{braces}}}")  # no unit before it, or no decimal number
            factors[-1] = (factors[-1][0], factors[-1][1] * Fraction(braces))
            raised = True
        elif name in DSI_PREFIXES and not prefix:
            prefix = name
        else:
            factors.append((_dsi_factor(prefix, name, legal, text), Fraction(sign)))
            prefix, sign, raised = "", 1, False
    if prefix or sign == -1 or not factors:
        raise _bad_dsi(text, f"\\{prefix}" if prefix else "\\per" if sign == -1 else text)
    return _product(factors)


def _dsi_factor(prefix: str, name: str, legal: bool, text: str) -> Unit:
    spelling = f"\\{prefix}\\{name}" if prefix else f"\\{name}"
    row = _by_dsi().get(spelling)
    if row is not None:
        prefix = ""
    else:
        row = _by_dsi().get(f"\\{name}")
    if row is None or (prefix and DSI_PREFIXES[prefix] not in row.prefixes.split()):
        raise _bad_dsi(text, spelling)
    if legal and not row.legal:
        raise _refused(row.symbol, text)
    return _unit(row.symbol, DSI_PREFIXES[prefix] if prefix else "")


# ---- the list ----------------------------------------------------------------------------------------------------

_SYMBOLS = {symbol: symbol for symbol in PREFIXES} | {"u": "μ"}
_NAMES = DSI_PREFIXES | {zh: symbol for symbol, (_, _, zh) in PREFIXES.items()}
_ROWS = {row.symbol: row for row in ROWS}


@cache
def _by_symbol() -> dict[str, Row]:
    """Rows by every symbol that is read, UCUM's codes last: they never take what is a symbol already."""
    found: dict[str, Row] = {}
    legal = [row for row in ROWS if row.legal]
    for row in legal:
        found.update({plain(each): row for each in (row.symbol, *row.also) if each[0] != "\\"})
    for row in legal:
        found.setdefault(plain(row.ucum or row.symbol), row)
    return found


@cache
def _by_name() -> dict[str, Row]:
    """Rows by their names: with and without what GB 3100 puts in brackets, 瓦[特]."""
    found: dict[str, Row] = {}
    for row in ROWS:
        names = (row.en, re.sub(r"[\[\]]", "", row.zh), re.sub(r"\[.*?\]", "", row.zh))
        for name in names if row.legal else ():
            found.setdefault(plain(name), row)
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
    return Unit(_symbol(row, prefix), size, dimension, row.kind, row.offset, dsi, ucum)


def _symbol(row: Row, prefix: str) -> str:
    """A symbol that is read back as what it stands for: picohenry is spelled out, for pH is taken."""
    symbol = prefix + row.symbol
    taken = _by_symbol().keys() | _refusals().keys()
    return PREFIXES[prefix][1] + row.en if prefix and plain(symbol) in taken else symbol


def _times(a: Fraction | float, b: Fraction | float) -> Fraction | float:
    return a * b if isinstance(a, Fraction) and isinstance(b, Fraction) else float(a) * float(b)


# ---- products ----------------------------------------------------------------------------------------------------


def _product(factors: Factors) -> Unit:
    """The product of powers of units. A °C in it is a kelvin: only standing alone does it carry its zero."""
    factors = [(unit, power) for unit, power in factors if unit.symbol != "1"] or [(_unit("1"), Fraction(1))]
    if len(factors) == 1 and factors[0][1] == 1:
        return factors[0][0]
    size: Fraction | float = Fraction(1)
    dimension = NUMBER
    for unit, power in factors:
        if abs(power) > LARGEST_POWER:
            raise UnitError(f"{unit} 的指数 {power} 过大 / the power {power} of {unit} is too large")
        size, dimension = _times(size, _raised(unit.factor, power)), dimension * unit.dimension**power
    if not 1e-300 < size < 1e300:
        raise UnitError("单位过大或过小 / the unit is too large or too small for a number")
    dsi = _join("", (raised_dsi(unit.dsi, power) for unit, power in factors))
    ucum = _join(".", (raised_ucum(unit.ucum, power) for unit, power in factors))
    return Unit(
        printed([(unit.symbol, power) for unit, power in factors]), size, dimension, dsi=dsi, ucum=ucum
    )


def _raised(size: Fraction | float, power: Fraction) -> Fraction | float:
    return size**power.numerator if power.denominator == 1 else float(size) ** float(power)


def _join(separator: str, codes: Iterable[str | None]) -> str | None:
    known = list(codes)
    return None if None in known else separator.join(each for each in known if each)


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
        near = nearest(kind, KINDS)
        raise UnitError(f"没有量类 “{kind}”；相近的有 {near} / there is no kind '{kind}'; near it: {near}")
    needed = parse_unit(KINDS[kind][1])
    required = Unit(needed.symbol, needed.factor, needed.dimension, kind)
    require_compatible(unit, required)
    return Unit(unit.symbol, unit.factor, unit.dimension, kind, unit.offset, unit.dsi, unit.ucum)


# ---- errors ------------------------------------------------------------------------------------------------------


@cache
def _refusals() -> dict[str, tuple[str, str]]:
    return {plain(spelling): reason for spelling, reason in REFUSED.items()}


def _refused(text: str, origin: str) -> UnitError:
    zh, en = _refusals()[text]
    return UnitError(f"“{origin}” 不能用：{zh} / '{origin}' is refused: {en}")


def _unknown(text: str, origin: str) -> UnitError:
    """What is wrong with a symbol that is not on the list."""
    if not text or text.isdecimal():
        part = text or "（空）"
        return UnitError(
            f"“{origin}” 中的 “{part}” 不是单位；单位里除 1 以外不写数 / "
            f"'{part}' in '{origin}' is no unit; a unit holds no number but 1"
        )
    near = nearest(text, _all_symbols(), _pair(text))
    for prefix in _SYMBOLS:
        rest = text[len(prefix) :] if text.startswith(prefix) else ""
        if len(rest) > 1 and rest in _refusals():
            return _refused(rest, origin)
        if row := _by_symbol().get(rest):
            return UnitError(
                f"“{origin}”：单位 {row.symbol} 不能加词头 {prefix}；相近的有 {near} / "
                f"'{origin}': the unit {row.symbol} takes no prefix {prefix}; near it: {near}"
            )
    where = (f"（“{origin}” 中）", f" in '{origin}'") if text != origin else ("", "")
    return UnitError(
        f"“{text}”{where[0]}不在法定计量单位表（{VERSION}）中；相近的有 {near} / "
        f"'{text}'{where[1]} is not on the list of legal units ({VERSION}); near it: {near}"
    )


def _pair(text: str) -> list[str]:
    """The product that was meant where two symbols stand side by side: N·m for Nm."""
    pairs = [(_find(text[:k]), _find(text[k:])) for k in range(1, len(text))]
    return [f"{a}·{b}" for a, b in pairs if a and b][:2]


def _bad_dsi(text: str, part: str) -> UnitError:
    near = nearest(part.rpartition("\\")[2], (name[1:] for name in _by_dsi()), mark="\\")
    return UnitError(
        f"“{text}” 不是 D-SI 单位：错在 “{part}”；相近的有 {near} / "
        f"'{text}' is no unit of D-SI: '{part}' cannot stand there; near it: {near}"
    )


@cache
def _all_symbols() -> tuple[str, ...]:
    legal = [row for row in ROWS if row.legal]
    symbols = [_symbol(row, prefix) for row in legal for prefix in ("", *row.prefixes.split())]
    return (*symbols, *_by_symbol(), *_by_name())
