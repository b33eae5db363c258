"""Running git where it talks to another repository.

The user's own configuration holds (credential helpers, proxies, `core.sshCommand`), but for
what could run something or ask someone: hooks and prompts are off, three transports are
allowed, and `safe.directory` is told in a file of our own that includes the user's.
"""

import os
import re
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.extractors.remote_urls import SCHEMES, place_of
from quarterdeck.extractors.repository import without_credentials

#: Seconds without a sign of life of a transfer after which it is given up.
SILENCE_SECONDS = 900.0

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": ":".join(SCHEMES),
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",  # set and empty: SSH_ASKPASS and core.askPass are not looked at either
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_DEFAULT_HASH": "sha1",
    "GIT_DEFAULT_REF_FORMAT": "files",  # libgit2 reads no other
    "LC_ALL": "C",
}
# Of the repository that we may have been called in, or of one who called us from a hook: what
# `git rev-parse --local-env-vars` names, but for configuration, which is the user's.
_NOT_OURS = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_TEMPLATE_DIR",
    "GIT_WORK_TREE",
)
_OPTIONS = (
    f"core.hooksPath={os.devnull}",
    "core.bare=true",  # also where a mirror's own configuration was lost
    "core.fsmonitor=false",
    "credential.interactive=false",
    "fetch.fsckObjects=false",  # old histories fail its rules; nothing is ever checked out
    "transfer.fsckObjects=false",
    "fetch.recurseSubmodules=false",
    "fetch.unpackLimit=1",  # packs, never thousands of loose files
    "gc.autoDetach=false",  # nothing may go on in the mirror after we let go of it
    "maintenance.autoDetach=false",
)
_KEPT_OUTPUT = 64 * 1024
_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-9;?]*[ -/]*[@-~]")


class RemoteGit:
    """git, for one mirror.

    Args:
        url: of the other side, checked; for messages and `safe.directory`.
        configuration: where to write our own global configuration.
        held: an open file that git inherits: its lock lasts as long as git does, also where
            this process is killed.
    """

    def __init__(self, url: str, configuration: Path, held: int) -> None:
        self.url = url
        self._configuration = configuration
        self._held = held

    def run(
        self, *arguments: str | Path, git_dir: Path | None = None, silence: float | None = None
    ) -> str:
        """Run git to its end; what it printed.

        Args:
            arguments: the command and its arguments.
            git_dir: the repository; without it git is run outside of any.
            silence: seconds without a word of git on standard error after which it is ended.

        Raises:
            GitCommandError: git is missing, failed, or was silent for too long.
        """
        self._configure(git_dir)
        options = [item for option in _OPTIONS for item in ("-c", option)]
        where = ["--git-dir", str(git_dir)] if git_dir is not None else []
        environment = {k: v for k, v in os.environ.items() if k not in _NOT_OURS} | _ENVIRONMENT
        environment["GIT_CONFIG_GLOBAL"] = str(self._configuration)
        with tempfile.TemporaryFile() as output:
            try:
                process = subprocess.Popen(
                    ["git", *options, *where, *map(str, arguments)],
                    env=environment,
                    cwd="/",  # no repository's configuration is found from here
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.PIPE,
                    pass_fds=(self._held,),
                    start_new_session=True,  # ssh has no terminal to ask at
                )
            except FileNotFoundError as error:
                raise GitCommandError(
                    "git: command not found; install git 2.30 or later and put it on PATH"
                ) from error
            told = _last_words(process, silence)
            if process.returncode != 0:
                raise GitCommandError(self._failure(told, process.returncode))
            output.seek(0)
            return output.read().decode("utf-8", "surrogateescape")

    def succeeds(self, *arguments: str | Path, git_dir: Path) -> bool:
        """Whether a git command ends well.

        Raises:
            GitCommandError: git is missing.
        """
        try:
            self.run(*arguments, git_dir=git_dir)
        except GitCommandError as error:
            if error.__cause__ is not None:
                raise
            return False
        return True

    def _configure(self, git_dir: Path | None) -> None:
        """Write the global configuration: the user's own, and which folders are safe.

        The other side of a `file` URL is a process of git's that sees no `-c`.
        """
        safe = [str(git_dir)] if git_dir is not None else []
        if self.url.startswith("file://"):
            path = place_of(self.url)
            both = {path, os.path.realpath(path)}
            safe += sorted(f"{p.rstrip('/')}{end}" for p in both for end in ("", "/.git", ".git"))
        lines = ["[include]", *(f"\tpath = {_quoted(p)}" for p in _users_configuration())]
        lines += ["[safe]", *(f"\tdirectory = {_quoted(p)}" for p in safe)]
        try:
            self._configuration.write_text(
                "\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape"
            )
        except OSError as error:
            raise GitCommandError(
                f"{self._configuration}: cannot be written: {error.strerror or error}; free some "
                "space or make the folder writable"
            ) from error

    def _failure(self, told: str, code: int) -> str:
        lines = [_ESCAPES.sub("", line) for line in re.split(r"[\r\n]+", told)]
        lines = ["".join(filter(str.isprintable, line)).strip() for line in lines]
        lines = [without_credentials(line) for line in lines if line]
        shown = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines
        message = shown[-1] if shown else f"no message, exit code {code}"
        return without_credentials(
            f"{self.url}: git could not clone or fetch it: {message[:500]}; "
            "check the URL, the network and your credentials for it"
        )


def _users_configuration() -> Sequence[str]:
    """The files that git would read as global without us; git passes over missing ones."""
    named = os.environ.get("GIT_CONFIG_GLOBAL")
    if named is not None:
        return [os.path.abspath(named)] if named and named != os.devnull else []  # noqa: PTH100
    home = os.environ.get("HOME")
    xdg = os.environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else None)
    return [*([f"{xdg}/git/config"] if xdg else []), *([f"{home}/.gitconfig"] if home else [])]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _last_words(process: subprocess.Popen[bytes], silence: float | None) -> str:
    """Wait for the end of a process; the end of what it said on standard error."""
    assert process.stderr is not None
    told = b""
    with ExitStack() as undo:
        undo.callback(_end, process)
        try:
            with process.stderr as stream:
                for words in _words(process, stream, silence):
                    told = (told + words)[-_KEPT_OUTPUT:]
            process.wait()
            undo.pop_all()
        except TimeoutError:
            told += b"\nfatal: the other side said nothing for %d seconds" % int(silence or 0)
    return told.decode("utf-8", "replace")


def _words(
    process: subprocess.Popen[bytes], stream: IO[bytes], silence: float | None
) -> Iterator[bytes]:
    """What arrives in a pipe, until it ends or the process does: a daemon may keep the pipe.

    Raises:
        TimeoutError: nothing arrives for too long.
    """
    heard = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if selector.select(0.5):
                words = os.read(stream.fileno(), _KEPT_OUTPUT)
                if not words:
                    return
                heard = time.monotonic()
                yield words
            elif process.poll() is not None:
                return
            elif silence is not None and time.monotonic() - heard > silence:
                raise TimeoutError


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git and what it started."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        for _ in range(50):
            if process.poll() is not None:
                return
            time.sleep(0.1)
