"""Hold what was mined against git, path by path.

    python -m benchmarks.parity REPOSITORY...

The reference is `git log --raw --numstat -M -z` against the first parent (the landed changes:
`--first-parent -m`; with --all every commit), on git's defaults. Where git dies for want of an
object it is asked again for the commits after, and a commit that it cannot answer for is
counted, not compared. Exit code 1 if there is a difference.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks.repositories import Plain, environment
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.mining import mine_repository

#: (path, status, old path, added, deleted); text, quoted as git quotes where it is not UTF-8
Change = tuple[str, str, str | None, int | None, int | None]

_LOG = ("--raw", "--numstat", "-M", "-z", "--no-abbrev", "--format=commit %H")
_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}


def main() -> int:
    """Compare each repository of the command line; 1 if any differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parity")
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--all", action="store_true", help="every commit, not landed changes only")
    parser.add_argument("--shown", type=int, default=20, help="differences to print (default 20)")
    arguments = parser.parse_args()
    differing = [compare(path, arguments.all, arguments.shown) for path in arguments.repositories]
    return int(any(differing))


def compare(path: Path, every_commit: bool, shown: int) -> int:
    """Mine a repository, print differences and a summary; the number of differences."""
    with tempfile.TemporaryDirectory() as folder, Plain(path) as plain:
        lake = Lake(Path(folder))
        mine_repository(plain.opened, "it", lake)
        counts = dict.fromkeys(("commits", "paths", "unanswered", "missing", "differences"), 0)
        mined = _Mined(lake)
        for commit_id, expected in _from_git(plain, every_commit):
            found = mined.changes(commit_id)
            if expected is None:
                counts["unanswered"] += 1
                counts["missing"] += sum(change[3:] == (None, None) for change in found or ())
                continue
            counts["commits"] += 1
            counts["paths"] += len(expected)
            if found is None:
                problem = mined.problems.get(commit_id, "not mined")
                differences = [f"commit: {problem}"]
            else:
                differences = [
                    *(f"git only: {change}" for change in sorted(expected - found, key=repr)),
                    *(f"mined only: {change}" for change in sorted(found - expected, key=repr)),
                ]
            counts["differences"] += len(differences)
            for difference in differences[:shown]:
                print(f"{path}: {commit_id}: {difference}")
                shown -= 1
    print(
        f"{path}: {counts['differences']:,} differences in {counts['commits']:,} commits and "
        f"{counts['paths']:,} paths; git could not answer for {counts['unanswered']:,} commits, "
        f"in which {counts['missing']:,} paths are binary or have no counts"
    )
    return counts["differences"]


class _Mined:
    """What the lake holds, by commit."""

    def __init__(self, lake: Lake) -> None:
        self._known = lake.known_commits("commit_diffs", "it")
        columns = ["path", "status", "old_path", "added", "deleted"]
        files = lake.read("file_changes", "it", ["commit_id", *columns]).sort("commit_id")
        self._groups = {
            key[0]: frame.select(columns)
            for key, frame in files.partition_by("commit_id", as_dict=True).items()
        }
        problems: pl.DataFrame = lake.read("problems", "it")
        self.problems = dict(problems.select("commit_id", "problem").iter_rows())

    def changes(self, commit_id: str) -> set[Change] | None:
        if commit_id not in self._known:
            return None
        frame = self._groups.get(commit_id)
        return set(frame.iter_rows()) if frame is not None else set()


def _from_git(plain: Plain, every_commit: bool) -> Iterator[tuple[str, set[Change] | None]]:
    """Each commit and what git says of it; None where git cannot answer."""
    chain = () if every_commit else ("--first-parent",)
    listed = plain.git("rev-list", "--reverse", *chain, "HEAD")
    if listed.returncode != 0:
        raise SystemExit(listed.stderr.decode("utf-8", "replace"))
    boundary = plain.opened.shallow
    commit_ids = [c for c in listed.stdout.decode().split() if c not in boundary]
    merges = ("--diff-merges=first-parent",) if every_commit else ("--first-parent", "-m")
    start = 0
    while start < len(commit_ids):
        answered = 0
        for commit_id, changes in _stream(plain, merges, commit_ids[start:]):
            yield commit_id, changes
            answered += 1
        start += answered
        if start < len(commit_ids):
            yield commit_ids[start], None
            start += 1


def _stream(
    plain: Plain, merges: tuple[str, ...], commit_ids: list[str]
) -> Iterator[tuple[str, set[Change]]]:
    """One git process; ends early where git does, leaving out the commit it died at."""
    with tempfile.TemporaryFile() as stdin:
        stdin.write("\n".join(commit_ids).encode() + b"\n")
        stdin.seek(0)
        process = subprocess.Popen(
            ["git", "log", "--no-walk=unsorted", "--stdin", *merges, *_LOG],
            env=environment(plain.git_dir),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        last: tuple[str, set[Change]] | None = None
        with process:
            for commit in _parse(_tokens(process)):
                if last is not None:
                    yield last
                last = commit
        if process.returncode == 0 and last is not None:
            yield last


def _tokens(process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    assert process.stdout is not None
    rest = b""
    while block := process.stdout.read(1 << 20):
        *tokens, rest = (rest + block).split(b"\0")
        yield from tokens
    if rest:
        yield rest


def _parse(tokens: Iterator[bytes]) -> Iterator[tuple[str, set[Change]]]:
    """A commit is yielded at once and its changes are filled in after."""
    changes: set[Change] = set()
    states: dict[bytes, tuple[str, bytes | None]] = {}
    for raw in tokens:
        token = raw.lstrip(b"\n")
        if re.fullmatch(rb"commit [0-9a-f]{40}", token):
            changes, states = set(), {}
            yield token[7:].decode(), changes
        elif token.startswith(b":"):
            status = token.rpartition(b" ")[2][:1].decode()
            first = next(tokens, b"")
            if status in "RC":
                states[next(tokens, b"")] = (status, first)
            else:
                states[first] = (status, None)
        elif token:
            added, deleted, path = token.split(b"\t", 2)
            if not path:
                next(tokens, b"")
                path = next(tokens, b"")
            if path not in states:
                return  # cut short
            status, old = states[path]
            is_binary = added == b"-"
            changes.add(
                (
                    _text(path),
                    status,
                    _text(old) if old is not None else None,
                    None if is_binary else int(added),
                    None if is_binary else int(deleted),
                )
            )


def _text(path: bytes) -> str:
    try:
        text = path.decode()
    except UnicodeDecodeError:
        text = ""
    if text and not text.startswith('"'):
        return text
    quoted = "".join(
        f"\\{_ESCAPES[byte]}" if byte in _ESCAPES
        else chr(byte) if 32 <= byte < 127
        else f"\\{byte:03o}"
        for byte in path
    )  # fmt: skip
    return f'"{quoted}"'


if __name__ == "__main__":
    sys.exit(main())
