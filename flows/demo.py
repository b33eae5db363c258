"""A small made-up organisation as real git repositories, to see every chart without a network.

Two repositories, one that squashes its pull requests and one that merges them; people who
join and leave; agents from 2025 on, whose marks are partly lost; a dependency bot; pull
requests that never land. The names are invented. Equal seeds give equal commits.
"""

import heapq
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.flows.errors import SettingsError

_FIRST_DAY, _LAST_DAY = date(2021, 1, 4), date(2026, 5, 22)
_AGENTS_FROM = date(2025, 1, 6)
_DOUBLING_DAYS = 182.6
_PEOPLE = (
    *("Ada Ferro", "Bo Lindqvist", "Chidi Okello", "Dara Moss", "Elif Tan", "Farid Noor"),
    *("Greta Holm", "Hugo Baptiste", "Ines Prado", "Jun Akiyama", "Kofi Mensah", "Lena Vogt"),
    *("Mira Soto", "Niko Rautio"),
)
_AGENT_TRAILERS = (
    "Co-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>",
    "Co-authored-by: Codex <noreply@openai.com>",
    "Co-authored-by: Cursor <cursoragent@cursor.com>",
)
_BOT = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
_FORGE = "GitHub <noreply@github.com>"
_VERBS = ("Add", "Rework", "Speed up", "Fix", "Simplify", "Extend", "Guard", "Document")
_NOUNS = ("the scheduler", "retries", "the import", "pagination", "the cache", "exports", "limits")


@dataclass
class _Repository:
    """One repository under construction, as a fast-import stream."""

    name: str
    squashes: bool
    stream: list[bytes] = field(default_factory=list)
    marks: int = 0
    tip: int = 0
    number: int = 0  # of the newest pull request

    def commit(
        self, at: datetime, author: str, message: str, files: dict[str, str], *parents: int
    ) -> int:
        """Add a commit to no branch; returns its mark."""
        self.marks += 1
        text = message.encode()
        when = f"{int(at.timestamp())} +0000"
        lines = [
            "commit refs/heads/main",
            f"mark :{self.marks}",
            f"author {author} {when}",
            f"committer {_FORGE if parents[1:] else author} {when}",
            f"data {len(text)}",
        ]
        self.stream += ["\n".join(lines).encode(), b"\n", text, b"\n"]
        for word, parent in zip(("from", *["merge"] * len(parents)), parents, strict=False):
            self.stream.append(f"{word} :{parent}\n".encode())
        for path, content in files.items():
            data = content.encode()
            self.stream += [f"M 100644 inline {path}\ndata {len(data)}\n".encode(), data, b"\n"]
        return self.marks

    def ref(self, name: str, mark: int) -> None:
        """Point a ref at a commit."""
        self.stream.append(f"reset {name}\nfrom :{mark}\n\n".encode())


@dataclass
class _PullRequest:
    number: int
    person: int
    opened: datetime
    message: str
    body: str
    head: int = 0
    files: dict[str, str] = field(default_factory=dict)


def write_organisation(folder: Path, seed: int = 2026) -> Path:
    """Write the repositories and a settings file that names them.

    Args:
        folder: a new or empty folder.
        seed: of the random choices.

    Returns:
        the settings file.

    Raises:
        SettingsError: there is something in the folder already.
        GitCommandError: git is missing, or did not take the commits.
    """
    if folder.exists() and any(folder.iterdir()):
        raise SettingsError(f"{folder}: is not empty; name a new folder, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    repositories = (_Repository("atlas", squashes=True), _Repository("beacon", squashes=False))
    for number, repository in enumerate(repositories):
        _live(repository, random.Random(seed + number))
        _import(repository, folder / f"{repository.name}.git")
    names = "".join(
        f'\n[[repositories]]\npath = "{r.name}.git"\nname = "demo/{r.name}"\n' for r in repositories
    )
    settings = folder / "quarterdeck.toml"
    settings.write_text(
        f'organisation = "Demonstration"\ncutoff = {_LAST_DAY.isoformat()}T23:59:59Z\n{names}',
        encoding="utf-8",
    )
    return settings


def _live(repository: _Repository, rng: random.Random) -> None:
    """Let the years pass: pull requests open and land in the order of time."""
    readme = {"README.md": f"# {repository.name}\n", "poetry.lock": "version = 0\n"}
    start = datetime.combine(_FIRST_DAY, time(5), UTC)
    repository.tip = repository.commit(start, _identity(0), "Begin\n", readme)
    landings: list[tuple[datetime, int, _PullRequest]] = []
    for day in _working_days():
        morning = datetime.combine(day, time(6), UTC)
        while landings and landings[0][0] < morning:
            _land(repository, *heapq.heappop(landings))
        if day.weekday() == 0:
            lock = {"poetry.lock": f"version = {day.toordinal()}\n" * 40}
            repository.tip = repository.commit(
                morning, _BOT, f"Bump dependencies of {day}\n", lock, repository.tip
            )
        for person in range(len(_PEOPLE)):
            if _is_here(person, day) and rng.random() < 0.09 * _pace(day) ** 0.5:
                pull = _open(repository, rng, day, person)
                lands = pull.opened + timedelta(hours=1 + rng.expovariate(1 / 30))
                if rng.random() < 0.86 and lands.date() < _LAST_DAY:
                    heapq.heappush(landings, (lands, pull.number, pull))
    while landings:
        _land(repository, *heapq.heappop(landings))
    repository.ref("refs/heads/main", repository.tip)


def _working_days() -> Iterator[date]:
    day = _FIRST_DAY
    while day <= _LAST_DAY:
        if day.weekday() < 5 and not (day.month == 12 and day.day > 22):
            yield day
        day += timedelta(days=1)


def _is_here(person: int, day: date) -> bool:
    """Ten are there from the first day; the others join one a year, and two leave."""
    joins = _FIRST_DAY if person < 10 else date(2012 + person, 3, 1)
    leaves = date(2024, 6, 30) if person in (3, 7) else _LAST_DAY
    return joins <= day <= leaves


def _pace(day: date) -> float:
    """How much more code a person lands than in the baseline years: 1, then doubling."""
    if day < _AGENTS_FROM:
        return 1.0
    return float(2.0 ** ((day - _AGENTS_FROM).days / _DOUBLING_DAYS))


def _identity(person: int) -> str:
    name = _PEOPLE[person]
    return f"{name} <{100 + person}+{name.lower().replace(' ', '-')}@users.noreply.github.com>"


def _open(repository: _Repository, rng: random.Random, day: date, person: int) -> _PullRequest:
    repository.number += 1
    opened = datetime.combine(day, time(8 + rng.randrange(9), rng.randrange(60)), UTC)
    message = f"{rng.choice(_VERBS)} {rng.choice(_NOUNS)}"
    by_agent = day >= _AGENTS_FROM and rng.random() < 1 - 0.9 / _pace(day)
    # an agent's mark is lost in one commit of five
    trailer = rng.choice(_AGENT_TRAILERS) if by_agent and rng.random() < 0.8 else None
    body = f"\n\n{trailer}\n" if trailer else "\n"
    pull = _PullRequest(repository.number, person, opened, message, body)
    head = repository.tip
    for part in range(rng.choice((1, 1, 1, 2, 3))):
        # lines a pull request: log-normal, as sizes of changes are
        lines = max(1, round(rng.lognormvariate(3.2, 1.0) * _pace(day) ** 0.5))
        folder, suffix = rng.choice(
            (("src", ".py"), ("src", ".py"), ("tests", "_test.py"), ("docs", ".md"))
        )
        path = f"{folder}/m{pull.number % 40:02}/part_{pull.number}_{part}{suffix}"
        files = {path: "".join(f"value_{n} = {rng.random():.6f}\n" for n in range(lines))}
        pull.files |= files
        at = opened + timedelta(minutes=7 * part)
        head = repository.commit(at, _identity(person), message + body, files, head)
    pull.head = head
    repository.ref(f"refs/pull/{pull.number}/head", head)
    return pull


def _land(repository: _Repository, at: datetime, number: int, pull: _PullRequest) -> None:
    author = _identity(pull.person)
    if repository.squashes:
        message = f"{pull.message} (#{number}){pull.body}"
        parents: tuple[int, ...] = (repository.tip,)
    else:
        message = f"Merge pull request #{number} from demo/topic-{number}\n\n{pull.message}\n"
        parents = (repository.tip, pull.head)
    repository.tip = repository.commit(at, author, message, pull.files, *parents)


def _import(repository: _Repository, path: Path) -> None:
    for command, stream in (
        (["git", "init", "--quiet", "--bare", "--initial-branch=main", str(path)], b""),
        (
            ["git", "--git-dir", str(path), "fast-import", "--quiet", "--done"],
            b"".join(repository.stream) + b"done\n",
        ),
    ):
        try:
            subprocess.run(command, input=stream, capture_output=True, check=True)
        except FileNotFoundError as error:
            raise GitCommandError("git: command not found; install git 2.30 or later") from error
        except subprocess.CalledProcessError as error:
            told = error.stderr.decode("utf-8", "replace").strip()
            raise GitCommandError(f"{path}: git did not take the demonstration: {told}") from error
