"""Cycles: pointed at a lake, run, resumed, indexed, shown to whom they concern."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.queue import worker
from quanheng.city.queue.clock import Clock
from quanheng.city.queue.models import State, Task
from quanheng.city.supervision import places
from quanheng.city.supervision.actions import cycles, lakes, recomputing
from quanheng.city.supervision.models import Area, Cycle, Lake, Order, OrderState, Schedule, Verdict
from quanheng.ground.errors import Fault

As = Callable[[str], Client]
pytestmark = pytest.mark.django_db


def work() -> None:
    """What a worker would do."""
    worker.work(threading.Event(), once=True)


def test_a_lake_is_pointed_to_and_checked(as_user: As, small: SmallCity, lake: Lake) -> None:
    assert lake.survey is not None
    assert (lake.survey["areas"], lake.survey["meters"], lake.fault) == (6, 120, "")
    page = as_user("city").get("/supervision/lakes/grid/").content.decode()
    assert "120" in page


@pytest.mark.parametrize(
    "folder", ["/etc", "lakes/../secret", "lakes", "../..", "lakes/nowhere", "lakes/" + "a" * 300]
)
def test_a_folder_outside_the_roots_is_refused(as_user: As, lake: Lake, folder: str) -> None:
    answer = as_user("city").post("/supervision/lakes/point/", {"name": "x", "title": "x", "folder": folder})
    assert answer.status_code in (400, 422)
    assert not Lake.objects.filter(name="x").exists()


def test_a_link_out_of_the_roots_is_refused(db: None, tmp_path: Path) -> None:
    link = places.below("lakes") / "out"
    link.unlink(missing_ok=True)
    link.symlink_to(tmp_path)
    with pytest.raises(Fault, match="不在允许的位置"):
        lakes.point(SYSTEM, name="x", title="x", folder="lakes/out")
    link.unlink()


def test_a_lake_that_is_none_says_why(as_user: As, small: SmallCity) -> None:
    (places.below("lakes") / "empty").mkdir(exist_ok=True)
    as_user("city").post(
        "/supervision/lakes/point/", {"name": "empty", "title": "空", "folder": "lakes/empty"}
    )
    work()
    page = as_user("city").get("/supervision/lakes/empty/").content.decode()
    assert "areas.parquet" in page
    assert as_user("city").post("/supervision/lakes/empty/run/", {"alpha": 0.05}).status_code == 400


def test_a_cycle_is_asked_for_run_and_indexed(as_user: As, lake: Lake, judged_run: Path) -> None:
    answer = as_user("city").post("/supervision/lakes/grid/run/", {"alpha": "0.05"})
    cycle = Cycle.objects.get()
    assert answer.headers["Location"] == f"/supervision/cycles/{cycle.pk}/"
    assert 'hx-trigger="every 2s"' in as_user("city").get(f"/supervision/cycles/{cycle.pk}/").content.decode()
    work()
    cycle.refresh_from_db()
    assert cycle.indexed
    assert (places.run(cycle.pk) / "out/run.json").read_bytes() == (judged_run / "run.json").read_bytes()
    assert Verdict.objects.filter(cycle=cycle).count() == 120
    assert Area.objects.filter(cycle=cycle).count() == 6
    page = as_user("city").get(f"/supervision/cycles/{cycle.pk}/").content.decode()
    assert 'hx-trigger="every 2s"' not in page
    assert cycle.run in page


def test_a_second_cycle_waits_for_the_first(as_user: As, lake: Lake) -> None:
    as_user("city").post("/supervision/lakes/grid/run/", {"alpha": "0.05"})
    answer = as_user("city").post("/supervision/lakes/grid/run/", {"alpha": "0.05"})
    assert answer.status_code == 400
    assert "还没有完成" in answer.content.decode()


def test_a_cycle_that_was_cancelled_is_taken_up_where_it_stopped(
    as_user: As, lake: Lake, judged_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user("city").post("/supervision/lakes/grid/run/", {"alpha": "0.05"})
    cycle = Cycle.objects.get()

    def cancelled(self: object, step: str, done: int, total: int) -> None:
        if step == "seek":
            raise worker.tasks.Cancelled

    with monkeypatch.context() as patch:
        patch.setattr(worker.tasks.Work, "progress", cancelled)
        work()
    half = places.run(cycle.pk) / "out.partial"
    finished = {each.name: each.stat().st_mtime_ns for each in (half / "assess").iterdir()}
    assert finished
    cycle.refresh_from_db()
    assert cycle.task is not None
    assert cycle.task.state == State.CANCELLED
    assert "继续" in as_user("city").get(f"/supervision/cycles/{cycle.pk}/").content.decode()
    kept: dict[str, int] = {}

    def seen(self: object, step: str, done: int, total: int) -> None:
        if step == "seek" and not kept:
            kept.update({each.name: each.stat().st_mtime_ns for each in (half / "assess").iterdir()})

    as_user("city").post(f"/supervision/cycles/{cycle.pk}/resume/")
    with monkeypatch.context() as patch:
        patch.setattr(worker.tasks.Work, "progress", seen)
        work()
    assert kept == finished
    assert (places.run(cycle.pk) / "out/run.json").read_bytes() == (judged_run / "run.json").read_bytes()


def test_a_task_that_is_run_twice_indexes_once(cycle: Cycle) -> None:
    again = cycles.run(Cycle.objects.get(pk=cycle.pk), lambda step, done, total: None)
    assert again.run == cycle.run
    assert Verdict.objects.filter(cycle=cycle).count() == 120


def test_indexing_takes_few_statements(
    lake: Lake, judged_run: Path, django_assert_max_num_queries: Callable[..., object]
) -> None:
    with django_assert_max_num_queries(60):  # type: ignore[attr-defined]
        cycles.run_now(SYSTEM, lake, given=judged_run)


def test_the_next_cycle_is_compared_with_the_last_and_takes_its_place(as_user: As, issued: Cycle) -> None:
    first = Order.objects.filter(cycle=issued).count()
    assert first
    second = cycles.run_now(SYSTEM, issued.lake)
    assert second.previous == issued
    page = as_user("city").get(f"/supervision/cycles/{second.pk}/").content.decode()
    assert "与上一周期比较" in page
    assert second.facts["changes"]["new"] == 0
    assert second.facts["changes"]["confirmed"] == issued.facts["counts"]["verdicts"]["replace"]
    third = cycles.run_now(SYSTEM, issued.lake)
    states = set(Order.objects.filter(cycle=second).values_list("state", flat=True))
    assert states == {OrderState.LAPSED}
    assert set(Order.objects.filter(cycle=third).values_list("state", flat=True)) == {OrderState.PROPOSED}


def test_the_clock_asks_for_a_cycle_once_a_week(lake: Lake) -> None:
    today = timezone.localdate()
    lakes.plan(SYSTEM, lake, days=7, next_on=today, alpha=0.05)
    clock = Clock()
    clock()
    clock.looked = float("-inf")
    clock()
    assert Cycle.objects.count() == 1
    assert Schedule.objects.get().next_on == today + timedelta(days=7)
    assert Task.objects.filter(kind=cycles.TASK).count() == 1


def test_a_plan_that_is_off_asks_for_nothing(lake: Lake) -> None:
    lakes.plan(SYSTEM, lake, days=7, next_on=date(2020, 1, 1), alpha=0.05, active=False)
    assert cycles.ask_what_is_due(timezone.localdate()) == []


def test_a_run_of_another_lake_is_not_adopted(lake: Lake, judged_run: Path, tmp_path: Path) -> None:
    import shutil

    other = tmp_path / "out"
    shutil.copytree(judged_run, other)
    bundle = other / "run.json"
    bundle.write_bytes(bundle.read_bytes().replace(b'"areas.parquet": "', b'"areas.parquet": "0'))
    with pytest.raises(Fault, match="不是"):
        cycles.run_now(SYSTEM, lake, given=other)
    assert not Cycle.objects.exists()


def test_an_auditor_has_a_cycle_and_an_area_computed_again(as_user: As, cycle: Cycle) -> None:
    browser = as_user("auditor")
    browser.post(f"/supervision/cycles/{cycle.pk}/recompute/", {"area": ""})
    browser.post(f"/supervision/cycles/{cycle.pk}/recompute/", {"area": "A00003", "back": "area"})
    work()
    assert {each.answer for each in cycle.recomputations.all()} == {recomputing.IDENTICAL}
    assert "identical" in browser.get(f"/supervision/cycles/{cycle.pk}/").content.decode()
    assert "identical" in browser.get(f"/supervision/cycles/{cycle.pk}/areas/A00003/").content.decode()


def test_a_recomputation_tells_what_somebody_changed(small: SmallCity, cycle: Cycle) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = places.run(cycle.pk) / "out/verdicts.parquet"
    table = pq.read_table(path)
    column = table.column_names.index("error")
    errors = [each + 0.01 if each else each for each in table["error"].to_pylist()]
    pq.write_table(table.set_column(column, "error", pa.array(errors)), path)
    for area in ("", "A00003"):
        asked = recomputing.ask(small.users["auditor"], cycle, area)
        assert recomputing.run(asked).answer == recomputing.DIFFERS
    assert "A00003-010 error" in asked.told


def test_a_recomputation_without_its_lake_is_not_shown(small: SmallCity, cycle: Cycle) -> None:
    lake = settings.HOME / "lakes/grid"
    hidden = lake.with_name("hidden")
    lake.rename(hidden)
    try:
        asked = recomputing.run(recomputing.ask(small.users["auditor"], cycle))
    finally:
        hidden.rename(lake)
    assert asked.answer == recomputing.NOT_SHOWN


@pytest.mark.parametrize(
    ("who", "status"),
    [("city", 302), ("north", 403), ("power", 403), ("auditor", 403), ("institute", 403), ("", 403)],
)
def test_only_the_city_runs_cycles(as_user: As, lake: Lake, who: str, status: int) -> None:
    assert as_user(who).post("/supervision/lakes/grid/run/", {"alpha": "0.05"}).status_code == status


@pytest.mark.parametrize(
    ("who", "status"), [("city", 200), ("auditor", 200), ("north", 403), ("power", 403), ("", 403)]
)
def test_the_report_names_all_meters_and_is_for_who_sees_all(
    as_user: As, cycle: Cycle, who: str, status: int
) -> None:
    answer = as_user(who).get(f"/supervision/cycles/{cycle.pk}/report.html")
    assert answer.status_code == status
    if status == 200:
        assert "sha256-" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("given", [{"back": "area", "area": ""}, {"back": "area"}, {"area": "", "back": "x"}])
def test_a_recomputation_without_an_area_leads_back_to_its_cycle(
    as_user: As, cycle: Cycle, given: dict[str, str]
) -> None:
    answer = as_user("auditor").post(f"/supervision/cycles/{cycle.pk}/recompute/", given)
    assert (answer.status_code, answer["Location"]) == (302, f"/supervision/cycles/{cycle.pk}/")
