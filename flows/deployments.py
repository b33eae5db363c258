"""The flow that Prefect deployments run on a schedule; see `prefect.yaml`.

It imports Prefect, which takes a second or two: nothing that a plain run needs may import it.
"""

from pathlib import Path

from prefect import flow
from prefect.runtime import deployment

from quarterdeck.flows import pipeline
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.repositories import from_arguments
from quarterdeck.flows.settings import load_settings
from quarterdeck.flows.steps import tracked


def _run_name() -> str:
    return f"quarterdeck {deployment.name or 'scheduled'}"


@flow(name="quarterdeck", flow_run_name=_run_name, persist_result=False)
def scheduled(
    settings_file: str,
    repositories: list[str] | None = None,
    with_report: bool = True,
    rebuild: bool = False,
) -> None:
    """Mine, build, estimate and report, as `quarterdeck run` does.

    Args:
        settings_file: Absolute path of the quarterdeck.toml on the machine of the worker;
            paths in it are relative to its folder.
        repositories: Absolute paths, URLs, or names from the settings of the repositories
            to mine; by default, all of the settings.
        with_report: Whether to write the report.
        rebuild: Whether to build and report anew even where nothing has changed.

    Raises:
        SettingsError: the settings, or a path, cannot be used.
        StaleDataError: some repositories could not be mined; the rest is published.
    """
    file = Path(settings_file).expanduser()
    if not file.is_absolute():
        raise SettingsError(
            f"settings_file '{settings_file}': not an absolute path; a worker runs in a folder of "
            "its own, so give the path from / on"
        )
    settings = from_arguments(repositories or (), load_settings(file))
    with tracked():
        pipeline.run.function(settings, with_report=with_report, rebuild=rebuild)
