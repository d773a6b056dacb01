"""How fast a reader is pretrained, beside the same step in PyTorch and what the card could do; not a test.

Usage: ``python tests/bench_pretraining.py [--rounds 6] [--steps 40] [--skip-torch]``, on a machine with a GPU.
With ``--compressor RECIPE --reader DIR`` the steps of a compressor are timed in the same rounds. ``--check`` compares
the two steps' losses from the same weights, on the CPU. A rehearsal: ``--device cpu --rows 2 --steps 2 --rounds 2``.

Every contender is a process of its own that holds the card only while it is asked to: all are warmed up at the same
time, since most of that is compiling, then they take turns. What has been measured is printed whatever breaks.
"""

# ruff: noqa: T201 (what it prints is what it is for)

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
if sys.path[0] == str(Path(__file__).resolve().parent):
    sys.path[0] = str(REPOSITORY)  # folders of tests are named like modules

RECIPE = REPOSITORY / "clara" / "pretraining" / "reader-v1.toml"
WARM_UP_STEPS = 8
BATCHES = 8  # which go round
GIB = 2**30
_SHARED = 0.9  # of the card's memory, among all contenders: each keeps what it has allocated
_CHECKED_STEPS = 4
_TOLERANCE = 1e-3

Spec = dict[str, Any]  # what a contender is told before anything else; JSON


# What both are given ---------------------------------------------------------------------------------------------


def batches(spec: Spec) -> list[tuple[Any, Any]]:
    """Ids and loss weights of some steps: words are as frequent as words are, rows are weighted as the recipe does."""
    import numpy as np

    draw = np.random.default_rng(0)
    rows, length, vocab = spec["rows"], spec["tokens"] + 1, spec["model"]["vocab_size"]
    share = 1 / (np.arange(vocab) + 10.0)
    made = []
    for _ in range(BATCHES):
        ids = draw.choice(vocab, size=(rows, length), p=share / share.sum()).astype(np.uint16)
        weights = np.full((rows, length), spec["context_weight"], np.uint8)
        weights[draw.random((rows, length)) < 0.04] = spec["answer_weight"]
        weights[:, -length // 16 :] = 0  # padding
        weights[: round(spec["plain_text"] * rows)] = spec["text_weight"]
        made.append((ids, weights[:, 1:]))
    return made


def reader_spec(options: argparse.Namespace) -> Spec:
    from clara.pretraining.config import read_recipe

    recipe = read_recipe(options.recipe)
    phase, optimizer = recipe.phases[0], recipe.optimizer.model_dump(mode="json")
    return {
        "recipe": str(options.recipe),
        "device": options.device,
        "precision": "float32" if options.device == "cpu" else recipe.precision,
        "compile": options.compile or options.device != "cpu",
        "dropout": 0.0 if options.check else recipe.dropout,
        "model": {**recipe.model, "vocab_size": recipe.tokenizer.entries},
        "rows": options.rows or recipe.rows.rows_per_step,
        "tokens": recipe.rows.tokens_per_row,
        "plain_text": phase.plain_text,
        "context_weight": phase.context_weight,
        "answer_weight": recipe.rows.answer_weight,
        "text_weight": recipe.rows.text_weight,
        "optimizer": {**optimizer, "warmup_steps": 1} if options.check else optimizer,
        "path": [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part],
    }


# Contenders: each answers questions in a process of its own -------------------------------------------------------


class Contender(NamedTuple):
    """What a process can be asked for.

    Attributes:
        how: What is to be known about it; stands in the table.
        step: Enqueues the next step.
        finish: Waits for every step so far and gives the last one's numbers.
        peak_bytes: Most memory held so far.
        rates: Operations and bytes copied a second, of a product and a copy of this size.
        save: Writes the weights, by mlx-lm's names.
    """

    how: str
    step: Callable[[], None]
    finish: Callable[[], list[float]]
    peak_bytes: Callable[[], int]
    rates: Callable[[int, int], tuple[float, float]]
    save: Callable[[str], None]


def _mlx_device(spec: Spec) -> Any:
    import clara.pretraining  # noqa: F401, I001 (chooses its BLAS before MLX is there)
    import mlx.core as mx

    if spec["device"] == "cpu":
        mx.set_default_device(mx.cpu)
    elif mx.default_device() != mx.Device(mx.gpu):
        raise RuntimeError(
            f"MLX's device is {mx.default_device()}: use --device cpu, or install its CUDA backend"
        )
    else:
        mx.set_memory_limit(int(mx.set_memory_limit(2**40) * spec["share"]))  # it tells the one before
    return mx


def mlx_reader(spec: Spec) -> Contender:
    """The step of ``clara.pretraining.train``, made of the same parts."""
    mx = _mlx_device(spec)
    from clara.pretraining.checkpoints import begin
    from clara.pretraining.config import OptimizerRecipe, read_recipe
    from clara.pretraining.dropout import add_dropout
    from clara.pretraining.optimisation import build_model, compiled_step

    changed = {
        "precision": spec["precision"],
        "dropout": spec["dropout"],
        "optimizer": OptimizerRecipe.model_validate(spec["optimizer"]),
    }
    recipe = read_recipe(Path(spec["recipe"])).model_copy(update=changed)
    model = build_model(recipe, spec["model"]["vocab_size"])
    add_dropout(model, recipe.dropout)
    optimizer, (_, _, parameters, moments) = begin(Path("nowhere"), model.parameters(), recipe.optimizer)
    mx.eval(parameters, moments)
    advance = compiled_step(recipe, model, optimizer)
    made = (
        (mx.array(ids).astype(mx.int32), mx.array(weights).astype(mx.float32))
        for ids, weights in itertools.cycle(batches(spec))
    )
    return _in_mlx(mx, advance, parameters, moments, made)


def _in_mlx(
    mx: Any, advance: Callable[..., Any], parameters: Any, moments: Any, rows: Iterator[Any]
) -> Contender:
    """Steps of a compiled function from weights, moments and a step's arrays to new ones and numbers."""
    import numpy as np
    from mlx.utils import tree_flatten

    state: dict[str, Any] = {"parameters": parameters, "moments": moments, "numbers": mx.zeros(1)}
    steps = itertools.count(1)

    def step() -> None:
        mx.random.seed(next(steps))
        after = advance(state["parameters"], state["moments"], *next(rows))
        mx.async_eval(*after)
        state.update(zip(("parameters", "moments", "numbers"), after, strict=True))

    def finish() -> list[float]:
        mx.eval(state)
        return state["numbers"].tolist()

    def save(path: str) -> None:
        np.savez(path, **{name: np.array(array) for name, array in tree_flatten(state["parameters"])})

    return Contender(f"MLX {mx.__version__}", step, finish, mx.get_peak_memory, _mlx_rates, save)


def _mlx_rates(width: int, elements: int) -> tuple[float, float]:
    import mlx.core as mx

    def best(work: Callable[[], Any]) -> float:
        mx.eval(work())
        return min(_seconds(lambda: mx.eval(work())) for _ in range(4))

    a, b = (mx.random.normal((width, width)).astype(mx.bfloat16) for _ in range(2))
    long = mx.random.normal((elements,), dtype=mx.bfloat16)
    mx.eval(a, b, long)
    return 8 * 2 * width**3 / best(lambda: [a @ b for _ in range(8)]), 2 * long.nbytes / best(
        lambda: long + 1
    )


def mlx_compressor(spec: Spec) -> Contender:
    """The step of ``clara.pretraining.compress`` with one document a row."""
    mx = _mlx_device(spec)
    from clara.pretraining.checkpoints import begin
    from clara.pretraining.compress import compiled_step, half_precision
    from clara.pretraining.config import read_compressor_recipe
    from clara.pretraining.merged import merge_lora
    from clara.training.forms import CompressorForm

    recipe = read_compressor_recipe(Path(spec["compressor"]))
    recipe = recipe.model_copy(update={"precision": spec["precision"]})
    clara = CompressorForm(recipe.memory, recipe.lora, recipe.seed).begin(
        half_precision(Path(spec["reader"]), recipe.precision), None
    )
    merge_lora(clara)
    clara.train_only("encoder", "decoder", memory=True)
    optimizer, (_, _, parameters, moments) = begin(
        Path("nowhere"), clara.trainable_parameters(), recipe.optimizer
    )
    mx.eval(parameters, moments)
    advance = compiled_step(recipe, clara, optimizer)
    rows = _compression_rows(recipe, clara.tokens, spec["compressor_rows"])
    made = (tuple(mx.array(part).astype(mx.int32) for part in row) for row in itertools.cycle(rows))
    return _in_mlx(mx, advance, parameters, moments, made)


def _compression_rows(recipe: Any, tokens: Any, rows: int) -> list[Any]:
    """Steps of the recipe's shape ``one``: documents of 32 to 128 tokens, prompts with their memory, short answers."""
    import numpy as np

    from clara.pretraining.compression_rows import CompressionRows

    draw = np.random.default_rng(0)
    shape, longest = recipe.rows.one, recipe.memory.max_document_tokens
    width = -(-(longest + 3 + tokens.count) // 8) * 8

    def padded(filled: list[list[int]], length: int) -> Any:
        return np.array([[*row, *[0] * (length - len(row))] for row in filled], np.uint16)

    def words(least: int, most: int) -> list[int]:
        return draw.integers(10, tokens.vocabulary, draw.integers(least, most + 1)).tolist()

    made = []
    for _ in range(BATCHES):
        documents = [[tokens.encode, *words(longest // 4 + 2, longest + 2), *tokens.ids] for _ in range(rows)]
        answers = [words(1, 12) for _ in range(rows)]
        most = shape.tokens - len(tokens.slot) - 12
        asked = [[*tokens.slot, *words(8, min(most, 40))] for _ in range(rows)]
        made.append(
            CompressionRows(
                documents=padded(documents, width),
                lengths=np.array([len(ids) for ids in documents], np.uint16),
                prompts=padded(
                    [[*ids, *a[:-1]] for ids, a in zip(asked, answers, strict=True)], shape.tokens
                ),
                begins=np.array([len(ids) - 1 for ids in asked], np.uint16),
                answers=padded(answers, shape.answer_tokens),
                answer_lengths=np.array([len(answer) for answer in answers], np.uint16),
            )
        )
    return made


def torch_reader(spec: Spec) -> Contender:
    """The same step in PyTorch: mlx-lm's Llama over a half-precision copy of float32 master weights."""
    try:
        import torch
    except ImportError:
        sys.path += spec["path"]
        import torch
    import numpy as np

    cuda = spec["device"] != "cpu"
    if cuda:
        if not torch.cuda.is_available():
            raise RuntimeError("PyTorch sees no GPU: use --device cpu, or --skip-torch")
        torch.cuda.set_per_process_memory_fraction(spec["share"])
    device = torch.device("cuda" if cuda else "cpu")
    torch.manual_seed(0)
    half = getattr(torch, spec["precision"])
    recipe = spec["optimizer"]
    names, master = zip(*_torch_weights(torch, spec, device), strict=True)
    shadow = [weight.detach().to(half, copy=True).requires_grad_() for weight in master]
    loss = _torch_loss(torch, spec, names, device)
    forward = torch.compile(loss, fullgraph=True, dynamic=False) if spec["compile"] else loss
    optimizer = torch.optim.AdamW(
        master, lr=0.0, betas=tuple(recipe["betas"]), weight_decay=recipe["weight_decay"], fused=cuda
    )
    made = [
        (torch.from_numpy(ids.astype(np.int64)), torch.from_numpy(weights.astype(np.float32)))
        for ids, weights in batches(spec)
    ]
    rows = itertools.cycle([tuple(t.pin_memory() for t in row) for row in made] if cuda else made)
    steps = itertools.count()
    numbers = [torch.zeros(4)]

    def step() -> None:
        ids, weights = (part.to(device, non_blocking=True) for part in next(rows))
        lost, shares = forward(shadow, ids, weights)
        lost.backward()
        for wide, narrow in zip(master, shadow, strict=True):
            if wide.grad is None:
                wide.grad = torch.empty_like(wide)
            narrow.grad = narrow.grad.contiguous()
        torch._foreach_copy_([wide.grad for wide in master], [narrow.grad for narrow in shadow])
        for narrow in shadow:
            narrow.grad = None
        norm = torch.nn.utils.clip_grad_norm_(master, recipe["clip_norm"])
        optimizer.param_groups[0]["lr"] = _rate(recipe, next(steps))
        optimizer.step()
        with torch.no_grad():
            torch._foreach_copy_(shadow, master)
        numbers[0] = torch.stack([lost.detach(), *shares, norm])

    def finish() -> list[float]:
        if cuda:
            torch.cuda.synchronize()
        return numbers[0].tolist()

    def rates(width: int, elements: int) -> tuple[float, float]:
        return _torch_rates(torch, device, finish, width, elements)

    def save(path: str) -> None:
        np.savez(path, **{n: weight.detach().cpu().numpy() for n, weight in zip(names, master, strict=True)})

    compiled = "compiled" if spec["compile"] else "not compiled"
    peak = torch.cuda.max_memory_allocated if cuda else lambda: 0
    return Contender(f"PyTorch {torch.__version__}, {compiled}", step, finish, peak, rates, save)


def _rate(recipe: dict[str, Any], step: int) -> float:
    """``clara.pretraining.optimisation.learning_rate``, on paper: a warm-up, a constant stretch, a fall to zero."""
    rise = min(step / max(recipe["warmup_steps"], 1), 1.0)
    left = (recipe["steps"] - step) / max(recipe["decay_steps"], 1)
    return recipe["learning_rate"] * max(min(rise, left, 1.0), 0.0)


def _torch_weights(torch: Any, spec: Spec, device: Any) -> Iterator[tuple[str, Any]]:
    """Weights by mlx-lm's names: those of the file ``weights``, else random ones."""
    import numpy as np

    given = np.load(spec["weights"]) if "weights" in spec else None
    for name, shape in shapes(spec["model"]):
        if given is not None:
            weight = torch.from_numpy(given[name])
        else:
            weight = torch.ones(shape) if len(shape) == 1 else torch.randn(shape) / shape[-1] ** 0.5
        yield name, weight.to(device).requires_grad_()


def shapes(model: dict[str, Any]) -> list[tuple[str, tuple[int, ...]]]:
    """Names and shapes of a Llama's weights, tied, as many keys as queries."""
    width, inner, narrow = model["hidden_size"], model["intermediate_size"], _attended(model)
    found: list[tuple[str, tuple[int, ...]]] = [("model.embed_tokens.weight", (model["vocab_size"], width))]
    for layer in range(model["num_hidden_layers"]):
        under = f"model.layers.{layer}"
        found += [(f"{under}.self_attn.{name}_proj.weight", (narrow, width)) for name in "qkv"]
        found += [
            (f"{under}.self_attn.o_proj.weight", (width, narrow)),
            (f"{under}.mlp.gate_proj.weight", (inner, width)),
            (f"{under}.mlp.up_proj.weight", (inner, width)),
            (f"{under}.mlp.down_proj.weight", (width, inner)),
            (f"{under}.input_layernorm.weight", (width,)),
            (f"{under}.post_attention_layernorm.weight", (width,)),
        ]
    return [*found, ("model.norm.weight", (width,))]


def _attended(model: dict[str, Any]) -> int:
    """Width of all heads together."""
    if model["num_key_value_heads"] != model["num_attention_heads"] or not model["tie_word_embeddings"]:
        raise ValueError("only as many keys as queries, and tied embeddings, are written down here")
    return model["num_attention_heads"] * model["head_dim"]


def _torch_loss(torch: Any, spec: Spec, names: Sequence[str], device: Any) -> Callable[..., Any]:
    """From weights, ids and loss weights to the loss, and to those over answers and context."""
    from torch.nn import functional as fn

    model, dropout, length = spec["model"], spec["dropout"], spec["tokens"]
    heads, size, eps = model["num_attention_heads"], model["head_dim"], model["rms_norm_eps"]
    frequency = model["rope_theta"] ** (-torch.arange(0, size, 2, device=device, dtype=torch.float32) / size)
    angle = torch.arange(length, device=device, dtype=torch.float32)[:, None] * frequency
    cosine, sine = angle.cos(), angle.sin()

    def turned(x: Any) -> Any:
        a, b = x.float().chunk(2, dim=-1)
        return torch.cat([a * cosine - b * sine, b * cosine + a * sine], dim=-1).to(x.dtype)

    def loss(weights: Sequence[Any], ids: Any, each_weight: Any) -> tuple[Any, list[Any]]:
        weight = dict(zip(names, weights, strict=True))

        def product(name: str, x: Any) -> Any:
            return fn.linear(x, weight[f"{name}.weight"])

        def norm(name: str, x: Any) -> Any:
            return fn.rms_norm(x, x.shape[-1:], weight[f"{name}.weight"], eps)

        x = fn.embedding(ids[:, :-1], weight["model.embed_tokens.weight"])
        for i in range(model["num_hidden_layers"]):
            layer = f"model.layers.{i}"
            normed = norm(f"{layer}.input_layernorm", x)
            queries, keys, values = (
                product(f"{layer}.self_attn.{name}_proj", normed).unflatten(-1, (heads, size)).transpose(1, 2)
                for name in "qkv"
            )
            seen = fn.scaled_dot_product_attention(turned(queries), turned(keys), values, is_causal=True)
            added = product(f"{layer}.self_attn.o_proj", seen.transpose(1, 2).flatten(2))
            x = x + fn.dropout(added, dropout)
            normed = norm(f"{layer}.post_attention_layernorm", x)
            gated = fn.silu(product(f"{layer}.mlp.gate_proj", normed)) * product(
                f"{layer}.mlp.up_proj", normed
            )
            x = x + fn.dropout(product(f"{layer}.mlp.down_proj", gated), dropout)
        logits = product("model.embed_tokens", norm("model.norm", x))
        targets = ids[:, 1:].flatten()
        each = fn.cross_entropy(logits.flatten(0, 1).float(), targets, reduction="none").view_as(each_weight)
        answers = (each_weight == spec["answer_weight"]).float()
        context = (each_weight > 0).float() - answers
        shares = [((each * part).sum() / part.sum().clamp(min=1)).detach() for part in (answers, context)]
        return (each * each_weight).sum() / each_weight.sum(), shares

    return loss


def _torch_rates(
    torch: Any, device: Any, wait: Callable[[], Any], width: int, elements: int
) -> tuple[float, float]:
    a, b = (torch.randn(width, width, device=device, dtype=torch.bfloat16) for _ in range(2))
    long = torch.randn(elements, device=device, dtype=torch.bfloat16)
    product, copied = torch.empty_like(a), torch.empty_like(long)

    def best(work: Callable[[], Any], times: int) -> float:
        def several() -> None:
            for _ in range(times):
                work()
            wait()

        several()
        return min(_seconds(several) for _ in range(4)) / times

    operations = 2 * width**3 / best(lambda: torch.mm(a, b, out=product), 8)
    return operations, 2 * 2 * elements / best(lambda: copied.copy_(long), 4)


def _seconds(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


CONTENDERS = {"mlx": mlx_reader, "torch": torch_reader, "compressor": mlx_compressor}


def serve(name: str) -> None:
    """Answer the questions of standard input, one JSON line each; what else is printed goes to standard error."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    contender: Contender | None = None
    for line in sys.stdin:
        question = json.loads(line)
        answer: dict[str, Any] = {}
        if "begin" in question:
            spec = question["begin"]
            contender = _warmed(name, spec, answer)
        assert contender, "a contender is begun first"
        if "steps" in question:
            each = question.get("each", False)
            begin = time.perf_counter()
            numbers = []
            for _ in range(question["steps"]):
                contender.step()
                if each:
                    numbers.append(contender.finish())
            last = contender.finish()
            answer = {"seconds": time.perf_counter() - begin, "numbers": numbers or [last]}
            answer["peak_bytes"] = contender.peak_bytes()
        elif "rates" in question:
            answer["operations"], answer["bytes"] = contender.rates(*question["rates"])
        elif "save" in question:
            contender.save(question["save"])
        print(json.dumps(answer), file=replies, flush=True)


def _warmed(name: str, spec: Spec, answer: dict[str, Any]) -> Contender:
    """A contender after its first steps; PyTorch's does without its compiler where that fails."""
    begin = time.perf_counter()
    contender = CONTENDERS[name](spec)
    try:
        for _ in range(spec["warm_up"]):
            contender.step()
            contender.finish()
    except Exception as error:
        if name != "torch" or not spec["compile"]:
            raise
        print(f"torch.compile failed, going on without it: {error!r:.2000}", file=sys.stderr)
        contender = CONTENDERS[name]({**spec, "compile": False})
        for _ in range(spec["warm_up"]):
            contender.step()
            contender.finish()
    answer.update(how=contender.how, seconds=time.perf_counter() - begin)
    return contender


# The parent ------------------------------------------------------------------------------------------------------


class GoneError(Exception):
    """A contender that has ended, or has not answered in time."""


class Process:
    """A contender's process, asked one thing at a time."""

    def __init__(self, name: str, python: str, *, alone: bool) -> None:
        environment = {**os.environ, "PYTHONPATH": _path(alone), "PYTHONUNBUFFERED": "1"}
        self.name = name
        self.how = ""
        self.blocks: list[float] = []
        self.peak_bytes = 0
        self._process = subprocess.Popen(
            [python, str(Path(__file__).resolve()), "--contender", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def tell(self, **question: Any) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise GoneError(f"{self.name} has ended") from error

    def hear(self, until: float) -> dict[str, Any]:
        """The answer to what it was told; ``until`` is a time of ``time.monotonic``."""
        try:
            line = self._answers.get(timeout=max(until - time.monotonic(), 0.0))
        except queue.Empty:
            raise GoneError(f"{self.name} did not answer in time") from None
        if not line:
            raise GoneError(f"{self.name} has ended; its message stands above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, until: float, **question: Any) -> dict[str, Any]:
        self.tell(**question)
        return self.hear(until)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def _path(alone: bool) -> str:
    """PYTHONPATH of a process: PyTorch's own packages come before those that MLX is installed with."""
    given = [] if alone else [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    return os.pathsep.join([str(REPOSITORY), *given])


class Rally:
    """The processes that are still there; one that fails is ended and said so."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self.there = list(processes)

    def each(self, work: Callable[[Process], None]) -> None:
        for process in list(self.there):
            try:
                work(process)
            except GoneError as error:
                _say(f"left out: {error}")
                process.end()
                self.there.remove(process)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure(options: argparse.Namespace, spec: Spec) -> None:
    """Warm up together, take turns, print the table."""
    began = time.monotonic()
    until = began + options.limit
    names = [name for name in ("mlx", "torch") if not getattr(options, f"skip_{name}")]
    names += ["compressor"] if options.compressor else []
    pythons = {"torch": options.torch_python}
    rally = Rally([Process(n, pythons.get(n, sys.executable), alone=n == "torch") for n in names])
    processes = list(rally.there)
    rates: dict[str, tuple[float, float]] = {}

    def hear_begin(process: Process) -> None:
        answer = process.hear(began + 0.7 * options.limit)
        process.how = answer["how"]
        _say(f"{process.name}: warm after {answer['seconds']:.0f} s")

    def ask_rates(process: Process) -> None:
        size = (512, 2**20) if options.device == "cpu" else (8192, 2**30)
        if process.name != "compressor" or not rates:
            answer = process.ask(until, rates=size)
            rates[process.name] = answer["operations"], answer["bytes"]

    def ask_block(process: Process) -> None:
        answer = process.ask(until, steps=options.steps)
        if not all(map(math.isfinite, answer["numbers"][-1])):
            raise GoneError(f"{process.name}: its numbers are {answer['numbers'][-1]}")
        process.blocks.append(answer["seconds"] / options.steps)
        process.peak_bytes = answer["peak_bytes"]
        _say(
            f"{process.name}: {1000 * process.blocks[-1]:.2f} ms a step, loss {answer['numbers'][-1][0]:.3f}"
        )

    try:
        rally.each(
            lambda process: process.tell(
                begin={**spec, "warm_up": options.warm_up, "share": _SHARED / len(processes)}
            )
        )
        rally.each(hear_begin)
        for number in range(options.rounds):
            begin = time.monotonic()
            rally.each(ask_block)
            left = number + 1 < options.rounds
            if (left and time.monotonic() + 1.2 * (time.monotonic() - begin) > until - 4) or not rally.there:
                _say(f"no time for more than {number + 1} of {options.rounds} rounds")
                break
        rally.each(ask_rates)
    finally:
        for process in processes:
            process.end()
    print("\n".join(table(spec, options, processes, rates)), flush=True)


class Floor(NamedTuple):
    """What a step cannot do without, counted on paper.

    Attributes:
        operations: Floating-point operations: six a weight of a product, forward and backward, and the attention.
        bytes: Moved if every product, every attention and the loss read what they need and write what they make once,
            and all else is done on the way.
    """

    operations: int
    bytes: int


def floor(spec: Spec) -> Floor:
    """Counted for one step, activations in two bytes."""
    model, length = spec["model"], spec["tokens"]
    width, inner, heads = model["hidden_size"], model["intermediate_size"], _attended(model)
    layers, vocab, tokens = model["num_hidden_layers"], model["vocab_size"], spec["rows"] * spec["tokens"]
    matrices = sum(
        math.prod(shape) for _, shape in shapes(model) if len(shape) > 1
    )  # the embeddings as the head
    seen = (length + 1) / 2  # mean columns that a position attends to
    attention = 3 * layers * 2 * 2 * heads * seen
    in_and_out = [(width, 3 * heads), (heads, width), (width, 2 * inner), (2 * inner, width)]
    # A product reads its input and writes its output, then reads the gradient and the input and writes a gradient.
    products = sum(2 * (i + o) + i for i, o in in_and_out)
    residual = 2 * 2 * width
    attended = 4 * heads + 8 * heads
    elements = (
        layers * (products + residual + attended) + 4 * vocab
    )  # logits and their gradient: written, read
    weights = sum(math.prod(shape) for _, shape in shapes(model))
    # Master weights and two moments read and written; the copy written and read twice; the gradient written and read.
    a_weight = 2 * 3 * 4 + 3 * 2 + 2 * 2
    return Floor(round(tokens * (6 * matrices + attention)), 2 * tokens * elements + a_weight * weights)


def table(
    spec: Spec,
    options: argparse.Namespace,
    processes: Sequence[Process],
    rates: dict[str, tuple[float, float]],
) -> list[str]:
    """Markdown; rates are medians over the rounds."""
    tokens, least = spec["rows"] * spec["tokens"], floor(spec)
    peaks = tuple(max(rate[i] for rate in rates.values()) for i in (0, 1)) if rates else None
    bounds = [least.operations / peaks[0], least.bytes / peaks[1]] if peaks else []
    lines = [
        f"A step is {spec['rows']} rows of {spec['tokens']} tokens, {spec['precision']}, dropout {spec['dropout']}; "
        f"turns of {options.steps} steps.",
        "",
        "| | tokens/s, median | min – max | ms a step | rounds | peak GiB | of the FLOP floor | of the byte floor |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for process in (p for p in processes if p.name != "compressor"):
        if not process.blocks:
            lines.append(f"| {process.name}: failed | | | | | | | |")
            continue
        fast, middle, slow = _spread(process.blocks)
        reached = [f"{bound / middle:.0%}" for bound in bounds] or ["", ""]
        lines.append(
            f"| {process.how} | {tokens / middle:,.0f} | {tokens / slow:,.0f} – {tokens / fast:,.0f} | "
            f"{1000 * middle:.2f} | {len(process.blocks)} | {process.peak_bytes / GIB:.1f} | {' | '.join(reached)} |"
        )
    if peaks:
        lines += [
            f"| FLOP floor | {tokens / bounds[0]:,.0f} | | {1000 * bounds[0]:.2f} | | | | |",
            f"| byte floor | {tokens / bounds[1]:,.0f} | | {1000 * bounds[1]:.2f} | | | | |",
            "",
            f"Floors: {least.operations / tokens / 1e6:.1f} MFLOP a token at {peaks[0] / 1e12:.4g} TFLOP/s (a large "
            f"product in bfloat16), {least.bytes / 1e9:.2f} GB a step at {peaks[1] / 1e12:.3g} TB/s (a copy, read and "
            "written): the better of "
            + "; ".join(f"{n} {o / 1e12:.4g} TFLOP/s, {b / 1e12:.3g} TB/s" for n, (o, b) in rates.items()),
        ]
    both = {process.name: process.blocks for process in processes if process.blocks}
    if {"mlx", "torch"} <= both.keys():
        # One of them may have been left out after a round that the other finished.
        ratios = [torch / mlx for mlx, torch in zip(both["mlx"], both["torch"], strict=False)]
        low, middle, high = _spread(ratios)
        lines += ["", f"MLX's speed in PyTorch's, round by round: {middle:.2f} ({low:.2f} – {high:.2f})."]
    for process in (p for p in processes if p.name == "compressor"):
        if not process.blocks:
            lines += ["", "compressor: failed"]
            continue
        fast, middle, slow = _spread(process.blocks)
        lines += [
            "",
            f"Compressor {spec['compressor_name']}, {spec['compressor_rows']} rows of one document ({process.how}): "
            f"{1 / middle:.3g} steps/s ({1 / slow:.3g} – {1 / fast:.3g}), {process.peak_bytes / GIB:.1f} GiB at most.",
        ]
    return lines


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Least, median and most."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return ordered[0], median, ordered[-1]


def check(options: argparse.Namespace, spec: Spec) -> int:
    """Do both steps compute the same, from the same weights in float32 without dropout? 1 if not."""
    until = time.monotonic() + options.limit
    processes = [
        Process("mlx", sys.executable, alone=False),
        Process("torch", options.torch_python, alone=True),
    ]
    try:
        with tempfile.TemporaryDirectory() as folder:
            weights = str(Path(folder) / "weights.npz")
            processes[0].ask(until, begin={**spec, "warm_up": 0})
            processes[0].ask(until, save=weights)
            processes[1].ask(until, begin={**spec, "warm_up": 0, "weights": weights})
            found = [p.ask(until, steps=_CHECKED_STEPS, each=True)["numbers"] for p in processes]
    except GoneError as error:
        _say(str(error))
        return 1
    finally:
        for process in processes:
            process.end()
    worst = 0.0
    print("| step | loss, answers, context, gradient's norm: MLX | PyTorch |\n|---|---|---|")
    for number, (mlx, torch) in enumerate(zip(*found, strict=True), start=1):
        worst = max(worst, *(abs(a - b) / max(1.0, abs(a)) for a, b in zip(mlx, torch, strict=True)))
        print(f"| {number} | {_listed(mlx)} | {_listed(torch)} |")
    same = worst <= _TOLERANCE
    print(f"{'same' if same else 'NOT the same'}: at most {worst:.1e} apart, {_TOLERANCE:.0e} allowed")
    return 0 if same else 1


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.5f}" for number in numbers)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", type=Path, default=RECIPE, help="of the reader")
    parser.add_argument("--compressor", type=Path, metavar="RECIPE", help="time this compressor too")
    parser.add_argument("--reader", type=Path, metavar="DIR", help="the reader that it compresses for")
    parser.add_argument("--rounds", type=int, default=6, help="turns of each contender")
    parser.add_argument("--steps", type=int, default=40, help="steps of a turn")
    parser.add_argument("--warm-up", type=int, default=WARM_UP_STEPS, help="steps before the first turn")
    parser.add_argument("--rows", type=int, help="rows of a step, for a rehearsal (default: the recipe's)")
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu")
    parser.add_argument("--compile", action="store_true", help="torch.compile on the CPU too")
    parser.add_argument("--limit", type=float, default=100.0, help="seconds that all may take")
    parser.add_argument(
        "--torch-python", default=sys.executable, metavar="FILE", help="a Python with PyTorch"
    )
    parser.add_argument("--skip-mlx", action="store_true", help="leave the reader's step in MLX out")
    parser.add_argument("--skip-torch", action="store_true", help="leave PyTorch out")
    parser.add_argument(
        "--check", action="store_true", help="compare what both compute, on the CPU; no timing"
    )
    parser.add_argument("--contender", choices=sorted(CONTENDERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        serve(options.contender)
        return 0
    if bool(options.compressor) != bool(options.reader):
        parser.error("--compressor and --reader belong together")
    if options.check:
        options.device, options.rows = "cpu", options.rows or 2
    spec = reader_spec(options)
    if options.compressor:
        from clara.pretraining.config import read_compressor_recipe

        recipe = read_compressor_recipe(options.compressor)
        spec["compressor"], spec["reader"] = str(options.compressor), str(options.reader)
        spec["compressor_name"], spec["compressor_rows"] = recipe.name, options.rows or recipe.rows.one.rows
    if options.check:
        return check(options, spec)
    measure(options, spec)
    return 0


if __name__ == "__main__":
    sys.exit(main())
