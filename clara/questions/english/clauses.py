"""An English clause taken apart: subject, verb, and what follows it, each part with its role.

What cannot be taken apart up to a clean end is given up: a wrong reading makes a wrong question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from clara.questions.english.phrases import DATE, NOUN, NOUN_OF, NOUNS, QUANTITY, compiled, head, is_plural
from clara.questions.english.tagging import Run, Tagged
from clara.questions.english.words import (
    BE,
    CALLED,
    IDLE,
    INTRANSITIVE,
    JOINING,
    NO_PURPOSE,
    PLURALS,
    SOMETHING_TO_DO,
    VAGUE,
    WITH_OBJECT,
    Verb,
    verbs,
)

_REST = "(?:[^.,;:?rkRvbhm]{1,12}(?=[.,;:?rkR]|$))"  # up to where a clause ends, or not at all

# Role of a part, its pattern of word classes (group `a` answers a question about it), and what its words must be.
_ROLES: tuple[tuple[str, str, str], ...] = (
    ("year", "[pP](?P<a>y)", "in .*[^s]"),
    ("day", "[pP](?P<a>(?:M,?)?(?:qc)?(?:qM,?y?|Mq(?:,?y)?))(?![nNUq])", "on .*"),
    ("date", f"[pP](?P<a>{DATE})(?![nNi])", "(?:in|on|during|around) .*"),
    (
        "date",
        "[pP](?P<a>[djz]?n{1,3})(?![nNi])",
        "(?:in|during|over) (?:the |late |early )+.*"
        "(?:century|year|winter|summer|spring|autumn|night|morning)",
    ),
    ("", f"[pP]{DATE}[ptc]{DATE}", ".*"),
    ("since", f"[pP](?P<a>{DATE})", "since .*"),
    ("until", f"[pP](?P<a>{DATE})", "(?:until|till) .*"),
    ("by", f"[pP](?P<a>{DATE})", "by .*"),
    ("from", f"[pPt](?P<a>{DATE})", "from .*"),
    (
        "when",
        f"(?P<a>[pP](?=[dnN]){NOUN_OF})",
        "(?:after|before|during|at the end of|at the beginning of) .*",
    ),
    ("clock", "[pP](?P<a>[qy]n?)", r"at [\d.:]+ (?:a\.?m|p\.?m|o’clock).*|at noon|at midnight"),
    (
        "duration",
        "[pP](?P<a>a*d?[qyn]{1,3}U?)",
        "for (?!the [0-9]).*(?:(?:second|minute|hour|day|night|week|month|year|decade)s?|century|centuries)",
    ),
    ("often", "(?P<a>d[qy]?[nUiS])", "(?:every|each) .*"),
    ("often", "(?P<a>a+)", "(?:twice |once )?(?:daily|monthly|annually|yearly|weekly|hourly)|twice"),
    ("often", "(?P<a>(?:a|n|[qy]n)[da][nUi])", "(?:twice|once|[a-z0-9]+ times) (?:an?|every|each|per) .*"),
    ("scale", f"[pPt]d?n?(?P<scale>n)fa*(?P<a>{QUANTITY})(?![nN])", ".*"),
    ("temperature", "[pP](?P<a>-?[qy]UU?)", "at .*(?:°c?|k)"),
    ("amount", f"[pP]a*(?P<a>{QUANTITY})(?![nN])", "by .*"),
    ("reached", f"ta*(?P<a>{QUANTITY})(?![nNU])", ".*"),
    ("", f"[pPt]a*{QUANTITY}", ".*"),
    ("means", f"p(?P<a>[gG]{_REST})", "by .*"),
    ("", f"[pP][gG]{_REST}?", ".*"),
    ("purpose", f"(?:p[ni])?(?P<a>ta?[in]{_REST})", "(?:in order )?to .*"),
    ("", "tB[^.,;:?rkR]*", ".*"),
    ("", "(?P<a>ta?[in])[^.,;:?rkR]*", "to .*"),
    ("phrase", f"[pPtf](?P<a>{NOUNS})", ".*"),
    ("dimension", f"a*(?P<a>{QUANTITY})n", ".* (?:high|tall|long|wide|deep|thick|old)"),
    ("quantity", f"a*(?P<a>{QUANTITY})(?![nNiwgeAUM])", ".*"),
    ("object", f"(?P<a>{NOUNS})", ".*"),
    ("", f"e(?:[ptf]{NOUNS})*", ".*"),
    ("", f"[gG]{_REST}?", ".*"),
    ("", "a+", ".*"),
)
# What may end a clause and belong to it, the word that opens it given.
_CLOSING: tuple[tuple[str, str, str], ...] = (
    ("reason", "R[tf]?(?P<a>[^.;:?,k]{2,14})(?=[.;:,]|$)", ".*"),
    ("if", "(?P<a>k[djnN][^.;:?,k]{2,9})(?=[.;:,]|$)", "if .*"),
    ("condition", "(?P<a>[rkP][djnN][^.;:?,k]{2,9})(?=[.;:,]|$)", "(?:when|until|once|after|before) .*"),
    ("content", "r(?P<a>[djnN][^.;:?,kr]{2,11})(?=[.;]|$)", "that .*"),
)

_SUBJECT = f"(?:{NOUNS}(?:[fpt]{NOUN_OF}){{0,2}})"
_REDUCED = f"(?:{_SUBJECT}e(?:[fpt]{NOUN_OF}){{1,2}})"  # "samples taken in May"
_ASIDE = f"(?:,c{NOUN_OF},|,r[^,;:.]*,|,{NOUN_OF}(?:p{NOUN_OF})?,|-[^-]*-)"
_VERB = "(?P<adverbs>a*)(?:ba*[ei]|[hm]a*Ba*[ei]|ma*[in]|ha*[ei]|ba*[gG]|b(?:a(?![aqy]))*|(?P<bare>[vewih]))"
_INTRODUCTION = (
    f"(?:(?P<intro>[pP]{DATE}|Pfy|[pPt]{NOUN_OF}(?:[fp]{NOUN_OF})?(?=,)"
    "|[krP][djnN][^,.;:?]{2,8}(?=,)),?|a,)?"
)
_CLAUSES = tuple(f"{_INTRODUCTION}(?P<s>{subject}){_ASIDE}?{_VERB}" for subject in (_SUBJECT, _REDUCED))
_RELATIVE = f"(?P<s>(?=[dN]){NOUN_OF}),r{_VERB}"
_FURTHER = f"(?:,?[ck]|;)(?P<pronoun>s?){_VERB}"  # the same subject again
_ORDER = f"i(?P<s>d{NOUNS})"
# Where a further clause may begin; `r` is "that" behind a verb.
_STARTS = ";|,[ck](?=[djznNA])|(?<=[vewi])r(?=[dN])"
_END = "[.,;:?rkRc-]|[pP]r|$"


class Part(NamedTuple):
    """Something that is said of a subject beside the verb.

    Attributes:
        role: What it says; "" for what nobody asks about.
        run: Its words.
        answer: Those of them that answer a question about it.
    """

    role: str
    run: Run
    answer: Run


class Clause(NamedTuple):
    """A clause that stands alone.

    Attributes:
        tagged: The sentence that it is of.
        subject: Whom or what it is about.
        auxiliary: The verb's first word, where a question moves it before the subject; "" for a bare verb.
        main: The rest of the verb; "" where the clause only says what something is.
        verb: What is known of the main verb; None for an unknown one.
        is_passive: Whether something is done to the subject.
        parts: What follows the verb.
        moved: What stood before the subject.
    """

    tagged: Tagged
    subject: Run
    auxiliary: str
    main: str
    verb: Verb | None
    is_passive: bool
    parts: tuple[Part, ...]
    moved: tuple[Part, ...] = ()

    @property
    def base(self) -> str:
        """The main verb's base; "" for an unknown one."""
        return self.verb.base if self.verb else ""


class _Group(NamedTuple):
    """A verb with its helpers."""

    helper: str
    words: Run  # without the helper
    letters: str
    verb: Verb | None
    is_passive: bool

    @property
    def is_bare(self) -> bool:
        return not self.helper and not self.is_passive


def clauses(tagged: Tagged) -> Iterator[Clause]:
    """The clauses of a sentence that can be taken apart, those that only repeat the subject too."""
    taken: set[int] = set()
    for start in _starts(tagged):
        readings = (compiled(pattern).match(tagged.tags, start) for pattern in _CLAUSES)
        found = ((match, _clause(tagged, match, Run(*match.span("s")))) for match in readings if match)
        match, clause = next(((match, clause) for match, clause in found if clause), (None, None))
        if clause and clause.subject.start in taken:
            continue
        while match and clause:
            taken.add(clause.subject.start)
            yield clause
            end = max([match.end(), *(part.run.end for part in clause.parts)])
            match = compiled(_FURTHER).match(tagged.tags, end)
            clause = _clause(tagged, match, clause.subject, clause) if match else None
    yield from _relative(tagged)


def _starts(tagged: Tagged) -> Iterator[int]:
    """Words at which a clause may begin; what looks like one before any verb is the member of a list."""
    yield 0
    for match in compiled(_STARTS).finditer(tagged.tags):
        opens = tagged.word(match.end() - 1)
        if (match[0] != "r" or opens == "that") and compiled("[bvhmew]").search(tagged.tags, 0, match.end()):
            yield match.end()
    if lead := compiled("[pPgGe][^,]*,(?=[dN])").match(tagged.tags):
        yield lead.end()


def instruction(tagged: Tagged) -> Clause | None:
    """`Replace the filter every month` read as `The filter should be replaced every month`."""
    match = compiled(_ORDER).match(tagged.tags)
    verb = verbs().get(tagged.word(0).lower())
    parts = _parts(tagged, match.end()) if match and tagged.word(0) not in ("See", "Note") else None
    if not match or not verb or not parts or "base" not in verb.forms:
        return None
    return Clause(tagged, Run(*match.span("s")), "should", f"be {verb.participle}", verb, True, tuple(parts))


def _relative(tagged: Tagged) -> Iterator[Clause]:
    """`..., which was built in 1931`: the subject is what stands before."""
    for match in compiled(_RELATIVE).finditer(tagged.tags):
        opens = tagged.word(match.start("s")).lower()
        pronoun, subject = tagged.word(match.start("adverbs") - 1), Run(*match.span("s"))
        is_own = pronoun in ("which", "who") and (
            not subject.start or tagged.tags[subject.start - 1] not in "pPf"
        )
        clause = _clause(tagged, match, subject) if is_own and opens not in ("a", "an") else None
        if clause:
            yield clause


def _clause(
    tagged: Tagged, match: re.Match[str], subject: Run, before: Clause | None = None
) -> Clause | None:
    parts = _parts(tagged, match.end())
    moved = _moved(tagged, match)
    if parts is None or moved is None:
        return None
    pronoun = match.groupdict().get("pronoun")
    if pronoun and tagged.word(match.start("pronoun")) not in ("it", "they"):
        return None
    group = _group(tagged, match, before if before and not pronoun else None)
    if (
        group is None
        or not _agrees(tagged, subject, group)
        or not _is_safe(tagged, match.end(), group, parts)
    ):
        return None
    words = [*tagged.words(Run(*match.span("adverbs"))), *tagged.words(group.words)]
    if group.helper.lower() == "cannot" or {"not", "never", "no", "longer"} & set(words):
        return None
    main = " ".join(word for word in words if word not in IDLE)
    return Clause(
        tagged, subject, group.helper, main, group.verb, group.is_passive, tuple(parts), tuple(moved)
    )


def _moved(tagged: Tagged, match: re.Match[str]) -> list[Part] | None:
    """What stands before the subject, unless it only joins the sentence to the one before."""
    if not match.groupdict().get("intro"):
        return []
    run = Run(*match.span("intro"))
    if compiled(JOINING).fullmatch(tagged.between(run).lower()):
        return []
    parts = _parts(tagged, *run)
    return parts or ([] if tagged.tags[run.start] in "pt" else None)


def _group(tagged: Tagged, match: re.Match[str], before: Clause | None) -> _Group | None:
    """The verb of a clause; a bare participle takes the helper of the clause before. None if its form does not fit."""
    first = match.end("adverbs")
    words = Run(first if match["bare"] else first + 1, match.end())
    letters = tagged.classes(words)
    verb = verbs().get(tagged.word(words.end - 1).lower()) if letters else None
    helper = "" if match["bare"] else tagged.word(first)
    stands_alone = verb is not None and verb.base in INTRANSITIVE | NO_PURPOSE | SOMETHING_TO_DO
    if (
        before
        and (before.is_passive or not before.main)
        and letters in ("e", "i")
        and not helper
        and not stands_alone
    ):
        helper = before.auxiliary
        if before.main.startswith("be"):
            return None
    is_passive = letters[-1:] in ("e", "i") and (helper in BE or "B" in letters)
    group = _Group(helper, words, letters, verb, is_passive)
    return group if _is_form(group) else None


def _is_form(group: _Group) -> bool:
    """Whether the form of a verb goes with its helper."""
    last = group.letters[-1:]
    if last in ("", "a", "g", "G"):
        return group.helper in BE
    if group.is_passive or group.helper in ("has", "have", "had"):
        return "participle" in group.verb.forms if group.verb else last == "e"
    if group.helper:
        return bool(group.verb and "base" in group.verb.forms)
    return bool(group.verb.forms & {"third", "past", "base"}) if group.verb else last == "e"


def _agrees(tagged: Tagged, subject: Run, group: _Group) -> bool:
    """Whether subject and verb agree; if not, the subject is only the end of a longer one."""
    forms = group.verb.forms if group.verb and not group.helper else frozenset()
    is_singular = group.helper in ("is", "was", "has") or "third" in forms
    needs_plural = group.helper in ("are", "were", "have") or ("base" in forms and "past" not in forms)
    if compiled(f"{NOUN_OF}(?:,{NOUN_OF})*,?c|{NOUN}c").match(tagged.tags, *subject):
        return not is_singular
    word = tagged.word(head(tagged, subject))
    if word[:1].isupper() and subject.end - subject.start > 1:
        return is_plural(word) or not needs_plural
    if word in PLURALS:
        return True
    return not (is_singular and is_plural(word)) and not (needs_plural and not is_plural(word))


def _is_safe(tagged: Tagged, start: int, group: _Group, parts: list[Part]) -> bool:
    """Whether a verb is the clause's own, and no participle that belongs to a noun."""
    base = group.verb.base if group.verb else ""
    if group.is_passive:
        return not (parts and parts[0].role == "object") or base in WITH_OBJECT
    if base in CALLED:
        return False  # "a ship named Ada"
    if not group.is_bare or not group.letters:
        return True
    if group.letters == "e" and tagged.tags[group.words.start - 1] == "w":
        return False  # "profiling suggests limited growth"
    if group.letters == "e":
        end = max([start, *(part.run.end for part in parts)])
        goes_on = compiled(f",(?:{NOUN_OF}|s)a*[bhmvwe]").match(tagged.tags, end)
        if goes_on or any(tagged.tags[part.run.start] == "e" for part in parts):
            return False  # "A term used in derision, it has ..."
    opening = next((part.role for part in parts if part.role or tagged.tags[part.run.start] != "a"), None)
    return opening in ("object", "quantity", "purpose", "content") or (
        opening is not None and base in INTRANSITIVE
    )


def _parts(tagged: Tagged, start: int, end: int | None = None) -> list[Part] | None:
    """What stands from a word to the end of its clause; None if something in between cannot be read."""
    end = len(tagged.tags) if end is None else end
    parts: list[Part] = []
    while start < end and not compiled(_END).match(tagged.tags, start):
        part = _part(tagged, start, end, _ROLES)
        if part is None:
            return None
        parts.append(part)
        start = part.run.end
    closing = _part(tagged, start, len(tagged.tags), _CLOSING)
    if closing and (closing.role != "content" or not parts):
        return [*parts, closing]
    breaks_off = tagged.word(start) == "that" and tagged.word(start - 1) in VAGUE
    return None if breaks_off or compiled("[?]|,n|(?<=[qy])-").match(tagged.tags, start) else parts


def _part(tagged: Tagged, start: int, end: int, roles: tuple[tuple[str, str, str], ...]) -> Part | None:
    if compiled(f"P{NOUNS}a*[vewbhm]").match(tagged.tags, start) and roles is _ROLES:
        return None  # "since the song appeared"
    for role, pattern, words in roles:
        match = compiled(pattern).match(tagged.tags, start, end)
        if (
            not match
            or match.end() == start
            or (words.endswith("to .*") and not _is_base(tagged, match.start("a") + 1))
        ):
            continue
        if compiled(words).fullmatch(tagged.between(Run(*match.span())).lower()):
            answer = Run(match.start("a") if "a" in match.groupdict() else start, match.end())
            return Part(role, Run(*match.span()), answer)
    return None


def _is_base(tagged: Tagged, index: int) -> bool:
    """Whether the word after `to` is a verb, an adverb before it skipped."""
    verb = verbs().get(tagged.word(index + (tagged.tags[index] == "a")).lower())
    return bool(verb and "base" in verb.forms) or tagged.tags[index + 1 : index + 2] in ("d", "j", "q")
