"""Models as text: what is read, and what is refused without ever being run."""

from __future__ import annotations

import contextlib
import math
import re
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.measure.errors import InvalidModel
from quanheng.measure.quantity.expression import IN_A_ROW, LONGEST, names_in
from quanheng.measure.quantity.model import Model


def value(text: str, **x: float) -> float:
    return Model({"y": text}, inputs=list(x)).tape.numbers(list(x.values()))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2*3", 7),
        ("2^3^2", 512),
        ("-2^2", -4),
        ("2**-1", 0.5),
        ("(1 + 2)·3 × 2 − 1", 17),
        ("1e3 + .5 + 1_000", 2000.5),
        ("pi", math.pi),
        ("sin(pi/2) + cos(0)", 2),
        ("ln(exp(3)) + log10(100) + log2(8)", 8),
        ("atan2(1, -1) - arctan2(1, -1)", 0),
        ("pow(2, 10) + hypot(3, 4)", 1029),
        ("abs(-3) + fabs(-2) + sqrt(4) + cbrt(27)", 10),
        ("degrees(pi) + radians(180) - pi", 180),
        ("square(3) + reciprocal(4)", 9.25),
        ("(1\n + 2)", 3),
        ("1\n + 2\r\n + 3", 6),
        ("（１＋２）＊３ － ４÷２．５ ＋ 2＾3", 15.4),
        ("atan2（１，　１）", math.pi / 4),
        ("real(2 + 3j) + imag(2 + 3j) + abs(3 + 4j)", 10),
    ],
)
def test_arithmetic_is_that_of_mathematics(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected, rel=1e-15)


def test_names_are_found_in_order_and_functions_are_none_of_them() -> None:
    assert names_in("ls + d - ls*(α*θ + sin(sin))") == ["ls", "d", "α", "θ", "sin"]


def test_a_name_is_kept_as_it_is_spelled() -> None:
    # Python takes the micro sign for the letter mu
    assert Model("\u00b5*2 + \u03bc").inputs == ("\u00b5", "\u03bc")
    assert value("\u957f\u5ea6*2", 长度=3.0) == 6


def test_a_sum_may_have_many_terms() -> None:
    names = [f"x{k}" for k in range(300)]
    assert value(" + ".join(names), **dict.fromkeys(names, 2.0)) == 600


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "__import__",
        "x.__class__",
        "x.real",
        "().__class__.__bases__[0].__subclasses__()",
        "open('file')",
        "print(x)",
        "eval('1')",
        "getattr(x, 'y')",
        "[y for y in (1, 2)]",
        "{y: 1 for y in (1, 2)}",
        "sum(y for y in (1, 2))",
        "(y := 3)",
        "f'{x}'",
        "'text'",
        "b'bytes'",
        "lambda: 1",
        "lambda x: x",
        "x if x else 1",
        "x and 1",
        "x < 1",
        "x == 1",
        "not x",
        "~x",
        "x // 2",
        "x % 2",
        "x << 2",
        "x @ x",
        "x | 1",
        "x[0]",
        "x[0:1]",
        "[1, 2]",
        "(1, 2)",
        "{1}",
        "{}",
        "*x",
        "sin(*x)",
        "sin(x=1)",
        "sin(x, **x)",
        "sin(x)(x)",
        "(sin)(x)(1)",
        "await x",
        "yield x",
        "True",
        "None",
        "...",
        "x; y",
        "import os",
        "x # and more",
        "x\x00y",
        "1and x",
    ],
)
def test_code_is_refused(text: str) -> None:
    with pytest.raises(InvalidModel, match=" / "):
        Model({"y": text}, inputs=["x"])


@pytest.mark.parametrize("text", ["", "  ", "\n", "x +", "(x", "x)", "2x", "x y", "1e", "²", "x\ny", "$x"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(InvalidModel, match=" / "):
        Model({"y": text})


@pytest.mark.parametrize("word", ["lambda", "class", "in", "None"])
def test_a_reserved_word_is_told_to_be_no_name(word: str) -> None:
    with pytest.raises(InvalidModel):
        Model({"y": f"2*{word}"})
    if word != "None":
        with pytest.raises(InvalidModel, match=f"call it {word}_"):
            Model({"y": f"2*{word}"})


@pytest.mark.parametrize(
    "text",
    [
        "x + 9**9**9",
        "9^9^9^9^9",
        "10**400",
        "1e400",
        "0x" + "f" * 4000,
        "9" * 5000,
        "1/0",
        "log(0)",
        "sqrt(-1)",
        "exp(1000)",
        "(-8)**0.5",
    ],
)
def test_constants_that_are_no_numbers_are_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(InvalidModel):
        Model({"y": text}, inputs=["x"])
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    "text",
    [
        "(" * 150 + "x" + ")" * 150,
        "(" * 5000 + "x" + ")" * 5000,
        "-" * 9000 + "x",
        "sin(" * 1000 + "x" + ")" * 1000,
        "+".join(["x"] * 4900),
        "x**" * 3000 + "x",
        "x" * (LONGEST + 1),
        "[" * 3000,
        "(" + "+".join(["x"] * 300) + ") if x else 1",
    ],
    ids=lambda text: f"{text[:6]}… {len(text)}",
)
def test_deep_and_long_texts_neither_crash_nor_hang(text: str) -> None:
    start = time.perf_counter()
    try:
        assert Model({"y": text}, inputs=["x"]).tape.numbers([0.5])
    except InvalidModel as error:
        assert len(str(error)) < 500
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("text", "column", "piece"),
    [
        ("x + x.a", 5, "x.a"),
        ("长度 + open(x)", 6, "open(x)"),
        ("x + (x < 1)", 6, "x < 1"),
        ("（x ＋ 1）÷ x.a", 10, "x.a"),
        ("x^2 + x^3 + x.a", 13, "x.a"),
        ("x\n+\nx.a", 5, "x.a"),
    ],
)
def test_a_refusal_names_the_column_and_shows_the_piece(text: str, column: int, piece: str) -> None:
    with pytest.raises(InvalidModel, match=f"第 {column} 列“{piece.replace('(', '.').replace(')', '.')}"):
        Model({"y": text}, inputs=["x", "长度"])


@pytest.mark.parametrize(
    "text", ["x ＋", "x^2 +", "sinn(x)", "x + y2", "x.a", "sin()", "1/0", "-" * 900 + "x", "x + 'a'"]
)
def test_a_refusal_is_said_in_chinese_first_and_then_in_english(text: str) -> None:
    with pytest.raises(InvalidModel) as refused:
        Model({"y": text}, inputs=["x", "x2", "y1"])
    chinese, english = str(refused.value).split(" / ")
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert not re.search("[a-z]{2} [a-z]", re.sub("“.*?”", "", chinese))
    assert not re.search("[\u3000-\u9fff]", english)


def test_as_many_operations_may_stand_in_a_row_as_a_refusal_says() -> None:
    assert value("+".join(["x"] * (IN_A_ROW + 1)), x=1.0) == IN_A_ROW + 1
    with pytest.raises(InvalidModel, match=f"at most {IN_A_ROW}"):
        Model({"y": "+".join(["x"] * (IN_A_ROW + 2))})


def test_too_many_parentheses_are_told_to_be_too_deep() -> None:
    with pytest.raises(InvalidModel, match="too deeply"):
        Model({"y": "(" * 201 + "x" + ")" * 201})


def test_an_unknown_name_or_function_is_met_with_the_nearest() -> None:
    with pytest.raises(InvalidModel, match="did you mean theta"):
        Model({"y": "thetta + 1"}, inputs=["theta", "phi"])
    with pytest.raises(InvalidModel, match="did you mean sin,"):
        Model({"y": "sinn(x)"}, inputs=["x"])


@pytest.mark.parametrize("text", ["sin()", "sin(1, 2)", "atan2(1)", "hypot(1, 2, 3)"])
def test_functions_take_as_many_arguments_as_they_have(text: str) -> None:
    with pytest.raises(InvalidModel, match="argument"):
        Model({"y": text})


@settings(max_examples=300)
@given(st.text(alphabet=string.printable + "·×−µθ长", max_size=40))
def test_any_text_is_a_model_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidModel):
        Model({"y": text})


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            ["x", "1", "2.5", "+", "-", "*", "/", "**", "(", ")", "sin(", "lambda", ".", ",", ":=", "[", "if"]
        ),
        max_size=15,
    )
)
def test_any_words_are_a_model_or_refused(words: list[str]) -> None:
    with contextlib.suppress(InvalidModel):
        Model({"y": " ".join(words)})
