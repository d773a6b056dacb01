"""What the articles of an encyclopaedia say in fixed forms: dates of life in brackets, a calling, a year, kin."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clara.questions.asked import Asked

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DAY = rf"(?:\d{{1,2}} {_MONTH} \d{{4}}|{_MONTH} \d{{1,2}}, \d{{4}}|{_MONTH} \d{{4}}|\d{{4}})"
_LIFE = re.compile(
    rf"\((?:[^()]{{0,40}}?[;,] )??\s*(?:born:? |b\. )?(?P<born>{_DAY})(?: ?[–-] ?(?P<died>{_DAY}))?[^()]{{0,60}}\)"
)
_NATION = (
    r"(?:[A-Z][a-z]+(?:ish|ean|ian|ese|can|gian|lian|man|wegian|nch|tch|eek|iss|zech)"
    r"|Polish|Welsh|Scottish|Greek|Dutch|Swiss|French|Turkish|Thai|Israeli|Iraqi)"
)
_CALLING = re.compile(
    rf"\b(?P<be>is|was) an? (?:(?P<nation>{_NATION}(?:[- ]{_NATION})?) )?(?:(?:former|retired|professional) )?"
    r"(?P<calling>(?:[a-z-]+ ){0,2}[a-z]+(?:er|or|ist|ian|man|ess|ress|oet)(?:, [a-z -]{3,30}?(?:er|or|ist|ian))*"
    r"(?:,? and (?:[a-z-]+ ){0,2}[a-z]+(?:er|or|ist|ian))?)\b(?! of)"
)
_WORK = re.compile(
    r"\b(?:is|was) an? (?P<year>(?:18|19|20)\d\d) [^.,]{0,60}?\b(?P<kind>film|album|song|novel|book|movie|single)\b"
)
_NAME = r"[A-Z][\w.'’-]*[\w](?: (?:(?:of|de|von|van|the|la|al) )*[A-Z][\w'’-]+){0,4}"
_KIN = re.compile(
    r"\b(?:his|her|[Hh]is|[Hh]er) (?P<kin>(?:(?:elder|older|younger|first|second|third|eldest|only|future|late|twin) )?"
    r"(?:wife|husband|father|mother|brother|sister|son|daughter|uncle|aunt|nephew|niece|cousin|grandfather|teacher|manager"
    rf"|partner|successor|predecessor|friend|mentor)),? (?P<name>{_NAME})"
)


def about_life(text: str, name: str) -> Iterator[Asked]:
    """Questions about a person whose article a passage is from."""
    life = _LIFE.search(text, 0, 200)
    if life and name.split()[-1] in text[: life.start()]:
        yield _span(life, "born", f"When was {name} born?")
        if life["died"]:
            yield _span(life, "died", f"When did {name} die?")
    calling = _CALLING.search(text, 0, 300)
    if calling and name.split()[-1] in text[: calling.start()]:
        if calling["nation"]:
            yield _span(calling, "nation", f"What nationality {calling['be']} {name}?")
        yield _span(calling, "calling", f"What {calling['be']} {name}’s occupation?")
    for kin in _KIN.finditer(text):
        yield _span(kin, "name", f"Who was {name}’s {kin['kin']}?")


def about_work(text: str, name: str) -> Iterator[Asked]:
    """Questions about a film, a song, a book."""
    work = _WORK.search(text, 0, 200)
    if work and name.split()[-1] in text[: work.start()]:
        verb = "published" if work["kind"] in ("novel", "book") else "released"
        yield _span(work, "year", f"In what year was {name} {verb}?")


def _span(match: re.Match[str], group: str, question: str) -> Asked:
    return Asked("wh", question, match[group], match.start(group))
