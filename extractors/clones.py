"""Repositories given as URLs, kept as mirrors.

A mirror is a whole bare clone: line counts need every blob, so `--filter=blob:none` would only
move the download into the mining, one blob at a time. It holds all refs that the other side
offers, pull request heads (`refs/pull/*/head`, `refs/merge-requests/*/head`) and notes among
them, but not those that a forge makes for itself; docs/decisions.md has the figures.

A mirror is locked from its update to the end of its mining. git inherits the lock, so a git
that outlives its killed parent keeps it.
"""

import fcntl
import gc
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import pygit2

from quarterdeck.extractors import remote_git
from quarterdeck.extractors.errors import GitCommandError, UnsupportedRepositoryError
from quarterdeck.extractors.remote_git import RemoteGit
from quarterdeck.extractors.remote_urls import checked_url, place_of

#: What is fetched. Merge refs are made anew at every push to the base of an open pull request;
#: the others are a forge's own, and replace refs would change what git says of a history.
REFSPECS = (
    "+refs/*:refs/*",
    "^refs/pull/*/merge",
    "^refs/merge-requests/*/merge",
    "^refs/merge-requests/*/train",
    "^refs/environments/*",
    "^refs/keep-around/*",
    "^refs/pipelines/*",
    "^refs/replace/*",
)
# A clone writes its refs into one file, a fetch a file for each, which takes minutes where a forge
# has a hundred thousand.
_MANY = ("refs/pull/*/head", "refs/merge-requests/*/head", "refs/notes/*")
_MARK = "quarterdeck-mirror.json"  # in a folder that we made, and may fetch into and remove
_CHECKSUM = 20  # bytes at the end of a pack, and before the end of its index
_SYMREF = re.compile(r"(?m)^ref: (refs/heads/\S+)\tHEAD$")
_HEAD = re.compile(r"(?m)^([0-9a-f]{40,64})\tHEAD$")

Tell = Callable[[str], None]


def mirror_folder(clones: Path, repository_id: str, url: str) -> Path:
    """Where the mirror of a URL is kept: told by the name, and by what the URL leads to.

    So a name that is given to another URL begins a mirror of its own.
    """
    name = quote(repository_id, safe="/ ").replace("/", "+")[:150]
    digest = hashlib.sha256(place_of(checked_url(url)).encode()).hexdigest()[:8]
    return clones / f"{name}-{digest}.git"


class Mirror:
    """A mirror that is locked for us and up to date; made by `mirror_in_use`."""

    def __init__(self, url: str, folder: Path, git: RemoteGit, tell: Tell) -> None:
        self.url = url
        self.folder = folder
        self._git = git
        self._tell = tell

    def repair(self) -> bool:
        """Clone anew if objects are missing or damaged; whether that was needed.

        Reads the whole mirror, unless it was found sound before and has the same packs.

        Raises:
            GitCommandError: it is damaged, and could not be cloned; what was there stays.
        """
        mark = _packs(self.folder)
        if _read_mark(self.folder).get("sound") == mark:
            return False
        if _is_sound(self._git, self.folder):
            _write_mark(self.folder, self.url, sound=mark)
            return False
        self._clone_anew()
        return True

    def update(self) -> None:
        """Clone, or fetch what is new.

        Raises:
            GitCommandError: git could not, or the folder is not a mirror of ours.
        """
        if not self.folder.exists():
            self._clone()
        elif not (self.folder / _MARK).is_file():
            raise GitCommandError(
                f"{self.folder}: stands where a mirror is to be, and is none of Quarterdeck's; "
                "move it away, or name another folder as `clones`"
            )
        else:
            self._fetch()
        shutil.rmtree(_beside(self.folder, "damaged"), ignore_errors=True)
        os.utime(self.folder / _MARK)

    def _clone(self) -> None:
        unfinished = _beside(self.folder, "cloning")
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            self._begin(unfinished)
            self._bring(unfinished)
            _write_mark(unfinished, self.url)
            unfinished.replace(self.folder)
        except OSError as error:
            raise GitCommandError(
                f"{self.folder}: cannot be written: {error.strerror or error}; free some space or "
                "make the folder writable"
            ) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _begin(self, folder: Path) -> None:
        """Clone branches, tags and what there may be many of; the rest comes with a fetch."""
        many = [item for name in _MANY for item in ("-c", f"remote.origin.fetch=+{name}:{name}")]
        options = ("--bare", "--template=", "--progress")
        silence = remote_git.SILENCE_SECONDS
        self._git.run(*many, "clone", *options, "--", self.url, folder, silence=silence)
        if self._git.run("rev-parse", "--show-object-format", git_dir=folder).strip() != "sha1":
            raise self._is_sha256()

    def _is_sha256(self) -> UnsupportedRepositoryError:
        return UnsupportedRepositoryError(
            f"{self.url}: SHA-256 repositories are not supported; mine a SHA-1 clone of it"
        )

    def _fetch(self) -> None:
        _sweep(self.folder)
        if not _packs_fit(self.folder):
            self._clone_anew()  # git would fetch what is lost and leave the ruin, which others read
            return
        try:
            self._bring(self.folder)
        except GitCommandError as error:
            if error.__cause__ is not None:
                raise  # no git, or no room for its configuration
            self._git.run("ls-remote", "--", self.url, "HEAD")  # else the fault is over there
            if _is_sound(self._git, self.folder):
                raise
            self._clone_anew()
        self._git.run("gc", "--auto", "--quiet", git_dir=self.folder)

    def _clone_anew(self) -> None:
        """Replace a damaged mirror; it comes back if it cannot be replaced."""
        self._tell(f"{self.folder} is damaged; cloning anew")
        damaged = _beside(self.folder, "damaged")
        shutil.rmtree(damaged, ignore_errors=True)
        self.folder.replace(damaged)
        with ExitStack() as undo:
            undo.callback(damaged.replace, self.folder)
            self._clone()
            undo.pop_all()
        shutil.rmtree(damaged, ignore_errors=True)
        # libgit2 keeps packs by their path for all of the process, until no repository has them
        # open; a repository object is part of a reference cycle
        gc.collect()

    def _bring(self, folder: Path) -> None:
        """Fetch all refs, remove those that are gone, and follow the default branch."""
        silence = remote_git.SILENCE_SECONDS
        # of a shallow repository git would fetch objects and leave out the refs, without an error
        whole = ["--unshallow"] if (folder / "shallow").is_file() else []
        try:
            self._git.run(
                "fetch",
                "--prune",
                "--no-tags",  # the refspecs bring them
                "--no-auto-gc",
                "--no-write-fetch-head",
                "--no-recurse-submodules",
                "--update-shallow",
                *whole,
                "--progress",
                "--",
                self.url,
                *REFSPECS,
                git_dir=folder,
                silence=silence,
            )
        except GitCommandError as error:
            if "mismatched algorithms" in str(error):
                raise self._is_sha256() from error
            raise
        answer = self._git.run("ls-remote", "--symref", "--", self.url, "HEAD", silence=silence)
        if branch := _default_branch(self._git, folder, answer):
            self._git.run("symbolic-ref", "HEAD", branch, git_dir=folder)
        told = {"core.bare": "true", "remote.origin.url": self.url, "remote.origin.mirror": "true"}
        for key, value in told.items():
            self._git.run("config", key, value, git_dir=folder)
        self._git.run("pack-refs", "--all", git_dir=folder)


@contextmanager
def mirror_in_use(url: str, folder: Path, tell: Tell = lambda text: None) -> Iterator[Mirror]:
    """Bring the mirror of `url` up to date, and hold it; a second process waits for its turn.

    git's own credential helpers are used; nothing is asked at a terminal.

    Args:
        url: of the repository.
        folder: of the mirror, as `mirror_folder` gives it.
        tell: called with what a person should know: that it waits, that it clones anew.

    Raises:
        UnsafeUrlError: the URL is not one to clone from.
        GitCommandError: git is missing, or could not clone or fetch.
        UnsupportedRepositoryError: it has SHA-256 objects.
    """
    url = checked_url(url)
    with _locked(folder, tell) as held:
        git = RemoteGit(url, _beside(folder, "gitconfig"), held)
        mirror = Mirror(url, folder, git, tell)
        mirror.update()
        yield mirror


def prune_mirrors(clones: Path, named: Iterable[Path], days: int) -> list[Path]:
    """Remove mirrors that no setting names and that were not used for some days.

    Only folders with Quarterdeck's own mark are touched, and none that is in use. One that
    cannot be removed stays until another time.

    Args:
        clones: the folder of the mirrors.
        named: the mirrors that the settings name; they stay however old they are.
        days: since the last use.

    Returns:
        the mirrors that were removed.
    """
    removed = []
    keep = set(named)
    for mark in sorted(clones.glob(f"*.git/{_MARK}")):
        folder = mark.parent
        if (
            folder in keep
            or folder.is_symlink()
            or time.time() - mark.stat().st_mtime < days * 86_400
        ):
            continue
        with suppress(OSError, GitCommandError), _locked(folder, lambda text: None, wait=False):
            doomed = _beside(folder, "damaged")
            shutil.rmtree(doomed, ignore_errors=True)
            folder.replace(doomed)
            shutil.rmtree(doomed, ignore_errors=True)
            _beside(folder, "gitconfig").unlink(missing_ok=True)
            removed.append(folder)
    return removed


@contextmanager
def _locked(folder: Path, tell: Tell, *, wait: bool = True) -> Iterator[int]:
    """Hold a mirror; gives the open lock file.

    Raises:
        GitCommandError: the folder of the mirrors cannot be written.
        BlockingIOError: it is in use, and we are not to wait.
    """
    path = _beside(folder, "lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise GitCommandError(
            f"{path}: cannot be written: {error.strerror or error}; make the folder writable"
        ) from error
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise
            tell(f"{folder} is in use by another run; waiting for it")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield held
    finally:
        # git's daemons (credential cache, ssh masters) may have inherited the file
        fcntl.flock(held, fcntl.LOCK_UN)
        os.close(held)


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{what}")


def _default_branch(git: RemoteGit, folder: Path, answer: str) -> str | None:
    """The branch that the other side's HEAD names; old servers tell its commit alone."""
    if named := _SYMREF.search(answer):
        # the other side could name anything
        return named[1] if pygit2.reference_is_valid_name(named[1]) else None
    head = _HEAD.search(answer)
    if head is None:
        return None
    found = git.run(
        "for-each-ref",
        "--format=%(refname)",
        f"--points-at={head[1]}",
        "refs/heads",
        git_dir=folder,
    ).split()
    usual = ("refs/heads/main", "refs/heads/master")
    return min(found, key=lambda name: (name not in usual, name), default=None)


def _sweep(folder: Path) -> None:
    """Remove what a git that was killed left: nobody else works here while we hold the lock."""
    for place in (folder, folder / "objects" / "info"):
        for rest in (*place.glob("*.lock"), *place.glob("gc.pid")):
            rest.unlink(missing_ok=True)
    for rest in (*(folder / "refs").rglob("*.lock"), *(folder / "objects/pack").glob("tmp_*")):
        rest.unlink(missing_ok=True)


def _is_sound(git: RemoteGit, folder: Path) -> bool:
    """Whether all that the refs lead to is there, and no pack is damaged."""
    if not git.succeeds("rev-list", "--objects", "--all", "--quiet", git_dir=folder):
        return False
    packs = sorted((folder / "objects" / "pack").glob("*.idx"))
    return all(git.succeeds("verify-pack", "--", pack, git_dir=folder) for pack in packs)


def _packs_fit(folder: Path) -> bool:
    """Whether each pack is there and ends as its index says; finds those cut short."""
    for index in (folder / "objects" / "pack").glob("*.idx"):
        pack = index.with_suffix(".pack")
        try:
            with index.open("rb") as ours, pack.open("rb") as packed:
                ours.seek(-2 * _CHECKSUM, os.SEEK_END)
                packed.seek(-_CHECKSUM, os.SEEK_END)
                if ours.read(_CHECKSUM) != packed.read(_CHECKSUM):
                    return False
        except OSError:
            return False
    return True


def _packs(folder: Path) -> str:
    names = sorted(
        f"{pack.name} {pack.stat().st_size}" for pack in (folder / "objects/pack").glob("*.pack")
    )
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _read_mark(folder: Path) -> dict[str, object]:
    try:
        mark = json.loads((folder / _MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return mark if isinstance(mark, dict) else {}


def _write_mark(folder: Path, url: str, sound: str | None = None) -> None:
    mark = json.dumps({"url": url, "sound": sound}) + "\n"
    (folder / _MARK).write_text(mark, encoding="utf-8")
