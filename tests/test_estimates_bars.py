"""The vectorised bars against a plain reference that reads like the definition."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import duckdb
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quarterdeck.estimates.bars import (
    ActivityIntervals,
    CapRule,
    LandedChanges,
    MeasuredQuarters,
    Panel,
    Pool,
    weighted_cap,
)
from quarterdeck.estimates.multiples import quarterly_multiples, replicate_multiples


@dataclass(frozen=True)
class History:
    """Rows of (day, quarter, cluster, units), (cluster, first, last), (first, last, baseline)."""

    changes: list[tuple[int, int, int, int]]
    activity: list[tuple[int, int, int]]
    quarters: list[tuple[int, int, bool]]

    def arrays(self) -> tuple[LandedChanges, ActivityIntervals, MeasuredQuarters]:
        changes = np.array(self.changes, dtype=np.int64).reshape(-1, 4).T
        activity = np.array(self.activity, dtype=np.int64).reshape(-1, 3).T
        quarters = np.array(self.quarters, dtype=np.int64).T
        return (
            LandedChanges(*changes[:3], changes[3].astype(np.float64)),
            ActivityIntervals(*activity),
            MeasuredQuarters(*quarters[:2], quarters[2].astype(np.bool_)),
        )

    def clusters(self) -> list[int]:
        found = {row[2] for row in self.changes} | {row[0] for row in self.activity}
        return sorted(found - {-1})


def reference_cap(
    history: History, last: int, rule: CapRule, weight: dict[int, int]
) -> Fraction | None:
    if rule.quantile is None:
        return None
    pool: list[int] = []
    for day, _, cluster, units in history.changes:
        if last - rule.pool_days < day <= last:
            pool += [units] * weight[cluster]
    if len(pool) < rule.min_pool:
        return None
    return Fraction(sorted(pool)[ceil(Fraction(str(rule.quantile)) * len(pool)) - 1])


def reference_bar(
    history: History, quarter: int, cap: Fraction | None, weight: dict[int, int]
) -> tuple[Fraction | None, Fraction]:
    """Bar of the quarter (None where undefined) and its capped total."""
    first, last, _ = history.quarters[quarter]
    rates, total = [], Fraction(0)
    for day in range(first, last + 1):
        active = sum(weight[c] for c, begin, end in history.activity if begin <= day <= end)
        landed = Fraction(0)
        for on, _, cluster, units in history.changes:
            if on == day:
                landed += weight[cluster] * (units if cap is None else min(Fraction(units), cap))
        total += landed
        if active:
            rates.append(landed / active)
    return (sum(rates, Fraction(0)) / len(rates) if rates else None), total


def reference_multiples(
    history: History, rule: CapRule, weight: dict[int, int]
) -> tuple[list[float], list[float], list[float], list[float]]:
    """Caps (inf where none), bars, totals and multiples, NaN where undefined."""
    caps = [reference_cap(history, last, rule, weight) for _, last, _ in history.quarters]
    found = [reference_bar(history, q, cap, weight) for q, cap in enumerate(caps)]
    bars = [bar for bar, _ in found]
    base = [
        bar
        for bar, quarter in zip(bars, history.quarters, strict=True)
        if quarter[2] and bar is not None
    ]
    mean = sum(base, Fraction(0)) / len(base) if base else Fraction(0)
    return (
        [float("inf") if cap is None else float(cap) for cap in caps],
        [float("nan") if bar is None else float(bar) for bar in bars],
        [float(total) for _, total in found],
        [float("nan") if bar is None or mean <= 0 else float(bar / mean) for bar in bars],
    )


CLUSTERS = [0, 3, 4, 9, 17]


@st.composite
def histories(draw: st.DrawFn) -> History:
    quarters, day = [], draw(st.integers(-3, 3))
    for _ in range(draw(st.integers(1, 4))):
        length = draw(st.integers(1, 12))
        quarters.append((day, day + length - 1, draw(st.booleans())))
        day += length + draw(st.integers(0, 4))
    changes = []
    for _ in range(draw(st.integers(0, 30))):
        on = draw(st.integers(-25, day + 3))
        inside = [q for q, (first, last, _) in enumerate(quarters) if first <= on <= last]
        cluster = draw(st.sampled_from([-1, *CLUSTERS]))
        changes.append((on, inside[0] if inside else -1, cluster, draw(st.integers(-3, 40))))
    activity = []
    for cluster in draw(st.lists(st.sampled_from(CLUSTERS), unique=True)):
        ends = sorted(draw(st.sets(st.integers(-10, day + 10), min_size=2, max_size=4)))
        activity += [
            (cluster, first, last) for first, last in zip(ends[::2], ends[1::2], strict=False)
        ]
    return History(changes, activity, quarters)


rules = st.builds(
    CapRule,
    quantile=st.sampled_from([None, 0.5, 0.7, 0.99, 1.0]),
    min_pool=st.integers(1, 12),
    pool_days=st.sampled_from([5, 20, 365]),
)


@settings(max_examples=150)
@given(histories(), rules)
def test_point_equals_reference(history: History, rule: CapRule) -> None:
    weight = dict.fromkeys([-1, *CLUSTERS], 1)
    caps, bars, totals, multiples = reference_multiples(history, rule, weight)
    found = quarterly_multiples(*history.arrays(), rule=rule, replicates=2)
    np.testing.assert_array_equal(found.cap, np.where(np.isinf(caps), np.nan, caps))
    np.testing.assert_array_equal(found.total, totals)
    np.testing.assert_allclose(found.bar, bars, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(found.multiple, multiples, rtol=1e-12, atol=1e-12)
    for q, (first, last, _) in enumerate(history.quarters):
        days = range(first, last + 1)
        active = [sum(b <= day <= e for _, b, e in history.activity) for day in days]
        assert found.days[q] == sum(count > 0 for count in active)
        assert found.active[q] == pytest.approx(sum(active) / len(active))


@settings(max_examples=150)
@given(histories(), rules, st.lists(st.integers(0, 4), min_size=5, max_size=5))
def test_weighted_replicate_equals_reference(
    history: History, rule: CapRule, drawn: list[int]
) -> None:
    weight = {-1: 1, **dict(zip(CLUSTERS, drawn, strict=True))}
    caps, bars, totals, _ = reference_multiples(history, rule, weight)
    panel = Panel.build(*history.arrays(), rule)
    assert panel.clusters.tolist() == history.clusters()
    row = [*(weight[cluster] for cluster in history.clusters()), 1]
    found = panel.bars(np.array([row, row], dtype=np.int64))
    for replicate in range(2):
        np.testing.assert_array_equal(found.cap[replicate], caps)
        np.testing.assert_array_equal(found.total[replicate], totals)
        np.testing.assert_allclose(found.bar[replicate], bars, rtol=1e-13, atol=1e-13)


@settings(max_examples=60)
@given(histories(), rules, st.integers(0, 9))
def test_bootstrap_replicates_equal_reference(history: History, rule: CapRule, seed: int) -> None:
    clusters = history.clusters()
    assume(clusters)
    changes, activity, quarters = history.arrays()
    panel = Panel.build(changes, activity, quarters, rule)
    found = replicate_multiples(panel, quarters.baseline, 3, seed)
    rng = np.random.Generator(np.random.PCG64(seed))
    share = [1 / len(clusters)] * len(clusters)
    for row, draws in zip(found, rng.multinomial(len(clusters), share, size=3), strict=True):
        weight = {-1: 1, **dict(zip(clusters, draws.tolist(), strict=True))}
        expected = reference_multiples(history, rule, weight)[3]
        np.testing.assert_allclose(row, expected, rtol=1e-12, atol=1e-12)


def pool(units: np.ndarray) -> Pool:
    """A pool in which every change has a column of its own."""
    return Pool(np.arange(units.size), units, np.ones(units.size, dtype=np.int64))


@pytest.mark.parametrize("size", [*range(1, 12), 99, 100, 101, 199, 200, 300, 700, 1001])
def test_cap_equals_quantile_disc_of_duckdb(size: int) -> None:
    units = np.sort(np.random.default_rng(size).permutation(3 * size)[:size]).astype(np.float64)
    values = ", ".join(f"({value})" for value in units)
    query = f"select quantile_disc(x, 0.99) from (values {values}) as t(x)"
    with duckdb.connect(":memory:") as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    found = weighted_cap(pool(units), np.ones((1, size), dtype=np.int64), 0.99, 1)
    assert found.tolist() == [float(row[0])]


def test_cap_needs_its_smallest_pool() -> None:
    units = np.arange(1.0, 101.0)
    weights = np.ones((2, 100), dtype=np.int64)
    weights[1, 0] = 0
    assert weighted_cap(pool(units), weights, 0.99, 100).tolist() == [99.0, np.inf]
    assert weighted_cap(pool(units[:0]), weights[:, :0], 0.99, 1).tolist() == [np.inf, np.inf]


GOOD = History([(2, 0, 1, 5)], [(1, 0, 9), (1, 12, 14)], [(0, 9, True), (10, 19, False)])


@pytest.mark.parametrize(
    ("history", "message"),
    [
        (replace(GOOD, changes=[(11, 0, 1, 5)]), "outside the measured days"),
        (replace(GOOD, changes=[(2, 2, 1, 5)]), "quarter is neither"),
        (replace(GOOD, changes=[(2, 0, -2, 5)]), "below -1"),
        (replace(GOOD, activity=[(-1, 0, 9)]), "below 0"),
        (replace(GOOD, activity=[(1, 9, 8)]), "first_day is after"),
        (replace(GOOD, activity=[(1, 8, 9), (1, 0, 8)]), "overlap"),
        (replace(GOOD, quarters=[(0, 9, True), (10, 9, False)]), "first_day is after"),
    ],
)
def test_malformed_history_is_rejected(history: History, message: str) -> None:
    Panel.build(*GOOD.arrays(), CapRule())
    with pytest.raises(ValueError, match=message):
        Panel.build(*history.arrays(), CapRule())


def test_malformed_arrays_are_rejected() -> None:
    changes, activity, quarters = GOOD.arrays()
    with pytest.raises(ValueError, match="one length"):
        Panel.build(replace(changes, day=np.array([1, 2])), activity, quarters, CapRule())
    with pytest.raises(ValueError, match="finite"):
        Panel.build(replace(changes, units=np.array([np.nan])), activity, quarters, CapRule())
    no_quarters = MeasuredQuarters(*(np.array([], dtype=np.int64),) * 2, np.array([], dtype=bool))
    with pytest.raises(ValueError, match="at least one"):
        Panel.build(changes, activity, no_quarters, CapRule())
    numbers = replace(quarters, baseline=np.array([0, 1]))
    with pytest.raises(ValueError, match="must be boolean"):
        Panel.build(changes, activity, numbers, CapRule())


@pytest.mark.parametrize("wrong", [{"quantile": 0.0}, {"quantile": 99.0}, {"min_pool": 0}])
def test_malformed_rule_is_rejected(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"quantile|min_pool"):
        CapRule(**wrong)  # type: ignore[arg-type]
