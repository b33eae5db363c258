"""The report of the published database in any form, to a file or to be printed."""

import webbrowser
from pathlib import Path

from quarterdeck.flows import pipeline
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.settings import Settings


def report(
    settings: Settings, form: str, output: Path | None, repository: str | None = None
) -> str:
    """Write or render the report.

    Args:
        settings: the settings in force.
        form: html, markdown, json or png.
        output: file to write, for png a folder; html and png have a place by default.
        repository: the one that the report is on; by default all of the organisation.

    Returns:
        what to print: the text, or the paths that were written, a line each.

    Raises:
        DatabaseError: the database cannot be opened.
        ReportError: it lacks what the report reads, or a file cannot be written.
    """
    from quarterdeck.reports.archive import slug
    from quarterdeck.reports.contents import contents
    from quarterdeck.reports.forms import as_json, as_markdown, write_images
    from quarterdeck.reports.page import read, write_report
    from quarterdeck.reports.releases import chosen_releases

    if form == "html" and repository is not None:
        target = output or settings.reports / f"repository-{slug(repository)}.html"
        marks = chosen_releases(settings.release_marks)
        return f"{write_report(settings.database, target, repository, marks)}\n"
    if form == "html":
        if output is not None:
            place = {"reports": output.parent, "report_name": output.name}
            settings = settings.model_copy(update=place)
        return f"{pipeline.report(settings)}\n"
    said = contents(read(settings.database, repository), chosen_releases(settings.release_marks))
    if form == "png":
        folder = "charts" if repository is None else f"charts-{slug(repository)}"
        written = write_images(said, output or settings.reports / folder)
        return "".join(f"{path}\n" for path in written)
    return _out(as_json(said) if form == "json" else as_markdown(said), output)


def archived(settings: Settings, folder: Path, repository: str | None = None) -> str:
    """Keep the report of the published database in `folder`, and renew the index there.

    Raises:
        DatabaseError: the database cannot be opened.
        ReportError: it lacks what the report reads, or a file cannot be written.
    """
    from quarterdeck.reports.page import archive_report
    from quarterdeck.reports.releases import chosen_releases

    marks = chosen_releases(settings.release_marks)
    written = archive_report(settings.database, folder, repository, marks)
    return "".join(f"{path}\n" for path in written)


def comparison(
    settings: Settings,
    quarters: tuple[str, str],
    form: str | None,
    output: Path | None,
    repository: str | None = None,
) -> str:
    """Write or render two quarters side by side; as `report`, markdown by default.

    Raises:
        DatabaseError: the database cannot be opened.
        ReportError: it has no such quarter, or the file cannot be written.
        SettingsError: a comparison has no such form.
    """
    from quarterdeck.reports.comparison import compare, comparison_json
    from quarterdeck.reports.forms import comparison_markdown
    from quarterdeck.reports.page import render_comparison

    if form == "png":
        raise SettingsError("a comparison has no charts; choose html, markdown or json")
    said = compare(settings.database, *quarters, repository)
    forms = {"html": render_comparison, "json": comparison_json}
    return _out(forms.get(form or "", comparison_markdown)(said), output)


def _out(text: str, output: Path | None) -> str:
    from quarterdeck.reports.page import write_text

    return text if output is None else f"{write_text(text, output)}\n"


def open_in_browser(settings: Settings) -> Path:
    """Open the report where the settings have it, in the browser of the desk or `$BROWSER`.

    Raises:
        SettingsError: there is no report, or no browser.
    """
    path = settings.report.absolute()
    if not path.is_file():
        raise SettingsError(f"{path}: no report there; `quarterdeck run` or `report` writes one")
    if not webbrowser.open(path.as_uri()):
        raise SettingsError(f"no browser was found; set BROWSER, or open {path} yourself")
    return path
