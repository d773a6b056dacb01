"""The five comparisons that a run is made for, declared before any number is seen, and what so many looks cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

CONTRASTS = (
    ("tuned", "closed_book"),  # does tuning on the documents help a model that is shown nothing?
    ("tuned", "tuned_other"),  # and is that knowledge of the documents, not the form of answers?
    ("tuned_rag", "rag"),  # does tuning help a model that is shown the chunks?
    ("clara@4x", "tuned_rag"),  # is memory as good as the text it was made from?
    ("clara@4x", "rag_budget"),  # and better than as much text as fits in its positions?
)


def is_declared(a: str, b: str) -> bool:
    """Whether ``a`` − ``b`` is one of :data:`CONTRASTS`; every other comparison is exploratory, its p unadjusted."""
    return (a, b) in CONTRASTS


def adjusted(p_values: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Holm's p of the declared contrasts among these, in the order of :data:`CONTRASTS`.

    The family is what the run holds of the five: one that was never computed could not have misled anybody.

    Args:
        p_values: Two-sided p of ``a`` − ``b`` by ``(a, b)``; exploratory ones are left out.
    """
    present = [pair for pair in CONTRASTS if pair in p_values]
    return dict(zip(present, holm([p_values[pair] for pair in present]), strict=True))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p of each, in the order given: to be held against the level of the whole family.

    Raises:
        ValueError: A p is not in [0, 1].

    Source:
        Holm 1979, Scandinavian Journal of Statistics 6:65.
    """
    if strange := [p for p in p_values if not 0 <= p <= 1]:
        raise ValueError(f"p = {strange[0]} is not in [0, 1]")
    found, least = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: (p_values[i], i))):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        found[place] = least
    return tuple(found)
