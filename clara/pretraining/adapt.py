"""A pretrained compressor adapted to passages by their own text, as the harness adapts one to a user's documents.

The questions it learns from are made by rule from the passages, in pieces of what is compressed at once; those that
people asked about them are never read.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

from clara.model import views
from clara.model.base import LanguageModel
from clara.model.compressor import Clara
from clara.model.prompts import text_ids
from clara.model.reading import parts
from clara.model.views import CompressorSettings
from clara.profiles import Budget
from clara.questions import generate, held_out, rebuild
from clara.records import Chunk
from clara.training.batches import Pool
from clara.training.examples import on_own_chunk
from clara.training.loop import train
from clara.training.memory_stages import Layout, salient_stage

BUDGET = Budget(steps=200, learning_rate=3e-4)  # some eight minutes on two cores, however many the passages
_REBUILT = 5  # one micro-batch in so many writes passages again
_HELD_OUT = 0.05  # of the pieces; their loss alone is measured
_SEED = 0
_log = logging.getLogger(__name__)


def adapt(
    clara: Clara,
    base: LanguageModel,
    settings: CompressorSettings,
    passages: Sequence[str],
    budget: Budget | None = None,
) -> None:
    """Train encoder, decoder and memory tokens in place by salient compression pretraining on the passages.

    Args:
        clara: The compressor.
        base: Its base.
        settings: What it says of itself.
        passages: Texts, each once.
        budget: Steps and rates; ``BUDGET`` if None.

    Raises:
        TrainingError: The loss is not finite, or no question can be made of what is held out.
    """
    budget = budget or BUDGET
    longest = settings.compression.max_document_tokens
    pieces = [piece for text in passages for piece in parts(base.tokenizer, " ".join(text.split()), longest)]
    chunks = [_chunk(i, piece, base) for i, piece in enumerate(pieces)]
    asked, kept = held_out(generate(chunks, _SEED), _HELD_OUT, _SEED)
    texts = {chunk.id: chunk.text for chunk in chunks}
    batches = budget.steps * budget.accumulate
    rebuilding = Pool([rebuild(text) for text in texts.values()], budget.batch_size, _SEED)
    asking = Pool(on_own_chunk(asked, texts), budget.batch_size, _SEED)
    stage = salient_stage(
        Layout(base.tokenizer, views.memory_tokens(base, settings.compression), settings.wording),
        [asking.batch(i) for i in range(batches - batches // _REBUILT)],
        [rebuilding.batch(i) for i in range(batches // _REBUILT)],
        on_own_chunk(kept[: 4 * budget.batch_size], texts),
        budget,
        _SEED,
    )
    with tempfile.TemporaryDirectory() as folder:
        history = train(clara, stage, Path(folder))
    first, last = (history.held_out[i][1] for i in (0, -1))
    _log.info("adapted on %d questions made by rule: loss %.3f → %.3f", len(asked), first, last)


def _chunk(number: int, text: str, base: LanguageModel) -> Chunk:
    name = f"piece-{number}"
    return Chunk(
        id=f"{name}#000", document=name, pages=(1,), text=text, tokens=len(text_ids(base.tokenizer, text))
    )
