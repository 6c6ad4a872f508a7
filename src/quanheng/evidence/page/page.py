"""The verifier as one static page: the proof file is checked in the browser, offline, against pins inside the page.

What both programs say stands once, in Python: reasons, kinds, fields and limits are written into the page as data.
The page of a city is the same bytes for the same pins; its digest goes into the log as that of a bundle.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from html import escape
from typing import Any

from quanheng.evidence import document_check, proof_file, records, signature, statement
from quanheng.evidence.document import KINDS
from quanheng.evidence.reasons import REASONS
from quanheng.evidence.trust import Trust
from quanheng.ground.paper.markup import Words, page, resource

HERE = "quanheng.evidence.page"
SCRIPTS = ("bytes.js", "proof_file.js", "log.js", "certificate.js", "documents.js", "view.js")
TITLE = Words("查验证书", "Verify a certificate")


def write_page(trust: Trust, *, grace: int) -> bytes:
    """The page with the pins of a trust; grace: days within which a document is to be logged.

    Raises UnicodeDecodeError where the policy is not UTF-8.
    """
    body = resource(HERE, "verifier.html")
    for mark, text in (
        ("@PINS@", escape(_pins(trust))),
        ("@GRACE@", str(grace)),
        ("@FACTS@", _script_data(_facts(trust, grace))),
    ):
        body = body.replace(mark, text)
    script = "".join(resource(HERE, name) for name in SCRIPTS)
    return page(TITLE, body, style=resource(HERE, "verifier.css"), script=script).encode()


def _pins(trust: Trust) -> str:
    keys = "".join(
        f"authority {key.identifier} {key.algorithm}\n" for _, key in sorted(trust.authority.items())
    )
    return trust.policy_file.decode().rstrip() + "\n" + keys


def _facts(trust: Trust, grace: int) -> dict[str, Any]:
    return {
        "policy": trust.policy_file.decode(),
        "authority": [base64.b64encode(key.der).decode() for _, key in sorted(trust.authority.items())],
        "grace": grace,
        "format": proof_file.FORMAT,
        "largest": proof_file.LARGEST,
        "most": proof_file.MOST,
        "kinds": KINDS,
        "beside": proof_file.BESIDE,
        "roles": document_check.ROLES,
        "lastTime": document_check.LAST_TIME,
        "signatureFormat": signature.FORMAT,
        "statementFormat": statement.FORMAT,
        "recordFormat": records.FORMAT,
        "records": {
            kind: {field.name: field.type for field in dataclasses.fields(record)}
            for kind, record in records.RECORDS.items()
        },
        "reasons": {
            code: {"forces": each.forces, "chinese": each.chinese, "english": each.english}
            for code, each in REASONS.items()
        },
    }


def _script_data(value: Any) -> str:
    """JSON inside a script element, which no text in it can end."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
