"""Text of any script: what a word is, which words are the same, and which script a text is in."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence
from typing import Literal

Script = Literal["latin", "hangul", "kana", "han", "thai", "other"]

LANGUAGES: dict[Script, str] = {
    "latin": "Latin script",
    "hangul": "Korean",
    "kana": "Japanese",
    "han": "Chinese",
    "thai": "Thai, Lao, Burmese or Khmer",
    "other": "other scripts with spaces",
}

# Scripts that set spaces between words, which carry no particles worth taking off.
SEPARATED: frozenset[Script] = frozenset({"latin", "other"})

_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff"
_KANA = "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HAN = "々〆〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_THAI = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_LATIN = "A-Za-zª-ɏḀ-ỿ"
_UNSPACED = _KANA + _HAN + _THAI
_RAISED = "²³¹⁰-₎¼-¾⅐-⅞"  # superscripts, subscripts, vulgar fractions
_MAGNITUDES = "십백천만억조十百千万萬亿億兆"

_PUNCTUATION = frozenset(string.punctuation) | {"−", "⁄"}  # U+2212 and U+2044 go because "-" and "/" do
_AFTER_A_DIGIT = re.compile(f"(?<=[0-9])([{_RAISED}]+)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_POINTED_DATE = re.compile(r"\d+(?:\.\d+){2,}")
_MARKS = re.compile(r"(?:[^\w\s]|_)+")
_SIGN = re.compile(r"(?<![-−–.])[-−–]?\.?$")
_LOOSE_SPACE = re.compile(r"(?<!\d) | (?![-.]?\d)")
_SEGMENT = re.compile(f"[{_UNSPACED}]|[^{_UNSPACED}]+")
_PIECE = re.compile(rf"-?\.?\d[-.\d{_RAISED}]*[{_MAGNITUDES}]*|[{_UNSPACED}]|[^{_UNSPACED}]+")
_WITH_PARTICLE = re.compile(
    r"(?![영공일이삼사오육칠팔구십백천만억조]+이$)(?P<stem>.+?)"
    r"(?:(?:으?로(?:부터|서|써)?|에(?:서|게서?)?|께서?|한테서?|까지|부터|보다|처럼|하고|와|과)(?:는|의)?"
    r"|은|는|이|가|을|를|의|이?라고|이다|입니다|이에요|예요)"
)


def script(text: str) -> Script:
    """Which family of scripts a text is in, which decides how it is searched, asked about and counted.

    A family counts from a fifth of the letters on, as Korean, Japanese and Chinese texts are full of Latin names and
    a syllable or character of theirs says as much as several Latin letters. Hangul comes before Han; among Han one
    kana makes the text Japanese. A text without letters is ``latin``, ``other`` what is mostly neither (Cyrillic,
    Arabic, Devanagari …). ``thai`` also stands for Lao, Burmese and Khmer, which set no spaces between words either.
    """
    letters = "".join(filter(str.isalpha, fold(text)))

    def share(family: str) -> float:
        return len(re.findall(f"[{family}]", letters)) / max(len(letters), 1)

    if share(_HANGUL) >= 0.2:
        return "hangul"
    if share(_KANA + _HAN) >= 0.2:
        return "kana" if share(_KANA) else "han"
    if share(_THAI) >= 0.2:
        return "thai"
    return "latin" if not letters or share(_LATIN) >= 0.5 else "other"


def fold(text: str) -> str:
    """Text in NFKC, save where that would write another number.

    Full-width digits and letters, half-width kana, ligatures and unit signs (``㎞``, ``℃``) become the plain ones. A
    superscript or fraction after a digit stays: 10² is not 102, nor 1½ 11⁄2. After a letter it goes (m² is m2).
    """
    text = unicodedata.normalize("NFC", text).replace(
        "´", "'"
    )  # NFKC would open a gap: ´ is a space with an accent
    pieces = _AFTER_A_DIGIT.split(text)
    return "".join(piece if i % 2 else unicodedata.normalize("NFKC", piece) for i, piece in enumerate(pieces))


def words(text: str) -> list[str]:
    """Lower-case runs of letters, marks and digits, folded; nothing of Hangul, kana or Han is lost.

    A run of kana or Han is one word, however long: where that is too coarse, see :func:`segments`.
    """
    return "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in fold(text).lower()).split()


def plain(text: str) -> str:
    """Text in lower case, folded, without punctuation, with single spaces; numbers stay the numbers they are.

    Punctuation is what Unicode or ASCII calls so. It is deleted, but never so that two numbers become one or a number
    another: between digits a point stays and any other mark is ``-`` (the points of ``2024.05.01`` too), and the sign
    or point before a number stays. Only the comma between thousands goes.

    Example:
        >>> plain("“Well-known”: −1,200.5 km, 3–4 days")
        'wellknown -1200.5 km 3-4 days'
    """
    text = _THOUSANDS.sub("", fold(text).lower())
    text = _POINTED_DATE.sub(lambda match: match[0].replace(".", "-"), text)
    return " ".join(_MARKS.sub(_unmarked, text).split())


def bare(word: str) -> str:
    """A word without the Korean particles (josa) and copulas at its end, as long as a stem remains.

    The list is closed and the stem is not looked up: 길이 (length) becomes 길. That happens to both texts of a
    comparison, so it can only make two words one that differ by nothing else. What could be a number or a unit
    stays: 만 (10,000 or "only") and 도 (degree or "too") are not in the list, and 이 stays after numerals (십이 is 12).
    Latin names and digits are stems too (CLaRa는, 1392년에, 12km를).
    """
    while match := _WITH_PARTICLE.fullmatch(word):
        word = match["stem"]
    return word


def segments(word: str) -> list[str]:
    """A word as units that can be counted: itself, but each character where the script sets no spaces.

    Source:
        CMRC 2018 (Cui et al. 2019, D19-1600) and MLQA (Lewis et al. 2020, arXiv:1910.07475) cut Chinese so,
        MKQA (Longpre et al. 2021, arXiv:2007.15207) Japanese, Thai and Khmer too; Latin words and numbers stay whole.
    """
    return _SEGMENT.findall(word)


def spellings(words: Sequence[str]) -> frozenset[str]:
    """What words come to when spacing and particles do not count; two texts are the same if they share one.

    Written together, without the particles of every word or without those at the end only: what ends a word in
    결과 보고 does not end one in 결과보고는. Two numbers are never written together: "1 2" is not 12.
    """
    by_word, whole = (_LOOSE_SPACE.sub("", " ".join(form)) for form in (map(bare, words), words))
    return frozenset({by_word, bare(whole)})


def stands_in(keyword: str, text: str) -> bool:
    """Whether a keyword is a whole word, or a run of them, of a text.

    Case, width, punctuation, Korean particles and spacing do not count. A number is a word of its own before a unit
    (41 stands in 41m and 41미터), but not before a magnitude (not in 41만) nor in another number (5 not in 2.5). In
    scripts without spaces every character may begin and end a word.
    """
    wanted, said = _pieces(keyword), _pieces(text)
    if not wanted:
        return False
    sought, longest = spellings(wanted), len("".join(wanted))
    starts = (i for i, piece in enumerate(said) if piece[0] == wanted[0][0])
    return any(
        sought & spellings(said[start:end])
        for start in starts
        for end in range(start + 1, min(start + longest, len(said)) + 1)
    )


def _pieces(text: str) -> list[str]:
    return [piece for word in plain(text).split() for piece in _PIECE.findall(word)]


def _unmarked(marks: re.Match[str]) -> str:
    """What stays of a run of marks: symbols, and what a number would be another without."""
    run, before, after = marks[0], marks.string[: marks.start()][-1:], marks.string[marks.end() :][:1]
    kept = "".join(c for c in run if not _is_punctuation(c))
    if kept or not after.isdecimal():
        return kept
    if before.isdecimal():
        return "." if run == "." else "-"
    sign = None if before.strip() else _SIGN.search(run)
    return sign[0].replace("−", "-").replace("–", "-") if sign else ""


def _is_punctuation(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character).startswith("P")
