"""The agents: when each appeared, the marks it leaves, and how often a mark is lost.

Marks are those of real tools, as `sql/agents.toml` has them; the rates are planted.
"""

import random
from dataclasses import dataclass
from datetime import date
from typing import Final

from quarterdeck.flows.simulation.people import Address


@dataclass(frozen=True, slots=True)
class Agent:
    """A coding agent.

    Attributes:
        name: as the catalogue of signals has it.
        first_day: on which it is used here.
        weight: how much it is used.
        author: it commits under an identity of its own; else a person commits, and `trailer`
            tells of it.
        trailer: line that it writes at the end of a message.
        kept: share of its commits that keep the trailer.
        body: line of text that a commit may keep in the trailer's stead, or None.
        branch: form of the names of its branches.
        tool: name in a git-ai note.
    """

    name: str
    first_day: date
    weight: float
    branch: str
    tool: str
    author: Address | None = None
    trailer: str | None = None
    kept: float = 1.0
    body: str | None = None

    def branch_name(self, slug: str, number: int, rng: random.Random) -> str:
        """Name of a branch that the agent opens."""
        token = rng.randrange(16**4)
        return self.branch.format(slug=slug, stamp=1_700_000_000 + 977 * number, token=token)


AGENTS: Final = (
    Agent(
        name="Devin",
        first_day=date(2024, 12, 10),
        weight=0.5,
        branch="devin/{stamp}-{slug}",
        tool="devin",
        author=Address(
            "devin-ai-integration[bot]",
            "158243242+devin-ai-integration[bot]@users.noreply.github.com",
        ),
    ),
    Agent(
        name="Claude Code",
        first_day=date(2025, 2, 24),
        weight=3.0,
        branch="claude/{slug}-{token:04x}",
        tool="claude",
        trailer="Co-Authored-By: Claude <noreply@anthropic.com>",
        kept=0.80,
        body="Generated with [Claude Code](https://claude.com/claude-code)",
    ),
    Agent(
        name="OpenAI Codex",
        first_day=date(2025, 5, 16),
        weight=1.2,
        branch="codex/{slug}",
        tool="codex",
        trailer="Co-authored-by: Codex <noreply@openai.com>",
        kept=0.70,
    ),
    Agent(
        name="GitHub Copilot coding agent",
        first_day=date(2025, 5, 19),
        weight=0.8,
        branch="copilot/{slug}",
        tool="github-copilot",
        author=Address("copilot-swe-agent[bot]", "198982749+Copilot@users.noreply.github.com"),
    ),
    Agent(
        name="Cursor",
        first_day=date(2025, 6, 9),
        weight=1.0,
        branch="cursor/{slug}-{token:04x}",
        tool="cursor",
        trailer="Co-authored-by: Cursor <cursoragent@cursor.com>",
        kept=0.75,
    ),
)
#: Of the commits that lost the trailer of an agent with a line of text, those that keep the text.
BODY_KEPT: Final = 0.25
#: Of an agent's pull requests, those on a branch that is named as the agent names branches.
BRANCH_NAMED: Final = 0.35
#: From this day on, git-ai's notes are written where a repository has them,
NOTES_FROM: Final = date(2025, 7, 1)
#: for this share of the agents' commits, whatever other mark these keep.
NOTED: Final = 0.55
#: Of the lines of a commit with a note, those that the agent wrote; a person wrote the others.
NOTED_LINES: Final = 0.85

DEPENDABOT: Final = Address("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com")
RENOVATE: Final = Address("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com")


def choose(day: date, rng: random.Random) -> Agent | None:
    """An agent that is there on a day, by weight; None before there is any."""
    there = [agent for agent in AGENTS if agent.first_day <= day]
    return rng.choices(there, [agent.weight for agent in there])[0] if there else None
