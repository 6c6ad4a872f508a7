"""Certificates of all kinds, for properties."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from quanheng.evidence.certificate import (
    Certificate,
    Condition,
    Decision,
    Item,
    Kind,
    Outcome,
    Party,
    Point,
    Use,
    Validation,
)

words = (
    st.text("权衡器具 abcXYZ-09·", min_size=1, max_size=12)
    .map(lambda text: "".join(text.split()))
    .filter(bool)
)
maybe = st.just("") | words
english = st.just("") | st.text("abc XYZ", min_size=1, max_size=12).map(str.strip)
numbers = st.floats(-1e12, 1e12, allow_nan=False)
positive = st.floats(1e-12, 1e6)
days = st.dates(date(2000, 1, 1), date(2090, 1, 1))
units = st.sampled_from(["kW·h", "kg", "V", "°C", "kPa", "m³", "%", "1"])
digests = st.integers(0, 2**256 - 1).map(lambda n: f"{n:064x}")
parties = st.builds(Party, words, words, english).filter(lambda each: each.name != each.name_english)
conditions = st.builds(Condition, words, numbers, numbers, units)
uses = st.builds(Use, digests, words, numbers, units, numbers.filter(bool))


@st.composite
def points(draw: st.DrawFn, identifier: str, items: list[Item]) -> Point:
    return Point(
        identifier,
        draw(st.sampled_from(items)).identifier,
        draw(words),
        draw(numbers),
        draw(units),
        draw(numbers),
        draw(units),
        draw(positive),
        draw(st.floats(1, 50)),
        draw(st.floats(0.1, 1)),
        draw(st.sampled_from(["normal", "rectangular", "t"])),
        draw(st.booleans()),
        draw(st.none() | numbers),
        draw(st.none() | numbers),
        draw(st.none() | st.sampled_from(Outcome)),
        tuple(draw(st.lists(uses, max_size=3))),
    )


@st.composite
def certificates(draw: st.DrawFn) -> Certificate:
    """Whatever a laboratory could state; it need not be right."""
    items = draw(
        st.lists(
            st.builds(Item, words, words, maybe, maybe, maybe, st.just(""), maybe, maybe),
            min_size=1,
            max_size=3,
            unique_by=lambda each: each.identifier,
        )
    )
    change, digest = draw(st.sampled_from(["", "amends", "supersedes"])), draw(digests)
    return Certificate(
        draw(st.sampled_from(Kind)),
        draw(words),
        draw(parties),
        tuple(items),
        draw(days),
        draw(days),
        draw(days),
        draw(words),
        tuple(draw(points(f"p{k}", items)) for k in range(draw(st.integers(1, 3)))),
        draw(maybe),
        draw(st.none() | parties),
        draw(st.none() | days),
        draw(st.none() | days),
        draw(maybe),
        draw(maybe),
        tuple(draw(st.lists(conditions, max_size=2))),
        draw(
            st.none()
            | st.builds(Decision, words, st.sampled_from(Outcome), st.none() | positive, st.none() | positive)
        ),
        draw(
            st.none()
            | st.builds(
                Validation,
                numbers,
                positive,
                numbers,
                positive,
                units,
                st.none() | positive,
                st.none() | positive,
            )
        ),
        draw(maybe),
        digest if change == "amends" else "",
        digest if change == "supersedes" else "",
        tuple(draw(st.lists(words, max_size=2))),
    )
