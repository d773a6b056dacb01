"""Numbers → interval, paired difference, decision: pure functions, SciPy underneath, the seed an argument.

::

    clusters         values of questions on one chunk, taken together
    intervals        Wilson for a share, BCa over clusters for a mean, the wider of t and BCa for a difference
    paired           two contenders on the same questions; what may be said of them
    mcnemar          right or wrong, lost or won
    contrasts        the five declared comparisons and Holm
    noninferiority   "holds up against"
    power            what a question set can see
    gate             red or not, against a baseline
    seeds            several trainings of one contender

SciPy is imported inside the functions: collecting must not wait for it.
"""

from clara.statistics.clusters import too_few_clusters
from clara.statistics.contrasts import CONTRASTS, adjusted, holm, is_declared
from clara.statistics.gate import (
    Flip,
    FrozenDecision,
    GateDecision,
    LossDecision,
    gate_frozen,
    gate_loss,
    gate_right,
    gate_scores,
    red_probability,
)
from clara.statistics.intervals import Interval, difference_interval, mean_interval, share_interval, wilson
from clara.statistics.mcnemar import exact_one_sided, exact_two_sided, mid_p
from clara.statistics.noninferiority import NonInferiority, non_inferiority
from clara.statistics.paired import PairedDifference, PairingError, Verdict, paired_difference
from clara.statistics.power import design_effect, detectable_difference, planned_difference
from clara.statistics.seeds import SeedsError, SeedSpread, seed_spread

__all__ = [
    "CONTRASTS",
    "Flip",
    "FrozenDecision",
    "GateDecision",
    "Interval",
    "LossDecision",
    "NonInferiority",
    "PairedDifference",
    "PairingError",
    "SeedSpread",
    "SeedsError",
    "Verdict",
    "adjusted",
    "design_effect",
    "detectable_difference",
    "difference_interval",
    "exact_one_sided",
    "exact_two_sided",
    "gate_frozen",
    "gate_loss",
    "gate_right",
    "gate_scores",
    "holm",
    "is_declared",
    "mean_interval",
    "mid_p",
    "non_inferiority",
    "paired_difference",
    "planned_difference",
    "red_probability",
    "seed_spread",
    "share_interval",
    "too_few_clusters",
    "wilson",
]
