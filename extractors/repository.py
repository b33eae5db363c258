"""Opening a repository and finding its default branch."""

import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pygit2

from quarterdeck.extractors.errors import (
    EmptyRepositoryError,
    RepositoryNotFoundError,
    UnsupportedRepositoryError,
)
from quarterdeck.extractors.text import decode_path

# Ownership guards against hooks and filters in a repository of somebody else's. Mining reads
# objects only and runs neither, and must work on mirrors that a service account owns.
pygit2.settings.owner_validation = False


# up to the last @ before a slash: a password may hold one
_CREDENTIALS = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s]*@")
_QUERY = re.compile(r"(?P<place>[a-zA-Z][a-zA-Z0-9+.-]*://[^\s?#'\"]*)[?#][^\s'\"]*")


@dataclass(frozen=True)
class OpenRepository:
    """A repository opened for reading, with what mining needs to know of it."""

    git: pygit2.Repository
    path: Path
    git_dir: Path  # of the main repository, also where `path` is a linked worktree
    default_branch: str  # short name, or "HEAD" where HEAD is detached
    tip: pygit2.Oid
    is_bare: bool
    shallow: frozenset[str]  # commits whose parents a shallow clone left out

    @property
    def path_text(self) -> str:
        """The path as the lake keeps it: quoted as git does where it is no Unicode."""
        return decode_path(os.fsencode(self.path))

    @property
    def objects(self) -> Path:
        """The object directory; alternates named in it are read too."""
        return self.git_dir / "objects"


def open_repository(path: Path, default_branch: str | None = None) -> OpenRepository:
    """Open the repository at `path`, which may be a checkout, a bare directory or a worktree.

    Args:
        path: the checkout's top folder, the git directory, or any folder below a checkout.
        default_branch: short name of the branch to mine; without it, the branch that HEAD or
            `origin/HEAD` names.

    Raises:
        RepositoryNotFoundError: nothing is there, or it is not a git repository.
        EmptyRepositoryError: the default branch has no commit yet.
        UnsupportedRepositoryError: libgit2 cannot read this kind of repository.
    """
    path = path.expanduser().absolute()
    git = _open(path)
    git_dir = Path(git.path)
    common = git_dir / "commondir"  # there in a linked worktree
    is_bare = git_dir.name != ".git" and not common.is_file() and "core.worktree" not in git.config
    if common.is_file():
        git_dir = (git_dir / common.read_text().strip()).resolve()
    name, tip = _default_branch(git, path, default_branch, is_bare)
    shallow_file = git_dir / "shallow"
    shallow = frozenset(shallow_file.read_text().split()) if shallow_file.is_file() else frozenset()
    return OpenRepository(git, path, git_dir, name, tip, is_bare, shallow)


def _open(path: Path) -> pygit2.Repository:
    if not path.exists():
        raise RepositoryNotFoundError(f"{path}: no such folder; check the path of the repository")
    found = pygit2.discover_repository(str(path))
    if found is None:
        raise RepositoryNotFoundError(
            f"{path}: not a git repository (no .git folder and no bare repository there); "
            "name the folder of a clone"
        )
    try:
        return pygit2.Repository(found)
    except pygit2.GitError as error:
        if "object format" in str(error) or "sha256" in str(error).lower():
            raise UnsupportedRepositoryError(
                f"{path}: SHA-256 repositories are not supported by this build of libgit2 "
                f"{pygit2.LIBGIT2_VERSION}; mine a SHA-1 clone of it"
            ) from error
        raise UnsupportedRepositoryError(f"{path}: libgit2 cannot open it: {error}") from error


def peel(git: pygit2.Repository, reference: pygit2.Reference) -> pygit2.Oid | None:
    """The commit that a ref leads to; None where it leads to none that is there."""
    try:
        return reference.peel(pygit2.Commit).id
    except (pygit2.GitError, KeyError, ValueError):
        pass
    try:
        # libgit2 refuses a commit with a malformed author line, which git reads
        target = reference.resolve().raw_target
        if (
            isinstance(target, pygit2.Oid)
            and git.odb.read(target)[0] == pygit2.enums.ObjectType.COMMIT
        ):
            return target
    except (pygit2.GitError, KeyError, ValueError):
        pass
    return None


def _resolve(git: pygit2.Repository, name: str) -> pygit2.Oid | None:
    try:
        return peel(git, git.references[name])
    except (KeyError, ValueError, pygit2.GitError):
        return None


def _symbolic(git: pygit2.Repository, name: str) -> str | None:
    try:
        target = git.references[name].raw_target
    except (KeyError, ValueError):
        return None
    return target.decode("utf-8", "surrogateescape") if isinstance(target, bytes) else None


def _default_branch(
    git: pygit2.Repository, path: Path, wanted: str | None, is_bare: bool
) -> tuple[str, pygit2.Oid]:
    head = _symbolic(git, "HEAD")
    name = wanted or (head.removeprefix("refs/heads/") if head else None)
    if wanted is None and not is_bare:
        # A checkout may stand on a topic branch: the remote's own HEAD names the default.
        remote = _symbolic(git, "refs/remotes/origin/HEAD")
        if remote and remote.startswith("refs/remotes/origin/"):
            name = remote.removeprefix("refs/remotes/origin/")
    if name is None:
        tip = _resolve(git, "HEAD")
        if tip is not None:
            return "HEAD", tip
        raise EmptyRepositoryError(f"{path}: HEAD names no commit; check out a branch")
    local = _resolve(git, f"refs/heads/{name}")
    tracking = None if is_bare and local else _resolve(git, f"refs/remotes/origin/{name}")
    tip = _further(git, local, tracking)
    if tip is not None:
        return name, tip
    if wanted is not None and any(git.references.iterator()):
        raise RepositoryNotFoundError(
            f"{path}: no branch '{name}'; correct default_branch for this repository"
        )
    raise EmptyRepositoryError(
        f"{path}: the repository is empty: branch '{name}' has no commit yet; "
        "leave it out, or set default_branch to one that has"
    )


def _further(
    git: pygit2.Repository, local: pygit2.Oid | None, tracking: pygit2.Oid | None
) -> pygit2.Oid | None:
    """Of a local branch and its remote-tracking one, the one ahead; the remote's if diverged."""
    if local is None or tracking is None or local == tracking:
        return local or tracking
    return local if git.descendant_of(local, tracking) else tracking


def object_lookup(repository: OpenRepository) -> Callable[[str], bool]:
    """Whether the repository has the object with an id; to be called from any thread."""
    odb = repository.git.odb
    lock = threading.Lock()

    def has_object(object_id: str) -> bool:
        with lock:
            return object_id in odb

    return has_object


def is_readable(repository: OpenRepository, object_id: str) -> bool:
    """Whether an object can be read whole; inflates it, so not for many objects."""
    try:
        repository.git.odb.read(pygit2.Oid(hex=object_id))
    except (pygit2.GitError, KeyError, ValueError):
        return False
    return True


def remote_url(repository: OpenRepository) -> str | None:
    """The URL of `origin` without user name and password; None where there is no `origin`."""
    try:
        url = repository.git.remotes["origin"].url
    except (KeyError, ValueError, pygit2.GitError):
        return None
    if not url:
        return None
    return without_credentials(url)


def without_credentials(text: str) -> str:
    """`text` with user names, tokens, passwords and queries taken from the URLs in it."""
    return _QUERY.sub(r"\g<place>", _CREDENTIALS.sub(r"\g<scheme>", text))
