"""Time and memory of mining beside git's own log and other miners.

    python -m benchmarks.mining [--rounds N] [--jobs N] [--peer NAME]... REPOSITORY...

Each contestant is a whole process over the whole history of the default branch; they take turns,
round after round, so that what else the machine does falls on all of them. CPU seconds are those
of a process and its children, and tell more than the wall on a machine that is shared. Ratios are
of the best rounds, against `git log --no-merges --numstat -M`. Peak memory is the largest sum over
a process and its children, sampled every 50 ms. The life of lines is left out; its cost stands in
`benchmarks.line_lifetimes`. Perceval and PyDriller need
`pip install -e '.[benchmarks]'`.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.repositories import Plain, environment

_MINE = """
import sys
from pathlib import Path
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.mining import mine_repository
from quarterdeck.extractors.repository import open_repository
repository, lake = open_repository(Path(sys.argv[1])), Lake(Path(sys.argv[2]))
mine_repository(repository, "it", lake, int(sys.argv[3]), lines=False)
"""
_PERCEVAL = """
import sys
from perceval.backends.core.git import Git
print(sum(1 for _ in Git(sys.argv[1], sys.argv[1]).fetch(no_update=True)))
"""
_PYDRILLER = """
import sys
from pydriller import Repository
print(sum(f.added_lines for c in Repository(sys.argv[1]).traverse_commits()
          for f in c.modified_files))
"""
_PEERS = {"perceval": _PERCEVAL, "pydriller": _PYDRILLER}
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Contestant:
    """A command and what was measured of it."""

    name: str
    command: list[str]
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    failure: str | None = None


def main() -> int:
    """Run the contest on each repository of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mining")
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--peer", action="append", choices=list(_PEERS), default=[])
    arguments = parser.parse_args()
    for path in arguments.repositories:
        with Plain(path) as plain:
            contestants = _contestants(plain, arguments.jobs, arguments.peer)
            for _ in range(arguments.rounds):
                for contestant in contestants:
                    _measure(contestant, plain)
            _print(path, plain, contestants)
    return 0


def _contestants(plain: Plain, jobs: int, peers: list[str]) -> list[Contestant]:
    python = [sys.executable, "-c"]
    path = str(plain.opened.path)
    found = [
        Contestant("git log --no-merges --numstat -M", _log("--no-merges")),
        Contestant("quarterdeck", [*python, _MINE, path, "{new folder}", str(jobs)]),
        Contestant("quarterdeck, nothing new", [*python, _MINE, path, "{last folder}", str(jobs)]),
    ]
    for peer in peers:
        if importlib.util.find_spec(peer) is None:
            raise SystemExit(f"{peer} is not installed: pip install -e '.[benchmarks]'")
        found.append(Contestant(peer, [*python, _PEERS[peer], str(plain.git_dir)]))
    return found


def _log(merges: str) -> list[str]:
    return ["git", "log", merges, "--numstat", "-M"]


def _measure(contestant: Contestant, plain: Plain) -> None:
    folder = plain.git_dir / "lakes"
    folder.mkdir(exist_ok=True)
    made = sorted(folder.iterdir(), key=lambda lake: lake.stat().st_ctime_ns)
    last = str(made[-1]) if made else ""
    new = tempfile.mkdtemp(dir=folder) if "{new folder}" in contestant.command else ""
    places = {"{new folder}": new, "{last folder}": last}
    command = [places.get(word, word) for word in contestant.command]
    with tempfile.TemporaryFile() as told:
        start = time.monotonic()
        process = subprocess.Popen(
            command, env=environment(plain.git_dir), stdout=subprocess.DEVNULL, stderr=told
        )
        while True:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            contestant.peak_mib = max(contestant.peak_mib, _resident(process.pid) / 2**20)
            time.sleep(0.05)
        contestant.seconds.append(time.monotonic() - start)
        contestant.cpu_seconds.append(used.ru_utime + used.ru_stime)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            told.seek(0)
            contestant.failure = told.read().decode("utf-8", "replace").strip()[-200:]


def _resident(pid: int) -> int:
    """Resident memory of a process and all its descendants, in bytes (Linux)."""
    try:
        total = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = {c for task in tasks for c in (task / "children").read_text().split()}
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return total + sum(_resident(int(child)) for child in children)


def _print(path: Path, plain: Plain, contestants: list[Contestant]) -> None:
    commits = plain.git("rev-list", "--count", "HEAD").stdout.decode().strip()
    print(f"\n{path}: {int(commits or 0):,} commits; {os.cpu_count()} cores\n")
    print("| | wall (s) | of git log | CPU (s) | of git log | peak (MiB) |")
    print("| --- " * 6 + "|")
    base, base_cpu = min(contestants[0].seconds), min(contestants[0].cpu_seconds)
    for contestant in contestants:
        best, cpu = min(contestant.seconds), min(contestant.cpu_seconds)
        note = f" (failed: {contestant.failure})" if contestant.failure else ""
        print(
            f"| {contestant.name}{note} | {best:.1f} | {best / base:.2f} "
            f"| {cpu:.1f} | {cpu / base_cpu:.2f} | {contestant.peak_mib:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
