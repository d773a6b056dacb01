"""Questions about a clause whose end need not be understood: what stands behind the answer is left unsaid."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from clara.pretraining.predicates import MOST_REST_WORDS, Predicate, of_one, read_predicate, rest_of
from clara.questions.asked import Asked
from clara.questions.english.asking import answered
from clara.questions.english.phrases import (
    DATE,
    NOUN_OF,
    NOUNS,
    compiled,
    head,
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
from clara.questions.english.words import BE, BODIES, HUMAN_VERBS, NO_PERSON, OF_PERSONS, verbs

Kinds = Callable[[str], tuple[str, ...]]  # of a name, the nouns that say what it names

_OPENING = f"[pP](?:(?P<date>{DATE})|(?P<place>d?N(?:[fN]*N)?)),?(?=[dNnqA])"
_EDGE = "(?=[].,;:?cpPrRkbhmta-]|$)"
_DATE = rf"[pP](?P<a>{DATE}){_EDGE}"
_PHRASE = f"(?P<p>[pPt])(?P<a>{NOUN_OF}){_EDGE}(?!c[nNd])"
_OBJECT = f"(?P<a>{NOUN_OF}){_EDGE}(?!c[nNdjA]|,[nN])"
_COUNT = "a*(?P<a>q+)(?P<n>[niwg]{1,3})(?=[.,;:cpPrRkt]|$)"
_BEING = f"a*(?P<a>(?=d){NOUNS}(?:p{NOUN_OF})?)(?=[.rRk;:]|,[rpPgekcd]|$)"
_REASON = "R[tf]?(?P<a>[^.;:?,k]{2,10})(?=[.;:,]|$)"
_MEANS = "p(?P<a>[gG][^.;:?,krRbhm]{2,8})(?=[.;:,]|$)"
_MIDDLE = re.compile("[^bhmvrRkc;:?.,-]{0,9}")
_IN_TIME = ("in", "on", "during", "since", "around", "until", "from")
_STRANDED = (
    "of",
    "to",
    "on",
    "from",
    "with",
    "for",
    "into",
    "against",
    "after",
    "through",
    "as",
    "at",
    "about",
)
_FAR = ("to", "from", "with", "for", "into", "against", "by", "as", "through")
_MOST_BETWEEN = 6


def about_predicate(tagged: Tagged, kinds: Kinds) -> Iterator[Asked]:
    """Every question about the clause at the start of a sentence, as far as it can be understood."""
    opening = compiled(_OPENING).match(tagged.tags)
    predicate = read_predicate(tagged, opening.end() if opening else 0)
    if predicate is None:
        return
    if opening:
        yield from _about_opening(predicate, opening)
    yield from _about_times_and_places(predicate)
    yield from _about_ends(predicate)
    if predicate.main or not predicate.helper:
        yield from _about_object(predicate, kinds)
        yield from _about_phrase(predicate, kinds)
    elif predicate.helper in BE:
        yield from _about_being(predicate)
    yield from _about_subject(predicate, kinds)


def _about_opening(predicate: Predicate, opening: re.Match[str]) -> Iterator[Asked]:
    """`In 1931, the mill burnt`."""
    tagged, rest = predicate.tagged, rest_of(predicate.tagged, predicate.end)
    if not rest and predicate.helper and not predicate.main:
        return
    preposition, kind = tagged.word(0).lower(), "date" if opening["date"] else "place"
    answer = Run(*opening.span(kind))
    if kind == "place" and preposition in ("in", "at") and is_place(tagged, answer):
        yield answered(tagged, predicate.asked("Where", rest), answer)
    if kind == "date" and preposition in _IN_TIME[:3] and re.search(r"\d", tagged.between(answer)):
        is_year = preposition == "in" and opening["date"] == "y" and len(rest) % 2
        yield answered(tagged, predicate.asked("In what year" if is_year else "When", rest), answer)


def _about_times_and_places(predicate: Predicate) -> Iterator[Asked]:
    """The first date and the first place that follow, what stands between repeated."""
    tagged, end = predicate.tagged, predicate.end
    middle = compiled(_MIDDLE.pattern).match(tagged.tags, end)
    for start in range(end, middle.end() + 1 if middle else end):
        before = tagged.between(Run(end, start))
        preposition = tagged.word(start).lower()
        if before and not predicate.main and predicate.helper:
            return
        date = compiled(_DATE).match(tagged.tags, start) if preposition in _IN_TIME else None
        if date and re.search(r"\d", tagged.text[slice(*tagged.offsets(Run(*date.span("a"))))]):
            is_year = date["a"] == "y"
            word = {"since": "Since when", "until": "Until when", "from": "From when"}.get(preposition)
            years = (
                ["In what year", "What year"][len(before) % 2 :][:1]
                if is_year and preposition == "in"
                else []
            )
            for form in [word] if word else ["When", *years]:
                yield answered(tagged, predicate.asked(form, before), Run(*date.span("a")))
            continue
        place = compiled(_PHRASE).match(tagged.tags, start) if preposition in ("in", "at", "near") else None
        if place and compiled("d?N").match(place["a"]) and is_place(tagged, Run(*place.span("a"))):
            yield answered(tagged, predicate.asked("Where", before), Run(*place.span("a")))


def _about_ends(predicate: Predicate) -> Iterator[Asked]:
    """Reasons and means."""
    tagged, end = predicate.tagged, predicate.end
    for word, pattern, opens in (("Why", _REASON, ""), ("How", _MEANS, "by")):
        match = compiled(pattern).search(tagged.tags, end)
        if not match or match.start() - end > MOST_REST_WORDS:
            continue
        between = Run(end, match.start())
        is_plain = not compiled("[bhmvrRk;:?.,-]").search(tagged.classes(between))
        is_plain &= bool(predicate.main or not predicate.helper or between.end > between.start)
        if is_plain and (not opens or tagged.word(match.start()) == opens):
            yield answered(tagged, predicate.asked(word, tagged.between(between)), Run(*match.span("a")))


def _about_object(predicate: Predicate, kinds: Kinds) -> Iterator[Asked]:
    tagged, end = predicate.tagged, predicate.end
    if predicate.is_passive:
        return
    if count := compiled(_COUNT).match(tagged.tags, end):
        noun = tagged.between(Run(*count.span("n")))
        if is_plural(noun):
            rest = rest_of(tagged, count.end())
            yield answered(tagged, predicate.asked(f"How many {noun}", rest), Run(*count.span("a")))
        return
    match = compiled(_OBJECT).match(tagged.tags, end)
    if match and predicate.verb:
        answer = Run(*match.span("a"))
        if not is_vague(tagged, _bare(tagged, answer)) and tagged.tags[answer.start] not in "zsaq":
            is_who = predicate.verb.base in OF_PERSONS and is_name(tagged, answer)
            word = "Who" if is_who else _who(tagged, answer, kinds) or "What"
            rest = rest_of(tagged, match.end())
            yield answered(tagged, predicate.asked(word, rest), _bare(tagged, answer))


def _about_phrase(predicate: Predicate, kinds: Kinds) -> Iterator[Asked]:
    """`What was the roof covered with?`, and what stands further behind: `What did they take the roof to?`."""
    tagged, end = predicate.tagged, predicate.end
    middle = compiled(_MIDDLE.pattern).match(tagged.tags, end)
    for start in range(end, min(middle.end(), end + _MOST_BETWEEN) + 1 if middle and predicate.verb else end):
        match = compiled(_PHRASE).match(tagged.tags, start)
        is_far = start > end
        before, preposition = tagged.between(Run(end, start)), tagged.word(start)
        if match and not (is_far and (preposition not in _FAR or preposition in before.split())):
            yield from _about_one_phrase(predicate, match, before, kinds)


def _about_one_phrase(
    predicate: Predicate, match: re.Match[str], before: str, kinds: Kinds
) -> Iterator[Asked]:
    tagged = predicate.tagged
    answer, preposition = Run(*match.span("a")), tagged.word(match.start("p")).lower()
    bare = _bare(tagged, answer)
    if is_vague(tagged, bare) or tagged.tags[answer.start] in "zsqyMa":
        return
    first = verbs().get(tagged.word(answer.start).lower())
    if preposition == "to" and first and "base" in first.forms:
        if answer.end - answer.start > 1 and compiled("[.,;:]|$").match(tagged.tags, answer.end):
            yield answered(tagged, predicate.asked("What", f"{before} to do"), answer)
        return
    if preposition == "to" and tagged.tags[answer.start] not in "dNjA":
        return
    who = _who(tagged, answer, kinds)
    if preposition == "by" and predicate.is_passive:
        known = head_word(tagged, answer) in BODIES or predicate.base in HUMAN_VERBS
        yield answered(tagged, predicate.asked("Who" if who or known else "What", f"{before} by"), bare)
    elif preposition in ("in", "at") and tagged.tags[head(tagged, answer)] == "N":
        return  # a place, asked for above
    elif preposition in _STRANDED or (preposition == "in" and predicate.is_passive and not before):
        yield answered(tagged, predicate.asked(who or "What", f"{before} {preposition}"), bare)


def _about_being(predicate: Predicate) -> Iterator[Asked]:
    """What a name is: `an American film director`."""
    tagged = predicate.tagged
    match = compiled(_BEING).match(tagged.tags, predicate.end)
    if not match or tagged.tags[predicate.subject.start] not in "NAd":
        return
    answer = Run(*match.span("a"))
    article = tagged.word(answer.start).lower()
    if article not in ("a", "an", "the") or is_vague(tagged, _bare(tagged, answer)):
        return
    is_who = is_person(tagged, answer) or is_person(tagged, predicate.subject)
    yield answered(
        tagged, f"{'Who' if is_who else 'What'} {predicate.helper} {predicate.name}?", _bare(tagged, answer)
    )


def _about_subject(predicate: Predicate, kinds: Kinds) -> Iterator[Asked]:
    """Who or what did it, as far as the next comma."""
    tagged, subject = predicate.tagged, predicate.subject
    rest = rest_of(tagged, predicate.end)
    is_being = predicate.helper in BE and not predicate.main
    if is_being and re.match(r"(?:\w+ )?an? ", rest):
        return
    if sum(len(word) > 3 for word in rest.split()) < 2 or "c" in tagged.classes(subject):
        return
    bare = _bare(tagged, subject)
    if is_vague(tagged, bare) or tagged.tags[subject.start] not in "dNA":
        return
    verb = of_one(predicate)
    words = (predicate.adverbs, verb, predicate.main if predicate.helper else "", rest)
    word = _who(tagged, subject, kinds)
    is_human = may_be_person(tagged, subject) or is_lone_name(tagged, subject)
    if is_human and predicate.verb and predicate.verb.base in HUMAN_VERBS:
        word = word if predicate.is_passive else "Who"
    if word is None and tagged.tags[head(tagged, subject)] == "N":
        named = kinds(tagged.between(bare))
        is_thing = NO_PERSON.intersection(tagged.words(subject))
        word = f"Which {named[0]}" if named else "What" if is_thing else None
    elif word is None and tagged.classes(subject) != "A":
        word = "What"
    if word:
        yield answered(tagged, f"{word} {' '.join(filter(None, words))}?", bare)


def _who(tagged: Tagged, run: Run, kinds: Kinds) -> str | None:
    """Who, if a phrase names a person as far as is known."""
    if is_person(tagged, run):
        return "Who"
    name = tagged.between(_bare(tagged, run))
    named = kinds(name)
    if not may_be_person(tagged, run) or NO_PERSON.intersection(name.split()):
        return None
    is_person_noun = any(noun.endswith(("er", "or", "ist", "ian", "man", "ess")) for noun in named)
    return "Who" if is_person_noun else None


def _bare(tagged: Tagged, run: Run) -> Run:
    is_article = tagged.word(run.start).lower() in ("the", "a", "an") and run.end - run.start > 1
    return Run(run.start + 1, run.end) if is_article else run
