"""How often the intervals of rates hold the truth, where contributors differ.

    python -m benchmarks.rate_coverage [--organisations 400]

Each organisation has contributors with log-normal numbers of pull requests and success rates of
their own (beta, with the weight of four trials). Prints shares by contributors and true rate.
"""

import argparse

import numpy as np

from quarterdeck.estimates.proportions import cluster_bootstrap, wilson

SEED = 7
CONTRIBUTORS = (8, 30, 150)
RATES = (0.05, 0.3, 0.7, 0.95)
DRAWS = 300


def coverage(contributors: int, rate: float, organisations: int) -> tuple[float, float]:
    """Share of organisations whose interval holds `rate`: by contributor, and Wilson's."""
    rng = np.random.default_rng([SEED, contributors, round(rate * 100)])
    person = np.arange(contributors)
    held = np.zeros(2)
    for number in range(organisations):
        trials = np.ceil(rng.lognormal(1.0, 1.0, contributors))
        own = rng.beta(4 * rate, 4 * (1 - rate), contributors)
        passed = rng.binomial(trials.astype(np.int64), own).astype(np.float64)
        drawn = cluster_bootstrap(
            np.zeros_like(person), person, passed, trials, replicates=DRAWS, seed=number
        )
        plain = wilson(passed.sum(), trials.sum())
        held += [drawn.low[0] <= rate <= drawn.high[0], bool(plain.low <= rate <= plain.high)]
    return float(held[0]) / organisations, float(held[1]) / organisations


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organisations", type=int, default=400)
    organisations = parser.parse_args().organisations
    print("contributors  rate  by contributor  wilson")
    for contributors in CONTRIBUTORS:
        for rate in RATES:
            drawn, plain = coverage(contributors, rate, organisations)
            print(f"{contributors:12}  {rate:4}  {drawn:14.3f}  {plain:6.3f}", flush=True)


if __name__ == "__main__":
    main()
