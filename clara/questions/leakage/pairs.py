"""No training question may give a gold question away: exact, contained, near, and who the offenders are.

Both kinds are made from the same documents, so that they share names and subject words is right and proper, and a
cloze of the very sentence that answers a gold question is knowledge, not leakage. A copy of the *question* is leakage:
answers to it would show memory of the test, not of the document.

Lengths are in words, as :mod:`clara.questions.leakage.runs` counts them in any script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from clara.errors import LeakageError
from clara.questions.generation import GAP
from clara.questions.leakage.runs import Run, features, length, runs, spaced, units
from clara.records import Question, Record, TrainingQuestion

if TYPE_CHECKING:
    from numpy import ndarray

RUN_WORDS = range(8, 14)  # see _shared_run
MIN_GOLD_WORDS = 4  # a gold question shorter than this may stand inside a longer one by chance
MIN_TRAINING_WORDS = 5  # likewise a training question inside a gold one
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
        training: Questions that are to be trained on, unanswerable ones too.
        gold: Questions that are to be scored.

    Returns:
        The pairs in the order of ``training``, then ``gold``; each with the strictest rule that caught it.
    """
    caught = _caught([_text(item) for item in training], [_text(item) for item in gold])
    return [
        Offender(
            training_id=training[i].id,
            gold_id=gold[j].id,
            rule=rule,
            training_text=training[i].question,
            gold_text=gold[j].question,
        )
        for (i, j), rule in caught.items()
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


def near_duplicates(gold: Sequence[Question]) -> list[tuple[int, int, str]]:
    """Places of two gold questions as close as no training question may be to a gold one, and the rule, in order."""
    texts = [_text(item) for item in gold]
    return [(i, j, rule) for (i, j), rule in _caught(texts, texts).items() if i < j]


class _Text(NamedTuple):
    raw: str
    units: Run
    evidence: Run

    @property
    def is_cloze(self) -> bool:
        return GAP in self.raw


_Pairs = Iterator[tuple[int, int]]


def _text(item: TrainingQuestion | Question) -> _Text:
    evidence = " ".join(item.evidence) if isinstance(item, Question) else ""
    return _Text(item.question, units(item.question), units(evidence))


def _caught(left: Sequence[_Text], right: Sequence[_Text]) -> dict[tuple[int, int], str]:
    """Pairs that are too close, in order, with the strictest rule that says so."""
    caught: dict[tuple[int, int], str] = {}
    for name, rule in _RULES:
        for pair in rule(left, right):
            caught.setdefault(pair, name)
    return dict(sorted(caught.items()))


def _exact(training: Sequence[_Text], gold: Sequence[_Text]) -> _Pairs:
    return _equal([text.raw.strip() for text in training], [text.raw.strip() for text in gold])


def _normalised(training: Sequence[_Text], gold: Sequence[_Text]) -> _Pairs:
    """Equal but for case, punctuation and spacing."""
    return _equal([spaced(text.units) for text in training], [spaced(text.units) for text in gold])


def _contained(training: Sequence[_Text], gold: Sequence[_Text]) -> _Pairs:
    """One is a run of whole words inside the other, and long enough that this is no accident."""
    asked = [(i, spaced(text.units), length(text.units)) for i, text in enumerate(training)]
    long = [(i, own) for i, own, own_length in asked if own_length >= MIN_TRAINING_WORDS]
    for j, text in enumerate(gold):
        wanted = spaced(text.units)
        yield from ((i, j) for i, own in long if own in wanted)
        if length(text.units) >= MIN_GOLD_WORDS:
            yield from ((i, j) for i, own, _ in asked if wanted in own)


def _shared_run(training: Sequence[_Text], gold: Sequence[_Text], n: int) -> _Pairs:
    """They share a run of ``n`` words that is not simply the wording of the gold question's own evidence.

    Tried from 13 words, which stands for any longer run, down to 8. Brown et al. 2020 (arXiv:2005.14165, appendix C)
    found chance collisions below 8 and took no run longer than 13; Radford et al. 2019 (GPT-2) and Chowdhery et al.
    2022 (PaLM, arXiv:2204.02311) compare by 8. Gold questions have about as many words, so the limit is 8 here.
    """
    holders: dict[Run, list[int]] = {}
    for j, text in enumerate(gold):
        for run in set(runs(text.units, n)).difference(runs(text.evidence, n)):
            holders.setdefault(run, []).append(j)
    for i, text in enumerate(training):
        for run in filter(holders.__contains__, runs(text.units, n)):
            yield from ((i, j) for j in holders[run])


def _overlapping(training: Sequence[_Text], gold: Sequence[_Text]) -> _Pairs:
    """Jaccard index of their words and word pairs; a cloze is the document's sentence and is let pass.

    One word changed amid n leaves 2n - 4 of 2n + 2 features, so 0.65 catches it from n = 8 (at either end from 6), and
    lets pass "When was the mast built?" beside "When was the mast painted?", which asks for something else. Of 13,241
    pairs of different questions that people had asked on the same SQuAD passage, 0.5 % reach it. By pairs and fours of
    characters the same holds for 2n characters: one of 17 may change amid them, as a Korean particle does.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    counts = CountVectorizer(analyzer=features, binary=True, dtype=float)
    return _pairs_above(counts, _jaccard, JACCARD, training, gold)


def _similar(training: Sequence[_Text], gold: Sequence[_Text]) -> _Pairs:
    """TF-IDF cosine of their words and word pairs; a cloze is the document's sentence and is let pass.

    Words that all questions use weigh little, so a question shows through another way of asking ("In what year" for
    "When"). Of the pairs of :func:`_overlapping`, 0.2 % reach 0.8; at 0.7 it would be 0.6 %, mostly pairs that ask for
    the when and the where of one thing.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    return _pairs_above(TfidfVectorizer(analyzer=features), _cosine, COSINE, training, gold)


def _pairs_above(
    vectoriser: Any,
    similarity: Callable[[Any, Any], ndarray],
    threshold: float,
    training: Sequence[_Text],
    gold: Sequence[_Text],
) -> _Pairs:
    """Pairs of a question that is no cloze and a gold question whose vectors are at least this similar."""
    left = [i for i, text in enumerate(training) if not text.is_cloze and length(text.units) >= 1]
    right = [j for j, text in enumerate(gold) if length(text.units) >= 1]
    if not left or not right:
        return
    asked, wanted = [training[i].units for i in left], [gold[j].units for j in right]
    vectoriser.fit(asked + wanted)
    close = similarity(vectoriser.transform(asked), vectoriser.transform(wanted)) >= threshold
    for row, column in zip(*close.nonzero(), strict=True):
        yield left[row], right[column]


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
        yield from ((i, j) for j in holders.get(text, ()) if text)


_RULES: tuple[tuple[str, Callable[[Sequence[_Text], Sequence[_Text]], _Pairs]], ...] = (
    ("exact", _exact),
    ("normalised", _normalised),
    ("contained", _contained),
    *((f"{n} words in a row", partial(_shared_run, n=n)) for n in reversed(RUN_WORDS)),
    ("word overlap", _overlapping),
    ("TF-IDF cosine", _similar),
)
