"""What names name, learnt from the text itself: that the Oder is a river, a dozen sentences say somewhere."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from clara.pretraining.spans import FUNCTION_WORDS, word_set

_NAME = r"[A-Z][\w'’-]+(?: (?:(?:of|the|de|von|van|and) )?[A-Z][\w'’-]+){0,4}"
_NOUN_PHRASE = r"(?:[\w'’-]+ ){0,4}?(?P<noun>[a-z]{3,}(?: director| player| team| station| park)?)"
_AFTER = (
    r"(?= (?:of|in|from|by|that|which|who|on|for|at|with|located|based|born|between|near|written|directed|released"
    r"|produced|published|founded|starring|where|whose|named|about)\b|[,.;:])"
)
_BRACKETS = r"(?: \([^)]{1,60}\))?"
# "X is a small river in", "X, a town in": how a noun shows that it is a type.
_DEFINED = re.compile(rf"\b(?P<names>{_NAME}){_BRACKETS}(?: (?:is|was) an?|, an?) {_NOUN_PHRASE}{_AFTER}")
# What tells more names of a type that is known: "X was the first king of",
_THE = re.compile(
    rf"\b(?P<names>{_NAME}){_BRACKETS}(?: (?:is|was) (?:the|one of the)|, the) {_NOUN_PHRASE}{_AFTER}"
)
# "the composer X", "the city of X",
_TITLED = re.compile(
    rf"\bthe (?P<noun>(?:city|town|village|island|kingdom|state|province|county|region|port)(?= of)|[a-z]{{3,}}(?! of))"
    rf" (?:of )?(?P<names>{_NAME})"
)
# "rivers such as X, Y and Z".
_SUCH_AS = re.compile(
    rf"\b(?P<noun>[a-z]{{3,}}s),? (?:such as|including|like) (?P<names>{_NAME}(?:, {_NAME})*(?:,? (?:and|or) {_NAME})?)"
)
_PATTERNS = (_DEFINED, _THE, _TITLED, _SUCH_AS)
_BETWEEN_NAMES = re.compile(r", (?:and |or )?| and | or ")
# Nouns that say nothing of what is named.
_EMPTY = FUNCTION_WORDS | word_set(
    """
    part name names member members number use result type kind form one two first second last name example case way
    fact thing time times day end beginning rest majority most lot set series group side same other following
    latter former great late new old small large local best only main major early modern american british english
    known tall ago present body figure noble master
    place fellow bit piece matter list problem lot deal while moment fool rule sign shame pity thing
    young little whole current good poor fair elder common general third former person character sort
    french german son daughter brother sister wife husband father mother native resident following version
    """
)
_NO_NOUN = ("ed", "ing", "ly", "est", "ous", "ful", "able", "ern")  # but for a few
_FEWEST_NAMES = 5  # that make a noun a type
_NOUNS_A_NAME = 2  # at most, those said most often


class Types:
    """The nouns that name a name's type.

    Attributes:
        nouns: By name, its nouns, the most often said first.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        said, defining = _said(texts)
        types = {noun for noun, names in defining.items() if len(names) >= _FEWEST_NAMES}
        kept = {name: _most_said(nouns, types, " " in name) for name, nouns in said.items()}
        self.nouns: Mapping[str, tuple[str, ...]] = {name: nouns for name, nouns in kept.items() if nouns}

    def of(self, name: str) -> tuple[str, ...]:
        """The nouns of a name; none if the text never says what it is."""
        return self.nouns.get(name, ())


def _most_said(nouns: Counter[str], types: set[str], certain: bool) -> tuple[str, ...]:
    """The types among the nouns of a name; a single capital word may be none, so once is not enough for it."""
    fewest = 1 if certain else 2
    common = nouns.most_common(_NOUNS_A_NAME)
    return tuple(noun for noun, count in common if noun in types and count >= fewest)


def _said(texts: Iterable[str]) -> tuple[dict[str, Counter[str]], dict[str, set[str]]]:
    """The nouns said of every name, and the names that every noun defines."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    defining: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        for pattern in _PATTERNS:
            for match in pattern.finditer(text):
                noun = _singular(match["noun"]) if pattern is _SUCH_AS else match["noun"]
                if noun in _EMPTY or noun.endswith(_NO_NOUN):
                    continue
                for name in _BETWEEN_NAMES.split(match["names"]):
                    said[name][noun] += 1
                    if pattern is _DEFINED:
                        defining[noun].add(name)
    return said, defining


def _singular(noun: str) -> str:
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    return noun[:-2] if noun.endswith(("sses", "shes", "ches", "xes")) else noun[:-1]
