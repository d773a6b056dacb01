"""Text of any script as words: the one place that says what a word is."""

from __future__ import annotations

import unicodedata


def words(text: str) -> list[str]:
    """Lower-case runs of letters, marks and digits, in NFC; nothing of Hangul, kana or Han is lost."""
    lowered = unicodedata.normalize("NFC", text).lower()
    return "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in lowered).split()
