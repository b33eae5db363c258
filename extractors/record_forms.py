"""The forms in which tools record who wrote which lines, each read into claims.

| form | where it is told |
| --- | --- |
| git-ai `authorship/3.*` | git-ai's specification 3.0.0 and its parser; notes seen in the wild |
| git-ai `authorship/0.*` | blobs at `refs/ai/authorship/<commit>` of git-ai's own history |
| Agent Trace 0.1 and 1.0 | the specification's JSON schema and its reference hook |
| whogitit 2 and 3 | the data format in its documentation |
| SourceTrace 1 | the format in its readme |

Unknown members are no error. What cannot be read is told as a problem, and the rest is read. A
claim is made only where the form says who wrote the lines: a line that no entry names, git-ai's
key `human` and the person named in a `0.*` record mean "not an agent that we saw", no more.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from quarterdeck.extractors.text import decode_path

MODEL, HUMAN = "model", "human"
#: Of a line that both a person and a model worked on, one half each: a convention.
MIXED_WEIGHT: Final = 0.5

_LAST_LINE: Final = 2**31 - 1
_BAD_RANGE: Final = "a range of lines cannot be read"
_LONGEST: Final = len("2147483647-2147483647")
_KNOWN_VERSION = re.compile(r"authorship/3\.\d+\.\d+")
#: What tools write where they know no tool or model.
_UNTOLD = frozenset({"", "unknown", "default", "<synthetic>", "none", "null", "agent"})
#: Authors of `authorship/0.*` that are tools; anybody else is a person, whatever the name.
_OLD_TOOLS = frozenset({"claude", "cursor", "copilot", "codex", "windsurf", "gemini", "ai_agent"})
_SHORT_KEY = 7

Tell = Callable[[str], None]


class Claim(NamedTuple):
    """Who wrote some lines of a file, as a record says; lines from 1, both ends included."""

    path: str
    first: int
    last: int
    author_class: str
    tool: str | None = None
    model: str | None = None
    weight: float = 1.0


class Session(NamedTuple):
    """An agent's session, by its key in the record."""

    tool: str | None
    model: str | None


def told(value: object) -> str | None:
    """A text that tells something; None for any other value and for words such as "unknown"."""
    if not isinstance(value, str) or value.strip().strip('"').lower() in _UNTOLD:
        return None
    return value.strip().strip('"')


def git_ai_sessions(metadata: Mapping[str, Any]) -> dict[str, Session]:
    """The sessions that a git-ai note describes, by key."""
    found = {}
    for member in ("prompts", "sessions"):
        records = metadata.get(member)
        for key, record in records.items() if isinstance(records, dict) else ():
            agent = record.get("agent_id") if isinstance(record, dict) else None
            if isinstance(agent, dict):
                found[str(key)] = Session(told(agent.get("tool")), told(agent.get("model")))
    return found


def git_ai(
    lines: list[str], metadata: Mapping[str, Any], elsewhere: Mapping[str, Session], tell: Tell
) -> Iterator[Claim]:
    """Claims of a git-ai note of version 3, in its order: a later one wins.

    Args:
        lines: those before the divider.
        metadata: the JSON after it.
        elsewhere: sessions that other notes of the repository describe; a rewritten commit's
            note may point to them.
        tell: is told each problem.
    """
    version = metadata.get("schema_version")
    if not isinstance(version, str) or not _KNOWN_VERSION.fullmatch(version):
        tell(f"version {version!r} is not known")
        return
    here = git_ai_sessions(metadata)
    humans = metadata.get("humans")
    path: str | None = None
    for line in lines:
        if not line.strip():
            continue
        if not line.startswith(" "):
            path = _git_ai_path(line.rstrip())
            continue
        key, _, ranges = line.strip().partition(" ")
        if path is None:
            tell("an entry stands before any path")
            continue
        who = _git_ai_author(key, here, elsewhere, humans if isinstance(humans, dict) else {})
        if who is None:
            if key != "human":
                tell("an entry names a session that no record describes")
            continue
        for first, last in _ranges(ranges, tell):
            yield Claim(path, first, last, *who)


def _git_ai_path(line: str) -> str:
    if len(line) > 1 and line.startswith('"') and line.endswith('"'):
        line = line[1:-1]
    return decode_path(line.encode("utf-8", "surrogatepass"))


def _git_ai_author(
    key: str,
    here: Mapping[str, Session],
    elsewhere: Mapping[str, Session],
    humans: Mapping[str, Any],
) -> tuple[str, str | None, str | None] | None:
    name = key.partition("::")[0]
    if name.startswith("h_"):
        return (HUMAN, None, None) if name in humans else None
    if name == "ai_agent":
        return MODEL, None, None
    session = here.get(name) or elsewhere.get(name)
    if session is None and len(name) == _SHORT_KEY:
        longer = {found for key, found in here.items() if key.startswith(name)}
        session = longer.pop() if len(longer) == 1 else None
    return None if session is None else (MODEL, *session)


def _ranges(text: str, tell: Tell) -> Iterator[tuple[int, int]]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and (not last or last.isdecimal()) and len(part) <= _LONGEST:
            begin, end = int(first), int(last or first)
            if 1 <= begin <= end <= _LAST_LINE:
                yield begin, end
                continue
        if part.strip():
            tell(_BAD_RANGE)


def _is_range(first: object, last: object, tell: Tell) -> bool:
    if (
        isinstance(first, int)
        and isinstance(last, int)
        and not isinstance(first, bool)
        and 1 <= first <= last <= _LAST_LINE
    ):
        return True
    tell(_BAD_RANGE)
    return False


def git_ai_old(record: Mapping[str, Any], tell: Tell) -> Iterator[Claim]:
    """Claims of a git-ai record before version 3."""
    for path, file in record["files"].items():
        authors = file.get("authors") if isinstance(file, dict) else None
        if not isinstance(authors, list):
            tell("a file has no list of authors")
            continue
        for author in authors:
            if not isinstance(author, dict):
                tell("an author is no object")
                continue
            name, agent = author.get("author"), author.get("agent_metadata")
            if not isinstance(agent, dict) and str(name).lower() not in _OLD_TOOLS:
                continue
            agent = agent if isinstance(agent, dict) else {}
            tool = told(agent.get("tool")) or told(agent.get("name")) or told(name)
            for item in _listed(author.get("lines"), tell):
                first, last = item if isinstance(item, list) and len(item) == 2 else (item, item)
                if _is_range(first, last, tell):
                    where = decode_path(str(path).encode("utf-8", "surrogatepass"))
                    yield Claim(where, first, last, MODEL, tool, told(agent.get("model")))


def _listed(value: object, tell: Tell) -> list[Any]:
    if isinstance(value, list):
        return value
    tell("a list is missing")
    return []


def agent_trace(record: Mapping[str, Any], tell: Tell) -> Iterator[Claim]:
    """Claims of an Agent Trace record."""
    tool = record.get("tool")
    name = told(tool.get("name")) if isinstance(tool, dict) else None
    for file in _objects(record.get("files"), tell):
        path = file.get("path")
        if not isinstance(path, str):
            tell("a file has no path")
            continue
        where = decode_path(path.replace("\\", "/").encode("utf-8", "surrogatepass"))
        for conversation in _objects(file.get("conversations"), tell):
            for part in _objects(conversation.get("ranges"), tell):
                by = part.get("contributor") or conversation.get("contributor")
                by = by if isinstance(by, dict) else {}
                first, last = part.get("start_line"), part.get("end_line")
                kind = by.get("type")
                if kind not in ("ai", "human", "mixed") or not _is_range(first, last, tell):
                    continue
                if kind == "human":
                    yield Claim(where, int(str(first)), int(str(last)), HUMAN)
                    continue
                weight = MIXED_WEIGHT if kind == "mixed" else 1.0
                model = told(by.get("model_id"))
                yield Claim(where, int(str(first)), int(str(last)), MODEL, name, model, weight)


def _objects(value: object, tell: Tell) -> Iterator[dict[str, Any]]:
    for item in _listed(value, tell):
        if isinstance(item, dict):
            yield item
        else:
            tell("an object is missing")


def revision(record: Mapping[str, Any]) -> str | None:
    """The git commit that an Agent Trace record was written upon; None where it tells none."""
    vcs = record.get("vcs")
    if not isinstance(vcs, dict) or vcs.get("type") != "git":
        return None
    named = vcs.get("revision")
    return named if isinstance(named, str) and re.fullmatch(r"[0-9a-f]{40}", named) else None


_WHOGITIT: Final[Mapping[str, tuple[str, float]]] = {
    "AI": (MODEL, 1.0),
    "AIModified": (MODEL, MIXED_WEIGHT),
    "Human": (HUMAN, 1.0),
}


def whogitit(record: Mapping[str, Any], tell: Tell) -> Iterator[Claim]:
    """Claims of a whogitit note; its own documentation names Claude Code as the one agent."""
    session = record.get("session")
    model = session.get("model") if isinstance(session, dict) else None
    name = told(model.get("id")) if isinstance(model, dict) else told(model)
    for file in _objects(record.get("files"), tell):
        path = file.get("path")
        if not isinstance(path, str):
            tell("a file has no path")
            continue
        where = decode_path(path.encode("utf-8", "surrogatepass"))
        for line in _objects(file.get("lines"), tell):
            source, number = line.get("source"), line.get("line_number")
            kind = source.get("type") if isinstance(source, dict) else source
            by = _WHOGITIT.get(str(kind))
            if by is None or not _is_range(number, number, tell):
                continue
            is_model = by[0] == MODEL
            yield Claim(
                where,
                int(str(number)),
                int(str(number)),
                by[0],
                "claude" if is_model else None,
                name if is_model else None,
                by[1],
            )


_SOURCE = re.compile(r"agent\|(?P<tool>[^()]+?)\s*(?:\((?P<model>[^()]*)\))?")


def source_trace(record: Mapping[str, Any], tell: Tell) -> Iterator[Claim]:
    """Claims of a SourceTrace note; what its `operator` wrote is left open."""
    for path, entries in record["f"].items():
        where = decode_path(str(path).encode("utf-8", "surrogatepass"))
        for entry in _objects(entries, tell):
            by = _SOURCE.fullmatch(str(entry.get("s")))
            if by is None:
                continue
            for item in _listed(entry.get("l"), tell):
                for first, last in _ranges(str(item), tell):
                    yield Claim(where, first, last, MODEL, told(by["tool"]), told(by["model"]))
