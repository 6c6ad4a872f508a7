"""The signature inside a DCC, for whoever judges documents: verified, and by who bears the laboratory's name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quanheng.evidence import xml
from quanheng.evidence.answer import Answer, Standing
from quanheng.evidence.errors import BadXml, UnsafeXml
from quanheng.evidence.formats.dcc.names import DCC
from quanheng.evidence.formats.xmldsig.signer import Signer
from quanheng.evidence.formats.xmldsig.verify import names_laboratory, verify


def seal(data: bytes, anchors: Sequence[Signer], at: datetime, proven: bool) -> Answer | None:
    """What the signature inside a certificate shows at a time; None: it has none, or is no XML."""
    if b"Signature" not in data:
        return None
    try:
        root = xml.parse(data)
    except (BadXml, UnsafeXml):
        return None
    found = verify(root, anchors, at=at, proven=proven)
    if found is None or found.signer is None or found.answer.standing != Standing.VALID:
        return None if found is None else found.answer
    path = f".//{{{DCC}}}calibrationLaboratory/{{{DCC}}}contact/{{{DCC}}}name/{{{DCC}}}content"
    return names_laboratory(found.signer, [str(each.text or "") for each in root.iterfind(path)])
