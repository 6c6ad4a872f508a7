"""The tree of a chain as a drawing: one SVG that needs nothing else, readable by people and by screen readers.

Levels stand one above the other, the SI on top; a certificate is a box, coloured and marked by how it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from quanheng.evidence.answer import Reason, Standing
from quanheng.work.trace.tree import SIGNS, Node, cut

WIDTH, HEIGHT, GAP, RISE, MARGIN = 300, 104, 28, 56, 24
COLOURS = {
    Standing.VALID: ("#e9f5ec", "#14673a"),
    Standing.NOT_SHOWN: ("#fdf4dc", "#7a5200"),
    Standing.INVALID: ("#fdeceb", "#a8201a"),
}
WORDS = {
    Standing.VALID: "有效 / valid",
    Standing.NOT_SHOWN: "未得证明 / not shown",
    Standing.INVALID: "无效 / invalid",
}
STYLE = (
    "text{font:13px system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;fill:#17232d}"
    ".t{font-weight:600}.s{font-size:11.5px;fill:#51606c}.e{stroke:#8a99a6;stroke-width:1.5;fill:none}"
)
COLUMNS = 40  # of text in a box, Chinese characters counted twice


def svg(root: Node) -> bytes:
    """The drawing of a tree."""
    placed = _placed(root)
    depth = max(level for _, level, _ in placed) + 1
    national = any(node.national for node, _, _ in placed)
    across = max(x for _, _, x in placed) + WIDTH + MARGIN
    down = (depth + national) * (HEIGHT + RISE) - RISE + 2 * MARGIN
    at = {id(node): (x, _y(level, depth, national)) for node, level, x in placed}
    said = f"{root.title}：{WORDS[root.standing]}，{len(placed)} 份证书 / certificates"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:g} {down:g}" width="{across:g}" role="img"'
        f' aria-labelledby="title"><title id="title">{escape(said)}</title><style>{STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>',
        *_edges(placed, at, across, national),
        *(part for node, _, _ in placed for part in _box(node, *at[id(node)])),
        *(_si(across) if national else ()),
        "</svg>\n",
    ]
    return "".join(parts).encode()


def _placed(root: Node) -> list[tuple[Node, int, float]]:
    """Every node with its level and its left edge: leaves beside one another, others over the middle of theirs."""
    found: list[tuple[Node, int, float]] = []
    free = float(MARGIN)

    def place(node: Node, level: int) -> float:
        nonlocal free
        if node.above:
            edges = [place(each, level + 1) for each in node.above]
            x = (edges[0] + edges[-1]) / 2
        else:
            x, free = free, free + WIDTH + GAP
        found.append((node, level, x))
        return x

    place(root, 0)
    return found[::-1]


def _y(level: int, depth: int, national: bool) -> float:
    return MARGIN + (depth - 1 - level + national) * (HEIGHT + RISE)


def _edges(
    placed: list[tuple[Node, int, float]], at: dict[int, tuple[float, float]], across: float, national: bool
) -> Iterator[str]:
    for node, _, _ in placed:
        x, y = at[id(node)]
        for each in node.above:
            above_x, above_y = at[id(each)]
            yield _edge(x + WIDTH / 2, y, above_x + WIDTH / 2, above_y + HEIGHT)
        if node.national and national:
            yield _edge(x + WIDTH / 2, y, across / 2, MARGIN + 44)


def _edge(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (y + to_y) / 2
    return f'<path class="e" d="M{x:g} {y:g}C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y:g}"/>'


def _box(node: Node, x: float, y: float) -> Iterator[str]:
    fill, line = COLOURS[node.standing]
    yield f'<g transform="translate({x:g} {y:g})"><title>{escape(_told(node))}</title>'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{fill}" stroke="{line}" stroke-width="1.5"/>'
    title = f"{SIGNS[node.standing]} {cut(node.title, COLUMNS)}"
    yield f'<text x="14" y="24" class="t" style="fill:{line}">{escape(title)}</text>'
    reasons = "，".join(dict.fromkeys(each.code for each in _grave(node)))
    for n, text in enumerate(each for each in (node.issuer, node.days, node.figures, reasons) if each):
        yield f'<text x="14" y="{44 + 17 * n}" class="s">{escape(cut(text, COLUMNS))}</text>'
    yield "</g>"


def _si(across: float) -> Iterator[str]:
    yield (
        f'<g transform="translate({across / 2 - 70:g} {MARGIN})">'
        "<title>国际单位制 / International System of Units</title>"
        '<rect width="140" height="44" rx="22" fill="#0b3d5c"/>'
        '<text x="70" y="28" text-anchor="middle" class="t" style="fill:#fff">SI</text></g>'
    )


def _grave(node: Node) -> list[Reason]:
    return [each for each in node.answer.reasons if each.standing != Standing.VALID]


def _told(node: Node) -> str:
    lines = [node.title, WORDS[node.standing], node.issuer, node.days, node.figures, f"SHA-256 {node.digest}"]
    return "\n".join([*(each for each in lines if each), *map(str, _grave(node))])
