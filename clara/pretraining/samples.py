"""Makers of training samples: a question, its answer, and the passages that it is asked about.

Each maker draws from the library with the generator that it is given and nothing else, so a sample is a pure
function of library and seed. One that finds nothing to ask returns None, and the caller draws again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from random import Random

from clara.pretraining import asking
from clara.pretraining.library import Library, Sample, around
from clara.pretraining.spans import Kind, Span, find_spans, is_person, sentences

_KIND_WEIGHTS: Mapping[Kind, float] = {
    "date": 2, "number": 1.5, "name": 3.5, "phrase": 3, "reason": 2, "means": 2,
}  # fmt: skip
_TYPED = 0.3  # share of questions put as people type them: lower case, no question mark
_NOISY = 0.4  # share of questions that lose some words
_SWAPPED = 0.6  # share of written questions whose answer is replaced, in the passage too
_TRIES = 10  # at finding a passage without the answer, before one does without
_RENAMED = 0.6  # share of written questions whose names are replaced, in question and passage alike


def make_cloze(library: Library, draw: Random, words: int) -> Sample | None:
    """A sentence of the passage with a gap."""
    passage = library.window(draw, words)
    found = _pick(passage, draw)
    if found is None:
        return None
    before, answer, after, _ = found
    return Sample((passage,), asking.cloze(before, after, draw), answer)


def make_wh(library: Library, draw: Random, words: int) -> Sample | None:
    """A sentence of the passage rearranged about a question word."""
    passage = library.window(draw, words)
    found = _pick(passage, draw)
    if found is None:
        return None
    return Sample((passage,), *_wh(library, *found, draw))


def make_recurring(library: Library, draw: Random, words: int) -> Sample | None:
    """A span that occurs in two sentences: one is taken out and asked with a gap, the other stays to be found.

    Source:
        Recurring span selection, Ram et al. 2021 (arXiv:2101.00438).
    """
    passage = library.window(draw, words + words // 4)
    bounds = sentences(passage)
    places: dict[str, list[tuple[int, Span]]] = defaultdict(list)
    for number, (start, end) in enumerate(bounds):
        for span in find_spans(passage[start:end]):
            answer = passage[start + span.start : start + span.end]
            if span.kind != "phrase" or " " in answer:
                places[answer].append((number, span))
    recurring = [answer for answer, found in places.items() if len({number for number, _ in found}) > 1]
    if not recurring:
        return None
    answer = draw.choice(recurring)
    number, span = draw.choice(places[answer])
    start, end = bounds[number]
    sentence = passage[start:end]
    rest = " ".join(passage[left:right] for left, right in bounds if (left, right) != (start, end))
    before, after = sentence[: span.start], sentence[span.end :]
    if answer in before or answer in after or answer not in rest:
        return None
    if draw.random() < 0.3:
        question, answer = _wh(library, before, answer, after, span.kind, draw)
        return Sample((rest,), question, answer)
    return Sample((rest,), asking.cloze(before, after, draw), answer)


def make_written(library: Library, draw: Random, words: int) -> Sample:
    """A question that a person wrote; its passage is cut differently each time, its answer sometimes replaced."""
    asked = draw.choice(library.questions)
    answer = asked.verbatim[0] if draw.random() < 0.7 else draw.choice(asked.verbatim)
    passage = around(asked.context, answer, words, draw)
    if draw.random() < _SWAPPED and _is_entity(answer) and answer.casefold() not in asked.question.casefold():
        other = library.look_alike(answer, draw)
        swapped, count = re.subn(rf"(?<!\w){re.escape(answer)}(?!\w)", lambda _: other, passage)
        passage, answer = (swapped, other) if count else (passage, answer)
    question = asked.question
    if draw.random() < _RENAMED:
        passage, question = _renamed(passage, question, answer, library, draw)
    return Sample((passage,), question, answer)


def _renamed(passage: str, question: str, answer: str, library: Library, draw: Random) -> tuple[str, str]:
    """Names that question and passage share, replaced in both by names from elsewhere: they can only be looked up."""
    for span in find_spans(question):
        name = question[span.start : span.end]
        other = library.name(draw)
        if span.kind == "name" and name in passage and name not in answer and answer not in name:
            return passage.replace(name, other), question.replace(name, other)
    return passage, question


MAKERS: Mapping[str, Callable[[Library, Random, int], Sample | None]] = {
    "cloze": make_cloze,
    "wh": make_wh,
    "recurring": make_recurring,
    "written": make_written,
}


def make_sample(
    library: Library,
    kinds: Mapping[str, float],
    three_passages: float,
    no_passage: float,
    draw: Random,
    longest: int = 280,
) -> Sample:
    """A sample of some kind with one passage of up to ``longest`` words, with three in random order, or with none."""
    kind = draw.choices(list(kinds), list(kinds.values()))[0]
    shown = draw.choices((1, 3, 0), (1 - three_passages - no_passage, three_passages, no_passage))[0]
    words = draw.randint(45, 110) if shown == 3 else draw.randint(40, longest)
    sample = MAKERS[kind](library, draw, words)
    while sample is None or not 0 < len(sample.answer) < 120:
        sample = MAKERS[kind](library, draw, words)
    sample = replace(sample, question=_as_put(sample.question, kind, draw))
    if shown == 0:
        return replace(sample, passages=())
    return _among_others(sample, library, kind, draw) if shown == 3 else sample


def _among_others(sample: Sample, library: Library, kind: str, draw: Random) -> Sample:
    """The passage among two that do not have the answer; by itself where such are hard to find."""
    drawn = (_other(library, kind, draw) for _ in range(_TRIES))
    others = list(islice((passage for passage in drawn if sample.answer not in passage), 2))
    passages = [*sample.passages, *others]
    draw.shuffle(passages)
    return replace(sample, passages=tuple(passages))


def _other(library: Library, kind: str, draw: Random) -> str:
    words = draw.randint(45, 110)
    if kind != "written":
        return library.window(draw, words)
    asked = draw.choice(library.questions)
    return around(asked.context, asked.verbatim[0], words, draw)


def _as_put(question: str, kind: str, draw: Random) -> str:
    if draw.random() < _NOISY:
        most = 0.15 if kind == "written" else 0.3
        question = asking.with_words_lost(question, draw.uniform(0.05, most), draw)
    return asking.plain(question) if asking.GAP not in question and draw.random() < _TYPED else question


def _pick(passage: str, draw: Random) -> tuple[str, str, str, Kind] | None:
    """A span of some sentence: what stands before it, itself, what stands after it, its kind."""
    start, end = draw.choice(sentences(passage))
    sentence = passage[start:end]
    found = find_spans(sentence)
    if not found or sentence.count(" ") < 5:
        return None
    kinds = sorted({span.kind for span in found})
    kind = draw.choices(kinds, [_KIND_WEIGHTS[kind] for kind in kinds])[0]
    span = draw.choice([span for span in found if span.kind == kind])
    return sentence[: span.start], sentence[span.start : span.end], sentence[span.end :], kind


def _is_entity(answer: str) -> bool:
    return any(character.isdigit() or character.isupper() for character in answer)


def _wh(library: Library, before: str, answer: str, after: str, kind: Kind, draw: Random) -> tuple[str, str]:
    person = kind == "name" and is_person(answer, before, library.first_names)
    return asking.wh_question(before, answer, after, kind, person, draw)
