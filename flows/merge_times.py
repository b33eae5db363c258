"""Time to merge: from the rows of marts to `estimates.survival`, and back."""

import duckdb
import numpy as np
import polars as pl

from quarterdeck.estimates.multiples import MIN_CONTRIBUTORS
from quarterdeck.estimates.survival import kaplan_meier, time_interval
from quarterdeck.flows.success import INDEPENDENT

_KEY = ["scope", "scope_name", "author_class", "quarter_start"]
_SCHEMA = pl.Schema(
    {
        "scope": pl.String(),
        "scope_name": pl.String(),
        "author_class": pl.String(),
        "quarter_start": pl.Date(),
        "pull_requests": pl.Int64(),
        "merged": pl.Int64(),
        "contributors": pl.Int64(),
        "merged_1_day": pl.Float64(),
        "merged_7_days": pl.Float64(),
        "merged_30_days": pl.Float64(),
        "median_days": pl.Float64(),
        "median_days_low": pl.Float64(),
        "median_days_high": pl.Float64(),
        "interval_method": pl.String(),
        "reason": pl.String(),
    }
)


def time_to_merge(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Kaplan-Meier times to merge; one row per scope, author class and quarter of opening.

    Those that were not merged are censored at the end of observation alone, so one less the curve
    is the share merged by then, closed ones among those that never are.
    """
    rows: pl.DataFrame = connection.sql(f"""
        select {", ".join(_KEY)}, coalesce(contributor_id, bot) as cluster, is_merged, days
        from marts.merge_durations
        where quarter_start is not null
        order by all
    """).pl()
    found = [
        dict(zip(_KEY, key, strict=True)) | _measured(own, str(key[2]))
        for key, own in rows.partition_by(*_KEY, as_dict=True, maintain_order=True).items()
    ]
    return pl.DataFrame(found, schema=_SCHEMA).fill_nan(None)


def _measured(rows: pl.DataFrame, author_class: str) -> dict[str, float | int | str | None]:
    days, merged = rows["days"].to_numpy(), rows["is_merged"].to_numpy()
    curve = kaplan_meier(days, merged)
    median = curve.time_to(0.5)
    clusters = rows["cluster"].n_unique()
    low = high = float("nan")
    method = None
    if author_class in INDEPENDENT:
        method = "greenwood"
        low, high = time_interval(curve, days, merged)
    elif clusters >= MIN_CONTRIBUTORS:
        method = "by contributor"
        number = rows["cluster"].rank("dense").to_numpy().astype(np.int64) - 1
        low, high = time_interval(curve, days, merged, number)
    shares = 1.0 - curve.at([1.0, 7.0, 30.0])
    reason = None
    if np.isnan(median):
        reason = "half were not merged"
    elif method is None:
        reason = f"no interval: fewer than {MIN_CONTRIBUTORS} contributors"
    elif np.isnan(shares).any():
        reason = "not watched for 30 days yet"
    elif np.isnan(high):
        reason = "no upper end: the interval is open above"
    return {
        "pull_requests": rows.height,
        "merged": int(merged.sum()),
        "contributors": clusters,
        "merged_1_day": float(shares[0]),
        "merged_7_days": float(shares[1]),
        "merged_30_days": float(shares[2]),
        "median_days": median,
        "median_days_low": low,
        "median_days_high": high,
        "interval_method": method,
        "reason": reason,
    }
