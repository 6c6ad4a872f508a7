"""The number of a certificate: one look, one number."""

from __future__ import annotations

import unicodedata

from quanheng.evidence.errors import BadDocument

INVISIBLE = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}


def number_of(text: str) -> str:
    """The text, if it can be told from every other number by eye. Raises BadDocument.

    Full-width digits, a space of no width or a tab would make a second certificate of a number that nobody sees.
    """
    odd = next((each for each in text if unicodedata.category(each) in INVISIBLE), "")
    if odd or unicodedata.normalize("NFKC", text) != text or text.strip() != text:
        seen = f"U+{ord(odd):04X}" if odd else ascii(text[:40])
        raise BadDocument(
            f"证书编号中有看不出来的字符或写法：{seen}"
            f" / the number of a certificate holds what cannot be seen, or is written in another way: {seen}"
        )
    return text
