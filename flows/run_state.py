"""How the last run went, kept in the lake."""

import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from quarterdeck.extractors.errors import LakeError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.repository import without_credentials

Outcome = Literal["running", "completed", "stale", "failed", "interrupted"]
_OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)
_LAST = "last"


@dataclass(frozen=True)
class LastRun:
    """The newest run that was begun; `running` where it has not ended, or was killed."""

    outcome: Outcome
    started_at: datetime
    ended_at: datetime | None
    succeeded_at: datetime | None  # when one last ended as completed, this one or another
    message: str | None
    process: int
    machine: str
    process_start: str | None = None  # as `process_start` tells it; None where it cannot

    @property
    def is_killed(self) -> bool:
        """Whether it never ended, and its process on this machine is gone."""
        return (
            self.outcome == "running"
            and self.machine == platform.node()
            and not is_alive(self.process, self.process_start)
        )


def process_start(process: int) -> str | None:
    """What tells a process from a later one of the same number; None where no /proc tells it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return f"{boot} {int(fields[19])}"  # clock ticks from boot to its start


def is_alive(process: int, start: str | None = None) -> bool:
    """Whether a process of this machine is there, and is the one that began then.

    Numbers come again: after a restart of a container the new processes have those of the old.
    """
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return start is None or process_start(process) in (start, None)


def last_run(lake: Lake) -> LastRun | None:
    """The newest run; None where none was ever begun.

    Raises:
        LakeError: what is kept of it cannot be read.
    """
    state = lake.read_note("runs", _LAST)
    if not state:
        return None
    try:
        return LastRun(
            outcome=_OUTCOME.validate_python(state["outcome"]),
            started_at=instant(state["started_at"]),
            ended_at=None if state.get("ended_at") is None else instant(state["ended_at"]),
            succeeded_at=(
                None if state.get("succeeded_at") is None else instant(state["succeeded_at"])
            ),
            message=None if state.get("message") is None else str(state["message"]),
            process=int(str(state["process"])),
            machine=str(state["machine"]),
            process_start=(
                None if state.get("process_start") is None else str(state["process_start"])
            ),
        )
    except (KeyError, ValueError) as error:
        raise LakeError(
            f"{lake.root}/runs/{_LAST}.json: is no record of a run; remove it"
        ) from error


def instant(value: object) -> datetime:
    """A time that a note keeps, in UTC, which it is in where it names no zone.

    Raises:
        ValueError: it is no time.
    """
    found = datetime.fromisoformat(str(value))
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value}: no such time in UTC") from error


def write_run(
    lake: Lake,
    outcome: Outcome,
    started_at: datetime,
    succeeded_at: datetime | None,
    message: str | None = None,
) -> None:
    """Keep the state of this process's run.

    Raises:
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    ended_at = None if outcome == "running" else datetime.now(UTC)
    if message is not None:
        message = without_credentials(message)
    process = os.getpid()
    run = LastRun(
        outcome,
        started_at,
        ended_at,
        succeeded_at,
        message,
        process,
        platform.node(),
        process_start(process),
    )
    state = {
        key: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for key, value in asdict(run).items()
    }
    lake.write_note("runs", _LAST, state)
