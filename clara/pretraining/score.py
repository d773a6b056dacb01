"""How well a model reads: SQuAD's F1 and EM with the gold passage, among three, and with none.

Usage: ``python -m clara.pretraining.score FILE --model DIR [--limit N] [--json]``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from clara.errors import ClaraError
from clara.metrics import exact_match, f1
from clara.model.decoding import greedy
from clara.model.prompts import prompt_ids
from clara.pretraining.corpus import ReadingQuestion, read_questions
from clara.pretraining.spans import sentences

SETTINGS = ("gold", "three", "none")
MAX_ANSWER_TOKENS = 32
_SEED = 0


class Asked(NamedTuple):
    """A prompt, whether the gold passage had to be cut to fit it, and whether another one had to."""

    prompt: list[int]
    cut: bool
    others_cut: bool


def score(
    model: Any,
    tokenizer: Any,
    window: int,
    questions: Sequence[ReadingQuestion],
    settings: Sequence[str] = SETTINGS,
    batch_size: int = 16,
    pool: Sequence[ReadingQuestion] = (),
) -> dict[str, Any]:
    """F1 and EM, best over the listed answers, of greedy answers of at most 32 tokens.

    Args:
        model: mlx-lm's model.
        tokenizer: mlx-lm's tokenizer.
        window: Longest prompt and answer together, in tokens.
        questions: What is asked.
        settings: Which of ``gold``, ``three``, ``none``.
        batch_size: Prompts decoded together; changes the time only.
        pool: Questions whose contexts may stand beside the gold one; ``questions`` if empty.

    Returns:
        ``n``, and for each setting its means ``f1`` and ``em`` as fractions of 1, and the number of questions whose
        gold passage (``cut``) or another (``others_cut``) was cut to fit the window. None for ``three`` where the
        file has no two contexts of other titles.
    """
    shown = {"gold": _gold, "three": _among_three(pool or questions), "none": lambda _: ()}
    result: dict[str, Any] = {"n": len(questions)}
    for setting in settings:
        passages = [shown[setting](question) for question in questions]
        if setting == "three" and any(len(group) < 3 for group in passages):
            result[setting] = None
            continue
        asked = [
            ask(tokenizer, question, group, window - MAX_ANSWER_TOKENS)
            for question, group in zip(questions, passages, strict=True)
        ]
        written = greedy(model, tokenizer, [item.prompt for item in asked], MAX_ANSWER_TOKENS, batch_size)
        result[setting] = means(questions, [generation.text for generation in written])
        result[setting] |= {"cut": sum(item.cut for item in asked)}
        result[setting] |= {"others_cut": sum(item.others_cut for item in asked)}
    return result


def ask(tokenizer: Any, question: ReadingQuestion, passages: Sequence[str], room: int) -> Asked:
    """The prompt, of at most ``room`` tokens.

    The gold passage is cut around the answer, and beside others only where it would take more than three quarters of
    the room: where it stands uncut, the answer's place says nothing. The others share what is left, cut from their end.
    """
    prompt = prompt_ids(tokenizer, question.question, passages)
    if len(prompt) <= room:
        return Asked(prompt, False, False)

    def length(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False)) + 1  # a prompt may join it less well

    left = room - len(prompt_ids(tokenizer, question.question, [""] * len(passages)))
    others = len(passages) - 1
    gold = cut_around(question.context, question.answers, left * 3 // 4 if others else left, length)
    share = (left - length(gold)) // max(others, 1)
    shown = [gold if text == question.context else cut_around(text, (), share, length) for text in passages]
    return Asked(
        prompt_ids(tokenizer, question.question, shown),
        cut=gold != question.context,
        others_cut=any(text not in passages for text in shown if text != gold),
    )


def cut_around(passage: str, answers: Sequence[str], room: int, length: Callable[[str], int]) -> str:
    """The passage cut to whole sentences about the first answer that stands in it, or from its beginning.

    Only where the answer's own sentence is too long are words dropped, from the end farther from the answer.
    """
    if length(passage) <= room:
        return passage
    answer = next((answer for answer in answers if answer in passage), "")
    place = passage.index(answer)
    bounds = sentences(passage)
    first = max(i for i, (start, _) in enumerate(bounds) if start <= place)
    last = max(i for i, (start, _) in enumerate(bounds) if start <= max(place, place + len(answer) - 1))

    def fits(first: int, last: int) -> bool:
        inside = first >= 0 and last < len(bounds)
        return inside and length(passage[bounds[first][0] : bounds[last][1]]) <= room

    while fits(first, last + 1) or fits(first - 1, last):
        first, last = (first, last + 1) if fits(first, last + 1) else (first - 1, last)
    start, end = bounds[first][0], bounds[last][1]
    while length(passage[start:end]) > room and " " in passage[start:end]:
        if place - start > end - place - len(answer):
            start = passage.index(" ", start) + 1
        else:
            end = passage.rindex(" ", start, end)
    return passage[start:end]


def _gold(question: ReadingQuestion) -> tuple[str, ...]:
    return (question.context,)


def _among_three(pool: Sequence[ReadingQuestion]) -> Callable[[ReadingQuestion], tuple[str, ...]]:
    titles = {question.context: question.title for question in pool}

    def passages(question: ReadingQuestion) -> tuple[str, ...]:
        draw = Random(f"{_SEED}/{question.id}")
        others = [context for context, title in titles.items() if title != question.title]
        shown = [question.context, *draw.sample(others, min(2, len(others)))]
        draw.shuffle(shown)
        return tuple(shown)

    return passages


def means(questions: Sequence[ReadingQuestion], texts: Sequence[str]) -> dict[str, Any]:
    """Mean F1 and EM of texts written to questions, best over the listed answers, as fractions of 1."""
    pairs = list(zip(questions, texts, strict=True))
    return {
        "f1": sum(max(f1(text, answer) for answer in asked.answers) for asked, text in pairs) / len(pairs),
        "em": sum(float(exact_match(text, asked.answers)) for asked, text in pairs) / len(pairs),
    }


def sampled(questions: Sequence[ReadingQuestion], limit: int | None) -> list[ReadingQuestion]:
    """So many of the questions, drawn with seed 0 and kept in order: a prefix would be one article."""
    if limit is None or limit >= len(questions):
        return list(questions)
    return [questions[i] for i in sorted(Random(_SEED).sample(range(len(questions)), limit))]


def table(result: dict[str, Any]) -> str:
    """The result for a terminal."""
    lines = [f"{result['n']:>5} questions     F1     EM    cut  others cut"]
    for setting in SETTINGS:
        if means := result.get(setting):
            counts = f"{means['cut']:6d} {means['others_cut']:11d}"
            lines.append(f"{setting:>15} {means['f1']:6.3f} {means['em']:6.3f} {counts}")
        else:
            lines.append(f"{setting:>15}  not asked: the file has no two contexts of other titles")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Score a model on a file of questions; 1 if the file or the model cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m clara.pretraining.score", description=__doc__)
    parser.add_argument("file", type=Path, help="questions with their contexts: .jsonl or .jsonl.xz")
    parser.add_argument("--model", type=Path, required=True, help="folder of a model that mlx-lm loads")
    parser.add_argument("--limit", type=int, help="ask only so many, drawn with seed 0")
    parser.add_argument("--batch-size", type=int, default=16, help="prompts decoded together (default: 16)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    from clara.model.base import load_base

    try:
        pool = read_questions([options.file])
        base = load_base(options.model)
        questions = sampled(pool, options.limit)
        result = score(
            base.model, base.tokenizer, base.window, questions, batch_size=options.batch_size, pool=pool
        )
    except (ClaraError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(json.dumps(result) if options.json else table(result))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
