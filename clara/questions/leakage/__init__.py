"""The wall between what is trained on and what is marked: pairs of questions, giveaways, and texts of any size."""

from __future__ import annotations

from clara.questions.leakage.giveaways import Giveaway, giveaways
from clara.questions.leakage.pairs import Offender, check_leakage, drop_leaks, leaks, near_duplicates
from clara.questions.leakage.texts import Overlap, gold_text_in, text_overlaps

__all__ = [
    "Giveaway",
    "Offender",
    "Overlap",
    "check_leakage",
    "drop_leaks",
    "giveaways",
    "gold_text_in",
    "leaks",
    "near_duplicates",
    "text_overlaps",
]
