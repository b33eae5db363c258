"""Kill a full run at many random moments, and see what is left and what the next run makes of it.

    python -m benchmarks.kills SCRATCH [KILLS] [SEED]

A repository given as a URL is published with 12 landed changes; then it gains 6. Runs on a copy
of that state (mirror, lake, database, report) are killed with SIGKILL at a random moment of the
duration of a run, by turns the main process alone and its whole process group; five in a row, each
on what the one before it left. After each, at once:

- the database opens, and every mart in it is that of before or that of after, row by row;
- the report is a whole page;
- every part of the lake can be read.

And after five and one more run: exit code 0, every mart row by row as of a run that nobody
disturbed, no commit twice in any table of the lake, and no half-written file left in any folder
of ours.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from git_fixtures import RepositoryBuilder
from pipeline_fixtures import COMMAND, build_repository, database, environment, marts

IN_A_ROW = 5
Marts = dict[str, list[tuple[Any, ...]]]
KEYS = {
    "commits": ["commit_id"],
    "commit_diffs": ["commit_id", "part"],
    "file_changes": ["commit_id", "path", "part"],
    "landings": ["commit_id"],
}


@dataclass
class Tally:
    """What the kills left."""

    phases: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    leftovers: Counter[str] = field(default_factory=Counter)


def begin(folder: Path, url: str) -> "subprocess.Popen[str]":
    """A full run in a folder, in a session of its own, with a temporary folder of its own."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        [*COMMAND, "run", url],
        cwd=folder,
        env=environment(PREFECT_HOME=str(folder / ".prefect"), TMPDIR=str(temporary)),
        stdout=subprocess.DEVNULL,
        stderr=(folder / "stderr").open("w"),
        text=True,
        start_new_session=True,
    )


def finish(folder: Path, url: str) -> float:
    """A full run to its end; its seconds."""
    start = time.monotonic()
    code = begin(folder, url).wait(timeout=600)
    assert code == 0, (code, (folder / "stderr").read_text())
    return time.monotonic() - start


def phase(folder: Path) -> str:
    """How far a killed run had come, by the last line that it said."""
    lines = (folder / "stderr").read_text().splitlines()
    last = lines[-1] if lines else "starting"
    for word, name in (
        ("wrote the report", "after the report"),
        ("estimated", "publishing or reporting"),
        ("built ", "estimating"),
        ("building", "building"),
        ("landed changes", "between mining and building"),
        ("diffed", "mining"),
        ("followed", "mining"),
        ("fetching", "fetching or mining"),
    ):
        if word in last:
            return name
    return last


def check_lake(folder: Path) -> None:
    """Every part is whole; no key stands twice."""
    lake = folder / ".quarterdeck/lake"
    for part in lake.rglob("*.parquet"):
        if not part.name.startswith("."):
            pl.read_parquet(part)
    for table, keys in KEYS.items():
        parts = sorted(p for p in (lake / table).rglob("*.parquet") if p.name[0] != ".")
        parts = parts[-1:] if table == "landings" else parts
        rows = pl.concat(pl.read_parquet(part) for part in parts)
        assert not rows.select(keys).is_duplicated().any(), table


def leftovers(folder: Path) -> list[str]:
    """Half-written files in the folders of a run."""
    ours = [p for p in (folder / ".quarterdeck").rglob(".*") if not p.name.endswith(".lock")]
    kept = (".gitignore", ".gitconfig")
    return [p.name for p in ours if not p.name.endswith(kept)] + [
        p.name for p in (folder / ".quarterdeck/clones").rglob("tmp_*")
    ]


def kill_once(
    folder: Path, url: str, moment: float, group: bool, tally: Tally, marts_of: list[Marts]
) -> None:
    """One kill, and what can be said at once."""
    process = begin(folder, url)
    try:
        process.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    tally.phases[phase(folder) if process.returncode else "ended before"] += 1
    assert process.returncode in (0, -signal.SIGKILL), (folder / "stderr").read_text()
    found = marts(database(folder))
    assert found in marts_of
    tally.found["old database" if found == marts_of[0] else "new database"] += 1
    page = (folder / ".quarterdeck/reports/report.html").read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    check_lake_parts(folder)


def recover(folder: Path, url: str, tally: Tally, marts_of: list[Marts]) -> None:
    """The run after the kills."""
    finish(folder, url)
    assert marts(database(folder)) == marts_of[1]
    check_lake(folder)
    tally.leftovers.update(leftovers(folder))
    tally.leftovers.update(p.name.rsplit("-", 1)[0] for p in (folder / "tmp").iterdir())


def check_lake_parts(folder: Path) -> None:
    """Every part that counts can be read."""
    for part in (folder / ".quarterdeck/lake").rglob("*.parquet"):
        if not part.name.startswith("."):
            pl.read_parquet(part)


def grow(source: RepositoryBuilder) -> None:
    """Six landed changes more."""
    for number in range(12, 18):
        lines = b"".join(b"value = %d\n" % line for line in range(number))
        source.commit({f"src/part_{number}.py": lines}, f"Add part {number} (#{number + 1})")


def main(scratch: str, kills: str = "50", seed: str = "1") -> None:
    """Kill, check, and print what was seen."""
    place = Path(scratch).absolute()
    place.mkdir(parents=True)
    source = build_repository(place / "app")
    url = f"file://{source.path}"
    base, folder = place / "base", place / "run"  # all run in one place: marts tell paths
    folder.mkdir()
    finish(folder, url)
    before = marts(database(folder))
    folder.rename(base)
    grow(source)
    shutil.copytree(base, folder)
    duration = finish(folder, url)
    marts_of = [before, marts(database(folder))]
    shutil.rmtree(folder)
    assert marts_of[0] != marts_of[1]
    print(f"a run that nobody disturbs: {duration:.1f} s", flush=True)
    draw, tally = random.Random(int(seed)), Tally()
    for number in range(int(kills)):
        if number % IN_A_ROW == 0:
            shutil.copytree(base, folder, symlinks=True)
        moment = draw.uniform(0.2, duration)
        kill_once(folder, url, moment, bool(number % 2), tally, marts_of)
        print(f"{number + 1}: killed after {moment:.2f} s", file=sys.stderr, flush=True)
        if number % IN_A_ROW == IN_A_ROW - 1 or number == int(kills) - 1:
            recover(folder, url, tally, marts_of)
            shutil.rmtree(folder)
    for title, counts in (
        ("killed while", tally.phases),
        ("found after the kill", tally.found),
        ("left after the next run", tally.leftovers),
    ):
        print(f"{title}: " + ", ".join(f"{name} {n}" for name, n in sorted(counts.items())))
    print(f"{kills} kills: nothing lost, nothing double")


if __name__ == "__main__":
    main(*sys.argv[1:])
