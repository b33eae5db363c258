"""Files of pull requests: which are in force, and what the SQL learns about them."""

from pathlib import Path

import polars as pl

from quarterdeck.extractors.errors import LakeError, LakeWriteError
from quarterdeck.extractors.forge_files import (
    FILES_SCHEMA,
    FileOutcome,
    file_parts,
    file_troubles,
    read_files,
)
from quarterdeck.extractors.forge_tables import TableSpec
from quarterdeck.extractors.forge_values import repository_name
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.schemas import FORGE_TABLES
from quarterdeck.flows.healing import heal
from quarterdeck.flows.settings import Settings
from quarterdeck.sql.runner import Given


def table_specs(settings: Settings) -> list[TableSpec]:
    """The files that the settings name; their paths are absolute by now."""
    pulls = [table.as_spec(Path()) for table in settings.pull_request_tables]
    return pulls + [table.as_spec(Path()) for table in settings.review_tables]


def known_names(settings: Settings, lake: Lake) -> set[str]:
    """By what names files can call the repositories of this run: owner/name, mostly."""
    names = {r.name for r in settings.repositories if r.name is not None}
    urls = {r.url for r in settings.repositories if r.url is not None}
    for repository_id in lake.repository_ids():
        names.add(repository_id)
        urls |= set(lake.read("repositories", repository_id, ["remote_url"])["remote_url"])
    paths = {repository_name(url) for url in urls if url is not None}
    theirs = {name for table in settings.pull_request_tables for name in table.repositories}
    return {name for name in names | paths | theirs if name is not None}


def read_told_files(settings: Settings, lake: Lake) -> list[FileOutcome]:
    """Read the files of pull requests; a damaged part of the lake is set aside, and read again.

    Raises:
        LakeError: the lake cannot be read or written.
    """
    specs, names = table_specs(settings), known_names(settings, lake)
    try:
        return list(read_files(lake, specs, names))
    except LakeWriteError:
        raise
    except LakeError:
        if not heal(lake, everything=True):
            raise
        return list(read_files(lake, specs, names))


def told_parts(settings: Settings, lake: Lake, table: str | None = None) -> list[Path]:
    """The parts of one forge's table, or of all, that the files in the settings told."""
    specs = table_specs(settings)
    if not specs:
        return []
    tables = FORGE_TABLES if table is None else [table]
    return [part for name in tables for part in file_parts(lake, specs, name)]


def forge_frames(settings: Settings, lake: Lake | None) -> dict[str, Given]:
    """The frames by the name under which the SQL reads them.

    Args:
        settings: the settings in force.
        lake: where notes on files stand; None: nothing was read.
    """
    specs = table_specs(settings)
    files = file_troubles(lake, specs) if lake is not None and specs else FILES_SCHEMA.to_frame()
    return {
        "forge_settings": pl.DataFrame(
            {"counts_other_repositories": [settings.other_repositories]}
        ),
        "forge_files": files,
    }
