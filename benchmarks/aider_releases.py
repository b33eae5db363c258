"""Aider's share of its own releases, as the project publishes it and as reproduced here.

    python -m benchmarks.aider_releases REPOSITORY [--last N] [--database FILE] [--jobs N]

The project's rule (`scripts/blame.py` there): the lines of chosen files that `git blame` with move
and copy detection gives to a commit between two release tags; aider's are those of commits whose
author's name holds "(aider)", whose subject begins with "aider:", or that name aider as co-author.
`aider/website/_data/blame.yml` holds what it printed. Beside that stand our own shares credited to
the agent Aider: of the code lines that the commits between the tags added, each commit for itself,
and of the code lines that landed between them. Where a late merge brought several releases to the
default branch at once, all their lines landed with the last, and none with the others.

Prints Markdown: a table of the releases, a summary, and the files behind the largest differences.
"""

import argparse
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygit2
import yaml

from benchmarks.repositories import Plain
from quarterdeck.extractors.repository import object_lookup, peel
from quarterdeck.flows import pipeline
from quarterdeck.flows.settings import Settings
from quarterdeck.sql.connect import connect_read_only

TABLE = "aider/website/_data/blame.yml"
SHOWN_DIFFERENCES = 5

# From scripts/blame.py, word for word.
_WEBSITE_FILES = (
    "aider/website/index.html",
    "aider/website/share/index.md",
    "aider/website/_includes/head_custom.html",
    "aider/website/_includes/home.css",
    "aider/website/docs/leaderboards/index.md",
)
_LEFT_OUT = ("aider/website/install.ps1", "aider/website/install.sh")
_BLAME = ("blame", "-M100", "-C100", "-C", "-C", "--abbrev=9")
_ID_LENGTH = 9


@dataclass(frozen=True)
class Release:
    """One release: what the project published of it, what its rule gives, and our own share."""

    name: str
    published: Mapping[str, Counter[str]]
    reproduced: Mapping[str, Counter[str]]
    lacks_blobs: bool
    commits_lines: int
    commits_share: float | None
    landed_lines: int
    landed_share: float | None

    def share(self, counts: Mapping[str, Counter[str]]) -> float:
        """Percentage of the lines that belong to an aider author."""
        lines, aider = totals(counts)
        return 100 * aider / lines if lines else 0.0

    @property
    def difference(self) -> float:
        """Reproduced less published share, in percentage points."""
        return self.share(self.reproduced) - self.share(self.published)


def totals(counts: Mapping[str, Counter[str]]) -> tuple[int, int]:
    """All lines, and those of aider authors, over files."""
    lines = sum(sum(authors.values()) for authors in counts.values())
    aider = sum(
        number
        for authors in counts.values()
        for author, number in authors.items()
        if "(aider)" in author.lower()
    )
    return lines, aider


def counted(path: str) -> bool:
    """Whether the project's script counts this file."""
    chosen = (
        path.endswith((".js", ".py", ".scm", ".sh", "Dockerfile", "Gemfile"))
        or (path.startswith(".github/workflows/") and path.endswith(".yml"))
        or (path.startswith("aider/resources/") and path.endswith(".yml"))
        or path in _WEBSITE_FILES
        or (path.startswith("tests/fixtures/languages/") and "/test." in path)
    )
    return (
        chosen
        and not path.endswith("prompts.py")
        and not path.startswith("tests/fixtures/watch")
        and path not in _LEFT_OUT
    )


def authors_of(log: str) -> dict[str, str]:
    """Author by abbreviated id, with "(aider)" where the script adds it.

    Args:
        log: records of id, author's name, subject and message, each ended by a NUL.
    """
    fields = log.split("\0")
    found = {}
    for position in range(0, len(fields) - 4, 4):
        commit_id, author, subject, message = fields[position : position + 4]
        author = author.strip()
        if subject.strip().lower().startswith("aider:") or (
            "co-authored-by: aider" in message.lower()
        ):
            author += " (aider)"
        found[commit_id.strip()[:_ID_LENGTH]] = author
    return found


def blamed(output: str, authors: Mapping[str, str]) -> Counter[str]:
    """Lines by author as the script reads what blame prints, its odd lines included."""
    return Counter(
        authors.get(line[:_ID_LENGTH], "Unknown")
        for line in output.splitlines()
        if not line.startswith("^")
    )


class History:
    """The repository, with placeholders for blobs that a partial clone lacks."""

    def __init__(self, plain: Plain, jobs: int) -> None:
        self._plain = plain
        self._pool = ThreadPoolExecutor(jobs)
        self.missing = self._missing()
        plain.shadow.plant(self.missing)

    def git(self, *arguments: str) -> str:
        """What git prints.

        Raises:
            subprocess.CalledProcessError: git failed.
        """
        done = self._plain.git(*arguments)
        done.check_returncode()
        return done.stdout.decode("utf-8", "replace")

    def tag(self, name: str) -> str:
        """Commit that a tag leads to.

        Raises:
            KeyError: there is no such tag, or it leads to no commit.
        """
        repository = self._plain.opened.git
        found = peel(repository, repository.references[f"refs/tags/{name}"])
        if found is None:
            raise KeyError(name)
        return str(found)

    def lines(self, start: str, end: str) -> dict[str, Counter[str]]:
        """Lines by file and author between two commits, by the project's rule."""
        span = f"{start}..{end}"
        authors = authors_of(self.git("log", "--format=%H%x00%an%x00%s%x00%B%x00", span))
        # a file that no commit of the range touches has no line from it
        touched = set(self.git("log", "-m", "--name-only", "--format=", "-z", span).split("\0"))
        listed = self.git("ls-tree", "-r", "-z", "--name-only", end).split("\0")
        paths = [path for path in listed if path in touched and counted(path)]
        outputs = self._pool.map(lambda path: self._plain.git(*_BLAME, span, "--", path), paths)
        found = {}
        for path, output in zip(paths, outputs, strict=True):
            if output.returncode:
                print(f"{span}: {path}: {output.stderr.decode().strip()}", file=sys.stderr)
                continue
            counts = blamed(output.stdout.decode("utf-8", "replace"), authors)
            if counts:
                found[path] = counts
        return found

    def touches_missing(self, start: str, end: str) -> bool:
        """Whether a diff of the range reads a blob that is not there."""
        raw = self.git("log", "-m", "--raw", "--no-abbrev", "--no-renames", "--format=",
                       f"{start}..{end}")  # fmt: skip
        return any(blob in self.missing for line in raw.splitlines() for blob in line.split()[2:4])

    def _missing(self) -> set[str]:
        has_object = object_lookup(self._plain.opened)
        tips = [str(self.tag(name)) for name in self._tags()]
        trees = self._plain.git("rev-list", "--objects", "--missing=print", *tips, "HEAD")
        printed = trees.stdout.decode("utf-8", "replace").splitlines()
        return {line[1:] for line in printed if line.startswith("?") and not has_object(line[1:])}

    def _tags(self) -> list[str]:
        repository = self._plain.opened.git
        names = [name.removeprefix("refs/tags/") for name in repository.references]
        return [name for name in names if name.startswith("v") and name.endswith(".0")]


_BY_COMMITS = """
    select cast(coalesce(sum(sizes.code_lines), 0) as bigint),
        sum(sizes.code_lines * authorship.model_share) filter (authorship.agent = 'Aider')
            / nullif(sum(sizes.code_lines), 0)
    from staging.commits
    join attribution.commit_sizes as sizes using (repository_id, commit_id)
    join attribution.commit_authorship as authorship using (repository_id, commit_id)
    where commits.parent_count < 2 and list_contains(?, commits.commit_id)
"""
_BY_LANDED = """
    select cast(coalesce(sum(code_lines), 0) as bigint),
        sum(model_lines) filter (agent = 'Aider') / nullif(sum(code_lines), 0)
    from marts.landed_changes
    where list_contains(?, commit_id)
"""


def our_share(database: Path, query: str, commits: Sequence[str]) -> tuple[int, float | None]:
    """Code lines of these commits by one of our measures, and the percentage of them by Aider."""
    with connect_read_only(database) as connection:
        ((lines, aider),) = connection.execute(query, [list(commits)]).fetchall()
    return lines, 100 * (aider or 0) if lines else None


def releases(plain: Plain, database: Path, jobs: int, last: int | None) -> list[Release]:
    """Every release of the project's table, oldest first; with `last`, only as many."""
    history = History(plain, jobs)
    blob: Any = plain.opened.git[plain.opened.tip].peel(pygit2.Tree) / TABLE
    rows = yaml.safe_load(blob.data)
    found = []
    for row in rows[-last:] if last else rows:
        start, end = history.tag(row["start_tag"]), history.tag(row["end_tag"])
        commits = history.git("rev-list", f"{start}..{end}").split()
        found.append(
            Release(
                row["end_tag"],
                {path: Counter(authors) for path, authors in row["file_counts"].items()},
                history.lines(start, end),
                history.touches_missing(start, end),
                *our_share(database, _BY_COMMITS, commits),
                *our_share(database, _BY_LANDED, commits),
            )
        )
        print(f"{row['end_tag']}: {found[-1].difference:+.2f}", file=sys.stderr)
    return found


def table(found: Sequence[Release]) -> str:
    """The releases as a Markdown table, newest first."""
    lines = [
        "| release | published lines | published share | reproduced lines | reproduced share "
        "| difference | code lines added | our share of them | code lines landed "
        "| our share of them |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for release in reversed(found):
        published, reproduced = totals(release.published)[0], totals(release.reproduced)[0]
        lines.append(
            f"| {release.name} | {published:,} | {release.share(release.published):.2f}% "
            f"| {reproduced:,} | {release.share(release.reproduced):.2f}% "
            f"| {release.difference:+.2f} | {release.commits_lines:,} "
            f"| {_percent(release.commits_share)} | {release.landed_lines:,} "
            f"| {_percent(release.landed_share)} |"
        )
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}%"


def _gap(found: Sequence[Release], what: str) -> str:
    """How far one of our shares is from the published one, over the releases that have it."""
    gaps = [
        (abs(getattr(release, what) - release.share(release.published)), release.name)
        for release in found
        if getattr(release, what) is not None
    ]
    if not gaps:
        return "in no release"
    middle = statistics.median(gap for gap, _ in gaps)
    return f"{middle:.1f} points in the median of {len(gaps)}, {max(gaps)[0]:.1f} in {max(gaps)[1]}"


def summary(found: Sequence[Release]) -> str:
    """How far the reproduction is from what was published, and where it is farthest."""
    differences = sorted(abs(release.difference) for release in found)
    same = sum(release.published == release.reproduced for release in found)
    alike = sum(totals(r.published) == totals(r.reproduced) for r in found)
    lines = [
        f"{len(found)} releases. Equal in every file and author: {same}; equal in both sums: "
        f"{alike}. Difference in percentage points: median {statistics.median(differences):.2f}, "
        f"largest {differences[-1]:.2f}. From the published share our share of the lines added "
        f"differs by {_gap(found, 'commits_share')}; that of the lines landed by "
        f"{_gap(found, 'landed_share')}. Releases that touch a blob missing from this clone: "
        f"{sum(r.lacks_blobs for r in found)}.",
        "",
    ]
    differing = [release for release in found if release.published != release.reproduced]
    differing.sort(key=lambda release: -abs(release.difference))
    for release in differing[:SHOWN_DIFFERENCES]:
        lines.append(f"- {release.name} ({release.difference:+.2f}): {_files_behind(release)}")
    return "\n".join(lines)


def _files_behind(release: Release) -> str:
    """The files whose counts differ most, as lines (aider's) published and reproduced."""
    paths = {*release.published, *release.reproduced}
    pairs = []
    for path in paths:
        old = totals({path: release.published.get(path, Counter())})
        new = totals({path: release.reproduced.get(path, Counter())})
        pairs.append((abs(new[0] - old[0]) + abs(new[1] - old[1]), path, old, new))
    pairs.sort(reverse=True)
    return "; ".join(
        f"`{path}` {old[0]:,} ({old[1]:,}) -> {new[0]:,} ({new[1]:,})"
        for weight, path, old, new in pairs[:3]
        if weight
    )


def built(repository: Path, folder: Path) -> Path:
    """A database of the repository alone, in `folder`."""
    settings = Settings(
        lake=folder / "lake",
        database=folder / "aider.duckdb",
        repositories=[{"path": repository, "name": "Aider-AI/aider"}],
    )
    pipeline.mine(settings)
    pipeline.update_database(settings)
    return settings.database


def main() -> None:
    """Print the table and the summary."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.aider_releases")
    parser.add_argument("repository", type=Path)
    parser.add_argument("--last", type=int, help="only the newest releases of the table")
    parser.add_argument("--database", type=Path, help="built from it; default: a new one")
    parser.add_argument("--jobs", type=int, default=2, help="git processes side by side")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quarterdeck-aider-") as folder:
        database = options.database or built(options.repository, Path(folder))
        with Plain(options.repository) as plain:
            found = releases(plain, database, options.jobs, options.last)
    print(table(found))
    print()
    print(summary(found))


if __name__ == "__main__":
    main()
