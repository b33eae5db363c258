"""Commands that ask: reports, queries, explanations, and how things stand."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quarterdeck.flows.cli_common import (
    EXIT_CODES,
    STALE_DATA,
    USER_ERROR,
    database_option,
    json_option,
    print_json,
    repositories_argument,
    run_context,
    settings_option,
)

if TYPE_CHECKING:
    from quarterdeck.flows.settings import Settings


@click.command(epilog=EXIT_CODES)
@database_option
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
@click.option("--repository", metavar="NAME", help="On this repository alone.")
@click.option(
    "--archive",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Keep the report in FOLDER under the day of its data, and renew the index there.",
)
@settings_option
def report(
    form: str | None,
    compare: tuple[str, str] | None,
    output: Path | None,
    repository: str | None,
    archive: Path | None,
    settings: "Settings",
) -> None:
    """Write the report of the published database."""
    from quarterdeck.flows import report_forms

    if archive is not None and (compare or output or form not in (None, "html")):
        raise click.UsageError("--archive keeps the page; it goes with --repository alone")
    with run_context(settings, quiet=form not in (None, "html") or compare is not None):
        if archive is not None:
            said = report_forms.archived(settings, archive, repository)
        elif compare is not None:
            said = report_forms.comparison(settings, compare, form, output, repository)
        else:
            said = report_forms.report(settings, form or "html", output, repository)
        click.echo(said, nl=False)


@click.command(name="open", epilog=EXIT_CODES)
@settings_option
def open_report(settings: "Settings") -> None:
    """Open the last report in the browser."""
    from quarterdeck.flows.report_forms import open_in_browser

    click.echo(open_in_browser(settings))


# a query may begin with a comment, as those of sql/examples do
@click.command(epilog=EXIT_CODES, context_settings={"ignore_unknown_options": True})
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
@database_option
@settings_option
def query(query: str, form: str, output: Path | None, settings: "Settings") -> None:
    """Run QUERY, a DuckDB SELECT, on the published database, read-only.

    \b
    quarterdeck query "select quarter, multiple from marts.multiples
                       where scope = 'organisation' and measure = 'code_lines'"
    """
    from quarterdeck.flows.queries import print_query

    print_query(settings.database, query, form, output)


@click.command(epilog=EXIT_CODES)
@click.argument("table", required=False)
@click.option("--all", "everything", is_flag=True, help="Also raw, staging and attribution.")
@json_option
@database_option
@settings_option
def describe(table: str | None, everything: bool, as_json: bool, settings: "Settings") -> None:
    """Say what the tables hold, or the columns of TABLE, from the database's own comments."""
    from quarterdeck.flows.queries import describe_tables

    describe_tables(settings.database, table, everything=everything, as_json=as_json)


@click.command(epilog=EXIT_CODES)
@click.argument("commit")
@click.option("--repository", help="Its repository, where several hold such a commit.")
@json_option
@database_option
@settings_option
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


@click.command(epilog=EXIT_CODES)
@repositories_argument
@json_option
@settings_option
def doctor(repositories: tuple[str, ...], as_json: bool, settings: "Settings") -> None:
    """Check versions, git, lake, database and whether REPOSITORIES can be read whole."""
    from quarterdeck.flows.doctor import examine, print_findings
    from quarterdeck.flows.repositories import from_arguments

    findings = examine(from_arguments(repositories, settings))
    if as_json:
        print_json([finding.as_dict() for finding in findings])
    else:
        print_findings(findings)
    if any(finding.state == "error" for finding in findings):
        sys.exit(USER_ERROR)


@click.command(epilog=EXIT_CODES)
@click.option("--max-age", metavar="AGE", help="Older data is stale; such as 36h or 2d.")
@json_option
@settings_option
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


#: Every command of this module.
COMMANDS = (report, open_report, query, describe, explain, doctor, status)
