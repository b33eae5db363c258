"""What the commands share: errors told, settings, options, progress.

Only `click` is imported at the top: a command imports what it needs when it runs.
"""

import errno
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
  130  interrupted (Ctrl-C, SIGTERM)
"""
USER_ERROR, STALE_DATA, CHECK_FAILED, INTERRUPTED = 3, 4, 5, 130


@contextmanager
def told_errors() -> Iterator[None]:
    """Turn the errors that a user can mend into a message and an exit code."""
    from quarterdeck.extractors.errors import ExtractorError
    from quarterdeck.extractors.file_classes import FileClassRuleError
    from quarterdeck.flows.errors import (
        ClusterError,
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
        ClusterError,
    )
    try:
        yield
    except StaleDataError as error:
        fail(error, STALE_DATA)
    except CheckFailedError as error:
        fail(error, CHECK_FAILED)
    except mendable as error:
        fail(error, USER_ERROR)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        fail(f"{error}; free some space; what was written is kept, so run again", USER_ERROR)


def fail(message: object, code: int) -> None:
    """Say what is wrong on standard error, and end with an exit code."""
    from quarterdeck.flows.text import printable_lines

    text = printable_lines(f"error: {message}")
    click.secho(text, err=True, fg="red" if sys.stderr.isatty() else None)
    sys.exit(code)


def settings_option(function: Callable[..., None]) -> Callable[..., None]:
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
            with told_errors():
                from quarterdeck.flows.settings import load_settings

                keys = ("organisation", "jobs", "database", "lines")
                overrides = {key: kwargs.pop(key, None) for key in keys}
                function(*args, settings=load_settings(file, **overrides), **kwargs)
        except (KeyboardInterrupt, RuntimeError) as error:
            # DuckDB tells an interrupt by an error of no class of its own
            if isinstance(error, RuntimeError) and str(error) != "Query interrupted":
                raise
            fail(
                "interrupted; what was written is kept, and the next run goes on from there",
                INTERRUPTED,
            )

    return wrapper


repositories_argument = click.argument("repositories", nargs=-1)
jobs_option = click.option(
    "--jobs", type=click.IntRange(1, 256), help="git processes side by side; default: one a core."
)
no_lines_option = click.option(
    "--no-lines",
    "lines",
    flag_value=False,
    type=bool,
    default=None,
    help="Do not follow the life of lines.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
organisation_option = click.option("--organisation", help="What the report calls the whole.")
database_option = click.option(
    "--database", type=click.Path(path_type=Path), help="Database; default: as in the settings."
)


def with_repositories(settings: "Settings", repositories: tuple[str, ...]) -> "Settings":
    """The settings with the repositories of the command line, where it names any."""
    from quarterdeck.flows.repositories import from_arguments

    return from_arguments(repositories, settings)


@contextmanager
def run_context(settings: "Settings", quiet: bool) -> Iterator[None]:
    """Progress on standard error, and Prefect where a server is configured and answers."""
    from quarterdeck.extractors.repository import without_credentials
    from quarterdeck.flows.progress import SilentReporter, reporting, terminal_reporter
    from quarterdeck.flows.steps import configured_server, server_problem, tracked

    server = configured_server() if settings.prefect == "auto" else None
    problem = server_problem() if server is not None else None
    if problem is not None:
        click.echo(
            without_credentials(
                f"warning: this run is not tracked: the Prefect server at {server} cannot be "
                f"used: {problem}"
            ),
            err=True,
        )
    through_prefect = tracked() if server is not None and problem is None else nullcontext()
    with through_prefect, reporting(SilentReporter() if quiet else terminal_reporter()):
        yield


def print_json(value: object) -> None:
    """Print JSON for scripts."""
    import json

    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))
