"""How well a model reads: SQuAD's F1 and EM with the gold passage, among three, with none, and from memory.

Usage: ``python -m clara.pretraining.score FILE --model DIR [--compression R [--adapt]] [--limit N] [--json]``.

``--compression`` scores a compressor that stands beside the model instead: the gold passage, cut to what is compressed
at once, is read as vectors. ``--adapt`` trains it on the passages' own text before, see :mod:`clara.pretraining.adapt`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from clara.abstention import abstains
from clara.errors import ClaraError
from clara.metrics import exact_match, f1
from clara.model import views
from clara.model.compressor import Clara
from clara.model.decoding import greedy
from clara.model.prompts import memory_prompt_ids, prompt_ids, text_ids
from clara.model.reading import answer_from_memory, compress_texts
from clara.pretraining.adapt import adapt
from clara.pretraining.corpus import ReadingQuestion, read_questions
from clara.pretraining.spans import sentences
from clara.statistics import mean_interval

SETTINGS = ("gold", "three", "none", "vain")
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
    """F1, EM and refusals of greedy answers of at most 32 tokens.

    Args:
        model: mlx-lm's model.
        tokenizer: mlx-lm's tokenizer.
        window: Longest prompt and answer together, in tokens.
        questions: What is asked.
        settings: Which of ``gold``, ``three``, ``none`` and ``vain``: another passage of the same title, without any
            of the answers; asked where there is one.
        batch_size: Prompts decoded together; changes the time only.
        pool: Questions whose contexts may stand beside the gold one; ``questions`` if empty.

    Returns:
        ``n``, and for each setting its :func:`means`, and the number of questions whose gold passage (``cut``) or
        another (``others_cut``) was cut to fit the window. None for a setting that the file has too few contexts for.
    """
    pool = pool or questions
    shown = {"gold": _gold, "three": _among_three(pool), "none": lambda _: (), "vain": _in_vain(pool)}
    fewest = {"three": 3, "vain": 1}
    result: dict[str, Any] = {"n": len(questions)}
    for setting in settings:
        pairs = [(question, shown[setting](question)) for question in questions]
        if setting == "vain":
            pairs = [pair for pair in pairs if pair[1]]
        enough = pairs and all(len(group) >= fewest.get(setting, 0) for _, group in pairs)
        result[setting] = _scored(model, tokenizer, window, pairs, batch_size) if enough else None
    return result


def _scored(
    model: Any,
    tokenizer: Any,
    window: int,
    pairs: Sequence[tuple[ReadingQuestion, Sequence[str]]],
    batch_size: int,
) -> dict[str, Any]:
    asked = [ask(tokenizer, question, shown, window - MAX_ANSWER_TOKENS) for question, shown in pairs]
    written = greedy(model, tokenizer, [item.prompt for item in asked], MAX_ANSWER_TOKENS, batch_size)
    return {
        **means([question for question, _ in pairs], [generation.text for generation in written]),
        "cut": sum(item.cut for item in asked),
        "others_cut": sum(item.others_cut for item in asked),
    }


def score_memory(
    clara: Clara,
    tokenizer: Any,
    longest: int,
    questions: Sequence[ReadingQuestion],
    batch_size: int = 16,
) -> dict[str, Any]:
    """The same from the memory of the gold passage, cut around the answer to ``longest`` tokens, compressed at once."""
    passages = [
        cut_around(q.context, q.answers, longest, lambda text: len(text_ids(tokenizer, text)))
        for q in questions
    ]
    memory = compress_texts(clara, tokenizer, [" ".join(text.split()) for text in passages], batch_size)
    prompts = [memory_prompt_ids(tokenizer, q.question, clara.tokens.slot) for q in questions]
    shown = [one[None] for one in memory]
    written = answer_from_memory(clara, tokenizer, prompts, shown, MAX_ANSWER_TOKENS, batch_size)
    cut = sum(text != q.context for text, q in zip(passages, questions, strict=True))
    return {**means(questions, [said.text for said in written]), "cut": cut, "others_cut": 0}


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


def _in_vain(pool: Sequence[ReadingQuestion]) -> Callable[[ReadingQuestion], tuple[str, ...]]:
    contexts: dict[str, list[str]] = {}
    for question in pool:
        contexts.setdefault(question.title, []).append(question.context)

    def passages(question: ReadingQuestion) -> tuple[str, ...]:
        others = [text for text in dict.fromkeys(contexts[question.title]) if text != question.context]
        silent = [
            text for text in others if not any(a.casefold() in text.casefold() for a in question.answers)
        ]
        return (Random(f"{_SEED}/{question.id}").choice(silent),) if silent else ()

    return passages


def means(questions: Sequence[ReadingQuestion], texts: Sequence[str]) -> dict[str, Any]:
    """What texts written to questions are worth.

    Returns:
        ``n``; ``f1`` and ``em``, best over the listed answers, as fractions of 1; ``f1_interval``, 95 % over contexts;
        ``refused``, the share that says that there is no answer. A refusal has an F1 of 0 where there is an answer, so
        of the F1 of a model that never refused at least 1 − ``refused`` is kept.
    """
    each = [max(f1(t, answer) for answer in q.answers) for q, t in zip(questions, texts, strict=True)]
    exact = [float(exact_match(text, q.answers)) for q, text in zip(questions, texts, strict=True)]
    interval = mean_interval(each, [question.context for question in questions], _SEED)
    return {
        "n": len(each),
        "f1": sum(each) / len(each),
        "f1_interval": interval and [interval.low, interval.high],
        "em": sum(exact) / len(exact),
        "refused": sum(map(abstains, texts)) / len(each),
    }


def sampled(questions: Sequence[ReadingQuestion], limit: int | None) -> list[ReadingQuestion]:
    """So many of the questions, drawn with seed 0 and kept in order: a prefix would be one article."""
    if limit is None or limit >= len(questions):
        return list(questions)
    return [questions[i] for i in sorted(Random(_SEED).sample(range(len(questions)), limit))]


def table(result: dict[str, Any]) -> str:
    """The result for a terminal."""
    lines = ["                  n     F1  95 % interval     EM  refused    cut  others cut"]
    for setting, means in result.items():
        if setting == "n":
            continue
        if means is None:
            lines.append(f"{setting:>12}  not asked: the file has too few contexts")
            continue
        ends = "[{:.3f}, {:.3f}]".format(*means["f1_interval"]) if means["f1_interval"] else "–"
        told = f"{means['f1']:6.3f} {ends:>14} {means['em']:6.3f} {means['refused']:8.3f}"
        lines.append(f"{setting:>12} {means['n']:6d} {told} {means['cut']:6d} {means['others_cut']:11d}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Score a model on a file of questions; 1 if the file or the model cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m clara.pretraining.score", description=__doc__)
    parser.add_argument("file", type=Path, help="questions with their contexts: .jsonl or .jsonl.xz")
    parser.add_argument("--model", type=Path, required=True, help="folder of a model that mlx-lm loads")
    parser.add_argument(
        "--compression", type=int, metavar="R", help="score the model's compressor of this rate"
    )
    parser.add_argument("--adapt", action="store_true", help="train it on the passages' own text before")
    parser.add_argument("--limit", type=int, help="ask only so many, drawn with seed 0")
    parser.add_argument("--batch-size", type=int, default=16, help="prompts decoded together (default: 16)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    if options.adapt and not options.compression:
        parser.error("--adapt: name the rate with --compression")
    try:
        result = _result(options)
    except (ClaraError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(json.dumps(result) if options.json else table(result))  # noqa: T201
    return 0


def _result(options: argparse.Namespace) -> dict[str, Any]:
    from clara.model.base import load_base

    pool, base = read_questions([options.file]), load_base(options.model)
    questions = sampled(pool, options.limit)
    if not options.compression:
        return score(
            base.model, base.tokenizer, base.window, questions, batch_size=options.batch_size, pool=pool
        )
    clara, settings = views.load(base, views.beside(options.model, options.compression))
    longest = settings.compression.max_document_tokens
    result = {"n": len(questions)}
    if options.adapt:
        adapt(clara, base, settings, list(dict.fromkeys(question.context for question in questions)))
    name = f"{options.compression}x{' adapted' if options.adapt else ''}"
    return result | {name: score_memory(clara, base.tokenizer, longest, questions, options.batch_size)}


if __name__ == "__main__":
    sys.exit(main())
