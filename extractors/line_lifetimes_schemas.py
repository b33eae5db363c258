"""The fixed schemas of the life of lines, and what a pass hands over.

Ids of commits are full lower-case hexadecimal; `lines` count lines. A birth is NULL where it
is not known: the line was there before a shallow clone's history begins, or in a missing blob.
"""

from dataclasses import dataclass

import polars as pl

#: One row per death change, birth, origin and fate: lines that ended together.
LINE_DEATHS = pl.Schema(
    {
        "repository_id": pl.String(),
        "death_commit_id": pl.String(),
        "birth_commit_id": pl.String(),  # the landed change whose diff added the lines
        "birth_path": pl.String(),  # their file at birth
        "origin_commit_id": pl.String(),  # the same, followed back through moves and re-spacing
        "origin_path": pl.String(),
        # deleted; moved, respaced: lives on under its origin; binary: its file became binary;
        # lost: its file's blob is missing from here on, so its end is not known
        "fate": pl.String(),
        "lines": pl.Int64(),
        "part": pl.String(),
    }
)

#: One row per landed change whose lines were followed.
LINE_CHANGES = pl.Schema(
    {
        "repository_id": pl.String(),
        "commit_id": pl.String(),
        "first_commit_id": pl.String(),  # where the history known at that time begins
        "added": pl.Int64(),  # equal to the sums of file_changes, and so to git's numstat
        "deleted": pl.Int64(),
        "moved": pl.Int64(),  # of both of these: lines that the change only moved
        "respaced": pl.Int64(),  # of both of these: lines that differ in white space alone
        "binary": pl.Int64(),  # lines of files that became binary
        "lost": pl.Int64(),  # lines of files whose blob is missing from here on
        "alive": pl.Int64(),  # lines of all text files after the change
        # changed files of which a blob is missing, in all changes of the pass so far
        "missing_files": pl.Int64(),
        "part": pl.String(),
    }
)

#: One row per run of consecutive lines with one birth, in order, at one landed change; a tree
#: without files has one row without a path.
LINE_RUNS = pl.Schema(
    {
        "repository_id": pl.String(),
        "commit_id": pl.String(),  # the landed change
        "first_commit_id": pl.String(),
        "missing_files": pl.Int64(),  # as in LINE_CHANGES
        "path": pl.String(),  # of the file at that change
        "first_line": pl.Int64(),  # from 1
        "lines": pl.Int64(),  # NULL: a binary file, or its blob is missing
        "birth_commit_id": pl.String(),
        "birth_path": pl.String(),
        "origin_commit_id": pl.String(),
        "origin_path": pl.String(),
    }
)


@dataclass(frozen=True)
class LinePart:
    """What became of lines over some consecutive landed changes."""

    deaths: pl.DataFrame  # schema LINE_DEATHS without `part`
    changes: pl.DataFrame  # schema LINE_CHANGES without `part`
    #: Schema LINE_RUNS after the last of these changes: a checkpoint to go on from. None where
    #: none is due.
    runs: pl.DataFrame | None


def without_part(schema: pl.Schema) -> pl.Schema:
    """The schema as extractors fill it; the lake adds the name of the part."""
    return pl.Schema({name: kind for name, kind in schema.items() if name != "part"})
