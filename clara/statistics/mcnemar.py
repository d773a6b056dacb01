"""Questions lost and won → how likely so uneven a split is where neither is the likelier: McNemar's tests.

They take the questions as independent. All accept whole arrays, and give 1 where nothing flipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import ndarray

    Count = int | ndarray


def exact_one_sided(lost: Count, won: Count) -> ndarray:
    """Chance of at least ``lost`` losses among the flips: small where something fell.

    Never above its level, which is what a gate needs.

    Args:
        lost: Questions right before and wrong now.
        won: Questions wrong before and right now.

    Returns:
        In (0, 1].

    Source:
        McNemar 1947; the exact form is the sign test.
    """
    import numpy as np
    from scipy.stats import binom

    return np.asarray(binom.sf(np.asarray(lost) - 1, np.asarray(lost) + won, 0.5))


def exact_two_sided(lost: Count, won: Count) -> ndarray:
    """Chance of a split at least as uneven, either way; never above its level, and often far below."""
    import numpy as np
    from scipy.stats import binom

    return np.minimum(1, 2 * binom.cdf(np.minimum(lost, won), np.asarray(lost) + won, 0.5))


def mid_p(lost: Count, won: Count) -> ndarray:
    """Two-sided p that counts the split itself by half: for the report, where the exact test is too careful.

    Source:
        Fagerland, Lydersen and Laake 2013, BMC Med Res Meth 13:91: above its level in none of 9,595 settings.
    """
    import numpy as np
    from scipy.stats import binom

    fewer, flips = np.minimum(lost, won), np.asarray(lost) + won
    return np.minimum(1, 2 * binom.cdf(fewer, flips, 0.5) - binom.pmf(fewer, flips, 0.5))
