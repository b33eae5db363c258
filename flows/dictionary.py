"""The data dictionary: every table and column with its comment, as a page.

python -m quarterdeck.flows.dictionary > docs/data-dictionary.md
"""

import sys
import tempfile
from pathlib import Path

import duckdb
import polars as pl

from quarterdeck.extractors.schemas import TABLES
from quarterdeck.flows.estimation import estimated_frames
from quarterdeck.flows.inputs import given_frames
from quarterdeck.flows.settings import Settings
from quarterdeck.sql import runner
from quarterdeck.sql.descriptions import describe, describe_macros
from quarterdeck.sql.objects import SCHEMAS

_HEAD = """# Data dictionary

Every table, view and column of `quarterdeck.duckdb`, from the comments in the database itself
(`quarterdeck describe` prints the same). Written by
`python -m quarterdeck.flows.dictionary > docs/data-dictionary.md`; a test keeps it current.

Read `marts`; the other schemas are there to trace a number back to its commits. What the measures
mean stands in [metrics.md](metrics.md).
"""
_SCHEMAS = {
    "marts": "What is asked for: facts, counts and measures.",
    "attribution": "Who wrote what: evidence, authorship, identities.",
    "staging": "The raw tables, renamed and cast.",
    "raw": "What was extracted, settings and rules included.",
}


def data_dictionary() -> str:
    """The page, from a database that is built of an empty lake."""
    with tempfile.TemporaryDirectory(prefix="quarterdeck-dictionary-") as name:
        folder = Path(name)
        parts = {}
        for table, schema in TABLES.items():
            parts[table] = [folder / f"{table}.parquet"]
            schema.to_frame().write_parquet(parts[table][0])
        work = folder / "quarterdeck.duckdb"
        given = given_frames(Settings.model_construct(), [], {}, "")
        runner.complete(work, estimated_frames(), runner.build(work, parts, given))
        with duckdb.connect(str(work), read_only=True) as connection:
            described = describe(connection, SCHEMAS)
            macros = describe_macros(connection)
    sections = [_HEAD]
    for layer, purpose in _SCHEMAS.items():
        sections.append(f"## {layer}\n\n{purpose}\n")
        own = described.filter(pl.col("schema_name") == layer)
        for (table,), columns in own.partition_by(
            "table_name", as_dict=True, maintain_order=True
        ).items():
            sections.append(_table(f"{layer}.{table}", columns))
    sections.append("## macros\n\nThey lead from a number to its rows: `select * from ...`.\n")
    sections += [
        f"- `{name}({parameters})`: {comment}" for name, parameters, comment in macros.iter_rows()
    ]
    return "\n".join(sections) + "\n"


def _table(name: str, columns: pl.DataFrame) -> str:
    lines = [
        f"### {name}",
        "",
        columns["table_comment"][0],
        "",
        "| column | type | meaning |",
        "| --- | --- | --- |",
    ]
    for column, kind, comment in columns.select(
        "column_name", "data_type", "column_comment"
    ).iter_rows():
        lines.append(f"| `{column}` | {kind.lower()} | {comment.replace('|', '&#124;')} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
