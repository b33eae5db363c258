"""Who imports whom, and that the report fits the marts that are really built."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import duckdb
import pytest
from report_fixture import COLUMNS
from sql_fixtures import ADA, BEN, CLAUDE, History, build_file, steady

from quarterdeck.reports.page import write_report

PACKAGES = ("flows", "extractors", "sql", "estimates", "reports")
#: Packages of this project that each may import, beside itself.
ALLOWED = {
    "flows": {"extractors", "sql", "estimates", "reports"},
    "extractors": set(),
    "sql": set(),
    "estimates": set(),
    "reports": {"sql"},
}
#: Other packages that each may not know.
UNKNOWN = {
    "extractors": {"duckdb", "prefect"},
    "sql": {"prefect", "pygit2"},
    "estimates": {"duckdb", "polars", "prefect", "pygit2"},
    "reports": {"prefect", "pygit2"},
}
CHECKOUT = Path(__file__).resolve().parent.parent


def modules(folder: Traversable) -> Iterator[tuple[str, str]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            yield from modules(item)
        elif item.name.endswith(".py"):
            yield item.name, item.read_text("utf-8")


def imports(package: str) -> Iterator[tuple[str, str]]:
    """Each file's name with the full name of what it imports, wherever in the file."""
    for name, text in modules(files(f"quarterdeck.{package}")):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield name, alias.name
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{package}/{name}: relative import"
                for alias in node.names:
                    yield name, f"{node.module}.{alias.name}"


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_keep_to_the_design(package: str) -> None:
    found = list(imports(package))
    assert found
    for name, imported in found:
        parts = imported.split(".")
        assert parts[0] not in PACKAGES, f"{package}/{name}: bare import of {imported}"
        assert parts[0] not in UNKNOWN.get(package, set()), f"{package}/{name} knows {imported}"
        if parts[0] == "quarterdeck":
            assert len(parts) > 1, f"{package}/{name}: imports the whole of quarterdeck"
            assert parts[1] in ALLOWED[package] | {package}, f"{package}/{name}: {imported}"


def test_reports_read_only() -> None:
    of_sql = {name for _, name in imports("reports") if name.startswith("quarterdeck.sql")}
    assert of_sql
    assert all(name.startswith("quarterdeck.sql.connect.") for name in of_sql)


def test_tests_and_benchmarks_import_by_full_names() -> None:
    for folder in ("tests", "benchmarks"):
        for path in (CHECKOUT / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                assert not {name.split(".")[0] for name in names} & set(PACKAGES), path.name


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    history = History()
    for name in ("harbour-api", "harbour-web"):
        repository = history.repository(name)
        steady(repository, date(2023, 1, 1), date(2026, 2, 14), step=10)
        for number, day in enumerate((date(2025, 8, 1), date(2025, 11, 1), date(2026, 1, 4)), 1):
            own = [
                repository.commit(day, {"src/a.py": 60}, ADA, f"Write\n\n{CLAUDE}"),
                repository.commit(day, {"src/b.py": 40}, BEN),
            ]
            landed = repository.land(day, {"src/a.py": 100}, BEN, brings=own)
            repository.pull(number, own, landed)
    history.repository("empty")
    return build_file(history, tmp_path_factory.mktemp("report"))


def _kind(data_type: str) -> str:
    """What the report can tell apart: whole numbers, fractions, times."""
    whole = re.fullmatch(r"(TINY|SMALL|BIG)?INT(EGER)?", data_type)
    if whole is not None:
        return "whole"
    return "time" if data_type.startswith("TIMESTAMP") else data_type


def test_report_fixture_is_a_part_of_the_true_marts(database: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        made = connection.sql(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where schema_name = 'marts'"
        ).fetchall()
    true = {(table, column): _kind(kind) for table, column, kind in made}
    for table, columns in COLUMNS.items():
        for column in columns.split(", "):
            name, _, kind = column.partition(" ")
            wanted = {"timestamptz": "TIMESTAMP"}.get(kind, kind.upper())
            found = true.get((table, name), "missing")
            fits = {_kind(wanted)}
            if fits == {"DOUBLE"}:
                fits = {"DOUBLE", "whole"}  # a count where the fixture has a fraction is no matter
            assert found in fits, f"marts.{table}.{name} is {found}, the fixture says {wanted}"


def test_report_of_a_built_database(database: Path, tmp_path: Path) -> None:
    page = write_report(database, tmp_path / "report.html").read_text("utf-8")
    for text in ("Harbour", "harbour-api", "harbour-web", "2026Q1", "2025Q4"):
        assert text in page
    assert not re.search(r">\s*(nan|None|inf)\s*<", page)
