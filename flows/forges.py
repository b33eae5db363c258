"""The stage that asks forges for pull requests, for repositories whose settings say so."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

import click
import pygit2

from quarterdeck.extractors.errors import ExtractorError, LakeError, LakeWriteError
from quarterdeck.extractors.forge_http import ForgeClient
from quarterdeck.extractors.forge_mining import ForgeResult, mine_forge
from quarterdeck.extractors.forge_pages import Estimate
from quarterdeck.extractors.forge_parts import state_to_go_on_from
from quarterdeck.extractors.forge_rereading import read_again
from quarterdeck.extractors.forge_tokens import variables
from quarterdeck.extractors.forges import Forge, extraction, open_client
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.repository import open_repository, remote_url
from quarterdeck.flows.errors import SettingsError, StaleDataError
from quarterdeck.flows.forge_api_settings import default_address
from quarterdeck.flows.healing import heal
from quarterdeck.flows.progress import reporter
from quarterdeck.flows.repositories import Source, resolve
from quarterdeck.flows.repository_settings import RepositorySettings
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.steps import task

_SCP = re.compile(r"(?:[^@/\s]+@)?([\w.-]+):(?!//)(\S+)")
#: Parts and pull requests that are named one by one.
_SHOWN = 10
_SSH_HOSTS = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}


@dataclass(frozen=True)
class Place:
    """Where a repository's pull requests are."""

    forge: Forge
    slug: str


def origin(url: str) -> tuple[str, str] | None:
    """Host and slug of a clone's URL; None where it is no forge's."""
    if "://" in url:
        parts = urlsplit(url)
        host, path = (parts.hostname or "", parts.path) if parts.scheme != "file" else ("", "")
    else:
        found = _SCP.fullmatch(url)
        host, path = (found[1], found[2]) if found else ("", "")
    slug = path.strip("/").removesuffix(".git")
    if not host or "/" not in slug:
        return None
    return _SSH_HOSTS.get(host.lower(), host.lower()), slug


def place_of(source: Source, settings: Settings) -> Place | None:
    """Where the pull requests of a repository are asked for; None where nobody is to be asked.

    Raises:
        SettingsError: a forge is named for the repository, and its slug is not known.
    """
    own = source.settings or RepositorySettings(path=source.path)
    if own.forge == "none" or (own.forge is None and not settings.forges):
        return None
    url = _origin_of(source)
    host, slug = (origin(url) if url else None) or (None, None)
    forge = _named(own, host, settings) if own.forge is not None else None
    if forge is None:
        forge = _listed(source.repository_id, host, settings)
    if forge is None:
        return None
    folder = urlsplit(forge.base_url).path.strip("/")
    if slug is not None and folder and url is not None and url.startswith("http"):
        slug = slug.removeprefix(f"{folder}/")  # a forge need not be at the root of its host
    slug = own.slug or slug
    if slug is None:
        raise SettingsError(
            f"{source.repository_id}: its origin tells no owner/name; set slug for this repository "
            "in quarterdeck.toml"
        )
    return Place(forge, slug)


def _named(own: RepositorySettings, host: str | None, settings: Settings) -> Forge | None:
    """The forge that the repository's own entry names, with the token of its table."""
    assert own.forge is not None
    assert own.forge != "none"
    address = own.forge_url or default_address(own.forge, host)
    if address is None:
        raise SettingsError(
            'a repository has forge = "gitea", and its origin tells no address; set forge_url'
        )
    for entry in settings.forges:
        if entry.kind == own.forge and _host(entry.address) == _host(address):
            return Forge(entry.kind, own.forge_url or entry.address, entry.token_env)
    return Forge(own.forge, address)


def _listed(repository_id: str, host: str | None, settings: Settings) -> Forge | None:
    for entry in settings.forges:
        is_named = any(fnmatchcase(repository_id, name) for name in entry.repositories)
        if _host(entry.address) == host and (is_named or not entry.repositories):
            return Forge(entry.kind, entry.address, entry.token_env)
    return None


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").lower()


def _origin_of(source: Source) -> str | None:
    if source.url is not None:
        return source.url
    try:
        return remote_url(open_repository(source.path, source.default_branch))
    except (ExtractorError, pygit2.GitError):
        return None  # mining has told, or will tell, why


@contextmanager
def _clients() -> Iterator["_Clients"]:
    with ExitStack() as stack:
        yield _Clients(stack)


class _Clients:
    """A client for each forge, so that its limits are known from one repository to the next."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._open: dict[Forge, ForgeClient] = {}
        self._hosts: dict[tuple[str, ...], str] = {}

    def of(self, forge: Forge) -> ForgeClient:
        """The client of a forge.

        Raises:
            SettingsError: it would be sent the token of another one.
            ForgeAccessError: there is no token that it could do with.
        """
        if forge not in self._open:
            self._keep_tokens_apart(forge)
            client = open_client(forge, os.environ, reporter().line)
            self._open[forge] = self._stack.enter_context(client)
        return self._open[forge]

    def _keep_tokens_apart(self, forge: Forge) -> None:
        names = variables(forge.kind, forge.base_url)
        if forge.token_env is not None or not any(name in os.environ for name in names):
            return
        other = self._hosts.setdefault(names, urlsplit(forge.base_url).netloc)
        if other != urlsplit(forge.base_url).netloc:
            raise SettingsError(
                f"{forge.base_url}: would be sent the token of {other}; give it an entry in "
                "[[forges]] with a token_env of its own"
            )


def ask_forges(sources: Sequence[Source], settings: Settings, lake: Lake) -> dict[str, str]:
    """Bring the lake up to date with the forges; one repository that fails stops no other.

    Returns:
        why not, by repository, for those that could not be read.
    """
    problems: dict[str, str] = {}
    with _clients() as clients:
        for source in sources:
            try:
                place = place_of(source, settings)
                if place is not None:
                    _ask_or_heal(source, place, clients, lake)
            except (ExtractorError, SettingsError) as error:
                problems[source.repository_id] = str(error)
                reporter().line(f"{source.repository_id}: {error}")
    return problems


def _ask_or_heal(source: Source, place: Place, clients: _Clients, lake: Lake) -> None:
    try:
        _read_again(source.repository_id, place, lake)
        _ask_one(source, place, clients.of(place.forge), lake)
    except LakeWriteError:
        raise
    except LakeError:
        if not heal(lake, everything=True):
            raise
        _read_again(source.repository_id, place, lake)
        _ask_one(source, place, clients.of(place.forge), lake)


def _read_again(name: str, place: Place, lake: Lake) -> None:
    """Read kept answers again where the reading is a newer one; this needs no forge."""
    found = read_again(lake, name, place.forge.kind)
    if found is None:
        return
    where = f"{place.forge.base_url.partition('://')[2].rstrip('/')}/{place.slug}"
    reporter().line(f"{name}: read again: {found.answers:,} answers of {where}")
    for problem in found.problems[:_SHOWN]:
        reporter().line(f"{name}: warning: {problem}")
    if (more := len(found.problems) - _SHOWN) > 0:
        reporter().line(f"{name}: warning: {more:,} more parts cannot be read again")
    if found.left:
        shown = ", ".join(f"#{number}" for number in found.left[:_SHOWN])
        more_left = f" and {len(found.left) - _SHOWN:,} more" if len(found.left) > _SHOWN else ""
        reporter().line(
            f"{name}: warning: the answers about pull requests {shown}{more_left} are missing or "
            "cannot be read again: they stay as they were read, and are asked for again"
        )


@task(name="ask forge", run_name="ask forge {source.repository_id}")
def _ask_one(source: Source, place: Place, client: ForgeClient, lake: Lake) -> ForgeResult:
    name = source.repository_id
    with reporter().work(f"{name}: pull requests read") as work:
        found = mine_forge(
            extraction(place.forge, client, place.slug, name), client, lake, name, work.update
        )
    cost = f"{found.requests:,} requests" + (f", {found.points:,} points" if found.points else "")
    waited = f", waited {found.waited:,.0f} s" if found.waited else ""
    reporter().line(f"{name}: {found.pull_requests:,} pull requests told ({cost}{waited})")
    for warning in found.warnings:
        reporter().line(f"{name}: warning: {warning}")
    if found.missing:
        reporter().line(
            f"{name}: warning: the forge counts {found.missing:,} pull requests more than it tells"
        )
    return found


@dataclass(frozen=True)
class Forecast:
    """What asking the forge about one repository would take."""

    repository_id: str
    place: Place | None
    estimate: Estimate | None
    problem: str | None = None


def forecasts(sources: Sequence[Source], settings: Settings) -> list[Forecast]:
    """What `ask_forges` would take, by one or two small questions a repository."""
    found = []
    lake = Lake(settings.lake, create=False) if settings.lake.is_dir() else None
    with _clients() as clients:
        for source in sources:
            place, estimate, problem = None, None, None
            try:
                place = place_of(source, settings)
                if place is not None:
                    name, forge = source.repository_id, place.forge
                    asked = extraction(forge, clients.of(forge), place.slug, name)
                    state = state_to_go_on_from(lake, name, asked.source)[0] if lake else None
                    estimate = asked.estimate(state)
            except (ExtractorError, SettingsError) as error:
                problem = str(error)
            found.append(Forecast(source.repository_id, place, estimate, problem))
    return found


def forecast_line(forecast: Forecast) -> str:
    """A forecast for a person."""
    name, estimate = forecast.repository_id, forecast.estimate
    if forecast.problem is not None:
        return f"{name}: {forecast.problem}"
    if forecast.place is None:
        return f"{name}: no forge is asked (docs/forges.md)"
    if estimate is None or estimate.pull_requests is None or estimate.seconds is None:
        return f"{name}: {forecast.place.forge.base_url} does not tell how many there are"
    points = f", {estimate.points:,} points" if estimate.points is not None else ""
    left = f" of {estimate.remaining:,} left" if points and estimate.remaining is not None else ""
    return (
        f"{name}: {estimate.pull_requests:,} pull requests, at least {estimate.requests:,} "
        f"requests{points}{left}, {estimate.seconds / 60:,.0f} min without waits"
    )


def say_forecasts(settings: Settings, as_json: bool) -> None:
    """Print what asking the forges would take, repository by repository.

    Raises:
        StaleDataError: some could not be told; the others are printed.
    """
    found = forecasts(resolve(settings), settings)
    if as_json:
        click.echo(json.dumps([asdict(forecast) for forecast in found], indent=2))
    else:
        for forecast in found:
            click.echo(forecast_line(forecast))
    problems = {f.repository_id: f.problem for f in found if f.problem is not None}
    if problems:
        raise StaleDataError(problems)
