"""What field checks teach."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quanheng.evidence.bundle import read_bundle, seal, sealed_files
from quanheng.ground.errors import BadOutput, BadTable
from quanheng.work.supervise.findings import Known
from quanheng.work.supervise.learn import changes, learn, read_learned

HEAD = "meter,date,error,u,found,note\n"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """100 meters: 10 to be replaced, 90 that nothing speaks against, of which 30 were drawn."""
    folder = tmp_path / "out"
    (folder / "detail").mkdir(parents=True)
    meter = [f"M{k}" for k in range(100)]
    verdict = ["replace"] * 10 + ["cleared"] * 90
    kind = ["replace_trend"] * 10 + ["sample_check"] * 30
    weight = [None] * 10 + [3.0] * 30
    pq.write_table(pa.table({"meter": meter, "verdict": verdict}), folder / "verdicts.parquet")
    pq.write_table(pa.table({"kind": kind, "meter": meter[:40], "weight": weight}), folder / "orders.parquet")
    batch = ["L1", "L2"] * 50
    pq.write_table(pa.table({"meter": meter, "batch": batch}), folder / "detail" / "estimates.parquet")
    seal(folder, {
        "method": "m", "version": "0", "parameters": {}, "inputs": {}, "stated_false_share": 0.05,
        "expected_false_share": 0.04,
    })  # fmt: skip
    return folder


def typed(path: Path, text: str, *, bom: bool = False) -> Path:
    path.write_text(HEAD + text, encoding="utf-8-sig" if bom else "utf-8")
    return path


def visits(path: Path, good: set[int]) -> Path:
    rows = [
        f"M{k},2026-03-01,{'0.001' if k in good else '-0.05'},0.001,{'ok' if k in good else 'out_of_tolerance'},\n"
        for k in range(40)
    ]
    return typed(path, "".join(rows))


def test_precision_and_recall_come_with_their_intervals(out: Path, tmp_path: Path) -> None:
    found = learn(out, visits(tmp_path / "checks.csv", {0, *range(11, 40)}))
    assert (found["precision"]["checked"], found["precision"]["bad"]) == (10, 9)
    assert found["risk"]["realised"] == pytest.approx(0.1)
    assert (found["risk"]["stated"], found["risk"]["expected"]) == (0.05, 0.04)
    low, high = found["risk"]["jeffreys"]
    assert low < 0.1 < high
    # 9 of 10 replaced, and 1 of 30 in a sample that stands for 90: 9/(9 + 3)
    assert found["recall"]["share"] == pytest.approx(0.75)
    low, high = found["recall"]["interval"]
    assert low < 0.75 < high
    assert found["kinds"]["sample_check"]["bad"] == 1
    assert found["batches"]["L1"]["checked"] == 20


def test_without_a_sample_recall_is_not_known(out: Path, tmp_path: Path) -> None:
    found = learn(out, typed(tmp_path / "checks.csv", "M0,2026-03-01,-0.05,0.001,out_of_tolerance,\n"))
    assert found["recall"]["share"] is None
    assert found["recall"]["interval"][1] - found["recall"]["interval"][0] > 0.3


def test_the_same_file_twice_changes_nothing_and_the_seal_holds(out: Path, tmp_path: Path) -> None:
    path = visits(tmp_path / "checks.csv", {0})
    sealed = read_bundle(out / "run.json")
    learn(out, path)
    first = [(out / name).read_bytes() for name in ("checks.parquet", "learned.json")]
    learn(out, path)
    assert [(out / name).read_bytes() for name in ("checks.parquet", "learned.json")] == first
    assert sealed_files(out) == sorted(sealed.outputs)


def test_the_later_check_of_a_meter_counts_whichever_file_comes_first(out: Path, tmp_path: Path) -> None:
    learn(out, typed(tmp_path / "a.csv", "M50,2026-04-01,0.004,0.001,ok,\n"))
    learn(out, typed(tmp_path / "b.csv", "M50,2026-03-01,-0.05,0.001,out_of_tolerance,\n"))
    assert read_learned(out).known == {"M50": Known(0.004, 0.001, date(2026, 4, 1))}


def test_a_replaced_or_unmeasured_meter_is_not_known(out: Path, tmp_path: Path) -> None:
    rows = "M0,2026-03-01,-0.05,0.001,out_of_tolerance,\nM1,2026-03-01,0.002,0.001,ok,好\n"
    learn(out, typed(tmp_path / "checks.csv", rows, bom=True))
    assert set(read_learned(out).known) == {"M1"}


def test_every_fault_is_told_with_its_row_and_nothing_is_changed(out: Path, tmp_path: Path) -> None:
    rows = (
        "M0,2026-03-01,-0.05,0.001,out_of_tolerance,\n"
        "M1,01.03.2026,3%,0.001,ok,\n"
        "M2,2026-03-01,3.1,0.001,fine,\n"
        "X9,2026-03-01,,,ok,\n"
        ",2026-03-01,0.1,,ok,\n"
    )
    with pytest.raises(BadTable) as raised:
        learn(out, typed(tmp_path / "checks.csv", rows))
    text = str(raised.value)
    for row, column in [
        (3, "date"),
        (3, "error"),
        (4, "error"),
        (4, "found"),
        (5, "meter"),
        (6, "meter"),
        (6, "u"),
    ]:
        assert f"row {row}, column '{column}'" in text
    assert not (out / "checks.parquet").exists() and not (out / "learned.json").exists()


@pytest.mark.parametrize(
    "data", [b"", b"meter,date\n", b"\xff\xfe\x00", b'meter,date,error,u,found,note\n"M0']
)
def test_a_file_that_is_no_such_table_is_refused(out: Path, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "checks.csv").write_bytes(data)
    with pytest.raises(BadTable, match=r"checks\.csv"):
        learn(out, tmp_path / "checks.csv")


def test_a_run_nobody_came_back_from_teaches_nothing(out: Path) -> None:
    assert read_learned(out).known == {}


def test_a_foreign_learned_file_is_refused(out: Path) -> None:
    (out / "learned.json").write_text(json.dumps({"known": {"M1": 3}}), encoding="utf-8")
    with pytest.raises(BadOutput, match=r"learned\.json"):
        read_learned(out)


def test_changes_are_new_gone_and_confirmed() -> None:
    def cycle(**verdict: str) -> pa.Table:
        return pa.table({"meter": list(verdict), "verdict": list(verdict.values())})

    before = cycle(a="replace", b="replace", c="cleared")
    after = cycle(a="replace", b="cleared", c="replace")
    assert changes(before, after) == {"new": ["c"], "gone": ["b"], "confirmed": ["a"]}
