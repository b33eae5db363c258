import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from quarterdeck.estimates.proportions import cluster_bootstrap, wilson

GOLDEN = Path(__file__).parent / "data" / "golden"


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    trials = draw(st.integers(1, 5000))
    return draw(st.integers(0, trials)), trials


@given(counts(), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_equals_scipy(count: tuple[int, int], level: float) -> None:
    expected = binomtest(*count).proportion_ci(level, method="wilson")
    found = wilson(*count, level=level)
    assert found.low == pytest.approx(expected.low, rel=1e-9, abs=1e-12)
    assert found.high == pytest.approx(expected.high, rel=1e-9, abs=1e-12)
    assert found.rate == count[0] / count[1]
    assert 0.0 <= found.low <= found.rate <= found.high <= 1.0


def test_wilson_is_vectorised_and_missing_without_trials() -> None:
    found = wilson([[0, 3], [5, np.nan]], [[0, 4], [5, 5]])
    assert found.rate.shape == (2, 2)
    for values in found:
        assert np.isnan(values).tolist() == [[True, False], [False, True]]
    assert found.high[1, 0] == 1.0
    assert wilson([1, 2], 2).rate.tolist() == [0.5, 1.0]


def test_wilson_bounds_are_exact_at_none_and_all() -> None:
    assert wilson(0, 7).low == 0.0
    assert wilson(7, 7).high == 1.0


@pytest.mark.parametrize(("successes", "trials"), [(3, 2), (-1, 2), (0, -1), (1, np.inf)])
def test_wilson_rejects_impossible_counts(successes: float, trials: float) -> None:
    with pytest.raises(ValueError, match="successes must be"):
        wilson(successes, trials)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_wilson_rejects_impossible_levels(level: float) -> None:
    with pytest.raises(ValueError, match="level must be"):
        wilson(1, 2, level=level)


def test_golden_64_percent_of_129() -> None:
    # 83 of 129 is the only count that rounds to 64% with these bounds: 82 gives 55.0 to 71.4.
    rounding_to_64 = [k for k in range(130) if round(100 * k / 129) == 64]
    bounds = {k: wilson(k, 129) for k in rounding_to_64}
    rounded = {
        k: (round(100 * float(b.low), 1), round(100 * float(b.high), 1)) for k, b in bounds.items()
    }
    assert rounded == {82: (55.0, 71.4), 83: (55.8, 72.1)}


def test_golden_merged_rates_of_aidev_pop() -> None:
    lines = (GOLDEN / "aidev_pop_merged.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    merged = np.array([int(row["merged"]) for row in rows])
    for key in ("opened", "closed"):
        found = wilson(merged, [int(row[key]) for row in rows])
        assert (100 * found.rate).round(1).tolist() == [float(r[f"merged_of_{key}"]) for r in rows]
    assert (rows[0]["agent"], rows[0]["merged"], rows[0]["opened"]) == ("codex", "1754", "2686")
    codex = wilson(1754, 2686)
    assert 100 * codex.rate == pytest.approx(65.3016, abs=1e-4)
    assert 100 * codex.low == pytest.approx(63.4807, abs=1e-4)
    assert 100 * codex.high == pytest.approx(67.0787, abs=1e-4)


def test_clusters_of_one_trial_have_about_wilsons_interval() -> None:
    cluster = np.arange(400)
    passed = (cluster % 5 == 0).astype(float)
    found = cluster_bootstrap(np.zeros(400, int), cluster, passed, np.ones(400), seed=1)
    plain = wilson(80, 400)
    assert found.rate[0] == 0.2
    assert found.low[0] == pytest.approx(float(plain.low), abs=0.01)
    assert found.high[0] == pytest.approx(float(plain.high), abs=0.01)


def test_trials_that_agree_inside_clusters_widen_the_interval() -> None:
    # 40 people with 10 trials each, all or none of them successes: 40 trials, not 400
    trials = np.full(40, 10.0)
    passed = np.where(np.arange(40) < 16, 10.0, 0.0)
    found = cluster_bootstrap(np.zeros(40, int), np.arange(40), passed, trials, seed=1)
    plain = wilson(16, 40)
    assert found.low[0] == pytest.approx(float(plain.low), abs=0.03)
    assert found.high[0] == pytest.approx(float(plain.high), abs=0.03)


def test_groups_are_as_if_alone_and_clusters_that_never_vary_still_tell_something() -> None:
    group = np.repeat([0, 1, 2], 12)
    person = np.tile(np.arange(12), 3)
    trials = np.tile(np.arange(1.0, 13.0), 3)
    passed = np.where(group == 0, trials, np.where(group == 1, 0.0, trials * (person % 2)))
    found = cluster_bootstrap(group, person, passed, trials, seed=3)
    alone = cluster_bootstrap(np.zeros(12, int), person[:12], passed[24:], trials[:12], seed=3)
    assert (found.low[2], found.high[2]) == (alone.low[0], alone.high[0])
    # twelve people, all of them or none: Wilson of twelve
    assert (found.low[0], found.high[0]) == (pytest.approx(float(wilson(12, 12).low)), 1.0)
    assert (found.low[1], found.high[1]) == (0.0, pytest.approx(float(wilson(0, 12).high)))


def test_bootstrap_without_rows_without_trials_and_with_malformed_rows() -> None:
    assert cluster_bootstrap([], [], [], [], seed=1).rate.size == 0
    found = cluster_bootstrap([0, 2], [0, 1], [0.0, 1.0], [0.0, 2.0], seed=1)
    assert np.isnan(found.rate).tolist() == [True, True, False]
    assert np.isnan(found.low).tolist() == [True, True, False]
    for rows in ([0], [0], [2.0], [1.0]), ([-1], [0], [1.0], [1.0]), ([0], [0, 1], [1.0], [1.0]):
        with pytest.raises(ValueError):
            cluster_bootstrap(*rows, seed=1)  # type: ignore[arg-type]
