"""A clause read as far as its verb: its subject, its verb, and where the rest begins."""

from __future__ import annotations

import re
from typing import NamedTuple

from clara.questions.english.phrases import (
    NOUN_OF,
    NOUNS,
    compiled,
    head,
    head_word,
    is_lone_name,
    is_plural,
)
from clara.questions.english.tagging import Run, Tagged
from clara.questions.english.words import (
    BE,
    PLURALS,
    VAGUE,
    Verb,
    third_person,
    verbs,
)

_SUBJECT = f"(?P<s>{NOUNS}(?:[fpt]{NOUN_OF}){{0,2}})"
_VERB = (
    "(?P<adverbs>a*)(?:(?P<helper>[bhm])(?P<main>(?<=b)a*B?a*[eigv](?![nNw])|(?<=[hm])a*(?:Ba*)?[eigv]|(?<=m)a*n|a*)"
    "|(?P<bare>[vewi]))"
)
_REDUCED = f"(?P<s>{NOUNS}e(?:[fpt]{NOUN_OF}){{1,2}})"  # "samples taken in May"
_CLAUSES = (_SUBJECT + _VERB, _REDUCED + _VERB)
_SHORTEST_PAST = 5
_TAKES_E = re.compile(
    r"(?:[aiu]t|[uioa]r|[iuy]s|[iy]z|[aeou]d|[aou]k|i[vd]|[ao]v|[lr]v|[eaiounr]c|[aiulnd]g|[aiu]n|[pbdtgck]l|[iuao]m|[iao]p|u|[nrp]s|a[lbs]|ier|(?<![ae])i[lkb])$"
)
_ONE = {"are": "is", "were": "was", "have": "has"}
_MOST_SUBJECT_WORDS = 8
MOST_REST_WORDS = 12


class Predicate(NamedTuple):
    """A subject with its verb, and where the rest of the clause begins."""

    tagged: Tagged
    subject: Run
    adverbs: str
    helper: str
    main: str
    verb: Verb | None
    end: int

    @property
    def name(self) -> str:
        """The subject as it stands inside a question."""
        text = self.tagged.between(self.subject)
        keeps = (
            self.subject.start > 0 or self.tagged.tags[0] in "NM" or is_lone_name(self.tagged, self.subject)
        )
        return text if keeps else text[0].lower() + text[1:]

    @property
    def base(self) -> str:
        """The verb's base; empty for an unknown one."""
        return self.verb.base if self.verb else ""

    @property
    def is_passive(self) -> bool:
        """Whether something is done to the subject."""
        return bool(self.main) and self.helper in BE and not self.main.endswith("ing")

    def asked(self, word: str, middle: str) -> str:
        """The question that a word begins: `When was the dome moved to the ridge?`."""
        if self.helper:
            helper, main = self.helper, self.main
        else:
            forms = self.verb.forms if self.verb else frozenset()
            helper = "did" if "past" in forms else "does" if "third" in forms else "do"
            main = self.verb.base if self.verb else ""
        middle = re.sub(r" (?:all|both|also|only)$", "", f" {middle}").strip()
        words = (word, helper, self.name, self.adverbs, main, middle)
        return f"{' '.join(filter(None, words))}?"


def read_predicate(tagged: Tagged, start: int) -> Predicate | None:
    """The clause that begins at a word; None if it cannot be read."""
    for pattern in _CLAUSES:
        match = compiled(pattern).match(tagged.tags, start)
        predicate = _predicate(tagged, match) if match else None
        if predicate:
            return predicate
    return None


def _predicate(tagged: Tagged, match: re.Match[str]) -> Predicate | None:
    subject = Run(*match.span("s"))
    classes = tagged.classes(subject)
    if "Nw" in classes or (re.search("e[pft]", classes) and "w" in classes):
        return None  # "Ada Pym comes from a family"
    is_known = classes[0] in "dNAnqwgiye" or tagged.word(subject.start).lower() in ("most", "many")
    if not is_known or "j" in classes or len(classes) > _MOST_SUBJECT_WORDS:
        return None
    if head_word(tagged, subject) in VAGUE or match["adverbs"].count("a") > 1:
        return None
    adverbs = tagged.between(Run(*match.span("adverbs")))
    if match["bare"]:
        verb = _verb(tagged.word(match.start("bare")).lower())
        if verb is None or not _is_finite(tagged, match.end(), subject, verb, match["bare"]):
            return None
        return Predicate(tagged, subject, adverbs, "", "", verb, match.end())
    helper, main = tagged.word(match.start("helper")), tagged.between(Run(*match.span("main")))
    if not _agrees(tagged, subject, helper) or re.search(r"\b(?:not|never)\b", f"{main} {adverbs}".lower()):
        return None
    if helper not in BE and not main and match["helper"] == "m":
        return None
    verb = _verb(main.split()[-1].lower()) if main else None
    if not main and match["helper"] == "h":
        if tagged.tags[match.end() : match.end() + 1] in ("e", "i", "B", "v", "t"):
            return None
        return Predicate(tagged, subject, adverbs, "", "", verbs().get(helper), match.end())
    return Predicate(tagged, subject, adverbs, helper, main, verb, match.end())


def _verb(word: str) -> Verb | None:
    """What is known of a verb; of one in -ed that nobody listed, what its letters tell."""
    known = verbs().get(word)
    if known or not word.endswith("ed") or len(word) < _SHORTEST_PAST:
        return known
    stem = word[:-2]
    if stem.endswith("i"):
        base = f"{stem[:-1]}y"
    elif stem[-1] == stem[-2] and stem[-1] not in "lszf":
        base = stem[:-1]
    else:
        base = f"{stem}e" if _TAKES_E.search(stem) else stem
    return Verb(base, word, word, frozenset(("past", "participle")))


def _is_finite(tagged: Tagged, end: int, subject: Run, verb: Verb, letter: str) -> bool:
    """Whether a verb without helper is no participle, and agrees with its subject."""
    if letter in "ei" and compiled("p").match(tagged.tags, end) and tagged.word(end) in ("by", "as"):
        return False
    if letter == "e" and compiled("[^.,;:rRkc]*[bhmv]").match(tagged.tags, end):
        return False
    if "past" in verb.forms:
        return True
    many = are_many(tagged, subject)
    return not many if "third" in verb.forms else many and "base" in verb.forms and letter == "i"


def are_many(tagged: Tagged, subject: Run) -> bool:
    """Whether a subject is plural."""
    word = tagged.word(head(tagged, subject))
    return is_plural(word) or word in PLURALS or "c" in tagged.classes(subject)


def _agrees(tagged: Tagged, subject: Run, helper: str) -> bool:
    word = tagged.word(head(tagged, subject))
    if helper in ("is", "was", "has"):
        return word[:1].isupper() or not are_many(tagged, subject) or word in PLURALS
    return helper not in ("are", "were", "have") or are_many(tagged, subject)


def of_one(predicate: Predicate) -> str:
    """The verb's first word as it follows who and what."""
    if predicate.helper:
        return _ONE.get(predicate.helper, predicate.helper)
    verb, word = predicate.verb, predicate.tagged.word(predicate.end - 1)
    return third_person(word) if verb and verb.base == word and "past" not in verb.forms else word


def rest_of(tagged: Tagged, start: int) -> str:
    """What follows, up to where a clause may end; nothing if that is far."""
    match = compiled("[^.,;:?rRkcbhmv-]*").match(tagged.tags, start)
    end = match.end() if match else start
    if end > start and tagged.tags[end - 1] in "pPft":
        return ""
    is_clean = end == len(tagged.tags) or tagged.tags[end] in ".,;:rRk"
    return tagged.between(Run(start, end)) if is_clean and end - start <= MOST_REST_WORDS else ""
