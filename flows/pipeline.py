"""The pipeline: the one composition of its steps.

    run -> mine -> mine_one (one task a repository)
        -> build     raw, staging, attribution, marts
        -> estimate  intervals back into marts; checks; publish
        -> report

Each function here is plain; `steps` turns it into a Prefect flow or task in a tracked run.
"""

import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from quarterdeck.extractors.errors import DamagedStoreError, LakeError, StoreError
from quarterdeck.extractors.forge_files import FileOutcome
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.mining import MiningResult
from quarterdeck.extractors.outcomes import outcomes, write_outcome
from quarterdeck.extractors.schemas import FORGE_TABLES, TABLES
from quarterdeck.flows.digests import basis, input_digest, published_digest, report_digest
from quarterdeck.flows.errors import NothingMinedError, SettingsError, StaleDataError
from quarterdeck.flows.forge_inputs import read_told_files, table_specs, told_parts
from quarterdeck.flows.healing import bring_up_to_date, heal
from quarterdeck.flows.inputs import given_frames
from quarterdeck.flows.mining import attempts
from quarterdeck.flows.mirrors import prune
from quarterdeck.flows.privacy_key import key_mark, privacy_key
from quarterdeck.flows.progress import reporter
from quarterdeck.flows.recording import recorded
from quarterdeck.flows.repositories import Source, resolve
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.steps import elapsed, flow, is_tracked
from quarterdeck.flows.stores import bring_lake, store_of
from quarterdeck.reports.provenance import read_made_of
from quarterdeck.sql import runner
from quarterdeck.sql.checking import checks
from quarterdeck.sql.errors import BuildError, CopyError
from quarterdeck.sql.objects import load_objects
from quarterdeck.sql.publishing import publish, refuse_other_file, remove, work_file
from quarterdeck.sql.reuse import Basis


@dataclass(frozen=True)
class Mined:
    """What mining did: results and problems by repository or file, and what files told."""

    results: tuple[MiningResult, ...]
    problems: dict[str, str]
    files: tuple[FileOutcome, ...] = ()


@flow(name="quarterdeck", run_name="quarterdeck {settings.organisation}")
def run(settings: Settings, with_report: bool = True, rebuild: bool = False) -> Path | None:
    """Mine, build, estimate and report; the whole main job.

    What would come out the same is not made again: the database while the lake, the settings
    and the rules are the same, the report while the database is.

    Args:
        settings: the settings in force.
        with_report: whether to write the report.
        rebuild: whether to build and report anew in any case.

    Returns:
        where the report is, if one was asked for.

    Raises:
        StaleDataError: some repositories failed; the rest is up to date and published.
        NothingMinedError: all failed, and the lake knows none of them; nothing was built.
        SettingsError, ExtractorError, SqlError: nothing was published.
    """
    refuse_other_file(settings.database)
    with recorded(settings):
        return _run(settings, with_report, rebuild)


def _run(settings: Settings, with_report: bool, rebuild: bool) -> Path | None:
    mined = mine(settings)
    has_files = any(file.problem is None for file in mined.files)
    is_any = mined.results or has_files or _is_any_in_lake(settings, mined.problems)
    if mined.problems and not is_any:
        raise NothingMinedError("\n".join(mined.problems.values()))
    try:
        is_new = update_database(settings, rebuild)
    except (BuildError, LakeError, DamagedStoreError) as error:
        # if a part was at fault, what was in it is mined again
        is_healed = heal(Lake(settings.lake), everything=True)
        if not is_healed and not isinstance(error, DamagedStoreError):
            raise
        mined = mine(settings)
        is_new = update_database(settings, rebuild)
    report_path = None
    if with_report:
        is_due = is_new or read_made_of(settings.report) != report_digest(settings)
        report_path = report(settings) if is_due else settings.report
    if is_new and is_tracked():
        _publish_summary(settings, with_report)
    if mined.problems:
        raise StaleDataError(mined.problems)
    return report_path


@flow(name="mine")
def mine(settings: Settings) -> Mined:
    """Bring the lake up to date with every repository and file; one that fails stops no other."""
    lake = Lake(settings.lake)
    heal(lake)
    bring_up_to_date(lake)
    if (store := store_of(settings)) is not None:
        store.prepare(lake)
    sources = resolve(settings) if settings.repositories or not table_specs(settings) else []
    _keep_out_of_git(settings.lake.parent)
    results, problems = [], {}
    for source, attempt in attempts(sources, settings):
        if attempt.result is not None:
            results.append(attempt.result)
        if attempt.problem is not None:
            problems[source.repository_id] = attempt.problem
            reporter().line(f"{source.repository_id}: {attempt.problem}")
        write_outcome(lake, source.repository_id, attempt.problem)
    for name, problem in _ask_forges(sources, settings, lake).items():
        problems[name] = f"{problems[name]}; {problem}" if name in problems else problem
        write_outcome(lake, name, problems[name])
    files = mine_files(settings)
    prune(settings, sources)
    problems |= {str(file.path): file.problem for file in files if file.problem is not None}
    return Mined(tuple(results), problems, files)


def _ask_forges(sources: Sequence[Source], settings: Settings, lake: Lake) -> dict[str, str]:
    """Ask the forges that the settings name; without one, their client is not even loaded."""
    if not settings.forges and not any(s.settings and s.settings.forge for s in sources):
        return {}
    from quarterdeck.flows.forges import ask_forges

    problems = ask_forges(sources, settings, lake)
    if (store := store_of(settings)) is not None:
        for source in sources:
            try:
                store.publish(lake, source.repository_id)
            except StoreError as error:
                problems.setdefault(source.repository_id, str(error))
    return problems


def mine_files(settings: Settings) -> tuple[FileOutcome, ...]:
    """Bring the lake up to date with the files of pull requests that the settings name."""
    specs = table_specs(settings)
    if not specs:
        return ()
    start, lake, outcomes = time.monotonic(), Lake(settings.lake), []
    for outcome in read_told_files(settings, lake):
        outcomes.append(outcome)
        if outcome.problem is not None:
            reporter().line(outcome.problem)
        for problem, affected, example in outcome.troubles:
            reporter().line(f"{outcome.path.name}: warning: {problem}: {affected:,} ({example})")
    new = [outcome for outcome in outcomes if outcome.is_new]
    kept = sum(outcome.kept for outcome in new)
    told = f"{len(new):,} of {len(outcomes):,} read, {kept:,} rows kept" if new else "nothing new"
    reporter().line(f"files of pull requests: {told} ({elapsed(start)})")
    return tuple(outcomes)


def _keep_out_of_git(folder: Path) -> None:
    """Let git ignore the default folder, which stands in a checkout after `quarterdeck run .`."""
    ignore = folder / ".gitignore"
    if folder.name == ".quarterdeck" and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def _is_any_in_lake(settings: Settings, names: Iterable[str]) -> bool:
    return not set(names).isdisjoint(Lake(settings.lake).repository_ids())


def update_database(settings: Settings, rebuild: bool = False) -> bool:
    """Build the database anew from the lake, and publish it in one move.

    Args:
        settings: the settings in force.
        rebuild: whether to do so where nothing has changed, too.

    Returns:
        whether a database was published: not where it would come out the same.

    Raises:
        SqlError: it could not be built, a check failed, or it could not be put in place; the
            last published one stays.
    """
    named = resolve(settings) if settings.repositories else None
    bring_lake(settings, [s.repository_id for s in named] if named is not None else None)
    lake = Lake(settings.lake, create=False)
    bring_up_to_date(lake)
    sources = in_lake(lake) if named is None else named
    if not sources and not told_parts(settings, lake):
        raise SettingsError(
            f"{settings.lake}: the lake holds no repository; `quarterdeck run PATH` mines one"
        )
    key = privacy_key(settings)
    known = basis(settings, sources, lake, key_mark(key))
    digest = input_digest(settings, sources, lake, known)
    with work_file(settings.database) as work:
        if not rebuild and published_digest(settings.database) == digest:
            reporter().line("database: nothing new")
            return False
        if not rebuild and key is None:  # what is published with pseudonyms names nobody
            known = replace(known, published=settings.database)
        try:
            estimate(work, build(settings, sources, work, digest, known))
        except CopyError as error:
            reporter().line(f"{settings.database}: not copied; everything is made anew ({error})")
            known = replace(known, published=None)
            estimate(work, build(settings, sources, work, digest, known))
        if key is None:
            publish(work, settings.database)
        else:
            _publish_pseudonymous(work, settings.database, key)
    return True


def _publish_pseudonymous(work: Path, target: Path, key: bytes) -> None:
    """Publish a copy with pseudonyms; the file that names people is removed by its maker."""
    from quarterdeck.sql.privacy import write_pseudonymous

    start = time.monotonic()
    copy = work.with_name(work.name + ".pseudonymous")
    try:
        write_pseudonymous(work, copy, key)
        publish(copy, target)
    finally:
        remove(copy)
    reporter().line(f"replaced people by pseudonyms ({elapsed(start)})")


@flow(name="build")
def build(
    settings: Settings, sources: Sequence[Source], work: Path, digest: str, known: Basis
) -> runner.Unfinished:
    """Build raw, staging, attribution and marts from the lake, as far as SQL alone goes.

    A table that would come out as it stands in the published database is copied from there.
    """
    start = time.monotonic()
    lake = Lake(settings.lake, create=False)
    given = given_frames(settings, sources, outcomes(lake), digest, lake)
    total, made, copied = len(load_objects()), 0, 0
    with (
        tempfile.TemporaryDirectory(prefix="quarterdeck-empty-") as empty,
        reporter().work("building") as under_way,
    ):

        def progress(name: str, seconds: float, is_copied: bool) -> None:
            nonlocal made, copied
            made += 1
            copied += is_copied
            under_way.update(made, total)

        parts = {
            table: [_empty_part(table, Path(empty))]
            + [part for source in sources for part in lake.parts(table, source.repository_id)]
            + (told_parts(settings, lake, table) if table in FORGE_TABLES else [])
            for table in TABLES
        }
        unfinished = runner.build(work, parts, given, progress, known)
    as_before = f", {copied} of them as before" if copied else ""
    reporter().line(f"built {made} tables and views{as_before} ({elapsed(start)})")
    return unfinished


def in_lake(lake: Lake) -> Sequence[Source]:
    """Every repository that the lake holds, for a build without a list of repositories."""
    return [
        Source(name, Path(lake.read("repositories", name)["path"][0]), None, None, None)
        for name in lake.repository_ids()
    ]


def _empty_part(table: str, folder: Path) -> Path:
    """A part without rows, so that a table has its columns before anything is mined."""
    part = folder / f"{table}.parquet"
    TABLES[table].to_frame().write_parquet(part)
    return part


@flow(name="estimate")
def estimate(work: Path, unfinished: runner.Unfinished) -> None:
    """Compute the intervals, finish the marts with them, and run the checks."""
    # imports SciPy, which a run with nothing new need not wait for
    from quarterdeck.flows.estimation import estimated_frames

    start = time.monotonic()
    runner.complete(work, estimated_frames(), unfinished)
    reporter().line(f"estimated intervals and passed {len(checks())} checks ({elapsed(start)})")


@flow(name="report")
def report(settings: Settings) -> Path:
    """Write the report of the published database."""
    from quarterdeck.reports.page import write_report
    from quarterdeck.reports.releases import chosen_releases

    start = time.monotonic()
    marks = chosen_releases(settings.release_marks)
    path = write_report(
        settings.database, settings.report, releases=marks, made_of=report_digest(settings)
    )
    reporter().line(f"wrote the report ({elapsed(start)})")
    return path


def _publish_summary(settings: Settings, with_report: bool) -> None:
    from prefect.artifacts import (
        create_link_artifact,
        create_markdown_artifact,
        create_table_artifact,
    )

    from quarterdeck.flows.summary import data_quality_table, summary_markdown

    create_markdown_artifact(summary_markdown(settings.database), key="quarterdeck-summary")
    create_table_artifact(
        data_quality_table(settings.database),
        key="quarterdeck-data-quality",
        description="What is missing from the measures, and how much of it.",
    )
    if with_report:
        create_link_artifact(
            settings.report_url or settings.report.as_uri(),
            link_text=settings.report_name,
            key="quarterdeck-report",
        )
