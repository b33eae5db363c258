"""Keeping how a run goes, for `quarterdeck status` and the metrics file."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from quarterdeck.extractors.errors import ExtractorError, LakeError
from quarterdeck.extractors.lake import Lake
from quarterdeck.flows.errors import SettingsError, StaleDataError
from quarterdeck.flows.progress import reporter
from quarterdeck.flows.run_state import Outcome, last_run, write_run
from quarterdeck.flows.settings import Settings


@contextmanager
def recorded(settings: Settings) -> Iterator[None]:
    """Keep when a run begins, and how it ends; then write the metrics file, if one is named.

    Raises:
        LakeError: the lake cannot be used.
    """
    lake = Lake(settings.lake)
    before = None
    with suppress(LakeError):  # of a state that cannot be read nothing is lost but itself
        before = last_run(lake)
    succeeded_at = before.succeeded_at if before else None
    started_at = datetime.now(UTC)
    write_run(lake, "running", started_at, succeeded_at)
    outcome: Outcome = "interrupted"
    message: str | None = None
    try:
        yield
        outcome, succeeded_at = "completed", datetime.now(UTC)
    except StaleDataError as error:
        outcome, message = "stale", str(error)
        raise
    except Exception as error:
        outcome, message = "failed", f"{type(error).__name__}: {error}"
        raise
    finally:
        try:
            write_run(lake, outcome, started_at, succeeded_at, message)
            if settings.metrics_file is not None:
                # imports a library that a run without the file need not wait for
                from quarterdeck.flows.metrics import write_metrics

                write_metrics(settings)
        except (ExtractorError, SettingsError, OSError) as problem:
            places = " and ".join(str(p) for p in (settings.lake, settings.metrics_file) if p)
            reporter().line(
                f"warning: the state of this run could not be kept: {problem}; see to room in, and "
                f"rights on, {places}"
            )
