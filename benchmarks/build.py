"""Time and memory of the build, staging to estimates, on a large made-up lake.

    python -m benchmarks.build [--changes 50000] [--files 1000000] [--repositories 5]
        [--people 200] [--lines] [--report] [--again] [--folder SCRATCH]

Prints the seconds of the slowest objects, of which several are made side by side, the time of
it all by the clock and of the processor, the peak resident memory of the process, and the disk
that lake and database took, and at most all together. `--again` builds a second time, with
another window for merges, and copies what that does not touch. `--lines` adds the life of lines,
a row of deaths and a living run for most file changes; `--report` writes the report, too.
"""

import argparse
import resource
import sys
import tempfile
import threading
import time
import zlib
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl

from quarterdeck.extractors.schemas import TABLES, TIMESTAMP
from quarterdeck.flows.estimation import estimated_frames
from quarterdeck.flows.inputs import given_frames
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings
from quarterdeck.reports.page import write_report
from quarterdeck.sql import runner
from quarterdeck.sql.reuse import Basis

SEED = 20_260_601
SHOWN_AT_ONCE = 10.0  # seconds
START, END = datetime(2021, 1, 1, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC)
CLAUDE = "\n\nCo-authored-by: Claude <noreply@anthropic.com>"
ENDINGS = ["py", "ts", "rs", "go", "md", "json"]


def _ids(prefix: str, count: int) -> pl.Series:
    return pl.select(
        pl.format("{}{}", pl.lit(prefix), pl.int_range(count).cast(pl.String).str.zfill(36))
    ).to_series()


def repository_frames(
    name: str,
    changes: int,
    file_changes: int,
    people_there: int,
    with_lines: bool,
    rng: np.random.Generator,
) -> dict[str, pl.DataFrame]:
    """Frames of one repository: squashed pull requests by skewed contributors, some by agents."""
    ids = _ids(f"{zlib.crc32(name.encode()) % 0xFFFF:04x}", changes)
    span = (END - START).total_seconds()
    at = np.sort(rng.uniform(0, span, changes))
    people = np.minimum(rng.zipf(1.3, changes) - 1, people_there - 1)
    declared = rng.uniform(size=changes) < np.clip((at / span - 0.7) * 2, 0, 1)
    times = pl.Series(at * 1_000_000).cast(pl.Int64).cast(pl.Duration("us"))
    commits = pl.DataFrame(
        {
            "commit_id": ids,
            "parent_ids": [[]] + [[one] for one in ids[:-1]],
            "author_name": [f"Person {number}" for number in people],
            "author_email": [f"person{number}@harbour.test" for number in people],
            "authored_at": times,
            "committed_at": times,
            "message": [
                f"Change {number} (#{number})" + (CLAUDE if is_model else "")
                for number, is_model in enumerate(declared, start=1)
            ],
        }
    ).with_columns(
        pl.col("authored_at", "committed_at") + pl.lit(START, TIMESTAMP),
        committer_name=pl.lit("GitHub"),
        committer_email=pl.lit("noreply@github.com"),
    )
    of_change = np.sort(rng.integers(0, changes, file_changes))
    files = pl.DataFrame(
        {
            "commit_id": ids.gather(of_change),
            "path": [
                f"src/m{number % 97}/f{number}.{ENDINGS[number % len(ENDINGS)]}"
                for number in rng.integers(0, 20_000, file_changes)
            ],
            "added": rng.lognormal(2.0, 1.5, file_changes).astype(np.int64),
            "deleted": rng.lognormal(1.2, 1.5, file_changes).astype(np.int64),
        }
    ).unique(["commit_id", "path"])
    lines: dict[str, pl.DataFrame] = {}
    if with_lines:
        files, lines = followed(files.sort("commit_id", "path"), ids, rng)
    files = files.with_columns(status=pl.lit("M"), is_binary=pl.lit(False), part=pl.lit("p"))
    diffs = files.group_by("commit_id").agg(
        pl.len().alias("files"), pl.col("added").sum(), pl.col("deleted").sum()
    )
    numbers = pl.int_range(1, changes + 1, eager=True)
    frames = lines | {
        "commits": commits,
        "file_changes": files,
        "commit_diffs": diffs.with_columns(missing_files=pl.lit(0), part=pl.lit("p")),
        "landings": pl.DataFrame(
            {"commit_id": ids, "landed_commit_id": ids, "position": numbers - 1}
        ),
        "pull_requests": pl.DataFrame(
            {
                "number": numbers,
                "head_commit_id": ids,
                "landed_commit_id": ids,
                "first_authored_at": commits["authored_at"],
            }
        ).with_columns(landed_by=pl.lit("subject number"), own_commits=pl.lit(1)),
        "pull_request_commits": pl.DataFrame({"number": numbers, "commit_id": ids}),
        "repositories": pl.DataFrame(
            {"path": [name], "mined_at": [END], "tip_commit_id": [ids[-1]]}
        ),
    }
    return {
        table: pl.concat([schema.to_frame(), _conform(frames[table], schema, name)])
        for table, schema in TABLES.items()
        if table in frames
    }


def followed(
    files: pl.DataFrame, ids: pl.Series, rng: np.random.Generator
) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """The life of the lines of file changes, and the file changes with what it deletes.

    Of six in ten changes some lines end in a later file change; the others live.

    Args:
        files: file changes, in order of landing.
        ids: of the commits, in order of landing.
        rng: the source of chance.
    """
    count = files.height
    added = files["added"].to_numpy()
    last = np.minimum(np.arange(count) + rng.geometric(4 / count, count), count - 1)
    gone = rng.binomial(added, 0.7) * (rng.uniform(size=count) < 0.6)
    commit = files["commit_id"]
    gone = gone * (commit != commit.gather(last)).to_numpy()
    files = files.with_columns(deleted=np.bincount(last, weights=gone, minlength=count))
    lives = pl.DataFrame(
        {
            "birth_commit_id": commit,
            "birth_path": files["path"],
            "origin_commit_id": commit,
            "origin_path": files["path"],
            "death_commit_id": commit.gather(last),
            "gone": gone,
            "left": added - gone,
        }
    ).with_columns(
        pl.lit(ids[0]).alias("first_commit_id"), missing_files=pl.lit(0), part=pl.lit("p")
    )
    deaths = lives.filter(pl.col("gone") > 0).with_columns(fate=pl.lit("deleted"), lines="gone")
    runs = lives.filter(pl.col("left") > 0).with_columns(
        path="birth_path",
        commit_id=pl.lit(ids[-1]),
        lines="left",
        first_line=pl.col("left").cum_sum().over("birth_path") - pl.col("left") + 1,
    )
    sums = files.group_by("commit_id").agg(pl.col("added", "deleted").sum())
    changes = pl.DataFrame({"commit_id": ids}).join(
        sums, "commit_id", how="left", maintain_order="left"
    )
    changes = changes.with_columns(pl.col("added", "deleted").fill_null(0)).with_columns(
        alive=(pl.col("added") - pl.col("deleted")).cum_sum(),
        first_commit_id=pl.lit(ids[0]),
        part=pl.lit("p"),
        **{name: pl.lit(0) for name in ("moved", "respaced", "binary", "lost", "missing_files")},
    )
    return files, {"line_deaths": deaths, "line_runs": runs, "line_changes": changes}


def _conform(frame: pl.DataFrame, schema: pl.Schema, name: str) -> pl.DataFrame:
    given = frame.with_columns(repository_id=pl.lit(name))
    return given.select(
        (pl.col(column) if column in given.columns else pl.lit(None)).cast(kind).alias(column)
        for column, kind in schema.items()
    )


def write_lake(folder: Path, options: argparse.Namespace) -> dict[str, list[Path]]:
    """Write the parts of the lake; empty ones for tables without rows."""
    rng = np.random.default_rng(SEED)
    parts: dict[str, list[Path]] = {}
    for table, schema in TABLES.items():
        parts[table] = [folder / f"{table}.parquet"]
        schema.to_frame().write_parquet(parts[table][0])
    share = options.repositories
    for number in range(share):
        name = f"harbour/repository-{number}"
        frames = repository_frames(
            name,
            options.changes // share,
            options.files // share,
            options.people,
            options.lines,
            rng,
        )
        for table, frame in frames.items():
            part = folder / f"{table}-{number}.parquet"
            frame.write_parquet(part, compression="zstd")
            parts[table].append(part)
    return parts


@dataclass
class Disk:
    """The most that the files below a folder took, looked at every second."""

    folder: Path
    most: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def now(self) -> int:
        """Bytes at this moment."""
        total = 0
        for path in self.folder.rglob("*"):
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def watch(self) -> None:
        """Look until `ended`."""
        while not self.ended.wait(1.0):
            self.most = max(self.most, self.now())


def peak() -> float:
    """The most memory that this process has had so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Write the lake in a child, build from it, and print where the time went."""
    start = time.perf_counter()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:  # its memory is its own
        parts = child.submit(write_lake, folder, options).result()
    disk = Disk(folder)
    lake = disk.now()
    print(f"lake {lake / 2**20:,.0f} MiB in {time.perf_counter() - start:.0f} s", flush=True)
    sources = [
        Source(f"harbour/repository-{number}", folder, None, None, None)
        for number in range(options.repositories)
    ]
    given = given_frames(Settings(repositories=[]), sources, {}, "digest")
    work = folder / "quarterdeck.duckdb"
    threading.Thread(target=disk.watch, daemon=True).start()
    before, start, started = peak(), time.perf_counter(), time.process_time()
    clock: dict[str, float] = {}

    def progress(name: str, seconds: float, is_copied: bool) -> None:
        clock[name] = seconds
        if seconds > SHOWN_AT_ONCE:
            print(f"  {name}: {seconds:.0f} s, peak RSS {peak():,.0f} MiB", file=sys.stderr)

    known = Basis("benchmark", dict.fromkeys(TABLES, ""))
    unfinished = runner.build(work, parts, given, progress, known)
    built, built_peak = time.perf_counter() - start, peak()
    print(f"{built:7.2f} s  build; peak RSS {built_peak:,.0f} MiB", flush=True)
    runner.complete(work, estimated_frames(), unfinished, progress)
    total, busy = time.perf_counter() - start, time.process_time() - started
    for item, seconds in sorted(clock.items(), key=lambda pair: -pair[1])[:20]:
        print(f"{seconds:7.2f} s  {item}")
    print(f"{total:7.2f} s  CPU {busy:6.2f} s  in all, checks included")
    print(f"peak RSS {peak():,.0f} MiB (before the build {before:,.0f} MiB)")
    print(f"database {work.stat().st_size / 2**20:,.0f} MiB", flush=True)
    if options.report:
        start = time.perf_counter()
        page = write_report(work, folder / "report.html")
        size = page.stat().st_size / 2**20
        print(f"{time.perf_counter() - start:7.2f} s  report of {size:.1f} MiB")
        print(f"peak RSS {peak():,.0f} MiB")
    if options.again:
        start, clock = time.perf_counter(), {}
        given = given_frames(Settings(repositories=[], merge_window_days=14), sources, {}, "digest")
        known, again = replace(known, published=work), folder / "again.duckdb"
        unfinished = runner.build(again, parts, given, progress, known)
        runner.complete(again, estimated_frames(), unfinished, progress)
        print(f"{time.perf_counter() - start:7.2f} s  again, with merge_window_days = 14")
    disk.ended.set()
    print(f"disk at most {disk.most / 2**20:,.0f} MiB, the lake in it")


def main() -> None:
    """Read the command line, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=50_000)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--repositories", type=int, default=5)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    options = parser.parse_args()
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="quarterdeck-benchmark-", dir=options.folder) as name:
        measure(Path(name), options)


if __name__ == "__main__":
    main()
