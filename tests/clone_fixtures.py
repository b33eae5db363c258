"""A repository to be mirrored, and its mirror."""

import stat
from pathlib import Path

from git_fixtures import RepositoryBuilder

from quarterdeck.extractors.clones import mirror_in_use
from quarterdeck.extractors.repository import open_repository


def make_source(folder: Path) -> RepositoryBuilder:
    """One commit on a branch that is not called main."""
    repository = RepositoryBuilder(folder / "source", branch="trunk")
    repository.commit({"a": b"1\n"})
    return repository


def update(source: RepositoryBuilder, folder: Path) -> list[str]:
    """Bring a mirror up to date; what was told."""
    told: list[str] = []
    with mirror_in_use(f"file://{source.path}", folder, told.append):
        pass
    return told


def refs(folder: Path) -> set[str]:
    return set(open_repository(folder).git.references)


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
