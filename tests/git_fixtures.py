"""Small git repositories for tests: invented people, fixed dates, any bytes anywhere.

repository = RepositoryBuilder(tmp_path / "app")
first = repository.commit({"a.txt": b"one\n"})
topic = repository.commit({"b.txt": b"two\n"}, branch="topic", parents=[first])
repository.merge([first, topic], "Merge branch 'topic'")
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_CONFIG_KEY_1": "protocol.file.allow",
    "GIT_CONFIG_VALUE_1": "always",
    "LC_ALL": "C",
}

ADA = ("Ada Example", "ada@example.com")
BEN = ("Ben Sample", "ben@example.org")

#: Time of the first commit; each one after it is an hour later unless it says otherwise.
FIRST_DATE = "2023-01-05T12:00:00+00:00"


class Entry(NamedTuple):
    """A file that is not a plain one; the content of a submodule (160000) is its commit id."""

    content: bytes
    mode: str = "100755"


Files = Mapping[str, bytes | Entry | None] | Mapping[bytes, bytes | Entry | None]
Person = tuple[str | bytes, str | bytes]


class RepositoryBuilder:
    """Builds a repository commit by commit, without a working tree, through git fast-import."""

    def __init__(
        self,
        path: Path,
        *,
        bare: bool = False,
        branch: str = "main",
        object_format: str = "sha1",
    ) -> None:
        self.path = path
        self.git_dir = path if bare else path / ".git"
        self.branch = branch
        self.commits = 0
        path.mkdir(parents=True, exist_ok=True)
        bareness = ["--bare"] if bare else []
        self.git("init", "-q", "-b", branch, f"--object-format={object_format}", *bareness)

    def git(self, *arguments: str | os.PathLike[str], stdin: bytes = b"") -> str:
        """Run git in the repository, without any configuration of the user's; what it printed."""
        return self.git_bytes(*arguments, stdin=stdin).decode("utf-8", "surrogateescape").strip()

    def git_bytes(self, *arguments: str | os.PathLike[str], stdin: bytes = b"") -> bytes:
        """Run git in the repository; what it printed, as it is."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=ENVIRONMENT, input=stdin, capture_output=True
        )
        assert done.returncode == 0, (arguments, done.stderr.decode("utf-8", "replace"))
        return done.stdout

    def commit(
        self,
        files: Files | None = None,
        message: str | bytes = "Change something",
        *,
        author: Person = ADA,
        committer: Person | None = None,
        date: str | int | None = None,
        committed: str | int | None = None,
        parents: Sequence[str] | None = None,
        branch: str | None = None,
        encoding: str | None = None,
    ) -> str:
        """Add a commit to a branch.

        Args:
            files: content by path; None deletes the path. All others stay as in the first parent.
            message: the whole message.
            author: name and address.
            committer: the author, if left out.
            date: author time: ISO 8601 with an offset, or seconds since 1970.
            committed: committer time: the author time, if left out.
            parents: the branch's tip, if left out; none at all make a root commit.
            branch: the default branch, if left out.
            encoding: what the commit says its text is encoded in.

        Returns:
            the id of the commit, at which the branch now points.
        """
        ref = f"refs/heads/{branch or self.branch}"
        if parents is None:
            tip = self.git("for-each-ref", "--format=%(objectname)", ref)
            parents = [tip] if tip else []
        when = _raw_date(date if date is not None else self._next_date())
        committed_at = _raw_date(committed) if committed is not None else when
        self.commits += 1
        lines = [
            b"commit " + ref.encode(),
            b"mark :1",
            b"author " + _person(author) + b" " + when,
            b"committer " + _person(committer or author) + b" " + committed_at,
            *([b"encoding " + encoding.encode()] if encoding else []),
            _data(_bytes(message)),
            *(b"from " + parent.encode() for parent in parents[:1]),
            *(b"merge " + parent.encode() for parent in parents[1:]),
            *(_file(_bytes(path), content) for path, content in (files or {}).items()),
            b"get-mark :1\n",
        ]
        import_command = ("-c", "core.ignoreCase=false", "fast-import", "--quiet", "--force")
        return self.git(*import_command, "--date-format=raw", stdin=b"\n".join(lines))

    def merge(
        self,
        parents: Sequence[str],
        message: str = "Merge",
        files: Files | None = None,
        branch: str | None = None,
    ) -> str:
        """Add a merge commit: the first parent's files, changed by `files`."""
        return self.commit(files, message, parents=parents, branch=branch)

    def ref(self, name: str, commit: str) -> None:
        """Let a full ref name (`refs/pull/1/head`) point at a commit."""
        self.git("update-ref", name, commit)

    def remove_object(self, object_id: str) -> None:
        """Take a loose object away, as a partial clone leaves it out."""
        (self.git_dir / "objects" / object_id[:2] / object_id[2:]).unlink()

    def blob(self, commit: str, path: str) -> str:
        """Object id of a path in a commit."""
        return self.git("rev-parse", f"{commit}:{path}")

    def _next_date(self) -> int:
        return int(datetime.fromisoformat(FIRST_DATE).timestamp()) + 3600 * self.commits


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _raw_date(date: str | int) -> bytes:
    if isinstance(date, int):
        return b"%d +0000" % date
    when = datetime.fromisoformat(date)
    offset = when.strftime("%z") or "+0000"
    return f"{int(when.timestamp())} {offset}".encode()


def _person(person: Person) -> bytes:
    name, email = map(_bytes, person)
    return name + b" <" + email + b">"


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content


def _file(path: bytes, content: bytes | Entry | None) -> bytes:
    quoted = b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'
    if content is None:
        return b"D " + quoted
    entry = content if isinstance(content, Entry) else Entry(content, "100644")
    if entry.mode == "160000":
        return b"M 160000 " + entry.content + b" " + quoted
    return b"M " + entry.mode.encode() + b" inline " + quoted + b"\n" + _data(entry.content)
