"""How the last run went, kept in the lake."""

import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from quarterdeck.extractors.errors import LakeError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.repository import without_credentials

Outcome = Literal["running", "completed", "stale", "failed", "interrupted"]
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

    @property
    def is_killed(self) -> bool:
        """Whether it never ended, and its process on this machine is gone."""
        return (
            self.outcome == "running"
            and self.machine == platform.node()
            and not is_alive(self.process)
        )


def is_alive(process: int) -> bool:
    """Whether a process of this machine is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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
            outcome=state["outcome"],  # type: ignore[arg-type]
            started_at=datetime.fromisoformat(str(state["started_at"])),
            ended_at=_time(state.get("ended_at")),
            succeeded_at=_time(state.get("succeeded_at")),
            message=None if state.get("message") is None else str(state["message"]),
            process=int(str(state["process"])),
            machine=str(state["machine"]),
        )
    except (KeyError, ValueError) as error:
        raise LakeError(
            f"{lake.root}/runs/{_LAST}.json: is no record of a run; remove it"
        ) from error


def _time(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))


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
    run = LastRun(
        outcome, started_at, ended_at, succeeded_at, message, os.getpid(), platform.node()
    )
    state = {
        key: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for key, value in asdict(run).items()
    }
    lake.write_note("runs", _LAST, state)
