"""The organisation as a whole: its repositories, its settings and the tables of its truth."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from quarterdeck.flows.simulation import agents, timeline, truth
from quarterdeck.flows.simulation.books import Books
from quarterdeck.flows.simulation.living import Life
from quarterdeck.flows.simulation.messages import OWNER
from quarterdeck.flows.simulation.people import Person, hire
from quarterdeck.flows.simulation.planning import Drop, Planner, Repository
from quarterdeck.flows.simulation.sizing import size

REPOSITORIES: Final = (
    Repository(
        name="atlas",
        habit="squash",
        suffix=".py",
        weight=0.34,
        bot=agents.DEPENDABOT,
        drops=(
            Drop("src/api/berths_pb2.py", date(2021, 3, 9), 2400, "generated"),
            Drop("src/api/berths_pb2.py", date(2023, 10, 4), 3100, "generated"),
            Drop("src/api/berths_pb2.py", date(2025, 11, 18), 4200, "generated"),
        ),
    ),
    Repository(
        name="beacon",
        habit="merge",
        suffix=".go",
        weight=0.26,
        bot=agents.DEPENDABOT,
        has_notes=True,
        drops=(
            Drop("vendor/tidelib", date(2021, 6, 2), 6000, "vendored"),
            Drop("vendor/tidelib", date(2024, 6, 5), 7500, "vendored"),
            Drop("src/planner", date(2023, 5, 17), 100_000, "source"),
        ),
    ),
    Repository(
        name="compass",
        habit="rebase",
        suffix=".py",
        weight=0.16,
        bot=agents.RENOVATE,
        has_notes=True,
    ),
    Repository(
        name="dinghy",
        habit="squash",
        suffix=".go",
        weight=0.08,
        bot=agents.DEPENDABOT,
        is_rewritten=True,
    ),
    Repository(
        name="ensign",
        habit="squash",
        suffix=".ts",
        weight=0.16,
        bot=agents.RENOVATE,
        drops=(
            Drop("src/api/client.ts", date(2022, 2, 8), 1800, "generated"),
            Drop("src/api/client.ts", date(2025, 4, 23), 2600, "generated"),
        ),
    ),
)
#: Teams, with the share of the people who are in none left out.
_TEAMS: Final = ("Harbour", "Sea", "Shore")


@dataclass(frozen=True, slots=True)
class Organisation:
    """What was written.

    Attributes:
        settings: the settings file that names the repositories.
        repositories: the bare repositories, by the names in the settings.
        truth: the folder of the tables of truth.
        commits: in all repositories, those that never landed too.
    """

    settings: Path
    repositories: dict[str, Path]
    truth: Path
    commits: int


def write(folder: Path, size_name: str = "full", seed: int = 2026) -> Organisation:
    """Write the organisation: bare repositories, settings, and its truth in `truth/`.

    Args:
        folder: an existing, empty folder.
        size_name: a key of `timeline.SIZES`.
        seed: of every random choice. Equal seeds and sizes give equal commits and tables.

    Raises:
        GitCommandError: git is missing, or did not take the commits.
    """
    scale = timeline.SIZES[size_name]
    rng = random.Random(seed)
    people = hire(scale.people, rng)
    pulls = Planner(people, REPOSITORIES, scale.weekly, rng).plan()
    size(pulls, REPOSITORIES, importer=people[0])
    books, ids = Books(), {}
    paths = {f"{OWNER}/{r.name}": folder / f"{r.name}.git" for r in REPOSITORIES}
    for number, repository in enumerate(REPOSITORIES):
        own = [pull for pull in pulls if pull.repository is repository]
        life = Life(repository, people, books, random.Random(seed * 100 + number))
        ids[repository.name] = life.write(own, paths[f"{OWNER}/{repository.name}"])
    tables = truth.tables(books, people, ids)
    (folder / "truth").mkdir()
    for name, table in tables.items():
        truth.write(folder / "truth" / f"{name}.csv", table)
    settings = folder / "quarterdeck.toml"
    settings.write_text(_settings(people), encoding="utf-8")
    return Organisation(settings, paths, folder / "truth", books.commits.total())


def _settings(people: Sequence[Person]) -> str:
    lines = [
        'organisation = "Demonstration"',
        f"cutoff = {timeline.CUTOFF:%Y-%m-%dT%H:%M:%SZ}",
    ]
    for repository in REPOSITORIES:
        lines += [
            "\n[[repositories]]",
            f'path = "{repository.name}.git"',
            f'name = "{OWNER}/{repository.name}"',
        ]
    for number, team in enumerate(_TEAMS):
        members = [p.addresses[0].email for p in people[number :: len(_TEAMS) + 1]]
        listed = ", ".join(f'"{member}"' for member in members)
        lines += ["\n[[teams]]", f'name = "{team}"', f"members = [{listed}]"]
    return "\n".join(lines) + "\n"
