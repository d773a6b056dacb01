"""A Llama of some thousand parameters in the hub's layout: made in seconds, used for wiring."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = ["<|endoftext|>", "<|user|>", "<|assistant|>", "<|end|>"]
TEMPLATE = (
    "{% for message in messages %}"
    "{% if message.role == 'user' %}<|user|>{{ message.content }}{% endif %}"
    "{% if message.role == 'assistant' %}<|assistant|>{{ message.content }}<|end|>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TEXT = (
    "Background: Question: What is the name of the place? "
    "How many metres deep was the harbour at Ostrel in 1907? "
    "The survey of the northern basin was led by Ada Lindqvist, who measured a depth of 41 metres. "
    "측량은 북쪽에서 시작되었다. "
)
KOREAN = (
    "측량은 북쪽에서 시작되었다. 책임자는 김하늘이었다. 항구의 깊이는 몇 미터인가? Question: Background: "
)
CHATML = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>tool_list\n<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def save_tokenizer(
    folder: Path,
    vocab_size: int = 600,
    text: str = TEXT,
    special: Sequence[str] = SPECIAL,
    template: str = TEMPLATE,
    eos: str = "<|end|>",
) -> None:
    """Byte-level BPE with a chat template, as ``AutoTokenizer`` reads it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=list(special), initial_alphabet=alphabet
    )
    tokenizer.train_from_iterator([text] * 2, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": eos,
        "pad_token": special[0],
        "chat_template": template,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def save_model(folder: Path, seed: int = 0, **changes: object) -> Path:
    """A random model with its tokenizer in ``folder``, loadable by ``mlx_lm.load`` unchanged."""
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm.utils import _get_classes

    folder.mkdir(parents=True, exist_ok=True)
    save_tokenizer(folder)
    config = {
        "model_type": "llama", "hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 64,
        "num_attention_heads": 2, "rms_norm_eps": 1e-5, "vocab_size": 600, "tie_word_embeddings": True,
        "max_position_embeddings": 1024, "eos_token_id": 3, **changes,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    mx.random.seed(seed)
    model_class, arguments = _get_classes(config)
    model = model_class(arguments.from_dict(config))
    mx.save_safetensors(str(folder / "model.safetensors"), dict(tree_flatten(model.parameters())))
    return folder


def save_hyperclova(folder: Path) -> Path:
    """A random model of 4 bits in the layout of HyperCLOVA X SEED Text: llama, ChatML turns, several ends.

    Its fields are those of the published ``config.json`` (naver-hyperclovax/HyperCLOVAX-SEED-Text-Instruct-0.5B);
    only the sizes are smaller.
    """
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|stop|>", "<|endofturn|>"]
    source = save_model(
        folder.with_name(f"{folder.name}-float"), architectures=["LlamaForCausalLM"], attention_bias=False,
        head_dim=16, num_key_value_heads=1, mlp_bias=False, rope_theta=100_000_000, rope_scaling=None,
        bos_token_id=0, eos_token_id=0, pad_token_id=0, end_token_id=0, hidden_act="silu", use_cache=False,
    )  # fmt: skip
    save_tokenizer(source, text=KOREAN, special=special, template=CHATML, eos="<|endofturn|>")
    (source / "generation_config.json").write_text(json.dumps({"eos_token_id": [0, 2, 3, 4]}))
    return save_quantised(source, folder, bits=4)


def save_quantised(source: Path, folder: Path, bits: int) -> Path:
    """The model of ``source``, quantised by mlx-lm's own functions."""
    from mlx_lm.utils import load, quantize_model, save

    model, tokenizer, config = load(str(source), return_config=True)
    model, config = quantize_model(model, config, group_size=32, bits=bits)
    folder.mkdir(parents=True, exist_ok=True)
    save(folder, source, model, tokenizer, config)
    return folder


def prompts(seed: int, count: int, longest: int = 40) -> Sequence[list[int]]:
    """Random prompts of ragged lengths."""
    import random

    draw = random.Random(seed)
    return [[draw.randrange(4, 600) for _ in range(draw.randrange(2, longest))] for _ in range(count)]
