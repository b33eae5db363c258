"""Quarterly bars of units landed per active contributor-day, under weights of the contributors.

The engine below `quarterdeck.estimates.multiples`: one call computes the bars of many weightings
at once, so that the point estimate and every bootstrap replicate follow the same code.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LandedChanges:
    """Landed changes: four arrays of one length, in any order.

    Attributes:
        day: Day number on which the change landed.
        quarter: Index of its measured quarter, -1 outside them (it is then only in cap pools).
        cluster: Identifier of its contributor, 0 or above; -1 where the author is not a
            contributor, such as a bot: such a change keeps the weight 1 in every replicate.
        units: What the measure counts, before the cap; below 0 is allowed (net lines).
    """

    day: Ints
    quarter: Ints
    cluster: Ints
    units: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ActivityIntervals:
    """When contributors count as active: three arrays of one length, in any order.

    Attributes:
        cluster: Identifier of the contributor, 0 or above.
        first_day: First active day number.
        last_day: Last active day number, inclusive; one contributor's intervals do not overlap.
    """

    cluster: Ints
    first_day: Ints
    last_day: Ints


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredQuarters:
    """The measured quarters, in the order of their index: three arrays of one length.

    Attributes:
        first_day: First measured day number.
        last_day: Last measured day number, inclusive; the last elapsed one of a partial quarter.
        baseline: Whether the quarter belongs to the baseline.
    """

    first_day: Ints
    last_day: Ints
    baseline: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CapRule:
    """How the size of one change is capped.

    Attributes:
        quantile: Share of the pool that the cap must not cut, above 0 and up to 1; None for no cap.
        min_pool: A pool of fewer changes sets no cap (1 or above).
        pool_days: The pool of a quarter is what landed in this many days up to and including the
            last measured day of the quarter.
    """

    quantile: float | None = 0.99
    min_pool: int = 100
    pool_days: int = 365

    def __post_init__(self) -> None:
        """Reject a rule that sets no meaningful cap."""
        if self.quantile is not None and not 0.0 < self.quantile <= 1.0:
            raise ValueError(f"quantile must be above 0 and at most 1, not {self.quantile}")
        if self.min_pool < 1 or self.pool_days < 1:
            raise ValueError("min_pool and pool_days must be 1 or above")


class Bars(NamedTuple):
    """Bars under R weightings of the contributors, for Q quarters: arrays of shape (R, Q).

    Attributes:
        bar: Mean over the defined days of units landed per active contributor; NaN without any.
        cap: Cap on the units of one change; inf where none is set.
        total: Capped units landed in the quarter, on all its days.
        days: Number of defined days: those with an active contributor.
        active: Active contributors, mean over all measured days.
    """

    bar: Floats
    cap: Floats
    total: Floats
    days: NDArray[np.int64]
    active: Floats


class Pool(NamedTuple):
    """Changes that set the cap of a quarter, by size.

    Attributes:
        column: Of each change the column of the weights.
        units: Its size, ascending.
        of_column: How many of them each column has.
    """

    column: NDArray[np.intp]
    units: Floats
    of_column: NDArray[np.int64]


class _Days(NamedTuple):
    """Days under R weightings: cap (R, Q), active (R, slots), landed (R, days with changes)."""

    cap: Floats
    active: NDArray[np.int64]
    landed: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Inputs of the bars, checked and laid out for weighting; see `Panel.build`.

    Measured days of all quarters stand one after another in `slots` columns.
    """

    clusters: NDArray[np.int64]
    quarters: int
    slots: int
    slot_start: NDArray[np.int64]
    slot_length: NDArray[np.int64]
    steps: sparse.csr_array
    column: NDArray[np.intp]
    units: Floats
    quarter: NDArray[np.int64]
    day_index: NDArray[np.intp]
    day_slot: NDArray[np.int64]
    day_quarter: NDArray[np.int64]
    pools: tuple[Pool, ...]
    rule: CapRule

    @classmethod
    def build(
        cls,
        changes: LandedChanges,
        activity: ActivityIntervals,
        quarters: MeasuredQuarters,
        rule: CapRule,
    ) -> Self:
        """Check the inputs and lay them out.

        The layout, and so every byte of a result, does not depend on the order of the rows.

        Raises:
            ValueError: Arrays differ in length, a value is out of its range, a change lies
                outside the days of its quarter, or intervals of a contributor overlap.
        """
        _check_quarters(quarters)
        _check_changes(changes, quarters)
        _check_activity(activity)
        first, last = _int64(quarters.first_day), _int64(quarters.last_day)
        length = last - first + 1
        start = np.cumsum(length) - length
        ids = np.concatenate([_int64(changes.cluster), _int64(activity.cluster)])
        clusters = np.unique(ids[ids >= 0])
        column = _columns(changes.cluster, clusters)
        day, quarter = _int64(changes.day), _int64(changes.quarter)
        units = np.asarray(changes.units, dtype=np.float64)
        slot = np.where(quarter >= 0, start[quarter] + day - first[quarter], -1)
        order = np.lexsort((units, column, slot))
        order = order[slot[order] >= 0]
        day_slot, day_index = np.unique(slot[order], return_inverse=True)
        return cls(
            clusters=clusters,
            quarters=first.size,
            slots=int(length.sum()),
            slot_start=start,
            slot_length=length,
            steps=_activity_steps(activity, clusters, first, last),
            column=column[order],
            units=units[order],
            quarter=quarter[order],
            day_index=day_index,
            day_slot=day_slot,
            day_quarter=np.searchsorted(start, day_slot, side="right") - 1,
            pools=_pools(day, column, units, last, rule, clusters.size + 1),
            rule=rule,
        )

    def bars(self, weights: NDArray[np.int64]) -> Bars:
        """Bars of every quarter under R weightings, and what they are made of.

        Args:
            weights: Shape (R, C + 1): how often each contributor of `clusters` counts, and in
                the last column the weight of changes whose author is not a contributor.

        Returns:
            Bars of shape (R, Q).
        """
        days = self._by_day(weights)
        return Bars(
            bar=self._means(days),
            cap=days.cap,
            total=_sums_by_group(days.landed, self.day_quarter, self.quarters),
            days=np.add.reduceat(days.active > 0, self.slot_start, axis=1, dtype=np.int64),
            active=np.add.reduceat(days.active, self.slot_start, axis=1) / self.slot_length,
        )

    def means(self, weights: NDArray[np.int64]) -> Floats:
        """The bars alone, shape (R, Q), in less time; see `bars`."""
        return self._means(self._by_day(weights))

    def _by_day(self, weights: NDArray[np.int64]) -> _Days:
        cap = self._caps(weights)
        active = np.cumsum(weights[:, :-1] @ self.steps, axis=1)[:, : self.slots]
        return _Days(cap, active, self._landed_by_day(weights, cap))

    def _means(self, days: _Days) -> Floats:
        """Mean over the days with an active contributor of what landed per contributor."""
        on_day = days.active[:, self.day_slot]
        rates = np.divide(days.landed, on_day, out=np.zeros_like(days.landed), where=on_day > 0)
        defined = np.add.reduceat(days.active > 0, self.slot_start, axis=1, dtype=np.int64)
        return ratio(_sums_by_group(rates, self.day_quarter, self.quarters), defined)

    def contributors(self, baseline: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Number of contributors active in the baseline or in each quarter, shape (Q,)."""
        active = np.cumsum(self.steps.toarray(), axis=1)[:, : self.slots] > 0
        by_quarter = np.logical_or.reduceat(active, self.slot_start, axis=1)
        in_baseline = by_quarter[:, baseline].any(axis=1, keepdims=True)
        return np.asarray((by_quarter | in_baseline).sum(axis=0), dtype=np.int64)

    def _caps(self, weights: NDArray[np.int64]) -> Floats:
        """Cap of every quarter under every weighting, shape (R, Q); inf where none is set."""
        caps = np.full((weights.shape[0], self.quarters), np.inf)
        if self.rule.quantile is not None:
            for index, pool in enumerate(self.pools):
                caps[:, index] = weighted_cap(pool, weights, self.rule.quantile, self.rule.min_pool)
        return caps

    def _landed_by_day(self, weights: NDArray[np.int64], cap: Floats) -> Floats:
        """Capped units landed on each day of `day_slot`, shape (R, days with changes)."""
        # what no weighting cuts is summed by contributor and day once for all of them
        cut = self.units > cap.min(axis=0, initial=np.inf)[self.quarter]
        whole = sparse.csr_array(
            (self.units[~cut], (self.column[~cut], self.day_index[~cut])),
            shape=(weights.shape[1], self.day_slot.size),
        )
        landed: Floats = weights @ whole
        if cut.any():
            capped = np.minimum(self.units[cut], cap[:, self.quarter[cut]])
            capped *= weights[:, self.column[cut]]
            landed += _sums_by_group(capped, self.day_index[cut], self.day_slot.size)
        return landed


def weighted_cap(pool: Pool, weights: NDArray[np.int64], quantile: float, min_pool: int) -> Floats:
    """Smallest size that at least a share `quantile` of a weighted pool does not exceed.

    With unit weights and n changes this is the value at index ceil(quantile * n) - 1 in order of
    size, as in DuckDB's quantile_disc with a decimal fraction (no rounding of quantile * n). It
    is counted from the largest change, so that most changes are never looked at.

    Args:
        pool: The changes.
        weights: Shape (R, columns).
        quantile: Above 0 and up to 1.
        min_pool: A pool of less weight sets no cap.

    Returns:
        Caps of shape (R,); inf where the pool is too small.
    """
    size = pool.units.size
    if not size:
        return np.full(weights.shape[0], np.inf)
    share = Fraction(str(quantile))
    total = weights @ pool.of_column
    above = total - -(-total * share.numerator // share.denominator)
    shown = min(size, max(64, int(3 * (1 - quantile) * size)))
    while True:
        reached = np.cumsum(weights[:, pool.column[size - shown :][::-1]], axis=1)
        if shown == size or np.all(reached[:, -1] > above):
            break
        shown = min(size, 2 * shown)
    # the cap is the first change from the top that may not be cut
    index = np.minimum((reached <= above[:, None]).sum(axis=1), shown - 1)
    return np.where(total < min_pool, np.inf, pool.units[size - 1 - index])


def ratio(top: Floats, bottom: NDArray[Any]) -> Floats:
    """Elementwise `top` over `bottom`, of broadcast shape; NaN where `bottom` is not above 0."""
    return np.asarray(top / np.where(bottom > 0, bottom, np.nan), dtype=np.float64)


def _int64(values: Ints) -> NDArray[np.int64]:
    return np.asarray(values, dtype=np.int64)


def _columns(cluster: Ints, clusters: NDArray[np.int64]) -> NDArray[np.intp]:
    """Columns of the weights; the last one for authors who are not contributors."""
    found = np.searchsorted(clusters, _int64(cluster))
    return np.where(_int64(cluster) >= 0, found, clusters.size)


def _sums_by_group(values: Floats, group: Ints, groups: int) -> Floats:
    """Sums along the last axis over ascending group numbers, shape (R, groups)."""
    sums = np.zeros((values.shape[0], groups))
    present, start = np.unique(group, return_index=True)
    if present.size:
        sums[:, present] = np.add.reduceat(values, start, axis=1)
    return sums


def _activity_steps(
    activity: ActivityIntervals,
    clusters: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> sparse.csr_array:
    """Changes of activity, shape (C, slots + 1): +1 where it begins, -1 after it ends."""
    length = last - first + 1
    start = np.cumsum(length) - length
    begin = np.maximum(_int64(activity.first_day)[:, None], first)
    end = np.minimum(_int64(activity.last_day)[:, None], last)
    row, quarter = np.nonzero(begin <= end)
    offset = start[quarter] - first[quarter]
    slots = np.concatenate([begin[row, quarter] + offset, end[row, quarter] + offset + 1])
    values = np.repeat(np.array([1, -1], dtype=np.int64), row.size)
    column = _columns(activity.cluster, clusters)[row]
    shape = (clusters.size, int(length.sum()) + 1)
    return sparse.csr_array((values, (np.tile(column, 2), slots)), shape=shape)


def _pools(
    day: NDArray[np.int64],
    column: NDArray[np.intp],
    units: Floats,
    last: NDArray[np.int64],
    rule: CapRule,
    columns: int,
) -> tuple[Pool, ...]:
    """Pool of each quarter, by size."""
    order = np.lexsort((column, units))
    day, column, units = day[order], column[order], units[order]
    inside = [(day > end - rule.pool_days) & (day <= end) for end in last]
    return tuple(
        Pool(column[mask], units[mask], np.bincount(column[mask], minlength=columns))
        for mask in inside
    )


def _check_lengths(owner: str, *arrays: NDArray[Any]) -> None:
    if len({array.shape for array in arrays}) != 1 or arrays[0].ndim != 1:
        raise ValueError(f"{owner}: arrays must be one-dimensional and of one length")


def _check_quarters(quarters: MeasuredQuarters) -> None:
    _check_lengths("quarters", quarters.first_day, quarters.last_day, quarters.baseline)
    if not quarters.first_day.size:
        raise ValueError("quarters: at least one is needed")
    if quarters.baseline.dtype != np.bool_:
        raise ValueError("quarters: baseline must be boolean")
    if np.any(quarters.first_day > quarters.last_day):
        raise ValueError("quarters: first_day is after last_day")


def _check_changes(changes: LandedChanges, quarters: MeasuredQuarters) -> None:
    _check_lengths("changes", changes.day, changes.quarter, changes.cluster, changes.units)
    if np.any(changes.cluster < -1):
        raise ValueError("changes: cluster is below -1")
    if not np.all(np.isfinite(changes.units)):
        raise ValueError("changes: units must be finite; leave out changes of unknown size")
    if np.any((changes.quarter < -1) | (changes.quarter >= quarters.first_day.size)):
        raise ValueError("changes: quarter is neither -1 nor the index of a measured quarter")
    measured = changes.quarter >= 0
    day, quarter = changes.day[measured], changes.quarter[measured]
    if np.any((day < quarters.first_day[quarter]) | (day > quarters.last_day[quarter])):
        raise ValueError("changes: day lies outside the measured days of its quarter")


def _check_activity(activity: ActivityIntervals) -> None:
    _check_lengths("activity", activity.cluster, activity.first_day, activity.last_day)
    if np.any(activity.cluster < 0):
        raise ValueError("activity: cluster is below 0")
    if np.any(activity.first_day > activity.last_day):
        raise ValueError("activity: first_day is after last_day")
    order = np.lexsort((activity.first_day, activity.cluster))
    cluster, first, last = (
        values[order] for values in (activity.cluster, activity.first_day, activity.last_day)
    )
    if np.any((cluster[1:] == cluster[:-1]) & (first[1:] <= last[:-1])):
        raise ValueError("activity: intervals of a contributor overlap")
