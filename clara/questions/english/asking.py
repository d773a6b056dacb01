"""What a reader asks about a clause: one table from the role of an answer to the ways of asking for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from clara.questions.asked import Asked
from clara.questions.english.clauses import Clause, Part
from clara.questions.english.phrases import (
    NO_REFERENT,
    NOUN,
    QUANTITY,
    bare,
    compiled,
    head_word,
    is_lone_name,
    is_name,
    is_person,
    is_place,
    is_plural,
    is_vague,
    may_be_person,
)
from clara.questions.english.tagging import Run, Tagged
from clara.questions.english.words import (
    ASKED_TO,
    BE,
    BODIES,
    CALLED,
    CHANGING,
    HUMAN_VERBS,
    INTRANSITIVE,
    KEPT_IN,
    MEASURING,
    MOTION,
    NO_PURPOSE,
    NOT_OF_NOUN,
    OF_PERSONS,
    ONLY,
    PLACES,
    REPORTING,
    SCALES,
    SEEMING,
    SOMETHING_TO_DO,
    TAKES_INFINITIVE,
    VAGUE,
)

MAX_QUESTION_WORDS = 18
_MAX_ANSWER_WORDS = 10
_MAX_SUBJECT_WORDS = 12
_MAX_PHRASE_WORDS = 9  # of a noun with what tells more of it

# Role of the answer → questions. {q} is the clause turned into a question, the answer left out: "was the dome moved".
ASKED: dict[str, tuple[str, ...]] = {
    "year": ("When {q}?", "In what year {q}?"),
    "day": ("When {q}?", "On what date {q}?"),
    "date": ("When {q}?",),
    "when": ("When {q}?",),
    "condition": ("When {q}?",),
    "if": ("Under what condition {q}?",),
    "clock": ("At what time {q}?",),
    "since": ("Since when {q}?",),
    "until": ("Until when {q}?",),
    "by": ("By when {q}?",),
    "from": ("From when {q}?",),
    "duration": ("How long {q}?", "For how long {q}?"),
    "often": ("How often {q}?",),
    "place": ("Where {q}?",),
    "goal": ("Where {q}?",),
    "reason": ("Why {q}?", "For what reason {q}?"),
    "purpose": ("Why {q}?", "For what purpose {q}?"),
    "means": ("How {q}?",),
    "content": ("What {q}?",),
    "to do": ("What {q} to do?",),
    "object": ("What {q}?",),
    "person": ("Whom {q}?",),
    "agent": ("By whom {q}?",),
    "whom": ("{preposition} whom {q}?",),
    "count": ("How many {counted} {q}?",),
    "quantity": ("How much {q}?",),
    "time": ("How long {q}?",),
    "amount": ("By how much {q}?",),
    "scale": ("At what {scale} {q}?",),
    "temperature": ("At what temperature {q}?",),
    "measure": ("What {be} the {scale} of {subject}?", "What {scale} {q}?"),
}
_WHERE = ("in", "at", "on")
_BESIDE = (
    "near",
    "beside",
    "behind",
    "inside",
    "above",
    "below",
    "beneath",
    "outside",
    "alongside",
    "across",
)
_STRANDED = ("of", "to", "on", "from", "with", "for", "into", "against", "after", "through", "as")
_TELLS_MORE = ("on", "for", "about", "against")


class _Found(NamedTuple):
    """What can be asked about a part: the role of the answer, its words, and what else its questions need."""

    role: str
    answer: Run
    fields: Mapping[str, str] = MappingProxyType({})
    preposition: str = ""  # stays behind, next to the verb: "What was the roof covered with?"


def about_parts(clause: Clause) -> Iterator[Asked]:
    """Questions that a part of the clause answers: when, where, why, how, what, whom."""
    if not clause.main or not may_be_named(clause):
        return
    for part in (*clause.parts, *clause.moved):
        found = _RULES.get(part.role, _nothing)(clause, part)
        question = _inverted(clause, part, found) if found else None
        if found and question:
            fields = {"q": question, "subject": subject_text(clause), **found.fields}
            for form in ASKED[found.role]:
                yield answered(clause.tagged, form.format(**fields), found.answer)


def answered(tagged: Tagged, question: str, answer: Run) -> Asked:
    """A question with the words that answer it; what dangles at their end is left off."""
    start, end = answer
    while tagged.tags[end - 1] in "cpPfrtkdhj," and end - start > 1:
        end -= 1
    first, last = tagged.offsets(Run(start, end))
    return Asked("wh", " ".join(question.split()).replace(" ?", "?"), tagged.text[first:last], first)


def is_sound(item: Asked) -> bool:
    """Whether a question stands alone and its answer is short and whole."""
    texts = (item.question, item.answer)
    return (
        4 <= len(item.question.split()) <= MAX_QUESTION_WORDS
        and len(item.answer.split()) <= _MAX_ANSWER_WORDS
        and "(" not in item.answer
        and not NO_REFERENT.search(item.question)
        and all(text.count("“") == text.count("”") and text.count('"') % 2 == 0 for text in texts)
    )


# ---- The words of a question ----


def subject_text(clause: Clause) -> str:
    """The subject as it stands inside a question: without the capital of a sentence's start."""
    text = clause.tagged.between(clause.subject)
    keeps_capital = clause.tagged.tags[0] in "NM" or is_lone_name(clause.tagged, clause.subject)
    return text if clause.subject.start or keeps_capital else text[0].lower() + text[1:]


def may_be_named(clause: Clause) -> bool:
    """Whether a question may name the subject: no pronoun, nothing that only a text before explains."""
    classes = clause.tagged.classes(clause.subject)
    is_known = classes[0] in "dNAnqwgiye" and "j" not in classes
    return (
        is_known
        and len(classes) <= _MAX_SUBJECT_WORDS
        and head_word(clause.tagged, clause.subject) not in VAGUE
    )


def kept(clause: Clause, left_out: tuple[Part, ...] = ()) -> list[str]:
    """The parts that a question repeats: all but the answer, as long as it stays short."""
    texts: list[str] = []
    room = MAX_QUESTION_WORDS - 4 - (clause.subject.end - clause.subject.start)
    for index, part in enumerate((*clause.parts, *clause.moved)):
        if part in left_out or _is_aside(clause, part):
            continue
        text = clause.tagged.between(part.run)
        room -= len(text.split())
        if room < 0 and index and clause.base not in NO_PURPOSE:
            break
        texts.append(text if index < len(clause.parts) else text[0].lower() + text[1:])
    return texts


def _is_aside(clause: Clause, part: Part) -> bool:
    """Whether a question is better without a part, the verb being complete without it ("enabled" is not)."""
    text = clause.tagged.between(part.run).lower()
    if clause.base in NO_PURPOSE or text in ONLY:
        return text in ONLY
    if part.role:
        is_addition = part.role in ("purpose", "reason", "means") and part != clause.parts[0]
        return is_addition and not _is_of_noun(clause, part)
    return bool(compiled("[gGe]|t[^aqy]").match(clause.tagged.tags, part.run.start))


def _inverted(clause: Clause, part: Part, found: _Found) -> str | None:
    """The clause as a question has it after its question word: "was the dome moved to the ridge"."""
    left_out = tuple(
        other
        for other in (*clause.parts, *clause.moved)
        if other is part
        or found.answer.start <= other.run.start < found.answer.end
        or (
            other.run.end == part.run.start
            and clause.tagged.between(other.run) in ("very", "quite", "almost")
        )
        or (found.role == "place" and _role_of_phrase(clause, other) == "place")
    )
    rest = kept(clause, left_out)
    verb = _with_auxiliary(clause)
    if verb is None or (found.preposition and rest and rest[0].startswith(f"{found.preposition} ")):
        return None
    return " ".join(filter(None, [verb[0], subject_text(clause), verb[1], found.preposition, *rest]))


def _with_auxiliary(clause: Clause) -> tuple[str, str] | None:
    """The verb in two: what a question moves before the subject, do if need be, and what stays behind it."""
    if clause.auxiliary:
        return clause.auxiliary, clause.main
    if clause.verb is None:
        return None
    *adverbs, _ = clause.main.split()
    is_past = "past" in clause.verb.forms
    auxiliary = "did" if is_past else "does" if "third" in clause.verb.forms else "do"
    return auxiliary, " ".join([*adverbs, clause.verb.base])


# ---- What can be asked about a part, by its role ----


def _nothing(_clause: Clause, _part: Part) -> _Found | None:
    return None


def _as_is(_clause: Clause, part: Part) -> _Found | None:
    return _Found(part.role, part.answer)


def _time(clause: Clause, part: Part) -> _Found | None:
    return _Found(part.role, bare(clause.tagged, part.answer))


def _when(clause: Clause, part: Part) -> _Found | None:
    return None if clause.base in ("name", "model", "look") else _Found("when", part.answer)


def _content(clause: Clause, part: Part) -> _Found | None:
    is_plain = clause.base in REPORTING and not clause.is_passive
    is_clear = not NO_REFERENT.search(clause.tagged.between(part.answer))
    return _Found("content", part.answer) if is_plain and is_clear else None


def _amount(clause: Clause, part: Part) -> _Found | None:
    return _Found("amount", part.answer) if clause.base in CHANGING else None


def _reached(clause: Clause, part: Part) -> _Found | None:
    """`rose to £38`."""
    return _Found("object", part.answer, preposition="to") if clause.base in CHANGING else None


def _scale(clause: Clause, part: Part) -> _Found | None:
    """`at a pressure of 4 bar`."""
    scale = clause.tagged.word(part.answer.start - 2)
    is_at = clause.tagged.word(part.run.start).lower() == "at"
    return _Found("scale", part.answer, {"scale": scale}) if is_at and scale in SCALES else None


def _quantity(clause: Clause, part: Part) -> _Found | None:
    if clause.is_passive or not _is_next(clause, part):
        return None
    role = "time" if clause.base in ("take", "last") else "quantity" if clause.base in MEASURING else None
    return _Found(role, part.answer) if role else None


def _purpose(clause: Clause, part: Part) -> _Found | None:
    is_next = _is_next(clause, part)
    if is_next and clause.base in (ASKED_TO if clause.is_passive else SOMETHING_TO_DO):
        return _Found("to do", Run(part.answer.start + 1, part.answer.end))
    is_of_noun = _is_of_noun(clause, part)
    is_of_verb = clause.base in NO_PURPOSE or (is_next and not clause.is_passive)
    return None if is_of_noun or is_of_verb else _Found("purpose", part.answer)


def _is_of_noun(clause: Clause, part: Part) -> bool:
    """Whether what seems a purpose belongs to the noun before: "the right to", "the first coach to"."""
    before = next((other for other in clause.parts if other.run.end == part.run.start), None)
    ordinals = before and {"first", "second", "last", "only"}.intersection(clause.tagged.words(before.run))
    return bool(ordinals) or clause.tagged.word(part.run.start - 1) in TAKES_INFINITIVE


def _object(clause: Clause, part: Part) -> _Found | None:
    tagged = clause.tagged
    if not _is_next(clause, part) or (clause.auxiliary in BE and clause.base not in CALLED):
        return None
    if measure := _measure(clause, part):
        return measure
    answer = _with_more(clause, part)
    if clause.base in SEEMING | INTRANSITIVE and tagged.tags[part.answer.start] not in "djN":
        return None  # "remained effective", "moved north"
    counted = re.match("a*q+(?=[nNiwg][^c]*$)", tagged.classes(part.answer))
    if counted:
        numbers = Run(part.answer.start, part.answer.start + counted.end())
        noun = tagged.between(Run(numbers.end, part.answer.end))
        is_many = (is_plural(noun) or " of " in noun) and not noun.startswith("times")
        return _Found("count", numbers, {"counted": noun}) if is_many else None
    if is_vague(tagged, bare(tagged, part.answer)) or not is_whole(clause, part):
        return None
    whom = is_person(tagged, part.answer) or (
        clause.base in OF_PERSONS and may_be_person(tagged, part.answer)
    )
    return _Found("person" if whom else "object", answer)


def _measure(clause: Clause, part: Part) -> _Found | None:
    """`has a diameter of 19 mm`."""
    match = re.fullmatch(f"d?(?P<scale>n?n)fa*(?P<a>{QUANTITY})", clause.tagged.classes(part.answer))
    if not match or clause.base != "have":
        return None
    scale = Run(*(part.answer.start + index for index in match.span("scale")))
    if head_word(clause.tagged, scale) not in SCALES:
        return None
    be = "is" if clause.main in ("has", "have") else "was"
    fields = {"scale": clause.tagged.between(scale), "be": be}
    return _Found("measure", Run(part.answer.start + match.start("a"), part.answer.end), fields)


def _phrase(clause: Clause, part: Part) -> _Found | None:
    role, preposition = _role_of_phrase(clause, part), clause.tagged.word(part.run.start).lower()
    answer = bare(clause.tagged, part.answer)
    if role == "place":
        before = next((other for other in clause.parts if other.run.end == part.run.start), None)
        if before and _role_of_phrase(clause, before) == "place":
            return None  # the end of that answer
        return _Found("place", bare(clause.tagged, _whole_place(clause, part)))
    if role is None or is_vague(clause.tagged, answer) or not is_whole(clause, part):
        return None
    if role in ("agent", "whom"):
        return _Found(role, answer, {"preposition": preposition.capitalize()})
    return _Found(role, answer if role == "goal" else _with_more(clause, part), preposition=preposition)


def _role_of_phrase(clause: Clause, part: Part) -> str | None:
    """What a preposition and its noun say: a place, an agent, or only what the verb goes with."""
    if part.role != "phrase":
        return None
    tagged, preposition, is_next = (
        clause.tagged,
        clause.tagged.word(part.run.start).lower(),
        _is_next(clause, part),
    )
    person, place = is_person(tagged, part.answer), is_place(tagged, part.answer)
    if preposition == "by":
        return _role_of_agent(clause, part, person) if clause.is_passive and is_next else None
    if preposition == "on":
        place = head_word(tagged, part.answer) in PLACES
    if not person and preposition in _WHERE and place:
        return "place"
    if not person and preposition in _BESIDE and is_next and tagged.tags[part.answer.start] in "dN":
        return "place"
    if is_next and preposition in ("to", "into", "from") and place and clause.base in MOTION:
        return "goal"
    if not is_next or (preposition == "in" and not (clause.is_passive and clause.base in KEPT_IN)):
        return None
    if person:
        return "whom" if preposition in ("with", "to", "from", "for") else None
    return "object" if preposition in (*_STRANDED, "in") else None


def _role_of_agent(clause: Clause, part: Part, person: bool) -> str:
    acts = head_word(clause.tagged, part.answer) in BODIES
    names = clause.base in HUMAN_VERBS and is_name(clause.tagged, part.answer)
    return "agent" if person or acts or names else "object"


_RULES: dict[str, Callable[[Clause, Part], _Found | None]] = {
    **dict.fromkeys(("year", "day", "date", "clock", "since", "until", "by", "from", "duration"), _time),
    **dict.fromkeys(("often", "temperature", "means", "reason", "condition", "if"), _as_is),
    "when": _when,
    "content": _content,
    "amount": _amount,
    "reached": _reached,
    "scale": _scale,
    "quantity": _quantity,
    "purpose": _purpose,
    "object": _object,
    "phrase": _phrase,
}


# ---- How far an answer reaches ----


def is_whole(clause: Clause, part: Part) -> bool:
    """Whether nothing follows that belongs to an answer: "the right to", "a report that", "cells treated with"."""
    tags, end, following = clause.tagged.tags, part.run.end, _following(clause, part)
    needs_end = clause.tagged.word(end - 1) in TAKES_INFINITIVE or clause.base in NO_PURPOSE
    if following and following.role == "purpose" and needs_end:
        return False
    if following and following.role == "" and compiled("[tegG]|[pP][gG]").match(tags, end):
        return False
    return not compiled(f",{NOUN}(?:,|c)|[pP]?r|,n|,e|c(?![vehbm])|x").match(tags, end)


def _is_next(clause: Clause, part: Part) -> bool:
    """Whether a part stands next to its verb, adverbs aside."""
    between = (other for other in clause.parts if other.run.start < part.run.start)
    return part in clause.parts and all(clause.tagged.tags[other.run.start] == "a" for other in between)


def _following(clause: Clause, part: Part) -> Part | None:
    return next((other for other in clause.parts if other.run.start == part.run.end), None)


def _with_more(clause: Clause, part: Part) -> Run:
    """A noun without its article, with what tells more of it: "survey on fish"."""
    answer, following = bare(clause.tagged, part.answer), _following(clause, part)
    if following is None or following.role != "phrase" or clause.base in NOT_OF_NOUN:
        return answer
    tells_more = clause.tagged.word(following.run.start) in _TELLS_MORE and "N" not in clause.tagged.classes(
        answer
    )
    is_short = following.run.end - part.run.start <= _MAX_PHRASE_WORDS
    return Run(answer.start, following.run.end) if tells_more and is_short else answer


def _whole_place(clause: Clause, part: Part) -> Run:
    """A place with the wider place that follows it: "the mill at Garth"."""
    following = _following(clause, part)
    is_wider = following is not None and _role_of_phrase(clause, following) == "place"
    start = part.answer.start
    return Run(start, following.run.end) if following and is_wider else part.answer
