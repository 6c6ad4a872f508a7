"""The tree of a chain as a drawing: one SVG that needs nothing else, readable by people and by screen readers.

Levels stand one above the other, the SI on top. A certificate is a box, drawn once however often it is used; how it
stands is told by a sign and a word, not by the colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from quanheng.evidence.answer import Standing
from quanheng.evidence.reasons import REASONS
from quanheng.work.trace.tree import SIGNS, Node, columns_of, lines, wrapped

WIDTH, GAP, RISE, MARGIN, PAD = 340, 28, 52, 24, 14
HEAD, LINE = 62, 17  # px: above the drawing, of a line of text
NARROWEST = 480  # px, for the words above
SI_WIDTH, SI_HEIGHT = 180, 44
COLUMNS = 48  # of text in a box, Chinese characters counted twice: at 12 px a column takes about 6.4 px
TOLD = 4  # reasons in a box
WORDS = {
    Standing.VALID: "有效 valid",
    Standing.NOT_SHOWN: "未得证明 not shown",
    Standing.INVALID: "无效 invalid",
}
CLASSES = {Standing.VALID: "v", Standing.NOT_SHOWN: "n", Standing.INVALID: "i"}
STYLE = (
    "text{font:12px system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;fill:#3f4d59}"
    ".h{font-size:16px;font-weight:600;fill:#17232d}.t{font-size:13px;font-weight:600}"
    ".c{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:11.5px;font-weight:600}"
    ".e{stroke:#8a99a6;stroke-width:1.5;fill:none}"
    ".v rect{fill:#e9f5ec;stroke:#14673a}.n rect{fill:#fdf4dc;stroke:#7a5200}.i rect{fill:#fdeceb;stroke:#a8201a}"
    ".v .m{fill:#14673a}.n .m{fill:#7a5200}.i .m{fill:#a8201a}"
)


@dataclass(frozen=True)
class Box:
    """A certificate with its place: left edge, top, height, and the lines of text in it (class, text)."""

    node: Node
    x: float
    y: float
    height: float
    text: tuple[tuple[str, str], ...]

    @property
    def middle(self) -> float:
        """Where edges come in and go out."""
        return self.x + WIDTH / 2


def svg(root: Node, *, judged: str = "") -> bytes:
    """The drawing of a tree. judged: on which day, by what was known when."""
    boxes = _boxes(root)
    across = max(max(each.x for each in boxes.values()) + WIDTH, NARROWEST) + MARGIN
    down = max(each.y + each.height for each in boxes.values()) + MARGIN
    told = "\n".join(line.text for line in lines(root))
    name = root.digest[:12]
    number = _plain(_cut(root.number, COLUMNS))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:g} {down:g}" width="{across:g}"'
        f' height="{down:g}" role="img" aria-labelledby="title-{name} told-{name}" lang="zh-CN">',
        f'<title id="title-{name}">{number}：溯源链 / chain, {WORDS[root.standing]}</title>',
        f'<desc id="told-{name}">{escape(told)}</desc><style>{STYLE}</style>',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 14}" class="h">溯源链 / Chain: {number}</text>',
        f'<text x="{MARGIN}" y="{MARGIN + 34}">{_plain(judged)}</text>',
        *_edges(boxes),
        *(part for each in boxes.values() for part in _box(each)),
        "</svg>\n",
    ]
    return "".join(parts).encode()


# ---- places ----------------------------------------------------------------------------------------------------


def _boxes(root: Node) -> Mapping[str, Box]:
    """Every certificate once: leaves beside one another, others over the middle of what they rest on."""
    nodes: dict[str, Node] = {}
    left: dict[str, float] = {}
    free = float(MARGIN)

    def place(node: Node) -> float:
        nonlocal free
        nodes[node.digest] = node
        edges = [place(each) for each in node.above if each.digest not in nodes]
        x = (edges[0] + edges[-1]) / 2 if edges else free
        free = max(free, x + WIDTH + GAP)
        left[node.digest] = x
        return x

    place(root)
    levels = _levels(nodes)
    text = {digest: tuple(_text(node)) for digest, node in nodes.items()}
    heights = [0.0] * (max(levels.values()) + 1)
    for digest, level in levels.items():
        heights[level] = max(heights[level], 2 * PAD + LINE * len(text[digest]) - 4)
    top = MARGIN + HEAD + (SI_HEIGHT + RISE if any(node.national for node in nodes.values()) else 0.0)
    tops = [
        top + sum(heights[level + 1 :]) + RISE * (len(heights) - 1 - level) for level in range(len(heights))
    ]
    return {
        digest: Box(node, left[digest], tops[levels[digest]], heights[levels[digest]], text[digest])
        for digest, node in nodes.items()
    }


def _levels(nodes: Mapping[str, Node]) -> Mapping[str, int]:
    """By digest, how far above the first: the longest way to it. A circle, which real documents cannot make, ends."""
    levels = dict.fromkeys(nodes, 0)
    for _ in nodes:
        for node in nodes.values():
            for each in node.above:
                levels[each.digest] = max(levels[each.digest], min(levels[node.digest] + 1, len(nodes)))
    return levels


def _text(node: Node) -> Iterator[tuple[str, str]]:
    """What a box says, line by line, with the class of each."""
    yield "t m", f"{SIGNS[node.standing]} {node.number}"
    for each in (node.name, node.issuer, node.days, *node.figures):
        yield from (("", part) for part in wrapped(each, COLUMNS) if part)
    for reason in node.reasons[:TOLD]:
        meaning = REASONS[reason.code]
        yield "c m", reason.code
        yield from (("", part) for part in wrapped(f"{meaning.chinese} / {meaning.english}", COLUMNS))
    if len(node.reasons) > TOLD:
        yield "", f"… {len(node.reasons) - TOLD}"
    if node.more:
        yield "", f"其上 {node.more} 份未画 / {node.more} above it are not drawn"


# ---- marks -----------------------------------------------------------------------------------------------------


def _edges(boxes: Mapping[str, Box]) -> Iterator[str]:
    for each in boxes.values():
        for standard in each.node.above:
            above = boxes[standard.digest]
            yield _edge(each.middle, each.y, above.middle, above.y + above.height)
    if roots := [each for each in boxes.values() if each.node.national]:
        middle = (min(each.middle for each in roots) + max(each.middle for each in roots)) / 2
        for each in roots:
            yield _edge(each.middle, each.y, middle, MARGIN + HEAD + SI_HEIGHT)
        yield from _si(middle)


def _edge(x: float, y: float, to_x: float, to_y: float) -> str:
    """Sideways just above the box, then straight up: so it keeps to the column of what it leads to."""
    turn = f"C{x:g} {y - RISE / 2:g} {to_x:g} {y - RISE / 2:g} {to_x:g} {y - RISE:g}"
    return f'<path class="e" d="M{x:g} {y:g}{turn}V{to_y:g}"/>'


def _box(box: Box) -> Iterator[str]:
    node = box.node
    yield f'<g class="{CLASSES[node.standing]}" transform="translate({box.x:g} {box.y:g})">'
    yield f"<title>{_plain(node.number)}\nSHA-256 {node.digest}</title>"
    yield f'<rect width="{WIDTH}" height="{box.height:g}" rx="8" stroke-width="1.5"/>'
    word = WORDS[node.standing]
    yield f'<text x="{WIDTH - PAD}" y="{PAD + 9}" class="m" text-anchor="end">{word}</text>'
    for n, (kind, text) in enumerate(box.text):
        limit = COLUMNS - columns_of(word) - 2 if n == 0 else COLUMNS
        mark = f' class="{kind}"' if kind else ""
        yield f'<text x="{PAD}" y="{PAD + 9 + LINE * n}"{mark}>{_plain(_cut(text, limit))}</text>'
    yield "</g>"


def _si(middle: float) -> Iterator[str]:
    yield (
        f'<g transform="translate({middle - SI_WIDTH / 2:g} {MARGIN + HEAD})">'
        "<title>国际单位制 / International System of Units</title>"
        f'<rect width="{SI_WIDTH}" height="{SI_HEIGHT}" rx="22" fill="#0b3d5c"/>'
        f'<text x="{SI_WIDTH / 2:g}" y="28" text-anchor="middle" class="t" style="fill:#fff">SI 国际单位制</text></g>'
    )


def _cut(text: str, columns: int) -> str:
    first, *rest = wrapped(text, columns)
    return first + ("…" if rest else "")


def _plain(text: str) -> str:
    return escape("".join(each if each.isprintable() else " " for each in text))
