"""The report of a cycle, on folders invented from a seed."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from out_folder import write_out

from quanheng.work.supervise.pages import areas, balance, markup, words
from quanheng.work.supervise.pages.summary import summarise
from quanheng.work.supervise.report import choose, write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few areas: one page holds everything."""
    folder = tmp_path_factory.mktemp("village")
    write_report(folder, write_out(folder, areas=12, meters=20, days=40) | {"mpe": [0.02]})
    return folder


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Areas whose balances need pages beside the report."""
    folder = tmp_path_factory.mktemp("town")
    write_report(folder, write_out(folder, areas=120, meters=10, days=40))
    return folder


class Reader(HTMLParser):
    """Checks that elements nest; keeps ids, links and the text of each language."""

    VOID = frozenset({"meta", "input", "link", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.text: dict[str, list[str]] = {"zh-CN": [], "en": [], "": []}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if "href" in given else []
        self.sources += [given["src"] or ""] if "src" in given else []
        if tag not in self.VOID:
            inherited = self.open[-1][1] if self.open else ""
            turned = given.get("lang") if tag != "html" else None
            # zh-Hans is a name within a sentence of either language
            self.open.append((tag, turned if turned in self.text else inherited))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self.open]
        if data.strip() and not {"script", "style", "title", "option"} & set(inside):
            self.text[self.open[-1][1]].append(data.strip())


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert not reader.open
    return reader


def test_the_same_tables_and_facts_give_the_same_bytes(tmp_path: Path) -> None:
    pages = []
    for name in ("one", "two"):
        facts = write_out(tmp_path / name, areas=30, meters=8, days=30)
        pages.append([path.read_bytes() for path in write_report(tmp_path / name, facts)])
    assert len(pages[0]) > 1
    assert pages[0] == pages[1]


def test_a_page_refers_to_nothing_outside_its_folder(village: Path, town: Path) -> None:
    for path in [village / "report.html", town / "report.html", *(town / "report").iterdir()]:
        page = read(path)
        assert page.sources == []
        assert not [link for link in page.links if "//" in link or link.startswith("data:")]
        assert "default-src &#x27;none&#x27;" in path.read_text() or "default-src 'none'" in path.read_text()
        assert "url(" not in path.read_text()


def test_no_id_stands_twice_in_a_page(village: Path) -> None:
    ids = read(village / "report.html").ids
    assert len(ids) == len(set(ids))


def test_every_link_of_a_town_leads_somewhere(town: Path) -> None:
    targets = {str(p.relative_to(town)): set(read(p).ids) for p in town.rglob("*.html")}
    for link in read(town / "report.html").links:
        path, _, fragment = link.partition("#")
        if path != "run.json":
            assert not fragment or fragment in targets[path or "report.html"], link


def test_no_chinese_is_left_in_the_english_page(village: Path) -> None:
    page = read(village / "report.html")
    han = re.compile(r"[\u4e00-\u9fff]")
    left = {t for t in page.text["en"] + page.text[""] if han.search(t)}
    assert {re.sub(r"\W", "", t) for t in left} <= {
        "权衡",
        "中文",
        "城东",
        "城南",
        "临江",
        "高新",
        "北湖",
        "西山",
        "新港",
        "古镇",
    }


def test_every_sentence_in_one_language_has_its_twin(village: Path) -> None:
    page = (village / "report.html").read_text(encoding="utf-8")
    body = page[page.index("<body>") :]
    assert body.count(' lang="zh-CN"') == body.count(' lang="en"')


def test_the_numbers_of_verdicts_stand_in_the_first_sentence(village: Path) -> None:
    summary = summarise(village / "verdicts.parquet")
    text = " ".join(read(village / "report.html").text["en"])
    assert f"{summary.outcomes['replace']} should be replaced" in text
    assert summary.meters == 240


def test_reasons_are_counted_without_the_name_of_the_other_meter(tmp_path: Path) -> None:
    verdicts = {
        "verdict": ["undetermined"] * 3 + ["cleared"],
        "reason": ["collinear:A", "collinear:B", "load", "ok"],
        "error": [None, 0.0, 0.1, 0.0],
        "kwh_day": [1.0, 2.0, None, 4.0],
    }
    pq.write_table(pa.table(verdicts), tmp_path / "v.parquet")
    assert summarise(tmp_path / "v.parquet").reasons == (("collinear", 2, 3.0), ("load", 1, 0.0))


def test_the_bad_lot_is_named(village: Path) -> None:
    text = " ".join(read(village / "report.html").text["en"])
    assert "Batches that are off as a whole: LOT-03" in text


def test_what_changed_is_told_only_where_a_previous_cycle_was_given(tmp_path: Path) -> None:
    facts = write_out(tmp_path, areas=3, meters=8, days=20, changes=False)
    write_report(tmp_path, facts)
    assert "No previous cycle was given" in (tmp_path / "report.html").read_text()


def test_an_id_that_looks_like_markup_is_shown_as_it_is_written(tmp_path: Path) -> None:
    facts = write_out(tmp_path, areas=3, meters=8, days=20)
    hostile = '"><script>alert(1)</script>&#x20;'
    for name in ("areas", "verdicts", "orders", "detail/balance"):
        table = pq.read_table(tmp_path / f"{name}.parquet")
        renamed = [hostile if a == "A00000" else a for a in table["area"].to_pylist()]
        table = table.set_column(table.column_names.index("area"), "area", pa.array(renamed))
        pq.write_table(table, tmp_path / f"{name}.parquet")
    write_report(tmp_path, facts | {"method": hostile})
    page = (tmp_path / "report.html").read_text()
    assert page.count("<script>") == 1
    assert f"area-{hostile}" in read(tmp_path / "report.html").ids


def test_an_empty_run_still_has_a_report(tmp_path: Path) -> None:
    facts = write_out(tmp_path, areas=3, meters=8, days=20)
    for name in ("areas", "verdicts", "orders", "detail/balance", "detail/estimates", "detail/lots"):
        table = pq.read_table(tmp_path / f"{name}.parquet")
        pq.write_table(table.slice(0, 0), tmp_path / f"{name}.parquet")
    write_report(tmp_path, facts)
    assert "There are no orders" in (tmp_path / "report.html").read_text()


def test_a_city_draws_sound_areas_as_one_path() -> None:
    rows = [_area(f"A{k}", "clock" if k == 7 else "ok") for k in range(100)]
    drawn = areas.mosaic(rows, {"A7": "report/0001.html#area-A7"})
    assert drawn.count("<rect") == 1
    assert drawn.count("h7v7h-7z") == 99


def test_of_a_city_only_areas_with_a_fault_or_an_order_are_drawn() -> None:
    rows = [_area(f"A{k:05d}", "clock" if k % 100 == 0 else "ok") for k in range(areas.SMALL_CITY + 1)]
    order = {"area": "A00005", "kind": "replace_trend", "rank": 1}
    shown, beside = choose(rows, [order, {"area": "A00006", "kind": "sample_check", "rank": 2}])
    drawn = {row["area"] for row in (*shown, *beside)}
    assert "A00005" in drawn
    assert "A00006" not in drawn
    assert {row["area"] for row in rows if row["health"] == "clock"} <= drawn


def _area(name: str, health: str) -> dict[str, object]:
    numbers = {"residual_kwh": 0.1, "loss_kwh": 1.0, "read_rate": 1.0, "meters": 10, "days": 30}
    return {"area": name, "district": "东", "health": health, "repaired": False, "data": "curves", **numbers}


@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=50).map(
        lambda xs: np.array([np.nan if x is None else x for x in xs])
    )
)
def test_a_line_passes_through_every_known_value(values: np.ndarray) -> None:
    low, high = balance.span(values)
    points = {}
    for run in balance.line(values, low, high, balance.TALL).split("M")[1:]:
        first, _, rest = run.partition("l")
        x, y = (int(v) for v in first.split())
        points[x] = y
        steps = [int(v) for v in re.findall(r"-?\d+", rest)]
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + dx, y + dy
            points[x] = y
    for k in np.flatnonzero(np.isfinite(values)):
        assert points[int(k)] == round((high - values[k]) / (high - low) * balance.TALL)


def test_a_line_is_broken_where_a_day_was_not_read() -> None:
    assert balance.line(np.array([1.0, 2.0, np.nan, 1.0, 2.0]), 1.0, 2.0, 10).count("M") == 2


def test_a_balance_that_was_never_read_is_drawn_empty() -> None:
    nothing = np.full(5, np.nan)
    drawn = balance.draw(balance.Balance(date(2025, 1, 1), nothing, nothing, nothing))
    assert 'class="residual" d=""' in drawn


@pytest.mark.parametrize(
    "code", ["ok", "load", "days", "collinear:M1", "area:clock", "meter:stopped", "unheard"]
)
def test_every_reason_has_words_in_both_languages(code: str) -> None:
    assert all(words.reason(code))


def test_numbers_have_a_true_minus_and_thin_spaces() -> None:
    assert markup.percent(-0.0123, 2, sign=True) == "−1.23\u202f%"
    assert markup.count(5_000_000) == "5\u202f000\u202f000"
    assert markup.number(None) == "–"


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: the page is not tried in a browser")
@pytest.mark.parametrize(
    ("address", "language", "title"), [("", "zh-CN", "计量器具"), ("#lang=en", "en", "In-service")]
)
def test_a_browser_shows_the_page_in_the_language_of_its_address(
    village: Path, tmp_path: Path, address: str, language: str, title: str
) -> None:
    log = tmp_path / "net.json"
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", "--dump-dom",
        (village / "report.html").as_uri() + address,
    ]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert f'<html lang="{language}"' in dom
    assert f"<title>{title}" in dom
    assert re.search(r'<div id="filters">', dom)  # the script ran under its policy
    asked = re.findall(r'"url":"(\w+)://([^"/]*)', log.read_text(errors="replace"))
    assert not [host for scheme, host in asked if scheme in ("http", "https", "ws", "wss") and host in dom]
