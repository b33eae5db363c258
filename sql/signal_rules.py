"""One rule of the catalogue of evidence: its words, its shape, and the checks it must pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import duckdb

PLACES: Final = (
    "author",
    "committer",
    "subject",
    "trailer",
    "body",
    "branch",
    "note",
    "pull_request_author",
    "name",
)
"""Where a rule may look. `name` rules read what a value calls an agent."""

COMMIT_PLACES: Final = ("author", "committer", "subject", "trailer", "body")
"""The places that every commit has."""

CLASSES: Final = ("model", "automation", "human", "not-evidence")
TIERS: Final = ("attested", "declared", "indicated")
NAMED: Final = "named"
"""The agent of a rule whose matched text names it."""

DEFAULT_TIERS: Final[Mapping[str, str]] = {
    "author": "declared",
    "committer": "declared",
    "trailer": "declared",
    "pull_request_author": "declared",
    "note": "attested",
}

_KEYS: Final = frozenset(
    {
        *("id", "agent", "where", "keys", "contains", "pattern", "class", "tier", "weight"),
        *("fallback", "person", "not_between", "reason", "source", "seen", "note", "disabled"),
        "repositories",
    }
)
_ID_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789-"


class SignalError(ValueError):
    """A rule that cannot be used.

    Attributes:
        rule: Id of the rule, or its place in the list where it has none.
        value: What was found.
        remedy: What to write instead.
    """

    def __init__(self, rule: str, problem: str, value: object, remedy: str) -> None:
        super().__init__(f"Signal rule {rule!r}: {problem}: {value!r}. {remedy}")
        self.rule = rule
        self.value = value
        self.remedy = remedy


class WeightError(SignalError):
    """A named weight of the settings that cannot be used."""

    def __init__(self, name: str, problem: str, value: object, remedy: str) -> None:
        super().__init__(name, problem, value, remedy)
        self.args = (f"Weight {name!r}: {problem}: {value!r}. {remedy}",)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Days, both included, on which a rule's match is no evidence (authored day in UTC)."""

    first: date
    last: date
    reason: str


@dataclass(frozen=True, slots=True)
class Signal:
    """One rule of the catalogue; docs/authorship.md explains each field."""

    id: str
    where: str
    pattern: str
    source: str
    seen: date | None
    author_class: str = "model"
    agent: str | None = None
    keys: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    tier: str = "indicated"
    weight: float = 1.0
    fallback: bool = False
    person: bool = False
    not_between: tuple[Exclusion, ...] = field(default=())
    reason: str | None = None
    note: str | None = None
    repositories: tuple[str, ...] = ()


def read_weights(built_in: Mapping[str, float], given: Mapping[str, object]) -> dict[str, float]:
    """The named weights in force: the catalogue's, changed by those of the settings.

    Raises:
        WeightError: a name is not the catalogue's, or a weight is no share.
    """
    for name, value in given.items():
        if name not in built_in:
            raise WeightError(name, "no such weight", value, f"Known: {', '.join(built_in)}.")
        if not _is_share(value):
            raise WeightError(
                name,
                "weight out of range",
                value,
                "Use a share above 0 and at most 1; `disabled = true` in [[signals]] switches a "
                "rule off.",
            )
    return {**built_in, **{name: float(str(value)) for name, value in given.items()}}


def read_identifier(rule: Mapping[str, object], position: int) -> str:
    """The rule's id; raises `SignalError` where it has none that can be used."""
    value = rule.get("id")
    if not isinstance(value, str) or not value or set(value) - set(_ID_LETTERS):
        raise SignalError(
            f"number {position + 1}",
            "id missing or not usable",
            value,
            "Give an id of small letters, digits and hyphens, such as 'co-claude'.",
        )
    return value


def read_signal(
    identifier: str,
    rule: Mapping[str, object],
    groups: Mapping[str, list[str]],
    weights: Mapping[str, float],
    connection: duckdb.DuckDBPyConnection,
) -> Signal:
    """Check one rule.

    Args:
        identifier: The rule's id.
        rule: Its keys and values as TOML gives them.
        groups: Named lists of trailer keys.
        weights: Named weights.
        connection: Any DuckDB connection; it compiles the pattern.

    Raises:
        SignalError: A key or value cannot be used.
    """
    for key in rule.keys() - _KEYS:
        raise SignalError(identifier, "unknown key", key, f"Known keys: {', '.join(sorted(_KEYS))}")
    where = _choice(identifier, rule, "where", PLACES, None)
    author_class = _choice(identifier, rule, "class", CLASSES, "model")
    agent = _text(identifier, rule, "agent")
    reason = _text(identifier, rule, "reason")
    if author_class in ("model", "automation") and agent is None:
        raise SignalError(identifier, "agent missing", None, f"Name the agent, or say {NAMED!r}.")
    if author_class == "not-evidence" and reason is None:
        raise SignalError(identifier, "reason missing", None, "Say why a match is no evidence.")
    if where == "name" and (author_class != "model" or agent == NAMED):
        raise SignalError(identifier, "not a name rule", author_class, "Give it one model agent.")
    tier = _choice(identifier, rule, "tier", TIERS, DEFAULT_TIERS.get(where, "indicated"))
    return Signal(
        id=identifier,
        where=where,
        pattern=_pattern(identifier, rule, connection),
        source=_text(identifier, rule, "source") or "settings",
        seen=_seen(identifier, rule),
        author_class=author_class,
        agent=agent,
        keys=_trailer_keys(identifier, rule, where, groups),
        contains=_needles(identifier, rule),
        tier=tier,
        weight=_weight(identifier, rule, where if tier == "indicated" else None, weights),
        fallback=read_flag(identifier, rule, "fallback"),
        person=read_flag(identifier, rule, "person"),
        not_between=_exclusions(identifier, rule),
        reason=reason,
        note=_text(identifier, rule, "note"),
        repositories=_repositories(identifier, rule, where),
    )


def _text(identifier: str, rule: Mapping[str, object], key: str) -> str | None:
    value = rule.get(key)
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    raise SignalError(identifier, f"{key} is no text", value, "Write a text in quotes.")


def _choice(
    identifier: str,
    rule: Mapping[str, object],
    key: str,
    known: Sequence[str],
    default: str | None,
) -> str:
    value = rule.get(key, default)
    if isinstance(value, str) and value in known:
        return value
    raise SignalError(identifier, f"{key} not known", value, f"Use one of: {', '.join(known)}.")


def read_flag(identifier: str, rule: Mapping[str, object], key: str) -> bool:
    """A truth value that may be left away; raises `SignalError` on anything else."""
    value = rule.get(key, False)
    if isinstance(value, bool):
        return value
    raise SignalError(identifier, f"{key} is no truth value", value, "Write true or false.")


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1


def _weight(
    identifier: str,
    rule: Mapping[str, object],
    weak_place: str | None,
    weights: Mapping[str, float],
) -> float:
    value = rule.get("weight", weights.get(weak_place or "", 1.0))
    if isinstance(value, str) and value in weights:
        return weights[value]
    if _is_share(value):
        return float(str(value))
    raise SignalError(
        identifier,
        "weight out of range",
        value,
        "Use a share above 0 and at most 1, such as 0.5, or one of the named weights: "
        f"{', '.join(weights)}.",
    )


def _repositories(identifier: str, rule: Mapping[str, object], where: str) -> tuple[str, ...]:
    found = _texts(identifier, "repositories", rule.get("repositories", ()))
    if found and where == "name":
        raise SignalError(
            identifier,
            "repositories on a name rule",
            list(found),
            "Limit the rule that reads the value.",
        )
    return found


def _texts(identifier: str, key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) and item for item in value):
        return tuple(value)
    raise SignalError(identifier, f"{key} is no list of texts", value, "Write ['one', 'two'].")


def _needles(identifier: str, rule: Mapping[str, object]) -> tuple[str, ...]:
    needles = _texts(identifier, "contains", rule.get("contains", ()))
    for needle in needles:
        if needle != needle.lower():
            raise SignalError(
                identifier, "contains has capitals", needle, f"Write {needle.lower()!r}."
            )
    return needles


def _trailer_keys(
    identifier: str, rule: Mapping[str, object], where: str, groups: Mapping[str, list[str]]
) -> tuple[str, ...]:
    value = rule.get("keys")
    if where != "trailer":
        if value is None:
            return ()
        raise SignalError(identifier, "keys outside a trailer rule", value, "Leave keys away.")
    if isinstance(value, str):
        if value not in groups:
            raise SignalError(
                identifier,
                "unknown group of keys",
                value,
                f"Use a list of keys or one of: {', '.join(groups)}.",
            )
        value = groups[value]
    keys = _texts(identifier, "keys", value)
    if not keys or any(set(key) - set(_ID_LETTERS) for key in keys):
        raise SignalError(
            identifier,
            "keys not usable",
            value,
            "List the trailers' keys in small letters, such as ['co-authored-by'].",
        )
    return keys


def _pattern(
    identifier: str, rule: Mapping[str, object], connection: duckdb.DuckDBPyConnection
) -> str:
    value = rule.get("pattern")
    if not isinstance(value, str) or not value:
        raise SignalError(identifier, "pattern missing", value, "Give an RE2 pattern.")
    try:
        connection.execute("select regexp_matches('', ?)", [value])
    except duckdb.Error as error:
        raise SignalError(
            identifier,
            f"pattern is not RE2 ({error})",
            value,
            "RE2 knows no look-ahead, look-behind or back-references: "
            "https://github.com/google/re2/wiki/Syntax",
        ) from error
    groups = _capturing_groups(value)
    if groups not in ([], ["model"]):
        raise SignalError(
            identifier,
            "pattern captures something else than one group (?P<model>...)",
            value,
            "Write other groups as (?:...).",
        )
    return value


def _capturing_groups(pattern: str) -> list[str]:
    """Names of the capturing groups in order; '' for one without a name."""
    groups: list[str] = []
    position, in_class = 0, False
    while position < len(pattern):
        letter = pattern[position]
        if letter == "\\":
            position += 2
            continue
        if in_class:
            in_class = letter != "]"
        elif letter == "[":
            in_class = True
            # A bracket that comes first stands for itself: []abc] and [^]abc].
            position += pattern[position + 1 : position + 2] == "^"
            position += pattern[position + 1 : position + 2] == "]"
        elif letter == "(":
            rest = pattern[position + 1 :]
            if rest.startswith(("?P<", "?<")):
                groups.append(rest[rest.index("<") + 1 : rest.index(">")])
            elif not rest.startswith("?"):
                groups.append("")
        position += 1
    return groups


def _day(identifier: str, key: str, value: object) -> date:
    # A TOML timestamp is a datetime, which is a date to isinstance.
    if type(value) is date:
        return value
    raise SignalError(identifier, f"{key} is no date", value, "Write a day such as 2026-04-22.")


def _seen(identifier: str, rule: Mapping[str, object]) -> date | None:
    value = rule.get("seen")
    return None if value is None else _day(identifier, "seen", value)


def _exclusions(identifier: str, rule: Mapping[str, object]) -> tuple[Exclusion, ...]:
    value = rule.get("not_between", ())
    remedy = "Write [{ from = 2026-04-22, to = 2026-05-06, reason = '...' }]."
    if not isinstance(value, (list, tuple)):
        raise SignalError(identifier, "not_between is no list", value, remedy)
    windows: list[Exclusion] = []
    for window in value:
        if not isinstance(window, Mapping) or set(window) != {"from", "to", "reason"}:
            raise SignalError(identifier, "not_between lacks a part", window, remedy)
        first = _day(identifier, "not_between from", window["from"])
        last = _day(identifier, "not_between to", window["to"])
        if last < first:
            raise SignalError(identifier, "not_between ends before it begins", window, remedy)
        windows.append(Exclusion(first, last, str(window["reason"])))
    return tuple(windows)
