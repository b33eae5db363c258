"""Time and memory of the build, staging to estimates, on a large made-up lake.

    python -m benchmarks.build [--changes 50000] [--files 1000000] [--repositories 5]

Prints the seconds of each object, by the clock and of processor time (all threads), and the peak
resident memory of the process.
"""

import argparse
import resource
import tempfile
import time
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from quarterdeck.extractors.schemas import TABLES, TIMESTAMP
from quarterdeck.flows.estimation import estimated_frames
from quarterdeck.flows.inputs import given_frames
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings
from quarterdeck.sql import runner

SEED = 20_260_601
PEOPLE = 200
START, END = datetime(2021, 1, 1, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC)
CLAUDE = "\n\nCo-authored-by: Claude <noreply@anthropic.com>"
ENDINGS = ["py", "ts", "rs", "go", "md", "json"]


def _ids(prefix: str, count: int) -> pl.Series:
    return pl.select(
        pl.format("{}{}", pl.lit(prefix), pl.int_range(count).cast(pl.String).str.zfill(36))
    ).to_series()


def repository_frames(
    name: str, changes: int, file_changes: int, rng: np.random.Generator
) -> dict[str, pl.DataFrame]:
    """Frames of one repository: squashed pull requests by skewed contributors, some by agents."""
    ids = _ids(f"{zlib.crc32(name.encode()) % 0xFFFF:04x}", changes)
    span = (END - START).total_seconds()
    at = np.sort(rng.uniform(0, span, changes))
    people = np.minimum(rng.zipf(1.3, changes) - 1, PEOPLE - 1)
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
    files = files.with_columns(status=pl.lit("M"), is_binary=pl.lit(False), part=pl.lit("p"))
    diffs = files.group_by("commit_id").agg(
        pl.len().alias("files"), pl.col("added").sum(), pl.col("deleted").sum()
    )
    numbers = pl.int_range(1, changes + 1, eager=True)
    frames = {
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
        "repositories": pl.DataFrame({"path": [name], "mined_at": [END]}),
    }
    return {
        table: pl.concat([schema.to_frame(), _conform(frames[table], schema, name)])
        for table, schema in TABLES.items()
        if table in frames
    }


def _conform(frame: pl.DataFrame, schema: pl.Schema, name: str) -> pl.DataFrame:
    given = frame.with_columns(repository_id=pl.lit(name))
    return given.select(
        (pl.col(column) if column in given.columns else pl.lit(None)).cast(kind).alias(column)
        for column, kind in schema.items()
    )


@dataclass
class Clock:
    """Seconds of each object, by the names that the runner tells."""

    seconds: dict[str, tuple[float, float]] = field(default_factory=dict)
    name: str | None = None
    since: tuple[float, float] = (0.0, 0.0)

    def __call__(self, name: str | None) -> None:
        """The object of this name begins, and the one before it has ended."""
        now = time.perf_counter(), time.process_time()
        if self.name is not None:
            self.seconds[self.name] = now[0] - self.since[0], now[1] - self.since[1]
        self.name, self.since = name, now


def write_lake(folder: Path, repositories: int, changes: int, files: int) -> dict[str, list[Path]]:
    """Write the parts of the lake; empty ones for tables without rows."""
    rng = np.random.default_rng(SEED)
    parts: dict[str, list[Path]] = {}
    for table, schema in TABLES.items():
        parts[table] = [folder / f"{table}.parquet"]
        schema.to_frame().write_parquet(parts[table][0])
    for number in range(repositories):
        name = f"harbour/repository-{number}"
        frames = repository_frames(name, changes // repositories, files // repositories, rng)
        for table, frame in frames.items():
            part = folder / f"{table}-{number}.parquet"
            frame.write_parquet(part)
            parts[table].append(part)
    return parts


def main() -> None:
    """Write the lake, build from it, and print where the time went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=50_000)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--repositories", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quarterdeck-benchmark-") as name:
        folder = Path(name)
        parts = write_lake(folder, options.repositories, options.changes, options.files)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sources = [
            Source(f"harbour/repository-{number}", folder, None, None, None)
            for number in range(options.repositories)
        ]
        clock = Clock()
        given = given_frames(Settings(repositories=[]), sources, {}, "digest")
        work = folder / "quarterdeck.duckdb"
        start, started = time.perf_counter(), time.process_time()
        put_off = runner.build(work, parts, given, clock)
        clock(None)
        runner.complete(work, estimated_frames(), put_off, clock)
        clock(None)  # the last object's time holds the checks, too
        total, busy = time.perf_counter() - start, time.process_time() - started
        size = work.stat().st_size
    for item, (wall, cpu) in sorted(clock.seconds.items(), key=lambda pair: -pair[1][1])[:20]:
        print(f"{wall:7.2f} s  CPU {cpu:6.2f} s  {item}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{total:7.2f} s  CPU {busy:6.2f} s  in all, checks included")
    print(f"peak RSS {peak / 1024:,.0f} MiB (after writing the lake {before / 1024:,.0f} MiB)")
    print(f"database {size / 2**20:,.0f} MiB")


if __name__ == "__main__":
    main()
