"""Archives of GTC: theirs read here, ours read there, with the same u, degrees of freedom and correlation."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.evidence.errors import BadArchive
from quanheng.evidence.formats import gtc
from quanheng.evidence.formats.shelf import FORMATS
from quanheng.evidence.record import read_record, write_record
from quanheng.measure.quantity.model import Complex, Model
from quanheng.measure.quantity.source import Source, correlated, named
from quanheng.measure.quantity.uncertain import Uncertain, quantity

GTC = pytest.importorskip("GTC")
pr = pytest.importorskip("GTC.persistence")

Numbers = dict[str, Any]


def close(x: float) -> Any:
    """The same but for rounding; undefined is as undefined."""
    return pytest.approx(x, rel=1e-9, nan_ok=True)


def independent() -> Numbers:
    x, y = GTC.ureal(1.0, 0.1, 5, label="x"), GTC.ureal(2.0, 0.2, label="y")
    return {"x": x, "product": GTC.result(x * y, label="product"), "sine": GTC.result(GTC.sin(x) + 3 * y)}


def ensemble() -> Numbers:
    a, b, c = GTC.multiple_ureal([1, 2, 3], [0.1, 0.2, 0.3], 4, ["a", "b", "c"])
    GTC.set_correlation(0.5, a, b)
    x = GTC.ureal(1.0, 0.3, 7)
    return {"a": a, "difference": GTC.result(a - b), "sum": GTC.result(a + b + c + x)}


def dependent() -> Numbers:
    p, q = GTC.ureal(1, 0.3, independent=False), GTC.ureal(2, 0.4, independent=False)
    GTC.set_correlation(-0.3, p, q)
    return {"p": p, "q": q, "quotient": GTC.result(p / q)}


def complex_numbers() -> Numbers:
    z = GTC.ucomplex(1 + 2j, (0.1, 0.2), 6, label="z")
    w = GTC.ucomplex(1 + 1j, [0.04, 0.01, 0.01, 0.09], 7)
    return {"z": z, "w": w, "product": GTC.result(z * w), "modulus": GTC.result(GTC.magnitude(z / w))}


def constants() -> Numbers:
    x = GTC.ureal(1.0, 0.1)
    return {"x": x, "same": GTC.result(x - x + 4.0)}


def dumped(numbers: Numbers) -> bytes:
    archive = pr.Archive()
    for tag, number in numbers.items():
        archive[tag] = number
    text: str = pr.dumps_json(archive)
    return text.encode()


def parts(numbers: Numbers) -> dict[str, Any]:
    """Real numbers of GTC by the names that they have here."""
    found: dict[str, Any] = {}
    for tag, number in numbers.items():
        if hasattr(number, "real") and isinstance(number, type(GTC.ucomplex(1j, 1))):
            found |= {f"{tag}.re": number.real, f"{tag}.im": number.imag}
        else:
            found[tag] = number
    return found


ALL = [independent, ensemble, dependent, complex_numbers, constants]


@pytest.mark.parametrize("made", ALL)
def test_what_gtc_wrote_is_read_with_its_u_degrees_of_freedom_and_correlation(
    made: Callable[[], Numbers],
) -> None:
    theirs = made()
    ours = gtc.read(dumped(theirs))
    theirs = parts(theirs)
    assert ours.keys() == theirs.keys()
    for tag, number in theirs.items():
        assert ours[tag].value[0] == close(number.x)
        assert ours[tag].u[0] == close(number.u)
        assert ours[tag].dof[0] == close(number.df)
        for other, partner in theirs.items():
            assert ours[tag].covariance(ours[other])[0] == pytest.approx(
                GTC.get_covariance(number, partner), rel=1e-9, abs=1e-15
            )


@pytest.mark.parametrize("made", ALL)
def test_what_goes_through_here_comes_back_to_gtc_as_it_was(made: Callable[[], Numbers]) -> None:
    theirs = made()
    origin = dumped(theirs)
    archive = pr.loads_json(gtc.write(gtc.read(origin), origins=[origin]).decode())
    back, theirs = parts({tag: archive[tag] for tag in theirs}), parts(theirs)
    for tag, number in theirs.items():
        assert (back[tag].x, back[tag].u) == (close(number.x), close(number.u))
        assert back[tag].df == close(number.df)
        # beside the number that it came from, in the same session
        assert GTC.get_covariance(back[tag], number) == close(number.v)


def test_correlation_through_archives_of_two_sessions_is_kept() -> None:
    p, q, r = (GTC.ureal(k, 0.1 * k, independent=False) for k in (1, 2, 3))
    GTC.set_correlation(0.5, p, q)
    GTC.set_correlation(0.2, q, r)
    one, two = gtc.read(dumped({"p": p})), gtc.read(dumped({"y": GTC.result(q + r)}))
    assert one["p"].covariance(two["y"])[0] == close(GTC.get_covariance(p, q + r))
    assert two["y"].covariance(one["p"])[0] == close(GTC.get_covariance(p, q + r))


def test_what_is_computed_here_from_archives_is_correlated_there() -> None:
    x, y = GTC.ureal(1.0, 0.1, 5), GTC.ureal(2.0, 0.2, 8)
    origin = dumped({"x": x, "y": y})
    ours = Model("z = x*y + x")(gtc.read(origin))["z"]
    archive = pr.loads_json(gtc.write({"z": ours}, origins=[origin]).decode())
    there = x * y + x
    assert archive["z"].df == close(there.df)
    assert GTC.get_correlation(archive["z"], there) == close(1.0)


def column() -> Uncertain:
    v, i = correlated([named("V", dof=4), named("I", dof=4)], [[1, 0.5], [0.5, 1]], declared=True)
    x = quantity([5.0, 6.0, 7.0], (0.1, v), (0.2, named("bench", dof=9)), (0.3, Source("own", 6)))
    w = Uncertain(np.ones(3), {i: np.array([0.2, 0.0, -0.1])})
    return Model("x*w")(x=x, w=w)["y"]


def test_columns_go_to_gtc_row_by_row() -> None:
    ours = column()
    archive = pr.loads_json(gtc.write({"m": ours}).decode())
    rows = [archive[f"m_{k}"] for k in (1, 2, 3)]
    assert [row.x for row in rows] == close(list(ours.value))  # type: ignore[arg-type]
    assert [row.u for row in rows] == pytest.approx(list(ours.u))
    assert [row.df for row in rows] == pytest.approx(list(ours.dof))
    covariance = [[GTC.get_covariance(a, b) for b in rows] for a in rows]
    assert np.array(covariance) == pytest.approx(ours.matrix([0, 1, 2]))


def test_archives_that_are_written_apart_stay_correlated() -> None:
    one = pr.loads_json(gtc.write({"a": quantity(1.0, (0.1, named("reference 5", dof=8)))}).decode())["a"]
    two = pr.loads_json(
        gtc.write({"b": quantity(1.0, (0.3, named("reference 5", dof=8)), (0.4, Source("own")))}).decode()
    )["b"]
    assert GTC.get_correlation(one, two) == close(0.6)


def test_complex_results_are_complex_there() -> None:
    model = Model("z = v/i", complex_inputs=["v", "i"])
    parts_of = {
        name: Complex(quantity(re, (0.1, Source(f"{name}.re"))), quantity(im, (0.2, Source(f"{name}.im"))))
        for name, re, im in (("v", 1.0, 2.0), ("i", 0.5, -1.0))
    }
    ours = model(parts_of).outputs
    z = pr.loads_json(gtc.write(ours).decode())["z"]
    assert z.x == close(complex(ours["z.re"].value[0], ours["z.im"].value[0]))  # type: ignore[arg-type]
    assert (z.real.u, z.imag.u) == (close(ours["z.re"].u[0]), close(ours["z.im"].u[0]))
    assert GTC.get_correlation(z.real, z.imag) == close(ours["z.re"].correlation(ours["z.im"])[0])


def test_undefined_degrees_of_freedom_are_undefined_there() -> None:
    a, b = correlated([Source("a", 5), Source("b", 5)], [[1, 0.9], [0.9, 1]])
    y = Model("a - b")(a=quantity(1.0, (1.0, a)), b=quantity(2.0, (1.0, b)))["y"]
    back = pr.loads_json(gtc.write({"y": y}).decode())["y"]
    assert back.u == close(0.2**0.5)
    assert np.isnan(back.df)


def test_the_same_results_give_the_same_archive() -> None:
    assert gtc.write({"m": column()}) == gtc.write({"m": column()})


def test_a_record_of_an_archive_keeps_the_identities_of_gtc() -> None:
    theirs = independent()
    ours = gtc.read(dumped(theirs))
    kept = read_record(write_record(ours, units=dict.fromkeys(ours, "V"))).results
    archive = pr.loads_json(gtc.write(kept, origins=[dumped(theirs)]).decode())
    assert GTC.get_correlation(archive["sine"], theirs["product"]) == close(
        GTC.get_correlation(theirs["sine"], theirs["product"])
    )


def test_the_shelf_reads_and_writes_it() -> None:
    numbers = FORMATS["gtc"].read(dumped(independent()))
    assert FORMATS["gtc"].read(FORMATS["gtc"].write(numbers)).keys() == numbers.keys()


def test_a_record_takes_a_tenth_of_an_archive() -> None:
    rng = np.random.default_rng(1)
    shared = [GTC.ureal(0.0, u) for u in rng.uniform(0.1, 1, 6)]
    numbers = {}
    for k in range(100):
        terms = [c * each for c, each in zip(rng.normal(size=6), shared, strict=True)]
        numbers[f"y{k}"] = GTC.result(sum(terms, 10.0) + GTC.ureal(0, 0.1, 9) + GTC.ureal(0, 0.3))
    effects = [(rng.uniform(0.1, 1, 1000), named(f"certificate {k}")) for k in range(6)]
    ours = quantity(
        rng.normal(10, 1, 1000), *effects, (0.1, Source("repeatability", 9)), (0.3, Source("own"))
    )
    assert len(write_record({"y": ours}, units={"y": "1"})) / 1000 <= 0.1 * len(dumped(numbers)) / 100


# ---- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.update(version="https://measurement.govt.nz/gtc/json_9.0.0"), "version"),
        (lambda a: a.pop("version"), "version"),
        (lambda a: a.update(CLASS="Pickle"), "no Archive"),
        (lambda a: a.update(secret=1), "unknown fields: secret"),
        (lambda a: a.update(leaf_nodes=[]), "is no object"),
        (lambda a: a["tagged_real"]["x"].update(uid="(1, 2)"), "no leaf node"),
        (lambda a: a["tagged_real"]["x"].update(CLASS="Interval"), "no IntermediateReal"),
        (lambda a: a["tagged_real"]["product"].update(value="one"), "is no number"),
        (lambda a: a["tagged_real"]["product"].update(value=1e400), "not finite"),
        (lambda a: a["tagged_real"]["product"]["u_components"]["value"].pop(), "do not match"),
        (lambda a: next(iter(a["leaf_nodes"].values())).update(df=0.2), "degrees of freedom"),
        (lambda a: next(iter(a["leaf_nodes"].values())).update(uid="(3, 4)"), "another identifier"),
        (lambda a: next(iter(a["leaf_nodes"].values())).update(unit="V"), "unknown fields: unit"),
        (lambda a: a["leaf_nodes"].update({"__import__('os')": {}}), "LeafNode"),
        (
            lambda a: a["tagged_complex"].update(z={"CLASS": "Complex", "n_re": "a", "n_im": "b"}),
            "no such number",
        ),
    ],
)
def test_an_archive_that_is_not_as_its_format_says_is_refused(
    change: Callable[[Any], object], message: str
) -> None:
    archive = json.loads(dumped(independent()))
    change(archive)
    with pytest.raises(BadArchive, match=message):
        gtc.read(json.dumps(archive).encode())


def test_correlations_that_cannot_be_are_refused() -> None:
    archive = json.loads(dumped(dependent()))
    for leaf in archive["leaf_nodes"].values():
        leaf["correlation"] = dict.fromkeys(leaf["correlation"], 1.5)
    with pytest.raises(BadArchive, match="outside"):
        gtc.read(json.dumps(archive).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"CLASS": "Archive"}'])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(BadArchive):
        gtc.read(data)


def test_two_numbers_do_not_take_one_tag() -> None:
    one, two = quantity(1.0, (1.0, Source("a"))), quantity([1.0, 2.0], (1.0, Source("b")))
    with pytest.raises(BadArchive, match="the tag"):
        gtc.write({"m": two, "m_1": one})
    with pytest.raises(BadArchive, match="one tag"):
        gtc.write({"z.re": one, "z.im": one, "z": one})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ARCHIVE = dumped(independent() | ensemble() | complex_numbers())


@settings(max_examples=200, deadline=1000)
@given(st.data())
def test_an_archive_of_noise_is_refused_and_never_crashes(data: st.DataObject) -> None:
    archive = json.loads(ARCHIVE)
    place, key = archive, data.draw(st.sampled_from(sorted(archive)))
    while place[key] and isinstance(place[key], dict | list) and data.draw(st.integers(0, 5)):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(JSON)
    with contextlib.suppress(BadArchive):
        gtc.read(json.dumps(archive).encode())
