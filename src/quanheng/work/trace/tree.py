"""A certificate and all that it rests on, as a tree up to the SI: for people, as lines of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from quanheng.evidence.answer import Answer, Reason, Standing
from quanheng.evidence.certificate import Certificate, Point
from quanheng.evidence.chain.columns import NONE, Chain
from quanheng.evidence.reasons import REASONS
from quanheng.measure.quantity.rounding import number

MOST = 200  # certificates that are drawn
FIGURES = 4  # kinds of results of a certificate that are told
REASONS_TOLD = 5
LONGEST = 600  # characters of a text
NOT_FIRST = "，。、；：）》”"  # in a line (GB/T 15834)
BROKEN_OFF = {"standard_not_cited", "root_unknown"}

SIGNS = {Standing.VALID: "✓", Standing.NOT_SHOWN: "?", Standing.INVALID: "✗"}


@dataclass(frozen=True)
class Node:
    """A certificate in a tree, with what it rests on. At the end of a good chain stands the SI."""

    digest: str
    number: str
    name: str  # of what was calibrated
    issuer: str
    days: str  # when, and until when it holds
    figures: tuple[str, ...]  # range, U and k of its points
    reasons: tuple[Reason, ...]  # why it is not valid
    standing: Standing
    national: bool = False  # realises a unit of the SI itself
    above: tuple[Node, ...] = ()
    again: bool = False  # what it rests on stands elsewhere in the tree
    more: int = 0  # standards that are not drawn: the tree is too large


class Line(NamedTuple):
    """A line of text, and how what it tells of stands; None: it tells no standing."""

    text: str
    standing: Standing | None


def tree(
    chain: Chain,
    row: int,
    contents: Callable[[str], Certificate],
    answers: Callable[[int], Answer],
    standings: Callable[[int], Standing],
) -> Node:
    """The tree of a certificate. contents: by digest; answers and standings: by row."""
    drawn: set[str] = set()

    def node(row: int) -> Node:
        digest, content, answer = chain.digest(row), contents(chain.digest(row)), answers(row)
        standards, again = content.standards, digest in drawn
        drawn.add(digest)
        follow = not again and len(drawn) + len(standards) <= MOST
        return Node(
            digest,
            content.number,
            _both(content.items[0].name, content.items[0].name_english) if content.items else "",
            _both(content.issuer.name, content.issuer.name_english),
            f"{content.ended} – {content.due}"
            if content.due
            else f"{content.ended} – 未定 / {content.ended} – not set",
            _figures(content),
            _grave(answer, content.number),
            standings(row),
            _national(chain, row, answer),
            tuple(above(each) for each in standards) if follow else (),
            again and bool(standards),
            0 if follow or again else len(standards),
        )

    def above(digest: str) -> Node:
        row = chain.row(digest)
        return node(row) if row != NONE else _absent(digest)

    return node(row)


def _absent(digest: str) -> Node:
    told = "证书不在手边，或读不出 / the certificate is not at hand, or cannot be read"
    return Node(digest, digest[:16], told, "", "", (), (), Standing.NOT_SHOWN)


def _both(chinese: str, english: str) -> str:
    return " / ".join(each for each in (chinese, english) if each)


def _figures(content: Certificate) -> tuple[str, ...]:
    """Range of the points and of U, for each kind of result."""
    groups: dict[tuple[str, str, float], list[Point]] = {}
    for each in content.points:
        groups.setdefault((each.nominal_unit, each.unit, each.coverage_factor), []).append(each)
    told = []
    for (of, unit, k), points in list(groups.items())[:FIGURES]:
        nominal = _range([number(each.nominal) for each in sorted(points, key=lambda each: each.nominal)])
        least_first = sorted(points, key=lambda each: each.expanded_uncertainty)
        U = _range([number(each.expanded_uncertainty, 2) for each in least_first])
        told.append(f"{nominal} {of}：U = {U} {unit}，k = {number(k)}")
    return (*told, *([f"… {len(groups) - FIGURES}"] if len(groups) > FIGURES else ()))


def _range(ordered: list[str]) -> str:
    return ordered[0] if ordered[0] == ordered[-1] else f"{ordered[0]} … {ordered[-1]}"


def _grave(answer: Answer, number: str) -> tuple[Reason, ...]:
    """What keeps it from being valid; where, without its own name."""
    own = f"certificate {number}"
    return tuple(
        Reason(each.code, each.where.removeprefix(own).lstrip(", "), each.detail)
        for each in answer.reasons
        if each.standing != Standing.VALID
    )


def _national(chain: Chain, row: int, answer: Answer) -> bool:
    """Whether the chain ends here as it should: a point that cites nothing, and rule 1 has nothing against it."""
    points = chain.points
    first, last = np.searchsorted(points.certificate, (row, row + 1))
    return bool((points.uses[first:last] == 0).any()) and not answer.codes & BROKEN_OFF


def lines(node: Node, *, width: int = 80, english: bool | None = None) -> Iterator[Line]:
    """The tree as text, the certificate first, the SI last; a long line goes on in the next one.

    english: in English, or in Chinese; None: in both.
    """
    yield from _lines(node, "", "", width, english)


def _in_language(text: str, english: bool | None) -> str:
    """Of a text in two languages, Chinese / English, the one; a text in one language as it is."""
    halves = text.split(" / ")
    return text if english is None or len(halves) != 2 else halves[english]


def _lines(node: Node, head: str, indent: str, width: int, english: bool | None) -> Iterator[Line]:
    goes_on = bool(node.above or node.national)
    below = indent + ("│  " if goes_on else "   ")

    def say(
        text: str, standing: Standing | None = None, *, first: str = below, then: str = below
    ) -> Iterator[Line]:
        for n, part in enumerate(wrapped(_in_language(text, english), width - columns_of(first))):
            yield Line((then if n else first) + part, standing)

    title = f"{SIGNS[node.standing]} {node.number}  {_in_language(node.name, english)}".rstrip()
    yield from say(title, node.standing, first=head)
    for text in (node.issuer, node.days, *node.figures):
        if text:
            yield from say(text)
    for reason in node.reasons[:REASONS_TOLD]:
        yield from say(f"{reason.code}  {_in_language(words_of(reason), english)}", reason.standing)
        if reason.where:
            yield from say(reason.where, first=f"{below}   ", then=f"{below}   ")
    if len(node.reasons) > REASONS_TOLD:
        yield Line(f"{below}… {len(node.reasons) - REASONS_TOLD}", None)
    if node.again:
        yield from say("其上见前 / what it rests on: see above")
    if node.more:
        yield from say(f"其上 {node.more} 份未画 / {node.more} above it are not drawn")
    for n, each in enumerate(node.above):
        last = n == len(node.above) - 1 and not node.national
        yield from _lines(
            each, indent + ("└─ " if last else "├─ "), indent + ("   " if last else "│  "), width, english
        )
    if node.national:
        yield Line(f"{indent}└─ SI", None)


def words_of(reason: Reason) -> str:
    """What a reason means, or what was found."""
    meaning = REASONS[reason.code]
    return reason.detail or f"{meaning.chinese} / {meaning.english}"


# ---- text of some width ----------------------------------------------------------------------------------------


def columns_of(text: str) -> int:
    """Columns of a terminal that a text takes: Chinese characters take two, combining ones none."""
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrapped(text: str, width: int) -> Iterator[str]:
    """A text in lines of at most so many columns, broken after a space or a Chinese character where there is one.

    What cannot be printed, and what turns the direction of writing, becomes a space.
    """
    width = max(width, 10)
    rest = "".join(each if each.isprintable() else " " for each in text[:LONGEST])
    rest += "…" if len(text) > LONGEST else ""
    while len(rest) > (end := _fitting(rest, width)):
        breaks = [n for n in range(1, end + 1) if _may_break(rest[n - 1], rest[n])]
        place = breaks[-1] if breaks else end
        yield rest[:place].rstrip()
        rest = rest[place:].lstrip()
    yield rest


def _fitting(text: str, width: int) -> int:
    """How many of its first characters take at most so many columns."""
    used = 0
    for n, each in enumerate(text):
        used += _columns(each)
        if used > width:
            return n
    return len(text)


def _may_break(before: str, after: str) -> bool:
    return (before == " " or _columns(before) == 2) and after not in NOT_FIRST
