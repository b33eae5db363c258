"""Survival curves of right-censored durations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

# A product of ratios that should equal a fraction misses it by rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """Kaplan-Meier curve: a right-continuous step function, 1 before the first event.

    Attributes:
        time: Distinct times with an event, ascending, in the unit of the durations; shape (K,).
        at_risk: Units not yet dead or censored just before each time.
        events: Units that died at each time.
        survival: Share that survives beyond each time.
        low: Lower end of its pointwise interval; NaN where the survival is 0.
        high: Its upper end; NaN where the survival is 0.
        last: Longest duration seen, dead or censored; NaN without any.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    survival: Floats
    low: Floats
    high: Floats
    last: float

    def at(self, times: ArrayLike) -> Floats:
        """Survival at `times`, in their shape.

        NaN beyond the longest duration seen, where the curve is unknown unless all had died, and
        at missing times.

        Raises:
            ValueError: A time is below 0.
        """
        wanted = np.asarray(times, dtype=np.float64)
        if np.any(wanted < 0):
            raise ValueError("times must be 0 or above")
        steps = np.concatenate([[1.0], self.survival])
        value = steps[np.searchsorted(self.time, wanted, side="right")]
        known = (wanted <= self.last) | ((value == 0.0) & ~np.isnan(wanted))
        return np.where(known, value, np.nan)

    def time_to(self, share: float = 0.5) -> float:
        """First time at which at most `share` survives (0.5: the half-life); NaN if not reached.

        Raises:
            ValueError: `share` is not at least 0 and below 1.
        """
        if not 0.0 <= share < 1.0:
            raise ValueError(f"share must be at least 0 and below 1, not {share}")
        reached = self.time[self.survival <= share + _ROUNDING]
        return float(reached[0]) if reached.size else float("nan")


def kaplan_meier(
    duration: ArrayLike, event: ArrayLike, count: ArrayLike = 1, *, level: float = 0.95
) -> SurvivalCurve:
    """Kaplan-Meier estimate with Greenwood's variance and log-log intervals.

    Sources: Kaplan and Meier (1958), "Nonparametric estimation from incomplete observations",
    Journal of the American Statistical Association 53, 457-481; the interval is
    S ^ exp(-/+ z * se), se the standard error of log(-log S): Kalbfleisch and Prentice (2002),
    "The statistical analysis of failure time data", 2nd ed., section 1.4. It takes the units for
    independent; lines that one change brings in are not: `clustered_interval` is for those.

    Args:
        duration: Time from birth to death or to the end of observation, shape (n,).
        event: True where it ended in death, False where it is censored. A unit censored at the
            time of a death is still at risk in it.
        count: Units that each row stands for, shape (n,) or one number.
        level: Nominal coverage of the interval, above 0 and below 1.

    Returns:
        The curve; its arrays are empty where there is no event.

    Raises:
        ValueError: Shapes differ, a duration or count is negative or not finite, or `level` is
            not between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be above 0 and below 1, not {level}")
    time, deaths, at_risk = _life_table(duration, event, count)
    last = float(time[-1]) if time.size else float("nan")
    kept = deaths > 0
    time, deaths, at_risk = time[kept], deaths[kept], at_risk[kept]
    survival = np.asarray(np.cumprod(1.0 - deaths / at_risk), dtype=np.float64)
    alive = np.where(at_risk > deaths, at_risk - deaths, np.nan)
    log_survival = np.log(np.where(survival > 0, survival, np.nan))
    error = np.sqrt(np.cumsum(deaths / (at_risk * alive))) / np.abs(log_survival)
    spread = float(special.ndtri(0.5 + level / 2.0)) * error
    return SurvivalCurve(
        time=time,
        at_risk=at_risk,
        events=deaths,
        survival=survival,
        low=survival ** np.exp(spread),
        high=survival ** np.exp(-spread),
        last=last,
    )


def clustered_interval(
    curve: SurvivalCurve,
    duration: ArrayLike,
    event: ArrayLike,
    count: ArrayLike,
    cluster: ArrayLike,
    times: ArrayLike,
    *,
    level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Pointwise interval of a Kaplan-Meier curve whose units die in clusters.

    The variance of log S is the sum of the squared influences of the clusters (the infinitesimal
    jackknife), times C / (C - 1) for C clusters; the interval is log-log as in `kaplan_meier`,
    with the t quantile of C - 1 degrees of freedom. Source: Williams (1995), "Product-limit
    survival functions with correlated survival times", Lifetime Data Analysis 1, 171-186. Where
    each unit is a cluster of its own it is close to Greenwood's. It knows of dependence inside
    clusters alone: one change that ends lines of many clusters makes the truth wider.

    Args:
        curve: of `kaplan_meier`, of the same rows.
        duration: As there, shape (n,).
        event: As there.
        count: As there, shape (n,) or one number.
        cluster: Number of each row's cluster, 0 or above, shape (n,).
        times: Where to give the interval, shape (m,).
        level: Nominal coverage, above 0 and below 1.

    Returns:
        Lower and upper ends, shape (m,); NaN where the survival is 0, 1 or not known, and
        everywhere with fewer than two clusters.

    Raises:
        ValueError: Shapes differ, or a cluster's number is negative.
    """
    length = np.asarray(duration, dtype=np.float64)
    died = np.asarray(event, dtype=np.bool_)
    weight = np.broadcast_to(np.asarray(count, dtype=np.float64), length.shape)
    number = np.asarray(cluster, dtype=np.int64)
    if died.shape != length.shape or number.shape != length.shape or np.any(number < 0):
        raise ValueError("duration, event and cluster must be of one length, clusters 0 or above")
    wanted = np.asarray(times, dtype=np.float64)
    clusters = np.unique(number[weight > 0]).size
    survival = curve.at(wanted)
    inside = (survival > 0) & (survival < 1)
    if clusters < 2 or not inside.any():
        return np.full(wanted.shape, np.nan), np.full(wanted.shape, np.nan)
    alive = np.where(curve.at_risk > curve.events, curve.at_risk - curve.events, np.nan)
    hazard = np.concatenate([[0.0], np.cumsum(curve.events / curve.at_risk / alive)])
    own = np.zeros(length.shape)
    place = np.searchsorted(curve.time, length)
    dead = died & (weight > 0)
    own[dead] = 1.0 / alive[place[dead]]
    variance = np.full(wanted.shape, np.nan)
    for at in np.flatnonzero(inside):
        seen = np.searchsorted(curve.time, np.minimum(length, wanted[at]), side="right")
        influence = weight * (hazard[seen] - np.where(length <= wanted[at], own, 0.0))
        variance[at] = np.sum(np.bincount(number, influence) ** 2) * clusters / (clusters - 1)
    survival = np.where(inside, survival, np.nan)  # for 1 to any power is 1
    log_survival = np.log(survival)
    spread = special.stdtrit(clusters - 1, 0.5 + level / 2.0) * np.sqrt(variance) / -log_survival
    return survival ** np.exp(spread), survival ** np.exp(-spread)


def _life_table(
    duration: ArrayLike, event: ArrayLike, count: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Distinct durations, ascending, with deaths at each and units at risk just before."""
    length = np.asarray(duration, dtype=np.float64)
    died = np.asarray(event)
    units = np.asarray(count, dtype=np.float64)
    if length.ndim != 1 or died.shape != length.shape or units.shape not in {(), length.shape}:
        raise ValueError("duration, event and count must be one-dimensional and of one length")
    if died.dtype != np.bool_ and died.size:
        raise ValueError("event must be boolean")
    units = np.broadcast_to(units, length.shape)
    for values in (length, units):
        if not np.all(np.isfinite(values)) or np.any(values < 0):
            raise ValueError("durations and counts must be finite and 0 or above")
    held = units > 0
    time, row = np.unique(length[held], return_inverse=True)
    leaving, deaths = np.zeros((2, time.size))
    np.add.at(leaving, row, units[held])
    np.add.at(deaths, row, units[held] * died[held])
    return time, deaths, np.cumsum(leaving[::-1])[::-1]


def time_interval(
    curve: SurvivalCurve,
    duration: ArrayLike,
    event: ArrayLike,
    cluster: ArrayLike | None = None,
    *,
    share: float = 0.5,
    level: float = 0.95,
) -> tuple[float, float]:
    """Interval of the time at which `share` survives: where the curve's interval holds it.

    Source: Brookmeyer and Crowley (1982), "A confidence interval for the median survival time",
    Biometrics 38, 29-41, on the log-log interval of the curve.

    Args:
        curve: of `kaplan_meier` at the same `level`, of the same rows, each for one unit.
        duration: As there, shape (n,).
        event: As there.
        cluster: Number of each row's cluster; without it the units are taken for independent.
        share: The share, above 0 and below 1.
        level: Nominal coverage, above 0 and below 1.

    Returns:
        Lower and upper end in the unit of the durations; NaN where the curve's interval does not
        come down to the share, or there is none.

    Raises:
        ValueError: `share` is not above 0 and below 1; or as `clustered_interval`.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"share must be above 0 and below 1, not {share}")

    def bounds(at: int) -> tuple[float, float]:
        if cluster is None:
            low, high = float(curve.low[at]), float(curve.high[at])
        else:
            time = [float(curve.time[at])]
            ends = clustered_interval(curve, duration, event, 1, cluster, time, level=level)
            low, high = float(ends[0][0]), float(ends[1][0])
        # where all have died the curve is known to be 0
        return (low, high) if curve.survival[at] > 0 else (0.0, 0.0)

    found = []
    for end in (0, 1):
        first, last = 0, curve.time.size
        while first < last:
            middle = (first + last) // 2
            if bounds(middle)[end] <= share + _ROUNDING:
                last = middle
            else:
                first = middle + 1
        found.append(float(curve.time[first]) if first < curve.time.size else float("nan"))
    # steps of a clustered interval may run back and forth: it holds the estimate still
    estimate = curve.time_to(share)
    low, high = (
        (found[0], found[1])
        if np.isnan(estimate)
        else (
            min(found[0], estimate),
            max(found[1], estimate),
        )
    )
    return low, high
