"""Survival curves of code lines: from the rows of marts to `estimates.survival`, and back."""

from collections.abc import Iterator

import duckdb
import numpy as np
import polars as pl

from quarterdeck.estimates.multiples import MIN_CONTRIBUTORS, TOO_FEW_CONTRIBUTORS
from quarterdeck.estimates.survival import clustered_interval, kaplan_meier

#: Ages at which the curves are given (days): the last ones are 1, 2, 3, 4, 5, 7 and 10 years.
AGES = (0, 7, 14, 30, 60, 90, 180, 365, 730, 1_095, 1_461, 1_826, 2_557, 3_652)
_CLASSES = ("model", "human", "automation", "undeclared")
_SCHEMA = pl.Schema(
    {
        "scope": pl.String(),
        "scope_name": pl.String(),
        "author_class": pl.String(),
        "matched_with": pl.String(),
        "age_days": pl.Int32(),
        "lines": pl.Float64(),
        "landed_changes": pl.Int64(),
        "contributors": pl.Int64(),
        "at_risk": pl.Float64(),
        "survival": pl.Float64(),
        "survival_low": pl.Float64(),
        "survival_high": pl.Float64(),
        "half_life_days": pl.Float64(),
        "reason": pl.String(),
    }
)


def survival_curves(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Kaplan-Meier curves by scope and author class; one row per curve and age."""
    # numbers in the order of the names: of tens of millions of rows, names would fill the memory
    lives: pl.DataFrame = connection.sql("""
        with changes as (
            select
                scope,
                scope_name,
                repository_id,
                commit_id,
                quarter_start,
                cast(
                    dense_rank() over (order by repository_id, commit_id) as uinteger
                ) as change_number,
                cast(
                    dense_rank() over (
                        order by coalesce(contributor_id, repository_id || ' ' || commit_id)
                    ) as uinteger
                ) as cluster,
                contributor_id is not null as is_contributors,
                model_share as model,
                human_share as human,
                automation_share as automation,
                undeclared_share as undeclared
            from marts.scope_changes
            where scope != 'organisation'
        )

        select
            changes.* exclude (repository_id, commit_id),
            lives.duration_days,
            lives.is_death,
            cast(lives.lines as double) as lines
        from marts.line_lives as lives
        join changes using (repository_id, commit_id)
        -- equal data give equal sums
        order by
            changes.scope, changes.scope_name, changes.change_number, lives.death_commit_id,
            lives.fate
    """).pl()
    frames = [_SCHEMA.to_frame()]
    by_scope = lives.partition_by("scope", "scope_name", as_dict=True)
    everywhere = lives.filter(scope="repository")
    if everywhere.height:
        organisation = connection.sql("select organisation from raw.settings").fetchall()[0][0]
        frames += _curves_of("organisation", str(organisation), everywhere)
    for (scope, name), own in by_scope.items():
        frames += _curves_of(str(scope), str(name), own)
    return pl.concat(frames)


def _curves_of(scope: str, scope_name: str, lives: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The curves of one scope: of all lines, of each class, and of the model beside each other."""
    key = pl.struct(scope=pl.lit(scope), scope_name=pl.lit(scope_name))
    populations: list[tuple[str, str | None, pl.DataFrame]] = [
        ("all", None, lives.with_columns(share=pl.lit(1.0)))
    ]
    own = {
        name: lives.with_columns(share=pl.col(name)).filter(pl.col("share") > 0)
        for name in _CLASSES
    }
    populations += [(name, None, rows) for name, rows in own.items()]
    for other in _CLASSES[1:]:
        # a model's lines are younger than most: like is compared with like
        quarters = set(own["model"]["quarter_start"]) & set(own[other]["quarter_start"])
        for name, beside in (("model", other), (other, "model")):
            rows = own[name].filter(pl.col("quarter_start").is_in(sorted(quarters)))
            populations.append((name, beside, rows))
    for name, matched_with, rows in populations:
        if rows.height:
            frame = _curve(rows).with_columns(
                key.struct.unnest(),
                author_class=pl.lit(name),
                matched_with=pl.lit(matched_with, pl.String()),
            )
            yield frame.select(_SCHEMA.names()).cast(_SCHEMA)


def _curve(rows: pl.DataFrame) -> pl.DataFrame:
    duration = rows["duration_days"].to_numpy()
    event = rows["is_death"].to_numpy()
    weight = (rows["lines"] * rows["share"]).to_numpy()
    cluster = rows["cluster"].rank("dense").to_numpy().astype(np.int64) - 1
    clusters = rows["cluster"].n_unique()
    ages = np.array(AGES, dtype=np.float64)
    curve = kaplan_meier(duration, event, weight)
    survival = curve.at(ages)
    low, high = np.full((2, ages.size), np.nan)
    if clusters >= MIN_CONTRIBUTORS:
        low, high = clustered_interval(curve, duration, event, weight, cluster, ages)
    at_risk = [float(weight[duration >= age].sum()) for age in AGES]
    reasons = [
        _reason(float(alive), float(end), clusters)
        for alive, end in zip(survival, low, strict=True)
    ]
    half_life = curve.time_to(0.5)
    return pl.DataFrame(
        {
            "age_days": AGES,
            "lines": float(weight.sum()),
            "landed_changes": rows["change_number"].n_unique(),
            "contributors": rows.filter("is_contributors")["cluster"].n_unique(),
            "at_risk": at_risk,
            "survival": survival,
            "survival_low": low,
            "survival_high": high,
            "half_life_days": half_life,
            "reason": pl.Series(reasons, dtype=pl.String()),
        }
    ).fill_nan(None)


def _reason(survival: float, low: float, clusters: int) -> str | None:
    """Why the survival or its interval is missing at an age."""
    if np.isnan(survival):
        return "no line was followed that long"
    if not np.isnan(low):
        return None
    if clusters < MIN_CONTRIBUTORS:
        return TOO_FEW_CONTRIBUTORS
    return "no interval: no line had died" if survival == 1 else "no interval: all lines had died"
