"""`quarterdeck serve`: runs on a schedule on one machine, with nothing else to set up.

Each run is a process of its own, so whatever happens to it, the schedule goes on. The clock is
asked twice a minute at most: a machine that slept or was set to another time catches up with
the one run that it missed.
"""

import os
import platform
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from quarterdeck.extractors.errors import LakeError, LakeWriteError
from quarterdeck.extractors.lake import Lake
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.run_state import last_run, process_start
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.status import SCHEDULE

_LONGEST_NAP = 30.0
_PATIENCE = 30.0  # seconds that a run has to end when it is told to
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
    """A signal asked to stop."""


class _Stop:
    """What a signal does: it ends the wait that is under way, once."""

    def __init__(self) -> None:
        self.is_asked = False
        self._is_held = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Stop; a second signal does not disturb the stopping."""
        if not self.is_asked:
            self.is_asked = True
            if not self._is_held:
                raise _StopError

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stop at the end of this, not in it."""
        self._is_held = True
        yield
        self._is_held = False
        if self.is_asked:
            raise _StopError


def serve(
    settings: Settings,
    schedule: Schedule,
    arguments: Sequence[str],
    say: Callable[[str], None],
    *,
    at_once: bool = False,
) -> None:
    """Run on a schedule, until SIGTERM, SIGINT or SIGHUP; a run under way is ended in good order.

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
    with _stopping() as stop:
        try:
            while True:
                _tell_due(lake, schedule, due, say)
                say(f"next run at {_local(due, schedule)}")
                _wait_until(due, schedule)
                say(f"run begins: {shlex.join(['quarterdeck', 'run', *arguments])}")
                start = time.monotonic()
                code = _run(arguments, stop)
                say(f"run ended with exit code {code} after {time.monotonic() - start:.1f} s")
                due = schedule.after(datetime.now(UTC))
        except _StopError:
            say("stopped")
        finally:
            _forget_due(lake, say)


def _was_missed(lake: Lake, schedule: Schedule, now: datetime) -> bool:
    try:
        run = last_run(lake)
    except LakeError:
        return True
    return run is not None and run.started_at < schedule.before(now)


def _tell_due(lake: Lake, schedule: Schedule, due: datetime, say: Callable[[str], None]) -> None:
    """Let `quarterdeck status` know; a disk that is full now does not end the schedule."""
    process = os.getpid()
    note = {
        "cron": schedule.cron,
        "time_zone": schedule.time_zone,
        "next_at": due.isoformat(timespec="seconds"),
        "process": process,
        "process_start": process_start(process),
        "machine": platform.node(),
    }
    try:
        lake.write_note("runs", SCHEDULE, note)
    except LakeWriteError as error:
        say(f"warning: `quarterdeck status` will not tell of this schedule: {error}")


def _forget_due(lake: Lake, say: Callable[[str], None]) -> None:
    """Take the schedule back, unless another process has told its own since."""
    try:
        told = lake.read_note("runs", SCHEDULE) or {}
        if (told.get("process"), told.get("machine")) == (os.getpid(), platform.node()):
            lake.write_note("runs", SCHEDULE, told | {"next_at": None})
    except LakeError as error:
        say(f"warning: {error}")


def _wait_until(due: datetime, schedule: Schedule) -> None:
    """Sleep by the clock on the wall, which may be set back: then the wait is not days longer."""
    while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
        sooner = schedule.after(datetime.now(UTC))
        if sooner < due:
            due = sooner
            continue
        time.sleep(min(left, _LONGEST_NAP))


def _run(arguments: Sequence[str], stop: _Stop) -> int:
    process = None
    try:
        with stop.held():
            process = subprocess.Popen([*_COMMAND, "run", *arguments], start_new_session=True)
        return process.wait()
    except _StopError:
        if process is not None:
            _end(process)
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # ends as at Ctrl-C: what was written is kept
    try:
        process.wait(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _stopping() -> Iterator[_Stop]:
    stop = _Stop()
    asked = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
        asked.append(signal.SIGHUP)
    before = {s: signal.signal(s, stop) for s in asked}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _local(moment: datetime, schedule: Schedule) -> str:
    return f"{moment.astimezone(ZoneInfo(schedule.time_zone)):%Y-%m-%d %H:%M:%S %Z}"
