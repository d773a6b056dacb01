"""What a model is asked: one prompt for every contender, every training stage and the embedded reader.

A contender differs from another by its context and its adapter, never by its wording, so this is the only
module that writes prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from jinja2 import TemplateError

INSTRUCTION = (
    "Answer the question as briefly as possible, with words of the background where there is one. "
    'Give the answer only, or, if the background does not say, "no answer" in the language of the question.'
)
_GAP = "\u2063content\u2063"
Wording = Literal["clara", "reference"]
_WORDINGS: dict[Wording, tuple[str, str]] = {  # instruction, and what stands before the question
    "clara": (INSTRUCTION, "Question: "),
    "reference": (
        "You are a helpful assistant. Your task is to extract relevant information from provided documents and to "
        "answer to questions as briefly as possible.",
        "Question:",
    ),
}


def context_text(passages: Sequence[str]) -> str:
    """The passages exactly as they stand in a prompt, each on one line; what the context hash is taken of."""
    return "\n".join(" ".join(passage.split()) for passage in passages)


def user_text(question: str, passages: Sequence[str] = ()) -> str:
    """The user's turn: the passages if there are any, then the question."""
    background = f"Background:\n{context_text(passages)}\n\n" if passages else ""
    return f"{background}Question: {question}"


def prompt_ids(tokenizer: Any, question: str, passages: Sequence[str] = ()) -> list[int]:
    """Token ids of the prompt, up to where the answer begins.

    Args:
        tokenizer: mlx-lm's tokenizer, with a chat template.
        question: The question.
        passages: Texts shown before it; none for a closed book.

    Returns:
        Ids of the chat template around instruction and user's turn. Text that spells a special token is
        encoded as text: a document cannot end the user's turn.
    """
    content = user_text(question, passages)
    if any(token in content for token in tokenizer.all_special_tokens):
        before, after = _render(tokenizer, _GAP).split(_GAP)
        return [*_encode(tokenizer, before), *text_ids(tokenizer, content), *_encode(tokenizer, after)]
    return _encode(tokenizer, _render(tokenizer, content))


def memory_prompt_ids(
    tokenizer: Any, question: str, slots: Sequence[int], wording: Wording = "clara"
) -> list[int]:
    """The same prompt with memory tokens where the passages stood.

    Args:
        tokenizer: mlx-lm's tokenizer, with a chat template.
        question: The question.
        slots: Ids of memory tokens and separators of every document shown, in order.
        wording: ``reference`` for what released checkpoints were trained with (apple/ml-clara at 857c3cf).
    """
    instruction, word = _WORDINGS[wording]
    before, after = _render(tokenizer, f"Background:\n{_GAP}\n\n{word}{_GAP}", instruction).split(_GAP)[::2]
    asked = f"\n\n{word}{question}"
    if any(token in question for token in tokenizer.all_special_tokens):
        literal = text_ids(tokenizer, asked)
        return [*_encode(tokenizer, before), *slots, *literal, *_encode(tokenizer, after)]
    return [*_encode(tokenizer, before), *slots, *_encode(tokenizer, asked + after)]


def answer_ids(tokenizer: Any, answer: str) -> list[int]:
    """Token ids of an answer as a model should write it: the text, then the end of its turn."""
    return [*text_ids(tokenizer, answer), tokenizer.eos_token_id]


def text_ids(tokenizer: Any, text: str) -> list[int]:
    """Token ids of a text in which nothing is special, whatever it spells."""
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    return ids


def _render(tokenizer: Any, content: str, instruction: str = INSTRUCTION) -> str:
    messages = [{"role": "system", "content": instruction}, {"role": "user", "content": content}]
    try:
        return _templated(tokenizer, messages)
    except (
        TemplateError
    ):  # a template without system turns: the instruction opens the user's, for every contender
        return _templated(tokenizer, [{"role": "user", "content": f"{instruction}\n\n{content}"}])


def _templated(tokenizer: Any, messages: list[dict[str, str]]) -> str:
    text: str = tokenizer.apply_chat_template(
        messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
    )
    return text


def _encode(tokenizer: Any, text: str) -> list[int]:
    # The template writes its own special tokens; a second BOS from the tokenizer would change every prompt.
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
    return ids
