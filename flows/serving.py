"""`quarterdeck serve`: runs on a schedule on one machine, with nothing else to set up.

Each run is a process of its own, so whatever happens to it, the schedule goes on. The clock is
asked twice a minute at most: a machine that slept or was set to another time catches up with
the one run that it missed.
"""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from quarterdeck.extractors.errors import LakeError
from quarterdeck.extractors.lake import Lake
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.run_state import last_run
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.status import SCHEDULE

_LONGEST_NAP = 30.0
_COMMAND = (sys.executable, "-c", "from quarterdeck.flows.cli import entry; entry()")


@dataclass(frozen=True)
class Schedule:
    """When to run: a cron expression of five fields, in a time zone."""

    cron: str
    time_zone: str

    def __post_init__(self) -> None:
        """Refuse what is no schedule.

        Raises:
            SettingsError: the expression is not valid, or names no time that ever comes.
        """
        try:
            next(self._from(datetime.now(UTC)))
        except CronSimError as error:
            raise SettingsError(
                f"--cron '{self.cron}': {error}; use five fields such as '15 2 * * *' (02:15)"
            ) from error
        except StopIteration as error:
            raise SettingsError(f"--cron '{self.cron}': such a time never comes") from error

    def _from(self, moment: datetime, *, back: bool = False) -> CronSim:
        return CronSim(self.cron, moment.astimezone(ZoneInfo(self.time_zone)), reverse=back)

    def after(self, moment: datetime) -> datetime:
        """The first time of the schedule after a moment."""
        return next(self._from(moment)).astimezone(UTC)

    def before(self, moment: datetime) -> datetime:
        """The last time of the schedule before a moment."""
        return next(self._from(moment, back=True)).astimezone(UTC)


class _StopError(Exception):
    """SIGTERM or SIGINT arrived."""


def serve(
    settings: Settings,
    schedule: Schedule,
    arguments: Sequence[str],
    say: Callable[[str], None],
    *,
    at_once: bool = False,
) -> None:
    """Run on a schedule, until SIGTERM or SIGINT; a run under way is ended in good order.

    Args:
        settings: the settings in force; of them, where the lake is.
        schedule: when to run.
        arguments: of `quarterdeck run`.
        say: called with what happens.
        at_once: whether to run now, too. Without it that is done only where a time of the
            schedule has passed since the last run was begun.

    Raises:
        LakeError: the lake cannot be used.
    """
    lake = Lake(settings.lake)
    now = datetime.now(UTC)
    due = now if at_once or _was_missed(lake, schedule, now) else schedule.after(now)
    with _stopping():
        try:
            while True:
                _tell_due(lake, schedule, due)
                say(f"next run at {_local(due, schedule)}")
                _wait_until(due, schedule)
                say(f"run begins: {' '.join(['quarterdeck', 'run', *arguments])}")
                start = time.monotonic()
                code = _run(arguments)
                say(f"run ended with exit code {code} after {time.monotonic() - start:.1f} s")
                due = schedule.after(datetime.now(UTC))
        except _StopError:
            say("stopped")
        finally:
            lake.write_note("runs", SCHEDULE, {"next_at": None, "process": 0, "machine": ""})


def _was_missed(lake: Lake, schedule: Schedule, now: datetime) -> bool:
    try:
        run = last_run(lake)
    except LakeError:
        return True
    return run is not None and run.started_at < schedule.before(now)


def _tell_due(lake: Lake, schedule: Schedule, due: datetime) -> None:
    """Let `quarterdeck status` know."""
    lake.write_note(
        "runs",
        SCHEDULE,
        {
            "cron": schedule.cron,
            "time_zone": schedule.time_zone,
            "next_at": due.isoformat(timespec="seconds"),
            "process": os.getpid(),
            "machine": platform.node(),
        },
    )


def _wait_until(due: datetime, schedule: Schedule) -> None:
    """Sleep by the clock on the wall, which may be set back: then the wait is not days longer."""
    while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
        sooner = schedule.after(datetime.now(UTC))
        if sooner < due:
            due = sooner
            continue
        time.sleep(min(left, _LONGEST_NAP))


def _run(arguments: Sequence[str]) -> int:
    process = subprocess.Popen([*_COMMAND, "run", *arguments], start_new_session=True)
    try:
        return process.wait()
    except _StopError:
        process.send_signal(signal.SIGINT)  # ends as at Ctrl-C: what was written is kept
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


@contextmanager
def _stopping() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise _StopError

    before = {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _local(moment: datetime, schedule: Schedule) -> str:
    return f"{moment.astimezone(ZoneInfo(schedule.time_zone)):%Y-%m-%d %H:%M:%S %Z}"
