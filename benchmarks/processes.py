"""What a command takes: time and memory of a process and its children (Linux)."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Used:
    """What a command took."""

    seconds: float  # by the wall
    cpu_seconds: float  # of the process and its children
    peak_mib: float  # largest sum over them, sampled every 50 ms
    failure: str | None  # what it said on standard error, where it failed


def measured(command: Sequence[str], environment: Mapping[str, str]) -> Used:
    """Run a command to its end; what it prints is thrown away."""
    start, peak = time.monotonic(), 0
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=told)
        while True:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, _resident(process.pid))
            time.sleep(_SAMPLE_SECONDS)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        said = told.read().decode("utf-8", "replace").strip() if process.returncode else None
    return Used(seconds, used.ru_utime + used.ru_stime, peak / 2**20, said)


def _resident(pid: int) -> int:
    """Resident memory of a process and all its descendants, in bytes."""
    try:
        total = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = {c for task in tasks for c in (task / "children").read_text().split()}
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return total + sum(_resident(int(child)) for child in children)
