"""What commits, merges, reverts and notes say."""

import hashlib
import json
from collections.abc import Iterable

from quarterdeck.flows.simulation.agents import Agent
from quarterdeck.flows.simulation.books import noted_lines
from quarterdeck.flows.simulation.files import Edit
from quarterdeck.flows.simulation.planning import Commit, Pull

OWNER = "demo"
_STEPS = ("", ": cover it", ": handle the empty case", ": address the review", ": tidy")


def own_message(pull: Pull, position: int) -> str:
    """Message of a commit of a pull request."""
    return f"{pull.title}{_STEPS[position]}{_marks([pull.commits[position]])}"


def squash_message(pull: Pull) -> str:
    """The forge's message for a squash, with the marks that its commits kept."""
    steps = [f"* {pull.title}{_STEPS[n]}" for n in range(len(pull.commits))]
    body = "\n\n" + "\n".join(steps) if len(steps) > 1 else ""
    return f"{pull.title} (#{pull.number}){body}{_marks(pull.commits)}"


def merge_message(pull: Pull) -> str:
    """The forge's message for a merge."""
    return f"Merge pull request #{pull.number} from {OWNER}/{pull.branch}\n\n{pull.title}"


def _marks(commits: Iterable[Commit]) -> str:
    trailers: dict[str, None] = {}
    texts: dict[str, None] = {}
    for commit in commits:
        if commit.agent is not None and commit.trailer and commit.agent.trailer is not None:
            trailers[commit.agent.trailer] = None
        if commit.agent is not None and commit.body and commit.agent.body is not None:
            texts[commit.agent.body] = None
    return "".join(f"\n\n{text}" for text in ("\n".join(texts), "\n".join(trailers)) if text)


def revert_message(subject: str, commit_id: str, first_parent: str | None = None) -> str:
    """As `git revert` writes it; with the first parent, the revert of a merge."""
    rest = f", reversing\nchanges made to {first_parent}." if first_parent else "."
    return f'Revert "{subject}"\n\nThis reverts commit {commit_id}{rest}'


def reapply_message(subject: str, revert_id: str) -> str:
    """As `git revert` writes it of a revert."""
    return f'Reapply "{subject}"\n\nThis reverts commit {revert_id}.'


def note(agent: Agent, edits: Iterable[Edit], commit_id: str) -> str:
    """A note of git-ai's form 3.0.0: the agent's lines, and those of the person who drove it."""
    digest = hashlib.sha256(f"{agent.tool} {commit_id}".encode()).hexdigest()
    session, person = digest[:16], f"h_{digest[16:30]}"
    lines = []
    for edit in edits:
        if edit.added == 0:
            continue
        lines.append(edit.path)
        last, mine = edit.first + edit.added - 1, noted_lines(edit)
        lines.append(f"  {session} {edit.first}-{edit.first + mine - 1}")
        if mine < edit.added:
            lines.append(f"  {person} {edit.first + mine}-{last}")
    record = {
        "schema_version": "authorship/3.0.0",
        "git_ai_version": "1.1.0",
        "base_commit_sha": commit_id,
        "prompts": {session: {"agent_id": {"tool": agent.tool, "id": digest[:8]}}},
        "humans": {person: {"author": "a person"}},
    }
    return "\n".join([*lines, "---", json.dumps(record, indent=2)]) + "\n"
