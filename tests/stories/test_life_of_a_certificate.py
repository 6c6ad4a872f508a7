"""The life of a certificate as its document tells it, typed line by line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs/life-of-a-certificate.md"


def script() -> str:
    """All lines of the document, with a port of our own."""
    parts = DOCUMENT.read_text("utf-8").split("```sh\n")[1:]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lines = "".join(part.split("```")[0] for part in parts)
    return lines.replace("127.0.0.1:8460", f"127.0.0.1:{port}").replace(
        "witness STATE", f"witness STATE --listen 127.0.0.1:{port}"
    )


@pytest.mark.drill
def test_every_line_does_what_the_document_says(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", script()],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = done.stdout
    assert "quanheng:" not in done.stderr, done.stderr
    assert said.count("有效 / valid  ") == 2, said + done.stderr
    assert "└─ SI" in said
    assert "revoked" in said
    assert "standard_invalid" in said
    assert "2026-0131  item-000042" in said
