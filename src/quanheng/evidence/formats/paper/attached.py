"""What lies inside a paper copy: the original certificate, and its proof file where there is one."""

from __future__ import annotations

import io
import logging

from pypdf import PdfReader

from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.paper.paper import CERTIFICATE, PROOF

logging.getLogger("pypdf").setLevel(
    logging.CRITICAL
)  # what a stranger's file lacks is told by our own errors


def attached(data: bytes) -> tuple[bytes, bytes]:
    """The certificate and the proof file (b"": none) of a PDF. Raises BadDocument where there is no certificate."""
    try:
        # a reader of strangers' PDFs: whatever it stumbles over, the file is no paper copy of ours
        found = {name: parts[0] for name, parts in PdfReader(io.BytesIO(data)).attachments.items() if parts}
    except Exception as error:
        raise BadDocument(f"PDF 读不出来：{error} / the PDF cannot be read: {error}") from error
    if CERTIFICATE not in found:
        raise BadDocument(f"PDF 中没有 {CERTIFICATE} / the PDF holds no {CERTIFICATE}")
    return found[CERTIFICATE], found.get(PROOF, b"")
