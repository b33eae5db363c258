import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from quarterdeck.estimates.survival import clustered_interval, kaplan_meier, time_interval

rows = st.lists(
    st.tuples(st.integers(0, 15), st.booleans(), st.integers(0, 4)), min_size=1, max_size=30
)


@settings(max_examples=100)
@given(rows, st.sampled_from([0.8, 0.95]))
@pytest.mark.filterwarnings("ignore:The confidence interval is undefined:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_curve_equals_scipy(table: list[tuple[int, bool, int]], level: float) -> None:
    duration, event, count = (np.array(column) for column in zip(*table, strict=True))
    found = kaplan_meier(duration, event, count, level=level)
    each, died = np.repeat(duration, count).astype(float), np.repeat(event, count)
    assume(died.any())
    expected = stats.ecdf(stats.CensoredData(uncensored=each[died], right=each[~died])).sf
    interval = expected.confidence_interval(level, method="log-log")
    at = np.isin(expected.quantiles, found.time)
    assert found.time.tolist() == sorted(set(each[died]))
    alive = found.survival > 0
    np.testing.assert_allclose(found.survival, expected.probabilities[at], atol=1e-12)
    low, high = interval.low.probabilities[at], interval.high.probabilities[at]
    np.testing.assert_allclose(found.low[alive], low[alive], rtol=1e-9)
    np.testing.assert_allclose(found.high[alive], high[alive], rtol=1e-9)
    assert np.isnan(found.low[~alive]).all() and np.isnan(found.high[~alive]).all()
    assert found.last == each.max()
    np.testing.assert_allclose(found.at(each), expected.evaluate(each), atol=1e-12)


def test_worked_example() -> None:
    # 10 lines: 2 die at 5 days, 3 are censored at 5, 1 of the last 5 dies at 9: 0.8, then 0.64.
    curve = kaplan_meier([5, 5, 9, 20], [True, False, True, False], [2, 3, 1, 4])
    assert curve.time.tolist() == [5.0, 9.0]
    assert curve.at_risk.tolist() == [10.0, 5.0]
    assert curve.events.tolist() == [2.0, 1.0]
    assert curve.survival == pytest.approx([0.8, 0.64])
    assert curve.at([0, 4.9, 5, 20]) == pytest.approx([1.0, 1.0, 0.8, 0.64])
    assert np.isnan(curve.at([20.1, np.nan])).all()
    assert np.isnan(curve.time_to(0.5))
    assert curve.time_to(0.64) == 9.0
    assert curve.last == 20.0


def test_half_life_when_all_die() -> None:
    curve = kaplan_meier([1, 2, 3, 4], [True] * 4)
    assert curve.time_to() == 2.0
    assert curve.at([4, 100]).tolist() == [0.0, 0.0]


def test_no_event_and_no_row() -> None:
    censored = kaplan_meier([3, 7], [False, False])
    assert censored.time.size == 0
    assert censored.at([7]).tolist() == [1.0]
    assert np.isnan(censored.at([8])).all()
    empty = kaplan_meier([], [])
    assert empty.time.size == 0
    assert np.isnan(empty.at([0])).all() and np.isnan(empty.time_to())


def test_malformed_input_is_rejected() -> None:
    with pytest.raises(ValueError, match="one length"):
        kaplan_meier([1, 2], [True])
    with pytest.raises(ValueError, match="finite"):
        kaplan_meier([-1], [True])
    with pytest.raises(ValueError, match="finite"):
        kaplan_meier([1], [True], [np.nan])
    with pytest.raises(ValueError, match="boolean"):
        kaplan_meier([1], [1])
    with pytest.raises(ValueError, match="level"):
        kaplan_meier([1], [True], level=95)
    curve = kaplan_meier([1], [True])
    with pytest.raises(ValueError, match="times"):
        curve.at([-1])
    with pytest.raises(ValueError, match="share"):
        curve.time_to(1.0)


def test_units_that_are_clusters_of_their_own_have_greenwoods_interval() -> None:
    draw = np.random.default_rng(1)
    time, limit = draw.exponential(30, 4_000).round(1), draw.uniform(0, 90, 4_000).round(1)
    duration, event = np.minimum(time, limit), time <= limit
    curve = kaplan_meier(duration, event)
    at = [5.0, 20.0, 60.0]
    low, high = clustered_interval(curve, duration, event, 1, np.arange(4_000), at)
    places = np.searchsorted(curve.time, at, side="right") - 1
    np.testing.assert_allclose(low, curve.low[places], atol=2e-3)
    np.testing.assert_allclose(high, curve.high[places], atol=2e-3)


def test_the_clustered_interval_is_that_of_resampled_clusters() -> None:
    draw = np.random.default_rng(2)
    clusters, each = 120, 15
    scale = np.repeat(draw.gamma(2, 20, clusters), each)  # each cluster has its own pace
    cluster = np.repeat(np.arange(clusters), each)
    time, limit = draw.exponential(scale), draw.uniform(20, 120, clusters * each)
    duration, event = np.minimum(time, limit), time <= limit
    count = draw.integers(1, 5, clusters * each)
    curve, at = kaplan_meier(duration, event, count), np.array([10.0, 30.0, 60.0])
    low, high = clustered_interval(curve, duration, event, count, cluster, at)
    replicates = []
    for _ in range(600):
        times = np.bincount(draw.integers(0, clusters, clusters), minlength=clusters)[cluster]
        replicates.append(kaplan_meier(duration, event, count * times).at(at))
    spread = np.std(np.log(-np.log(replicates)), axis=0)
    ours = (np.log(-np.log(low)) - np.log(-np.log(high))) / 2 / stats.t.ppf(0.975, clusters - 1)
    np.testing.assert_allclose(ours, spread, rtol=0.12)
    naive = curve.high - curve.low
    places = np.searchsorted(curve.time, at, side="right") - 1
    assert np.all(high - low > 1.5 * naive[places])


def test_where_there_is_no_clustered_interval() -> None:
    duration, event, cluster = [5.0, 9.0, 20.0], [True, True, False], [0, 1, 2]
    curve = kaplan_meier(duration, event)
    low, high = clustered_interval(curve, duration, event, 1, cluster, [1, 5, 20, 21])
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, False, True]
    assert np.all((low[1:3] < curve.at([5, 20])) & (curve.at([5, 20]) < high[1:3]))
    for clusters in ([0, 0, 0], [7, 7, 7]):
        low, high = clustered_interval(curve, duration, event, 1, clusters, [5])
        assert np.isnan([low, high]).all()
    all_dead = kaplan_meier([1, 2], [True, True])
    low, high = clustered_interval(all_dead, [1, 2], [True, True], 1, [0, 1], [1, 2])
    assert np.isnan(low).tolist() == [False, True]
    with pytest.raises(ValueError, match="of one length"):
        clustered_interval(curve, duration, event, 1, [0, 1], [5])
    with pytest.raises(ValueError, match="0 or above"):
        clustered_interval(curve, duration, event, 1, [0, 1, -1], [5])


def test_the_interval_of_the_median_is_where_the_curves_interval_holds_a_half() -> None:
    rng = np.random.default_rng(5)
    duration = np.round(rng.exponential(10.0, 300), 2)
    event = rng.uniform(size=300) < 0.8
    curve = kaplan_meier(duration, event)
    low, high = time_interval(curve, duration, event)
    assert low < curve.time_to(0.5) < high
    assert low == curve.time[curve.low <= 0.5][0]
    assert high == curve.time[curve.high <= 0.5][0]
    # units that are clusters of their own have about the same; pairs that go together a wider one
    own = time_interval(curve, duration, event, np.arange(300))
    assert own == (pytest.approx(low, rel=0.1), pytest.approx(high, rel=0.1))
    twice, again = np.repeat(duration, 3), np.repeat(event, 3)
    three = kaplan_meier(twice, again)
    wide = time_interval(three, twice, again, np.repeat(np.arange(300), 3))
    narrow = time_interval(three, twice, again)
    assert wide[1] - wide[0] > 1.4 * (narrow[1] - narrow[0])


def test_an_interval_of_time_that_the_data_do_not_close() -> None:
    duration, event = (
        np.array([1.0, 2.0, 9.0, 9.0, 9.0]),
        np.array([True, True, False, False, False]),
    )
    low, high = time_interval(kaplan_meier(duration, event), duration, event)
    assert low == 1.0  # 4 of 5 survive it, by the log-log interval 20 to 97%
    assert np.isnan(high)
    with pytest.raises(ValueError, match="share"):
        time_interval(kaplan_meier(duration, event), duration, event, share=1.0)
