"""The quarterly multiple of units landed per active contributor-day against a baseline.

Point: on each measured day, the units landed, each change capped at the cap of its quarter,
over the contributors active on that day; a day with no active contributor is left out. The
bar of a quarter is the mean over its days, the multiple is the bar over the mean of the bars
of the baseline quarters.

Replicates: a cluster bootstrap, which draws whole clusters with replacement and never single
observations: Field and Welsh (2007), "Bootstrapping clustered data", Journal of the Royal
Statistical Society B 69, 369-390. Each replicate draws the C contributors C times; a drawn
contributor brings all of its changes and activity, in the baseline and in the quarter
together. Changes whose author is not a contributor stay once in every replicate. The cap is
computed anew in each, from the pool weighted by how often its contributors were drawn.

Percentile interval: the 2.5% and 97.5% quantiles of the replicate multiples (linear
interpolation), over the replicates in which the multiple is defined. None is given where more
than 5% of the replicates are undefined, as they would then be left out selectively.

Log-delta t interval: exp(log m -/+ t * se), with m the multiple, se the standard deviation
(divisor R - 1) of the logarithms of the same R replicate multiples, and t the 0.975 quantile
of Student's t with A - 1 degrees of freedom, A being the contributors active in the baseline or
in the quarter: the others are drawn, too, but tell nothing of m. It treats log m as normal about
its true value (the delta method's scale for a ratio) and widens for se being estimated from A
clusters; it is not a studentised bootstrap. It is undefined when m or a replicate is not above 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from quarterdeck.estimates.bars import (
    ActivityIntervals,
    Bars,
    CapRule,
    Floats,
    LandedChanges,
    MeasuredQuarters,
    Panel,
    ratio,
)

__all__ = [
    "ActivityIntervals",
    "CapRule",
    "LandedChanges",
    "MeasuredQuarters",
    "Multiples",
    "quarterly_multiples",
]

NO_BASELINE = "no baseline"
NO_ACTIVE_CONTRIBUTOR = "no active contributor"
EMPTY_BASELINE = "nothing landed in the baseline"
BASELINE_NOT_POSITIVE = "baseline is not above zero"
EMPTY_QUARTER = "nothing landed in the quarter"
TOO_FEW_CONTRIBUTORS = "too few contributors"
TOO_MANY_UNDEFINED = "too many undefined replicates"
NOT_POSITIVE = "no log-t interval: not above zero in every replicate"

MIN_CONTRIBUTORS = 8
MAX_UNDEFINED_SHARE = 0.05
_CELLS_PER_CHUNK = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Multiples:
    """Multiples of Q quarters; arrays of shape (Q,), NaN where undefined.

    Attributes:
        bar: Units landed per active contributor per day, mean over the defined days.
        baseline_bar: Mean of the defined bars of the baseline quarters.
        multiple: Bar over baseline bar.
        low: Lower end of the 95% cluster percentile interval of the multiple.
        high: Its upper end.
        low_log_t: Lower end of the 95% log-delta t interval of the multiple.
        high_log_t: Its upper end.
        contributors: Contributors active in the baseline or in the quarter, the n of the interval.
        replicates: Bootstrap replicates in which the multiple is defined.
        cap: Cap on the units of one change; NaN where none is set.
        total: Capped units landed in the quarter, on all its measured days.
        days: Defined days: measured days with an active contributor.
        active: Active contributors, mean over the measured days.
        reason: Why the multiple or an interval is missing; None where nothing is.
    """

    bar: Floats
    baseline_bar: float
    multiple: Floats
    low: Floats
    high: Floats
    low_log_t: Floats
    high_log_t: Floats
    contributors: NDArray[np.int64]
    replicates: NDArray[np.int64]
    cap: Floats
    total: Floats
    days: NDArray[np.int64]
    active: Floats
    reason: tuple[str | None, ...]


def quarterly_multiples(
    changes: LandedChanges,
    activity: ActivityIntervals,
    quarters: MeasuredQuarters,
    *,
    rule: CapRule | None = None,
    replicates: int = 1000,
    seed: int = 0,
    min_contributors: int = MIN_CONTRIBUTORS,
) -> Multiples:
    """Multiple of every quarter with two intervals; the module docstring gives the formulas.

    Args:
        changes: Landed changes, those outside the measured quarters too (for the cap pools).
        activity: When each contributor counts as active.
        quarters: The measured quarters.
        rule: Cap of the size of one change; by default `CapRule()`.
        replicates: Bootstrap replicates, 2 or above.
        seed: Seed of NumPy's PCG64. Equal inputs, in any order of rows, give equal bytes.
        min_contributors: A quarter with fewer contributors gets its multiple and no interval.

    Raises:
        ValueError: Malformed inputs (see `Panel.build`); `replicates` or `min_contributors` < 2.
    """
    if min(replicates, min_contributors) < 2:
        raise ValueError("replicates and min_contributors must be 2 or above")
    panel = Panel.build(changes, activity, quarters, rule if rule is not None else CapRule())
    point = panel.bars(np.ones((1, panel.clusters.size + 1), dtype=np.int64))
    baseline = baseline_mean(point.bar, quarters.baseline)
    multiple = ratio(point.bar[0], baseline)
    contributors = panel.contributors(quarters.baseline)
    reasons = _reasons(panel, point, quarters.baseline, contributors < min_contributors)
    ends, defined = _intervals(
        panel, quarters.baseline, multiple, contributors, reasons, replicates, seed
    )
    return Multiples(
        bar=point.bar[0],
        baseline_bar=float(baseline[0]),
        multiple=multiple,
        low=ends[0],
        high=ends[1],
        low_log_t=ends[2],
        high_log_t=ends[3],
        contributors=contributors,
        replicates=defined,
        cap=np.where(np.isfinite(point.cap[0]), point.cap[0], np.nan),
        total=point.total[0],
        days=point.days[0],
        active=point.active[0],
        reason=tuple(reasons),
    )


def baseline_mean(bar: Floats, baseline: NDArray[np.bool_]) -> Floats:
    """Mean of the defined bars of the baseline quarters.

    Args:
        bar: Bars of shape (R, Q), NaN where undefined.
        baseline: Shape (Q,).

    Returns:
        Shape (R,); NaN where no baseline quarter has a bar.
    """
    bars = bar[:, baseline]
    known = np.isfinite(bars)
    return ratio(np.where(known, bars, 0.0).sum(axis=1), known.sum(axis=1))


def replicate_multiples(
    panel: Panel, baseline: NDArray[np.bool_], replicates: int, seed: int
) -> Floats:
    """Multiples of the cluster bootstrap replicates, in chunks of bounded memory.

    Returns:
        Shape (replicates, Q); NaN where undefined.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    count = panel.clusters.size
    share = np.full(count, 1.0 / count)
    widest = max([panel.units.size, panel.slots, *(pool.units.size for pool in panel.pools)])
    step = max(1, _CELLS_PER_CHUNK // widest)
    drawn = np.empty((replicates, panel.quarters))
    for start in range(0, replicates, step):
        rows = min(step, replicates - start)
        weights = np.ones((rows, count + 1), dtype=np.int64)
        weights[:, :-1] = rng.multinomial(count, share, size=rows)
        bar = panel.means(weights)
        drawn[start : start + rows] = ratio(bar, baseline_mean(bar, baseline)[:, None])
    return drawn


def _reasons(
    panel: Panel, point: Bars, baseline: NDArray[np.bool_], few: NDArray[np.bool_]
) -> list[str | None]:
    """Why each quarter has no multiple or no interval, as far as the point estimate tells."""
    baseline_bar = float(baseline_mean(point.bar, baseline)[0])
    reasons = (_point_reason(panel, point, baseline, baseline_bar, q) for q in range(few.size))
    return [
        reason or (TOO_FEW_CONTRIBUTORS if small else None)
        for reason, small in zip(reasons, few, strict=True)
    ]


def _point_reason(
    panel: Panel, point: Bars, baseline: NDArray[np.bool_], baseline_bar: float, q: int
) -> str | None:
    if np.isnan(baseline_bar):
        return NO_BASELINE
    if baseline_bar <= 0:
        landed = np.any(panel.units[baseline[panel.quarter]] != 0)
        return BASELINE_NOT_POSITIVE if landed else EMPTY_BASELINE
    if point.days[0, q] == 0:
        return NO_ACTIVE_CONTRIBUTOR
    if not np.any(panel.units[panel.quarter == q] != 0):
        return EMPTY_QUARTER
    return None


def _intervals(
    panel: Panel,
    baseline: NDArray[np.bool_],
    multiple: Floats,
    contributors: NDArray[np.int64],
    reasons: list[str | None],
    replicates: int,
    seed: int,
) -> tuple[Floats, NDArray[np.int64]]:
    """Ends of the intervals, shape (4, Q), and defined replicates of each quarter.

    Only quarters without a reason get an interval; `reasons` takes the reasons found here.
    """
    ends = np.full((4, panel.quarters), np.nan)
    if None not in reasons:
        return ends, np.zeros(panel.quarters, dtype=np.int64)
    drawn = replicate_multiples(panel, baseline, replicates, seed)
    for q, reason in enumerate(reasons):
        if reason is None:
            ends[:, q], reasons[q] = _interval(multiple[q], drawn[:, q], int(contributors[q]))
    return ends, np.count_nonzero(np.isfinite(drawn), axis=0).astype(np.int64)


def _interval(multiple: float, drawn: Floats, clusters: int) -> tuple[Floats, str | None]:
    """Ends of both intervals: percentile low and high, log-t low and high."""
    ends = np.full(4, np.nan)
    defined = drawn[np.isfinite(drawn)]
    if defined.size < (1.0 - MAX_UNDEFINED_SHARE) * drawn.size:
        return ends, TOO_MANY_UNDEFINED
    ends[:2] = np.quantile(defined, [0.025, 0.975])
    if multiple <= 0 or np.any(defined <= 0):
        return ends, NOT_POSITIVE
    spread = float(special.stdtrit(clusters - 1, 0.975)) * np.std(np.log(defined), ddof=1)
    ends[2:] = multiple * np.exp([-spread, spread])
    return ends, None
