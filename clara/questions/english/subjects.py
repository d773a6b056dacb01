"""Questions about the subject of a clause: who did it, what it is, how large it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clara.questions.asked import Asked
from clara.questions.english.asking import (
    answered,
    is_whole,
    kept,
    may_be_named,
    subject_text,
)
from clara.questions.english.clauses import Clause
from clara.questions.english.phrases import (
    bare,
    head,
    head_word,
    is_name,
    is_person,
    is_plural,
    is_vague,
    may_be_person,
)
from clara.questions.english.tagging import Run
from clara.questions.english.words import BODIES, HUMAN_VERBS, NO_PERSON, SCALES, third_person

_MAX_ANSWER_WORDS = 8
_MAX_DEFINITION_WORDS = 9
_ONE = {"are": "is", "were": "was", "have": "has"}
_NOUN_OF = {
    "high": "height",
    "tall": "height",
    "long": "length",
    "wide": "width",
    "deep": "depth",
    "thick": "thickness",
    "old": "age",
}
_CALLINGS = ("er", "or", "ist", "ian", "man", "ess", "person", "artist")
_OWNED = re.compile(r"\b(?:its|their|his|her)\b")


def about_subject(clause: Clause) -> Iterator[Asked]:
    """Questions that the subject answers: who, what, how many; "By whom" turns an active clause round."""
    tagged, subject = clause.tagged, clause.subject
    classes = tagged.classes(subject)
    if not clause.main or not clause.parts or len(classes) > _MAX_ANSWER_WORDS or classes[0] in "jzs":
        return
    rest = " ".join(kept(clause))
    if counted := re.match("a*q(?=[nNiwg])", classes):
        numbers = Run(subject.start, subject.start + counted.end())
        noun = tagged.between(Run(numbers.end, subject.end))
        if is_plural(noun):
            yield answered(tagged, f"How many {noun} {clause.auxiliary} {clause.main} {rest}?", numbers)
        return
    answer = bare(tagged, subject)
    says_enough = sum(len(word) > 3 for word in rest.split()) > 1 and (
        bool(clause.verb) or not clause.main.endswith("ly")
    )
    if not says_enough or _OWNED.search(rest) or is_vague(tagged, answer):
        return
    if who := _who(clause):
        yield answered(tagged, f"{who} {_of_one(clause)} {rest}?", answer)
    if passive := _turned_round(clause) if who == "Who" else None:
        yield answered(tagged, passive, answer)


def _who(clause: Clause) -> str | None:
    """Whether to ask who or what; None where a name may be a person's or a thing's."""
    tagged, subject = clause.tagged, clause.subject
    name, acts = is_name(tagged, subject), not clause.is_passive
    if is_person(tagged, subject) or (acts and name and clause.base in HUMAN_VERBS):
        return "Who"
    if name:
        return "What" if clause.is_passive and NO_PERSON.intersection(tagged.words(subject)) else None
    if (
        tagged.tags[head(tagged, subject)] == "N"
        or tagged.tags[subject.start] not in "dA"
        or not may_be_named(clause)
    ):
        return None
    return "Who" if acts and head_word(tagged, subject) in BODIES else "What"


def _of_one(clause: Clause) -> str:
    """The verb as it follows who and what: "are kept" → "is kept", "hold" → "holds"."""
    if clause.auxiliary or clause.verb is None:
        return f"{_ONE.get(clause.auxiliary, clause.auxiliary)} {clause.main}".strip()
    *adverbs, last = clause.main.split()
    is_base = "base" in clause.verb.forms and "past" not in clause.verb.forms
    return " ".join([*adverbs, third_person(last) if is_base else last])


def _turned_round(clause: Clause) -> str | None:
    """`By whom was the report written in May?` of `Ada Pym wrote the report in May`."""
    tagged, thing = clause.tagged, clause.parts[0]
    is_past = clause.verb and "past" in clause.verb.forms and not clause.auxiliary
    if not clause.verb or not is_past or thing.role != "object" or clause.base not in HUMAN_VERBS:
        return None
    word = tagged.word(head(tagged, thing.run))
    are_many = (is_plural(word) and word.islower()) or "c" in tagged.classes(thing.run)
    rest = " ".join(kept(clause, (thing,)))
    return f"By whom {'were' if are_many else 'was'} {tagged.between(thing.run)} {clause.verb.participle} {rest}?"


def about_being(clause: Clause) -> Iterator[Asked]:
    """Questions about what something is: definitions, posts, measures, comparisons."""
    if clause.verb or (clause.main and not clause.main.endswith("ly")):
        return
    if not may_be_named(clause) or not clause.parts:
        return
    match clause.parts[0].role:
        case "dimension":
            yield from _about_dimension(clause)
        case "quantity" if head_word(clause.tagged, clause.subject) in SCALES and not _is_rate(clause):
            yield answered(
                clause.tagged, f"What {clause.auxiliary} {subject_text(clause)}?", clause.parts[0].answer
            )
        case "object" if len(clause.parts) > 1 and clause.tagged.word(clause.parts[1].run.start) == "than":
            yield from _about_comparison(clause)
        case "object":
            yield from _about_definition(clause)


def _is_rate(clause: Clause) -> bool:
    return len(clause.parts) > 1 and clause.tagged.word(clause.parts[1].run.start) == "per"


def _about_dimension(clause: Clause) -> Iterator[Asked]:
    """`The dome is 18 metres high`."""
    part, subject = clause.parts[0], subject_text(clause)
    adjective, answer = clause.tagged.word(part.run.end - 1), Run(part.answer.start, part.run.end - 1)
    yield answered(clause.tagged, f"How {adjective} {clause.auxiliary} {subject}?", answer)
    yield answered(clause.tagged, f"What {clause.auxiliary} the {_NOUN_OF[adjective]} of {subject}?", answer)


def _about_comparison(clause: Clause) -> Iterator[Asked]:
    """`The eastern shore is steeper than the western shore`."""
    adjective, than = clause.tagged.between(clause.parts[0].run), clause.parts[1]
    if adjective.endswith("er") and than.role == "phrase":
        question = f"What {clause.auxiliary} {subject_text(clause)} {adjective} than?"
        yield answered(clause.tagged, question, bare(clause.tagged, than.answer))


def _about_definition(clause: Clause) -> Iterator[Asked]:
    """`Lake Orrin is a lake in the north`, `Ada Pym is the treasurer`, `The treasurer is Ada Pym`."""
    tagged, subject, part = clause.tagged, clause.subject, clause.parts[0]
    answer, be = bare(tagged, part.answer), clause.auxiliary
    if is_vague(tagged, answer) or not (is_whole(clause, part) or tagged.tags[part.run.end] == "r"):
        return
    name, article = is_name(tagged, subject), tagged.word(part.answer.start)
    is_calling = may_be_person(tagged, subject) and head_word(tagged, part.answer).endswith(_CALLINGS)
    person = is_calling or is_person(tagged, part.answer)
    who = "Who" if person or is_person(tagged, subject) else "What"
    if tagged.tags[part.answer.start] == "N":
        is_post = is_person(tagged, subject) or "f" in tagged.classes(subject)
        if tagged.tags[subject.start] == "d" and is_post:
            yield answered(tagged, f"{who} {be} {subject_text(clause)}?", answer)
        return
    if (person and not name) or (tagged.word(subject.start).lower() in ("a", "an") and article == "the"):
        return
    if article in ("a", "an"):
        yield answered(tagged, f"{who} {be} {subject_text(clause)}?", _definition(clause, answer))
    elif article == "the":
        if person or not name:
            yield answered(tagged, f"{who} {be} {subject_text(clause)}?", answer)
        rest = " ".join([tagged.between(part.run), *kept(clause, (part,))])
        if subject.end - subject.start <= _MAX_ANSWER_WORDS and tagged.tags[subject.start] in "Nd":
            yield answered(tagged, f"{who} {be} {rest}?", bare(tagged, subject))


def _definition(clause: Clause, answer: Run) -> Run:
    """What something is, with what follows: "village in the north"."""
    end = answer.end
    for part in clause.parts[1:]:
        if part.role != "phrase" or part.run.end - answer.start > _MAX_DEFINITION_WORDS:
            break
        end = part.run.end
    return Run(answer.start, end)
