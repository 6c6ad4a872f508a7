"""A certificate and all that it rests on, as a tree up to the SI: for people, as lines of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from quanheng.evidence.answer import Answer, Reason, Standing
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.chain.columns import NATIONAL, Chain

MOST = 200  # nodes that are drawn

SIGNS = {Standing.VALID: "✓", Standing.NOT_SHOWN: "?", Standing.INVALID: "✗"}


@dataclass(frozen=True)
class Node:
    """A certificate in a tree, with what it rests on. At the end of a good chain stands the SI."""

    digest: str
    title: str  # what was calibrated, and its number
    issuer: str
    days: str
    figures: str  # U of its points
    answer: Answer
    standing: Standing
    national: bool  # realises a unit of the SI itself
    above: tuple[Node, ...] = ()
    again: bool = False  # stands elsewhere in the tree


def tree(
    chain: Chain,
    row: int,
    contents: Callable[[str], Certificate | None],
    answers: Callable[[int], Answer],
    standings: Callable[[int], Standing],
) -> Node:
    """The tree of a certificate. contents: by digest; answers and standings: by row."""
    first = np.searchsorted(chain.uses.certificate, np.arange(len(chain) + 1))
    drawn: dict[int, bool] = {}

    def node(row: int) -> Node:
        again = row in drawn
        drawn[row] = True
        digest = chain.digest(row)
        content = contents(digest)
        standards = chain.uses.standard[first[row] : first[row + 1]]
        rows = list(dict.fromkeys(int(each) for each in standards if each >= 0))
        follow = not again and len(drawn) < MOST
        return Node(
            digest,
            _title(content, chain, row),
            content.issuer.name if content else chain.names.parties[int(chain.certificates.issuer[row])],
            _days(content),
            _figures(content),
            answers(row),
            standings(row),
            not len(standards) and _national(chain, row),
            tuple(node(each) for each in rows) if follow else (),
            again and bool(rows),
        )

    return node(row)


def _title(content: Certificate | None, chain: Chain, row: int) -> str:
    item = content.items[0].name if content and content.items else ""
    return f"{item} {chain.numbers[row]}".strip()


def _days(content: Certificate | None) -> str:
    if content is None:
        return ""
    return f"{content.ended} – {content.due}" if content.due else str(content.ended)


def _figures(content: Certificate | None) -> str:
    """Range of the points and of U."""
    if content is None or not content.points:
        return ""
    places = [each.nominal for each in content.points]
    figures = [each.expanded_uncertainty for each in content.points]
    unit, of = content.points[0].unit, content.points[0].nominal_unit
    k = content.points[0].coverage_factor
    return f"{_range(places)} {of}，U = {_range(figures)} {unit}，k = {k:g}"


def _range(found: list[float]) -> str:
    low, high = min(found), max(found)
    return f"{low:.3g}" if low == high else f"{low:.3g} … {high:.3g}"


def _national(chain: Chain, row: int) -> bool:
    """Whether the issuer realises the unit itself: a national standard, on the day."""
    rights = set(chain.points.right[chain.points.certificate == row].tolist())
    day = int(chain.certificates.ended[row])
    scopes = chain.scopes
    hit = np.isin(scopes.right, list(rights)) & (scopes.basis == NATIONAL)
    return bool((hit & (scopes.since <= day) & (day <= scopes.until)).any())


def lines(node: Node, *, width: int = 100) -> Iterator[str]:
    """The tree as text, the certificate first, the SI last."""
    yield from _lines(node, "", "", width)


def _lines(node: Node, head: str, indent: str, width: int) -> Iterator[str]:
    yield cut(f"{head}{SIGNS[node.standing]} {node.title}  {node.issuer}", width)
    below = indent + ("│  " if node.above or node.national else "   ")
    for text in (node.days, node.figures, *(f"{each.code}: {each.where}" for each in _grave(node.answer))):
        if text:
            yield cut(f"{below}{text}", width)
    if node.again:
        yield f"{below}（见上 / see above）"
    if node.national:
        yield f"{indent}└─ SI"
    for n, each in enumerate(node.above):
        last = n == len(node.above) - 1
        yield from _lines(
            each, indent + ("└─ " if last else "├─ "), indent + ("   " if last else "│  "), width
        )


def _grave(answer: Answer) -> list[Reason]:
    return [each for each in answer.reasons if each.standing != Standing.VALID][:5]


def columns_of(text: str) -> int:
    """Columns of a terminal that a text takes: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def cut(text: str, width: int) -> str:
    """A text of at most so many columns."""
    if columns_of(text) <= width:
        return text
    while columns_of(text) > width - 1:
        text = text[:-1]
    return text + "…"
