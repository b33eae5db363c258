"""Trend of a series of multiples: doubling time, and whether the pace is accelerating.

All fits are ordinary least squares on log(multiple), with time in months. AICc is, for n points, a
residual sum of squares RSS and k parameters (the error variance among them),
n log(RSS / n) + 2k + 2k(k + 1) / (n - k - 1): Hurvich and Tsai (1989), "Regression and time series
model selection in small samples", Biometrika 76, 297-307. It does not exist for n <= k + 1, and a
model without one is not eligible.

The test for acceleration compares the log-linear fit with those alternatives that bend upwards: a
log-quadratic with a positive second term, a hinge whose second slope is the steeper. Its
statistic is the AICc of the line less the lowest AICc among them (minus infinity without
any). Its p is (1 + simulated series with a statistic at least as large) / (1 + replicates),
the series being simulated from the log-linear fit with normal errors of its residual
variance (RSS / (n - 2)). Acceleration is established when the statistic is above 0 and p is
below 0.05; a single series with few quarters tells little, so 'not established' is not
'absent'.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

ESTABLISHED = "established"
NOT_ESTABLISHED = "not established"
TOO_FEW_QUARTERS = "too few quarters"

NOT_POSITIVE = "a multiple is not above zero"
SLOPE_INCLUDES_ZERO = "the slope's interval includes zero"
NOT_GROWING = "the slope's interval is below zero"

SIGNIFICANCE = 0.05
# Parameters with the error variance: line, quadratic, and hinge, whose knot is fitted too.
_PARAMETERS = {"log-linear": 3, "log-quadratic": 4, "hinge": 5}
# Residuals of a series on a log scale below this are rounding, not scatter.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Trend:
    """Trend of a series; NaN where undefined.

    Attributes:
        points: Number of multiples used.
        slope: Slope of log(multiple), per month.
        slope_low: Lower end of its 95% t interval (n - 2 degrees of freedom).
        slope_high: Its upper end.
        doubling_months: log 2 / slope; NaN unless the slope is above 0.
        doubling_low: log 2 / slope_high; NaN unless slope_high is above 0.
        doubling_high: log 2 / slope_low; NaN, that is without bound, unless slope_low is above 0.
        aicc_linear: AICc of the log-linear fit; NaN where n is too small for one.
        aicc_quadratic: AICc of the log-quadratic fit.
        aicc_hinge: AICc of the best fit of two joined lines, the knot at an inner time.
        quadratic_p: Two-sided p of the quadratic term (t test, n - 3 degrees of freedom).
        acceleration_p: Parametric-bootstrap p of acceleration against a log-linear trend.
        preferred: Model with the lowest AICc: 'log-linear', 'log-quadratic', 'hinge', or None.
        verdict: Whether acceleration is 'established', 'not established', or there are
            'too few quarters' to tell.
        reason: Why a figure of the doubling time is missing; None where none is.
    """

    points: int
    slope: float = np.nan
    slope_low: float = np.nan
    slope_high: float = np.nan
    doubling_months: float = np.nan
    doubling_low: float = np.nan
    doubling_high: float = np.nan
    aicc_linear: float = np.nan
    aicc_quadratic: float = np.nan
    aicc_hinge: float = np.nan
    quadratic_p: float = np.nan
    acceleration_p: float = np.nan
    preferred: str | None = None
    verdict: str = TOO_FEW_QUARTERS
    reason: str | None = None


class _Line(NamedTuple):
    slope: float
    low: float
    high: float


class _Curves(NamedTuple):
    """Fits of B series at once: arrays of shape (B,), AICc inf where a model is not eligible."""

    linear: Floats
    quadratic: Floats
    hinge: Floats
    improvement: Floats


def fit_trend(
    months: ArrayLike, multiples: ArrayLike, *, replicates: int = 2000, seed: int = 0
) -> Trend:
    """Log-linear trend of multiples and a test for acceleration; see the module docstring.

    Args:
        months: Times in months, strictly ascending, shape (n,).
        multiples: Multiples, shape (n,); NaN ones are left out with their times.
        replicates: Series to simulate, 1 or above.
        seed: Seed of NumPy's PCG64.

    Returns:
        The trend; nothing is fitted, 'not established', where a multiple is 0 or below.

    Raises:
        ValueError: Shapes differ, times are not ascending, a value is infinite, `replicates` < 1.
    """
    x, multiple = _checked(months, multiples, replicates)
    if np.any(multiple <= 0):
        return Trend(points=x.size, verdict=NOT_ESTABLISHED, reason=NOT_POSITIVE)
    if x.size < 3:
        return Trend(points=x.size, reason=TOO_FEW_QUARTERS)
    y = np.log(multiple)
    line = _fit_line(x, y)
    (doubling, low, high), reason = _doubling(line)
    curves = _fit_curves(x, y[None, :])
    aicc = _eligible(curves)
    p, verdict = float("nan"), TOO_FEW_QUARTERS
    if "log-quadratic" in aicc:
        improvement = float(curves.improvement[0])
        p = _acceleration_p(x, y, improvement, replicates, seed)
        verdict = ESTABLISHED if improvement > 0 and p < SIGNIFICANCE else NOT_ESTABLISHED
    return Trend(
        points=x.size,
        slope=line.slope,
        slope_low=line.low,
        slope_high=line.high,
        doubling_months=doubling,
        doubling_low=low,
        doubling_high=high,
        aicc_linear=aicc.get("log-linear", np.nan),
        aicc_quadratic=aicc.get("log-quadratic", np.nan),
        aicc_hinge=aicc.get("hinge", np.nan),
        quadratic_p=_quadratic_p(x, y),
        acceleration_p=p,
        preferred=min(aicc, key=lambda model: aicc[model], default=None),
        verdict=verdict,
        reason=reason,
    )


def _eligible(curves: _Curves) -> dict[str, float]:
    """AICc by model, of the first series, where there is one."""
    values = (float(fit[0]) for fit in (curves.linear, curves.quadratic, curves.hinge))
    named = zip(_PARAMETERS, values, strict=True)
    return {model: value for model, value in named if np.isfinite(value)}


def _checked(months: ArrayLike, multiples: ArrayLike, replicates: int) -> tuple[Floats, Floats]:
    x = np.asarray(months, dtype=np.float64)
    multiple = np.asarray(multiples, dtype=np.float64)
    if x.ndim != 1 or x.shape != multiple.shape:
        raise ValueError("months and multiples must be one-dimensional and of one length")
    if not np.all(np.isfinite(x)) or np.any(np.diff(x) <= 0):
        raise ValueError("months must be finite and strictly ascending")
    if np.any(np.isinf(multiple)):
        raise ValueError("multiples must not be infinite")
    if replicates < 1:
        raise ValueError(f"replicates must be 1 or above, not {replicates}")
    known = ~np.isnan(multiple)
    return x[known], multiple[known]


def _fit_line(x: Floats, y: Floats) -> _Line:
    """Slope with its 95% t interval."""
    centred = x - x.mean()
    sxx = float(centred @ centred)
    slope = float(centred @ y) / sxx
    rss = float(np.sum((y - y.mean() - slope * centred) ** 2))
    half = float(special.stdtrit(x.size - 2, 0.975)) * np.sqrt(rss / (x.size - 2) / sxx)
    return _Line(slope, float(slope - half), float(slope + half))


def _doubling(line: _Line) -> tuple[tuple[float, float, float], str | None]:
    """Doubling time with the ends of its interval, and why one is missing."""
    months, low, high = (
        float(np.log(2) / slope) if slope > 0 else np.nan
        for slope in (line.slope, line.high, line.low)
    )
    reason = None
    if line.low <= 0:
        reason = NOT_GROWING if line.high < 0 else SLOPE_INCLUDES_ZERO
    return (months, low, high), reason


def _quadratic_p(x: Floats, y: Floats) -> float:
    """Two-sided p of the quadratic term; NaN under 4 points."""
    freedom = x.size - 3
    if freedom < 1:
        return float("nan")
    quadratic = _designs(tuple(x)).quadratic
    coefficients, rss = _least_squares(quadratic, y[None, :])
    scale = np.linalg.inv(quadratic.matrix.T @ quadratic.matrix)[2, 2]
    t = float(coefficients[0, 2] / np.sqrt(rss[0] / freedom * scale))
    return float(2.0 * special.stdtr(freedom, -abs(t)))


class _Design(NamedTuple):
    """Columns of a model at n times, shape (n, k), and their pseudo-inverse."""

    matrix: Floats
    inverse: Floats


class _Designs(NamedTuple):
    line: _Design
    quadratic: _Design
    hinges: tuple[_Design, ...]


@lru_cache(maxsize=64)
def _designs(times: tuple[float, ...]) -> _Designs:
    """The models at these times, which many series share.

    Time is centred (line, quadratic) or counted from the knot (hinges, one for each inner time),
    and scaled for the condition number.
    """
    x = np.array(times)

    def design(*columns: Floats) -> _Design:
        matrix = np.column_stack([np.ones_like(x), *columns])
        return _Design(matrix, np.linalg.pinv(matrix))

    centred = (x - x.mean()) / np.ptp(x)
    from_knots = [(x - knot) / np.ptp(x) for knot in x[1:-1]]
    return _Designs(
        design(centred),
        design(centred, centred**2),
        tuple(design(time, np.maximum(time, 0.0)) for time in from_knots),
    )


def _least_squares(design: _Design, y: Floats) -> tuple[Floats, Floats]:
    """Coefficients (B, k) and residual sums of squares (B,) of B series, y of shape (B, n)."""
    coefficients = np.asarray(y @ design.inverse.T, dtype=np.float64)
    residuals = y - coefficients @ design.matrix.T
    floor = y.shape[1] * (_ROUNDING * (1.0 + np.abs(y).max(axis=1))) ** 2
    return coefficients, np.maximum(np.einsum("bn,bn->b", residuals, residuals), floor)


def _aicc(rss: Floats, n: int, model: str) -> Floats:
    """AICc of B fits; inf where n is too small for the model."""
    k = _PARAMETERS[model]
    if n <= k + 1:
        return np.full(rss.shape, np.inf)
    return n * np.log(rss / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def _fit_curves(x: Floats, y: Floats) -> _Curves:
    """AICc of the three models for B series, and the improvement by those that bend upwards."""
    n = x.size
    designs = _designs(tuple(x))
    _, rss = _least_squares(designs.line, y)
    linear = _aicc(rss, n, "log-linear")
    coefficients, rss = _least_squares(designs.quadratic, y)
    quadratic = _aicc(rss, n, "log-quadratic")
    accelerating = np.where(coefficients[:, 2] > 0, quadratic, np.inf)
    hinge = np.full(y.shape[0], np.inf)
    for design in designs.hinges:
        coefficients, rss = _least_squares(design, y)
        aicc = _aicc(rss, n, "hinge")
        hinge = np.minimum(hinge, aicc)
        accelerating = np.where(
            coefficients[:, 2] > 0, np.minimum(accelerating, aicc), accelerating
        )
    improvement = linear - accelerating if n > 4 else np.full(y.shape[0], -np.inf)
    return _Curves(linear, quadratic, hinge, improvement)


def _acceleration_p(x: Floats, y: Floats, observed: float, replicates: int, seed: int) -> float:
    """Share of series simulated from the log-linear fit that improve at least as much."""
    if not np.isfinite(observed):
        return 1.0
    rng = np.random.Generator(np.random.PCG64(seed))
    line = _designs(tuple(x)).line
    coefficients, rss = _least_squares(line, y[None, :])
    fitted = (coefficients @ line.matrix.T)[0]
    noise = rng.standard_normal((replicates, x.size)) * np.sqrt(rss[0] / (x.size - 2))
    simulated = _fit_curves(x, fitted + noise).improvement
    return float((1 + np.count_nonzero(simulated >= observed)) / (1 + replicates))
