"""Multiples over a fixed set: the same contributors, or the same repositories, in both periods.

The set of a quarter holds the members (contributors or repositories) that are present in the
baseline and in the quarter. Both bars, the quarter's and the baseline's, are taken over the set
alone: its changes over its active contributors. So every quarter has a baseline bar of its own.
The cap stays that of all changes: leaving members out is not to change what an outlier is.
Intervals are those of `quarterly_multiples`: all contributors are drawn, and the set is part of
the definition, not drawn anew.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quarterdeck.estimates.bars import (
    ActivityIntervals,
    CapRule,
    LandedChanges,
    MeasuredQuarters,
)
from quarterdeck.estimates.multiples import Multiples, quarterly_multiples

Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]

IN_BASELINE = "quarter of the baseline"
BEFORE_BASELINE = "before the baseline"
NO_BASELINE = "no baseline"
EMPTY_SET = "nobody is in both"


@dataclass(frozen=True, slots=True)
class FixedSetMultiple:
    """The multiple of one quarter over its set; NaN where undefined.

    Attributes:
        members: Members of the set.
        contributors: Contributors active in it, in the baseline or in the quarter.
        bar: Bar of the quarter over the set.
        baseline_bar: Mean bar of the baseline over the set.
        multiple: Bar over baseline bar.
        low: Lower end of the 95% interval.
        high: Its upper end.
        reason: Why the multiple or its interval is missing; None where nothing is.
    """

    members: int = 0
    contributors: int = 0
    bar: float = np.nan
    baseline_bar: float = np.nan
    multiple: float = np.nan
    low: float = np.nan
    high: float = np.nan
    reason: str | None = None


def fixed_set_multiples(
    changes: LandedChanges,
    change_member: Ints,
    activity: ActivityIntervals,
    activity_member: Ints,
    quarters: MeasuredQuarters,
    present: Flags,
    *,
    rule: CapRule,
    replicates: int = 1000,
    seed: int = 0,
) -> list[FixedSetMultiple]:
    """Multiple of every quarter after the baseline's beginning, each over its own fixed set.

    Args:
        changes: As for `quarterly_multiples`.
        change_member: Of each change the index of its member; -1 for none.
        activity: Activity of contributors in each member; spans may overlap between members.
        activity_member: Of each span the index of its member.
        quarters: The measured quarters.
        present: Whether a member is present in a quarter, shape (members, quarters).
        rule: How a change is capped.
        replicates: Bootstrap replicates.
        seed: Seed of NumPy's PCG64.

    Returns:
        One entry per quarter, in their order.

    Raises:
        ValueError: as `quarterly_multiples` does.
    """
    baseline = quarters.baseline
    if not baseline.any():
        return [FixedSetMultiple(reason=NO_BASELINE)] * baseline.size
    first = int(np.argmax(baseline))
    in_baseline = present[:, baseline].any(axis=1)
    found = []
    for quarter in range(baseline.size):
        members = in_baseline & present[:, quarter]
        if baseline[quarter] or quarter < first:
            reason = IN_BASELINE if baseline[quarter] else BEFORE_BASELINE
            found.append(FixedSetMultiple(reason=reason))
        elif not members.any():
            found.append(FixedSetMultiple(reason=EMPTY_SET))
        else:
            estimate = quarterly_multiples(
                *_within(
                    changes, change_member, activity, activity_member, quarters, members, quarter
                ),
                rule=rule,
                replicates=replicates,
                seed=seed,
            )
            found.append(_last(estimate, int(members.sum())))
    return found


def _last(estimate: Multiples, members: int) -> FixedSetMultiple:
    return FixedSetMultiple(
        members=members,
        contributors=int(estimate.contributors[-1]),
        bar=float(estimate.bar[-1]),
        baseline_bar=estimate.baseline_bar,
        multiple=float(estimate.multiple[-1]),
        low=float(estimate.low[-1]),
        high=float(estimate.high[-1]),
        reason=estimate.reason[-1],
    )


def _within(
    changes: LandedChanges,
    change_member: Ints,
    activity: ActivityIntervals,
    activity_member: Ints,
    quarters: MeasuredQuarters,
    members: Flags,
    quarter: int,
) -> tuple[LandedChanges, ActivityIntervals, MeasuredQuarters]:
    """The inputs of the baseline quarters and this one over a set; the quarter comes last."""
    kept = np.append(np.flatnonzero(quarters.baseline), quarter)
    place = np.full(quarters.baseline.size + 1, -1)
    place[kept] = np.arange(kept.size)
    counts = (change_member >= 0) & members[change_member]
    own = activity_member >= 0
    own &= members[activity_member]
    return (
        # what is outside the set stays in the pools of the cap
        replace(changes, quarter=np.where(counts, place[changes.quarter], -1)),
        _joined(activity.cluster[own], activity.first_day[own], activity.last_day[own]),
        MeasuredQuarters(
            quarters.first_day[kept], quarters.last_day[kept], quarters.baseline[kept]
        ),
    )


def _joined(cluster: Ints, first: Ints, last: Ints) -> ActivityIntervals:
    """Spans of one contributor that overlap become one."""
    order = np.lexsort((last, first, cluster))
    rows: list[tuple[int, int, int]] = []
    for who, begin, end in zip(
        cluster[order].tolist(), first[order].tolist(), last[order].tolist(), strict=True
    ):
        if rows and rows[-1][0] == who and begin <= rows[-1][2]:
            rows[-1] = (who, rows[-1][1], max(rows[-1][2], end))
        else:
            rows.append((who, begin, end))
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return ActivityIntervals(columns[:, 0], columns[:, 1], columns[:, 2])
