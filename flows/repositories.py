"""Which repositories a run is about, and what each is called."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pygit2

from quarterdeck.extractors.clones import mirror_folder
from quarterdeck.extractors.errors import ExtractorError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.remote_urls import (
    UnsafeUrlError,
    checked_url,
    is_meant_as_url,
    place_of,
)
from quarterdeck.extractors.repository import open_repository, remote_url, without_credentials
from quarterdeck.extractors.text import decode_path
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.repository_settings import RepositorySettings
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.text import escaped


@dataclass(frozen=True)
class Source:
    """A repository of this run."""

    repository_id: str
    path: Path  # of the clone; for a URL, of the mirror kept for it
    url: str | None
    default_branch: str | None
    team: str | None
    settings: RepositorySettings | None = None


def from_arguments(arguments: Iterable[str], settings: Settings) -> Settings:
    """Settings in which the repositories are those named on the command line.

    An argument is a path, a URL, or the name of a repository in the settings. Of files of pull
    requests only those of these repositories count then.

    Raises:
        SettingsError: a URL is not one to clone from.
    """
    named = {r.name: r for r in settings.repositories if r.name is not None}
    chosen = []
    for argument in arguments:
        if is_meant_as_url(argument) and not Path(argument).exists():
            chosen.append(_url_as_in_settings(argument, settings))
        elif argument in named and not Path(argument).exists():
            chosen.append(named[argument])
        else:
            chosen.append(_as_in_settings(Path(argument).expanduser().absolute(), settings))
    if not chosen:
        return settings
    return settings.model_copy(update={"repositories": chosen, "other_repositories": False})


def _url_as_in_settings(argument: str, settings: Settings) -> RepositorySettings:
    try:
        url = checked_url(argument)
    except UnsafeUrlError as error:
        raise SettingsError(f"{without_credentials(argument)!r}: {error}") from error
    for repository in settings.repositories:
        if repository.url is not None and place_of(repository.url) == place_of(url):
            return repository
    return RepositorySettings(url=url)


def _as_in_settings(path: Path, settings: Settings) -> RepositorySettings:
    for repository in settings.repositories:
        if repository.path is not None and repository.path.absolute() == path:
            return repository
    return RepositorySettings(path=path)


def resolve(settings: Settings) -> list[Source]:
    """The repositories of a run, each with a name of its own.

    A name is the settings' own, else owner/name of the origin, else the folder's name with
    as many parent folders as it takes to tell it from the others and from what the lake
    already holds under the shorter name. A repository that is given twice, in whatever
    spelling (a link, a folder in it, a `file` URL), is one.

    Raises:
        SettingsError: no repository is named, two have the same name, or one has two.
    """
    if not settings.repositories:
        raise SettingsError(
            "no repository is named; give paths or URLs on the command line, as in "
            "`quarterdeck run ~/code/service`, or list them in quarterdeck.toml"
        )
    taken = {r.name for r in settings.repositories if r.name is not None}
    if len(taken) < sum(r.name is not None for r in settings.repositories):
        raise SettingsError("two repositories have the same name; each needs one of its own")
    known = _known(settings)
    sources: dict[str, Source] = {}
    places: dict[str, RepositorySettings] = {}
    for repository in settings.repositories:
        place = _place(repository)
        if place in places:
            _refuse_two_names(place, places[place], repository)
            continue
        places[place] = repository
        names = _names(repository)
        name = next(
            (n for n in names if repository.name or _free(n, repository, sources, taken, known)),
            names[-1],
        )
        if repository.url is not None:
            path = mirror_folder(settings.clones, name, repository.url)
        else:
            assert repository.path is not None
            path = repository.path
        sources[name] = Source(
            name, path, repository.url, repository.default_branch, repository.team, repository
        )
    return list(sources.values())


def _place(repository: RepositorySettings) -> str:
    """What is the same however a repository is given."""
    if repository.url is not None:
        place = place_of(repository.url)
        return _git_folder(place, inside=False) if repository.url.startswith("file:") else place
    assert repository.path is not None
    return _git_folder(str(repository.path.absolute()), inside=True)


def _git_folder(path: str, *, inside: bool) -> str:
    """The git directory that is meant by a path, or by a folder inside a checkout."""
    for end in ("",) if inside else ("", ".git"):  # as git reads a URL
        ceiling = "" if inside else os.path.dirname(path)  # noqa: PTH120
        found = pygit2.discover_repository(path + end, False, ceiling)
        if found is not None:
            common = Path(found, "commondir")  # there in a linked worktree
            folder = Path(found, common.read_text().strip()) if common.is_file() else Path(found)
            return str(folder.resolve())
    return os.path.realpath(path)


def _refuse_two_names(place: str, first: RepositorySettings, second: RepositorySettings) -> None:
    if second.name is not None and second.name != first.name:
        raise SettingsError(
            f"{place} is given twice, as {first.name or 'one without a name'} and as "
            f"{second.name}; remove one, for its changes would count twice"
        )


def _known(settings: Settings) -> Mapping[str, tuple[str, str | None]]:
    """Path and oldest commit of the repositories that the lake holds."""
    if not settings.lake.is_dir():
        return {}
    lake = Lake(settings.lake)
    known = {}
    for repository_id in lake.repository_ids():
        row = lake.read("repositories", repository_id).row(0, named=True)
        known[repository_id] = (row["path"], row["root_commit_id"])
    return known


def _free(
    name: str,
    repository: RepositorySettings,
    sources: Mapping[str, Source],
    taken: set[str],
    known: Mapping[str, tuple[str, str | None]],
) -> bool:
    if name in sources or name in taken:
        return False
    if name not in known or repository.path is None:
        return True
    path, root = known[name]
    return path == decode_path(os.fsencode(repository.path.absolute())) or _holds(
        repository.path, root
    )


def _holds(path: Path, commit_id: str | None) -> bool:
    try:
        return commit_id is not None and commit_id in open_repository(path).git
    except (ExtractorError, pygit2.GitError):
        return True  # unreadable now: keep the name that it had, and report it as stale


def _names(repository: RepositorySettings) -> list[str]:
    if repository.name is not None:
        return [repository.name]
    if repository.url is not None:
        return _url_names(repository.url)
    assert repository.path is not None
    path = repository.path.absolute()
    try:
        opened = open_repository(path)
    except ExtractorError:
        return _folder_names(path)
    from_origin = _name_from_url(remote_url(opened) or "")
    folder = path if opened.is_bare else Path(opened.git.workdir or path)
    return ([from_origin] if from_origin else []) + _folder_names(folder)


def _folder_names(path: Path) -> list[str]:
    """The folder's name, then with one parent more each: service, code/service, ..."""
    parts = [part for part in path.parts if part != path.anchor]
    if parts and parts[-1] == ".git":
        parts.pop()
    if not parts:
        return ["repository"]
    parts[-1] = parts[-1].removesuffix(".git") or parts[-1]
    parts = [escaped(part) for part in parts]
    return ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]


def _url_names(url: str) -> list[str]:
    """owner/name, and with the host before it; of a local path as for folders."""
    if url.startswith("file://"):
        return _folder_names(Path(place_of(url)))
    place = place_of(url)
    return [place.partition("/")[2], place]


def _name_from_url(url: str) -> str | None:
    """The path of a URL without `.git`, such as owner/name; None for a local path."""
    if not is_meant_as_url(url):
        return None
    try:
        return _url_names(checked_url(url))[0]
    except UnsafeUrlError:
        # an origin that we would not clone from still tells a name
        path = urlsplit(url).path if "://" in url else url.partition(":")[2]
        return path.strip("/").removesuffix(".git") or None
