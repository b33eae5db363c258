"""Tiny lakes for tests of the SQL: rows in, a database out, through the true runner.

A `History` is one organisation; `repository()` adds one, `land()` a landed change to it,
`merge()` a merge that brings commits in, `pull()` a pull request. What a test does not name has
a plain default. Times are days (`date`, taken as noon UTC) or datetimes in UTC.
"""

import dataclasses
import functools
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import polars as pl

from quarterdeck.extractors.schemas import TABLES
from quarterdeck.flows.estimation import estimated_frames
from quarterdeck.flows.inputs import given_frames
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings
from quarterdeck.sql import runner
from quarterdeck.sql.objects import SqlObject
from quarterdeck.sql.reuse import Basis

_load_objects = runner.load_objects
_COMMENT = re.compile(r"(?m)^comment on (?:[^';]|'[^']*')*;\n?")

ADA = "Ada Ruiz <ada@harbour.test>"
BEN = "Ben Okafor <ben@harbour.test>"
CLEO = "Cleo Marsh <cleo@harbour.test>"
BOT = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
CLAUDE = "Co-authored-by: Claude <noreply@anthropic.com>"
#: Lines added to each path: an int, a pair of added and deleted, or None where a blob is missing.
Files = Mapping[str, int | tuple[int, int] | None]
When = date | datetime


def instant(when: When) -> datetime:
    """The time itself, or noon UTC of a day."""
    if isinstance(when, datetime):
        return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return datetime(when.year, when.month, when.day, 12, tzinfo=UTC)


def person(text: str) -> tuple[str, str]:
    name, _, email = text.removesuffix(">").rpartition(" <")
    return name, email


@dataclass
class Repository:
    """One repository of a `History`; each method returns the id of the commit it adds."""

    name: str
    rows: dict[str, list[dict[str, Any]]]
    chain: list[str] = field(default_factory=list)

    def commit(
        self,
        when: When,
        files: Files | None = None,
        author: str = ADA,
        message: str = "Change",
        *,
        authored: When | None = None,
        parents: Sequence[str] = (),
        commit_id: str | None = None,
        has_diff: bool = True,
    ) -> str:
        """A commit that is on no branch yet."""
        at = instant(when)
        made = hashlib.sha1(f"{self.name} {len(self.rows['commits'])}".encode()).hexdigest()
        commit_id = commit_id or made
        name, email = person(author)
        self.rows["commits"].append(
            {
                "repository_id": self.name,
                "commit_id": commit_id,
                "tree_id": "0" * 40,
                "parent_ids": list(parents),
                "author_name": name,
                "author_email": email,
                "authored_at": instant(authored) if authored is not None else at,
                "author_utc_offset_minutes": 0,
                "committer_name": "GitHub",
                "committer_email": "noreply@github.com",
                "committed_at": at,
                "committer_utc_offset_minutes": 0,
                "message": message,
            }
        )
        if has_diff:
            self._diff(commit_id, {"src/a.py": 10} if files is None else files)
        return commit_id

    def _diff(self, commit_id: str, files: Files) -> None:
        pairs = {
            path: (lines, 0) if isinstance(lines, int) else lines for path, lines in files.items()
        }
        known = [pair for pair in pairs.values() if pair is not None]
        key = {"repository_id": self.name, "commit_id": commit_id, "part": "p1"}
        self.rows["commit_diffs"].append(
            key
            | {
                "files": len(pairs),
                "added": sum(added for added, _ in known),
                "deleted": sum(deleted for _, deleted in known),
                "missing_files": len(pairs) - len(known),
            }
        )
        for path, pair in pairs.items():
            added, deleted = pair if pair is not None else (None, None)
            self.rows["file_changes"].append(
                key
                | {
                    "path": path,
                    "status": "M",
                    "old_mode": "100644",
                    "new_mode": "100644",
                    "added": added,
                    "deleted": deleted,
                    "is_binary": False if pair is not None else None,
                }
            )

    def land(self, when: When, files: Files | None = None, author: str = ADA, **more: Any) -> str:
        """A landed change; `brings` lists commits of a merged branch that it brings in."""
        brings = more.pop("brings", ())
        parents = [*(self.chain[-1:] or ["0" * 40] * bool(brings)), *brings[-1:]]
        commit_id = self.commit(when, files, author, parents=parents, **more)
        self.chain.append(commit_id)
        for landed in (commit_id, *brings):
            self.rows["landings"].append(
                {
                    "repository_id": self.name,
                    "commit_id": landed,
                    "landed_commit_id": commit_id,
                    "position": len(self.chain) - 1,
                }
            )
        return commit_id

    def pull(
        self,
        number: int,
        commits: Sequence[str] | None = (),
        landed: str | None = None,
        landed_by: str | None = None,
        *,
        has_head: bool = True,
    ) -> None:
        """A pull request of these commits; None: they are not known."""
        own = [row for row in self.rows["commits"] if row["commit_id"] in (commits or ())]
        self.rows["pull_requests"].append(
            {
                "repository_id": self.name,
                "number": number,
                "ref": f"refs/pull/{number}/head" if has_head else None,
                "head_commit_id": commits[-1] if commits and has_head else None,
                "landed_commit_id": landed,
                "landed_by": landed_by or ("subject number" if landed else None),
                "own_commits": len(commits) if commits is not None else None,
                "first_authored_at": min((r["authored_at"] for r in own), default=None),
                "last_committed_at": max((r["committed_at"] for r in own), default=None),
            }
        )
        for commit_id in commits or ():
            self.rows["pull_request_commits"].append(
                {"repository_id": self.name, "number": number, "commit_id": commit_id}
            )

    def told(self, number: int, **columns: Any) -> None:
        """What a forge told of a pull request: by default GitHub's API, long after."""
        row = {"source": "github", "fetched_at": datetime(2030, 1, 1, tzinfo=UTC)} | columns
        times = {k: instant(v) for k, v in row.items() if k.endswith("_at") and v is not None}
        self.rows["forge_pull_requests"].append(
            {"repository_id": self.name, "number": number} | row | times
        )

    def review(
        self, number: int, review_id: str, login: str | None, when: When, **more: Any
    ) -> None:
        """A review, by default an approval that GitHub's API told of."""
        row = {"state": "approved", "fetched_at": datetime(2030, 1, 1, tzinfo=UTC)} | more
        about = {"review_id": review_id, "reviewer_login": login, "submitted_at": instant(when)}
        key = {"repository_id": self.name, "number": number}
        self.rows["forge_reviews"].append(key | about | row)

    def follow(
        self,
        ended: Sequence[tuple[str | None, str, str, int]] = (),
        alive: Sequence[tuple[str | None, int]] = (),
        *,
        path: str = "src/a.py",
        lost: int = 0,
    ) -> None:
        """What the lines of the landed changes so far became, in `path` at birth.

        Args:
            ended: written by, ended by, fate, lines; None: it is not known who wrote them.
            alive: written by, lines.
            path: their file when they were written.
            lost: lines of `ended` that were lost, at the last change.
        """
        diffs = {row["commit_id"]: row for row in self.rows["commit_diffs"]}
        key = {"repository_id": self.name, "first_commit_id": self.chain[0], "missing_files": 0}
        living = 0
        for commit_id in self.chain:
            diff = diffs.get(commit_id, {"added": 0, "deleted": 0})
            is_last = commit_id == self.chain[-1]
            living += diff["added"] - diff["deleted"] - (lost if is_last else 0)
            self.rows["line_changes"].append(
                key
                | {
                    "commit_id": commit_id,
                    "added": diff["added"],
                    "deleted": diff["deleted"],
                    "moved": 0,
                    "respaced": 0,
                    "binary": 0,
                    "lost": lost if is_last else 0,
                    "alive": living,
                    "part": "p1",
                }
            )

        def born(by: str | None) -> dict[str, Any]:
            place = path if by is not None else None
            return {
                "repository_id": self.name,
                "birth_commit_id": by,
                "birth_path": place,
                "origin_commit_id": by,
                "origin_path": place,
            }

        for by, end, fate, lines in ended:
            death = {"death_commit_id": end, "fate": fate, "lines": lines, "part": "p1"}
            self.rows["line_deaths"].append(born(by) | death)
        for at, (by, lines) in enumerate(alive):
            place = {"commit_id": self.chain[-1], "path": path, "first_line": at, "lines": lines}
            self.rows["line_runs"].append(born(by) | key | place)
        for row in self.rows["repositories"]:
            if row["repository_id"] == self.name:
                row["tip_commit_id"] = self.chain[-1]

    def tip_file(self, path: str, content: str) -> None:
        """A `.mailmap` or `.gitattributes` at the tip."""
        row = {"repository_id": self.name, "path": path, "content": content}
        self.rows["tip_files"].append(row)

    def note(
        self, commit_id: str, text: str, added: Mapping[str, Sequence[tuple[int, int]]]
    ) -> None:
        """A git-ai note on a commit, which added these runs of lines (first line, length)."""
        self._record("refs/notes/ai", "note", commit_id, None, text)
        for path, runs in added.items():
            for first, lines in runs:
                run = {"path": path, "first_line": first, "lines": lines}
                self.rows["added_lines"].append(
                    {"repository_id": self.name, "commit_id": commit_id} | run
                )

    def checkpoint(self, checkpoint_id: str, text: str) -> None:
        """The record of the one session of a checkpoint."""
        path = f"{checkpoint_id[:2]}/{checkpoint_id[2:]}/0/metadata.json"
        self._record("refs/heads/entire/checkpoints/v1", "checkpoint", None, path, text)

    def branch(self, name: str, commits: Sequence[str]) -> None:
        """A branch that holds these commits, and the default branch does not."""
        self.rows["branch_commits"] += [
            {"repository_id": self.name, "branch": name, "commit_id": one} for one in commits
        ]

    def _record(
        self, ref: str, form: str, commit_id: str | None, path: str | None, text: str
    ) -> None:
        blob_id = hashlib.sha1(text.encode()).hexdigest()
        place = {"ref": ref, "form": form, "commit_id": commit_id, "path": path}
        self.rows["records"].append({"repository_id": self.name, "blob_id": blob_id} | place)
        self.rows["record_texts"].append(
            {"repository_id": self.name, "blob_id": blob_id, "size": len(text), "content": text}
        )


class History:
    """An organisation's lake in the making."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
        self.names: list[str] = []

    def repository(self, name: str = "harbour-api", **columns: Any) -> Repository:
        """A repository, mined long after its last commit."""
        row = {
            "repository_id": name,
            "path": f"/clones/{name}",
            "default_branch": "main",
            "is_shallow": False,
            "is_bare": True,
            "mined_at": datetime(2030, 1, 1, tzinfo=UTC),
            "fingerprint": "f",
        }
        self.rows["repositories"].append(row | columns)
        self.names.append(name)
        return Repository(name, self.rows)

    def build(
        self,
        folder: Path,
        *,
        problems: dict[str, str] | None = None,
        commented: bool = False,
        **settings: Any,
    ) -> duckdb.DuckDBPyConnection:
        """Build, estimate and check; the open database, from which the lake has been removed."""
        path = build_file(self, folder, problems=problems, commented=commented, **settings)
        connection = duckdb.connect(str(path), read_only=True)
        # the answers must not depend on the reader's zone
        connection.execute("set timezone = 'Pacific/Auckland'")
        return connection


def build_attribution(
    history: History,
    folder: Path,
    objects: Sequence[str] = ("attribution.change_authorship",),
    **settings: Any,
) -> duckdb.DuckDBPyConnection:
    """The open database with nothing but these objects (who wrote each change), and their needs.

    Of what waits for the estimates there is nothing, and no check is run.
    """
    few = objects_for(objects)
    with patch.object(runner, "load_objects", lambda: few):
        path, unfinished = _build(history, folder, {}, settings)
    assert unfinished.put_off == ()
    return duckdb.connect(str(path), read_only=True)


def objects_for(names: Sequence[str]) -> list[SqlObject]:
    """These objects and what they need, in order, without comments."""
    made = {item.name: item for item in _without_comments()}
    wanted, new = set[str](), set(names)
    while new:
        wanted |= new
        new = {need for name in new for need in made[name].needs} - wanted
    return [item for name, item in made.items() if name in wanted]


def build_file(
    history: History,
    folder: Path,
    *,
    problems: dict[str, str] | None = None,
    commented: bool = False,
    published: Path | None = None,
    progress: runner.Progress | None = None,
    **settings: Any,
) -> Path:
    """The database file that `history` makes under these settings; the lake is removed.

    Tables that would come out as in `published` are copied from there.
    """
    objects = _load_objects if commented else _without_comments
    with patch.object(runner, "load_objects", objects):
        work, unfinished = _build(history, folder, problems or {}, settings, published, progress)
        runner.complete(work, estimated_frames(), unfinished, progress)
    return work


@functools.cache
def _without_comments() -> list[SqlObject]:
    """The objects without their comments, which take as long to make as everything else."""
    return [dataclasses.replace(item, text=_COMMENT.sub("", item.text)) for item in _load_objects()]


def _build(
    history: History,
    folder: Path,
    problems: dict[str, str],
    settings: dict[str, Any],
    published: Path | None = None,
    progress: runner.Progress | None = None,
) -> tuple[Path, runner.Unfinished]:
    """Build as far as SQL goes; the file, and what waits for the estimates."""
    sources = [Source(name, folder / name, None, None, None) for name in history.names]
    parts = {}
    for table, schema in TABLES.items():
        part = folder / f"{table}.parquet"
        pl.DataFrame(history.rows[table], schema=schema).write_parquet(part)
        parts[table] = [part]
    values = {"organisation": "Harbour", "repositories": [], **settings}
    given = given_frames(Settings(**values), sources, problems, "digest")
    work = folder / "quarterdeck.duckdb"
    lake = {table: part.read_bytes().hex() for table, (part,) in parts.items()}
    unfinished = runner.build(work, parts, given, progress, Basis("fixture", lake, published))
    for (part,) in parts.values():
        part.unlink()
    return work, unfinished


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.sql(query).fetchall()


def days(first: date, count: int, step: int = 1) -> list[date]:
    """`count` days from `first`, `step` days apart."""
    return [first + timedelta(days=step * number) for number in range(count)]


def steady(repository: Repository, first: date, last: date, lines: int = 10, step: int = 7) -> None:
    """One change of `lines` code lines every `step` days from `first` to `last`, by Ada."""
    for day in days(first, (last - first).days // step + 1, step):
        repository.land(day, {"src/a.py": lines})
