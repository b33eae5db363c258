"""The checks of `sql/checks`: each a query that returns offending rows, and must return none."""

from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import duckdb

from quarterdeck.sql.errors import BuildError, CheckFailedError

_SHOWN_ROWS = 10


def checks() -> dict[str, str]:
    """Every check by name: a query that returns offending rows."""
    folder = files(__package__) / "checks"
    return {
        file.name.removesuffix(".sql"): file.read_text()
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    }


def run_checks(connection: duckdb.DuckDBPyConnection, at_once: int = 1) -> None:
    """Run every check; none may return a row.

    Args:
        connection: the database.
        at_once: how many run side by side.

    Raises:
        CheckFailedError: names the check and shows its first rows.
        BuildError: a check is not a valid query.
    """

    def run(check: tuple[str, str]) -> None:
        with connection.cursor() as cursor:
            _run(cursor, *check)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(run, checks().items()))


def _run(cursor: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    try:
        rows = cursor.sql(query).limit(_SHOWN_ROWS)
        failed = rows.fetchall()
    except duckdb.Error as error:
        raise BuildError(f"sql/checks/{name}.sql: {error}") from error
    if failed:
        question = query.partition("\n")[0].removeprefix("--").strip()
        lines = [
            ", ".join(f"{c}={v}" for c, v in zip(rows.columns, r, strict=True)) for r in failed
        ]
        raise CheckFailedError(
            f"check {name} failed: {question}\n  " + "\n  ".join(lines) + "\n"
            "The last published database is untouched. Report this with the rows above."
        )
