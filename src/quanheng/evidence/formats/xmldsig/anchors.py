"""Who vouches for the signer of a foreign document, as of a time that somebody else has proven.

The time is that of the log where the document is logged, else the day of asking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from quanheng.evidence.answer import VALID, Answer, because
from quanheng.evidence.formats.xmldsig.signer import Signer, leads_to
from quanheng.evidence.formats.xmldsig.verify import Embedded

LINE = re.compile(r"([0-9a-f]{64})\s+(\S.*)")


@dataclass(frozen=True)
class Anchors:
    """Certificates that are trusted here, and whose they are where somebody has said so."""

    certificates: tuple[Signer, ...] = ()
    parties: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # names of laboratories by fingerprint


def read_parties(text: str) -> dict[str, tuple[str, ...]]:
    """Names by fingerprint: a line each, `#` before a remark. Raises ValueError, with the line."""
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            match = LINE.fullmatch(stripped)
            if match is None:
                told = "应为「证书的 SHA-256 机构名称」 / should be “SHA-256 of a certificate, name of a laboratory”"
                raise ValueError(f"第 {number} 行：{told} (line {number})")
            found[match[1]] = (*found.get(match[1], ()), match[2])
    return found


def trusted(found: Embedded, anchors: Anchors, *, at: datetime, proven: bool) -> Answer:
    """Whether somebody here vouches for who signed. proven: the log has shown that the document existed at `at`."""
    signer = found.signer
    if signer is None:
        return found.answer
    told = f"{'，'.join(signer.names)}；{signer.since:%Y-%m-%d} – {signer.until:%Y-%m-%d}"
    if not leads_to(signer, found.others, anchors.certificates, at):
        if at > signer.until:
            return because("key_expired" if proven else "certificate_expired", detail=told)
        if at < signer.since and proven:
            return because("key_not_yet", detail=told)
        ever = leads_to(signer, found.others, anchors.certificates, None)
        return because("certificate_expired" if ever else "key_unknown", detail=told)
    if not signer.signs_documents():
        return because("key_of_other_role", detail=f"{told}；keyUsage")
    return _names(signer, found.claimed, anchors.parties.get(signer.fingerprint))


def _names(signer: Signer, claimed: Sequence[str], bound: Sequence[str] | None) -> Answer:
    """Whether all that a document calls its laboratory is the signer's: by what is bound here, else by its certificate.

    All, for a reader believes each of them: the name in his language, and the code that scopes are given for.
    """
    names = signer.names if bound is None else bound
    mine, theirs = _letters(names), _letters(claimed)
    if theirs and theirs <= mine:
        return VALID
    here, there = "，".join(names), "，".join(each for each in claimed if _letters([each]) - mine)
    told = f"签名者 {here}，机构 {there} / signed by {here}, the laboratory is {there}"
    return because("signer_differs" if bound is None else "key_of_other", detail=told)


def _letters(names: Iterable[str]) -> set[str]:
    """Names to compare: letters and digits alone count."""
    return {"".join(each for each in name.casefold() if each.isalnum()) for name in names} - {""}
