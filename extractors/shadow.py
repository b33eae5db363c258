"""An empty repository of our own that borrows another one's objects.

git is run in the shadow, never in the repository itself: so no configuration, attribute,
hook, graft or replace ref of the repository (or of the user) changes a number, nothing is
fetched from a promisor remote, and ownership needs no `safe.directory`.

Trust: libgit2 checks each object that it reads (commits, files at the tip) against its id, for
its strict hash verification stays on. git takes the trees and blobs of a diff as any `git log`
does: a damaged stream is an error, another content under the same id is not found out. Who can
write into the object folder can change line counts; `git fsck` tells.
"""

import os
import subprocess
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO

from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.extractors.text import quote_path

_CLEAN_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    # Blobs over 128 KiB come from the heap and not from a mapping each, whose pages the kernel
    # must clear: a tenth of git's processor time. Of no effect where the C library is not glibc.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}


class Shadow:
    """A temporary bare repository over `objects`; a context manager that removes it."""

    def __init__(self, objects: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="quarterdeck-shadow-")
        self.git_dir = Path(self._folder.name)
        (self.git_dir / "refs").mkdir()
        (self.git_dir / "objects" / "info").mkdir(parents=True)
        (self.git_dir / "HEAD").write_text("ref: refs/heads/none\n")
        (self.git_dir / "config").write_text(
            "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
            f"\tattributesFile = {os.devnull}\n"
        )
        alternates = self.git_dir / "objects" / "info" / "alternates"
        # git reads a line that starts with a double quote as a C string
        alternates.write_text(quote_path(os.fsencode(objects.absolute())) + "\n")

    def __enter__(self) -> "Shadow":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.cleanup()

    def start(
        self, *arguments: str, stdin: IO[bytes], stderr: IO[bytes]
    ) -> "subprocess.Popen[bytes]":
        """Start `git *arguments` in the shadow, with standard output piped.

        Raises:
            GitCommandError: there is no git executable.
        """
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        environment |= _CLEAN_ENVIRONMENT | {"GIT_DIR": str(self.git_dir)}
        try:
            return subprocess.Popen(
                ["git", *arguments],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment,
            )
        except FileNotFoundError as error:
            raise GitCommandError(
                "git: command not found; install git 2.30 or later and put it on PATH"
            ) from error

    def plant(self, missing: Iterable[str]) -> None:
        """Put a placeholder where a blob is missing, so that git can go on past it.

        git does not check a loose blob's content against its name when it reads one. Each
        placeholder is unlike every other, so no rename is found between two of them. The
        line counts of a file with a planted side are never used.
        """
        for blob_id in missing:
            content = f"missing {blob_id}\n".encode()
            target = self.git_dir / "objects" / blob_id[:2] / blob_id[2:]
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(zlib.compress(b"blob %d\0" % len(content) + content, 1))
