"""Kill a full run at each change that it makes to its files.

    python -m benchmarks.kills_at_changes SCRATCH

Moments taken at random (`benchmarks.kills`) hardly ever hit what takes milliseconds, as publishing
does. Here every change is hit: two undisturbed runs on copies of the same state tell the files that
Python opens for writing, renames and removes; then, for each that both told, a run on another copy
is killed with SIGKILL in place of it (`benchmarks/kill_hook`). What must hold then, and after one
more run, is what `benchmarks.kills` asks. What git, DuckDB and polars do to files on their own is
not told: their files are in folders or under names that a run renames or reads when they are done.
"""

import shutil
import signal
import sys
from collections import Counter
from pathlib import Path

from benchmarks.kills import Place, Tally, check_published, database, marts, prepared, recover

_CHANGES = 24  # that land between the state and the run
_HOOK = Path(__file__).parent / "kill_hook"


def changes_of(place: Place) -> list[str]:
    """What an undisturbed run tells, in order; a line for each change."""
    told = place.folder.parent / "changes"
    told.unlink(missing_ok=True)
    process = place.begin(PYTHONPATH=str(_HOOK), CHANGES_TOLD=str(told))
    assert process.wait() == 0, (place.folder / "stderr").read_text()
    return told.read_text().splitlines()


def in_common(place: Place, base: Path) -> list[str]:
    """Changes that two runs on the same state tell."""
    runs = []
    for _ in range(2):
        shutil.copytree(base, place.folder, symlinks=True)
        runs.append(changes_of(place))
        shutil.rmtree(place.folder)
    print(f"{len(runs[0])} and {len(runs[1])} changes told", flush=True)
    return [change for change in runs[0] if change in set(runs[1])]


def kill_at(place: Place, change: str) -> str:
    """Kill a run in place of a change; which database is left."""
    process = place.begin(PYTHONPATH=str(_HOOK), KILL_AT=change)
    assert process.wait() in (0, -signal.SIGKILL), (place.folder / "stderr").read_text()
    which = place.which(marts(database(place.folder)))
    check_published(place.folder)
    return f"database {which}" if process.returncode else "came to its end"


def main(scratch: str) -> None:
    """Kill, check, and print what was seen."""
    folder = Path(scratch).absolute()
    folder.mkdir(parents=True)
    seen: Counter[str] = Counter()
    tally = Tally()
    with prepared(folder, _CHANGES) as (place, base):
        changes = in_common(place, base)
        for number, change in enumerate(changes, 1):
            shutil.copytree(base, place.folder, symlinks=True)
            found = kill_at(place, change)
            seen[found] += 1
            print(f"{number} of {len(changes)}: {change}: {found}", flush=True)
            recover(place, tally)
            shutil.rmtree(place.folder)
    print("; ".join(f"{found}: {count}" for found, count in seen.items()))
    print("left after the next run: " + ", ".join(f"{k} {n}" for k, n in tally.leftovers.items()))


if __name__ == "__main__":
    main(*sys.argv[1:])
