"""What a cloze may leave out of an English sentence: dates, quantities, names, noun phrases, reasons and means."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clara.questions.asked import Asked, Span, clozes
from clara.questions.english.phrases import DATE, QUANTITY, compiled
from clara.questions.english.tagging import Run, Tagged
from clara.questions.english.words import VAGUE

_NOUNS = "(?:(?:[nNiwgqyS]|(?<=[djpft])e)*[nNS])"
_EDGE = "(?=[].,;:?cpPrRkbBhmovwetfa-]|$)"
# Patterns of word classes, the surest first; common nouns say enough only together, or at the end of a sentence.
_GAPS = (
    f"(?<![qMynN])(?P<a>{DATE})(?![nNU])",
    f"(?<![N?-])(?P<a>{QUANTITY})(?![U?])",
    "(?<!^)(?<!N)(?P<a>N(?:(?:fd?)?N|q(?![UnN]))*)(?![xnNiwg])",
    "^(?P<a>N(?:(?:fd?)?N)+)(?![xnNiwg])",
    "(?<=,)(?P<a>[nNiwg]{1,3})(?=,[cnNiw]|c[nNiw])",
    f"(?<=,)[nNiwg]{{1,3}},?c(?P<a>[nNiwg]{{1,3}}){_EDGE}",
    f"[djpf](?P<a>[nNiwgS]+[nN](?:fd?{_NOUNS})?){_EDGE}(?!x)",
    f"[djpf](?P<a>{_NOUNS})(?=[.;])",
    "R[tf]?(?P<a>[^.;:?,k]{2,12})(?=[.;,])",
    "p(?P<a>[gG][^.,;:?rkRvbs]{2,10})(?=[.;,])",
)
_CONJUNCTIONS = "and |but |so |while |whereas |although |because "
_BEGIN = rf"(?:; |, (?:{_CONJUNCTIONS}))(?=(?:[Tt]he|[A-Z]\w+)\b)"
_END = rf"[;:] | [—–] |, (?={_CONJUNCTIONS}|which |who |where )"
_NO_REFERENT = re.compile(
    r"(?:It|He|She|They|This|These|Those|Such|We|I|You|Its|Their|His|Her|Our|Here|Both|That)\b", re.IGNORECASE
)


def gaps(tagged: Tagged) -> Iterator[Asked]:
    """Clozes of a sentence; none that begins with a word which only a sentence before explains."""
    begins = [match.end() for match in compiled(_BEGIN).finditer(tagged.text)]
    ends = [match.start() for match in compiled(_END).finditer(tagged.text)]
    for item in clozes(tagged.text, _spans(tagged), begins, ends):
        if not _NO_REFERENT.match(item.question):
            yield item


def _spans(tagged: Tagged) -> Iterator[Span]:
    for pattern in _GAPS:
        for match in compiled(pattern).finditer(tagged.tags):
            run = Run(*match.span("a"))
            if run.end > run.start and not VAGUE.intersection(
                (tagged.word(run.start), tagged.word(run.end - 1))
            ):
                yield Span(*tagged.offsets(run))
