"""What the documents show is what the program does: what is not compared here is not written there."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
from repository import FENCE, ROOT, documents, headings, links, shell_lines

from quanheng import __version__
from quanheng.cli import main
from quanheng.work.supervise.costs import Costs
from quanheng.work.supervise.findings import HEALTH
from quanheng.work.supervise.order import SCHEMA

PAIRS = [(path, path.with_suffix(".en.md")) for path in documents() if path.with_suffix(".en.md").exists()]
SHOWN = sorted({(path.name, line) for path in documents() for line in shell_lines(path)})


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def help_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main.read_arguments([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("line", [line for _, line in SHOWN if line.startswith("quanheng ")])
def test_every_command_line_in_a_document_is_understood(line: str) -> None:
    command, *_ = line.split(" > ")  # where the shell puts its output is not ours
    main.read_arguments(shlex.split(command)[1:])


def test_the_documents_show_every_command() -> None:
    shown = {shlex.split(line)[1] for name, line in SHOWN if line.startswith("quanheng ")}
    assert shown >= set(main.JOBS)


@pytest.mark.parametrize("readme", ["README.md", "README.en.md"])
def test_the_table_of_commands_lists_what_there_is(readme: str) -> None:
    listed = re.findall(r"^\| `quanheng (\w+)", (ROOT / readme).read_text(encoding="utf-8"), re.MULTILINE)
    assert set(listed) == set(main.JOBS)


@pytest.mark.parametrize("job", list(main.JOBS))
def test_every_job_explains_itself_in_both_languages(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of([job], capsys)
    assert re.search(r"[\u4e00-\u9fff]", text)
    assert re.search(r"[a-z]{3}", text)


def test_every_option_in_a_document_is_an_option_of_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    words = [[job] for job in main.JOBS] + [["lake", "check"], ["lake", "reduce"]]
    words += [["keys", "public"], *(["log", job] for job in ("create", "publish", "prove", "monitor"))]
    words += [["certificate", job] for job in ("issue", "verify")] + [["chain", "recall"], ["seal", "run"]]
    known = set(re.findall(r"--[a-z]+", " ".join(help_of(each, capsys) for each in words)))
    known |= {
        "--help",
        "--examples",
        "--schema",
        "--nthreads",
        "--nworkers",
        "--markdown",
    }  # of every command; of Dask; of bench/detection.py
    told = {
        (named(path), option)
        for path in documents()
        for option in re.findall(r"`[^`\n]*?(--[a-z]+)", path.read_text(encoding="utf-8"))
    }
    assert not [each for each in told if each[1] not in known and each[1] != "--seed"]


def test_every_make_target_and_script_in_a_document_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for path in documents():
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"`make ([a-z-]+)`", text)) <= targets, named(path)
        for script in re.findall(r"`python (\S+\.py)", text):
            assert (ROOT / script).is_file(), f"{named(path)}: {script}"
    assert {line.split()[1] for _, line in SHOWN if line.startswith("make ")} <= targets


def test_every_link_leads_somewhere() -> None:
    broken = [
        f"{named(path)}: {target}" for path in documents() for target in links(path) if not target.exists()
    ]
    assert not broken


def test_every_document_is_found_from_the_readme() -> None:
    seen: set[Path] = set()
    ahead = {ROOT / "README.md"}
    while ahead:
        path = ahead.pop()
        seen.add(path)
        ahead |= {target for target in links(path) if target.suffix == ".md" and target.exists()} - seen
    assert set(documents()) - seen == set()


@pytest.mark.parametrize("pair", PAIRS, ids=[named(zh) for zh, _ in PAIRS])
def test_both_languages_have_the_same_sections_and_examples(pair: tuple[Path, Path]) -> None:
    zh, en = pair
    assert headings(zh) == headings(en)
    assert shell_lines(zh) == [line.replace(" --lang en", "") for line in shell_lines(en)]
    rows = [len(re.findall(r"^\|", path.read_text(encoding="utf-8"), re.MULTILINE)) for path in pair]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("name", ["accuracy.md", "performance.md"])
def test_every_table_of_figures_has_the_command_that_makes_it(name: str) -> None:
    text = FENCE.sub("", (ROOT / "docs" / name).read_text(encoding="utf-8"))
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        if re.search(r"^\|", section, re.MULTILINE):
            assert re.search(r"command: `[^`]+`", section), section.splitlines()[0]


def test_the_costs_in_the_document_are_those_of_the_program() -> None:
    text = (ROOT / "docs/methods/orders.md").read_text(encoding="utf-8")
    told = {key: float(value) for key, value in re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", text, re.MULTILINE)}
    assert told == {f.name: f.default for f in fields(Costs)}


def test_the_lake_document_names_every_column_of_orders_and_every_health() -> None:
    text = (ROOT / "docs/lake.md").read_text(encoding="utf-8")
    assert not [name for name in (*SCHEMA.names, *HEALTH) if not re.search(rf"\b{name}\b", text)]


def test_a_decision_has_at_most_fifteen_lines() -> None:
    for path in (ROOT / "docs/decisions").glob("[0-9]*.md"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 15, path.name


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d[\d.]*)\]", text, re.MULTILINE)
    assert versions[0] == __version__
