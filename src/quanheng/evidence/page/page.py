"""The verifier as one static page: the proof file is checked in the browser, offline, against pins inside the page.

What both programs say stands once, in Python: reasons, kinds, fields and limits are written into the page as data.
The page of a city is the same bytes for the same pins; its digest goes into the log as that of a bundle.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from dataclasses import dataclass
from html import escape
from typing import Any

from quanheng.evidence import document_check, proof_file, qr_proof, records, signature, statement
from quanheng.evidence.certificate import LARGEST
from quanheng.evidence.document import KINDS
from quanheng.evidence.formats.dcc import reading
from quanheng.evidence.keys import ALGORITHMS
from quanheng.evidence.number import SIGNS
from quanheng.evidence.reasons import REASONS
from quanheng.evidence.trust import Trust
from quanheng.ground.paper.markup import Words, page, resource, say, say_html
from quanheng.measure.quantity.unit_names import DSI_PREFIXES
from quanheng.measure.quantity.units import LARGEST_POWER, LONGEST, dsi_names

HERE = "quanheng.evidence.page"
SCRIPTS = (
    "bytes.js",
    "proof_file.js",
    "log.js",
    "certificate.js",
    "documents.js",
    "code.js",
    "pdf.js",
    "view.js",
)


@dataclass(frozen=True)
class Site:
    """A site that serves the page: where its front page is; the same page for oneself, its SHA-256, and where the proof
    is that the log knows it ("": it does not)."""

    home: str
    saved: str
    digest: str
    proof: str = ""
    by_number: bool = False  # whether the page's own address takes ?number=
    number: str = ""  # that was asked for
    told: str = ""  # what came of it, in words


TITLE = Words("查验证书", "Verify a certificate")


def write_page(
    trust: Trust, *, grace: int, site: Site | None = None, given: bytes = b"", language: str = "zh-CN"
) -> bytes:
    """The page with the pins of a trust; grace: days within which a document is to be logged.

    site: that it is a page of, which asks for certificates by their numbers; given: a proof file, or the text of a
    code, that it opens with. With neither, and in Chinese, these are the bytes that go into the log.
    Raises UnicodeDecodeError where the policy is not UTF-8.
    """
    body = resource(HERE, "verifier.html")
    for mark, text in (
        ("@GIVEN@", base64.b64encode(given).decode()),
        ("@PINS@", escape(_pins(trust))),
        ("@GRACE@", str(grace)),
        ("@FACTS@", _script_data(_facts(trust, grace))),
        ("@SITE@", _site(site) if site else ""),  # last: what a visitor wrote is never a mark
    ):
        body = body.replace(mark, text)
    script = "".join(resource(HERE, name) for name in SCRIPTS)
    style = resource(HERE, "verifier.css")
    forms = "'self'" if site else "'none'"
    return page(TITLE, body, language=language, style=style, script=script, forms=forms).encode()


def _site(site: Site) -> str:
    home = f'<p><a href="{escape(site.home)}" data-keep-language>{say(Words("← 首页", "← Home"))}</a></p>'
    told = f'<p class="told" role="status">{escape(site.told)}</p>' if site.told else ""
    link = f'<a href="{escape(site.saved)}" download="verify.html">verify.html</a>'
    proof = f'<a href="{escape(site.proof)}" download="verify.proof">verify.proof</a>'
    copy = say_html(
        f"不信本站？把本页存到自己的机器上再查：{link}，SHA-256 <code>{site.digest}</code>"
        + (f"，已登记于日志：{proof}" if site.proof else "，尚未登记于日志"),
        f"Do not trust this site? Save the page and verify there: {link}, SHA-256 <code>{site.digest}</code>"
        + (f", logged: {proof}" if site.proof else ", not logged yet"),
        "p",
    )
    return home + (_by_number(site) if site.by_number else "") + told + copy


def _by_number(site: Site) -> str:
    words = say(Words("证书编号", "Number of the certificate"))
    number = escape(site.number)
    asked = f'<input name="number" value="{number}" required maxlength="80" autocomplete="off" spellcheck="false">'
    button = f"<button>{say(Words('按编号查', 'Look up'))}</button>"
    return f'<form class="choose" method="get"><label><span>{words}</span>{asked}</label>{button}</form>'


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
        "code": {
            "prefix": qr_proof.PREFIX,
            "version": qr_proof.VERSION,
            "largest": qr_proof.LARGEST,
            "algorithms": ALGORITHMS,
        },
        "content": {
            "number": SIGNS,
            "largest": LARGEST,
            "many": sorted(reading.MANY),
            "once": sorted(reading.ONCE),
            "units": dsi_names(),
            "prefixes": sorted(DSI_PREFIXES),
            "longestUnit": LONGEST,
            "largestPower": LARGEST_POWER,
        },
        "records": {
            kind: {field.name: field.type for field in dataclasses.fields(record)}
            for kind, record in records.RECORDS.items()
        },
        "words": records.WORDS,
        "reasons": {
            code: {"forces": each.forces, "chinese": each.chinese, "english": each.english}
            for code, each in REASONS.items()
        },
    }


def _script_data(value: Any) -> str:
    """JSON inside a script element, which no text in it can end."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
