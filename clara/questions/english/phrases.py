"""English phrases as patterns over word classes, and what kinds of phrases there are."""

from __future__ import annotations

import re
from functools import cache

from clara.questions.english.tagging import Run, Tagged
from clara.questions.english.words import HONORIFICS, NO_PERSON, NO_PLACE, PERSONS, PLACES, PLURALS, VAGUE

_MODIFIER = "(?:[nNAqyiwgUSMx]|(?<=[djzqfptU])e|(?<=[djz]a)e|(?<=[djz])a|(?<![a-zA-Z,.;:?-])e(?=[nN]))"
QUANTITY = "(?:(?:[qy]c)?[qy]{1,3}U{0,3}(?:p[nU])?)"
NOUN = f"(?:[djz]?(?:[qy]c(?=[qy]))?{_MODIFIER}{{0,7}}[nNAiwgSU](?:(?<=[nN])[qy](?![nNUqyx]))?(?!x))"
NOUN_OF = f"(?:{NOUN}(?:f(?:{NOUN}|a?{QUANTITY})){{0,3}})"  # "the depth of the lake"
NOUNS = f"(?:{NOUN_OF}(?:(?:,{NOUN_OF}){{0,8}},?c(?![iwvz]){NOUN_OF})?)"  # "rain, hail and snow"
DATE = "(?:M?,?d?[na]?(?:(?:qc)?q?M(?:q?(?:,?y)?)?|Sf?y?|y)(?:f[yMS]y?)?)"

_COMMON = re.compile("(?:s|tion|ment|ness|ity|ure|ance|ence|age|ing|ism|ics|logy|water|rain|power|data)$")
_LANGUAGE = ("ish", "ese", "ism", "ity", "ian", "ics")
_SUPERLATIVE = re.compile(
    "(?:larg|small|high|low|long|old|bigg|b|young|tall|deep|great|short|new|lat|earli|wid)est|only|same|worst"
)
NO_REFERENT = re.compile(
    r"\b(?:it|he|she|they|him|them|this|these|those|such|we|us|our|you|your|I|my|here|former|latter|above|below|other"
    r"|another|itself|themselves|himself|herself|one|ones|same|following|others|et|al|respectively)\b"
)
_ARTICLES = ("the", "a", "an", "its", "their", "his", "her")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern, compiled at first use: importing must stay cheap."""
    return re.compile(pattern)


def head(tagged: Tagged, run: Run) -> int:
    """The word that a noun phrase is about: "depth" in "the mean depth of the lake"."""
    match = compiled(NOUN).match(tagged.tags, *run)
    return match.end() - 1 if match else run.end - 1


def head_word(tagged: Tagged, run: Run) -> str:
    """The head of a noun phrase in lower case."""
    return tagged.word(head(tagged, run)).lower()


def bare(tagged: Tagged, run: Run) -> Run:
    """A phrase without its article."""
    return (
        Run(run.start + 1, run.end)
        if tagged.word(run.start).lower() in _ARTICLES and run.end - run.start > 1
        else run
    )


def is_plural(word: str) -> bool:
    """Whether a noun looks like more than one."""
    return word in PLURALS or (word.endswith("s") and not word.endswith(("ss", "us", "is", "’s")))


def is_lone_name(tagged: Tagged, run: Run) -> bool:
    """Whether a single word at the start of a sentence is a name: nothing but its shape can tell."""
    return tagged.classes(run) == "A" and not _COMMON.search(tagged.word(run.start))


def is_name(tagged: Tagged, run: Run) -> bool:
    """Whether a phrase is a proper name."""
    starts = re.match("d?N", tagged.classes(run))
    return is_lone_name(tagged, run) or bool(starts and tagged.tags[head(tagged, run)] in "Nq")


def is_person(tagged: Tagged, run: Run) -> bool:
    """Whether a phrase names a person by title, post or calling."""
    word = head_word(tagged, run)
    is_calling = (
        word in PERSONS
        or word.removesuffix("s") in PERSONS
        or (len(word) > 5 and word.endswith(("ist", "ists", "ians")))
    )
    return is_calling or tagged.word(run.start).rstrip(".") in HONORIFICS


def may_be_person(tagged: Tagged, run: Run) -> bool:
    """Whether a name of several words says nothing against a person's."""
    words = tagged.words(run)
    return len(words) > 1 and set(tagged.classes(run)) == {"N"} and not NO_PERSON.intersection(words)


def is_place(tagged: Tagged, run: Run) -> bool:
    """Whether a phrase names a place, or might: a name that is nothing else that is known."""
    word = tagged.word(head(tagged, run))
    is_placename = tagged.tags[head(tagged, run)] == "N" and word not in NO_PLACE and not word.isupper()
    return word.lower() in PLACES or (is_placename and not word.endswith(_LANGUAGE))


def is_vague(tagged: Tagged, run: Run) -> bool:
    """Whether a phrase says too little to be an answer."""
    word = head_word(tagged, run)
    points_away = tagged.tags[run.start] in "zs" or NO_REFERENT.search(tagged.between(run))
    return word in VAGUE or bool(_SUPERLATIVE.fullmatch(word) or points_away)
