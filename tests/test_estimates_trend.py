import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from quarterdeck.estimates.trend import fit_trend

GOLDEN = Path(__file__).parent / "data" / "golden" / "published_multiples.csv"


def published(partial: bool) -> tuple[list[float], list[float]]:
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    rows = [row for row in rows if partial or row["is_partial"] == "false"]
    return [float(row["months"]) for row in rows], [float(row["multiple"]) for row in rows]


def test_golden_doubling_with_the_partial_quarter() -> None:
    trend = fit_trend(*published(partial=True))
    found = (trend.doubling_months, trend.doubling_low, trend.doubling_high)
    assert [round(value, 1) for value in found] == [5.3, 3.9, 8.1]
    assert (trend.points, trend.reason) == (6, None)


def test_golden_doubling_without_the_partial_quarter() -> None:
    trend = fit_trend(*published(partial=False))
    found = (trend.doubling_months, trend.doubling_low, trend.doubling_high)
    assert [round(value, 1) for value in found] == [5.7, 3.5, 14.8]
    assert trend.verdict == "too few quarters"
    assert np.isnan(trend.acceleration_p)


def test_golden_acceleration_is_not_established() -> None:
    trend = fit_trend(*published(partial=True))
    assert round(trend.quadratic_p, 2) == 0.13
    assert trend.aicc_linear < trend.aicc_quadratic
    assert np.isnan(trend.aicc_hinge)
    assert trend.preferred == "log-linear"
    assert 0.05 < trend.acceleration_p < 0.13
    assert trend.verdict == "not established"


series = st.lists(st.floats(0.05, 50.0), min_size=4, max_size=12)


@settings(max_examples=60)
@given(series)
def test_slope_and_interval_equal_scipy(multiples: list[float]) -> None:
    assume(len(set(multiples)) > 1)  # SciPy gives no error for a constant series
    months = 3.0 * np.arange(len(multiples))
    trend = fit_trend(months, multiples, replicates=1)
    expected = stats.linregress(months, np.log(multiples))
    half = stats.t.ppf(0.975, len(multiples) - 2) * expected.stderr
    assert trend.slope == pytest.approx(expected.slope, abs=1e-10)
    assert trend.slope_low == pytest.approx(expected.slope - half, abs=1e-7)
    assert trend.slope_high == pytest.approx(expected.slope + half, abs=1e-7)


def test_aicc_and_quadratic_p_equal_textbook_formulas() -> None:
    months = np.arange(0.0, 30.0, 3.0)
    multiples = np.array([1.0, 1.3, 1.1, 1.6, 1.9, 2.9, 2.8, 4.4, 7.0, 9.9])
    y, n = np.log(multiples), 10

    def aicc(design: np.ndarray, k: int) -> float:
        rss = float(np.linalg.lstsq(design, y, rcond=None)[1][0])
        return n * np.log(rss / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)

    def hinge(knot: float) -> np.ndarray:
        return np.column_stack([np.ones(n), months, np.maximum(months - knot, 0)])

    quadratic = np.vander(months, 3)
    coefficients, rss = np.linalg.lstsq(quadratic, y, rcond=None)[:2]
    error = np.sqrt(rss[0] / (n - 3) * np.linalg.inv(quadratic.T @ quadratic)[0, 0])
    trend = fit_trend(months, multiples, replicates=1)
    assert trend.aicc_linear == pytest.approx(aicc(np.vander(months, 2), 3))
    assert trend.aicc_quadratic == pytest.approx(aicc(quadratic, 4))
    assert trend.aicc_hinge == pytest.approx(min(aicc(hinge(k), 5) for k in months[1:-1]))
    p = 2 * stats.t.sf(abs(coefficients[0] / error), n - 3)
    assert trend.quadratic_p == pytest.approx(p, rel=1e-6)


def noisy(curve: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    months = np.arange(0.0, 48.0, 3.0)
    noise = np.random.default_rng(seed).normal(0.0, 0.1, months.size)
    return months, np.exp(0.03 * months + curve * months**2 + noise)


def test_planted_acceleration_is_established_and_deceleration_is_not() -> None:
    assert fit_trend(*noisy(0.001, 1)).verdict == "established"
    slowing = fit_trend(*noisy(-0.001, 1))
    assert slowing.verdict == "not established"
    assert slowing.preferred != "log-linear"
    assert slowing.acceleration_p > 0.5


def test_a_small_p_is_not_enough_without_a_lower_aicc() -> None:
    trend = fit_trend(3.0 * np.arange(6), np.exp([0.0, 0.0, 0.1, 0.35, 0.5, 0.9]))
    assert trend.acceleration_p < 0.05
    assert trend.aicc_linear < trend.aicc_quadratic
    assert trend.verdict == "not established"


def test_planted_hinge_is_established() -> None:
    months, multiples = noisy(0.0, 2)
    trend = fit_trend(months, multiples * np.exp(0.12 * np.maximum(months - 24, 0)))
    assert trend.preferred == "hinge"
    assert trend.verdict == "established"


def test_steady_growth_is_seldom_called_accelerating() -> None:
    verdicts = [fit_trend(*noisy(0.0, seed), replicates=200).verdict for seed in range(100)]
    assert verdicts.count("established") <= 10


def test_exact_exponential_has_no_acceleration() -> None:
    months = np.arange(0.0, 36.0, 3.0)
    trend = fit_trend(months, 2.0 ** (months / 6.0))
    assert trend.doubling_months == pytest.approx(6.0)
    assert trend.preferred == "log-linear"
    assert trend.verdict == "not established"


def test_flat_series_has_no_upper_doubling_bound() -> None:
    trend = fit_trend([0, 3, 6, 9, 12, 15], [1.0, 1.3, 0.9, 1.4, 1.0, 1.3])
    assert trend.slope_low < 0 < trend.slope_high
    assert trend.doubling_low == pytest.approx(np.log(2) / trend.slope_high)
    assert np.isnan(trend.doubling_high)
    assert trend.reason == "the slope's interval includes zero"


def test_shrinking_series_has_no_doubling_time() -> None:
    trend = fit_trend([0, 3, 6, 9, 12], [8.0, 4.1, 2.0, 1.01, 0.5])
    assert np.isnan([trend.doubling_months, trend.doubling_low, trend.doubling_high]).all()
    assert trend.reason == "the slope's interval is below zero"


def test_missing_multiples_are_left_out() -> None:
    months, multiples = published(partial=True)
    with_gap = fit_trend([*months, 18.0], [*multiples, np.nan])
    assert with_gap == fit_trend(months, multiples)
    assert fit_trend([0, 3, 6], [1.0, np.nan, 2.0]).reason == "too few quarters"


def test_zero_has_no_trend() -> None:
    trend = fit_trend([0, 3, 6, 9, 12, 15], [1.0, 0.0, 1.0, 2.0, 3.0, 4.0])
    assert np.isnan(trend.slope)
    assert (trend.verdict, trend.reason) == ("not established", "a multiple is not above zero")


def test_seed_decides_the_simulation() -> None:
    args = published(partial=True)
    assert fit_trend(*args, seed=3) == fit_trend(*args, seed=3)
    found = {fit_trend(*args, seed=seed, replicates=500).acceleration_p for seed in range(5)}
    assert len(found) > 1


@pytest.mark.parametrize(
    ("months", "multiples", "message"),
    [
        ([0, 3], [1.0], "one length"),
        ([3, 0, 6], [1.0, 2.0, 3.0], "ascending"),
        ([0, 3, 6], [1.0, np.inf, 3.0], "infinite"),
    ],
)
def test_malformed_series_is_rejected(
    months: list[float], multiples: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fit_trend(months, multiples)


def test_replicates_are_needed() -> None:
    with pytest.raises(ValueError, match="replicates"):
        fit_trend([0, 3, 6], [1.0, 2.0, 3.0], replicates=0)
