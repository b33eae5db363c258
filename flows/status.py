"""Whether the data is fresh: by repository, how the last run went, and when the next one is due."""

import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from quarterdeck.extractors.errors import LakeError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_files import file_name
from quarterdeck.extractors.outcomes import last_outcomes
from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.repositories import resolve
from quarterdeck.flows.run_state import LastRun, instant, is_alive, last_run
from quarterdeck.flows.settings import Settings
from quarterdeck.flows.text import printable

#: Under this name the lake keeps the schedule of `quarterdeck serve`.
SCHEDULE = "schedule"
_AGE = re.compile(r"(\d+)\s*(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class RepositoryStatus:
    """How old the data of one repository is."""

    repository_id: str
    state: Literal["fresh", "stale", "failed", "never"]
    tried_at: datetime | None
    succeeded_at: datetime | None  # when all that was there was last brought into the lake
    age: timedelta | None  # since then
    changed_at: datetime | None  # when that last brought something new
    problem: str | None


@dataclass(frozen=True)
class Status:
    """The state of everything that scheduled runs keep."""

    now: datetime
    repositories: tuple[RepositoryStatus, ...]
    run: LastRun | None
    next_run_at: datetime | None
    next_run_by: str | None
    database: Path
    database_at: datetime | None
    report: Path
    report_at: datetime | None
    problems: tuple[str, ...]  # what a person should look at; empty where all is well


def parse_age(text: str) -> timedelta:
    """A length of time such as 90m, 36h, 2d or 1w.

    Raises:
        SettingsError: it is none.
    """
    found = _AGE.fullmatch(text.strip().lower())
    if found is None or int(found[1]) > 10_000:
        raise SettingsError(f"'{text}': not an age; use a number and m, h, d or w, such as 36h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def examine_status(
    settings: Settings, max_age: timedelta | None = None, *, ask_prefect: bool = True
) -> Status:
    """Look at what the lake knows of runs and repositories; changes nothing.

    Args:
        settings: the settings in force; without repositories in them, those of the lake.
        max_age: a repository whose data is older is stale; by default none is.
        ask_prefect: whether to ask a configured Prefect server for the next run.

    Raises:
        LakeError: there is no lake, or what it keeps of runs and repositories cannot be read.
    """
    now = datetime.now(UTC)
    lake = Lake(settings.lake, create=False)
    outcomes = last_outcomes(lake)
    if settings.repositories:
        names: Iterable[str] = [source.repository_id for source in resolve(settings)]
    else:
        names = sorted(outcomes.keys() | set(lake.repository_ids()))
    repositories = tuple(
        _repository(name, outcomes.get(name, {}), lake, now, max_age) for name in names
    )
    run = last_run(lake)
    next_at, next_by = _next_run(lake, settings, ask_prefect)
    database_at, report_at = _modified(settings.database), _modified(settings.report)
    problems = [
        f"{r.repository_id}: {r.problem or r.state}" for r in repositories if r.state != "fresh"
    ]
    problems += _run_problems(run)
    if database_at is None:
        problems.append(f"{settings.database}: no database is published")
    return Status(
        now,
        repositories,
        run,
        next_at,
        next_by,
        settings.database,
        database_at,
        settings.report,
        report_at,
        tuple(problems),
    )


def _repository(
    name: str, outcome: Mapping[str, object], lake: Lake, now: datetime, max_age: timedelta | None
) -> RepositoryStatus:
    try:
        tried_at, succeeded_at = _time(outcome.get("at")), _time(outcome.get("succeeded_at"))
    except ValueError as error:
        raise LakeError(
            f"{lake.root}/outcomes/{file_name(name)}.json: holds no time of a run ({error}); "
            "remove it"
        ) from error
    problem = None if outcome.get("problem") is None else str(outcome["problem"])
    if problem is None and succeeded_at is None:
        succeeded_at = tried_at  # written before both were kept
    snapshot = lake.read("repositories", name, ["mined_at"])["mined_at"]
    changed_at = snapshot[0] if len(snapshot) else None
    age = None if succeeded_at is None else max(now - succeeded_at, timedelta(0))
    state: Literal["fresh", "stale", "failed", "never"] = "fresh"
    if problem is not None:
        state = "failed"
    elif succeeded_at is None or age is None:
        state, problem = "never", "never mined"
    elif succeeded_at > now + _CLOCK_TOLERANCE:
        state = "stale"
        problem = f"last mined at {_text(succeeded_at)}, which is still to come: see to the clock"
    elif max_age is not None and age > max_age:
        state, problem = "stale", f"last mined {age_text(age)} ago"
    return RepositoryStatus(name, state, tried_at, succeeded_at, age, changed_at, problem)


def _run_problems(run: LastRun | None) -> list[str]:
    if run is None:
        return ["no run was begun yet"]
    if run.is_killed:
        return [f"the run begun at {_text(run.started_at)} was killed"]
    if run.outcome in ("failed", "interrupted"):
        return [f"the last run {run.outcome}" + (f": {run.message}" if run.message else "")]
    return []


def _next_run(lake: Lake, settings: Settings, ask: bool) -> tuple[datetime | None, str | None]:
    schedule = lake.read_note("runs", SCHEDULE) or {}
    try:
        if (
            schedule.get("machine") == platform.node()
            and (at := _time(schedule["next_at"])) is not None
            and is_alive(int(str(schedule["process"])), _text_of(schedule.get("process_start")))
        ):
            return at, f"quarterdeck serve --cron '{schedule['cron']}' ({schedule['time_zone']})"
    except (KeyError, ValueError) as error:
        raise LakeError(
            f"{lake.root}/runs/{SCHEDULE}.json: is no record of a schedule; remove it"
        ) from error
    if ask and settings.prefect == "auto":
        from quarterdeck.flows.steps import next_scheduled_run

        return next_scheduled_run()
    return None, None


def _modified(path: Path) -> datetime | None:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.is_file() else None


def _time(value: object) -> datetime | None:
    return None if value is None else instant(value)


def _text_of(value: object) -> str | None:
    return None if value is None else str(value)


def _text(value: datetime | None) -> str:
    return "never" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def age_text(age: timedelta) -> str:
    """An age for a person: 12 min, 36.5 h, 9.0 d."""
    minutes = age.total_seconds() / 60
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h" if minutes < 72 * 60 else f"{minutes / 1440:.1f} d"


def status_json(status: Status) -> dict[str, Any]:
    """The status as plain values: times as ISO 8601 in UTC, ages in seconds."""

    def plain(value: object) -> object:
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat(timespec="seconds")
        if isinstance(value, timedelta):
            return round(value.total_seconds())
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        return str(value) if isinstance(value, Path) else value

    found = plain(asdict(status))
    assert isinstance(found, dict)
    return {"is_well": not status.problems, **found}


def status_lines(status: Status) -> list[str]:
    """The status for a person, on a terminal."""
    width = max((len(r.repository_id) for r in status.repositories), default=0)
    lines = [
        f"{r.state:8}{r.repository_id:{width}}  "
        + (f"mined {age_text(r.age)} ago" if r.age is not None else "never mined")
        + (f", changed {_text(r.changed_at)}" if r.changed_at else "")
        for r in status.repositories
    ]
    run = status.run
    if run is None:
        lines.append("last run: none")
    else:
        outcome = "killed" if run.is_killed else run.outcome
        ended = f", ended {_text(run.ended_at)}" if run.ended_at else ""
        lines.append(f"last run: {outcome}, begun {_text(run.started_at)}{ended}")
    by = f" ({status.next_run_by})" if status.next_run_by else ""
    due = _text(status.next_run_at) + by if status.next_run_at else "not known here"
    lines.append(f"next run: {due}")
    lines.append(f"database: {_text(status.database_at)}, {status.database}")
    lines.append(f"report: {_text(status.report_at)}, {status.report}")
    lines += [f"problem: {problem}" for problem in status.problems]
    return [printable(line) for line in lines]
