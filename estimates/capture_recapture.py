"""How many there are, from two lists that each hold only some of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]

#: Fewer in both lists than this, and the estimate is biased by more than a few percent
#: (Robson and Regier 1964).
MIN_IN_BOTH = 7


@dataclass(frozen=True)
class Abundance:
    """Estimated sizes with their intervals, one element a population; NaN where undefined."""

    estimate: Floats
    standard_error: Floats
    low: Floats
    high: Floats


def chapman(
    first: npt.ArrayLike, second: npt.ArrayLike, both: npt.ArrayLike, confidence: float = 0.95
) -> Abundance:
    """Chapman's estimate of the size of a population from two lists, with a log-normal interval.

    Assumes a population that is the same for both lists (closed), and lists that are independent:
    being in one makes it neither more nor less likely to be in the other. Where those in one
    list are more likely to be in the other (positive dependence), the estimate is too low.

    Args:
        first: members in the first list (count), whether in the second or not.
        second: members in the second list (count).
        both: members in both (count), at most either of the others.
        confidence: of the interval, between 0 and 1.

    Returns:
        the estimate (D. G. Chapman 1951), its standard error (G. A. F. Seber 1970), and an
        interval whose part beyond the members seen is log-normal (A. Chao 1987): it never goes
        below them. Where one list holds all of the other, nothing was missed by the larger one
        as far as this can see, and the interval is the estimate. NaN in all four where `both` is
        0: nothing then says how many were missed.

    Raises:
        ValueError: a count is negative, or `both` exceeds one of the lists.
    """
    one, two, shared = np.broadcast_arrays(
        *(np.asarray(count, dtype=np.float64) for count in (first, second, both))
    )
    if np.any(shared < 0) or np.any(shared > np.minimum(one, two)):
        raise ValueError("a list holds fewer members than both lists share")
    estimate = (one + 1) * (two + 1) / (shared + 1) - 1
    variance = (one + 1) * (two + 1) * (one - shared) * (two - shared)
    variance /= (shared + 1) ** 2 * (shared + 2)
    seen = one + two - shared
    unseen = estimate - seen
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.log1p(variance / unseen**2))
    factor = np.exp(ndtri(0.5 + confidence / 2) * np.where(unseen > 0, spread, 0.0))
    known = shared > 0
    return Abundance(
        np.where(known, estimate, np.nan),
        np.where(known, np.sqrt(variance), np.nan),
        np.where(known, seen + unseen / factor, np.nan),
        np.where(known, seen + unseen * factor, np.nan),
    )
