"""What one can ask for in a sentence: dates, numbers, names and phrases, found by rule in English text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal, NamedTuple

Kind = Literal["date", "number", "name", "phrase", "reason", "means"]

_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE = re.compile(
    rf"\b\d{{1,2}} {_MONTH}(?: \d{{4}})?\b|\b{_MONTH} \d{{1,2}}(?:, \d{{4}})?\b|\b{_MONTH} \d{{4}}\b"
    r"|\b(?:1[0-9]|20)\d\d(?:s\b|\b)|\b\d{1,2}(?:st|nd|rd|th) century\b"
)
_AMOUNT = r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred)"
_NUMBER = re.compile(
    r"[$£€]?\b\d[\d,]*(?:\.\d+)?(?:%|(?: (?:percent|per cent|million|billion|thousand|hundred)\b)?(?: [a-z]{2,}\b)?)"
    rf"|\b{_AMOUNT}(?: [a-z]{{2,}}\b)?"
)
_CAPITAL = r"[A-Z][\w'’-]*(?:\.(?=[A-Z]))?"
_NAME = re.compile(rf"\b{_CAPITAL}(?:(?: (?:of|the|de|von|van|and|for))* {_CAPITAL})*")
_REASON = re.compile(r"\b(?:because(?: of)?|due to|in order to|so that) (?P<span>[^,.;:()]{8,90})")
_MEANS = re.compile(r"\bby (?P<span>[a-z]+ing [^,.;:()]{4,70})")
_PERSON_ARTICLE = re.compile(r"([A-Z][\w'’-]+)(?: [A-Z][\w.'’-]*)+,? \((?:born|c\.|[^)]{0,40}\d{4})")
_TITLED = re.compile(
    r"(?:Mr|Mrs|Miss|Ms|Dr|Sir|Lady|Lord|Prof|Captain|President|King|Queen|Emperor|Pope)\.? ?$"
)
_WORD = re.compile(r"[^\W_][\w'’-]*")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9])")
_ABBREVIATION = re.compile(r"(?:\b[A-Z]|\b(?:Mr|Mrs|Dr|St|No|vs|etc|cf|e\.g|i\.e|Jr|Sr|Prof|Fig))\.$")


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


FUNCTION_WORDS = word_set(
    """
    a about above after again all also although am among an and another any are as at be became because been
    before being below between both but by can could did do does during each either even ever every few for
    from further had has have having he her here hers him his how however i if in into is it its itself just
    less many may me might more most much must my neither never no nor not now of off often on once one only
    or other our out over own per same shall she should since so some such than that the their them
    themselves then there these they this those though through thus to too under until up upon us used very
    was we were what when where whether which while who whom whose why will with within without would yet
    you your
    """
)
_LEADING = word_set("a an the of in for with by as on at from into their his its her and or no this each")
_LINKS = ("of", "of the", "and", "for", "in", "in the", "to the", "on the")


class Span(NamedTuple):
    """A candidate answer: ``text[start:end]`` and what kind of thing it names."""

    start: int
    end: int
    kind: Kind


def sentences(text: str) -> list[tuple[int, int]]:
    """Offsets of the sentences, in order; an initial or a common abbreviation ends none."""
    bounds, start = [], 0
    for end in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text, start, end.start()):
            bounds.append((start, end.start()))
            start = end.end()
    return [*bounds, (start, len(text.rstrip()))]


def find_names(text: str) -> list[Span]:
    """The names in a text."""
    return [Span(*match.span(), "name") for match in _NAME.finditer(text) if _is_name(match, text)]


def find_spans(text: str, longest_phrase: int) -> list[Span]:
    """Candidate answers in a sentence; those of different kinds may overlap.

    Args:
        text: The sentence.
        longest_phrase: Words of a phrase at most.
    """
    dates = [Span(*match.span(), "date") for match in _DATE.finditer(text)]
    numbers = [Span(*match.span(), "number") for match in _NUMBER.finditer(text) if not _within(match, dates)]
    reasons = [Span(*match.span("span"), "reason") for match in _REASON.finditer(text)]
    means = [Span(*match.span("span"), "means") for match in _MEANS.finditer(text)]
    return [*dates, *numbers, *find_names(text), *_phrases(text, longest_phrase), *reasons, *means]


def first_names(texts: Iterable[str]) -> frozenset[str]:
    """First names, learnt from articles that open with a person's name and dates in brackets."""
    opened = (_PERSON_ARTICLE.match(text) for text in texts)
    return frozenset(match[1] for match in opened if match and match[1].casefold() not in FUNCTION_WORDS)


def is_person(name: str, before: str, known: frozenset[str]) -> bool:
    """True if the name begins with a known first name, or a title of address stands before it."""
    return name.split(" ")[0] in known or bool(_TITLED.search(before))


def _within(match: re.Match[str], spans: list[Span]) -> bool:
    return any(span.start <= match.start() < span.end for span in spans)


def _is_name(match: re.Match[str], text: str) -> bool:
    first = match.group().split(" ")[0]
    if first.casefold() in FUNCTION_WORDS:
        return False
    return match.start() > 0 or " " in match.group() or text.count(first) > 1


def _phrases(text: str, longest: int) -> list[Span]:
    """Runs of content words after a determiner or preposition, and chains of them over such words, up to a length."""
    runs = _runs(text, longest)
    chains = list(runs)
    for first, run in enumerate(runs):
        for left, right in pairwise(runs[first:]):
            linked = text[left.end : right.start].strip() in _LINKS
            if not linked or _words(text, run, right.end) > longest:
                break
            chains.append(Span(run.start, right.end, "phrase"))
    return [span for span in chains if span.end - span.start > 3]


def _runs(text: str, longest: int) -> list[Span]:
    """Content words in a row, the first of them after a word that introduces a noun."""
    runs: list[Span] = []
    led = False  # such a word stands before the run
    for match in _WORD.finditer(text):
        if match.group().casefold() in FUNCTION_WORDS:
            led = match.group().casefold() in _LEADING
        elif led and text[match.start() - 1 : match.start()] == " ":
            runs.append(Span(*match.span(), "phrase"))
            led = False
        elif (
            runs
            and text[runs[-1].end : match.start()] == " "
            and _words(text, runs[-1], match.end()) <= longest
        ):
            runs[-1] = Span(runs[-1].start, match.end(), "phrase")
    return runs


def _words(text: str, run: Span, end: int) -> int:
    return text.count(" ", run.start, end) + 1
