"""The command line: `quarterdeck`.

Only `click` is imported at the top: a command imports what it needs when it runs.
"""

import atexit
import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from quarterdeck.flows.settings import Settings

EXIT_CODES = """\b
Exit codes:
  0  everything was done
  1  an error of Quarterdeck itself; please report it
  2  the command line is not right
  3  settings, input or environment are not right; the message names the remedy
  4  some repositories could not be mined: their data is stale, the rest is published
  5  a check failed; the last published database stays
  130  interrupted
"""
USER_ERROR, STALE_DATA, CHECK_FAILED, INTERRUPTED = 3, 4, 5, 130


def entry() -> None:
    """Run `main` as the console command."""
    try:
        main()
    except SystemExit as end:
        if "prefect" in sys.modules and isinstance(end.code, int):
            # Prefect's threads outlive Python's own shutdown: freeing modules under them takes
            # most of a second and makes DuckDB print what leaked. This runs when Prefect's logs
            # are sent, and before that.
            sys.stdout.flush()
            sys.stderr.flush()
            atexit.register(os._exit, end.code)
        raise


@contextmanager
def _told_errors() -> Iterator[None]:
    """Turn the errors that a user can mend into a message and an exit code."""
    from quarterdeck.extractors.errors import ExtractorError
    from quarterdeck.extractors.file_classes import FileClassRuleError
    from quarterdeck.flows.errors import (
        NothingMinedError,
        QueryError,
        SettingsError,
        StaleDataError,
        TrackingError,
    )
    from quarterdeck.reports.errors import ReportError
    from quarterdeck.sql.agents import SignalError
    from quarterdeck.sql.connect import DatabaseError
    from quarterdeck.sql.errors import CheckFailedError, SqlError

    mendable = (
        ExtractorError,
        SettingsError,
        SqlError,
        DatabaseError,
        ReportError,
        FileClassRuleError,
        SignalError,
        QueryError,
        NothingMinedError,
        TrackingError,
    )
    try:
        yield
    except StaleDataError as error:
        _fail(error, STALE_DATA)
    except CheckFailedError as error:
        _fail(error, CHECK_FAILED)
    except mendable as error:
        _fail(error, USER_ERROR)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        _fail(f"{error}; free some space; what was written is kept, so run again", USER_ERROR)


def _fail(message: object, code: int) -> None:
    click.secho(f"error: {message}", err=True, fg="red" if sys.stderr.isatty() else None)
    sys.exit(code)


def _settings_option(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--settings` and the settings that it names, with errors told."""

    @click.option(
        "--settings",
        "file",
        type=click.Path(path_type=Path),
        help="Settings file; default: quarterdeck.toml in this folder, if there is one.",
    )
    @wraps(function)
    def wrapper(*args: Any, file: Path | None, **kwargs: Any) -> None:
        try:
            with _told_errors():
                from quarterdeck.flows.settings import load_settings

                keys = ("organisation", "jobs", "database", "lines")
                overrides = {key: kwargs.pop(key, None) for key in keys}
                function(*args, settings=load_settings(file, **overrides), **kwargs)
        except (KeyboardInterrupt, RuntimeError) as error:
            # DuckDB tells an interrupt by an error of no class of its own
            if isinstance(error, RuntimeError) and str(error) != "Query interrupted":
                raise
            _fail(
                "interrupted; what was written is kept, and the next run goes on from there",
                INTERRUPTED,
            )

    return wrapper


_repositories = click.argument("repositories", nargs=-1)
_jobs = click.option(
    "--jobs", type=click.IntRange(1, 256), help="git processes side by side; default: one a core."
)
_no_lines = click.option(
    "--no-lines",
    "lines",
    flag_value=False,
    type=bool,
    default=None,
    help="Do not follow the life of lines.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
_organisation = click.option("--organisation", help="What the report calls the whole.")
_database = click.option(
    "--database", type=click.Path(path_type=Path), help="Database; default: as in the settings."
)


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="quarterdeck")
def main() -> None:
    """How much more code lands each quarter, who wrote it, and how sure that is.

    \b
    quarterdeck run ~/code/service ~/code/site    the whole job: lake, database, report
    quarterdeck query "from marts.multiples"      ask the database
    quarterdeck describe                          what is in it
    """


@main.command(epilog=EXIT_CODES)
@_repositories
@_organisation
@_jobs
@_no_lines
@click.option("--no-report", is_flag=True, help="Stop at the database.")
@click.option("--rebuild", is_flag=True, help="Build anew even where nothing has changed.")
@_json
@_settings_option
def run(
    repositories: tuple[str, ...],
    no_report: bool,
    rebuild: bool,
    as_json: bool,
    settings: "Settings",
) -> None:
    """Mine REPOSITORIES, build the database, write the report.

    REPOSITORIES are paths of clones, URLs, or names from the settings; without any, those of
    the settings. What was mined before is not mined again.
    """
    from quarterdeck.flows import pipeline
    from quarterdeck.flows.errors import StaleDataError

    settings = _with_repositories(settings, repositories)
    with _run_context(settings, as_json):
        problems: dict[str, str] = {}
        try:
            pipeline.run(settings, with_report=not no_report, rebuild=rebuild)
        except StaleDataError as error:
            problems = error.problems
        _say_result(settings, not no_report, problems, as_json)
        if problems:
            raise StaleDataError(problems)


@main.command(epilog=EXIT_CODES)
@_repositories
@_jobs
@_no_lines
@click.option("--dry-run", is_flag=True, help="Say what asking the forges would take, and stop.")
@_json
@_settings_option
def mine(repositories: tuple[str, ...], dry_run: bool, as_json: bool, settings: "Settings") -> None:
    """Bring the lake up to date with REPOSITORIES, and stop there."""
    from dataclasses import asdict

    from quarterdeck.flows import pipeline
    from quarterdeck.flows.errors import StaleDataError

    settings = _with_repositories(settings, repositories)
    if dry_run:
        from quarterdeck.flows.forges import say_forecasts

        say_forecasts(settings, as_json)
        return
    with _run_context(settings, as_json):
        mined = pipeline.mine(settings)
        if as_json:
            results = [asdict(result) for result in mined.results]
            files = [asdict(file) | {"path": str(file.path)} for file in mined.files]
            _print_json({"repositories": results, "files": files, "problems": mined.problems})
        if mined.problems:
            raise StaleDataError(mined.problems)


@main.command(epilog=EXIT_CODES)
@_repositories
@_organisation
@_settings_option
def build(repositories: tuple[str, ...], settings: "Settings") -> None:
    """Build the database from the lake, and publish it in one move.

    Without REPOSITORIES, those of the settings; without those, all that the lake holds.
    """
    from quarterdeck.flows import pipeline

    if repositories:
        settings = _with_repositories(settings, repositories)
    with _run_context(settings, quiet=False):
        pipeline.update_database(settings, rebuild=True)
    click.echo(settings.database)


@main.command(epilog=EXIT_CODES)
@_database
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "markdown", "json", "png"]),
    help="html, the default; markdown for a chat; json with every number; png and svg per chart.",
)
@click.option(
    "--compare",
    nargs=2,
    metavar="A B",
    help="Compare two quarters, such as 2025Q4 2026Q2; markdown by default.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="File to write (png: folder); markdown, json and comparisons are printed without it.",
)
@_settings_option
def report(
    form: str | None, compare: tuple[str, str] | None, output: Path | None, settings: "Settings"
) -> None:
    """Write the report of the published database."""
    from quarterdeck.flows import report_forms

    with _run_context(settings, quiet=form not in (None, "html") or compare is not None):
        if compare is not None:
            click.echo(report_forms.comparison(settings, compare, form, output), nl=False)
        else:
            click.echo(report_forms.report(settings, form or "html", output), nl=False)


@main.command(name="open", epilog=EXIT_CODES)
@_settings_option
def open_report(settings: "Settings") -> None:
    """Open the last report in the browser."""
    from quarterdeck.flows.report_forms import open_in_browser

    click.echo(open_in_browser(settings))


# a query may begin with a comment, as those of sql/examples do
@main.command(epilog=EXIT_CODES, context_settings={"ignore_unknown_options": True})
@click.argument("query")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="How to print the rows.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="File to write; needed for parquet."
)
@_database
@_settings_option
def query(query: str, form: str, output: Path | None, settings: "Settings") -> None:
    """Run QUERY, a DuckDB SELECT, on the published database, read-only.

    \b
    quarterdeck query "select quarter, multiple from marts.multiples
                       where scope = 'organisation' and measure = 'code_lines'"
    """
    from quarterdeck.flows.queries import print_query

    print_query(settings.database, query, form, output)


@main.command(epilog=EXIT_CODES)
@click.argument("table", required=False)
@click.option("--all", "everything", is_flag=True, help="Also raw, staging and attribution.")
@_json
@_database
@_settings_option
def describe(table: str | None, everything: bool, as_json: bool, settings: "Settings") -> None:
    """Say what the tables hold, or the columns of TABLE, from the database's own comments."""
    from quarterdeck.flows.queries import describe_tables

    describe_tables(settings.database, table, everything=everything, as_json=as_json)


@main.command(epilog=EXIT_CODES)
@click.argument("commit")
@click.option("--repository", help="Its repository, where several hold such a commit.")
@_json
@_database
@_settings_option
def explain(commit: str, repository: str | None, as_json: bool, settings: "Settings") -> None:
    """Say who wrote COMMIT (an id or its start), and why that is said.

    Shows the split over its commits, every finding and what was ruled out, what the settings
    say of it, who is credited with it, and where it counts.
    """
    from quarterdeck.flows.explanation import explanation
    from quarterdeck.flows.explanation_text import print_explanation
    from quarterdeck.flows.text import printable_json

    found = explanation(settings.database, commit, repository)
    if as_json:
        click.echo(printable_json(found))
    else:
        print_explanation(found)


@main.command(epilog=EXIT_CODES)
@click.option("--force", is_flag=True, help="Replace a settings file that is there.")
@click.argument("file", type=click.Path(path_type=Path), default=Path("quarterdeck.toml"))
def init(force: bool, file: Path) -> None:
    """Write a commented settings file, FILE."""
    with _told_errors():
        from quarterdeck.flows.errors import SettingsError
        from quarterdeck.flows.settings import template

        try:
            with file.open("w" if force else "x", encoding="utf-8") as target:
                target.write(template())
        except FileExistsError as error:
            raise SettingsError(f"{file}: is there already; --force replaces it") from error
        except OSError as error:
            raise SettingsError(f"{file}: cannot be written: {error.strerror}") from error
        click.echo(f"wrote {file}; name your repositories in it, then: quarterdeck run")


@main.command(epilog=EXIT_CODES)
@click.option(
    "--size",
    type=click.Choice(["small", "full"]),
    default="full",
    show_default=True,
    help="About 9,000 or 30,000 commits.",
)
@click.option("--seed", type=int, default=2026, show_default=True, help="Of the random choices.")
@click.argument("folder", type=click.Path(path_type=Path))
def demo(size: str, seed: int, folder: Path) -> None:
    """Write a made-up organisation into FOLDER: git repositories, settings and its truth.

    What was planted in it stands in FOLDER/truth, as tables.
    """
    with _told_errors():
        from quarterdeck.flows.demo import write_organisation

        made = write_organisation(folder, size, seed)
        click.echo(
            f"wrote {made.settings}: {made.commits:,} commits in {len(made.repositories)} "
            f"repositories, and what is true of them in {made.truth}"
        )


@main.command(epilog=EXIT_CODES)
@_repositories
@_json
@_settings_option
def doctor(repositories: tuple[str, ...], as_json: bool, settings: "Settings") -> None:
    """Check versions, git, lake, database and whether REPOSITORIES can be read whole."""
    from quarterdeck.flows.doctor import examine, print_findings
    from quarterdeck.flows.repositories import from_arguments

    findings = examine(from_arguments(repositories, settings))
    if as_json:
        _print_json([finding.as_dict() for finding in findings])
    else:
        print_findings(findings)
    if any(finding.state == "error" for finding in findings):
        sys.exit(USER_ERROR)


@main.command(epilog=EXIT_CODES)
@click.option("--max-age", metavar="AGE", help="Older data is stale; such as 36h or 2d.")
@_json
@_settings_option
def status(max_age: str | None, as_json: bool, settings: "Settings") -> None:
    """Say how old the data is by repository, how the last run went, and when the next is due.

    Ends with exit code 4 where something is to be looked at: for monitoring.
    """
    from quarterdeck.flows.status import examine_status, parse_age, status_json, status_lines

    found = examine_status(settings, parse_age(max_age) if max_age is not None else None)
    if as_json:
        from quarterdeck.flows.text import printable_json

        click.echo(printable_json(status_json(found)))
    else:
        click.echo("\n".join(status_lines(found)))
    if found.problems:
        sys.exit(STALE_DATA)


@main.command(epilog=EXIT_CODES)
@click.option("--cron", required=True, help="When to run: five fields such as '15 2 * * *'.")
@click.option("--time-zone", help="Of --cron, an IANA name; default: as in the settings.")
@click.option("--now", "at_once", is_flag=True, help="Run now, too.")
@_repositories
@_settings_option
def serve(
    cron: str,
    time_zone: str | None,
    at_once: bool,
    repositories: tuple[str, ...],
    settings: "Settings",
) -> None:
    """Run on a schedule on this machine, until it is stopped.

    Each run is `quarterdeck run` with REPOSITORIES and the same settings, in a process of its
    own. One that was missed while nothing served is caught up with at the start.
    """
    from datetime import datetime
    from zoneinfo import available_timezones

    from quarterdeck.flows.errors import SettingsError
    from quarterdeck.flows.serving import Schedule
    from quarterdeck.flows.serving import serve as serve_runs

    zone = time_zone or settings.time_zone
    if zone not in available_timezones():
        raise SettingsError(f"--time-zone '{zone}': not a time zone; use an IANA name")
    _with_repositories(settings, repositories)
    file = click.get_current_context().params["file"]
    arguments = ["--settings", str(file)] if file is not None else []

    def say(text: str) -> None:
        click.echo(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {text}", err=True)

    arguments += ["--", *repositories] if repositories else []
    serve_runs(settings, Schedule(cron, zone), arguments, say, at_once=at_once)


def _with_repositories(settings: "Settings", repositories: tuple[str, ...]) -> "Settings":
    from quarterdeck.flows.repositories import from_arguments

    return from_arguments(repositories, settings)


@contextmanager
def _run_context(settings: "Settings", quiet: bool) -> Iterator[None]:
    """Progress on standard error, and Prefect where a server is configured and answers."""
    from quarterdeck.flows.progress import SilentReporter, reporting, terminal_reporter
    from quarterdeck.flows.steps import configured_server, server_problem, tracked

    server = configured_server() if settings.prefect == "auto" else None
    problem = server_problem() if server is not None else None
    if problem is not None:
        click.echo(
            f"warning: this run is not tracked: the Prefect server at {server} cannot be used: "
            f"{problem}",
            err=True,
        )
    through_prefect = tracked() if server is not None and problem is None else nullcontext()
    with through_prefect, reporting(SilentReporter() if quiet else terminal_reporter()):
        yield


def _say_result(
    settings: "Settings", with_report: bool, problems: dict[str, str], as_json: bool
) -> None:
    from quarterdeck.flows.summary import headline, summary_lines

    places = {"database": str(settings.database)}
    if with_report:
        places["report"] = str(settings.report)
    if as_json:
        _print_json({**headline(settings.database), **places, "problems": problems})
        return
    for line in summary_lines(settings.database):
        click.echo(line)
    for what, place in places.items():
        click.echo(f"{what}: {place}")


def _print_json(value: object) -> None:
    import json

    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))
