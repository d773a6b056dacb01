"""What a document is about, which its pronouns name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

_HE = re.compile(r"(?:He|She|he|she)\b(?!['’])")
_HIS = re.compile(r"(?:His|Her|his|her) (?=[a-z])")
_IT = re.compile(
    r"(?:It|it)\b(?!['’])(?! (?:is|was|has been|would be|will be|may be|seems?|appears?|should be) "
    r"(?:\w+ )?(?:\w+ )?(?:that|to)\b)"
)
_ITS = re.compile(r"(?:Its|its) (?=[a-z])")
_THEY = re.compile(r"(?:They|they)\b(?!['’])")
_THEIR = re.compile(r"(?:Their|their) (?=[a-z])")
_NEVER = re.compile("(?!)")
_PROPOSAL = re.compile(r"^(?:Rust )?((?:PEP|RFC|EIP)[ -]\d+)")
_WORK = re.compile(
    r"^[^.]{2,120}? (?:is|was) (?:an?|the) [^.,]{0,60}?\b(film|album|song|series|novel|book|band|company|game|show"
    r"|opera|play|club|magazine|school|university|village|town|city|river|lake|island|church|ship|battle|museum|team|airport"
    r"|station)\b"
)
_PRONOUN = re.compile(r"\b(?:he|she|it|they|his|her|its|their|him)\b", re.IGNORECASE)
_AFTER_TITLE = re.compile(r" \([^)]*\)$|, .*$")
_NO_NAME = re.compile(
    r"^(?:List|History|Outline|Index|Timeline|Economy|Geography|Culture) (?:of|in) |\d{4}|[:–/…]"
)


class Topic(NamedTuple):
    """What a document is about, as its pronouns name it.

    Attributes:
        name: Its name; empty where pronouns stand for other things.
        subject: The pronoun that stands for it as a subject.
        owner: The one before what is its own.
    """

    name: str
    subject: re.Pattern[str]
    owner: re.Pattern[str]

    @property
    def is_person(self) -> bool:
        """Whether it is one person."""
        return bool(self.name) and self.subject is _HE


NO_TOPIC = Topic("", _HE, _HIS)


def topic(title: str, texts: Sequence[str]) -> Topic:
    """What the paragraphs under a title call by a pronoun."""
    if proposal := _PROPOSAL.search(title):
        return Topic(
            proposal[1].replace("EIP ", "EIP-"), re.compile(r"This (?:PEP|RFC|EIP|proposal)\b"), _NEVER
        )
    name = _AFTER_TITLE.sub("", title)
    if _NO_NAME.search(title) or not name[:1].isupper() or len(name.split()) > 6:
        return NO_TOPIC
    last = name.split()[-1]
    if not any(last in text for text in texts):
        return NO_TOPIC
    count = Counter(word.lower() for text in texts for word in _PRONOUN.findall(text))
    he, she = count["he"] + count["his"] + count["him"], count["she"] + count["her"]
    it, they = count["it"] + count["its"], count["they"] + count["their"]
    if max(he, she) > it and max(he, she) > 2 * min(he, she):
        return Topic(name, _HE, _HIS)
    if last.endswith("s") and they > it:
        return Topic(name, _THEY, _THEIR)
    work = _WORK.search(texts[0]) if last in texts[0] else None
    if it > max(he, she) or work:
        this = re.compile(rf"{_IT.pattern}|[Tt]he {work[1]}\b(?!['’])") if work else _IT
        return Topic(name, this, _ITS)
    return NO_TOPIC
