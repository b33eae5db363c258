"""Time and memory of mining beside git's own log and other miners.

    python -m benchmarks.mining [--rounds N] [--jobs N] [--peer NAME]... REPOSITORY...

`quarterdeck` takes the diffs of the default branch's history, merges against their first parent:
those of the second git log. The next adds the life of every landed line, which git-of-theseus
samples, and the one after it, instead, the diffs of the commits that squashed pull requests were
made of, which git log does not read.

Each contestant is a whole process; they take turns, round after round, so that what else the
machine does falls on all of them. CPU seconds are those of a process and its children, and tell
more than the wall on a machine that is shared. Ratios are of the best rounds, against
`git log --no-merges --numstat -M`. Peak memory is the largest sum over a process and its children,
sampled every 50 ms. Where a clone lacks blobs, git and the peers get placeholders for them, on
which they would die otherwise; Quarterdeck does without. `pip install -e '.[benchmarks]'` has the
peers; git-of-theseus may also stand anywhere on PATH.
"""

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import measured
from benchmarks.repositories import Plain, environment

_MINE = """
import sys
from pathlib import Path
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.mining import mine_repository
from quarterdeck.extractors.repository import open_repository
mine_repository(
    open_repository(Path(sys.argv[1])), "it", Lake(Path(sys.argv[2])), int(sys.argv[3]),
    split_squashes="squashes" in sys.argv, lines="lines" in sys.argv,
)
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
_LIBRARIES = {"perceval": _PERCEVAL, "pydriller": _PYDRILLER}
_THESEUS = "git-of-theseus-analyze"


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
    parser.add_argument("--peer", action="append", choices=[*_LIBRARIES, _THESEUS], default=[])
    arguments = parser.parse_args()
    for path in arguments.repositories:
        with Plain(path) as plain:
            missing = plain.supply_missing()
            contestants = _contestants(plain, arguments.jobs, arguments.peer)
            for _ in range(arguments.rounds):
                for contestant in contestants:
                    _measure(contestant, plain)
            _print(path, plain, contestants, missing)
    return 0


def _contestants(plain: Plain, jobs: int, peers: list[str]) -> list[Contestant]:
    mine = [sys.executable, "-c", _MINE, str(plain.opened.path)]
    new = [*mine, "{new folder}", str(jobs)]
    found = [
        Contestant("git log --no-merges --numstat -M", _log("--no-merges")),
        Contestant("git log, merges against first parent", _log("--diff-merges=first-parent")),
        Contestant("quarterdeck", new),
        Contestant("quarterdeck, with the life of lines", [*new, "lines"]),
        Contestant("quarterdeck, with squashed commits", [*new, "squashes"]),
        Contestant("quarterdeck, nothing new", [*mine, "{last folder}", str(jobs), "squashes"]),
    ]
    for peer in peers:
        if peer == _THESEUS:
            command = [_theseus(), "--quiet", "--procs", str(jobs), "--outdir", "{new folder}"]
            # it blames what a branch names, and the plain copy has one at its HEAD
            branch = plain.git("symbolic-ref", "--short", "HEAD").stdout.decode().strip()
            found.append(Contestant(peer, [*command, "--branch", branch, str(plain.git_dir)]))
        elif importlib.util.find_spec(peer) is None:
            raise SystemExit(f"{peer} is not installed: pip install -e '.[benchmarks]'")
        else:
            command = [sys.executable, "-c", _LIBRARIES[peer], str(plain.git_dir)]
            found.append(Contestant(peer, command))
    return found


def _theseus() -> str:
    command = shutil.which(_THESEUS) or shutil.which(_THESEUS, path=Path(sys.executable).parent)
    if command is None:
        raise SystemExit(f"{_THESEUS} is not installed: pip install -e '.[benchmarks]'")
    return command


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
    used = measured(command, environment(plain.git_dir))
    contestant.seconds.append(used.seconds)
    contestant.cpu_seconds.append(used.cpu_seconds)
    contestant.peak_mib = max(contestant.peak_mib, used.peak_mib)
    if used.failure is not None:
        contestant.failure = used.failure[-200:]


def _print(path: Path, plain: Plain, contestants: list[Contestant], missing: int) -> None:
    commits = plain.git("rev-list", "--count", "HEAD").stdout.decode().strip()
    print(
        f"\n{path}: {int(commits or 0):,} commits, {missing:,} blobs missing; "
        f"{os.cpu_count()} cores\n"
    )
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
