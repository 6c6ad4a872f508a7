"""The report in LaTeX: `article` with `booktabs`, and `ctex` where it holds Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from quanheng.ground.paper.markup import Words
from quanheng.work.budget import remarks, tables, words
from quanheng.work.budget.figures import coverage_of, line_of
from quanheng.work.budget.result import Budget, Result
from quanheng.work.budget.words import Language, printable, said

ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "\u2009": r"\,", "\u202f": r"\,", "\u2212": r"\ensuremath{-}",
    "±": r"\ensuremath{\pm}", "×": r"\ensuremath{\times}", "·": r"\ensuremath{\cdot}", "∞": r"\ensuremath{\infty}",
    "°": r"\ensuremath{^{\circ}}", "–": "--", "…": r"\ldots{}", "′": r"\ensuremath{'}",
    "″": r"\ensuremath{''}", "‰": r"\textperthousand{}", "ℓ": r"\ensuremath{\ell}",
    "≤": r"\ensuremath{\leq}", "≥": r"\ensuremath{\geq}", "†": r"\textdagger{}",
    # behind the end of a row these would be its arguments
    "[": "{[}", "*": "{*}",
}  # fmt: skip
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "\u00b5": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "φ": "varphi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "\u2126": "Omega",
}  # fmt: skip
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True))
BEYOND_LATIN = re.compile("[^\x00-\u024f]")


def write(budget: Budget, language: Language = "both") -> bytes:
    """A document that stands alone."""
    return document("\n\n".join(_parts(budget, language)))


def document(body: str) -> bytes:
    """A document of a body, with the packages that it wants."""
    packages = ["\\usepackage[margin=20mm]{geometry}", "\\usepackage{booktabs}", "\\usepackage{textcomp}"]
    if BEYOND_LATIN.search(body):
        # wants fonts that only XeLaTeX or LuaLaTeX finds
        packages.insert(0, "\\usepackage[UTF8,scheme=plain]{ctex}")
    else:
        packages.insert(0, "\\usepackage[T1]{fontenc}")
    lines = ["\\documentclass[10pt,a4paper]{article}", *packages, "\\setlength{\\parindent}{0pt}"]
    return "\n".join([*lines, "\\begin{document}", "", body, "", "\\end{document}", ""]).encode()


def _parts(budget: Budget, language: Language) -> Iterator[str]:
    title = Words(printable(budget.title.zh), printable(budget.title.en))
    shown = said(title if title.zh else words.TITLE, language, " / ")
    yield f"\\section*{{{escape(shown)}}}"
    for result in budget.results:
        yield from _result(budget, result, language)
    if budget.monte_carlo is not None:
        yield heading(words.COMPARISON, language)
        head = tables.comparison_head(budget)
        yield table(head, tables.comparison_lines(budget, language), "llrrr", language)
        yield _sentence(remarks.trials_of(budget, budget.monte_carlo), language)
        for result in budget.results:
            yield _sentence(remarks.validation(result, budget.monte_carlo.outputs[result.name]), language)
        if budget.monte_carlo.joint is not None:
            yield heading(words.JOINT, language)
            lines = tables.region_lines(budget, budget.monte_carlo.joint, language)
            yield table(tables.REGION_HEAD, lines, "lrrl", language)
            yield _sentence(remarks.together(budget, budget.monte_carlo.joint), language)
    if len(budget.results) > 1:
        names = [Words(each.name, each.name) for each in budget.results]
        yield heading(words.CORRELATION, language)
        yield table(
            [words.OUTPUT, *names], tables.correlation_lines(budget), "l" + "r" * len(names), language
        )
    yield from _conformity(budget, language)
    if budget.notes:
        yield heading(words.NOTES, language)
        items = [_sentence(Words(printable(note.zh), printable(note.en)), language) for note in budget.notes]
        yield "\\begin{itemize}\n" + "\n".join(f"  \\item {each}" for each in items) + "\n\\end{itemize}"


def _result(budget: Budget, result: Result, language: Language) -> Iterator[str]:
    model = printable(budget.models[result.name.partition(".")[0]])
    yield f"\\texttt{{{escape(result.name.partition('.')[0] + ' = ' + model)}}}"
    yield f"\\textbf{{{escape(line_of(result, language))}}} ($p = {escape(coverage_of(budget.coverage))}$)"
    yield _sentence(remarks.linearity(result), language)
    lines = [
        (("\\quad " if line.is_effect else "") + escape(line.cells[0]), *map(escape, line.cells[1:]))
        for line in tables.budget_lines(result, language)
    ]
    yield "{\\footnotesize\n" + table(tables.BUDGET_HEAD, lines, "lrrllrrrr", language, ready=True) + "\n}"
    sources = tables.source_lines(result)
    if sources:
        yield table((words.SOURCE, Words("u", "u"), words.SHARE), sources, "lrr", language)


def _conformity(budget: Budget, language: Language) -> Iterator[str]:
    results = {each.name: each for each in budget.results}
    if budget.conformity:
        yield heading(words.CONFORMITY, language)
    for name, decision in budget.conformity.items():
        yield f"{escape(name)}: \\textbf{{{escape(said(words.VERDICTS[decision.verdict], language))}}}"
        lines = tables.decision_lines(decision, results[name], language)
        body = [f"{escape(said(label, language))} & {escape(value)} \\\\" for label, value in lines]
        yield "\n".join(["\\begin{tabular}{ll}", "\\toprule", *body, "\\bottomrule", "\\end{tabular}"])


def heading(title: Words, language: Language) -> str:
    """A heading between parts."""
    return f"\\subsection*{{{escape(said(title, language))}}}"


def _sentence(text: Words, language: Language) -> str:
    return escape(said(text, language))


def table(
    head: Sequence[Words],
    lines: Iterable[Sequence[str]],
    columns: str,
    language: Language,
    *,
    ready: bool = False,
) -> str:
    """A table with rules above, below its head, and below. ready: its cells are LaTeX already."""
    rows = [[said(each, "en" if language == "en" else "zh") for each in head]]
    if language == "both":
        rows.append([each.en if each.en != each.zh else "" for each in head])
    top = [" & ".join(map(escape, row)) + " \\\\" for row in rows]
    body = [" & ".join(line if ready else map(escape, line)) + " \\\\" for line in lines]
    begin = f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}"
    return "\n".join([begin, "\\toprule", *top, "\\midrule", *body, "\\bottomrule", "\\end{tabular}"])


def escape(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    out = []
    for piece in re.split("([⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+)", text):
        if piece and piece[0] in SUPERSCRIPTS:
            out.append(f"\\ensuremath{{^{{{''.join(SUPERSCRIPTS[each] for each in piece)}}}}}")
        else:
            out.append("".join(_escaped(each) for each in piece))
    return "".join(out)


def _escaped(character: str) -> str:
    if character in GREEK:
        return f"\\ensuremath{{\\{GREEK[character]}}}"
    return ESCAPES.get(character, character)
