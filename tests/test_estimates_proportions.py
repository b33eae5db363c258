import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from quarterdeck.estimates.proportions import wilson

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
