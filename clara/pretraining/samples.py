"""Makers of training samples: a question, its answer, and the passages that it is asked about.

Each maker draws from the library with the generator that it is given and nothing else, so a sample is a pure
function of library and seed. One that finds nothing to ask returns None, and the caller draws again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from random import Random

from clara.abstention import NO_ANSWER
from clara.errors import RecipeError
from clara.pretraining import asking
from clara.pretraining.config import SampleKind
from clara.pretraining.invented import make_invented
from clara.pretraining.library import Library, Sample, Wanted, around, window
from clara.pretraining.ruled import joined
from clara.pretraining.spans import Kind, Span, find_names, find_spans, is_person, sentences

Maker = Callable[[Library, Random, Wanted], Sample | None]

_KIND_WEIGHTS: Mapping[Kind, float] = {
    "date": 1.5, "number": 1.5, "name": 3.5, "phrase": 5, "reason": 4, "means": 4,
}  # fmt: skip
_TYPED = 0.3  # share of questions put as people type them: lower case, no question mark
_NOISY = 0.4  # share of questions that lose some words
_SWAPPED = 0.2  # share of written questions whose answer is replaced too; of its shape, seldom of its kind
_MOST_DRAWS = 5000  # before a kind is said to be impossible; the hardest needs some fifty
_ABOUT_ANOTHER = 0.4  # of the questions in vain
_TRIES = 10  # at finding a passage without the answer, before one does without
_ALSO_INVENTED = 0.6  # share of the passages beside an invented one that are invented too
_WITHOUT_RIVAL = 0.15  # of the passages with names of known types but no two of one type
_ANSWERING_WORDS = 30  # that a passage loses with the sentence that answers
_RENAMED = 0.3  # share of written questions whose names are replaced, in question and passage alike


def make_cloze(library: Library, draw: Random, wanted: Wanted) -> Sample | None:
    """A sentence of the passage with a gap."""
    passage = library.window(draw, wanted.words)
    found = _pick(passage, wanted, draw)
    if found is None:
        return None
    before, answer, after, _ = found
    return Sample((passage,), asking.cloze(before, after, draw), answer)


def make_wh(library: Library, draw: Random, wanted: Wanted) -> Sample | None:
    """A sentence of the passage rearranged about a question word."""
    passage = library.window(draw, wanted.words)
    found = _pick(passage, wanted, draw)
    if found is None:
        return None
    before, answer, after, kind = found
    return Sample((passage,), _wh(library, before, answer, after, kind, draw), answer)


def make_typed(library: Library, draw: Random, wanted: Wanted) -> Sample | None:
    """A wh-question that says what kind of thing it asks for, where the passage names another one of that kind too.

    One without such a rival is kept now and then: people also ask for the only river of a passage.
    """
    passage = library.window(draw, wanted.words)
    named: dict[str, list[tuple[str, Span]]] = defaultdict(list)
    for start, end in sentences(passage):
        sentence = passage[start:end]
        for span in find_names(sentence):
            for noun in library.types.of(sentence[span.start : span.end]):
                named[noun].append((sentence, span))
    rivals = [noun for noun in named if len({sentence[s.start : s.end] for sentence, s in named[noun]}) > 1]
    nouns = rivals or (list(named) if draw.random() < _WITHOUT_RIVAL else [])
    if not nouns:
        return None
    noun = draw.choice(nouns)
    sentence, span = draw.choice(named[noun])
    before, answer, after = (
        sentence[: span.start],
        sentence[span.start : span.end],
        sentence[span.end :],
    )
    if not before.strip() and not after.strip(" ."):
        return None
    question = asking.wh_question(before, answer, after, "name", False, draw, noun)
    return None if answer in question else Sample((passage,), question, answer)


def make_recurring(library: Library, draw: Random, wanted: Wanted) -> Sample | None:
    """A span that occurs in two sentences: one is taken out and asked with a gap, the other stays to be found.

    Source:
        Recurring span selection, Ram et al. 2021 (arXiv:2101.00438).
    """
    passage = library.window(draw, wanted.words + wanted.words // 4)
    bounds = sentences(passage)
    places: dict[str, list[tuple[int, Span]]] = defaultdict(list)
    for number, (start, end) in enumerate(bounds):
        for span in find_spans(passage[start:end], wanted.longest_answer_words):
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
        return Sample((rest,), _wh(library, before, answer, after, span.kind, draw), answer)
    return Sample((rest,), asking.cloze(before, after, draw), answer)


def make_written(library: Library, draw: Random, wanted: Wanted) -> Sample:
    """A question that a person wrote; its passage is cut differently each time, its answer sometimes replaced."""
    asked = draw.choice(library.questions)
    answer = asked.verbatim[0] if draw.random() < 0.7 else draw.choice(asked.verbatim)
    passage = around(asked.context, answer, wanted.words, draw)
    if draw.random() < _SWAPPED and _is_entity(answer) and answer.casefold() not in asked.question.casefold():
        other = library.look_alike(answer, draw)
        swapped, count = re.subn(rf"(?<!\w){re.escape(answer)}(?!\w)", lambda _: other, passage)
        passage, answer = (swapped, other) if count else (passage, answer)
    question = asked.question
    if draw.random() < _RENAMED:
        passage, question = _renamed(passage, question, answer, library, draw)
    return Sample((passage,), question, answer)


def make_ruled(library: Library, draw: Random, wanted: Wanted) -> Sample | None:
    """A grammatical question that the harness's rules made of a sentence, with what stands around the sentence."""
    drawn = library.ruled(draw)
    if drawn is None:
        return None
    paragraphs, number, asked = drawn
    before = "".join(f"{joined(text)} " for text in paragraphs[max(number - 1, 0) : number])
    context = before + " ".join(map(joined, paragraphs[number : number + 3]))
    passage = around(context, asked.answer, wanted.words, draw, len(before) + asked.start)
    return Sample((passage,), asked.question, asked.answer)


def in_vain(maker: Maker) -> Maker:
    """Its questions about another, or with the answer taken out of the passage with every sentence that has it."""

    def make(library: Library, draw: Random, wanted: Wanted) -> Sample | None:
        sample = maker(library, draw, wanted)
        if sample and draw.random() < _ABOUT_ANOTHER:
            return _about_another(sample, library, draw)
        return sample and _in_vain(sample.passages[0], sample.question, (sample.answer,))

    return make


def make_written_in_vain(library: Library, draw: Random, wanted: Wanted) -> Sample | None:
    """A written question about another, with another passage of its title, or with its own less the answer."""
    asked = draw.choice(library.questions)
    if draw.random() < _ABOUT_ANOTHER:
        passage = around(asked.context, asked.verbatim[0], wanted.words, draw)
        return _about_another(Sample((passage,), asked.question, asked.verbatim[0]), library, draw)
    others = [context for context in library.contexts[asked.title] if context != asked.context]
    if others and draw.random() < 0.5:
        context = draw.choice(others)
    else:
        context = around(asked.context, asked.verbatim[0], wanted.words + _ANSWERING_WORDS, draw)
    return _in_vain(window([context], 0, wanted.words), asked.question, asked.answers)


def _about_another(sample: Sample, library: Library, draw: Random) -> Sample | None:
    """The question about a name that its passage does not have: all else fits, so the name must be looked for.

    Source:
        The swapped entities among the unanswerable questions of Rajpurkar et al. 2018 (arXiv:1806.03822), by rule.
    """
    (passage,), question = sample.passages, sample.question
    for name, other in _names(question, library, draw):
        if name in passage and other not in passage:
            return Sample((passage,), question.replace(name, other), NO_ANSWER["latin"], (other,))
    return None


def _in_vain(passage: str, question: str, answers: tuple[str, ...]) -> Sample | None:
    """The question with the sentences of the passage that hold no answer to it; None if that leaves too little."""
    told = [passage[start:end] for start, end in sentences(passage)]
    kept = [sentence for sentence in told if not _holds(sentence, answers)]
    left = " ".join(kept)
    # A single sentence would tell by its shortness that nothing is to be found.
    if len(kept) < 2 or _holds(left, answers):
        return None
    return Sample((left,), question, NO_ANSWER["latin"], answers)


def _holds(text: str, answers: tuple[str, ...]) -> bool:
    return any(answer.casefold() in text.casefold() for answer in answers)


def _renamed(passage: str, question: str, answer: str, library: Library, draw: Random) -> tuple[str, str]:
    """Names that question and passage share, replaced in both by names from elsewhere: they can only be looked up."""
    for name, other in _names(question, library, draw):
        if name in passage and name not in answer and answer not in name:
            return passage.replace(name, other), question.replace(name, other)
    return passage, question


def _names(question: str, library: Library, draw: Random) -> Iterator[tuple[str, str]]:
    """The names of a question, each with one from elsewhere."""
    for span in find_names(question):
        yield question[span.start : span.end], library.name(draw)


MAKERS: Mapping[SampleKind, Maker] = {
    "cloze": make_cloze,
    "wh": make_wh,
    "typed": make_typed,
    "recurring": make_recurring,
    "written": make_written,
    "invented": make_invented,
    "ruled": make_ruled,
}

IN_VAIN: Mapping[SampleKind, Maker] = {
    "wh": in_vain(make_wh),
    "ruled": in_vain(make_ruled),
    "written": make_written_in_vain,
}


def make_sample(
    library: Library,
    kinds: Mapping[SampleKind, float],
    three_passages: float,
    no_passage: float,
    draw: Random,
    longest: int = 280,
    *,
    longest_answer_words: int,
    unanswerable: float,
) -> Sample:
    """A sample of some kind with one passage of up to ``longest`` words, with three in random order, or with none.

    So many of the kinds that can be are asked in vain. What is invented is always shown: it is nothing to know.

    Raises:
        RecipeError: The library gives no sample of the kind.
    """
    kind = draw.choices(list(kinds), list(kinds.values()))[0]
    shown = draw.choices((1, 3, 0), (1 - three_passages - no_passage, three_passages, no_passage))[0]
    wanted = Wanted(draw.randint(45, 110) if shown == 3 else draw.randint(40, longest), longest_answer_words)
    in_vain = kind in IN_VAIN and draw.random() < unanswerable
    maker = IN_VAIN[kind] if in_vain else MAKERS[kind]
    sample = _first(maker, library, draw, wanted, kind)
    sample = replace(sample, question=_as_put(sample.question, kind, draw))
    if shown == 0 and kind != "invented" and not in_vain:
        return replace(sample, passages=())
    return _among_others(sample, library, kind, wanted, draw) if shown == 3 else sample


def _first(maker: Maker, library: Library, draw: Random, wanted: Wanted, kind: SampleKind) -> Sample:
    for _ in range(_MOST_DRAWS):
        sample = maker(library, draw, wanted)
        if sample and 0 < len(sample.answer) < 120:
            return sample
    found = f"the text gave no sample in {_MOST_DRAWS:,} draws"
    raise RecipeError(
        f"kind {kind!r}", found, "Take the kind out of the phases, or add text that it can ask about"
    )


def _among_others(sample: Sample, library: Library, kind: str, wanted: Wanted, draw: Random) -> Sample:
    """The passage among two that do not have the answer; by itself where such are hard to find."""
    drawn = (_other(library, kind, wanted, draw) for _ in range(_TRIES))
    answers = sample.refused or (sample.answer,)
    others = list(islice((passage for passage in drawn if not any(a in passage for a in answers)), 2))
    passages = [*sample.passages, *others]
    draw.shuffle(passages)
    return replace(sample, passages=tuple(passages))


def _other(library: Library, kind: str, wanted: Wanted, draw: Random) -> str:
    words = draw.randint(45, 110)
    if kind == "invented" and draw.random() < _ALSO_INVENTED:
        return make_invented(library, draw, replace(wanted, words=words)).passages[0]
    if kind != "written":
        return library.window(draw, words)
    asked = draw.choice(library.questions)
    return around(asked.context, asked.verbatim[0], words, draw)


def _as_put(question: str, kind: str, draw: Random) -> str:
    if draw.random() < _NOISY:
        most = 0.15 if kind == "written" else 0.3
        question = asking.with_words_lost(question, draw.uniform(0.05, most), draw)
    return asking.plain(question) if asking.GAP not in question and draw.random() < _TYPED else question


def _pick(passage: str, wanted: Wanted, draw: Random) -> tuple[str, str, str, Kind] | None:
    """A span of some sentence: what stands before it, itself, what stands after it, its kind."""
    start, end = draw.choice(sentences(passage))
    sentence = passage[start:end]
    found = find_spans(sentence, wanted.longest_answer_words)
    if not found or sentence.count(" ") < 5:
        return None
    kinds = sorted({span.kind for span in found})
    kind = draw.choices(kinds, [_KIND_WEIGHTS[kind] for kind in kinds])[0]
    found = [span for span in found if span.kind == kind]
    span = draw.choices(found, [sentence.count(" ", span.start, span.end) + 1 for span in found])[0]
    return sentence[: span.start], sentence[span.start : span.end], sentence[span.end :], kind


def _is_entity(answer: str) -> bool:
    return any(character.isdigit() or character.isupper() for character in answer)


def _wh(library: Library, before: str, answer: str, after: str, kind: Kind, draw: Random) -> str:
    person = kind == "name" and is_person(answer, before, library.first_names)
    return asking.wh_question(before, answer, after, kind, person, draw)
