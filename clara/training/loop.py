"""The one optimisation loop. Stages differ by data, loss and what trains; how a step is made stands here."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_flatten, tree_map, tree_unflatten
from tqdm import tqdm

from clara.errors import TrainingError
from clara.profiles import Budget
from clara.training.batches import Batch

Loss = Callable[[Any, Any], mx.array]  # of a model and one of its batches

_CHECKPOINTED_ABOVE = 1_000_000_000  # parameters: below, recomputing costs more time than memory is worth
_EVALUATIONS, _FEWEST_STEPS = 4, 8  # held-out measurements on the way, and steps between two of them


@dataclass(frozen=True)
class Stage:
    """Data, loss and budget of one stage.

    Attributes:
        name: Names the stage in artefacts, logs and errors.
        micro_batches: The micro-batches of a step (from 0); a pure function of the step.
        held_out: Batches never trained on.
        loss: What is minimised, a mean over a batch's supervised tokens, in nats.
        budget: Steps and rates.
        measured: What is measured on what is held out; None for ``loss``.
        trains: Freezes everything of the model but what the stage trains; None where the model comes so.
        seed: Seeds dropout, step by step, so that a resumed training drops what an uninterrupted one drops.
    """

    name: str
    micro_batches: Callable[[int], Sequence[Batch]]
    held_out: Sequence[Batch]
    loss: Loss
    budget: Budget
    measured: Loss | None = None
    trains: Callable[[nn.Module], None] | None = None
    seed: int = 0


@dataclass
class History:
    """What a training went through.

    Attributes:
        losses: Mean training loss of each step, in nats a token.
        supervised_tokens: Supervised tokens of each step.
        answer_tokens: Those of them, in all, that answer questions.
        questions: Ids of the questions answered, in the order trained on, as often as they were.
        held_out: Pairs of step and held-out loss; the first is step 0, before any update.
        seconds: Wall time over all attempts.
    """

    losses: list[float] = field(default_factory=list)
    supervised_tokens: list[int] = field(default_factory=list)
    answer_tokens: int = 0
    questions: list[str] = field(default_factory=list)
    held_out: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, loss: float, batches: Sequence[Batch]) -> None:
        """A step, and what it was trained on."""
        self.losses.append(loss)
        self.supervised_tokens.append(sum(batch.targets.size for batch in batches))
        self.answer_tokens += sum(batch.answer_tokens for batch in batches)
        self.questions += [question for batch in batches for question in batch.questions]


def train(model: nn.Module, stage: Stage, folder: Path, save_every: int = 50) -> History:
    """Train what is trainable in ``model``, in place, for the stage's number of steps.

    Killed and called again with the same arguments it goes on from its last saved step and ends where an
    uninterrupted training ends, bit for bit.

    Args:
        model: Its trainable parameters are trained, or those that the stage says; everything frozen stays bit-equal.
        stage: Data, loss, budget.
        folder: Where the state is kept while training, and the batch if it fails.
        save_every: Steps between two saved states.

    Raises:
        TrainingError: A batch without supervised tokens, or a loss or gradient that is not finite. The batch
            is saved in the folder.
    """
    budget = stage.budget
    if not any(batch.targets.size for batch in stage.held_out):
        raise TrainingError(stage.name, 0, "nothing held out has a supervised token", "Check the answers")
    if stage.trains:
        stage.trains(model)
    optimizer = optim.AdamW(learning_rate=_schedule(budget), weight_decay=0.0, bias_correction=True)
    optimizer.init(model.trainable_parameters())
    history = _resume(model, optimizer, folder)
    model.train()
    every = max(_FEWEST_STEPS, math.ceil(budget.steps / _EVALUATIONS))
    with _checkpointed(model), tqdm(total=budget.steps, desc=stage.name, disable=None, leave=False) as bar:
        bar.update(len(history.losses))
        for step in range(len(history.losses), budget.steps):
            began = time.perf_counter()
            if step % every == 0:
                history.held_out.append((step, held_out_loss(model, stage)))
            batches = stage.micro_batches(step)
            loss = _step(model, optimizer, stage, step, batches, folder)
            history.add(loss, batches)
            history.seconds += time.perf_counter() - began
            bar.update()
            bar.set_postfix(loss=f"{loss:.3f}")
            if (step + 1) % save_every == 0:
                _save(model, optimizer, history, folder)
    model.eval()
    history.held_out.append((budget.steps, held_out_loss(model, stage)))
    return history


def held_out_loss(model: nn.Module, stage: Stage) -> float:
    """Mean loss over every supervised held-out token, in nats; the model's mode is left as it was."""
    was_training = model.training
    model.eval()
    supervised = [batch for batch in stage.held_out if batch.targets.size]
    loss = stage.measured or stage.loss
    sums = [(float(loss(model, batch)), batch.targets.size) for batch in supervised]
    model.train(was_training)
    return sum(loss * tokens for loss, tokens in sums) / sum(tokens for _, tokens in sums)


def _step(
    model: nn.Module,
    optimizer: optim.Optimizer,
    stage: Stage,
    step: int,
    batches: Sequence[Batch],
    folder: Path,
) -> float:
    mx.random.seed(hash((stage.seed, step)) % 2**63)
    if not all(batch.targets.size for batch in batches):
        raise _stopped(stage, step, batches, folder, "a batch has no supervised token", "Check the answers")
    total = sum(batch.targets.size for batch in batches)
    loss, gradient = 0.0, None
    for batch in batches:
        share = batch.targets.size / total  # weighted by tokens, so that splitting a batch changes nothing
        part, grad = nn.value_and_grad(model, stage.loss)(model, batch)
        grad = tree_map(lambda g, share=share: g * share, grad)
        gradient = grad if gradient is None else tree_map(mx.add, gradient, grad)
        loss += float(part) * share
    gradient, norm = optim.clip_grad_norm(gradient, stage.budget.clip_norm)
    if not (math.isfinite(loss) and math.isfinite(norm.item())):
        found = f"loss is {loss}, gradient norm {norm.item()}"
        raise _stopped(stage, step, batches, folder, found, "Lower the learning rate, or look at the batch")
    optimizer.update(model, gradient)
    mx.eval(model.trainable_parameters(), optimizer.state)
    return loss


def _stopped(
    stage: Stage, step: int, batches: Sequence[Batch], folder: Path, found: str, remedy: str
) -> TrainingError:
    failed = folder / f"failed-{step + 1}.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    mx.save_safetensors(str(failed), {f"{i}.{name}": value for i, batch in enumerate(batches)
                                      for name, value in vars(batch).items()
                                      if isinstance(value, mx.array) and value.size})  # fmt: skip
    return TrainingError(stage.name, step + 1, found, f"{remedy}: it is saved in {failed}")


def _schedule(budget: Budget) -> Callable[[mx.array], mx.array]:
    from mlx_lm.tuner.utils import build_schedule

    peak = budget.learning_rate
    decay = {
        "name": "cosine_decay",
        "arguments": [peak, max(budget.steps - budget.warmup_steps, 1), peak / 10],
    }
    schedule: Callable[[mx.array], mx.array] = build_schedule({**decay, "warmup": budget.warmup_steps})
    return schedule


def _save(model: nn.Module, optimizer: optim.Optimizer, history: History, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    state = tree_flatten({"model": model.trainable_parameters(), "optimizer": optimizer.state})
    arrays = {name: value for name, value in state if isinstance(value, mx.array)}
    partial = folder / "state.partial.safetensors"
    mx.save_safetensors(str(partial), arrays, metadata={"history": json.dumps(vars(history))})
    partial.replace(folder / "state.safetensors")


def _resume(model: nn.Module, optimizer: optim.Optimizer, folder: Path) -> History:
    path = folder / "state.safetensors"
    if not path.exists():
        return History()
    loaded: Any = mx.load(str(path), return_metadata=True)
    arrays, metadata = loaded
    state: Any = tree_unflatten(list(arrays.items()))
    model.update(state["model"])
    optimizer.state = state["optimizer"]
    saved = json.loads(metadata["history"])
    saved["held_out"] = [(step, loss) for step, loss in saved["held_out"]]
    return History(**saved)


@contextlib.contextmanager
def _checkpointed(model: nn.Module) -> Iterator[None]:
    """Recompute blocks in the backward pass of large models; MLX patches the class, so put it back after.

    A compressor's views are of one class, so one of them stands for all.
    """
    from mlx_lm.tuner.trainer import grad_checkpoint
    from mlx_lm.utils import get_total_parameters

    if get_total_parameters(model) < _CHECKPOINTED_ABOVE:
        yield
        return
    layer = (model.decoder if hasattr(model, "decoder") else model).layers[0]
    block = type(layer)
    before = block.__call__
    grad_checkpoint(layer)
    try:
        yield
    finally:
        block.__call__ = before
