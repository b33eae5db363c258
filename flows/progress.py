"""What a run says while it works: a bar on a terminal, plain lines elsewhere."""

import logging
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Protocol

from quarterdeck.flows.steps import is_tracked
from quarterdeck.flows.text import printable_lines

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Work(Protocol):
    """Long work under way."""

    def update(self, done: int, total: int) -> None:
        """Say how much is done, out of how much; from any thread."""

    def stage(self, title: str) -> "Work":
        """A further stage of the work, with a title of its own, shown once it is under way."""


class Reporter(Protocol):
    """What a run tells of itself while it works."""

    def line(self, text: str) -> None:
        """Say a line."""

    def work(self, title: str) -> AbstractContextManager[Work]:
        """Begin long work with a title; it ends with the context."""


def _log_to_prefect(text: str) -> bool:
    """Send a line to the log of the Prefect run that is under way; False where there is none."""
    if not is_tracked():
        return False
    from prefect import get_run_logger
    from prefect.exceptions import MissingContextError

    try:
        get_run_logger().info(printable_lines(text))
    except MissingContextError:
        return False
    return True


class SilentReporter:
    """Says nothing, for `--json`."""

    def line(self, text: str) -> None:
        """Say nothing here."""
        _log_to_prefect(text)

    @contextmanager
    def work(self, title: str) -> Iterator[Work]:
        """Say nothing while it goes on."""
        yield self

    def update(self, done: int, total: int) -> None:
        """Say nothing."""

    def stage(self, title: str) -> "SilentReporter":
        """Say nothing of a further stage."""
        return self


class PlainReporter:
    """Lines on standard error, for logs, pipes and cron."""

    def line(self, text: str) -> None:
        """Say a line."""
        _log_to_prefect(text)
        print(printable_lines(text), file=sys.stderr, flush=True)

    @contextmanager
    def work(self, title: str) -> Iterator[Work]:
        """Say a line for each quarter of the work."""
        yield _PlainWork(self, title)


class PrefectReporter(PlainReporter):
    """Lines in the log of the Prefect run alone, whose handlers print them: in a worker."""

    def line(self, text: str) -> None:
        """Say a line."""
        if not _log_to_prefect(text):
            super().line(text)


class _PlainWork:
    """A line for each further quarter of the work."""

    def __init__(self, reporter: PlainReporter, title: str) -> None:
        self.reporter, self.title, self.next_share = reporter, title, 0.25
        self.context = copy_context()  # names the Prefect run; threads that update have none

    def update(self, done: int, total: int) -> None:
        share = done / total if total else 1.0
        if share >= self.next_share:
            line = f"{self.title}: {done:,} of {total:,}"
            self.context.copy().run(self.reporter.line, line)
            self.next_share = (int(share * 4) + 1) / 4

    def stage(self, title: str) -> "_PlainWork":
        return _PlainWork(self.reporter, title)


class RichReporter:
    """A progress bar on standard error."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True, highlight=False)

    def line(self, text: str) -> None:
        """Say a line above the bar."""
        _log_to_prefect(text)
        self.console.print(printable_lines(text), markup=False)

    @contextmanager
    def work(self, title: str) -> Iterator[Work]:
        """Show a bar until the work ends."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            yield _RichWork(progress, progress.add_task(title, total=None), title)


class _RichWork:
    def __init__(self, progress: "Progress", task_id: "TaskID", title: str) -> None:
        self.progress, self.task_id, self.title = progress, task_id, title

    def update(self, done: int, total: int) -> None:
        self.progress.update(self.task_id, description=self.title, completed=done, total=total)

    def stage(self, title: str) -> "_RichWork":
        return _RichWork(self.progress, self.task_id, title)


_reporter: ContextVar[Reporter | None] = ContextVar("quarterdeck_reporter", default=None)


def reporter() -> Reporter:
    """The reporter of this run; without one, lines in the log of the Prefect run."""
    return _reporter.get() or PrefectReporter()


@contextmanager
def reporting(chosen: Reporter) -> Iterator[None]:
    """Use a reporter for what is called inside."""
    token = _reporter.set(chosen)
    try:
        yield
    finally:
        _reporter.reset(token)


def terminal_reporter() -> Reporter:
    """A bar where standard error is a terminal, else plain lines."""
    logging.captureWarnings(True)
    return RichReporter() if sys.stderr.isatty() else PlainReporter()
