"""A chain drawn for people: every node told, nothing wider than asked for, an SVG that stands by itself."""

from __future__ import annotations

import dataclasses
import random
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from small_chain import Small, digest, meter, point, use

from quanheng.evidence.answer import Standing
from quanheng.evidence.certificate import Item
from quanheng.work.trace import drawing, tree
from quanheng.work.trace.drawing import WIDTH
from quanheng.work.trace.tree import Node, columns_of, wrapped

SVG = "{http://www.w3.org/2000/svg}"


def node_of(small: Small, name: str = "meter") -> Node:
    """The tree of a certificate of a small chain."""
    judged = small.judged()
    chain = judged.chain
    contents = {digest(each): content for each, content in small.certificates.items()}
    return tree.tree(
        chain,
        chain.row(digest(name)),
        contents.__getitem__,
        judged.answer,
        lambda row: Standing(int(judged.standing[row])),
    )


def text(small: Small, name: str = "meter", width: int = 80) -> list[str]:
    """It as text."""
    return [line.text for line in tree.lines(node_of(small, name), width=width)]


def boxes(data: bytes) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each box of a drawing."""
    found = []
    for group in etree.fromstring(data).iter(f"{SVG}g"):
        if group.get("class"):
            x, y = (float(each) for each in group.get("transform")[10:-1].split(" "))
            height = float(group.find(f"{SVG}rect").get("height"))
            found.append((x, y, x + WIDTH, y + height))
    return found


def ladder(n: int, seed: int) -> Small:
    """Certificates each of which cites up to three of those before it; the last is `meter`."""
    chance, small = random.Random(seed), Small()
    for k in range(n):
        cited = ["root", *(f"c{each}" for each in chance.sample(range(k), min(k, chance.randrange(3))))]
        small.certificates[f"c{k}"] = meter(number=f"C-{k}", points=(point("p", 1.0, 0.2, *map(use, cited)),))
    last = tuple(use(f"c{each}") for each in range(max(n - 3, 0), n))
    return small.change("meter", points=(point("p", 1.0, 0.2, *last),))


# ---- text ------------------------------------------------------------------------------------------------------


def test_a_node_tells_number_name_issuer_days_range_u_and_k() -> None:
    assert text(Small())[:4] == [
        "✓ V-1  电能表",
        "│  样例市计量院",
        "│  2026-03-01 – 2034-02-28",
        "│  0.5 … 2 kW·h：U = 0.20 %，k = 2",
    ]
    assert text(Small())[-1] == "      └─ SI"


def test_the_tree_is_told_in_one_language_or_in_both() -> None:
    small = Small().change("bench", due=None)
    del small.certificates["root"]
    english, chinese = (
        "".join(line.text for line in tree.lines(node_of(small), width=40, english=each))
        for each in (True, False)
    )
    assert "not set" in english
    assert "not at hand" in english
    assert "未定" not in english
    assert "不在手边" not in english
    assert "未定" in chinese
    assert "not" not in chinese.replace("standard_not_shown", "")


def test_a_node_tells_code_words_and_place_of_what_is_wrong() -> None:
    told = text(Small().change("bench", due=date(2026, 2, 28)), width=100)
    at = told.index("│  standard_overdue  使用时标准已超过有效期 / a standard was used after it was due")
    assert told[at + 1] == "│     points p0, p1, p2, standard C-1"
    assert told[0].startswith("✗ V-1")


def test_a_standard_that_is_not_at_hand_is_told_in_its_place() -> None:
    small = Small()
    del small.certificates["bench"]
    told = text(small)
    assert any(line.startswith(f"└─ ? {digest('bench')[:16]}") for line in told)
    assert not any("SI" in line for line in told)


def test_a_chain_that_ends_before_a_national_standard_does_not_reach_the_si() -> None:
    small = Small()
    small.scopes[0] = dataclasses.replace(small.scopes[0], basis="accreditation")
    assert "SI" not in "".join(text(small))


def test_results_in_different_units_are_told_apart() -> None:
    mixed = (
        point("a", 1.0, 0.2, use("bench")),
        point("b", 2.0, 0.4, use("bench"), nominal_unit="V", unit="mV", relative=False),
    )
    told = text(Small().change("meter", points=mixed))
    assert "│  1 kW·h：U = 0.20 %，k = 2" in told
    assert "│  2 V：U = 0.40 mV，k = 2" in told


def test_what_is_used_twice_is_told_once() -> None:
    twice = (point("p", 1.0, 0.2, use("bench"), use("root")),)
    told = text(Small().change("meter", points=twice))
    assert sum("N-1" in line for line in told) == 2
    assert sum("2026-01-10 – 2027-01-09" in line for line in told) == 2
    assert sum(line.endswith("└─ SI") for line in told) == 2


def test_a_tree_that_is_too_large_says_what_is_not_drawn() -> None:
    small = Small()
    many = [f"b{n}" for n in range(tree.MOST + 50)]
    small.certificates |= dict.fromkeys(many, small.certificates["bench"])
    told = text(small.change("meter", points=(point("p", 1.0, 0.2, *map(use, many)),)))
    assert f"   其上 {len(many)} 份未画 / {len(many)} above it are not drawn" in told
    assert len(told) < 20


@pytest.mark.parametrize("evil", ["\u202e", "\x9b31m", "\u2028"])
def test_what_would_turn_or_colour_the_text_is_not_printed(evil: str) -> None:
    item = Item("meter", f"电能表{evil}evil", "样例厂", "DDS", "3")
    small = Small().change("meter", items=(item,))
    assert not any(evil in line for line in text(small))
    assert evil not in drawing.svg(node_of(small)).decode()


@given(st.text(max_size=200), st.integers(10, 100))
def test_lines_are_no_wider_than_asked_for_and_lose_nothing_but_spaces(said: str, width: int) -> None:
    found = list(wrapped(said, width))
    assert all(columns_of(line) <= width for line in found)
    kept = "".join(each if each.isprintable() else " " for each in said)
    assert "".join(found).replace(" ", "") == "".join(kept.split()).replace(" ", "")


def test_a_very_long_text_is_cut() -> None:
    assert len("".join(wrapped("量" * 1_000_000, 40))) == tree.LONGEST + 1


def test_chinese_characters_take_two_columns_and_combining_ones_none() -> None:
    assert columns_of("量a") == 3
    assert columns_of("é") == columns_of("e\u0301") == 1


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_tree_fits_its_width(width: int) -> None:
    small = ladder(8, 1).change("bench", due=date(2026, 2, 28))
    assert all(columns_of(line) <= width for line in text(small, width=width))


# ---- drawing ---------------------------------------------------------------------------------------------------


def test_a_drawing_is_well_formed_whatever_names_say() -> None:
    item = Item("meter", "<script>alert(1)</script>&\"'", "样例厂", "DDS", "3")
    data = drawing.svg(node_of(Small().change("meter", number="]]>&", items=(item,))), judged="<on>")
    root = etree.fromstring(data)
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {
        "svg", "title", "desc", "style", "rect", "text", "path", "g"
    }  # fmt: skip


def test_a_drawing_can_be_read_aloud() -> None:
    root = etree.fromstring(drawing.svg(node_of(Small())))
    said = {each.get("id"): each.text for each in root if each.get("id")}
    title, told = (said[name] for name in root.get("aria-labelledby").split())
    assert title == "V-1：溯源链 / chain, 有效 valid"
    assert told.splitlines() == text(Small())


def test_how_a_certificate_stands_is_told_by_sign_and_word_too() -> None:
    data = drawing.svg(node_of(Small().change("bench", due=date(2026, 2, 28)))).decode()
    assert "✗ V-1" in data
    assert "无效 invalid" in data
    assert "standard_overdue" in data


@settings(max_examples=25)
@given(st.integers(1, 12), st.integers(0, 1000))
def test_each_certificate_is_one_box_that_overlaps_no_other_and_every_use_is_an_edge(
    n: int, seed: int
) -> None:
    node = node_of(ladder(n, seed))
    data = drawing.svg(node)
    nodes: dict[str, Node] = {}
    todo = [node]
    for each in todo:  # grows while it is read
        if each.digest not in nodes or each.above:
            nodes[each.digest] = each
        todo += each.above
    placed = boxes(data)
    assert len(placed) == len(nodes)
    for k, (left, top, right, bottom) in enumerate(placed):
        for x, y, to_x, to_y in placed[:k]:
            assert right < x or to_x < left or bottom < y or to_y < top
    edges = sum(len(each.above) + each.national for each in nodes.values())
    assert len(etree.fromstring(data).findall(f"{SVG}path")) == edges


def test_standards_stand_above_what_they_are_used_for() -> None:
    tops = sorted(top for _, top, _, _ in boxes(drawing.svg(node_of(Small()))))
    assert len(tops) == 3
    assert all(b - a > 50 for a, b in pairwise(tops))


def test_a_circle_which_columns_can_hold_ends() -> None:
    small = Small().change("bench", points=(point("p", 1.0, 0.02, use("meter")),))
    assert any("其上见前" in line for line in text(small))
    assert len(boxes(drawing.svg(node_of(small)))) == 2
