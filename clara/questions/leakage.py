"""No training question may give a gold question away: exact, contained, near, and who the offenders are.

Both kinds are made from the same documents, so that they share names and subject words is right and proper, and a
cloze of the very sentence that answers a gold question is knowledge, not leakage. A copy of the *question* is leakage:
answers to it would show memory of the test, not of the document.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from clara.errors import LeakageError
from clara.questions.generation import GAP
from clara.records import Question, Record, TrainingQuestion
from clara.text import words

if TYPE_CHECKING:
    from numpy import ndarray

RUN_TOKENS = 8  # words in a row that two independent writers hardly ever share
MIN_GOLD_TOKENS = 4  # a gold question shorter than this may stand inside a longer one by chance
MIN_TRAINING_TOKENS = 5  # likewise a training question inside a gold one
JACCARD = 0.65  # see _overlapping
COSINE = 0.8  # see _similar


class Offender(Record):
    """A training question too close to a gold one.

    Attributes:
        training_id: The generated question.
        gold_id: The gold question that it gives away.
        rule: First rule, from the strictest down, that caught the pair.
        training_text: What the generated question asks.
        gold_text: What the gold question asks.
    """

    training_id: str
    gold_id: str
    rule: str
    training_text: str
    gold_text: str

    def __str__(self) -> str:
        texts = f"{self.training_text!r} against {self.gold_text!r}"
        return f"{self.training_id} leaks {self.gold_id} ({self.rule}): {texts}"


def leaks(training: Sequence[TrainingQuestion], gold: Sequence[Question]) -> list[Offender]:
    """Every pair of a training question and a gold question that are too close, each once.

    Args:
        training: Questions that are to be trained on.
        gold: Questions that are to be scored.

    Returns:
        The pairs in the order of ``training``, then ``gold``; each with the strictest rule that caught it.
    """
    left = [_Text(item.question, _tokens(item.question)) for item in training]
    right = [_Text(item.question, _tokens(item.question), _tokens(item.evidence)) for item in gold]
    caught: dict[tuple[int, int], str] = {}
    for name, rule in _RULES:
        for pair in rule(left, right):
            caught.setdefault(pair, name)
    return [
        Offender(
            training_id=training[i].id,
            gold_id=gold[j].id,
            rule=caught[i, j],
            training_text=training[i].question,
            gold_text=gold[j].question,
        )
        for i, j in sorted(caught)
    ]


def check_leakage(training: Sequence[TrainingQuestion], gold: Sequence[Question]) -> None:
    """Refuse training questions that give gold ones away; called before any training.

    Raises:
        LeakageError: There are some; ``offenders`` has one line for each pair.
    """
    if offenders := leaks(training, gold):
        raise LeakageError([str(offender) for offender in offenders])


def drop_leaks(
    training: Sequence[TrainingQuestion], gold: Sequence[Question]
) -> tuple[list[TrainingQuestion], list[Offender]]:
    """Training questions without those that happen to resemble a gold one, and a list of what was dropped and why."""
    offenders = leaks(training, gold)
    dropped = {offender.training_id for offender in offenders}
    return [item for item in training if item.id not in dropped], offenders


def gold_text_in(texts: Sequence[str], gold: Sequence[Question]) -> list[str]:
    """Gold questions that stand, but for case and punctuation, in a text that is to be trained on."""
    corpus = "\n".join(_spaced(_tokens(text)) for text in texts)
    return [item.question for item in gold if (asked := _tokens(item.question)) and _spaced(asked) in corpus]


class _Text(NamedTuple):
    raw: str
    tokens: tuple[str, ...]
    evidence: tuple[str, ...] = ()

    @property
    def is_cloze(self) -> bool:
        return GAP in self.raw


_Pairs = Iterator[tuple[int, int]]


def _exact(training: Sequence[_Text], gold: Sequence[_Text]) -> _Pairs:
    return _equal([text.raw.strip() for text in training], [text.raw.strip() for text in gold])


def _normalised(training: Sequence[_Text], gold: Sequence[_Text]) -> _Pairs:
    """Equal but for case, punctuation and spacing."""
    return _equal([_spaced(text.tokens) for text in training], [_spaced(text.tokens) for text in gold])


def _contained(training: Sequence[_Text], gold: Sequence[_Text]) -> _Pairs:
    """One is a run of whole words inside the other, and long enough that this is no accident."""
    asked = [_spaced(text.tokens) for text in training]
    for j, text in enumerate(gold):
        wanted = _spaced(text.tokens)
        is_long = len(text.tokens) >= MIN_GOLD_TOKENS
        for i, own in enumerate(asked):
            if (is_long and wanted in own) or (
                own in wanted and len(training[i].tokens) >= MIN_TRAINING_TOKENS
            ):
                yield i, j


def _shared_run(training: Sequence[_Text], gold: Sequence[_Text]) -> _Pairs:
    """They share a run of words that is not simply the wording of the gold question's own evidence."""
    holders: dict[tuple[str, ...], list[int]] = {}
    for j, text in enumerate(gold):
        for run in _ngrams(text.tokens, RUN_TOKENS) - _ngrams(text.evidence, RUN_TOKENS):
            holders.setdefault(run, []).append(j)
    for i, text in enumerate(training):
        for run in _ngrams(text.tokens, RUN_TOKENS):
            yield from ((i, j) for j in holders.get(run, ()))


def _overlapping(training: Sequence[_Text], gold: Sequence[_Text]) -> _Pairs:
    """Jaccard index of their words and word pairs; a cloze is the document's sentence and is let pass.

    One word changed amid n leaves 2n - 4 of 2n + 2 features, so 0.65 catches it from n = 8 (at either end from 6), and
    lets pass "When was the mast built?" beside "When was the mast painted?", which asks for something else. Of 13,241
    pairs of different questions that people had asked on the same SQuAD passage, 0.5 % reach it.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    counts = CountVectorizer(analyzer=_features, binary=True, dtype=float)
    return _pairs_above(counts, _jaccard, JACCARD, training, gold)


def _similar(training: Sequence[_Text], gold: Sequence[_Text]) -> _Pairs:
    """TF-IDF cosine of their words and word pairs; a cloze is the document's sentence and is let pass.

    Words that all questions use weigh little, so a question shows through another way of asking ("In what year" for
    "When"). Of the pairs of :func:`_overlapping`, 0.2 % reach 0.8; at 0.7 it would be 0.6 %, mostly pairs that ask for
    the when and the where of one thing.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    return _pairs_above(TfidfVectorizer(analyzer=_features), _cosine, COSINE, training, gold)


def _pairs_above(
    vectoriser: Any,
    similarity: Callable[[Any, Any], ndarray],
    threshold: float,
    training: Sequence[_Text],
    gold: Sequence[_Text],
) -> _Pairs:
    """Pairs of a question that is no cloze and a gold question whose vectors are at least this similar."""
    asked = [i for i, text in enumerate(training) if not text.is_cloze and text.tokens]
    if not asked or not any(text.tokens for text in gold):
        return
    vectoriser.fit([training[i].tokens for i in asked] + [text.tokens for text in gold])
    left = vectoriser.transform([training[i].tokens for i in asked])
    right = vectoriser.transform([text.tokens for text in gold])
    for row, j in zip(*(similarity(left, right) >= threshold).nonzero(), strict=True):
        yield asked[int(row)], int(j)


def _cosine(left: Any, right: Any) -> ndarray:
    """Of rows of unit length, as TfidfVectorizer makes them: shape (training, gold)."""
    product: ndarray = (left @ right.T).toarray()
    return product


def _jaccard(left: Any, right: Any) -> ndarray:
    """Shared features over all features of two rows of zeros and ones: shape (training, gold)."""
    shared: ndarray = (left @ right.T).toarray()
    return shared / (left.sum(axis=1).reshape(-1, 1) + right.sum(axis=1).reshape(1, -1) - shared)


def _equal(training: Sequence[str], gold: Sequence[str]) -> _Pairs:
    holders: dict[str, list[int]] = {}
    for j, text in enumerate(gold):
        holders.setdefault(text, []).append(j)
    for i, text in enumerate(training):
        yield from ((i, j) for j in holders.get(text, ()) if text.strip())


def _tokens(text: str) -> tuple[str, ...]:
    """Words with compatibility forms and case folded: a copy in full-width letters is a copy."""
    return tuple(words(unicodedata.normalize("NFKC", text).casefold()))


def _spaced(tokens: Sequence[str]) -> str:
    """Tokens as a string in which only whole tokens are found."""
    return f" {' '.join(tokens)} " if tokens else ""


def _ngrams(tokens: Sequence[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(tokens[start : start + length]) for start in range(len(tokens) - length + 1)}


def _features(tokens: Sequence[str]) -> list[str]:
    """Words and pairs of neighbouring words."""
    return [*tokens, *map(" ".join, pairwise(tokens))]


_RULES: tuple[tuple[str, Callable[[Sequence[_Text], Sequence[_Text]], _Pairs]], ...] = (
    ("exact", _exact),
    ("normalised", _normalised),
    ("contained", _contained),
    (f"{RUN_TOKENS} words in a row", _shared_run),
    ("word overlap", _overlapping),
    ("TF-IDF cosine", _similar),
)
