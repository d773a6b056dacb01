"""Questions: gold ones from files, training ones by rule, what is held out, and the wall between the two."""

from clara.questions.audit import Doubt, audit
from clara.questions.crossing import cross
from clara.questions.datasets import check_questions, lint, read_questions
from clara.questions.examples import Example, read_examples, rebuild
from clara.questions.facts import asked_facts
from clara.questions.generation import GAP, generate
from clara.questions.leakage import (
    Giveaway,
    Offender,
    Overlap,
    check_leakage,
    drop_leaks,
    giveaways,
    gold_text_in,
    leaks,
    text_overlaps,
)
from clara.questions.splits import halves, held_out, held_out_text

__all__ = [
    "GAP",
    "Doubt",
    "Example",
    "Giveaway",
    "Offender",
    "Overlap",
    "asked_facts",
    "audit",
    "check_leakage",
    "check_questions",
    "cross",
    "drop_leaks",
    "generate",
    "giveaways",
    "gold_text_in",
    "halves",
    "held_out",
    "held_out_text",
    "leaks",
    "lint",
    "read_examples",
    "read_questions",
    "rebuild",
    "text_overlaps",
]
