"""The main job on real repositories: time, memory, rows, and its sums against git's own.

python -m benchmarks.main_job NAME=PATH [NAME=PATH ...]

Runs `quarterdeck run` as a process of its own in a new folder, twice, and then compares
landed changes, added and deleted lines with `git log --first-parent --numstat -M`.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from quarterdeck.sql.connect import connect_read_only

_TABLES = ("commits", "file_changes", "landings", "pull_requests")


def main(arguments: list[str]) -> int:
    """Run and compare; the exit code is 1 where a sum differs from git's."""
    repositories = dict(argument.split("=", 1) for argument in arguments)
    if not repositories:
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory(prefix="quarterdeck-main-job-") as folder:
        settings = Path(folder) / "quarterdeck.toml"
        settings.write_text(
            "".join(
                f'[[repositories]]\nname = "{name}"\npath = "{Path(path).absolute()}"\n'
                for name, path in repositories.items()
            )
        )
        for what in ("first run", "second run, nothing new"):
            seconds, megabytes = _run(settings)
            print(f"{what}: {seconds:.1f} s, peak {megabytes:.0f} MB in the largest process")
        return _compare(Path(folder) / ".quarterdeck" / "quarterdeck.duckdb", repositories)


def _run(settings: Path) -> tuple[float, float]:
    start = time.perf_counter()
    command = [sys.executable, "-c", "from quarterdeck.flows.cli import main; main()"]
    subprocess.run(
        [*command, "run", "--settings", str(settings)],
        check=True,
        cwd="/",
        env={k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PREFECT_"))},
        stdout=subprocess.DEVNULL,
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return time.perf_counter() - start, peak


def _compare(database: Path, repositories: dict[str, str]) -> int:
    equal = True
    with connect_read_only(database) as connection:
        print(f"database: {database.stat().st_size / 1e6:.0f} MB")
        for table in _TABLES:
            rows = connection.sql(f"select count(*) from raw.{table}").fetchall()[0][0]
            print(f"raw.{table}: {rows:,} rows")
        ours = {
            name: numbers
            for name, *numbers in connection.sql("""
                select repository_id, landed_changes, cast(added_lines as bigint),
                    cast(deleted_lines as bigint), cast(missing_files as bigint)
                from marts.repositories
            """).fetchall()
        }
    for name, path in repositories.items():
        *counted, missing = ours[name]
        told, code = _git_sums(path)
        same = counted == told
        equal &= same or code != 0
        verdict = "equal" if same else f"git ended with {code}" if code else "DIFFERENT"
        print(
            f"{name}: landed changes, added, deleted: Quarterdeck {counted}, git {told}: {verdict};"
            f" {missing} file changes without line counts"
        )
    return 0 if equal else 1


def _git_sums(path: str) -> tuple[list[int], int]:
    """Commits, added and deleted lines as `git log` sums them, and its exit code."""
    git = ["git", "-C", path, "log", "--first-parent", "--numstat", "-M", "--format=%H"]
    commits = added = deleted = 0
    with subprocess.Popen(git, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        for line in process.stdout:
            fields = line.split(b"\t", 2)
            if len(fields) == 3:
                added += int(fields[0]) if fields[0] != b"-" else 0
                deleted += int(fields[1]) if fields[1] != b"-" else 0
            elif len(line) == 41:
                commits += 1
    return [commits, added, deleted], process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
