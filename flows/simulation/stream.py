"""Commits written through one `git fast-import` process."""

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.flows.simulation.people import Address

#: Refs as files, whatever the machine's own choice: `Stream.close` writes them.
_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_DEFAULT_REF_FORMAT": "files",
    "GIT_DEFAULT_HASH": "sha1",
}
MAIN = "refs/heads/main"
#: Where what is on no branch is written; it is gone in the end.
_WORK = "refs/heads/work"
#: Questions at once: their answers fit into a pipe.
_QUESTIONS = 500


@dataclass(frozen=True, slots=True)
class Signature:
    """Who and when, as git writes it."""

    who: Address
    at: datetime
    offset: int = 0  # minutes east of UTC

    def __str__(self) -> str:
        """As fast-import wants it."""
        hours, minutes = divmod(abs(self.offset), 60)
        sign = "-" if self.offset < 0 else "+"
        return f"{self.who} {int(self.at.timestamp())} {sign}{hours:02}{minutes:02}"


class Stream:
    """A new bare repository under construction; commits and blobs go by marks.

    Raises:
        GitCommandError: git is missing, or did not take what was written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._marks = 0
        _git(["init", "--quiet", "--bare", "--initial-branch=main", str(path)])
        self._process = subprocess.Popen(
            [
                *("git", "-c", "core.compression=1", "-c", "fastimport.unpackLimit=1"),
                *("--git-dir", str(path), "fast-import", "--quiet", "--done", "--force"),
                *("--date-format=raw", f"--export-marks={path / 'marks'}"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT,
            bufsize=1 << 20,
        )

    def __enter__(self) -> Self:
        """The stream itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process where an error has come between."""
        if kind is not None:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()

    def blob(self, content: bytes) -> int:
        """Write a blob; returns its mark."""
        self._marks += 1
        self._write(f"blob\nmark :{self._marks}\ndata {len(content)}\n".encode(), content, b"\n")
        return self._marks

    def commit(
        self,
        author: Signature,
        committer: Signature,
        message: str,
        files: Mapping[str, int | None],
        parents: Iterable[int],
        line: str = _WORK,
    ) -> int:
        """Write a commit; returns its mark.

        Args:
            author: and
            committer: as git has them.
            message: without the final newline.
            files: mark of the blob of each path that changes; None removes the path.
            parents: marks; the files are those of the first.
            line: ref that fast-import keeps in memory, which makes the next commit on it cheap.
        """
        self._marks += 1
        text = f"{message}\n".encode()
        head = f"commit {line}\nmark :{self._marks}\nauthor {author}\n"
        head += f"committer {committer}\ndata {len(text)}\n"
        told = [
            f"{word} :{parent}\n"
            for word, parent in zip(("from", *["merge"] * 9), parents, strict=False)
        ]
        for path, mark in files.items():
            told.append(f"D {path}\n" if mark is None else f"M 100644 :{mark} {path}\n")
        self._write(head.encode(), text, "".join([*told, "\n"]).encode())
        return self._marks

    def notes(self, ref: str, by: Signature, texts: Mapping[int, str]) -> None:
        """Write one commit of notes, by the marks of what they are on."""
        self._write(f"commit {ref}\ncommitter {by}\ndata 0\n".encode())
        for mark, text in texts.items():
            content = text.encode()
            self._write(f"N inline :{mark}\ndata {len(content)}\n".encode(), content, b"\n")
        self._write(b"\n")

    def commit_ids(self, marks: Sequence[int]) -> list[str]:
        """Ask for the ids of commits that were written."""
        process, answers = self._process, []
        assert process.stdin is not None and process.stdout is not None
        for start in range(0, len(marks), _QUESTIONS):
            asked = marks[start : start + _QUESTIONS]
            self._write("".join(f"get-mark :{mark}\n" for mark in asked).encode())
            process.stdin.flush()
            answers += [process.stdout.readline().decode().strip() for _ in asked]
        if not all(answers):
            raise self._failure()
        return answers

    def close(self, refs: Mapping[str, int]) -> dict[int, str]:
        """Finish; write the refs, by marks; return the id of each mark."""
        self._write(b"done\n")
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._process.wait() != 0:
            raise self._failure()
        marks = self.path / "marks"
        ids = {}
        for line in marks.read_text("ascii").splitlines():
            mark, _, commit_id = line.partition(" ")
            ids[int(mark[1:])] = commit_id
        marks.unlink()
        # a file for each of thousands of refs would be slow to write and to read
        packed = "".join(f"{ids[mark]} {ref}\n" for ref, mark in sorted(refs.items()))
        header = "# pack-refs with: peeled fully-peeled sorted \n"
        (self.path / "packed-refs").write_text(header + packed, "utf-8")
        for ref in (MAIN, _WORK):
            (self.path / ref).unlink(missing_ok=True)
        return ids

    def _write(self, *texts: bytes) -> None:
        assert self._process.stdin is not None
        try:
            for text in texts:
                self._process.stdin.write(text)
        except BrokenPipeError as error:
            raise self._failure() from error

    def _failure(self) -> GitCommandError:
        assert self._process.stderr is not None
        told = self._process.stderr.read().decode("utf-8", "replace").strip()
        return GitCommandError(f"{self.path}: git fast-import did not take the commits: {told}")


def _git(arguments: list[str]) -> None:
    try:
        subprocess.run(["git", *arguments], capture_output=True, check=True, env=_ENVIRONMENT)
    except FileNotFoundError as error:
        raise GitCommandError("git: command not found; install git 2.30 or later") from error
    except subprocess.CalledProcessError as error:
        told = error.stderr.decode("utf-8", "replace").strip()
        raise GitCommandError(f"git {arguments[0]}: {told}") from error
