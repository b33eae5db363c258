from dataclasses import astuple, fields, replace

import numpy as np
import pytest
from scipy import stats

from quarterdeck.estimates import multiples as module
from quarterdeck.estimates.bars import Panel
from quarterdeck.estimates.multiples import (
    ActivityIntervals,
    CapRule,
    LandedChanges,
    MeasuredQuarters,
    quarterly_multiples,
)

Inputs = tuple[LandedChanges, ActivityIntervals, MeasuredQuarters]
FEW = CapRule(quantile=None)


def simulated(contributors: int, seed: int = 0) -> Inputs:
    """Three quarters of 90 days, the first two of them baseline; the third lands about double."""
    rng = np.random.default_rng(seed)
    size = 40 * contributors
    day = rng.integers(0, 270, size)
    cluster = rng.integers(0, contributors, size)
    units = np.ceil(rng.lognormal(3.0, 1.0, size)) * np.where(day >= 180, 2.0, 1.0)
    ids = np.arange(contributors)
    edges = np.array([0, 90, 180])
    return (
        LandedChanges(day, day // 90, cluster, units),
        ActivityIntervals(ids, np.zeros_like(ids), np.full_like(ids, 400)),
        MeasuredQuarters(edges, edges + 89, np.array([True, True, False])),
    )


def history(
    changes: list[tuple[int, int, int, float]],
    activity: list[tuple[int, int, int]],
    baseline: tuple[bool, bool] = (True, False),
) -> Inputs:
    """Two quarters, of days 0 to 1 and 2 to 3."""
    rows = np.array(changes, dtype=np.float64).reshape(-1, 4).T
    numbers = rows[:3].astype(np.int64)
    return (
        LandedChanges(*numbers, rows[3]),
        ActivityIntervals(*np.array(activity, dtype=np.int64).reshape(-1, 3).T),
        MeasuredQuarters(np.array([0, 2]), np.array([1, 3]), np.array(baseline)),
    )


def test_worked_example() -> None:
    # Day 0: 10 lines over 2 active; day 1: nobody is active, the bot's 7 do not count.
    # Day 2: 30 over 3; day 3: none over 3. Bars 5 and 5.
    inputs = history(
        [(0, 0, 0, 4), (0, 0, 1, 6), (1, 0, -1, 7), (2, 1, 2, 20), (2, 1, -1, 10)],
        [(0, 0, 0), (1, 0, 0), (0, 2, 5), (1, 2, 5), (2, 2, 5)],
    )
    found = quarterly_multiples(*inputs)
    assert found.bar.tolist() == [5.0, 5.0]
    assert found.baseline_bar == 5.0
    assert found.multiple.tolist() == [1.0, 1.0]
    assert found.total.tolist() == [17.0, 30.0]
    assert found.days.tolist() == [1, 2]
    assert found.active.tolist() == [1.0, 3.0]
    assert found.contributors.tolist() == [2, 3]
    assert found.reason == ("too few contributors",) * 2
    assert found.replicates.tolist() == [0, 0]
    assert np.isnan([found.low, found.high, found.low_log_t, found.high_log_t, found.cap]).all()


def test_pool_holds_changes_outside_the_quarters() -> None:
    # 199 small changes of the year before and one of 1000 lines: the cap is the size of rank 198.
    older = [(-1 - n, -1, 0, float(n + 1)) for n in range(199)]
    inputs = history([*older, (0, 0, 0, 1000.0)], [(0, 0, 5)])
    assert quarterly_multiples(*inputs).cap[0] == 198.0
    too_old = [(-364 - n, -1, 0, 1.0) for n in range(199)]
    inputs = history([*too_old, (0, 0, 0, 1000.0)], [(0, 0, 5)])
    assert np.isnan(quarterly_multiples(*inputs).cap).all()


def test_pool_reaches_back_365_days() -> None:
    # Last measured day of the first quarter is 1, so day -363 is in its pool and -364 is not.
    def cap(day: int) -> float:
        inputs = history([(day, -1, 0, 50.0), (0, 0, 0, 9.0)], [(0, 0, 5)])
        return float(quarterly_multiples(*inputs, rule=CapRule(1.0, min_pool=1)).cap[0])

    assert [cap(-363), cap(-364)] == [50.0, 9.0]


EVERYONE = [(c, 0, 5) for c in range(9)]


@pytest.mark.parametrize(
    ("inputs", "reason", "multiple"),
    [
        (history([(2, 1, 0, 5)], EVERYONE, (False, False)), "no baseline", None),
        (history([(2, 1, 0, 5)], [(0, 2, 5)]), "no baseline", None),
        (history([(2, 1, 0, 5)], []), "no baseline", None),
        (history([(2, 1, 0, 5)], EVERYONE), "nothing landed in the baseline", None),
        (history([(0, 0, 0, -5)], EVERYONE), "baseline is not above zero", None),
        (history([(0, 0, 0, 5), (2, 1, -1, 5)], [(0, 0, 1)]), "no active contributor", None),
        (history([(0, 0, 0, 5)], EVERYONE), "nothing landed in the quarter", 0.0),
        (history([(0, 0, 0, 5), (2, 1, 0, 10)], EVERYONE[:7]), "too few contributors", 2.0),
        (
            history([(0, 0, 0, 5), (2, 1, 1, 10)], EVERYONE),
            "too many undefined replicates",
            2.0,
        ),
    ],
)
def test_reason_of_the_second_quarter(inputs: Inputs, reason: str, multiple: float | None) -> None:
    found = quarterly_multiples(*inputs, replicates=200)
    assert found.reason[1] == reason
    ends = [found.low[1], found.high[1], found.low_log_t[1], found.high_log_t[1]]
    assert np.isnan(ends).all()
    if multiple is None:
        assert np.isnan(found.multiple[1])
    else:
        assert found.multiple[1] == multiple


def test_no_log_t_interval_where_a_replicate_is_not_positive() -> None:
    landed = [(0, 0, c, 5.0) for c in range(9)]
    inputs = history([*landed, (2, 1, 0, 90.0)], EVERYONE)
    found = quarterly_multiples(*inputs, rule=FEW)
    assert found.low[1] == 0.0
    assert found.high[1] > 2.0
    assert np.isnan([found.low_log_t[1], found.high_log_t[1]]).all()
    assert found.reason == (None, "no log-t interval: not above zero in every replicate")


def test_eight_contributors_get_an_interval_and_seven_none() -> None:
    eight, seven = (quarterly_multiples(*simulated(n), replicates=200) for n in (8, 7))
    assert eight.reason == (None, None, None)
    assert (eight.low < eight.multiple).all() and (eight.multiple < eight.high).all()
    assert seven.reason == ("too few contributors",) * 3
    assert np.isnan(seven.low).all() and np.isfinite(seven.multiple).all()
    allowed = quarterly_multiples(*simulated(7), replicates=200, min_contributors=7)
    assert allowed.reason == (None, None, None)


def test_contributors_count_those_of_the_baseline_and_the_quarter() -> None:
    inputs = history([(0, 0, 0, 1)], [(0, 0, 0), (1, 1, 2), (2, 3, 9), (3, 4, 9), (4, -9, -1)])
    assert quarterly_multiples(*inputs).contributors.tolist() == [2, 3]


def test_intervals_follow_from_the_replicates() -> None:
    inputs = simulated(12)
    found = quarterly_multiples(*inputs, seed=5, replicates=400)
    panel = Panel.build(*inputs, CapRule())
    drawn = module.replicate_multiples(panel, inputs[2].baseline, 400, 5)[:, 2]
    assert (found.low[2], found.high[2]) == tuple(np.percentile(drawn, [2.5, 97.5]))
    spread = stats.t.ppf(0.975, 11) * np.log(drawn).std(ddof=1)
    assert found.low_log_t[2] == pytest.approx(found.multiple[2] * np.exp(-spread))
    assert found.high_log_t[2] == pytest.approx(found.multiple[2] * np.exp(spread))
    assert found.replicates.tolist() == [400] * 3


def test_those_who_are_active_in_neither_period_give_no_degrees_of_freedom() -> None:
    changes, activity, quarters = simulated(12)
    gone = np.arange(12, 60)
    activity = ActivityIntervals(
        np.append(activity.cluster, gone),
        np.append(activity.first_day, np.full(48, -400)),
        np.append(activity.last_day, np.full(48, -300)),
    )
    found = quarterly_multiples(changes, activity, quarters, seed=5, replicates=400)
    panel = Panel.build(changes, activity, quarters, CapRule())
    drawn = module.replicate_multiples(panel, quarters.baseline, 400, 5)[:, 2]
    assert found.contributors[2] == 12 and panel.clusters.size == 60
    spread = stats.t.ppf(0.975, 11) * np.log(drawn).std(ddof=1)
    assert found.high_log_t[2] == pytest.approx(found.multiple[2] * np.exp(spread))


def test_intervals_hold_a_planted_doubling_and_narrow_with_contributors() -> None:
    small, large = (quarterly_multiples(*simulated(n, seed=2)) for n in (10, 300))
    for found in (small, large):
        assert found.low[2] < 2.0 < found.high[2]
        assert found.low_log_t[2] < 2.0 < found.high_log_t[2]
    assert large.high[2] - large.low[2] < (small.high[2] - small.low[2]) / 2


def as_bytes(inputs: Inputs, seed: int = 1) -> list[bytes]:
    found = astuple(quarterly_multiples(*inputs, replicates=150, seed=seed))
    return [np.asarray(value).tobytes() for value in found[:-1]]


def test_same_seed_gives_the_same_bytes_in_any_order_of_rows() -> None:
    changes, activity, quarters = simulated(20)
    changes = replace(changes, units=changes.units / 7.0)
    rows = np.random.default_rng(3).permutation(changes.day.size)
    shuffled = LandedChanges(*(getattr(changes, f.name)[rows] for f in fields(changes)))
    turned = ActivityIntervals(*(getattr(activity, f.name)[::-1] for f in fields(activity)))
    expected = as_bytes((changes, activity, quarters))
    assert as_bytes((shuffled, turned, quarters)) == expected
    assert as_bytes((changes, activity, quarters), seed=2) != expected


def test_chunks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = simulated(20)
    expected = as_bytes(inputs)
    monkeypatch.setattr(module, "_CELLS_PER_CHUNK", 7 * inputs[0].day.size)
    assert as_bytes(inputs) == expected


def test_bots_stay_in_every_replicate() -> None:
    # Everything is landed by a bot and everybody is always active: no replicate differs.
    inputs = history([(0, 0, -1, 5), (2, 1, -1, 15)], EVERYONE)
    found = quarterly_multiples(*inputs, replicates=50)
    assert (found.multiple[1], found.low[1], found.high[1]) == (3.0, 3.0, 3.0)
    assert found.reason == (None, None)


@pytest.mark.parametrize("wrong", [{"replicates": 1}, {"min_contributors": 1}])
def test_too_small_settings_are_rejected(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="2 or above"):
        quarterly_multiples(*simulated(8), **wrong)  # type: ignore[arg-type]
