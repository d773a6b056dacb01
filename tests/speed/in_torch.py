"""The reader's step in PyTorch, as a contender: the same model, loss and optimiser."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.speed.contender import Contender, Spec, batches, seconds, shapes


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
        return min(seconds(several) for _ in range(4)) / times

    operations = 2 * width**3 / best(lambda: torch.mm(a, b, out=product), 8)
    return operations, 2 * 2 * elements / best(lambda: copied.copy_(long), 4)
