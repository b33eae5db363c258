"""Intervals for proportions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special


class Proportion(NamedTuple):
    """A proportion with its interval, element by element (all shares of one, 0 to 1)."""

    rate: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def wilson(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> Proportion:
    """Wilson score interval for independent trials.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 209-212; no continuity correction.

    Args:
        successes: Counts of successes, any shape that broadcasts with `trials`.
        trials: Counts of trials.
        level: Nominal coverage, above 0 and below 1.

    Returns:
        Rate and interval of the broadcast shape; all three are NaN where there are no trials or
        where a count is missing (NaN).

    Raises:
        ValueError: A count is negative or infinite, successes exceed trials, or `level` is not
            between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be above 0 and below 1, not {level}")
    k, n = np.broadcast_arrays(
        np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    )
    if np.any(k < 0) or np.any(k > n) or np.any(np.isinf(n)):
        raise ValueError("successes must be at least 0 and at most trials, and both finite")
    z = float(special.ndtri(0.5 + level / 2.0))
    known = np.where(n > 0, n, np.nan)
    rate = np.asarray(k / known, dtype=np.float64)
    centre = (k + z * z / 2.0) / (known + z * z)
    half = z / (known + z * z) * np.sqrt(k * (known - k) / known + z * z / 4.0)
    # At 0 and at n the bound is the rate itself; rounding must not move it past.
    low = np.where(k == 0, rate, centre - half)
    high = np.where(k == n, rate, centre + half)
    return Proportion(rate, low, high)
