"""The repository as the tests of the house see it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROMPT = "$ "


def documents() -> list[Path]:
    """Every Markdown file for readers."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def shell_lines(document: Path) -> list[str]:
    """Command lines that a document shows: those after a prompt, or all lines of a fence of `sh`."""
    lines: list[str] = []
    for language, text in FENCE.findall(document.read_text(encoding="utf-8")):
        whole = text.replace("\\\n", " ").splitlines()
        prompted = [line.removeprefix(PROMPT) for line in whole if line.startswith(PROMPT)]
        lines += prompted or (whole if language == "sh" else [])
    return [line.strip() for line in lines if line.strip()]


def headings(document: Path) -> list[int]:
    """Levels of the headings of a document, in order."""
    text = FENCE.sub("", document.read_text(encoding="utf-8"))
    return [len(mark) for mark in re.findall(r"^(#+) ", text, re.MULTILINE)]


def links(document: Path) -> set[Path]:
    """Files of the repository that a document links to."""
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    return {(document.parent / target).resolve() for target in targets if "://" not in target}


def tracked_files() -> list[Path]:
    """Files under version control; empty where this is no checkout."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return []
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]
