"""How the last run went for each repository: a small record in the lake."""

from contextlib import suppress
from datetime import UTC, datetime

from quarterdeck.extractors.errors import LakeError
from quarterdeck.extractors.lake import Lake

_KIND = "outcomes"


def write_outcome(lake: Lake, repository_id: str, problem: str | None) -> None:
    """Keep how the last run went for a repository: None, or why it could not be mined.

    Raises:
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    before: dict[str, object] = {}
    with suppress(LakeError):
        before = lake.read_note(_KIND, repository_id) or {}
    good = now if problem is None else before.get("succeeded_at")
    if problem is not None and "succeeded_at" not in before and before.get("problem") is None:
        good = before.get("at")  # written before this was kept
    outcome = {
        "repository_id": repository_id,
        "problem": problem,
        "at": now,
        "succeeded_at": good,
    }
    lake.write_note(_KIND, repository_id, outcome)


def outcomes(lake: Lake) -> dict[str, str]:
    """Why a repository could not be mined in its last run, by its name.

    Raises:
        LakeError: a record cannot be read.
    """
    return {
        name: str(outcome["problem"])
        for name, outcome in last_outcomes(lake).items()
        if outcome.get("problem") is not None
    }


def last_outcomes(lake: Lake) -> dict[str, dict[str, object]]:
    """How it went, by the name of the repository.

    Keys: `problem` (None: none), `at` and `succeeded_at` (ISO 8601, UTC): when it was last
    tried, and when that last went well.

    Raises:
        LakeError: a record cannot be read, or names no repository.
    """
    found = {}
    for note in lake.note_names(_KIND):
        outcome = lake.read_note(_KIND, note) or {}
        if not isinstance(name := outcome.get("repository_id"), str):
            raise LakeError(f"{lake.note_path(_KIND, note)}: names no repository; remove it")
        found[name] = outcome
    return found
