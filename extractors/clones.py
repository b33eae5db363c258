"""Repositories given as URLs, kept as mirrors.

A mirror is a whole clone (`git clone --mirror`): line counts need every blob, so
`--filter=blob:none` would only move the download into the mining, one blob at a time.
Pull request heads come with it where the forge offers them as refs.
"""

import os
import shutil
import subprocess
from pathlib import Path

from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.extractors.repository import without_credentials

_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:ssh:file", "LC_ALL": "C"}
_SAFE = ("-c", "core.hooksPath=" + os.devnull, "-c", "fetch.fsckObjects=false")


def update_mirror(url: str, folder: Path) -> Path:
    """Clone `url` into `folder`, or fetch what is new if it is there.

    git's own credential helpers are used; nothing is asked at a terminal.

    Raises:
        GitCommandError: git is missing, or could not clone or fetch.
    """
    if (folder / "HEAD").is_file():
        _git(url, "--git-dir", str(folder), "remote", "update", "--prune")
        _follow_head(url, folder)
        return folder
    unfinished = folder.with_name(f".{folder.name}.cloning")
    shutil.rmtree(unfinished, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _git(url, "clone", "--mirror", "--quiet", "--", url, str(unfinished))
    unfinished.replace(folder)
    return folder


def _follow_head(url: str, folder: Path) -> None:
    """Let the mirror's HEAD name the default branch that the remote names now."""
    answer = _git(url, "--git-dir", str(folder), "ls-remote", "--symref", "origin", "HEAD")
    for line in answer.splitlines():
        if line.startswith("ref: refs/heads/"):
            branch = line.removeprefix("ref: ").split("\t")[0]
            _git(url, "--git-dir", str(folder), "symbolic-ref", "HEAD", branch)


def _git(url: str, *arguments: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE")}
    try:
        done = subprocess.run(
            ["git", *_SAFE, *arguments],
            env=environment | _ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise GitCommandError(
            "git: command not found; install git 2.30 or later and put it on PATH"
        ) from error
    if done.returncode != 0:
        told = done.stderr.strip().splitlines()
        told = [line for line in told if line.startswith("fatal: ")] or told
        raise GitCommandError(
            without_credentials(
                f"{url}: git could not clone or fetch it: {told[-1] if told else 'no message'}; "
                "check the URL, the network and your credentials for it"
            )
        )
    return done.stdout
