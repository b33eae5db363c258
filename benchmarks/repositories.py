"""git on a repository of any owner, bare or not, with or without a config, as git is by default."""

import os
import subprocess
from pathlib import Path

from quarterdeck.extractors.repository import OpenRepository, open_repository
from quarterdeck.extractors.shadow import Shadow


def environment(git_dir: Path) -> dict[str, str]:
    """No settings of the user, the machine or a replace ref; nothing is fetched."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return clean | {
        "GIT_DIR": str(git_dir),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }


class Plain:
    """A repository with the same objects and HEAD, and git's defaults for all else."""

    def __init__(self, path: Path) -> None:
        self.opened: OpenRepository = open_repository(path)
        self.shadow = Shadow(self.opened.objects)
        self.git_dir = self.shadow.git_dir
        (self.git_dir / "refs" / "heads").mkdir()
        (self.git_dir / "refs" / "heads" / "none").write_text(f"{self.opened.tip}\n")
        if self.opened.shallow:
            (self.git_dir / "shallow").write_text("\n".join(sorted(self.opened.shallow)) + "\n")

    def __enter__(self) -> "Plain":
        return self

    def __exit__(self, *_: object) -> None:
        self.shadow.__exit__(None, None, None)

    def git(self, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run git in it; the caller looks at the return code."""
        return subprocess.run(
            ["git", *arguments],
            env=environment(self.git_dir),
            input=stdin,
            capture_output=True,
            check=False,
        )

    def supply_missing(self) -> int:
        """Put placeholders where blobs are missing, so that git runs through; how many there are.

        Counts that rest on a placeholder are wrong, but are taken in about the same time.
        """
        listed = self.git("rev-list", "--objects", "--missing=print", "HEAD").stdout
        missing = [line[1:].decode() for line in listed.split(b"\n") if line.startswith(b"?")]
        self.shadow.plant(missing)
        return len(missing)
