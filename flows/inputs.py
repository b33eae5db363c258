"""The frames that the SQL reads beside the lake: settings, rules, classes, identities."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from threading import Lock

import duckdb
import polars as pl

from quarterdeck.extractors import file_classes, identities
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.record_readers import RecordFrames, read_records
from quarterdeck.extractors.schemas import TIMESTAMP
from quarterdeck.flows.forge_inputs import forge_frames
from quarterdeck.flows.people_inputs import people_frames
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.tier_settings import tier_frame
from quarterdeck.sql.agents import load_signals, signals_frame
from quarterdeck.sql.authorship_overrides import overrides_frame
from quarterdeck.sql.runner import Computed, Given

#: Settings of where things are and how fast they are made: they change no number.
NOT_SHOWN = {
    "lake",
    "lake_store",
    "dask",
    "database",
    "reports",
    "clones",
    "clones_keep_days",
    "metrics_file",
    "report_url",
    "jobs",
    "lines",
    "prefect",
    "repositories",
    "report_name",
    "release_marks",
    "privacy_key_file",
    "pull_request_tables",
    "review_tables",
}

_SETTINGS_SCHEMA = pl.Schema(
    {
        "organisation": pl.String(),
        "agents_since": pl.Date(),
        "baseline": pl.String(),
        "baseline_from": pl.Date(),
        "baseline_to": pl.Date(),
        "baseline_min_quarters": pl.Int32(),
        "fiscal_year_start": pl.Int32(),
        "preset": pl.String(),
        "lines_counted": pl.String(),
        "counted_unit": pl.String(),
        "classes": pl.List(pl.String()),
        "authors": pl.String(),
        "cap_quantile": pl.Float64(),
        "cap_pool_days": pl.Int32(),
        "cap_min_pool": pl.Int32(),
        "activity_days": pl.Int32(),
        "merge_window_days": pl.Int32(),
        "time_zone": pl.String(),
        "cutoff_at": TIMESTAMP,
        "quarterdeck_version": pl.String(),
        "settings_json": pl.String(),
        "input_digest": pl.String(),
    }
)
_REPOSITORY_SETTINGS_SCHEMA = pl.Schema(
    {"repository_id": pl.String(), "team": pl.String(), "problem": pl.String()}
)
_EXCLUSIONS_SCHEMA = pl.Schema(
    {
        "repository_id": pl.String(),
        "commit_id": pl.String(),
        "author_email": pl.String(),
        "reason": pl.String(),
    }
)


def given_frames(
    settings: Settings,
    sources: Sequence[Source],
    problems: dict[str, str],
    digest: str,
    lake: Lake | None = None,
) -> dict[str, Given]:
    """Every frame that the SQL reads as `given_<name>` before the estimates.

    Args:
        settings: the settings in force.
        sources: the repositories of the database.
        problems: why a repository could not be mined, by its name.
        digest: what `input_digest` gives, to be kept in the database.
        lake: tells how files of pull requests were read; None: none were.

    Raises:
        FileClassRuleError: a file class of the settings cannot be used.
        SignalError: a signal of the settings cannot be used.
    """
    rules = file_classes.load_rules(settings.file_classes)

    def classify(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
        paths = connection.sql("""
            select
                repository_id,
                path,
                coalesce(bool_and(is_binary), false) as is_binary,
                bool_or('160000' in (old_mode, new_mode)) as is_submodule
            from raw.file_changes
            group by repository_id, path
        """).pl()
        attributes = connection.sql("""
            select repository_id, path, from_position, content from raw.attribute_versions
        """).pl()
        contents = connection.sql("""
            with newest as (
                select
                    changes.repository_id,
                    changes.path,
                    arg_max(
                        coalesce(changes.new_blob_id, changes.old_blob_id), landings.position
                    ) as blob_id
                from raw.file_changes as changes
                join raw.landings using (repository_id, commit_id)
                where landings.commit_id = landings.landed_commit_id
                group by changes.repository_id, changes.path
            )

            select newest.path, content_facts.*
            from newest
            join raw.content_facts using (repository_id, blob_id)
        """).pl()
        return file_classes.classify(paths, attributes, rules, contents)

    def mailmap(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
        found = connection.sql("""
            select distinct repository_id, author_name as name, author_email as email
            from raw.commits
        """).pl()
        mailmaps = connection.sql(
            "select repository_id, content from raw.tip_files where path = '.mailmap'"
        ).pl()
        return identities.apply_mailmap(found, mailmaps)

    reading: list[RecordFrames] = []
    is_reading = Lock()

    def records(connection: duckdb.DuckDBPyConnection) -> RecordFrames:
        with is_reading:
            if not reading:
                reading.append(read_records(*_records(connection)))
        return reading[0]

    return {
        "settings": _settings(settings, digest),
        "repository_settings": pl.DataFrame(
            [(s.repository_id, s.team, problems.get(s.repository_id)) for s in sources],
            schema=_REPOSITORY_SETTINGS_SCHEMA,
            orient="row",
        ),
        "exclusions": pl.DataFrame(
            [
                (e.repository, e.commit, e.author.lower() if e.author else None, e.reason)
                for e in settings.exclusions
            ],
            schema=_EXCLUSIONS_SCHEMA,
            orient="row",
        ),
        "signals": signals_frame(load_signals(settings.signals, settings.weights)),
        "authorship_overrides": overrides_frame(o.as_override() for o in settings.authorship),
        "tier_thresholds": tier_frame(settings.tiers),
        "file_classes": Computed(classify, settings.model_dump_json(include={"file_classes"})),
        "mailmapped": Computed(mailmap),
        "record_lines": Computed(lambda connection: records(connection).lines),
        "checkpoints": Computed(lambda connection: records(connection).checkpoints),
        "record_problems": Computed(lambda connection: records(connection).problems),
        **people_frames(settings, sources),
        **forge_frames(settings, lake),
    }


def _records(connection: duckdb.DuckDBPyConnection) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Where records stand, and their texts; not the notes on commits that were not mined."""
    found = connection.sql("""
        select records.*
        from lake_records as records
        left join raw.commits using (repository_id, commit_id)
        where records.commit_id is null or commits.commit_id is not null
        order by records.repository_id, records.ref, records.commit_id, records.path
    """).pl()
    return found, connection.sql("select * from lake_record_texts").pl()


def _settings(settings: Settings, digest: str) -> pl.DataFrame:
    first, last = settings.baseline_days or (None, None)
    defined = settings.definition
    shown = settings.model_dump(mode="json", exclude=NOT_SHOWN)
    shown["multiple"] = defined.model_dump(mode="json")
    row = (
        settings.organisation,
        settings.agents_since,
        settings.baseline,
        first,
        last,
        defined.baseline_min_quarters,
        settings.fiscal_year_start,
        settings.preset,
        defined.lines,
        defined.unit,
        defined.classes,
        defined.authors,
        defined.cap_quantile,
        defined.cap_pool_days,
        defined.cap_min_pool,
        defined.activity_days,
        settings.merge_window_days,
        settings.time_zone,
        settings.cutoff,
        version("quarterdeck"),
        json.dumps(shown, sort_keys=True, ensure_ascii=False),
        digest,
    )
    return pl.DataFrame([row], schema=_SETTINGS_SCHEMA, orient="row")
