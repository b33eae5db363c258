"""The state of the last run for Prometheus: a file for node_exporter's textfile collector."""

from datetime import datetime
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from quarterdeck.flows.settings import Settings
from quarterdeck.flows.status import Status, examine_status


def write_metrics(settings: Settings) -> None:
    """Write the metrics file of the settings, whole, under its name at once.

    Raises:
        LakeError: there is no lake.
        SettingsError: the repositories of the settings cannot be named.
        OSError: it cannot be written.
    """
    assert settings.metrics_file is not None
    settings.metrics_file.parent.mkdir(parents=True, exist_ok=True)
    status = examine_status(settings, ask_prefect=False)
    write_to_textfile(str(settings.metrics_file), registry(status))


def registry(status: Status) -> CollectorRegistry:
    """The metrics; times are seconds since 1970. What is not known has no sample."""
    found = CollectorRegistry()

    def gauge(name: str, text: str, value: float | datetime | None) -> None:
        if value is not None:
            metric = Gauge(f"quarterdeck_{name}", text, registry=found)
            metric.set(value.timestamp() if isinstance(value, datetime) else value)

    Gauge("quarterdeck_info", "Version of Quarterdeck.", ["version"], registry=found).labels(
        version("quarterdeck")
    ).set(1)
    run = status.run
    if run is not None:
        gauge("last_run_start_timestamp_seconds", "When the last run began.", run.started_at)
        gauge("last_run_end_timestamp_seconds", "When the last run ended.", run.ended_at)
        gauge(
            "last_run_success",
            "1 if the last run did everything, 0 if it failed or a repository did.",
            float(run.outcome == "completed"),
        )
        gauge(
            "last_success_timestamp_seconds",
            "When a run last ended that did everything.",
            run.succeeded_at,
        )
    gauge("database_timestamp_seconds", "When the database was published.", status.database_at)
    gauge("report_timestamp_seconds", "When the report was written.", status.report_at)
    names = ["repository"]
    succeeded = Gauge(
        "quarterdeck_repository_success_timestamp_seconds",
        "When all that the repository held was last brought into the lake.",
        names,
        registry=found,
    )
    failed = Gauge(
        "quarterdeck_repository_failed",
        "1 if the repository could not be mined when it was last tried, else 0.",
        names,
        registry=found,
    )
    for repository in status.repositories:
        failed.labels(repository.repository_id).set(repository.state == "failed")
        if repository.succeeded_at is not None:
            succeeded.labels(repository.repository_id).set(repository.succeeded_at.timestamp())
    return found
