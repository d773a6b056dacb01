"""Dates, quantities, persons and their particles as regular expressions; group ``a`` is the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clara.questions.korean import lexicon


def _any(words: Sequence[str]) -> str:
    """A pattern for any of some words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_PARTICLE = (
    r"(?:에서는|에서|에는|에|부터|까지|마다|보다|으로|로|은|는|이|가|을|를|의|과|와|도|만|당|간|씩|째|가량|쯤|짜리|정도"
    r"|(?:이었|였)(?:다|습니다|으며|고|지만|는데|으나)|이?다|입니다|이?며|이?고|이?지만|인|이나|이?라고|이?라는)"
)
_REST = rf"(?P<rest>{_PARTICLE}{{0,2}})(?![\w%℃])"

_TIME = r"(?:오전|오후|새벽|저녁|밤) \d{1,2}시(?: \d{1,2}분| 반)?"
_DAY = rf"\d{{1,2}}월(?: \d{{1,2}}일(?: {_TIME})?)?"
_PART = "초|말|초반|중반|후반|상반기|하반기|봄|여름|가을|겨울|초순|중순|하순"
_YEAR = r"(?:\d{4}년대?|\d{3}년(?=에)|기원전 \d{1,4}년)"
DATE = (
    rf"(?<![\w.,~-])(?P<a>(?:매(?:달|월|년) )?(?:{_YEAR}(?: {_DAY})?|{_DAY}|\d{{1,2}}세기)"
    rf"(?: (?:{_PART})(?![가-힣]{{2}}))?(?:경|쯤)?|(?:매(?:달|월) )?\d{{1,2}}일(?: {_TIME})?|{_TIME}){_REST}"
)

_ONES = "한|두|세|네|다섯|여섯|일곱|여덟|아홉"
_NATIVE = rf"열(?:{_ONES})?|스물(?:{_ONES})|스무|서른|마흔|{_ONES.removeprefix('한|')}"
_DIGITS = r"\d+(?:,\d{3})*(?:\.\d+)?"
_NUMBER = rf"{_DIGITS}(?:[~∼–-]{_DIGITS})?(?: ?[십백천만억조]+(?: ?{_DIGITS}[십백천만억]*)*)?여?"
_UNIT = _any((*lexicon.COUNTERS, *lexicon.SIGNS, *sorted(lexicon.MONEY)))
QUANTITY = rf"(?<![\w.,~/-])(?P<a>(?:(?P<n>{_NUMBER}) ?|(?P<native>{_NATIVE}) )(?P<unit>{_UNIT})){_REST}"
_PAIRS = ("년 개월", "개월 일", "시간 분", "분 초", "미터 센티미터")
_PAIR = "|".join(r"\d+{} \d+{}".format(*pair.split()) for pair in _PAIRS)
TWO_UNITS = rf"(?<![\w.,~/-])(?P<a>{_PAIR}){_REST}"

_SURNAME = rf"(?:{_any(lexicon.SURNAMES)})"
_ROLE = _any(lexicon.ROLES)
PERSON = (
    rf"(?<!\w)(?P<a>{_SURNAME}[가-힣]{{2}} (?:{_ROLE})|"
    rf"(?P<role>{_ROLE}) (?P<name>{_SURNAME}[가-힣]{{2}})){_REST}"
)

# 흐름을 월류라고 한다; 것은 … 때문이다; X란 … 을 말한다
CALLED = (
    r"(?<![\w’'\"”])(?P<a>[가-힣A-Za-z]+)(?P<rest>이?라고?)"
    r"(?= (?:부르|부른|부릅|불리|불린|불렸|불립|한다|하며|합니다))"
)
REASON = r"(?P<s>.{4,60}) (?:것은|이유는|까닭은|원인은) (?P<a>.{6,90}? 때문)(?:이다|입니다|이었다)[.]?"
TERM = r"(?P<s>[^,]{2,30}?)(?:이?란|은|는) "
BEING = r"(?P<a>.*[가-힣])(?P<rest>이다|입니다|이었다|였다|이었습니다|였습니다)"
