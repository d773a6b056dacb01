"""More questions than the harness's own rules find, and not quite as grammatical: for pretraining only.

The title stands in for a pronoun, a long sentence is cut down to several short ones, and what a name names tells what
to ask for ("Which river", not "What").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from zlib import crc32

from clara.documents.chunking import sentences
from clara.pretraining.cuts import cuts
from clara.pretraining.inquiries import about_predicate
from clara.pretraining.mapped import Mapped, cut_from, put_in
from clara.pretraining.openings import about_life, about_work
from clara.pretraining.shapes import about_looser_shapes
from clara.pretraining.spans import FUNCTION_WORDS, word_set
from clara.pretraining.topics import Topic
from clara.questions.asked import Asked
from clara.questions.english import prose
from clara.questions.english.asking import about_parts, is_sound
from clara.questions.english.clauses import clauses
from clara.questions.english.phrases import NO_REFERENT
from clara.questions.english.shapes import about_shapes
from clara.questions.english.subjects import about_being, about_subject
from clara.questions.english.tagging import Run, Tagged, tag
from clara.text import stands_in

_WHAT = re.compile(r"What (?=(?:is|was|are|were|did|does|do|has|had|have|can|will|could|would|[a-z]+ed) )")
_KINDS = word_set(
    """
    city town village country state river lake island mountain band album song film movie novel book magazine newspaper
    company university college school team club party war battle language region province county district church
    station stadium park street road bridge museum ship aircraft game series show award protein gene species genus
    disease virus drug enzyme module function class proposal protocol standard algorithm method model system theory
    law act treaty amendment court empire kingdom dynasty army regiment division league championship tournament
    festival hospital airport railway canal castle palace cathedral temple building house theatre theater sea ocean
    desert valley family group organization organisation agency program programme style period century title position
    degree instrument religion currency industry event ceremony role rank name trait feature operator attribute field
    parameter value type interface format
    """
)
_A_FACT = 3  # questions that an answer at its place may have beside those of the harness's own rules
_FEWEST_NAMED = 2


def asked_loosely(
    text: str, about: Topic, kinds: Mapping[str, tuple[str, ...]], known: set[str]
) -> list[Asked]:
    """Questions about a passage that are not known yet, each answered where it says.

    Args:
        text: The passage, its words joined by single spaces.
        about: What its pronouns stand for.
        kinds: By name, the nouns that say what it names.
        known: Questions about it that there are already.
    """
    taken = {question.casefold() for question in known}
    facts: Counter[tuple[int, str]] = Counter()
    found = []
    opening = _of_opening(text, about)
    for asked in chain(opening, _of_sentences(text, about, kinds)):
        question = asked.question.casefold()
        first = question.split()[0]
        if question in taken or facts[asked.start, ""] >= _A_FACT or facts[asked.start, first]:
            continue
        if not _is_fit(asked) or _is_dull(text, asked):
            continue
        taken.add(question)
        facts[asked.start, ""] += 1
        facts[asked.start, first] += 1
        found.append(asked)
    return found


def _of_opening(text: str, about: Topic) -> Iterator[Asked]:
    if about.is_person:
        yield from about_life(text, about.name)
    elif about.name:
        yield from about_work(text, about.name)


def _is_fit(asked: Asked) -> bool:
    return (
        is_sound(asked)
        and not re.search(r"[\[\](){}<>=|`*_;]| [,.]|\b(?:and|or|the|of)\?$", asked.question)
        and not NO_REFERENT.search(asked.answer)
        and not stands_in(asked.answer, asked.question)
    )


def _is_dull(text: str, asked: Asked) -> bool:
    """Whether the answer is a lone common noun behind its article, or a part of something longer."""
    if text[asked.start + len(asked.answer) :].startswith((" or ", " to 1", " to 2", "/", "-", "’", "'")):
        return True
    is_word = asked.answer.isalpha() and asked.answer.islower()
    return is_word and text[: asked.start].endswith(
        (" the", " a", " an", " the ", " a ", " an ", "The ", "A ", "An ")
    )


def _of_sentences(text: str, about: Topic, kinds: Mapping[str, tuple[str, ...]]) -> Iterator[Asked]:
    end, is_about = 0, True
    for sentence in sentences(text):
        start = text.index(sentence, end)
        end = start + len(sentence)
        is_about = _goes_on(sentence, about, is_about)
        begin = prose(sentence)
        if begin is None or not sentence.isprintable():
            continue
        for cut in cuts(cut_from(text, start + begin, end)):
            if named := _named(cut, about, is_about):
                for asked in _of_cut(text, named, kinds):
                    yield asked._replace(question=_as_titled(asked.question, about.name))


def _as_titled(question: str, name: str) -> str:
    """A question with the capital back that the topic's name lost."""
    return question.replace(f" {name[0].lower()}{name[1:]}", f" {name}") if name else question


def _goes_on(sentence: str, about: Topic, before: bool) -> bool:
    """Whether a pronoun that begins the sentence stands for the topic."""
    if not about.name:
        return False
    is_pronoun = about.subject.match(sentence) or about.owner.match(sentence)
    if is_pronoun:
        return before or is_pronoun[0].lower() not in ("it", "its ", "they", "their ")
    return about.name.split()[-1] in sentence or (before and about.is_person)


def _named(cut: Mapped, about: Topic, is_about: bool) -> Mapped | None:
    """A short sentence with the topic named for a pronoun at its start; None if another one is there."""
    for pattern, owned in ((about.subject, ""), (about.owner, "’s ")):
        if about.name and is_about and (match := pattern.match(cut.text)):
            return put_in(about.name + owned).then(cut.part(match.end()))
    is_unknown = re.match(
        r"(?:he|she|it|they|his|her|its|their|this|these|we|i|you)\b", cut.text, re.IGNORECASE
    )
    return None if is_unknown else cut


def _of_cut(text: str, cut: Mapped, kinds: Mapping[str, tuple[str, ...]]) -> Iterator[Asked]:
    tagged = _with_born(tag(cut.text))
    if not tagged.tags:
        return
    for asked in chain(_by_rule(tagged), about_predicate(tagged, lambda name: kinds.get(name, ()))):
        origin = cut.origin(asked.start, asked.start + len(asked.answer))
        if origin is not None:
            answer = text[origin : origin + len(asked.answer)]
            question = _with_capitals(asked.question, cut.text, text)
            placed = asked._replace(question=question, answer=answer, start=origin)
            yield _typed(placed, kinds) or placed


def _with_born(tagged: Tagged) -> Tagged:
    """A sentence with a participle that the harness takes for a noun."""
    if " born " not in tagged.text:
        return tagged
    words = tagged.words(Run(0, len(tagged.tags)))
    tags = (("e" if word == "born" else tag) for word, tag in zip(words, tagged.tags, strict=True))
    return tagged._replace(tags="".join(tags))


def _with_capitals(question: str, cut: str, text: str) -> str:
    """A question with the capital back that a name lost, as the first word of its sentence."""
    first = cut.split()[0]
    is_name = re.search(rf"[a-z,] {re.escape(first)}\b", text) or text.startswith(f"{first} (")
    if not first[:1].isupper() or not is_name or first.lower() in FUNCTION_WORDS:
        return question
    return re.sub(rf"(?<= ){re.escape(first.lower())}\b", first, question, count=1)


def _by_rule(tagged: Tagged) -> Iterator[Asked]:
    for clause in clauses(tagged):
        yield from about_parts(clause)
        yield from about_subject(clause)
        yield from about_being(clause)
    yield from about_shapes(tagged)
    yield from about_looser_shapes(tagged)


def _typed(asked: Asked, kinds: Mapping[str, tuple[str, ...]]) -> Asked | None:
    """`Which stadium` instead of `What`, where the answer says that it is one; a third stays as it is."""
    chance = crc32(asked.question.encode())
    if (
        chance % 3 == 0
        or not _WHAT.match(asked.question)
        or asked.question.startswith(("What is", "What was"))
    ):
        return None
    nouns = kinds.get(asked.answer, ())
    noun = next((noun for noun in nouns if noun in _KINDS), "") or _own_noun(asked.answer)
    if not noun or stands_in(noun, asked.question):
        return None
    return asked._replace(question=_WHAT.sub(f"{'Which' if chance % 2 else 'What'} {noun} ", asked.question))


def _own_noun(answer: str) -> str:
    words = answer.split()
    last = words[-1].lower()
    is_plain = len(words) >= _FEWEST_NAMED and not {"of", "on", "for", "in", "and"}.intersection(words)
    return last if is_plain and last in _KINDS else ""
