"""Intervals of success and of reverts: from the rows of marts to `estimates`, and back."""

from collections.abc import Sequence

import duckdb
import numpy as np
import polars as pl

from quarterdeck.estimates.multiples import MIN_CONTRIBUTORS
from quarterdeck.estimates.proportions import cluster_bootstrap, wilson

#: Resamples of the cluster bootstrap, and its seed: equal data give equal intervals.
REPLICATES = 1_000
SEED = 20_260_601
#: Classes whose trials are taken for independent: nobody's habits stand behind several of them.
INDEPENDENT = ("model", "automation")
_LADDER = ["scope", "scope_name", "author_class", "agent", "tier", "quarter_start", "rung"]
_REVERTS = ["scope", "scope_name", "author_class", "quarter_start"]
_FOUND = {
    "rate_low": pl.Float64(),
    "rate_high": pl.Float64(),
    "wilson_low": pl.Float64(),
    "wilson_high": pl.Float64(),
    "interval_method": pl.String(),
    "reason": pl.String(),
}


def ladder_intervals(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Intervals of the success ladder; one row per group of it that has trials."""
    rows: pl.DataFrame = connection.sql(f"""
        select {", ".join(_LADDER)}, coalesce(contributor_id, bot) as cluster,
            cast(sum(successes) as double) as successes, cast(sum(trials) as double) as trials
        from marts.success_ladder_counts
        where trials > 0
        group by all
        order by all
    """).pl()
    return clustered(rows, _LADDER)


def revert_intervals(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Intervals of the revert rates; one row per group that has trials."""
    rows: pl.DataFrame = connection.sql(f"""
        select {", ".join(_REVERTS)}, coalesce(contributor_id, bot) as cluster,
            cast(sum(reverted) as double) as successes, cast(sum(trials) as double) as trials
        from marts.revert_counts
        where trials > 0
        group by all
        order by all
    """).pl()
    return clustered(rows, _REVERTS)


def clustered(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Intervals of rates whose trials come in clusters.

    Args:
        rows: one row per `key` and `cluster`, with `successes` and `trials`; `key` holds
            `scope`, `scope_name` and `author_class`.
        key: columns of a group.

    Returns:
        One row per group: the key, the interval by its method, Wilson's, and why there is none.
    """
    empty = pl.DataFrame(schema={name: rows.schema[name] for name in key} | _FOUND)
    frames = [empty]
    for own in rows.partition_by("scope", "scope_name", maintain_order=True):
        frames.append(_of_scope(own, key).select(empty.columns).cast(empty.schema))
    return pl.concat(frames)


def _of_scope(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    numbered = rows.with_columns(
        group=pl.struct(*key).rank("dense") - 1, person=pl.col("cluster").rank("dense") - 1
    )
    groups = (
        numbered.group_by("group", *key)
        .agg(pl.col("successes", "trials").sum(), pl.col("cluster").n_unique().alias("clusters"))
        .sort("group")
    )
    plain = wilson(groups["successes"].to_numpy(), groups["trials"].to_numpy())
    drawn = cluster_bootstrap(
        numbered["group"].to_numpy(),
        numbered["person"].to_numpy(),
        numbered["successes"].to_numpy(),
        numbered["trials"].to_numpy(),
        replicates=REPLICATES,
        seed=SEED,
    )
    alone = groups["author_class"].is_in(INDEPENDENT).to_numpy()
    many = (groups["clusters"] >= MIN_CONTRIBUTORS).to_numpy()
    same = ((plain.rate == 0) | (plain.rate == 1)) & many
    method = np.select(
        [alone, same, many], ["wilson", "wilson of contributors", "cluster bootstrap"], ""
    )
    frame: pl.DataFrame = groups.with_columns(
        rate_low=pl.Series(np.where(alone, plain.low, np.where(many, drawn.low, np.nan))),
        rate_high=pl.Series(np.where(alone, plain.high, np.where(many, drawn.high, np.nan))),
        wilson_low=pl.Series(plain.low),
        wilson_high=pl.Series(plain.high),
        interval_method=pl.Series(method.astype(str)).replace("", None),
        reason=pl.when(pl.Series(alone | many))
        .then(None)
        .otherwise(pl.lit(f"no interval: fewer than {MIN_CONTRIBUTORS} contributors")),
    ).fill_nan(None)
    return frame
