"""Reports of a budget: figures rounded as u asks for, both languages whole, and nobody's text taken for markup."""

from __future__ import annotations

import io
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from budget_trees import full, parsed, small
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_sums import sums
from rich.console import Console

from quanheng.work.budget import excel, figures, latex, page, tables, text, words
from quanheng.work.budget.errors import BadBudget
from quanheng.work.budget.evaluate import evaluate
from quanheng.work.budget.reading import read_budget
from quanheng.work.budget.result import Budget
from quanheng.work.budget.words import Language, printable

FILES = Path(__file__).parent / "files"
NASTY = "<script>x</script> & \\input{y} $1% _^~ \x1b[31m {[*\"'` 中文"


def of(tree: dict[str, Any]) -> Budget:
    return evaluate(parsed({"monte_carlo": {"trials": 2000}} | tree))


@pytest.fixture(scope="module")
def gauge() -> Budget:
    """H.1 of the GUM, with a certificate and limits."""
    return evaluate(read_budget(FILES / "gum_h1.toml"))


@pytest.fixture(scope="module")
def nasty() -> Budget:
    """Text that would be markup everywhere, wherever a file may hold text."""
    effects = [{"name": NASTY, "u": 0.1, "dof": 4}, {"name": "plain", "u": 0.2}]
    tree = small(a={"value": 1, "unit": "mm", "source": NASTY, "effects": effects})
    return of({"title": NASTY, **tree, "conformity": {"y": {"upper": 3.4, "rule": "guarded", "r": 1}}})


@pytest.fixture(scope="module")
def written(gauge: Budget) -> bytes:
    """The page of `gauge`."""
    return page.write(gauge)


def printed(budget: Budget, language: Language = "both", width: int = 140) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(text.report(budget, language))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# ---- figures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "u", "shown"),
    [
        (50_000_623, 25, "50 000 623"),
        (1.15e-5, 1.1547e-6, "1.15 × 10⁻⁵"),
        (0.0, 0.0289, "0"),
        (-0.1, 0.406, "−0.10"),
        (1000.0, math.inf, "1000"),
        (9.81, 0.0, "9.81"),
        (math.nan, 0.1, "–"),
    ],
)
def test_a_value_ends_where_its_uncertainty_does(value: float, u: float, shown: str) -> None:
    assert figures.value_of(value, u).replace("\u2009", " ") == shown


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0.5, "50.0 %"),
        (0.999955, "99.9955 %"),
        (4.5e-5, "0.0045 %"),
        (1.0, "100.0 %"),
        (1 - 1e-14, "> 99.9999 %"),
        (3.3e-20, "3.3 × 10⁻¹⁸ %"),
        (math.nan, "–"),
    ],
)
def test_a_probability_is_told_from_nought_and_one(p: float, shown: str) -> None:
    assert figures.chance(p) == shown


def test_limits_are_printed_as_the_file_states_them() -> None:
    tree = small(a={"value": 12.343, "unit": "mm", "u": 0.2}, b={"value": 0, "unit": "mm"})
    budget = of(tree | {"conformity": {"y": {"upper": 12.345}}})
    lines = dict(tables.decision_lines(budget.conformity["y"], budget.results[0], "en"))
    assert lines[words.LIMITS] == "[−∞, 12.345] mm"
    assert lines[words.ACCEPTANCE] == "[−∞, 12.345] mm"


@pytest.mark.parametrize(
    ("ends", "limits", "u", "shown"),
    [
        ((-math.inf, 334.3763), (-math.inf, 335), 0.38, "[−∞, 334.37]"),
        ((0.1, 0.3 - 0.1), (0, 0.3), 0.02, "[0.1, 0.2]"),  # what subtraction leaves is no digit
        ((9.99994, 10.00006), (9.9, 10.1), 0.02, "[9.999 94, 10.000 06]"),
        ((-math.inf, 12.3452), (-math.inf, 12.345), 0.2, "[−∞, 12.3452]"),  # guarded rejection
        ((1e7 + 0.25, 2e7 - 0.25), (1e7, 2e7), 3e4, "[10 000 000.25, 19 999 999.75]"),
        ((5, 5), (4, 6), 0.5, "[5, 5]"),
        ((-10, 10), (-10, 10), 1.7, "[−10, 10]"),
    ],
)
def test_an_acceptance_limit_is_rounded_inwards_and_told_from_its_limit(
    ends: tuple[float, float], limits: tuple[float, float], u: float, shown: str
) -> None:
    assert figures.acceptance_of(ends, limits, u).replace("\u2009", " ") == shown


def test_an_expanded_uncertainty_is_rounded_up_but_not_for_noise() -> None:
    exact = {"value": 1, "unit": "mm", "u": 0.1}
    (result,) = of(
        small(a=exact, b={"value": 2, "unit": "mm"}) | {"coverage": math.erf(3 / math.sqrt(2))}
    ).results
    assert result.k == pytest.approx(3)
    assert "± 0.30) mm" in figures.line_of(result)
    (result,) = of(
        small(a=exact | {"u": 0.1001}, b={"value": 2, "unit": "mm"}) | {"coverage": 0.9973}
    ).results
    assert "± 0.31) mm" in figures.line_of(result)


def test_contributions_end_at_one_place(gauge: Budget) -> None:
    lines = tables.budget_lines(gauge.results[0], "en")
    assert [line.contribution for line in lines if line.share] == [
        "25.0",
        "5.8",
        "3.9",
        "6.7",
        "2.9",
        "−16.6",
    ]


def test_only_what_a_result_uses_stands_in_its_table() -> None:
    tree = small() | {"outputs": {"y": {"model": "a", "unit": "mm"}, "z": {"model": "a*b", "unit": "mm2"}}}
    y, z = of(tree).results
    assert [line.name for line in tables.budget_lines(y)] == ["a"]
    assert [line.name for line in tables.budget_lines(z)] == ["a", "b"]


@pytest.mark.parametrize(("share", "cells"), [(1.0, 10), (0.55, 6), (0.0, 0), (-0.5, 0), (3.0, 10)])
def test_a_bar_is_as_long_as_the_share(share: float, cells: int) -> None:
    assert len(text.bar(share)) == cells


# ---- text --------------------------------------------------------------------------------------------------------


def test_the_text_sets_both_ways_side_by_side_and_says_which_holds(gauge: Budget) -> None:
    said = printed(gauge, "en").replace("\u2009", " ")
    assert "l = (50 000 838 ± 93) nm, k = 2.92, ν = 16  (p = 99 %)" in said
    assert "law of propagation" in said
    assert "Monte Carlo does not validate the law of propagation" in said
    assert "not linear enough here: with terms of second order u = 33.8 nm" in said
    assert "calibration certificate of the standard" in said


def test_undefined_degrees_of_freedom_are_said_so() -> None:
    said = printed(evaluate(read_budget(FILES / "gum_h2.toml")), "both")
    assert "ν = 无定义 undefined" in said
    assert "相关系数 Correlation" in said


def test_no_text_steers_the_terminal(nasty: Budget) -> None:
    assert "\x1b" not in printed(nasty)
    assert "[31m" in printed(nasty)


def test_a_narrow_terminal_still_shows_every_figure(gauge: Budget) -> None:
    narrow = re.sub(r"\s", "", printed(gauge, "en", width=80))
    assert "62.3%" in narrow
    assert "27.5%" in narrow


# ---- page --------------------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Checks that elements nest; keeps tags, addresses and the text of each language."""

    VOID = frozenset({"meta", "input", "link", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.text: dict[str, list[str]] = {"zh-CN": [], "en": [], "": []}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.tags.append(tag)
        self.addresses += [given[key] for key in ("href", "src") if key in given]
        self.ids += [given["id"]] if "id" in given else []
        if tag not in self.VOID:
            inherited = self.open[-1][1] if self.open else ""
            turned = (
                tag != "html" and given.get("lang") in self.text
            )  # zh-Hans: a name within a sentence of either
            self.open.append((tag, given["lang"] if turned else inherited))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and not {"script", "style", "title"} & {tag for tag, _ in self.open}:
            self.text[self.open[-1][1]].append(data.strip())


def read(html: bytes) -> Reader:
    reader = Reader()
    reader.feed(html.decode())
    reader.close()
    assert not reader.open
    return reader


def test_the_page_nests_and_asks_for_nothing(written: bytes) -> None:
    reader = read(written)
    assert not [each for each in reader.addresses if not each.startswith("#")]
    assert {each[1:] for each in reader.addresses} <= set(reader.ids)
    assert len(reader.ids) == len(set(reader.ids))
    assert b"default-src 'none'" in written


def test_the_page_shows_contributions_and_the_density_with_both_intervals(written: bytes) -> None:
    reader = read(written)
    assert reader.tags.count("svg") == 4  # two plots, for a desk and for a phone
    assert b'data-en="Monte Carlo, 99 %: [' in written
    assert b'data-en="law of propagation, 99 %: [' in written


def test_every_sentence_of_the_page_is_said_in_both_languages(written: bytes) -> None:
    spoken = read(written).text
    assert len(spoken["zh-CN"]) == len(spoken["en"])
    assert not [each for each in spoken["en"] if re.search(r"[\u4e00-\u9fff]", each) and each != "中文"]


def test_the_page_opens_in_the_language_asked_for(gauge: Budget, written: bytes) -> None:
    assert b'<html lang="en"' in page.write(gauge, "en")
    assert b'<html lang="zh-CN"' in written


def test_no_text_becomes_markup_of_the_page(nasty: Budget) -> None:
    reader = read(page.write(nasty))
    assert reader.tags.count("script") == 1
    assert any("<script>x</script>" in each for each in reader.text[""])


# ---- LaTeX -------------------------------------------------------------------------------------------------------


def plain(source: str) -> str:
    """LaTeX without its commands: what is left must hold no character that steers it."""
    return re.sub(r"\\(?:[a-zA-Z]+\*?|[\\{}$&#%_,])", "", source)


def test_no_text_becomes_a_command_of_latex(nasty: Budget) -> None:
    source = latex.write(nasty).decode()
    assert "\\input" not in source
    assert not re.search(r"[#%_~\x1b]", plain(source))
    begun, ended = (re.findall(rf"\\{word}{{(\w+)}}", source) for word in ("begin", "end"))
    assert sorted(begun) == sorted(ended)
    bare = re.sub(r"\\[{}\\]", "", source)
    assert bare.count("{") == bare.count("}")


def test_latex_in_english_is_plain_article_with_booktabs(gauge: Budget) -> None:
    source = latex.write(gauge, "en").decode()
    assert source.isascii()
    assert "ctex" not in source
    assert re.findall(r"\\usepackage(?:\[.*?\])?{(.*?)}", source) == [
        "fontenc",
        "geometry",
        "booktabs",
        "textcomp",
    ]


def test_latex_in_english_is_plain_with_every_part_of_a_report() -> None:
    tree = full()
    tree["inputs"]["θ"] = {"value": 1, "unit": "°C", "distribution": "t", "scale": 0.1, "dof": 2}
    tree["outputs"] |= {
        "t": {"model": "θ", "unit": "°C"},
        "w": {"model": "z*(a - b)**2/a**3*1e-9", "unit": "1/µm"},
    }
    tree["conformity"]["y"] = {"upper": 5, "rule": "guarded", "r": 1}
    source = latex.write(of(tree), "en").decode()
    assert source.isascii()
    assert "ctex" not in source
    for part in (words.JOINT.en, words.CONFORMITY.en, words.CORRELATION.en, words.NOTES.en, "\\leq"):
        assert part in source


def test_latex_in_chinese_asks_for_ctex(gauge: Budget) -> None:
    assert "{ctex}" in latex.write(gauge, "zh").decode()


def test_every_row_of_a_latex_table_has_all_its_cells(gauge: Budget) -> None:
    source = latex.write(gauge).decode()
    for columns, body in re.findall(r"\\begin{tabular}{@{}(\w+)@{}}(.*?)\\end{tabular}", source, re.DOTALL):
        rows = [row for row in body.splitlines() if row.endswith("\\\\")]
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(columns) - 1}


@given(st.text(max_size=40))
def test_any_text_is_escaped_for_latex(raw: str) -> None:
    escaped = latex.escape(printable(raw))
    bare = re.sub(r"\\[{}]", "", escaped)
    assert bare.count("{") == bare.count("}")
    assert not re.search(r"(?<!\\)[#$%&_]|[~^\n\r](?!{)", re.sub(r"\\ensuremath{[^}]*}+", "", escaped))


# ---- Excel -------------------------------------------------------------------------------------------------------


def test_a_workbook_holds_numbers_with_all_their_digits(gauge: Budget) -> None:
    from openpyxl import load_workbook

    sheet = load_workbook(io.BytesIO(excel.write(gauge, "en")))["l"]
    rows = {row[0]: row for row in sheet.iter_rows(values_only=True)}
    result = gauge.results[0]
    assert rows["ls"][3:10] == (25, "B", "normal", 18, 1, 25, pytest.approx(result.rows[0].share))
    assert rows["u(l)"][8] == pytest.approx(result.u, rel=1e-14)


@pytest.mark.parametrize(("rule", "key", "stated"), [("guarded", "w", 0.1), ("specific risk", "risk", 0.05)])
def test_a_workbook_tells_what_a_rule_was_given(rule: str, key: str, stated: float) -> None:
    from openpyxl import load_workbook

    budget = of(small() | {"conformity": {"y": {"upper": 5, "rule": rule, key: stated}}})
    sheet = load_workbook(io.BytesIO(excel.write(budget, "en"))).worksheets[0]
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row]
    assert [each for each in cells if each.endswith(f", {key} = {stated}")]


def test_any_text_goes_into_a_workbook(nasty: Budget) -> None:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(excel.write(nasty)))
    assert "<script>" in str(book.worksheets[0]["A1"].value)


def test_sheets_of_results_that_excel_would_not_tell_apart_have_names_of_their_own() -> None:
    from openpyxl import load_workbook

    outputs = {name: {"model": "a + b", "unit": "mm"} for name in ("Y", "y", "x" * 30 + "1", "x" * 30 + "2")}
    book = load_workbook(io.BytesIO(excel.write(of(small() | {"outputs": outputs}))))
    assert len({name.casefold() for name in book.sheetnames}) == 6


# ---- any budget --------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sums)
def test_any_budget_can_be_reported(tree: dict[str, Any]) -> None:
    try:
        budget = of(tree)
    except BadBudget:
        return
    assert budget.results[0].name in printed(budget)
    assert latex.write(budget).endswith(b"\\end{document}\n")
    assert excel.write(budget)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sums)
def test_any_budget_can_be_a_page(tree: dict[str, Any]) -> None:
    try:
        budget = of(tree)
    except BadBudget:
        return
    read(page.write(budget))
