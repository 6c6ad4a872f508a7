"""A model's text into its graph. Python's grammar is read, nothing is ever run: what is not arithmetic is refused."""

from __future__ import annotations

import ast
import difflib
import keyword
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate
from typing import Any, TypeAlias

from quanheng.measure.errors import CircularModel, InvalidModel
from quanheng.measure.quantity import complex_term
from quanheng.measure.quantity.complex_term import ComplexTerm
from quanheng.measure.quantity.constants import PURE
from quanheng.measure.quantity.graph import MADE_OF, Graph, Node
from quanheng.measure.quantity.operations import OPERATIONS

Value: TypeAlias = Node | ComplexTerm

LONGEST = 10_000
DEEPEST = 200
IN_A_ROW = 2500  # operations of a + b + c + …: Python's own grammar reads some 3000
TOO_DEEP = (
    f"嵌套过深（至多 {DEEPEST} 层），或连续的运算过多（至多 {IN_A_ROW} 个），请分成几个输出",
    f"is nested too deeply (at most {DEEPEST} levels) or has too many operations in a row (at most {IN_A_ROW}): "
    "divide it among several outputs",
)
# one character for one, so that a column in the text is one in what is read: signs of mathematics, those of a Chinese
# keyboard, and the ends of lines
SIGNS = str.maketrans("·×÷−（）＋－＊／＾，．\u3000\r\n", "**/-()+-*/^,.   ")

# other spellings that people use for NumPy's names
SPELLINGS = {
    "abs": "absolute", "fabs": "absolute", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
    "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "ln": "log", "pow": "power",
    "conj": "conjugate",
}  # fmt: skip
PARTS = {"real", "imag", "angle", "conjugate"}
CALLED = {name for name in OPERATIONS if name not in {"add", "subtract", "multiply", "divide", "sign"}}
FUNCTIONS = frozenset(CALLED | set(MADE_OF) - {"positive"} | set(SPELLINGS) | PARTS)

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
}


def names_in(text: str) -> list[str]:
    """Names of quantities in an expression (functions and π left out), in order of appearance."""
    tree, source = _parsed(text), _source(text).encode()
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [
        (node.col_offset, _spelled(node, source))
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in called
    ]
    return list(dict.fromkeys(name for _, name in sorted(found)))


def in_order(uses: Mapping[str, Iterable[str]]) -> list[str]:
    """Outputs after those that they use, of the names that each one uses. CircularModel names a circle."""
    among = {output: [name for name in names if name in uses] for output, names in uses.items()}
    try:
        return list(TopologicalSorter(among).static_order())
    except CycleError as error:
        raise CircularModel(list(reversed(error.args[1]))) from error


def read(text: str, graph: Graph, known: Mapping[str, Value]) -> Value:
    """The value of an expression over the known terms.

    Numbers, names, + - * / ** (also ^), parentheses and the functions of FUNCTIONS. InvalidModel names the column of
    anything else.
    """
    return _Reader(text, graph, known).value(_parsed(text).body, 0)


def _parsed(text: str) -> ast.Expression:
    if len(text) > LONGEST:
        raise InvalidModel(f"模型长于 {LONGEST} 个字符 / the model is longer than {LONGEST} characters")
    source = _source(text)
    if not source:
        raise InvalidModel("模型是空的 / the model is empty")
    if "#" in source:
        raise InvalidModel(
            f"模型“{_short(text)}”中有 #：式子旁边不写别的 / there is a # in the model: write nothing beside it"
        )
    try:
        with warnings.catch_warnings():
            # of spellings that are refused below
            warnings.simplefilter("ignore")
            return ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, SyntaxError) and "too many nested" not in error.msg:
            raise _syntax(text, source, error) from error
        zh, en = TOO_DEEP
        raise InvalidModel(f"模型“{_short(text)}”{zh} / the model {en}") from error


def _written(text: str) -> str:
    """The text with the signs of Python, one character for one; digits of full width are digits, not parts of names."""
    signs = text.strip().translate(SIGNS)
    return re.sub("(?<!\\w)[０-９]+", lambda digits: unicodedata.normalize("NFKC", digits[0]), signs)


def _source(text: str) -> str:
    # people write x^2; as Python it would be an exclusive or, with another precedence
    return _written(text).replace("^", "**")


def _place(text: str, place: int) -> int:
    """Where in the text stands what has this place in its source, in which ^ takes two characters."""
    ends = accumulate(2 if sign == "^" else 1 for sign in _written(text))
    return sum(end <= place for end in ends)


def _spelled(node: ast.expr, source: bytes) -> str:
    """A name as it is written: Python reads µ (micro) as μ (mu), and a table may say either."""
    return source[node.col_offset : node.end_col_offset].decode()


def _syntax(text: str, source: str, error: SyntaxError) -> InvalidModel:
    reserved = [word for word in re.findall(r"\w+", source) if keyword.iskeyword(word)]
    if reserved:
        return InvalidModel(
            f"模型“{_short(text)}”：{reserved[0]} 不能作名称，请改名，如 {reserved[0]}_ / "
            f"{reserved[0]!r} cannot be a name: call it {reserved[0]}_, say"
        )
    column = _place(text, (error.offset or 1) - 1) + 1
    return InvalidModel(
        f"模型“{_short(text)}”第 {column} 列有语法错误 / syntax error in column {column} of the model"
    )


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:79]}…"


class _Reader:
    """Walks one expression."""

    def __init__(self, text: str, graph: Graph, known: Mapping[str, Value]) -> None:
        self.text = text
        self.source = _source(text).encode()
        self.graph = graph
        self.known = known

    def value(self, node: ast.expr, depth: int) -> Value:
        if depth > DEEPEST:
            raise self.refused(node, *TOO_DEEP)
        match node:
            case ast.Constant(value=bool() | str() | bytes()):
                raise self.refused(node, "不是数", "is no number")
            case ast.Constant(value=int() | float() as number):
                return self.graph.constant(_float(number))
            case ast.Constant(value=complex() as number):
                return ComplexTerm(self.graph.constant(number.real), self.graph.constant(number.imag))
            case ast.Name():
                return self.named(node, _spelled(node, self.source))
            case ast.BinOp(op=op) if type(op) in BINARY:
                return self.chain(node, depth)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.apply("negative", self.value(operand, depth + 1))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.value(operand, depth + 1)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                if name not in FUNCTIONS:
                    raise self.unknown(node, name, "函数", "function", FUNCTIONS)
                return self.call(node, name, [self.value(each, depth + 1) for each in arguments])
            case _:
                raise self.refused(
                    node,
                    "只能用数、名称、四则运算、乘方和函数",
                    "only numbers, names, + - * /, powers and functions will do",
                )

    def chain(self, node: ast.expr, depth: int) -> Value:
        """a + b + c + …: one operation after the other from the left, so that a long sum is not a deep one."""
        above = []
        while isinstance(node, ast.BinOp) and type(node.op) in BINARY:
            above.append(node)
            node = node.left
        if len(above) > IN_A_ROW:
            raise self.refused(node, *TOO_DEEP)
        term = self.value(node, depth + 1)
        for each in reversed(above):
            term = self.apply(BINARY[type(each.op)], term, self.value(each.right, depth + 1))
        return term

    def named(self, node: ast.expr, name: str) -> Value:
        if name in self.known:
            return self.known[name]
        if name in PURE:
            return self.graph.constant(PURE[name])
        raise self.unknown(node, name, "名称", "name", self.known)

    def call(self, node: ast.expr, name: str, terms: list[Value]) -> Value:
        name = SPELLINGS.get(name, name)
        takes = OPERATIONS[name].arity if name in OPERATIONS else 1
        if len(terms) != takes:
            raise self.refused(node, f"{name} 需要 {takes} 个参数", f"{name} takes {takes} argument(s)")
        return PART[name](terms[0]) if name in PARTS else self.apply(name, *terms)

    def apply(self, name: str, *terms: Value) -> Value:
        if any(isinstance(term, ComplexTerm) for term in terms):
            value: Value = complex_term.apply(name, *terms)
            return value
        return self.graph.apply(name, *(term for term in terms if isinstance(term, Node)))

    def refused(self, node: ast.expr, zh: str, en: str) -> InvalidModel:
        # Python counts bytes; people count characters
        place = _place(self.text, len(self.source[: node.col_offset].decode()))
        piece = " ".join(self.text.strip()[place:].split())[:40]
        column = place + 1
        return InvalidModel(
            f"模型“{_short(self.text)}”第 {column} 列“{piece}”：{zh} / column {column} of the model, {piece!r}: {en}"
        )

    def unknown(self, node: ast.expr, name: str, zh: str, en: str, candidates: Any) -> InvalidModel:
        close = difflib.get_close_matches(name, list(candidates), 3, 0.5)
        or_zh, or_en = (
            (f"；是否 {'、'.join(close)}？", f"; did you mean {', '.join(close)}?") if close else ("", "")
        )
        return self.refused(node, f"没有{zh} {name}{or_zh}", f"there is no {en} {name}{or_en}")


def _float(number: int | float) -> float:
    try:
        return float(number)
    except OverflowError as error:
        raise InvalidModel("模型中的数过大 / a number in the model is too large") from error


def _zero(value: Value) -> Node:
    assert isinstance(value, Node)
    return value.graph.constant(0.0)


PART: dict[str, Callable[[Value], Value]] = {
    "real": lambda z: z.re if isinstance(z, ComplexTerm) else z,
    "imag": lambda z: z.im if isinstance(z, ComplexTerm) else _zero(z),
    "angle": lambda z: (
        complex_term.angle(z) if isinstance(z, ComplexTerm) else z.graph.apply("arctan2", 0.0, z)
    ),
    "conjugate": lambda z: z.conjugate() if isinstance(z, ComplexTerm) else z,
}
