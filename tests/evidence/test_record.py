"""Records: canonical, readable anywhere, with correlation kept, and refused when damaged."""

from __future__ import annotations

import contextlib
import doctest
import hashlib
import json
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quanheng.evidence.errors import BadRecord
from quanheng.evidence.record import MAGIC, read_record, write_record
from quanheng.evidence.recorded_model import RecordedModel
from quanheng.measure.errors import InvalidCorrelation
from quanheng.measure.quantity.contributions import Sparse
from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.shapes import (
    Arcsine,
    CTrap,
    Exponential,
    Gamma,
    Normal,
    Rectangular,
    StudentT,
    Trapezoidal,
    Triangular,
)
from quanheng.measure.quantity.source import Source, correlated, named
from quanheng.measure.quantity.uncertain import Uncertain, by_row, exact, quantity

N = 7


def population(seed: int = 1, n: int = N) -> Uncertain:
    """Results with six shared sources and two of each row's own."""
    rng = np.random.default_rng(seed)
    shared = [(rng.uniform(0.1, 1, n), named(f"certificate {k}")) for k in range(6)]
    own = [
        (rng.uniform(0.1, 1, n), Source("repeatability", 9)),
        (0.3, Source("resolution", shape=Rectangular())),
    ]
    return quantity(rng.normal(10, 1, n), *shared, *own)


def record(seed: int = 1) -> bytes:
    return write_record({"m": population(seed)}, units={"m": "kg"})


def again(column: Uncertain) -> Uncertain:
    return read_record(write_record({"y": column}, units={"y": "1"})).results["y"]


# ---- what is kept ----------------------------------------------------------------------------------------------


def test_numbers_come_back_to_the_last_bit() -> None:
    column = population()
    back = again(column)
    for a, b in ((column.value, back.value), (column.u, back.u), (column.dof, back.dof)):
        assert np.array_equal(a, b)


def test_named_sources_keep_their_identity() -> None:
    column = quantity(1.0, (0.1, named("bench 7", dof=5, kind="A")))
    assert again(column).correlation(column)[0] == pytest.approx(1)


def test_one_record_that_is_read_twice_is_one_cause() -> None:
    data = record()
    one, two = read_record(data).results["m"], read_record(data).results["m"]
    assert one.correlation(two) == pytest.approx(np.ones(N))
    difference = Model("d = x - y")(x=one.take([2]), y=two.take([2]))["d"]
    assert difference.u[0] == pytest.approx(0, abs=1e-12)


def test_two_records_are_two_causes_but_for_their_named_sources() -> None:
    one, two = read_record(record(1)).results["m"], read_record(record(2)).results["m"]
    named_only = sum(one.shared[source] * two.shared[source] for source in one.shared)  # type: ignore[operator]
    assert one.covariance(two) == pytest.approx(named_only)


def test_a_record_of_what_was_computed_from_a_record_is_correlated_with_it() -> None:
    first = read_record(record()).results["m"]
    later = again(first.take([1, 3]))
    assert later.correlation(first.take([1, 3])) == pytest.approx(np.ones(2))
    # a row of those rows is the row it was
    assert later.take([1]).correlation(first.take([3]))[0] == pytest.approx(1)


def test_another_process_reads_the_same_identities() -> None:
    program = (
        "import sys; from quanheng.evidence.record import read_record, write_record\n"
        "m = read_record(sys.stdin.buffer.read()).results['m']\n"
        "sys.stdout.buffer.write(write_record({'x': m}, units={'x': 'kg'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], input=record(), capture_output=True, check=True)
    there, here = read_record(done.stdout).results["x"], read_record(record()).results["m"]
    assert there.correlation(here) == pytest.approx(np.ones(N))


def test_ensembles_keep_their_coefficients_and_whether_they_are_declared() -> None:
    v, i, _ = correlated(
        [named("V", dof=4), named("I", dof=4), named("phi", dof=4)],
        [[1, 0.5, 0.2], [0.5, 1, 0.1], [0.2, 0.1, 1]],
        declared=True,
    )
    z = Model("V/I")(V=quantity(5.0, (0.1, v)), I=quantity(2.0, (0.1, i)))["y"]
    back = again(z)
    assert back.u == pytest.approx(z.u, rel=1e-15)
    assert back.dof == pytest.approx([4])
    # what is known of the absent third member is kept too
    assert back.correlation(z)[0] == pytest.approx(1)
    *_, phi = correlated(
        [named("I", dof=4), named("V", dof=4), named("phi", dof=4)],
        [[1, 0.5, 0.1], [0.5, 1, 0.2], [0.1, 0.2, 1]],
        declared=True,
    )
    angle = quantity(1.0, (0.1, phi))
    assert back.covariance(angle) == pytest.approx(angle.covariance(back))
    assert back.covariance(angle)[0] != 0


def test_sources_of_some_rows_stay_sparse() -> None:
    column = by_row(np.arange(6.0), 0.1, ["bench 1", "bench 2"] * 3)
    back = again(column)
    assert all(isinstance(each, Sparse) for each in back.shared.values())
    assert np.array_equal(back.matrix(range(6)), column.matrix(range(6)))


@pytest.mark.parametrize(
    "shape",
    [
        Normal(), Rectangular(), Triangular(), Trapezoidal(0.5), Arcsine(), CTrap(0.25), Exponential(), Gamma(4),
        StudentT(3), StudentT(np.inf), StudentT(5, of="standard deviation"),
    ],
    ids=str,
)  # fmt: skip
def test_every_shape_comes_back(shape: Any) -> None:
    (source,) = again(quantity(1.0, (0.1, Source("x", shape=shape)))).shared
    assert source.shape == shape


def test_undefined_degrees_of_freedom_stay_undefined() -> None:
    pair = correlated([Source("a", 5), Source("b", 5)], [[1, 0.9], [0.9, 1]])
    x, y = (quantity(np.ones(3), (1.0, source)) for source in pair)
    column = Model("d = x - y")(x=x, y=y)["d"]
    assert np.all(np.isnan(again(column).dof))
    assert np.isnan(again(column.total(np.ones(3))).dof[0])


def test_inputs_model_seed_and_parameters_are_kept() -> None:
    model = Model({"R": "V/I*cos(phi)", "X": "V/I*sin(phi)"})
    x = {name: quantity(v, (0.1, Source(name))) for name, v in {"V": 5.0, "I": 0.02, "phi": 1.0}.items()}
    found = model(x)
    data = write_record(
        found.outputs,
        units={"R": "Ω", "X": "Ω", "V": "V", "I": "A", "phi": "rad"},
        inputs=x,
        model=model,
        seed=42,
        parameters={"instrument": "N-17"},
    )
    back = read_record(data)
    assert (back.seed, back.parameters, back.units["X"]) == (42, {"instrument": "N-17"}, "Ω")
    assert isinstance(back.model, RecordedModel)
    assert back.model.outputs == ("R", "X")
    # whoever has the record alone computes the results again, and they are the same quantities
    values = back.model.tape.numbers([float(back.inputs[name].value[0]) for name in back.model.tape.inputs])
    assert values == [back.results[name].value[0] for name in back.model.outputs]
    redone = Model({"R": "V/I*cos(phi)"})(back.inputs)["R"]
    assert redone.correlation(back.results["R"])[0] == pytest.approx(1)
    assert redone.correlation(back.results["X"])[0] == pytest.approx(found.correlation("R", "X")[0])


def test_digest_is_that_of_the_bytes() -> None:
    assert read_record(record()).digest == hashlib.sha256(record()).hexdigest()


# ---- one content, one sequence of bytes ------------------------------------------------------------------------


def test_order_of_dictionaries_does_not_matter() -> None:
    sources = [Source("same"), Source("same"), named("b"), named("a"), Source("own", 3)]

    def written(order: list[int]) -> bytes:
        x = Uncertain(
            np.ones(2),
            {sources[k]: np.array([k + 1.0, 2.0]) for k in order if k < 4},
            {sources[4]: np.ones(2)},
        )
        y = Uncertain(np.ones(2), {sources[k]: np.array([2.0, k + 1.0]) for k in reversed(order) if k < 3})
        results = {"x": x, "y": y}
        units = {"y": "m", "x": "kg"}
        if order[0]:
            results, units = dict(reversed(results.items())), dict(reversed(units.items()))
        return write_record(results, units=units, parameters={str(k): k for k in order})

    assert written([0, 1, 2, 3]) == written([3, 1, 0, 2]) == written([2, 3, 1, 0])


def test_a_copy_of_the_causes_gives_the_same_bytes() -> None:
    assert record() == record()
    assert record(1) != record(2)


@given(st.permutations(range(3)))
def test_order_of_an_ensemble_does_not_matter(order: list[int]) -> None:
    r = np.array([[1, 0.5, 0.2], [0.5, 1, 0.1], [0.2, 0.1, 1]])
    names = ["V", "I", "phi"]
    sources = correlated([named(names[k]) for k in order], r[np.ix_(order, order)])
    by_name = {source.name: source for source in sources}
    column = Uncertain(np.ones(1), {by_name[name]: np.ones(1) for name in names})
    straight = correlated([named(name) for name in names], r)
    expected = Uncertain(np.ones(1), {source: np.ones(1) for source in straight})
    assert write_record({"y": column}, units={"y": "1"}) == write_record({"y": expected}, units={"y": "1"})


@settings(max_examples=50)
@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=5), st.floats(1e-300, 1e100), st.floats(1, 1e6)
)
def test_whatever_is_finite_comes_back_as_it_was(values: list[float], u: float, dof: float) -> None:
    back = again(quantity(values, (u, Source("x", dof)), (u, named("shared"))))
    assert np.array_equal(back.value, values)
    contributions = [*back.shared.items(), *back.private.items()]
    assert all(np.all(np.asarray(c) == u) for _, c in contributions)
    assert {source.dof for source, _ in contributions} == {dof, np.inf}


# ---- size ------------------------------------------------------------------------------------------------------


def test_a_result_takes_a_tenth_of_the_bytes_of_an_archive_of_gtc() -> None:
    # 1000 results with 6 shared and 2 private sources: 1435 bytes each in GTC's JSON
    assert len(write_record({"m": population(n=1000)}, units={"m": "kg"})) / 1000 <= 143


# ---- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: b"", "is no record"),
        (lambda data: b"PK\x03\x04" + data, "is no record"),
        (lambda data: data[:20], "truncated"),
        (lambda data: data[:-1], "digest mismatch"),
        (lambda data: data + b"\0", "digest mismatch"),
        (lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:], "digest mismatch"),
        (lambda data: MAGIC + struct.pack("<Q", 1 << 60) + data[24:], "does not fit"),
    ],
)  # fmt: skip
def test_damaged_bytes_are_refused(change: Callable[[bytes], bytes], message: str) -> None:
    with pytest.raises(BadRecord, match=message):
        read_record(change(record()))


def forged(change: Callable[[dict[str, Any]], object]) -> bytes:
    """A record whose header is changed, sealed again."""
    data = write_record({"m": population(), "k": exact(2.0)}, units={"m": "kg", "k": "1"}, model=Model("x*2"))
    size = int.from_bytes(data[16:24], "little")
    header = json.loads(data[24 : 24 + size])
    change(header)
    text = json.dumps(header, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    body = MAGIC + struct.pack("<Q", len(text)) + text + data[24 + size : -32]
    return body + hashlib.sha256(body).digest()


def test_a_header_that_is_written_again_is_read() -> None:
    assert read_record(forged(lambda header: None)).results.keys() == {"m", "k"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda h: h.update(format="quanheng-record-2"), "format"),
        (lambda h: h.update(more=1), "keys"),
        (lambda h: h["columns"]["m"].update(rows=10**18), "not as long"),
        (lambda h: h["columns"]["m"].update(rows=-1), "negative"),
        (lambda h: h["columns"]["m"].update(rows=True), "whole number"),
        (lambda h: h["columns"]["m"].update(shared=[0] * 6), "twice"),
        (lambda h: h["columns"]["m"].update(shared=[1, 2, 3, 4, 5, 99]), "none such"),
        (lambda h: h["columns"]["m"].update(extra=1), "is no column"),
        (lambda h: h["columns"].update(m=[]), "is no column"),
        (lambda h: h["sources"][0].update(dof=0.5), "degrees of freedom"),
        (lambda h: h["sources"][0].update(shape={"name": "cauchy"}), "no distribution"),
        (lambda h: h["sources"][0].update(shape={"name": "ctrap", "inexactness": 7}), "inexactness"),
        (lambda h: h["sources"][0].update(identity=True), "neither text nor number"),
        (lambda h: [each.update(identity="one") for each in h["sources"]], "one identity"),
        (lambda h: h["sources"].append(3), "object"),
        (lambda h: h["ensembles"].append({}), "no ensemble"),
        (
            lambda h: h["ensembles"].append(
                {"sources": [0, 1], "absent": [], "matrix": [[1, 2], [2, 1]], "declared": False}
            ),
            "outside",
        ),
        (lambda h: h.update(inputs=["other"]), "no such column"),
        (lambda h: h.update(seed="1"), "seed"),
        (lambda h: h["model"]["tape"].update(code=[[99, 0, 0]]), "cannot be run"),
        (lambda h: h["model"]["tape"].update(code=[[2, 0, 5]]), "cannot be run"),
        (lambda h: h["model"]["tape"].update(registers=[7]), "outputs"),
        (lambda h: h.update(model=3), "neither texts nor a tape"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(change: Callable[[Any], object], message: str) -> None:
    with pytest.raises(BadRecord, match=message):
        read_record(forged(change))


def test_a_number_that_is_not_finite_is_refused() -> None:
    data = write_record({"m": exact([1.0, 2.0])}, units={"m": "kg"})
    body = data[:-40] + struct.pack("<d", np.nan)
    with pytest.raises(BadRecord, match="not finite"):
        read_record(body + hashlib.sha256(body).digest())
    with pytest.raises(BadRecord, match="not finite"):
        write_record({"m": Uncertain(np.array([np.inf]))}, units={"m": "kg"})


def test_rows_that_do_not_ascend_are_refused() -> None:
    column = Uncertain(np.zeros(4), {named("b"): Sparse(np.array([2, 1]), np.ones(2))})
    with pytest.raises(BadRecord, match="do not ascend"):
        read_record(write_record({"m": column}, units={"m": "1"}))


def test_every_result_has_a_unit() -> None:
    with pytest.raises(BadRecord, match="do not match: k"):
        write_record({"m": exact(1.0)}, units={"m": "kg", "k": "1"})


def test_two_sources_under_one_name_are_refused() -> None:
    x, y = quantity(1.0, (0.1, named("bench", dof=5))), quantity(1.0, (0.1, named("bench", dof=6)))
    with pytest.raises(InvalidCorrelation, match="'bench'"):
        write_record({"x": x, "y": y}, units={"x": "1", "y": "1"})


def test_parameters_that_json_cannot_say_are_refused() -> None:
    for wrong in (float("nan"), object(), {1, 2}):
        with pytest.raises(BadRecord, match="JSON cannot say"):
            write_record({"m": exact(1.0)}, units={"m": "kg"}, parameters={"x": wrong})


@settings(max_examples=150, deadline=1000)
@given(st.data())
def test_noise_is_refused_and_never_crashes(data: st.DataObject) -> None:
    good = record()
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(good))] * 2)))
    bad = good[:start] + data.draw(st.binary(max_size=40)) + good[stop:]
    if bad != good:
        with pytest.raises(BadRecord):
            read_record(bad)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=1000)
@given(st.data())
def test_a_header_of_noise_is_refused_and_never_crashes(data: st.DataObject) -> None:
    def change(header: dict[str, Any]) -> None:
        place, key = header, data.draw(st.sampled_from(sorted(header)))
        while place[key] and isinstance(place[key], dict | list) and data.draw(st.integers(0, 3)):
            place = place[key]
            key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        place[key] = data.draw(JSON)

    with contextlib.suppress(BadRecord):
        read_record(forged(change))


def test_what_was_condensed_from_one_source_does_not_meet_again_after_a_record() -> None:
    a, b, c = (quantity([1.0, 2.0], (0.1, Source(name))) for name in "abc")
    found = Model({"s": "a + b", "p": "a * b", "free": "c / 2"})(a=a, b=b, c=c)
    names = ("s", "p", "free")
    units = dict.fromkeys((*names, "a"), "1")
    again = read_record(write_record({name: found[name] for name in names}, units=units, inputs={"a": a}))
    for x, y in (("s", "p"), ("p", "s")):
        with pytest.raises(InvalidCorrelation, match="private to"):
            again.results[x].covariance(again.results[y])
    with pytest.raises(InvalidCorrelation, match="private to"):
        again.results["s"].covariance(again.inputs["a"])
    assert again.results["s"].covariance(again.results["free"]).tolist() == [0.0, 0.0]


def test_totals_keep_after_a_record_how_they_are_correlated_or_that_it_was_lost() -> None:
    x = quantity([1.0, 2.0, 3.0], ([0.1, 0.2, 0.3], Source("own")), ([0.1, 0.1, 0.1], Source("other")))
    a, b = x.totals([[1, 1, 1], [1, 1, 0]])
    columns = {"x": x, "a": a, "b": b, "apart": x.total([0, 0, 1]), "row 2": x.take([2])}
    again = read_record(write_record(columns, units=dict.fromkeys(columns, "1"))).results
    assert again["a"].covariance(again["b"]) == pytest.approx(a.covariance(b))
    assert again["b"].covariance(again["apart"]).tolist() == [0.0]
    for one, other in (("a", "apart"), ("a", "x"), ("row 2", "apart")):
        with pytest.raises(InvalidCorrelation, match="several totals at once"):
            again[one].covariance(again[other])


def test_a_total_of_recorded_rows_is_told_from_another_in_a_later_record() -> None:
    x = quantity([1.0, 2.0, 3.0], ([0.1, 0.2, 0.3], Source("own")), ([0.1, 0.1, 0.1], Source("other")))
    first = write_record({"x": x}, units={"x": "1"})
    later = []
    for w in ([1.0, 1, 0], [0, 1, 1], [0, 0, 1]):
        total = read_record(first).results["x"].total(w)
        later.append(read_record(write_record({"t": total}, units={"t": "1"})).results["t"])
    with pytest.raises(InvalidCorrelation, match="several totals at once"):
        later[0].covariance(later[1])
    assert later[0].covariance(later[2]).tolist() == [0.0]


@pytest.mark.parametrize(
    "said",
    [
        [{"source": 9, "identities": [], "common": []}],
        [{"source": 0, "identities": [], "common": [0]}],
        [{"source": 0, "identities": [None], "common": []}],
        [{"source": 0}],
        ["0"],
        {},
    ],
)
def test_a_record_with_damaged_condensed_sources_is_refused(said: Any) -> None:
    data = forged(lambda header: header.update(merged=said))
    with pytest.raises(BadRecord, match="merged"):
        read_record(data)


def test_the_examples_of_the_document_are_what_is_printed() -> None:
    document = Path(__file__).parents[2] / "docs/methods/uncertain-columns.md"
    result = doctest.testfile(str(document), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0
