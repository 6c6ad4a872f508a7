"""Indicators: counted from the registers, the same for ever, never 0 where nothing is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.audit.past import last_event
from quanheng.city.indicators import actions, shown
from quanheng.city.indicators.catalogue import indicators
from quanheng.city.indicators.census import COUNTINGS, Census, Member
from quanheng.city.indicators.compute import Computed, compute, written
from quanheng.city.indicators.models import Entered, Figure
from quanheng.city.instruments import actions as instruments
from quanheng.city.instruments.models import CatalogueEntry, Coverage, MeasurementStandard
from quanheng.city.people import actions as people
from quanheng.city.people.models import Person, Qualification
from quanheng.city.queue import tasks
from quanheng.city.queue.models import State, Task
from quanheng.cli import main
from quanheng.ground.errors import Fault

TODAY = date(2026, 8, 1)
As = Callable[[str], Client]


@pytest.fixture
def covered(small: SmallCity) -> SmallCity:
    """Two entries in the ledger, one of them served by a standard; three instruments in date, one overdue, one bare."""
    entries = []
    for code, name in (("2020-42/1", "电能表"), ("2020-42/2", "水表")):
        entry = CatalogueEntry(
            code=code, version="2020-42", category=name, name=name, regime="V", mode="periodic",
            since=date(2020, 11, 1), source="样例",
        )  # fmt: skip
        instruments.keep(SYSTEM, entry)
        entries.append(entry)
    energy, water = entries
    standard = MeasurementStandard(
        code="S1", name="电能表检定装置", kind="social", holder=small.institute, assessment="A1",
        since=date(2025, 1, 1), until=date(2027, 12, 31),
        quantity="电能", unit="kW·h", lower=0, upper=1, accuracy="0.05 级",
    )  # fmt: skip
    instruments.keep(SYSTEM, standard)
    instruments.keep(SYSTEM, Coverage(code="C1", standard=standard, entry=energy, since=date(2025, 2, 1)))
    for n in range(3):
        verified = TODAY - timedelta(days=100 * (n + 1))
        due = TODAY + timedelta(days=10 * n)
        small.instrument(f"E{n}", small.power, small.north, entry=energy, verified=verified, due=due)
    small.instrument(
        "W0", small.water, small.south, entry=water, verified=date(2020, 1, 1), due=date(2026, 1, 1)
    )
    small.instrument("W1", small.water, small.south, entry=water, put_in_use=date(2026, 7, 1))
    return small


def figures(on: date = TODAY, known: int | None = None) -> dict[tuple[str, int], Computed]:
    return {(each.key, each.version): each for each in compute(on, last_event() if known is None else known)}


def test_every_definition_that_is_not_entered_can_be_executed() -> None:
    wanted = {(i.key, d.version) for i in indicators().values() for d in i.definitions if not d.entered}
    assert wanted == set(COUNTINGS)


def test_every_target_of_the_policy_has_its_indicator() -> None:
    policy = [each for each in indicators().values() if "专栏" in each.source]
    assert len(policy) == 14  # twelve rows, two of which have two figures
    assert all(each.target and each.by == 2026 for each in policy)


def test_coverage_is_told_by_entry_by_instrument_and_by_time(covered: SmallCity) -> None:
    found = figures()
    assert (found["coverage-by-entry", 1].count, found["coverage-by-entry", 1].of) == (1, 2)
    assert (found["coverage-by-instrument", 1].count, found["coverage-by-instrument", 1].of) == (3, 5)
    days = (TODAY - date(2020, 1, 1)).days + 31
    assert found["coverage-by-time", 1].value == 600 / (600 + days)


def test_coverage_ends_with_the_assessment_of_the_standard(covered: SmallCity) -> None:
    assert figures(date(2028, 1, 1))["coverage-by-entry", 1].count == 0


def test_two_versions_of_a_definition_stand_side_by_side(covered: SmallCity) -> None:
    found = figures()
    assert (found["verified-in-date", 1].count, found["verified-in-date", 1].of) == (3, 4)
    assert (found["verified-in-date", 2].count, found["verified-in-date", 2].of) == (3, 5)


def test_a_share_of_nothing_is_not_shown(small: SmallCity) -> None:
    assert figures()["coverage-by-entry", 1].value is None


def test_a_figure_that_nobody_entered_is_not_shown(small: SmallCity) -> None:
    assert figures()["reference-materials", 1].value is None


def test_a_member_counts_once_and_only_while_it_holds(small: SmallCity) -> None:
    person = Person(number="P1", name="委员甲", party=small.institute)
    people.keep(SYSTEM, person)
    for n in range(2):
        row = Qualification(
            person=person, kind="committee", number=f"Q{n}", since=date(2025, 1, 1), until=date(2026, 12, 31)
        )
        people.keep(SYSTEM, row)
    assert figures()["committee-members", 1].value == 1
    assert figures(date(2027, 1, 1))["committee-members", 1].value == 0


def test_what_was_known_then_gives_the_same_bytes_whatever_came_later(covered: SmallCity) -> None:
    known = last_event()
    before = written(TODAY, known, compute(TODAY, known))
    covered.instrument("E9", covered.power, covered.north, entry=CatalogueEntry.objects.first())
    standard = MeasurementStandard.objects.get()
    standard.active = False
    instruments.keep(SYSTEM, standard)
    assert written(TODAY, known, compute(TODAY, known)) == before
    assert figures()["coverage-by-entry", 1].count == 0


@given(
    st.lists(st.tuples(st.text(max_size=5), st.booleans(), st.text(max_size=5)), max_size=20), st.randoms()
)
def test_the_digest_of_a_population_knows_no_order(rows: list[tuple[str, bool, str]], random: object) -> None:
    members = [Member(*row) for row in sorted(set(rows))]
    shuffled = list(members)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert Census(tuple(members), True).population == Census(tuple(shuffled), True).population


def test_a_figure_is_kept_once_for_an_event(covered: SmallCity) -> None:
    actions.take(SYSTEM, TODAY)
    first = Figure.objects.count()
    actions.take(SYSTEM, TODAY)  # the first was an event itself: known anew
    assert Figure.objects.count() == 2 * first
    assert Figure.objects.filter(key="verified-in-date", version=2).values_list("value", flat=True)[0] == 0.6


def test_a_computed_indicator_cannot_be_entered(small: SmallCity) -> None:
    with pytest.raises(Fault, match="不是填报的指标"):
        actions.enter(small.users["city"], "coverage-by-entry", TODAY, 1.0, evidence=b"x", name="x.pdf")


@pytest.mark.parametrize(
    ("value", "said"), [(12.0, "12"), (1_234_567.0, "1 234 567"), (2.5, "2.5"), (0.0, "0")]
)
def test_a_figure_is_told_with_all_its_digits(value: float, said: str) -> None:
    indicator = next(each for each in indicators().values() if not each.share)
    told = shown.number(indicator, Figure(value=value))
    assert told.replace("\u2009", " ").startswith(f"{said} ")


def test_a_later_entry_of_a_day_replaces_the_earlier(small: SmallCity) -> None:
    for value in (480.0, 503.0):
        actions.enter(
            small.users["city"], "reference-materials", TODAY, value, evidence=b"list", name="l.pdf"
        )
    assert figures()["reference-materials", 1].value == 503
    assert figures(TODAY - timedelta(days=1))["reference-materials", 1].value is None


def test_the_page_shows_figures_targets_and_what_is_not_shown(covered: SmallCity, as_user: As) -> None:
    actions.take(SYSTEM, TODAY)
    page = as_user("").get("/indicators/").content.decode()
    assert "50.00 %" in page
    assert "未达到" in page
    assert "未示出" in page
    assert "50.00 %" in as_user("").get("/indicators/coverage-by-entry/").content.decode()


def test_the_records_behind_a_figure_are_for_those_who_read_all(covered: SmallCity, as_user: As) -> None:
    address = f"/indicators/verified-in-date/2/members/?on={TODAY}"
    assert as_user("power").get(address).status_code == 403
    assert as_user("").get(address).status_code == 403
    assert ">W0<" in as_user("auditor").get(address).content.decode()
    assert ">W0<" not in as_user("north").get(address).content.decode()
    assert ">W0<" in as_user("south").get(address).content.decode()


def test_only_the_city_enters_a_figure(small: SmallCity, as_user: As) -> None:
    def entry() -> dict[str, object]:
        file = SimpleUploadedFile("清单.pdf", b"%PDF list")
        return {"on": "2026-08-01", "value": "503", "evidence": file, "note": "第一批"}

    address = "/indicators/reference-materials/enter/"
    assert as_user("auditor").post(address, entry()).status_code == 403
    assert as_user("city").post(address, entry()).status_code == 302
    row = Entered.objects.get()
    evidence = as_user("auditor").get(f"/indicators/reference-materials/evidence/{row.pk}/")
    assert b"".join(evidence.streaming_content) == b"%PDF list"  # type: ignore[attr-defined]
    assert as_user("power").get(f"/indicators/reference-materials/evidence/{row.pk}/").status_code == 403


def test_a_figure_without_evidence_is_refused_in_words(small: SmallCity, as_user: As) -> None:
    answer = as_user("city").post(
        "/indicators/reference-materials/enter/", {"on": "2026-08-01", "value": "-1"}
    )
    assert answer.status_code == 422
    assert "没有保存" in answer.content.decode()
    assert not Entered.objects.exists()


def test_the_map_is_drawn_from_outlines_that_the_city_hands_in(covered: SmallCity, as_user: As) -> None:
    assert "不是地图" in as_user("").get("/indicators/map/").content.decode()
    ring = [[118.0, 32.0], [118.1, 32.0], [118.1, 32.1]]
    features = [
        {"properties": {"code": each.code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for each in (covered.north, covered.south)
    ]

    def file(said: object) -> dict[str, object]:
        return {"outlines": SimpleUploadedFile("d.geojson", json.dumps(said).encode())}

    assert as_user("auditor").post("/indicators/map/", file({"features": features})).status_code == 403
    assert as_user("city").post("/indicators/map/", file({"features": [{}]})).status_code == 400
    assert as_user("city").post("/indicators/map/", file({"features": features})).status_code == 302
    assert "不是地图" not in as_user("").get("/indicators/map/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"coordinates": [[]]},
        {"coordinates": []},
        {"coordinates": [[[118.0, 32.0]] * 4]},
        {"type": "MultiPolygon", "coordinates": []},
        {"coordinates": [[[10**400, 32.0], [118.1, 32.0], [118.1, 32.1]]]},
    ],
)
def test_an_outline_that_could_not_be_drawn_is_refused_in_words(
    covered: SmallCity, as_user: As, wrong: dict[str, object]
) -> None:
    ring = [[118.0, 32.0], [118.1, 32.0], [118.1, 32.1]]
    geometry = {"type": "Polygon", "coordinates": [ring], **wrong}
    for code in (covered.north.code, covered.south.code):
        said = json.dumps({"features": [{"properties": {"code": code}, "geometry": geometry}]})
        answer = as_user("city").post(
            "/indicators/map/", {"outlines": SimpleUploadedFile("d.geojson", said.encode())}
        )
        assert answer.status_code == 400
        assert "feature 1" in answer.content.decode()
    assert as_user("").get("/indicators/map/").status_code == 200


def test_an_outline_of_a_code_that_cannot_be_kept_is_refused_in_words(
    covered: SmallCity, as_user: As
) -> None:
    ring = [[118.0, 32.0], [118.1, 32.0], [118.1, 32.1]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    for code in ("\ud800", "a\0"):
        said = json.dumps({"features": [{"properties": {"code": code}, "geometry": geometry}]})
        file = SimpleUploadedFile("d.geojson", said.encode())
        assert as_user("city").post("/indicators/map/", {"outlines": file}).status_code == 400


def test_the_table_tells_by_itself_when_it_is_computed(covered: SmallCity, as_user: As) -> None:
    city, page = as_user("city"), "/indicators/"
    city.post("/indicators/take/")
    waiting = city.get(page).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    assert "按今天计算" not in waiting  # asked once is enough
    assert city.get(page, headers={"HX-Request": "true"}).status_code == 204
    assert "hx-trigger" not in as_user("auditor").get(page).content.decode()
    work = tasks.take()
    assert work is not None
    assert tasks.run(work) == State.DONE
    computed = city.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in computed
    assert f"截至 {timezone.localdate()}" in computed


def test_a_computation_that_failed_says_why(covered: SmallCity, as_user: As) -> None:
    tasks.ask("indicators.take", {"on": "2026-08-01"})
    Task.objects.update(state=State.FAILED, error="没有地方了 / no space left")
    assert "没有地方了" in as_user("city").get("/indicators/").content.decode()
    assert "没有地方了" not in as_user("").get("/indicators/").content.decode()


def test_the_trend_is_a_picture(covered: SmallCity, as_user: As) -> None:
    for day in (TODAY, TODAY + timedelta(days=200)):
        actions.take(SYSTEM, day)
    answer = as_user("").get("/indicators/verified-in-date/trend.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert b"<svg" in answer.content


def test_the_api_gives_what_the_page_shows(covered: SmallCity, as_user: As) -> None:
    actions.take(SYSTEM, TODAY)
    said = {each["key"]: each for each in as_user("").get("/api/indicators").json()}
    assert said["coverage-by-entry"]["value"] == 0.5
    assert said["reference-materials"]["value"] is None
    assert len(as_user("").get("/api/indicators/verified-in-date").json()) == 2
    assert as_user("").get("/api/indicators/nothing").status_code == 404


def test_the_command_prints_the_same_bytes_and_says_what_differs(
    covered: SmallCity, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main.main(["indicators", "--on", "2026-08-01", "--json"]) == 0
    kept = tmp_path / "then.json"
    kept.write_text(capsys.readouterr().out, "utf-8")
    covered.instrument("E9", covered.power, covered.north)
    assert main.main(["indicators", "--against", str(kept)]) == 0
    altered = kept.read_text("utf-8").replace('"count": 1,', '"count": 2,')
    kept.write_text(altered, "utf-8")
    assert main.main(["indicators", "--against", str(kept)]) == 1
    assert main.main(["indicators", "--known", "999999"]) == 3
    kept.write_text("{}", "utf-8")
    assert main.main(["indicators", "--against", str(kept)]) == 2
