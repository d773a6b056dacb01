"""Seeded draws through the production code: how often intervals cover and decisions err.

``python tests/simulations.py`` writes ``docs/operating-characteristics.md``; ``tests/statistics/test_simulations.py``
holds every figure of it. Many sets are drawn at once: ``bca``, ``wider`` and ``sign_flip`` take arrays of sets, so that
what is simulated is what a run computes, with 1,000 resamples instead of 2,000 and 999 permutations instead of 4,999.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from clara.statistics import contrasts, gate, planned_difference, power, red_probability, seeds
from clara.statistics.clusters import TIED, standard_error
from clara.statistics.intervals import bca, rule_of_three, share_interval, wider, wilson
from clara.statistics.noninferiority import POINTS, SHARE
from clara.statistics.paired import sign_flip

DRAWS = 2_000
QUESTIONS, CHUNKS = 240, 120
TOGETHER = 100  # sets that share their resamples
PAGE = Path(__file__).parents[1] / "docs" / "operating-characteristics.md"


class Figure(NamedTuple):
    """A simulated or computed share, and what it has to be."""

    what: str
    setting: str
    value: float
    low: float = 0.0
    high: float = 1.0

    @property
    def asked(self) -> str:
        if (self.low, self.high) == (0, 1):
            return "–"
        if self.low == 0:
            return f"≤ {100 * self.high:g}"
        return f"≥ {100 * self.low:g}" if self.high == 1 else f"{100 * self.low:g}–{100 * self.high:g}"

    @property
    def is_met(self) -> bool:
        return self.low <= self.value <= self.high


# --- what is drawn ----------------------------------------------------------------------------------------------------


class Chunks(NamedTuple):
    """Questions of many sets: ``sizes`` and ``ease`` of shape (sets, chunks), slots of shape (sets, chunks, most)."""

    sizes: np.ndarray
    ease: np.ndarray
    asked: np.ndarray


def chunks(rng: np.random.Generator, count: int, questions: int, mean: float, sets: int = DRAWS) -> Chunks:
    """Each chunk has a question, the others fall on chunks by lot. Ease is Beta with 3 pseudo-counts: two questions
    on one chunk are right together with a correlation of 0.25."""
    sizes = 1 + rng.multinomial(questions - count, np.full(count, 1 / count), size=sets)
    ease = rng.beta(3 * mean, 3 * (1 - mean), (sets, count))
    return Chunks(sizes, ease, np.arange(sizes.max()) < sizes[..., None])


def hits(rng: np.random.Generator, of: Chunks) -> np.ndarray:
    """Which questions score anything, of shape (sets, chunks, most)."""
    return (rng.random(of.asked.shape) < of.ease[..., None]) & of.asked


WHOLE = (
    0.55  # of the answers that share a word with the gold one; the rest have an F1 of 0.2, 0.4, 0.6 or 0.8
)
MEAN_F1 = WHOLE + (1 - WHOLE) * 0.5


def f1(rng: np.random.Generator, of: Chunks) -> np.ndarray:
    """Zero-inflated F1, as the embedded reader's: nothing, all, or a part."""
    part = np.where(rng.random(of.asked.shape) < WHOLE, 1.0, rng.integers(1, 5, of.asked.shape) / 5)
    return hits(rng, of) * part


def churned(rng: np.random.Generator, of: Chunks, scores: np.ndarray, share: float) -> np.ndarray:
    """The scores of a contender that differs from the first by chance alone, on ``share`` of the questions."""
    return np.where(rng.random(scores.shape) < share, f1(rng, of), scores)


def parts(*arrays: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    for start in range(0, len(arrays[0]), TOGETHER):
        yield tuple(array[start : start + TOGETHER] for array in arrays)


def ends(
    sums: np.ndarray, sizes: np.ndarray, of: Callable = bca, bounds: tuple[float, float] = (0, 1)
) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of every set's interval; where all clusters tie, the fallback's."""
    means = sums / sizes
    low, high = np.array([rule_of_three(row[0], len(row), bounds, 0.95) for row in means]).T
    rng, usual = np.random.default_rng(1), np.flatnonzero(np.ptp(means, axis=1) >= TIED)
    found = [of(total, size, rng, resamples=1_000) for total, size in parts(sums[usual], sizes[usual])]
    low[usual], high[usual] = (np.concatenate(side) for side in zip(*found, strict=True))
    return low, high


def covered(sums: np.ndarray, sizes: np.ndarray, truth: float, of: Callable = bca) -> float:
    """Share of the sets whose interval holds the truth."""
    low, high = ends(sums, sizes, of)
    return float(((low <= truth) & (truth <= high)).mean())


def flipped(sums: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(2)
    return np.concatenate([sign_flip(part, rng, permutations=999) for (part,) in parts(sums)])


# --- intervals --------------------------------------------------------------------------------------------------------

NOMINAL = (0.93, 0.97)


def wilson_covers() -> Iterator[Figure]:
    """Intervals of EM, independent questions."""
    for share in (0.05, 0.1, 0.3, 0.5, 0.9):
        found = np.random.default_rng(0).binomial(QUESTIONS, share, DRAWS)
        ends = {k: wilson(int(k), QUESTIONS) for k in np.unique(found)}
        value = float(np.mean([ends[k].low <= share <= ends[k].high for k in found]))
        yield Figure("EM, Wilson: covers", f"independent questions, share right {share:g}", value, *NOMINAL)


def clustered_shares_cover() -> Iterator[Figure]:
    """Intervals of EM, questions that share chunks."""
    for share in (0.05, 0.3, 0.5):
        rng = np.random.default_rng(3)
        of = chunks(rng, CHUNKS, QUESTIONS, share)
        right = hits(rng, of)
        names = [f"{i:03d}" for i in range(CHUNKS)]
        inside = {"plain": 0, "clustered": 0}
        for row, asked, sizes in zip(right, of.asked, of.sizes, strict=True):
            values = row[asked]
            found = {
                "plain": wilson(int(values.sum()), QUESTIONS),
                "clustered": share_interval(values.tolist(), np.repeat(names, sizes).tolist()),
            }
            for name, interval in found.items():
                inside[name] += interval.low <= share <= interval.high
        setting = f"120 chunks, share right {share:g}"
        yield Figure("EM, Wilson on clustered questions: covers", setting, inside["plain"] / DRAWS)
        yield Figure("EM, Wilson of effective n: covers", setting, inside["clustered"] / DRAWS, *NOMINAL)


def f1_covers() -> Iterator[Figure]:
    """Intervals of mean F1."""
    for count in (120, 150):
        for mean in (0.05, 0.1, 0.3, 0.5):
            if count != CHUNKS and mean != 0.1:
                continue
            rng = np.random.default_rng(4)
            of = chunks(rng, count, QUESTIONS, mean / MEAN_F1)
            value = covered(f1(rng, of).sum(-1), of.sizes, mean)
            yield Figure("F1, BCa: covers", f"{count} chunks, mean F1 {mean:g}", value, *NOMINAL)


def differences_cover() -> Iterator[Figure]:
    """Intervals of paired differences that go both ways."""
    for share in (0.1, 0.2, 0.5):
        for gain in (0.0, 0.1):
            rng = np.random.default_rng(5)
            of = chunks(rng, CHUNKS, QUESTIONS, 0.3)
            b = f1(rng, of)
            rises = (rng.random(b.shape) < gain) & of.asked
            a = np.where(rises, 1.0, churned(rng, of, b, share))
            truth = gain * (1 - 0.3 * MEAN_F1)
            setting = f"120 chunks, {share:.0%} redrawn, true difference {100 * truth:.1f} points"
            sums = (a - b).sum(-1)
            if not gain and share < 0.5:
                yield Figure("paired F1, BCa alone: covers", setting, covered(sums, of.sizes, truth))
            yield Figure(
                "paired F1, wider of t and BCa: covers",
                setting,
                covered(sums, of.sizes, truth, wider),
                *NOMINAL,
            )


def one_way_differences_cover() -> Iterator[Figure]:
    """Intervals of paired differences to a baseline that scores nothing: every difference is a win."""
    for mean in (0.03, 0.1):
        rng = np.random.default_rng(4)
        of = chunks(rng, CHUNKS, QUESTIONS, mean / MEAN_F1)
        setting = f"120 chunks, wins only, true difference {100 * mean:.1f} points"
        value = covered(f1(rng, of).sum(-1), of.sizes, mean, wider)
        yield Figure("paired F1, wider of t and BCa: covers", setting, value, *NOMINAL)


def few_clusters_cover() -> Iterator[Figure]:
    """Intervals of mean F1 from few clusters."""
    for count in (5, 10, 15, 20, 30, 60):
        for mean in (0.1, 0.3):
            rng = np.random.default_rng(6)
            of = chunks(rng, count, 2 * count, mean / MEAN_F1)
            value = covered(f1(rng, of).sum(-1), of.sizes, mean)
            setting = f"{count} clusters, {2 * count} questions, mean F1 {mean:g}"
            yield Figure("F1, BCa, few clusters: covers", setting, value)


# --- tests ------------------------------------------------------------------------------------------------------------


def nulls(seed: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Summed differences, and sizes, of two contenders that differ by chance alone."""
    rng = np.random.default_rng(seed)
    of = chunks(rng, CHUNKS, QUESTIONS, 0.3)
    b = f1(rng, of)
    return (churned(rng, of, b, share) - b).sum(-1), of.sizes


def permutation_errs() -> Iterator[Figure]:
    """Paired differences where there are none."""
    for share in (0.1, 0.3, 1.0):
        sums, sizes = nulls(7, share)
        p = flipped(sums)
        setting = f"nothing differs, {share:.0%} redrawn"
        yield Figure("paired permutation: p ≤ 0.05", setting, float((p <= 0.05).mean()), high=0.06)
        said = (p <= 0.05) & (abs(sums.sum(-1) / QUESTIONS) >= detectable(sums, sizes))
        yield Figure('"better" or "worse" is said', setting, float(said.mean()), high=0.02)


def detectable(sums: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    return np.array([power.detectable_difference(*row) for row in zip(sums, sizes, strict=True)], float)


def words_are_said() -> Iterator[Figure]:
    """Differences as large as the detectable one: what the test notices, and when the word is said."""
    sums, sizes = nulls(8, 0.5)
    planned = float(np.median(detectable(sums, sizes)))
    for times in (1.0, 1.3):
        shifted = sums + times * planned * sizes
        p = flipped(shifted)
        said = (p <= 0.05) & (abs(shifted.sum(-1) / QUESTIONS) >= detectable(shifted, sizes))
        setting = f"true difference {times:g} × detectable ({100 * times * planned:.1f} points)"
        asked = {1.0: (0.77, 0.83), 1.3: (0.9, 1.0)}[times]
        yield Figure("paired permutation: p ≤ 0.05", setting, float((p <= 0.05).mean()), *asked)
        asked = {1.0: (0.45, 0.55), 1.3: (0.77, 0.83)}[times]
        yield Figure('"better" is said', setting, float(said.mean()), *asked)


def holm_errs() -> Iterator[Figure]:
    """Five declared contrasts, all alike."""
    rng = np.random.default_rng(9)
    names = sorted({name for pair in contrasts.CONTRASTS for name in pair})
    of = chunks(rng, CHUNKS, QUESTIONS, 0.3)
    scores = {name: f1(rng, of) for name in names}
    p = [flipped((scores[a] - scores[b]).sum(-1)) for a, b in contrasts.CONTRASTS]
    table = np.array(p).T
    adjusted = np.array([contrasts.holm(row.tolist()) for row in table])
    setting = "five contrasts of seven contenders that are all alike"
    yield Figure("any of five unadjusted p ≤ 0.05", setting, float((table <= 0.05).any(1).mean()))
    yield Figure("family-wise error of Holm", setting, float((adjusted <= 0.05).any(1).mean()), high=0.06)


def noninferiority_errs() -> Iterator[Figure]:
    """Non-inferiority of a memory just as bad as the margins let pass, and of one as good as the text."""
    for mean, loss in ((0.3, 0.03), (0.7, 0.05), (0.3, 0), (0.7, 0)):
        rng = np.random.default_rng(13)
        of = chunks(rng, CHUNKS, QUESTIONS, mean / MEAN_F1)
        b = f1(rng, of)
        a = np.where(rng.random(b.shape) < loss / mean, 0.0, churned(rng, of, b, 0.1))
        kept, _ = ends((a - (1 - SHARE) * b).sum(-1), of.sizes, wider, (-1, 1))
        low, _ = ends((a - b).sum(-1), of.sizes, wider, (-1, 1))
        value = float(((low > -POINTS) & (kept > 0)).mean())
        setting = f"reference F1 {mean:g}, true loss {100 * loss:g} points, 10% redrawn"
        yield Figure("non-inferiority is claimed", setting, value, high=0.035 if loss else 1.0)


# --- gate -------------------------------------------------------------------------------------------------------------


def gate_errs() -> Iterator[Figure]:
    """The gate."""
    for drop, asked in ((0.0, (0.0, 0.02)), (0.1, (0.9, 1.0))):
        setting = f"200 questions, 10% churn, true drop {100 * drop:g} points"
        yield Figure("gate is red (computed)", setting, red_probability(200, drop, 0.1), *asked)
        rng = np.random.default_rng(10)
        counts = rng.multinomial(200, [0.05 + drop, 0.05, 0.9 - drop], DRAWS)
        value = float(gate.is_red(counts[:, 0], counts[:, 1], 200, gate.MARGIN, gate.ALPHA).mean())
        yield Figure("gate is red (drawn)", setting, value, *asked)


def clustered_gate_errs() -> Iterator[Figure]:
    """The gate where flips come in chunks: some chunks are lost or won with all their questions."""
    for churn, alike in ((0.1, 0.25), (0.1, 0.5), (0.2, 0.25), (0.3, 0.25)):
        rng = np.random.default_rng(11)
        of = chunks(rng, 100, 200, 0.5)
        together = rng.random((DRAWS, 100, 1)) < alike  # such a share of the chunks is of one piece
        fate = np.where(together, rng.random((DRAWS, 100, 1)), rng.random(of.asked.shape))
        lost = ((fate < churn / 2) & of.asked).sum((1, 2))
        won = ((fate > 1 - churn / 2) & of.asked).sum((1, 2))
        value = float(gate.is_red(lost, won, 200, gate.MARGIN, gate.ALPHA).mean())
        setting = f"200 questions on 100 chunks, flips correlated {alike:g}, {churn:.0%} churn, no drop"
        yield Figure("gate is red (drawn)", setting, value)


# --- seeds ------------------------------------------------------------------------------------------------------------


def seeds_cover() -> Iterator[Figure]:
    """Several trainings: an interval for another seed and other questions."""
    for count in (2, 3, 5):
        for spread in (0.0, 0.02, 0.05):
            rng = np.random.default_rng(12)
            of = chunks(rng, CHUNKS, QUESTIONS, 0.4)
            shift = rng.normal(0, spread, (count, DRAWS, 1, 1))
            chance = np.clip(of.ease[..., None] + shift, 0, 1)
            luck = rng.standard_normal(of.asked.shape)  # what a question is worth to every training alike
            own = rng.standard_normal((count, *of.asked.shape))
            right = ((0.8**0.5 * luck + 0.2**0.5 * own < norm.ppf(chance)) & of.asked).astype(float)
            means = right.sum((2, 3)) / QUESTIONS
            error = standard_error(right.mean(0).sum(-1), of.sizes)
            low, high = seeds.combined(means.mean(0), means.std(0, ddof=1), count, error, CHUNKS, 0.95)
            truth = expected(spread)
            value = float(((low <= truth) & (truth <= high)).mean())
            setting = f"{count} seeds, their sd {100 * spread:g} points, share right 0.4"
            asked = NOMINAL if count > 2 else (0.0, 1.0)
            yield Figure("mean over seeds and questions: covers", setting, value, *asked)


def expected(spread: float) -> float:
    """Mean of a clipped Beta + Normal, by quadrature: clipping moves it off 0.4."""
    from scipy.stats import beta

    ease = beta.ppf((np.arange(20_000) + 0.5) / 20_000, 1.2, 1.8)
    if spread == 0:
        return float(ease.mean())
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    clipped = np.clip(ease[:, None] + spread * nodes, 0, 1) @ weights
    return float(clipped.mean() / weights.sum())


TABLES: dict[str, Callable[[], Iterator[Figure]]] = {
    function.__name__: function
    for function in (
        wilson_covers, clustered_shares_cover, f1_covers, differences_cover,
        one_way_differences_cover, noninferiority_errs, few_clusters_cover, permutation_errs,
        words_are_said, holm_errs, gate_errs, clustered_gate_errs, seeds_cover,
    )
}  # fmt: skip


@cache
def figures(name: str) -> tuple[Figure, ...]:
    return tuple(TABLES[name]())


# --- the page ---------------------------------------------------------------------------------------------------------


def page() -> str:
    """``docs/operating-characteristics.md``, whole."""
    return "\n\n".join([INTRODUCTION, plans(), gates(), *(table(name) for name in TABLES)]) + "\n"


def table(name: str) -> str:
    title = (TABLES[name].__doc__ or name).split("\n")[0].removesuffix(".")
    rows = [f"| {f.what} | {f.setting} | {100 * f.value:.1f} | {f.asked} |" for f in figures(name)]
    return "\n".join([f"**{title}**", "", "| what | where | % | asked |", "|---|---|---|---|", *rows])


def plans() -> str:
    """Smallest differences that will be seen, by questions and disagreement; computed, not drawn."""
    shares, lines = (0.1, 0.2, 0.3, 0.4), []
    for n in (20, 50, 100, 200, 240, 300, 500):
        cells = []
        for share in shares:
            found = [planned_difference(n, share, exact=exact) for exact in (False, True)]
            found.append(planned_difference(n, share, alpha=0.01))
            cells.append(" / ".join("–" if value is None else f"{100 * value:.1f}" for value in found))
        lines.append(f"| {n} | {' | '.join(cells)} |")
    head = "| questions | " + " | ".join(f"{share:.0%} disagree" for share in shares) + " |"
    return "\n".join([PLANS, "", head, "|---" * 5 + "|", *lines])


def gates() -> str:
    """Probability that the gate is red by questions, churn and true drop; computed, not drawn."""
    drops, lines = (0.0, 0.05, 0.1, 0.15, 0.2), []
    for churn in (0.1, 0.2, 0.3):
        for n in (50, 100, 200, 240, 300, 500):
            cells = " | ".join(f"{100 * red_probability(n, drop, churn):.1f}" for drop in drops)
            lines.append(f"| {churn:.0%} | {n} | {cells} |")
    head = (
        "| churn | questions | no drop | " + " | ".join(f"{100 * drop:g} points" for drop in drops[1:]) + " |"
    )
    return "\n".join([GATES, "", head, "|---" * 7 + "|", *lines])


INTRODUCTION = """\
# How often the statistics err

Written by `python tests/simulations.py`, held by `tests/statistics/test_simulations.py`. Drawn figures come from 2,000
seeded sets (their own error is about half a point at 95 %, and shows as such); computed ones are exact.
Unless said otherwise a set has 240 questions on 120 chunks; two questions on one chunk are right together with a
correlation of 0.25, and F1 is 0 for most, 1 for 55 % of the others and a part for the rest, as with the embedded
reader. The procedures are the ones a run uses, on many sets at once, with 1,000 resamples instead of 2,000 and 999
permutations instead of 4,999. *Redrawn* is the share of questions whose score is drawn anew in the other arm.

What we learnt, and what is missed:

- Wilson's interval takes questions as independent. Ours share chunks, and it covers 90 % instead of 95. Runs therefore
  give it as many questions as these are worth (`share_interval`), which covers.
- BCa alone covers 89–93 % of paired differences where few questions differ, either way. Runs take the farther
  end of t and BCa.
- Five looks without Holm find something where nothing is in one run of five.
- The gate keeps its 2 % of false alarms at 200 questions and 10 % churn if questions flip singly. It does **not**
  at 20 or 30 % churn, nor where flips come in chunks, nor at 100 questions; and at 200 questions its power at 20 and
  30 % churn is below 90 %. Churn is what another seed does: measure it with `--seeds` before trusting a gate on a
  trained contender, and ask for more questions rather than for a smaller margin.
- Non-inferiority at F1 0.3 is claimed in 3.4 % of the cases at the very edge of the margin, where 2.5 % are nominal.
- "Better" is said of half of the differences that are just detectable, and of 80 % of those 1.3 times as large."""

PLANS = """\
**Smallest difference in right answers that will be seen with 80 % probability**, in points: McNemar's mid-p at 5 % /
its exact test / mid-p at 1 %, Holm's first step of five. Independent questions; with two to a chunk divide their
number by the design effect, about 1.4 here. A dash: no such difference is seen often enough."""

GATES = """\
**Probability in per cent that the gate goes red**, margin 5 points and one-sided exact McNemar at 5 %, where churn
flips questions half each way besides the drop. Computed."""

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
