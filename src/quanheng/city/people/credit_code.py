"""Unified social credit code (统一社会信用代码, GB 32100-2015): 18 characters, the last a check character."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100, table 1: no I, O, S, V, Z


def check_character(code: str) -> str:
    """The 18th character of 17: ISO 7064 MOD 31-ish as GB 32100-2015 gives it, weights 3^(i−1) mod 31.

    Raises ValueError for a character that no code has.
    """
    total = sum(ALPHABET.index(each) * pow(3, place, 31) for place, each in enumerate(code[:17]))
    return ALPHABET[(31 - total % 31) % 31]


def fault(code: str) -> str:
    """What is wrong with a code, "" where nothing is: "中文 / English"."""
    if len(code) != 18:
        return f"应有 18 位，有 {len(code)} 位 / should have 18 characters, has {len(code)}"
    strange = sorted({each for each in code if each not in ALPHABET})
    if strange:
        return f"不应有字符 {' '.join(strange)} / has characters that no code has: {' '.join(strange)}"
    if code[17] != check_character(code):
        return (
            f"校验码应为 {check_character(code)}，是 {code[17]}"
            f" / its check character should be {check_character(code)}, is {code[17]}"
        )
    return ""
