"""Headings that ran into the sentence behind them, as they do where the lines of a chunk are joined."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from clara.questions.korean import lexicon
from clara.questions.korean.words import Eojeol, is_noun

MAX_BARE_WORDS = 4  # nouns without a particle that a sentence may begin with


def heading_length(words: Sequence[Eojeol]) -> int | None:
    """How many words of a heading stand before a sentence; None if there must be one but its end cannot be told.

    A heading is nouns without particles. It ends in one of the nouns that end headings, before a word that opens
    sentences (본 제품은), or where its last words come again (솔매 성당 솔매 성당은).
    """
    run = [word.text for word in takewhile(_is_bare, words)]
    texts = [*run, words[len(run)].stem] if len(run) < len(words) else run
    for length in range(len(run), 0, -1):
        if texts[length - 1].endswith(lexicon.HEADING_ENDS) or texts[length] in lexicon.SENTENCE_OPENERS:
            return length
        if any(texts[length - n : length] == texts[length : length + n] for n in {length, min(length, 2)}):
            return length
    return None if len(run) > MAX_BARE_WORDS else 0


def _is_bare(word: Eojeol) -> bool:
    is_number = not word.text.startswith("제") and any(letter.isdigit() for letter in word.text)
    return not (word.particle or word.after or is_number) and is_noun(word.text)
