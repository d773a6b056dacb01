"""Questions about small shapes that need no whole clause: counts, names beside posts, abbreviations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clara.questions.asked import Asked
from clara.questions.english.asking import answered
from clara.questions.english.phrases import NOUN, NOUN_OF, bare, compiled, is_person, is_plural
from clara.questions.english.tagging import Run, Tagged

_EXISTENCE = f"sba*(?P<a>q+)(?P<counted>[nNiwg]{{1,4}})(?P<place>(?:p{NOUN_OF})?)(?=[.,;])"
_POST_NAME = f"(?P<post>d[nN]{{1,4}}(?:f{NOUN})?),(?P<name>N{{2,4}})(?=[,.])"
_NAME_POST = f"(?<![N,])(?P<name>N{{2,4}}),(?P<post>dn{{1,3}}(?:[fp]{NOUN}){{0,2}})(?=[,.])"
_ABBREVIATED = r"((?:[\w-]+ ){2,6})\(([A-Z][A-Za-z]*[A-Z])s?\)"


def about_shapes(tagged: Tagged) -> Iterator[Asked]:
    """Questions about every such shape in a sentence."""
    yield from _about_existence(tagged)
    yield from _about_posts(tagged)
    yield from _about_abbreviations(tagged)


def _about_existence(tagged: Tagged) -> Iterator[Asked]:
    """`There are 40 steps in the tower`."""
    match = compiled(_EXISTENCE).match(tagged.tags)
    if match and tagged.word(0) == "There":
        counted, place = (tagged.between(Run(*match.span(group))) for group in ("counted", "place"))
        if is_plural(counted):
            yield answered(
                tagged, f"How many {counted} {tagged.word(1)} there {place}?", Run(*match.span("a"))
            )


def _about_posts(tagged: Tagged) -> Iterator[Asked]:
    """`The treasurer, Ada Pym, ...` and `Ada Pym, the treasurer, ...`."""
    be = "was" if "v" in tagged.tags or {"was", "were", "had"}.intersection(tagged.text.split()) else "is"
    for pattern in (_POST_NAME, _NAME_POST):
        for match in compiled(pattern).finditer(tagged.tags):
            post, name = Run(*match.span("post")), Run(*match.span("name"))
            if not is_person(tagged, post) or "x" in tagged.classes(post):
                continue
            text = tagged.between(post)
            if text.lower().startswith("the "):
                yield answered(tagged, f"Who {be} the {text[4:]}?", name)
            if pattern is _NAME_POST:
                yield answered(tagged, f"Who {be} {tagged.between(name)}?", bare(tagged, post))


def _about_abbreviations(tagged: Tagged) -> Iterator[Asked]:
    """`The mean free path (MFP)`."""
    for match in compiled(_ABBREVIATED).finditer(tagged.text):
        letters = [letter for letter in match[2] if letter.isupper()]
        words = list(re.finditer(r"[\w-]+", match[1]))[-len(letters) :]
        if [word[0][0].upper() for word in words] == letters:
            start, end = match.start(1) + words[0].start(), match.start(1) + words[-1].end()
            long = tagged.text[start:end]
            yield Asked("wh", f"What does {match[2]} stand for?", long, start)
            yield Asked("wh", f"What is the abbreviation for {long}?", match[2], match.start(2))
