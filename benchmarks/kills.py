"""Kill a full run in each of its stages, and see what is left and what the next run makes of it.

    python -m benchmarks.kills SCRATCH [KILLS] [SEED]

A repository given as a URL, and its pull requests at a forge (the tests' fake of GitHub, which
takes 50 ms for an answer), are published with 12 landed changes; then it gains 240, and 60 pull
requests. Runs on a copy of that state (mirror, lake, database, report) are watched from outside,
by the lines that they say and the files that they make, and killed with SIGKILL in a stage: at a
random moment of the time that the stage takes when nobody disturbs it. By turns the main process
alone and its whole process group; five kills in a row, in ascending stages, each on what the one
before it left; all stages equally often. After each, at once:

- the database opens, and every mart in it is that of before or that of after, row by row;
- the report is a whole page, and the metrics file and the state of the run are whole;
- every part of the lake can be read.

And after five and one more run: exit code 0, every mart row by row as of a run that nobody
disturbed, no key twice in any table of the lake, and no half-written file left in any folder of
ours.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from fake_forge import TOKEN, Asked, Reply, serve
from fake_github import FakeGitHub
from forge_world import START, FakeClock, make_pull, make_world
from git_fixtures import RepositoryBuilder
from pipeline_fixtures import COMMAND, build_repository, database, environment, marts

from benchmarks.run_stages import STAGES, Watched

IN_A_ROW = 5
_ANSWER_SECONDS = 0.05
_POLL_SECONDS = 0.001
Marts = dict[str, list[tuple[Any, ...]]]
KEYS = {
    "commits": ["commit_id"],
    "commit_diffs": ["commit_id"],
    "file_changes": ["commit_id", "path"],
    "line_changes": ["commit_id"],
    "content_facts": ["blob_id"],
    "landings": ["commit_id"],
}


class SlowForge(FakeGitHub):
    """Takes its time, and never has enough of being asked."""

    def reply(self, asked: Asked) -> Reply:
        """The right answer, a little later."""
        time.sleep(_ANSWER_SECONDS)
        return super().reply(asked)


@dataclass
class Place:
    """A run's folder: all runs are of one path, for marts tell paths."""

    folder: Path
    settings: str
    durations: dict[str, float] = field(default_factory=dict)  # of each stage, undisturbed
    marts_of: list[Marts] = field(default_factory=list)  # of before and of after

    def begin(self, **variables: str) -> "subprocess.Popen[str]":
        """A full run, in a session and with a temporary folder of its own.

        Args:
            variables: of its environment, more than it needs.
        """
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        (self.folder / "quarterdeck.toml").write_text(self.settings)
        return subprocess.Popen(
            [*COMMAND, "run"],
            cwd=self.folder,
            env=environment(
                PREFECT_HOME=str(self.folder / ".prefect"),
                TMPDIR=str(temporary),
                GH_ENTERPRISE_TOKEN=TOKEN,
                NO_PROXY="127.0.0.1",
                **variables,
            ),
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "stderr").open("w"),
            text=True,
            start_new_session=True,
        )

    def which(self, found: Marts) -> str:
        """Whether these marts are those of before (old) or of after (new); no other will do."""
        if found in self.marts_of:
            return ("old", "new")[self.marts_of.index(found)]
        rows = {t: set(map(str, r)) ^ set(map(str, found[t])) for t, r in self.marts_of[1].items()}
        raise AssertionError({table: sorted(other)[:4] for table, other in rows.items() if other})

    def finish(self) -> dict[str, float]:
        """A full run to its end; the seconds of each of its stages."""
        watched, took = Watched(self.folder), dict.fromkeys(STAGES, 0.0)
        process, before = self.begin(), time.monotonic()
        while process.poll() is None:
            time.sleep(_POLL_SECONDS)
            now = time.monotonic()
            took[watched.stage()] += now - before
            before = now
        assert process.returncode == 0, (self.folder / "stderr").read_text()
        return took


@dataclass
class Tally:
    """What the kills left."""

    hit: Counter[tuple[str, str]] = field(default_factory=Counter)  # stage, and what was killed
    missed: Counter[str] = field(default_factory=Counter)  # "stage meant: stage hit"
    found: Counter[tuple[str, str]] = field(default_factory=Counter)  # stage, and which database
    leftovers: Counter[str] = field(default_factory=Counter)


def kill_once(place: Place, stage: str, share: float, group: bool, tally: Tally) -> None:
    """One kill, and what can be said at once.

    Args:
        place: of the run.
        stage: to kill it in.
        share: of the time that the stage takes, to wait from its beginning on.
        group: whether to kill git and other children, too.
        tally: to note it in.
    """
    watched = Watched(place.folder)
    process = place.begin()
    while process.poll() is None and STAGES.index(watched.stage()) < STAGES.index(stage):
        time.sleep(_POLL_SECONDS)
    time.sleep(share * place.durations[stage])
    if process.poll() is None:
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    assert process.returncode in (0, -signal.SIGKILL), (place.folder / "stderr").read_text()
    seen = watched.stage() if process.returncode else "ended before"
    tally.hit[seen, "process group" if group else "process"] += 1
    if seen != stage:
        tally.missed[f"{stage}: {seen}"] += 1
    tally.found[seen, place.which(marts(database(place.folder)))] += 1
    check_published(place.folder)
    for part in (place.folder / ".quarterdeck/lake").rglob("*.parquet"):
        if not part.name.startswith("."):
            pl.read_parquet(part)


def check_published(folder: Path) -> None:
    """The report is a whole page; the metrics file and the state of the run are whole."""
    page = (folder / ".quarterdeck/reports/report.html").read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    lines = (folder / "quarterdeck.prom").read_text().splitlines()
    assert any(line.startswith("quarterdeck_repository_failed{") for line in lines)
    for state in (folder / ".quarterdeck/lake").glob("*/*.json"):
        json.loads(state.read_text())


def recover(place: Place, tally: Tally) -> None:
    """The run after the kills."""
    place.finish()
    assert place.which(marts(database(place.folder))) == "new"
    lake = place.folder / ".quarterdeck/lake"
    for table, keys in KEYS.items():
        parts = sorted(p for p in (lake / table).rglob("*.parquet") if p.name[0] != ".")
        parts = parts[-1:] if table == "landings" else parts
        rows = pl.concat(pl.read_parquet(part) for part in parts)
        assert not rows.select(keys).is_duplicated().any(), table
    tally.leftovers.update(leftovers(place.folder))


def leftovers(folder: Path) -> list[str]:
    """Half-written files in the folders of a run, and what stays in the temporary folder."""
    ours = [p for p in (folder / ".quarterdeck").rglob(".*") if not p.name.endswith(".lock")]
    kept = (".gitignore", ".gitconfig")
    found = [p.name for p in ours if not p.name.endswith(kept)]
    found += [p.name for p in (folder / ".quarterdeck/clones").rglob("tmp_*")]
    return found + [p.name.rsplit("-", 1)[0] for p in (folder / "tmp").iterdir()]


def grow(source: RepositoryBuilder, forge: FakeGitHub, changes: int) -> None:
    """More landed changes, and a quarter as many pull requests."""
    for number in range(12, 12 + changes):
        lines = b"".join(b"value = %d\n" % (line + number) for line in range(60))
        files = {f"src/part_{number % 40}_{n}.py": lines + b"# %d\n" % n for n in range(12)}
        date = datetime(2024, 7, 1, tzinfo=UTC) + timedelta(hours=number)
        source.commit(files, f"Add part {number} (#{number + 1})", date=date.isoformat())
    for number in range(18, 18 + changes // 4):
        forge.world.pulls[number] = make_pull(number)
    forge.world.touch(3, START + timedelta(days=80))


@contextmanager
def prepared(scratch: Path, changes: int = 240) -> Iterator[tuple[Place, Path]]:
    """Where runs take place, and the folder of which each begins with a copy.

    Args:
        scratch: a folder for all of it.
        changes: that land between that state and the run.
    """
    forge = SlowForge(make_world(17), FakeClock(), limit=10**9)
    source = build_repository(scratch / "app")
    base, folder = scratch / "base", scratch / "run"
    folder.mkdir()
    with serve(forge) as url:
        place = Place(
            folder,
            'metrics_file = "quarterdeck.prom"\n[[repositories]]\n'
            f'url = "file://{source.path}"\nname = "app"\nforge = "github"\n'
            f'forge_url = "{url}"\nslug = "acme/harbour"\n',
        )
        place.finish()
        before = marts(database(folder))
        folder.rename(base)
        grow(source, forge, changes)
        shutil.copytree(base, folder, symlinks=True)
        place.durations = place.finish()
        place.marts_of = [before, marts(database(folder))]
        shutil.rmtree(folder)
        assert place.marts_of[0] != place.marts_of[1]
        yield place, base


def rows_of_stages(draw: random.Random, kills: int) -> Iterator[list[str]]:
    """Stages for a row of kills each, ascending; all equally often."""
    left: list[str] = []
    for start in range(0, kills, IN_A_ROW):
        row: list[str] = []
        while len(row) < min(IN_A_ROW, kills - start):
            left = left or draw.sample(STAGES, len(STAGES))
            row.append(left.pop())
        yield sorted(row, key=STAGES.index)


def main(scratch: str, kills: str = "55", seed: str = "1") -> None:
    """Kill, check, and print what was seen."""
    folder = Path(scratch).absolute()
    folder.mkdir(parents=True)
    draw, tally, number = random.Random(int(seed)), Tally(), 0
    with prepared(folder) as (place, base):
        print(f"a run that nobody disturbs: {sum(place.durations.values()):.1f} s", flush=True)
        for row in rows_of_stages(draw, int(kills)):
            shutil.copytree(base, place.folder, symlinks=True)
            for stage in row:
                kill_once(place, stage, draw.uniform(0.0, 0.9), bool(number % 2), tally)
                number += 1
                print(f"{number}: {stage}", file=sys.stderr, flush=True)
            recover(place, tally)
            shutil.rmtree(place.folder)
    tell(place, tally)
    print(f"{number} kills: nothing lost, nothing double")


def tell(place: Place, tally: Tally) -> None:
    """A row a stage in Markdown, and what else there is to say."""
    print("| stage | undisturbed | process killed | process group killed | database: old | new |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for stage in (*STAGES, "ended before"):
        cells = [tally.hit[stage, what] for what in ("process", "process group")]
        cells += [tally.found[stage, which] for which in ("old", "new")]
        seconds = f"{place.durations[stage]:.2f} s" if stage in STAGES else ""
        print(f"| {stage} | {seconds} | " + " | ".join(map(str, cells)) + " |")
    for title, counts in (
        ("meant for another stage", tally.missed),
        ("left after the next run", tally.leftovers),
    ):
        print(f"{title}: " + ", ".join(f"{name} {n}" for name, n in sorted(counts.items())))


if __name__ == "__main__":
    main(*sys.argv[1:])
