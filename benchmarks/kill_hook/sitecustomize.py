"""With this folder on PYTHONPATH a Python process tells its changes of files, or dies at one.

A change is an audit event of Python's with a path in the current folder: a file opened for
writing, something renamed, removed, linked, cut short, or a folder made or removed. (Temporary
files and folders matter when they are renamed.) It is named by the event, the path with `#` for
numbers, and how often it came. CHANGES_TOLD names a file that each change is told to before it
happens; KILL_AT one change, in place of which the process is killed with SIGKILL.
"""

import os
import re
import signal
import sys
from collections import Counter
from pathlib import Path

_PLACE_OF_PATH = {  # among the arguments of an event; of two paths, the one that changes last
    "os.rename": 1,
    "os.link": 1,
    "os.symlink": 1,
    "os.remove": 0,
    "os.truncate": 0,
    "os.mkdir": 0,
    "os.rmdir": 0,
    "open": 0,
}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_seen: Counter[str] = Counter()
_here = str(Path.cwd()) + "/"
_told = os.environ.get("CHANGES_TOLD")
_kill_at = os.environ.get("KILL_AT")


def _change(event: str, arguments: tuple[object, ...]) -> str | None:
    place = _PLACE_OF_PATH.get(event)
    if place is None or (event == "open" and not (int(str(arguments[2] or 0)) & _WRITES)):
        return None
    path = arguments[place]
    if not isinstance(path, str | bytes | os.PathLike):
        return None  # a file that is open already
    full = os.fsdecode(path)
    name = full.removeprefix(_here)
    if (
        name in (full, "tmp")
        or name.startswith(("tmp/", ".prefect/"))
        or name.endswith((".tmp", ".lock"))
    ):
        return None
    if event == "os.mkdir" and Path(full).is_dir():
        return None
    return f"{event} {re.sub('[0-9]+', '#', name)}"


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    name = _change(event, arguments)
    if name is None:
        return
    _seen[name] += 1
    change = f"{name} {_seen[name]}"
    if change == _kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    if _told:
        told = os.open(_told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(told, f"{change}\n".encode())
        os.close(told)


if _told or _kill_at:
    sys.addaudithook(_hook)
