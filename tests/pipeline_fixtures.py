"""A small organisation to run the pipeline on, and what came out of a run."""

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from git_fixtures import ADA, BEN, RepositoryBuilder

#: The console command, whether it is installed as a script or not; not deaf where the tests are
#: run under nohup.
COMMAND = (
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); "
    "from quarterdeck.flows.cli import entry; entry()",
)
_ASSISTED = "Co-authored-by: Claude <noreply@anthropic.com>"
#: Say when it was mined, or a forge asked, and so differ between runs that agree.
_VOLATILE = {"mined_at", "told_at"}


def environment(**extra: str) -> dict[str, str]:
    """The environment without anything that configures Prefect or Quarterdeck."""
    names = (n for n in os.environ if not n.startswith(("PREFECT_", "QUARTERDECK_")))
    return {name: os.environ[name] for name in names} | extra


def build_repository(path: Path, changes: int = 12) -> RepositoryBuilder:
    """A repository with a landed change a month from July 2023, by two people and a model.

    Equal but for its length to any other: the first commits have the same ids.
    """
    repository = RepositoryBuilder(path)
    for number in range(changes):
        landed = date(2023, 7, 1) + timedelta(days=30 * number)
        lines = b"".join(b"value = %d\n" % line for line in range(number + 3))
        trailer = f"\n\n{_ASSISTED}" if number % 3 == 2 else ""
        repository.commit(
            {f"src/part_{number}.py": lines},
            f"Add part {number} (#{number + 1}){trailer}",
            author=(ADA, BEN)[number % 2],
            date=f"{landed}T12:00:00+00:00",
        )
    return repository


def quarterdeck(
    folder: Path, *arguments: str | Path, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=environment(PREFECT_HOME=str(folder / ".prefect")),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def start(folder: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    """Run the command in a folder, and go on; its standard error is a pipe."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=environment(PREFECT_HOME=str(folder / ".prefect")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def database(folder: Path) -> Path:
    """Where a run in a folder publishes its database."""
    return folder / ".quarterdeck" / "quarterdeck.duckdb"


def marts(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every mart, in order, without what differs between runs that agree."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.sql("""
            select table_name, list(column_name order by column_index)
            from duckdb_columns()
            where schema_name = 'marts'
            group by table_name
        """).fetchall()
        assert len(found) > 10
        content = {}
        for table, columns in found:
            kept = ", ".join(column for column in columns if column not in _VOLATILE)
            content[table] = connection.sql(
                f"select {kept} from marts.{table} order by all"
            ).fetchall()
    return content
