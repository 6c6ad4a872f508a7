"""A DCC with the signature that may stand inside: form, content and signature, all of one parse.

What a signature holds inside is nobody's statement unless it is signed itself: it is not read as part of the
certificate.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from quanheng.evidence.answer import Answer
from quanheng.evidence.certificate import Certificate
from quanheng.evidence.formats.dcc.check import check_root, parsed
from quanheng.evidence.formats.dcc.names import DCC
from quanheng.evidence.formats.xmldsig.verify import Embedded, verify

LABORATORY = "/".join(
    f"{{{DCC}}}{name}"
    for name in ("administrativeData", "calibrationLaboratory", "contact", "name", "content")
)


def read(
    data: bytes, *, schema_dir: Path | None = None
) -> tuple[Certificate | None, Answer, Embedded | None]:
    """What a certificate says, None where that cannot be read; its form; and the signature inside it, if any.

    schema_dir: a folder with the official schemas, which then decide as well.
    """
    root, form = parsed(data)
    if root is None:
        return None, form, None
    embedded = verify(root)
    if embedded is not None:
        embedded = dataclasses.replace(embedded, claimed=laboratory(root))
    content, form = check_root(root, schema_dir=schema_dir)
    return content, form, embedded


def laboratory(root: Any) -> tuple[str, ...]:
    """The names that a certificate gives its laboratory, one for each language."""
    return tuple(str(each.text or "") for each in root.iterfind(LABORATORY))
