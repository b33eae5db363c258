"""The `.sql` files: one object a file, in the order of their references.

`sql/<schema>/<name>.sql` creates exactly `<schema>.<name>`. A file reads other objects by
their full names, lake tables as `lake_<table>` and frames that Python gives as
`given_<name>`; the order is taken from these references, so none is written down.
What Python computes in the middle (file classes, intervals) is given by a function that is
called just before the first file that reads it; the line `-- after: schema.name, ...` in
that file names what the function itself reads, and which columns of `raw.settings`.
"""

import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files

from quarterdeck.sql.errors import DefinitionError

SCHEMAS = ("raw", "staging", "attribution", "marts")
#: Where macros stand: a query finds them without naming their schema.
MACROS = "main"
_REFERENCE = re.compile(rf"\b({'|'.join((*SCHEMAS, MACROS))})\.([a-z][a-z0-9_]*)\b")
_GIVEN = re.compile(r"\bgiven_([a-z][a-z0-9_]*)\b")
_LAKE = re.compile(r"\blake_([a-z][a-z0-9_]*)\b")
_CREATES = re.compile(
    r"(?mi)^[ \t]*create\b.*?\b(table|view|macro|schema|type|function)\s+([\w.]+)"
)
_COMMENTS = "\ncomment on "


@dataclass(frozen=True)
class SqlObject:
    """One file below `sql/`: a table, view or macro."""

    name: str  # schema.name
    text: str
    needs: frozenset[str]
    given: frozenset[str]
    lake: frozenset[str]
    is_table: bool = True

    @property
    def definition(self) -> str:
        """The statement that makes the object, with what stands before it."""
        return self.text.partition(_COMMENTS)[0]

    @property
    def comments(self) -> str:
        """The statements that comment on it."""
        return "".join(self.text.partition(_COMMENTS)[1:])


def load_objects() -> list[SqlObject]:
    """Every object that the `.sql` files define, each after the ones it needs.

    Raises:
        DefinitionError: a file creates something else than its name says, refers to an
            object that no file creates, or files refer to each other in a circle.
    """
    objects = {}
    for schema in (*SCHEMAS, MACROS):
        for file in (files(__package__) / schema).iterdir():
            if file.name.endswith(".sql"):
                found = _parse(f"{schema}.{file.name.removesuffix('.sql')}", file.read_text())
                objects[found.name] = found
    for item in objects.values():
        if unknown := item.needs - objects.keys():
            raise DefinitionError(f"{item.name}: no file defines {', '.join(sorted(unknown))}")
    graph = {name: sorted(objects[name].needs) for name in sorted(objects)}
    try:
        return [objects[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise DefinitionError(f"circle of references: {' -> '.join(error.args[1])}") from error


def _parse(name: str, text: str) -> SqlObject:
    created = _CREATES.findall(text)
    if [made for _, made in created] != [name]:
        found = ", ".join(made for _, made in created)
        raise DefinitionError(
            f"sql/{name.replace('.', '/')}.sql: creates {found or 'nothing'}; "
            f"it must hold one `create or replace table|view|macro {name}`"
        )
    needs = {".".join(found) for found in _REFERENCE.findall(text)} - {name}
    return SqlObject(
        name,
        text,
        frozenset(needs),
        frozenset(_GIVEN.findall(text)),
        frozenset(_LAKE.findall(text)),
        created[0][0].lower() == "table",
    )
