"""The catalogue of compulsory items is data: loaded as often as one likes, a later version beside the older."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM, history
from quanheng.city.instruments import versions
from quanheng.city.instruments.models import CatalogueEntry, Cycle, Instrument
from quanheng.city.instruments.models.ledger import last_day
from quanheng.city.instruments.spoken_for import look_over
from quanheng.ground.errors import BadTable

LATER = """
version = "2027-1"
title = "later"
since = 2027-01-01
source = "an announcement"
checked = true
[entries]
water-meter = { category = "水表", english = "Water meters", regime = "P+V", mode = "periodic" }
[cycles]
water-25 = { entry = "water-meter", regulation = "JJG 162-2027", applies = "DN ≤ 25", english = "DN ≤ 25", months = 96 }
"""


@pytest.fixture
def loaded(db: None) -> int:
    """The catalogue that comes with the program."""
    return sum(versions.load(SYSTEM, path) for path in versions.FILES)


def test_the_catalogue_has_the_forty_entries_of_the_first_level_and_none_that_claims_to_be_checked(
    loaded: int,
) -> None:
    entries = CatalogueEntry.objects.filter(version="2020-42")
    assert entries.values("category").distinct().count() == 40
    assert not entries.filter(checked=True).exists()
    assert not entries.filter(source="").exists()


def test_loaded_again_it_writes_nothing(loaded: int) -> None:
    assert loaded == CatalogueEntry.objects.count() + Cycle.objects.count()
    assert sum(versions.load(SYSTEM, path) for path in versions.FILES) == 0


def test_a_later_version_stands_beside_the_older(loaded: int, tmp_path: Path) -> None:
    (tmp_path / "catalogue-2027.toml").write_text(LATER, "utf-8")
    assert versions.load(SYSTEM, tmp_path / "catalogue-2027.toml") == 2
    old, new = CatalogueEntry.objects.filter(category="水表").order_by("since")
    assert (old.version, old.mode) == ("2020-42", "once, replaced at expiry")
    assert (new.version, new.mode) == ("2027-1", "periodic")


def test_a_corrected_line_is_recorded_as_a_change(loaded: int, tmp_path: Path) -> None:
    text = versions.FILES[0].read_text("utf-8").replace("JJG 517", "JJG 517-2016")
    (tmp_path / "corrected.toml").write_text(text, "utf-8")
    assert versions.load(SYSTEM, tmp_path / "corrected.toml") == 1
    row = Cycle.objects.get(code="2020-42/taximeter")
    assert row.regulation == "JJG 517-2016"
    assert len(history(row)) == 2  # two imports: each event holds what every row was before
    assert row.event.before[f"instruments.cycle:{row.pk}"]["regulation"] == "JJG 517"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LATER.replace('regime = "P+V"', 'regime = "Q"'), "2027-1/water-meter"),
        (LATER.replace('entry = "water-meter"', 'entry = "wine-meter"'), "wine-meter"),
        (LATER.replace('english = "Water meters", ', ""), "english"),
        ("version = ", "TOML"),
    ],
)
def test_a_file_that_is_wrong_is_told_and_nothing_of_it_written(
    db: None, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "wrong.toml").write_text(text, "utf-8")
    with pytest.raises(BadTable, match=told):
        versions.load(SYSTEM, tmp_path / "wrong.toml")
    assert not CatalogueEntry.objects.exists()


@pytest.mark.parametrize(
    ("verified", "months", "last"),
    [
        (date(2026, 3, 1), 12, date(2027, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2025, 8, 31), 6, date(2026, 2, 27)),
        (date(2025, 12, 15), 1, date(2026, 1, 14)),
    ],
)
def test_a_verification_holds_until_the_day_before_the_same_day(
    verified: date, months: int, last: date
) -> None:
    assert last_day(verified, months) == last


def test_a_validity_that_nobody_wrote_is_that_of_the_cycle(loaded: int, small: SmallCity) -> None:
    cycle = Cycle.objects.get(code="2020-42/fuel-dispenser")
    row = Instrument(code="F-1", name="加油机", user=small.factory, district=small.south, cycle=cycle)
    row.verified = date(2026, 3, 1)
    assert look_over([row]) == [{}]
    assert row.due == date(2026, 8, 31)
