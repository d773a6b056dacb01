"""Questions: gold ones from files, training ones by rule, what is held out, and the wall between the two."""

from clara.questions.datasets import check_questions, lint, read_questions
from clara.questions.generation import GAP, generate
from clara.questions.leakage import Offender, check_leakage, drop_leaks, gold_text_in, leaks
from clara.questions.splits import held_out, held_out_text

__all__ = [
    "GAP",
    "Offender",
    "check_leakage",
    "check_questions",
    "drop_leaks",
    "generate",
    "gold_text_in",
    "held_out",
    "held_out_text",
    "leaks",
    "lint",
    "read_questions",
]
