"""Intervals for proportions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, special


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


def cluster_bootstrap(
    group: ArrayLike,
    cluster: ArrayLike,
    successes: ArrayLike,
    trials: ArrayLike,
    *,
    replicates: int = 1_000,
    seed: int,
    level: float = 0.95,
) -> Proportion:
    """Interval of proportions whose trials come in clusters.

    Clusters are drawn with replacement, as many as there are, each with all that it brought into
    any group, so that groups of one call move together; percentiles. Source: Field and Welsh
    (2007), "Bootstrapping clustered data", Journal of the Royal Statistical Society B 69, 369-390.
    Percentiles alone are too narrow where rates are near 0 or 1 or clusters few, so the interval
    is widened to that of the linearised variance on log odds with the t quantile;
    `benchmarks.rate_coverage` tells how often it holds the truth. Where no trial or every trial
    of a group is a success no draw can differ: the interval is then Wilson's with each cluster
    for one trial.

    Args:
        group: Number of each row's group, 0 or above, shape (n,).
        cluster: Number of each row's cluster, 0 or above, shape (n,).
        successes: Counts of successes, shape (n,).
        trials: Counts of trials, shape (n,).
        replicates: Number of draws, 1 or more.
        seed: Of the draws: equal rows and seed give equal intervals.
        level: Nominal coverage, above 0 and below 1.

    Returns:
        Rate and interval of each group, in the order of their numbers, shape (g,) for the highest
        number g - 1; all three are NaN without trials.

    Raises:
        ValueError: Shapes differ, a number is below 0, `replicates` is below 1, a count is
            negative or not finite, successes exceed trials, or `level` is not between 0 and 1.
    """
    groups, clusters = np.asarray(group, np.int64), np.asarray(cluster, np.int64)
    k, n = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    if not groups.shape == clusters.shape == k.shape == n.shape or groups.ndim != 1:
        raise ValueError("group, cluster, successes and trials must be of one length")
    if replicates < 1 or np.any(groups < 0) or np.any(clusters < 0):
        raise ValueError("replicates must be 1 or more, groups and clusters 0 or above")
    wilson(k, n, level=level)  # the same conditions hold for each row
    if not groups.size:
        return Proportion(np.empty(0), np.empty(0), np.empty(0))
    shape = (int(groups.max()) + 1, int(clusters.max()) + 1)
    passed = sparse.csr_array((k, (groups, clusters)), shape=shape)
    tried = sparse.csr_array((n, (groups, clusters)), shape=shape)
    total = np.asarray(tried.sum(axis=1), dtype=np.float64)
    sums = np.asarray(passed.sum(axis=1), dtype=np.float64)
    rate = sums / np.where(total > 0, total, np.nan)
    present = np.unique(clusters)
    draws = np.zeros((shape[1], replicates))
    rng = np.random.default_rng(seed)
    chance = np.full(present.size, 1.0 / present.size)
    draws[present] = rng.multinomial(present.size, chance, size=replicates).T
    drawn = np.asarray(tried @ draws, dtype=np.float64)
    hits = np.asarray(passed @ draws, dtype=np.float64)
    rates = hits / np.where(drawn > 0, drawn, np.nan)
    low, high = _quantiles(rates, (1.0 - level) / 2.0)
    held = np.asarray((tried > 0).sum(axis=1), dtype=np.float64)
    squares = [
        np.asarray(one.multiply(other).sum(axis=1), dtype=np.float64)
        for one, other in ((passed, passed), (passed, tried), (tried, tried))
    ]
    wide_low, wide_high = _log_odds(rate, total, held, squares, level)
    low, high = np.fmin(low, wide_low), np.fmax(high, wide_high)
    same = (sums == 0) | (sums == total)
    plain = wilson(np.where(same & (total > 0), rate, 0.0) * held, held, level=level)
    # of a few very unequal clusters hardly a draw may reach the rate: the interval holds it still
    low = np.where(same, plain.low, np.minimum(low, rate))
    return Proportion(rate, low, np.where(same, plain.high, np.maximum(high, rate)))


def _log_odds(
    rate: NDArray[np.float64],
    total: NDArray[np.float64],
    clusters: NDArray[np.float64],
    squares: list[NDArray[np.float64]],
    level: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Delta-method interval of ratios on log odds; NaN where it has no spread.

    `squares` are, by group, the sums over clusters of successes squared, successes times trials,
    and trials squared.
    """
    inside = np.where((rate > 0) & (rate < 1) & (clusters > 1), rate, np.nan)
    residual = squares[0] - 2.0 * inside * squares[1] + inside**2 * squares[2]
    freedom = np.maximum(clusters - 1.0, 1.0)
    error = np.sqrt(clusters / freedom * np.maximum(residual, 0.0)) / np.maximum(total, 1.0)
    half = special.stdtrit(freedom, 0.5 + level / 2.0) * error / (inside * (1.0 - inside))
    odds = np.log(inside / (1.0 - inside))
    return special.expit(odds - half), special.expit(odds + half)


def _quantiles(values: NDArray[np.float64], tail: float) -> tuple[NDArray[np.float64], ...]:
    """Quantiles `tail` and 1 - `tail` of each row, without its NaN; NaN for a row of those."""
    ordered = np.sort(values, axis=1)  # NaN last
    known = np.sum(~np.isnan(ordered), axis=1)
    row = np.arange(ordered.shape[0])
    found = []
    for share in (tail, 1.0 - tail):
        place = share * np.maximum(known - 1, 0)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(known - 1, 0))
        part = place - below
        found.append((1.0 - part) * ordered[row, below] + part * ordered[row, above])
    return tuple(found)
