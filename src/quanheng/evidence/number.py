"""The number of a certificate: one look, one number."""

from __future__ import annotations

import re

from quanheng.evidence.errors import BadDocument

SIGNS = (
    r"!-~"  # printable ASCII but the blank
    r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f"  # Latin letters with marks
    r"\u00b7\u3007\u3014\u3015\u4e00-\u9fff"  # · and 〇, 〔 and 〕 as documents are numbered, Han
)
"""What a number is made of, as ranges of a regular expression: a closed list, for what is drawn as nothing, or like a
sign of another alphabet, is without end. Compositions and full-width forms are not on it."""
NUMBER = re.compile(f"([{SIGNS}]+( [{SIGNS}]+)*)?")
ODD = re.compile(f"[^ {SIGNS}]")


def number_of(text: str) -> str:
    """The text, if it can be told from every other number by eye. Raises BadDocument.

    A full-width digit, a Cyrillic letter, a sign without ink or a second blank would make another certificate of a
    number that nobody sees.
    """
    if not NUMBER.fullmatch(text):
        odd = ODD.search(text)
        seen = f"U+{ord(odd[0]):04X}" if odd else ascii(text[:40])
        raise BadDocument(
            f"证书编号只用 ASCII 字符、拉丁字母、汉字、〔〕、· 和单个空格，不用 {seen} / a certificate's number is"
            f" written in ASCII, Latin letters, Han characters, 〔〕, · and single blanks, not with {seen}"
        )
    return text
