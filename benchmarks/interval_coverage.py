"""How often the 95% intervals hold the truth, on simulated contributors.

    python -m benchmarks.interval_coverage [--datasets 400] [--contributors 8 30 150]

Contributors differ in how often they land (log-normal), in how large their changes are
(log-normal, capped as in the definition), and in how much they speed up; some leave, some join.
The truth of the multiple is that of 50,000 such contributors. Of rates it is the mean that they
were drawn from.
"""

import argparse
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quarterdeck.estimates.multiples import (
    ActivityIntervals,
    LandedChanges,
    MeasuredQuarters,
    quarterly_multiples,
)
from quarterdeck.estimates.proportions import cluster_bootstrap, wilson

SEED = 20_260_601
QUARTER_DAYS = 91
#: Four quarters of the baseline, one between, and the quarter that is measured.
QUARTERS = 6
BASELINE = 4
DAYS = QUARTER_DAYS * QUARTERS
TRUTH_CONTRIBUTORS = 50_000
MEAN_RATE = 0.7
#: Beta parameters' sum: contributors' rates correlate by 1 / (1 + 6) = 0.14 within one.
CONCENTRATION = 6.0

Inputs = tuple[LandedChanges, ActivityIntervals, MeasuredQuarters]


class Held(NamedTuple):
    """Of one number of contributors: data sets with an interval, and those that hold the truth."""

    defined: int
    held: int
    width: float


def simulate(contributors: int, rng: np.random.Generator) -> Inputs:
    """One organisation: everybody lands something, by their own pace and size, in their time."""
    often = 8.0 * np.exp(rng.normal(-0.245, 0.7, contributors))
    size = np.exp(rng.normal(3.0, 0.5, contributors))
    growth = 2.0 * np.exp(rng.normal(-0.08, 0.4, contributors))
    joins, leaves = _tenure(contributors, rng)
    who, day = [], []
    for quarter in range(QUARTERS):
        pace = often * np.where(quarter < BASELINE, 1.0, growth ** ((quarter - 3) / 2))
        author = np.repeat(np.arange(contributors), rng.poisson(pace))
        at = quarter * QUARTER_DAYS + rng.integers(0, QUARTER_DAYS, author.size)
        there = (at >= joins[author]) & (at < leaves[author])
        who.append(author[there])
        day.append(at[there])
    cluster, days = np.concatenate(who), np.concatenate(day)
    units = np.ceil(size[cluster] * np.exp(rng.normal(0.0, 1.5, cluster.size)))
    changes = LandedChanges(days, days // QUARTER_DAYS, cluster, units)
    first = np.arange(QUARTERS) * QUARTER_DAYS
    quarters = MeasuredQuarters(first, first + QUARTER_DAYS - 1, np.arange(QUARTERS) < BASELINE)
    return changes, _activity(cluster, days), quarters


def _tenure(
    contributors: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First day of everybody, and the day after the last: six of ten are there throughout."""
    kind = rng.uniform(size=contributors)
    at = rng.integers(QUARTER_DAYS, DAYS - QUARTER_DAYS // 2, contributors)
    return np.where(kind < 0.2, at, 0), np.where(kind > 0.8, at, DAYS)


def _activity(cluster: NDArray[np.int64], day: NDArray[np.int64]) -> ActivityIntervals:
    """From each first change to a year after the last: nobody pauses longer than that here."""
    order = np.lexsort((day, cluster))
    people, start = np.unique(cluster[order], return_index=True)
    last = np.append(start[1:], order.size) - 1
    return ActivityIntervals(people, day[order][start], day[order][last] + 364)


def multiples(contributors: int, datasets: int, truth: float) -> dict[str, Held]:
    """Coverage of both intervals of the multiple."""
    rng = np.random.default_rng([SEED, contributors])
    ends = np.full((datasets, 4), np.nan)
    for number in range(datasets):
        found = quarterly_multiples(*simulate(contributors, rng), replicates=500, seed=number)
        ends[number] = found.low[-1], found.high[-1], found.low_log_t[-1], found.high_log_t[-1]
    return {
        "multiple: cluster percentile": _held(ends[:, 0], ends[:, 1], truth),
        "multiple: log-delta t": _held(ends[:, 2], ends[:, 3], truth),
    }


def rates(contributors: int, datasets: int) -> dict[str, Held]:
    """Coverage of the intervals of a rate, of trials alone and of trials of contributors."""
    rng = np.random.default_rng([SEED, contributors, 1])
    ends = np.full((datasets, 6), np.nan)
    for number in range(datasets):
        trials = 1 + rng.poisson(10.0 * np.exp(rng.normal(-0.5, 1.0, contributors)))
        alone = wilson(rng.binomial(trials.sum(), MEAN_RATE), trials.sum())
        own = rng.beta(MEAN_RATE * CONCENTRATION, (1 - MEAN_RATE) * CONCENTRATION, contributors)
        merged = rng.binomial(trials, own)
        together = wilson(merged.sum(), trials.sum())
        clustered = cluster_bootstrap(
            np.zeros(contributors, dtype=np.int64), np.arange(contributors), merged, trials,
            replicates=1_000, seed=number,
        )  # fmt: skip
        ends[number] = (
            alone.low, alone.high, together.low, together.high,
            clustered.low[0], clustered.high[0],
        )  # fmt: skip
    return {
        "rate, independent trials: Wilson": _held(ends[:, 0], ends[:, 1], MEAN_RATE),
        "rate, trials of contributors: Wilson": _held(ends[:, 2], ends[:, 3], MEAN_RATE),
        "rate, trials of contributors: cluster bootstrap": _held(ends[:, 4], ends[:, 5], MEAN_RATE),
    }


def _held(low: NDArray[Any], high: NDArray[Any], truth: float) -> Held:
    defined = np.isfinite(low) & np.isfinite(high)
    inside = defined & (low <= truth) & (truth <= high)
    width = float(np.median(high[defined] - low[defined])) if defined.any() else float("nan")
    return Held(int(defined.sum()), int(inside.sum()), width)


def true_multiple() -> float:
    """The multiple of the last quarter over so many contributors that chance is gone."""
    inputs = simulate(TRUTH_CONTRIBUTORS, np.random.default_rng(SEED))
    return float(quarterly_multiples(*inputs, min_contributors=10**9).multiple[-1])


def main() -> None:
    """Run the study and print it as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=400)
    parser.add_argument("--contributors", type=int, nargs="+", default=[8, 30, 150])
    options = parser.parse_args()
    truth = true_multiple()
    print(f"true multiple {truth:.3f}, true rate {MEAN_RATE}, {options.datasets} data sets each\n")
    print("| interval | contributors | holds the truth | standard error | median width |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for contributors in options.contributors:
        found = multiples(contributors, options.datasets, truth)
        found |= rates(contributors, options.datasets)
        for name, held in found.items():
            share = held.held / held.defined
            error = np.sqrt(share * (1 - share) / held.defined)
            print(
                f"| {name} | {contributors} | {share:.1%} of {held.defined} | {error:.1%} | "
                f"{held.width:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
