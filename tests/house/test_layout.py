"""The house stands as it was designed: floors, contracts, nothing of a machine in it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from repository import ROOT, tracked_files

FLOORS = {"cli", "city", "work", "readings", "evidence", "measure", "ground"}
OF_A_MACHINE = re.compile(r"(?<![\w.}])/(?:root|home|Users|work|opt)/\w")
OF_A_REGISTRY = re.compile(r"pypi\.|pythonhosted|(?:extra-)?index-url|trusted-host|find-links")
HARMLESS = {"test_layout.py"}


def test_nothing_but_the_floors_stands_in_the_package() -> None:
    there = {path.name for path in (ROOT / "src/quanheng").iterdir()} - {"__pycache__"}
    assert there == {*FLOORS, "__init__.py", "py.typed"}


def test_imports_fall_as_the_contracts_say() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_tests_mirror_the_floors() -> None:
    rooms = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()} - {"__pycache__"}
    assert rooms <= {*FLOORS, "house", "stories", "published"}


def test_no_file_is_named_for_nothing() -> None:
    assert not [
        path for path in (ROOT / "src").rglob("*.py") if path.stem in {"utils", "helpers", "misc", "common"}
    ]


def test_no_tracked_file_names_a_place_of_one_machine_or_a_registry() -> None:
    files = [path for path in tracked_files() if path.name not in HARMLESS]
    if not files:
        pytest.skip("not a git checkout: what is tracked is not known")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if OF_A_MACHINE.search(line) or OF_A_REGISTRY.search(line)
    ]
    assert not found, "\n".join(found)


def test_constraints_pin_every_dependency_that_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *(name for group in extras.values() for name in group)]
    names = {re.split(r"[<>=\[ ]", each)[0].lower() for each in asked}
    pinned = re.findall(
        r"^([a-z0-9.-]+)==", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert names <= set(pinned)
