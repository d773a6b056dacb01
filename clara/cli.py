"""The command ``clara``: what is done beside an evaluation."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from clara import blas
from clara.errors import ClaraError
from clara.reports.acceptance import BASELINE, RELEASE

STORE = Path(".benchmarks")  # pytest-benchmark's default
FELL = 3


class RegressionError(ClaraError):
    """What was compared shows a regression: exit code 3, with what is to be said."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0; 1 if an input cannot be used; 3 if ``clara compare`` found a regression. argparse leaves with 2.
    """
    parser = argparse.ArgumentParser(prog="clara", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    imported = commands.add_parser(
        "import-checkpoint", help="convert a released CLaRa checkpoint to a compressor"
    )
    imported.add_argument("checkpoint", type=Path, help="its folder, of one compression rate")
    imported.add_argument(
        "--base", type=Path, required=True, help="the model that it was trained on, for mlx-lm"
    )
    imported.add_argument("--out", type=Path, required=True, help="folder to write; must not exist")
    imported.set_defaults(run=import_checkpoint)
    asked = commands.add_parser("ask", help="compress texts and answer a question from their memory")
    asked.add_argument("compressor", type=Path, help="folder of a compressor")
    asked.add_argument("question")
    asked.add_argument("texts", nargs="+", help="texts to compress")
    asked.add_argument("--base", type=Path, required=True, help="the model that the compressor was made for")
    asked.add_argument("--max-tokens", type=int, default=32, help="longest answer (default: 32)")
    asked.set_defaults(run=ask)
    trained = commands.add_parser("train", help="train a compressor on a file in a published form")
    trained.add_argument("stage", choices=("scp", "cit", "retrieval", "e2e"), help="CLaRa's stage")
    trained.add_argument(
        "data", type=Path, help="JSON Lines of question, docs, answer(s), data_type, pos_index"
    )
    trained.add_argument("--base", type=Path, required=True, help="the frozen base, for mlx-lm")
    trained.add_argument(
        "--out", type=Path, required=True, help="folder of trained compressors, one a recipe"
    )
    trained.add_argument("--start", type=Path, help="compressor to go on from (default: fresh adapters)")
    trained.add_argument("--rate", type=int, help="compression rate (default: that of --start, or 4)")
    trained.add_argument("--steps", type=int, default=200, help="optimiser steps (default: 200)")
    trained.add_argument("--batch-size", type=int, default=8, help="examples a step (default: 8)")
    trained.add_argument("--learning-rate", type=float, default=1e-4, help="peak rate (default: 1e-4)")
    trained.add_argument("--k", type=int, default=5, help="documents that e2e picks (default: 5)")
    trained.add_argument("--seed", type=int, default=0)
    trained.set_defaults(run=train)
    _add_runs(commands)
    options = parser.parse_args(arguments)
    blas.preload()
    try:
        sys.stdout.write(f"{options.run(options)}\n")
    except RegressionError as fell:
        sys.stdout.write(f"{fell}\n")
        return FELL
    except (ClaraError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _add_runs(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands that look at saved runs."""
    compared = commands.add_parser(
        "compare", help="two runs, question by question; exit code 3 if something fell from A to B"
    )
    compared.add_argument("a", type=Path, help="the earlier run: a report folder, or a saved run")
    compared.add_argument("b", type=Path, help="the later run")
    compared.set_defaults(run=compare)
    baseline = commands.add_parser("baseline", help="what later runs are held against")
    actions = baseline.add_subparsers(required=True, metavar="ACTION")
    accepted = actions.add_parser("accept", help="make a saved run the baseline, with its reason")
    accepted.add_argument("saved", type=Path, help="file of pytest-benchmark's (--benchmark-autosave)")
    accepted.add_argument("--reason", required=True, help="why this level is accepted")
    accepted.add_argument("--out", type=Path, default=BASELINE, help=f"default: {BASELINE}")
    accepted.set_defaults(run=accept)
    released = actions.add_parser("release", help="make the baseline that of a release")
    released.add_argument("--baseline", type=Path, default=BASELINE, help=f"default: {BASELINE}")
    released.add_argument("--out", type=Path, default=RELEASE, help=f"default: {RELEASE}")
    released.set_defaults(run=release)
    past = commands.add_parser("history", help="each contender's metric over the saved runs")
    past.add_argument("store", type=Path, nargs="?", default=STORE, help=f"default: {STORE}")
    past.add_argument("--metric", choices=("f1", "em", "seconds"), default="f1")
    past.add_argument("--draw", type=Path, metavar="FILE.svg", help="draw it, too")
    past.set_defaults(run=history)


def import_checkpoint(options: argparse.Namespace) -> str:
    """Convert a released checkpoint, and say what it is."""
    from clara.model import released
    from clara.model.base import load_base

    found = released.import_checkpoint(options.checkpoint, load_base(options.base), options.out)
    shape = f"{found.compression.max_document_tokens} tokens to {found.compression.slots} vectors"
    return f"{options.out}: {', '.join(found.views)}; {shape} ({found.compression.rate}x)"


def ask(options: argparse.Namespace) -> str:
    """The answer, and what it was read from."""
    from clara.model import views
    from clara.model.base import load_base
    from clara.model.prompts import memory_prompt_ids
    from clara.model.reading import answer_from_memory, compress_texts, parts

    base = load_base(options.base)
    clara, settings = views.load(base, options.compressor)
    longest = settings.compression.max_document_tokens
    read = [part for text in options.texts for part in parts(base.tokenizer, text, longest)]
    memory = compress_texts(clara, base.tokenizer, read)
    slots = clara.tokens.slot * len(read)
    prompt = memory_prompt_ids(base.tokenizer, options.question, slots, settings.wording)
    said = answer_from_memory(clara, base.tokenizer, [prompt], [memory], options.max_tokens)[0]
    return f"{said.text}\n({len(options.texts)} texts, {memory.shape[0] * memory.shape[1]} vectors)"


def train(options: argparse.Namespace) -> str:
    """The folder of the compressor that a stage made of a file, and how its held-out loss went."""
    from clara.model.base import load_base
    from clara.profiles import Budget
    from clara.training.files import train_on_file

    budget = Budget(steps=options.steps, batch_size=options.batch_size, learning_rate=options.learning_rate)
    artefact = train_on_file(
        options.stage, options.data, load_base(options.base), options.out, budget,
        start=options.start, rate=options.rate, k=options.k, seed=options.seed,
    )  # fmt: skip
    (_, before), *_, (_, after) = artefact.manifest.held_out
    return f"{artefact.path}: held-out loss {before:.3f} → {after:.3f}"


def compare(options: argparse.Namespace) -> str:
    """What became of each contender from the first run to the second.

    Raises:
        RegressionError: Something fell.
    """
    from clara.reports.regression import comparison
    from clara.reports.runs import read_run

    said, fell = comparison(read_run(options.a), read_run(options.b))
    if fell:
        raise RegressionError(said)
    return said


def accept(options: argparse.Namespace) -> str:
    """Which run is the baseline now."""
    from clara.reports import acceptance

    run = acceptance.accept(options.saved, options.reason, options.out)
    return f"{options.out}: {len(run.contenders)} contenders of {run.commit[:8] or 'no commit'}: {options.reason}"


def release(options: argparse.Namespace) -> str:
    """Which run is the release's baseline now."""
    from clara.reports import acceptance

    run = acceptance.release(options.baseline, options.out)
    return f"{options.out}: {len(run.contenders)} contenders of {run.commit[:8] or 'no commit'}"


def history(options: argparse.Namespace) -> str:
    """The saved runs that can be compared with the last, and how many others there are."""
    from clara.reports.history import comparable, draw_history, history, read_history

    runs = read_history(options.store)
    shown = comparable(runs)
    if options.draw:
        draw_history(shown, options.metric, options.draw)
    rest = len(runs) - len(shown)
    others = f"\n{rest} runs of another profile or question set are left out" if rest else ""
    return history(shown, options.metric) + others
