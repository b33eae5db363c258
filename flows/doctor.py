"""Checks before a run: versions, git, lake, database, repositories."""

import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Literal

import duckdb
import pygit2

from quarterdeck.extractors.errors import ExtractorError
from quarterdeck.extractors.git_history import read_history
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.outcomes import outcomes
from quarterdeck.extractors.repository import OpenRepository, open_repository
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.repositories import Source, resolve
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.steps import configured_server, server_problem
from quarterdeck.flows.text import printable
from quarterdeck.sql.connect import DatabaseError, connect_read_only

_PACKAGES = ("quarterdeck", "pygit2", "polars", "duckdb", "prefect", "altair")
_OLDEST_GIT = (2, 30)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    state: Literal["ok", "warning", "error"]
    subject: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    """Look at everything that a run needs; changes nothing."""
    findings = [_python(), _git(), *_prefect(settings), _lake(settings), _database(settings)]
    if settings.repositories:
        try:
            sources = resolve(settings)
        except (SettingsError, ExtractorError) as error:
            return [*findings, Finding("error", "repositories", str(error))]
        for source in sources:
            findings.extend(_repository(source))
    else:
        findings.append(Finding("warning", "repositories", "none is named; see `quarterdeck init`"))
    return findings


def print_findings(findings: list[Finding]) -> None:
    """One line each: state, subject, detail."""
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        print(printable(f"{finding.state:8}{finding.subject:{width}}  {finding.detail}"))


def _python() -> Finding:
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    return Finding(
        "ok",
        "versions",
        f"Python {platform.python_version()}, {versions}, libgit2 {pygit2.LIBGIT2_VERSION}",
    )


def _git() -> Finding:
    executable = shutil.which("git")
    if executable is None:
        return Finding("error", "git", "not on PATH; install git 2.30 or later")
    done = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False)
    told = done.stdout.strip().removeprefix("git version ")
    numbers = tuple(int(part) for part in told.split(".")[:2] if part.isdigit())
    if numbers < _OLDEST_GIT:
        return Finding("error", "git", f"{told} is too old; install git 2.30 or later")
    return Finding("ok", "git", f"{told} ({executable})")


def _prefect(settings: Settings) -> Iterator[Finding]:
    server = configured_server() if settings.prefect == "auto" else None
    if server is None:
        yield Finding("ok", "prefect", "no server in use; runs are not tracked")
    elif problem := server_problem():
        told = f"{server} cannot be used: {problem}; runs are not tracked"
        yield Finding("warning", "prefect", told)
    else:
        yield Finding("ok", "prefect", f"runs show at {server}")


def _lake(settings: Settings) -> Finding:
    if not settings.lake.exists():
        return Finding("ok", "lake", f"{settings.lake}: not there yet; the first run makes it")
    try:
        lake = Lake(settings.lake, create=False)
        size = sum(part.stat().st_size for part in settings.lake.rglob("*.parquet"))
        names = lake.repository_ids()
    except ExtractorError as error:
        return Finding("error", "lake", str(error))
    problems = outcomes(lake)
    detail = (
        f"{settings.lake}: repositories: {len(names)}, {size / 1e6:.1f} MB, version {lake.version}"
    )
    if problems:
        return Finding("warning", "lake", f"{detail}; stale: {', '.join(sorted(problems))}")
    return Finding("ok", "lake", detail)


def _database(settings: Settings) -> Finding:
    path = settings.database
    if not path.exists():
        return Finding("ok", "database", f"{path}: not there yet; the first run makes it")
    try:
        with connect_read_only(path) as connection:
            facts = connection.sql("select cutoff_at, quarterdeck_version from marts.report_facts")
            cutoff_at, built_by = facts.fetchall()[0]
    except (DatabaseError, duckdb.Error) as error:
        return Finding("error", "database", f"{error}; `quarterdeck build` makes it anew")
    megabytes = path.stat().st_size / 1e6
    return Finding(
        "ok",
        "database",
        f"{path}: {megabytes:.1f} MB, "
        + (f"data until {cutoff_at:%Y-%m-%d}" if cutoff_at is not None else "no data")
        + f", built by {built_by}",
    )


def _repository(source: Source) -> Iterator[Finding]:
    if source.url is not None and not source.path.exists():
        yield Finding("ok", source.repository_id, f"{source.url}: cloned at the first run")
        return
    try:
        repository = open_repository(source.path, source.default_branch)
        history = read_history(repository)
    except ExtractorError as error:
        yield Finding("error", source.repository_id, str(error))
        return
    detail = (
        f"{source.path}: branch {repository.default_branch}, {len(history.parents):,} commits, "
        f"{len(history.chain):,} landed changes"
    )
    yield Finding("ok", source.repository_id, detail)
    if repository.shallow:
        yield Finding(
            "warning",
            source.repository_id,
            "a shallow clone: older history is missing; `git fetch --unshallow` completes it",
        )
    if history.unreadable:
        yield Finding(
            "warning", source.repository_id, f"{len(history.unreadable)} commits cannot be read"
        )
    missing = _missing_at_tip(repository)
    if missing or _is_partial(repository):
        yield Finding(
            "warning",
            source.repository_id,
            f"a partial clone: {missing:,} blobs of the tip are missing, and perhaps older ones; "
            "their files count without lines; `git fetch --refetch` completes it",
        )


def _is_partial(repository: OpenRepository) -> bool:
    return any(
        name.endswith(".partialclonefilter") for name in (e.name for e in repository.git.config)
    )


def _missing_at_tip(repository: OpenRepository) -> int:
    git, missing = repository.git, 0
    stack = [git[repository.tip].peel(pygit2.Tree).id]
    while stack:
        for entry in git[stack.pop()].peel(pygit2.Tree):
            if entry.filemode == pygit2.enums.FileMode.TREE:
                if entry.id in git:
                    stack.append(entry.id)
            elif entry.filemode != pygit2.enums.FileMode.COMMIT:
                missing += entry.id not in git
    return missing
