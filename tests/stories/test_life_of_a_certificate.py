"""The life of a certificate as documents tell it, typed line by line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

DOCUMENTS = Path(__file__).parents[2] / "docs"


def script(name: str) -> str:
    """All lines of a document, with a port of our own."""
    parts = (DOCUMENTS / name).read_text("utf-8").split("```sh\n")[1:]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lines = "".join(part.split("```")[0] for part in parts)
    return lines.replace("127.0.0.1:8460", f"127.0.0.1:{port}").replace(
        "witness STATE", f"witness STATE --listen 127.0.0.1:{port}"
    )


def typed(name: str, folder: Path) -> tuple[str, str]:
    """What the lines of a document print: output and messages."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", script(name)],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout, done.stderr


@pytest.mark.drill
def test_every_line_does_what_the_document_says(tmp_path: Path) -> None:
    said, told = typed("life-of-a-certificate.md", tmp_path)
    assert "quanheng:" not in told, told
    assert said.count("有效 / valid  ") == 2, said + told
    assert "└─ SI" in said
    assert "revoked" in said
    assert "standard_invalid" in said
    assert "2026-0131  item-000042" in said


@pytest.mark.drill
def test_a_first_certificate_is_issued_by_typing_what_its_document_says(tmp_path: Path) -> None:
    said, told = typed("certificate.md", tmp_path)
    assert "quanheng:" not in told, told
    assert "refused" not in said
    assert said.count("有效 / valid  ") == 1, said + told
    assert "相同 / the same" in said
    assert (tmp_path / "verify.html").exists()
