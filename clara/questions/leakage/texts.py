"""Texts that are trained on, of any size, held against the documents and gold questions they must not contain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from clara.documents.chunking import sentences
from clara.questions.leakage.runs import Run, length, runs, spaced, units
from clara.records import Document, Question, Record

DOCUMENT_WORDS = 13  # see text_overlaps
GOLD_WORDS = 8
MIN_GOLD_WORDS = 5  # a shorter gold question may stand in any text

_PIECE_CHARACTERS = 100_000  # of a long text, held as words at one time
_SHARED_CHARACTERS = 1_000  # by two pieces, so that no run is lost between them


class Overlap(Record):
    """A sentence of a document, or a gold question, whose words stand in a text that is trained on.

    Attributes:
        id: The gold question, or the name of the document.
        sentence: The question, or the document's sentence in which the shared run begins.
        run: The first words in a row that are shared, case and punctuation ignored.
        source: Source of the first text that shares them.
        index: Place of that text among all texts, from 0.
        texts: How many texts share a run with it.
    """

    id: str
    sentence: str
    run: str
    source: str
    index: int
    texts: int

    def __str__(self) -> str:
        others = f" and {self.texts - 1} more" if self.texts > 1 else ""
        return f"{self.id}: {self.sentence!r} shares {self.run!r} with text {self.index} of {self.source}{others}"


def text_overlaps(
    texts: Iterable[tuple[str, str]], documents: Sequence[Document], gold: Sequence[Question]
) -> list[Overlap]:
    """Fixtures that stand in texts a model is trained on, which would then have read the exam.

    Texts are streamed, some 6 MB a second on one core (2.4 MB of Korean); only the fixtures' runs of words are held. A
    document's sentence is found by 13 words in a row, which may read on into the next sentence; a gold question by 8,
    or by all of its words where it has 5 to 7. On words in other scripts see :mod:`clara.questions.leakage.runs`.

    Thirteen is what Brown et al. 2020 (GPT-3, arXiv:2005.14165, appendix C) removed from a training corpus, since prose
    shares shorter phrases by chance. Questions are shorter, and 8 is enough: of 8,660 questions of SQuAD and Natural
    Questions one shares 8 words with 40 MB of novels, papers, standards and facts (the title of a novel), six share 7,
    77 share 6; and none of the 1,168 of 5 to 7 words stands there whole.

    Args:
        texts: Source and text of each, in order.
        documents: What is asked about.
        gold: What is asked.

    Returns:
        One entry for each sentence and question found, those of documents first, in their order; empty if clean.
    """
    index = _Index([*_sentences(documents), *_questions(gold)])
    found: dict[int, Overlap] = {}
    for number, (source, text) in enumerate(texts):
        for place, run in index.matches(text).items():
            item = index.watched[place]
            known = found.get(place) or Overlap(
                id=item.id, sentence=item.text, run=" ".join(run), source=source, index=number, texts=0
            )
            found[place] = known.model_copy(update={"texts": known.texts + 1})
    return [found[place] for place in sorted(found)]


def gold_text_in(texts: Sequence[str], gold: Sequence[Question]) -> list[str]:
    """Gold questions that stand whole, but for case and punctuation, in a text that is to be trained on."""
    corpus = "\n".join(spaced(units(text)) for text in texts)
    return [item.question for item in gold if (asked := spaced(units(item.question))) and asked in corpus]


class _Watched(NamedTuple):
    id: str
    text: str
    runs: dict[int, list[Run]]  # by number of words


def _sentences(documents: Sequence[Document]) -> Iterator[_Watched]:
    """The sentences of documents, each with the runs that begin in it."""
    for document in documents:
        texts = sentences(" ".join(page.text for page in document.pages))
        split = [units(text) for text in texts]
        begun = iter(list(runs([unit for sequence in split for unit in sequence], DOCUMENT_WORDS)))
        for text, sequence in zip(texts, split, strict=True):
            # Not strict: `begun` goes on into the next sentence, and ends before the units of the last do.
            own = [run for _, run in zip(sequence, begun, strict=False)]
            yield _Watched(document.name, text, {DOCUMENT_WORDS: own})


def _questions(gold: Sequence[Question]) -> Iterator[_Watched]:
    for item in gold:
        asked = units(item.question)
        n = min(GOLD_WORDS, int(length(asked)))
        if n >= MIN_GOLD_WORDS:
            yield _Watched(item.id, item.question, {n: list(runs(asked, n))})


class _Index:
    """Where each run of words is watched for."""

    def __init__(self, watched: Sequence[_Watched]) -> None:
        self.watched = watched
        self._holders: dict[int, dict[Run, list[int]]] = {}
        for place, item in enumerate(watched):
            for n, own in item.runs.items():
                for run in own:
                    self._holders.setdefault(n, {}).setdefault(run, []).append(place)
        self._shortest = min(self._holders, default=1)
        every = (run for known in self._holders.values() for run in known)
        self._beginnings = {next(runs(run, self._shortest)) for run in every}

    def matches(self, text: str) -> dict[int, Run]:
        """Place in ``watched`` and first shared run of all that a text shares."""
        matches: dict[int, Run] = {}
        for start in range(0, len(text), _PIECE_CHARACTERS):
            piece = units(text[start : start + _PIECE_CHARACTERS + _SHARED_CHARACTERS])
            if self._beginnings.isdisjoint(runs(piece, self._shortest)):
                continue  # most of a corpus, so that the other lengths cost nothing
            for n, known in self._holders.items():
                for run in filter(known.__contains__, runs(piece, n)):
                    for place in known[run]:
                        matches.setdefault(place, run)
        return matches
