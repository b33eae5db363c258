"""The command line: `quarterdeck`.

Only `click` is imported at the top: a command imports what it needs when it runs.
"""

import atexit
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quarterdeck.flows.cli_ask import COMMANDS
from quarterdeck.flows.cli_common import (
    EXIT_CODES,
    jobs_option,
    json_option,
    no_lines_option,
    organisation_option,
    print_json,
    repositories_argument,
    run_context,
    settings_option,
    told_errors,
    with_repositories,
)

if TYPE_CHECKING:
    from quarterdeck.flows.settings import Settings


def entry() -> None:
    """Run `main` as the console command; SIGTERM ends it in good order, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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
@repositories_argument
@organisation_option
@jobs_option
@no_lines_option
@click.option("--no-report", is_flag=True, help="Stop at the database.")
@click.option("--rebuild", is_flag=True, help="Build anew even where nothing has changed.")
@json_option
@settings_option
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

    settings = with_repositories(settings, repositories)
    with run_context(settings, as_json):
        problems: dict[str, str] = {}
        try:
            pipeline.run(settings, with_report=not no_report, rebuild=rebuild)
        except StaleDataError as error:
            problems = error.problems
        _say_result(settings, not no_report, problems, as_json)
        if problems:
            raise StaleDataError(problems)


@main.command(epilog=EXIT_CODES)
@repositories_argument
@jobs_option
@no_lines_option
@click.option("--dry-run", is_flag=True, help="Say what asking the forges would take, and stop.")
@json_option
@settings_option
def mine(repositories: tuple[str, ...], dry_run: bool, as_json: bool, settings: "Settings") -> None:
    """Bring the lake up to date with REPOSITORIES, and stop there."""
    from dataclasses import asdict

    from quarterdeck.flows import pipeline
    from quarterdeck.flows.errors import StaleDataError

    settings = with_repositories(settings, repositories)
    if dry_run:
        from quarterdeck.flows.forges import say_forecasts

        say_forecasts(settings, as_json)
        return
    with run_context(settings, as_json):
        mined = pipeline.mine(settings)
        if as_json:
            results = [asdict(result) for result in mined.results]
            files = [asdict(file) | {"path": str(file.path)} for file in mined.files]
            print_json({"repositories": results, "files": files, "problems": mined.problems})
        if mined.problems:
            raise StaleDataError(mined.problems)


@main.command(epilog=EXIT_CODES)
@repositories_argument
@organisation_option
@settings_option
def build(repositories: tuple[str, ...], settings: "Settings") -> None:
    """Build the database from the lake, and publish it in one move.

    Without REPOSITORIES, those of the settings; without those, all that the lake holds.
    """
    from quarterdeck.flows import pipeline

    if repositories:
        settings = with_repositories(settings, repositories)
    with run_context(settings, quiet=False):
        pipeline.update_database(settings, rebuild=True)
    click.echo(settings.database)


@main.command(epilog=EXIT_CODES)
@click.option("--force", is_flag=True, help="Replace a settings file that is there.")
@click.argument("file", type=click.Path(path_type=Path), default=Path("quarterdeck.toml"))
def init(force: bool, file: Path) -> None:
    """Write a commented settings file, FILE."""
    with told_errors():
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
    with told_errors():
        from quarterdeck.flows.demo import write_organisation

        made = write_organisation(folder, size, seed)
        click.echo(
            f"wrote {made.settings}: {made.commits:,} commits in {len(made.repositories)} "
            f"repositories, and what is true of them in {made.truth}"
        )


@main.command(epilog=EXIT_CODES)
@click.option("--cron", required=True, help="When to run: five fields such as '15 2 * * *'.")
@click.option("--time-zone", help="Of --cron, an IANA name; default: as in the settings.")
@click.option("--now", "at_once", is_flag=True, help="Run now, too.")
@repositories_argument
@settings_option
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
    with_repositories(settings, repositories)
    file = click.get_current_context().params["file"]
    arguments = ["--settings", str(file)] if file is not None else []

    def say(text: str) -> None:
        click.echo(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {text}", err=True)

    arguments += ["--", *repositories] if repositories else []
    serve_runs(settings, Schedule(cron, zone), arguments, say, at_once=at_once)


def _say_result(
    settings: "Settings", with_report: bool, problems: dict[str, str], as_json: bool
) -> None:
    from quarterdeck.flows.summary import headline, summary_lines
    from quarterdeck.flows.text import printable

    places = {"database": str(settings.database)}
    if with_report:
        places["report"] = str(settings.report)
    if as_json:
        print_json({**headline(settings.database), **places, "problems": problems})
        return
    for line in summary_lines(settings.database):
        click.echo(printable(line))
    for what, place in places.items():
        click.echo(f"{what}: {place}")


for _command in COMMANDS:
    main.add_command(_command)
