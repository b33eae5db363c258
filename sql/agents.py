"""The catalogue of evidence: reads `agents.toml`, merges the user's rules, fills `raw.signals`."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import duckdb
import polars as pl

from quarterdeck.sql.signal_rules import (
    COMMIT_PLACES,
    NAMED,
    Exclusion,
    Signal,
    SignalError,
    WeightError,
    read_flag,
    read_identifier,
    read_signal,
    read_weights,
)

__all__ = [
    "COMMIT_PLACES",
    "SIGNALS_SCHEMA",
    "Exclusion",
    "Signal",
    "SignalError",
    "WeightError",
    "default_weights",
    "load_signals",
    "signals_frame",
]

SIGNALS_SCHEMA: Final = pl.Schema(
    {
        "signal_id": pl.String(),
        "position": pl.Int32(),
        "agent": pl.String(),
        "is_named": pl.Boolean(),
        "place": pl.String(),
        "trailer_keys": pl.List(pl.String()),
        "needles": pl.List(pl.String()),
        "pattern": pl.String(),
        "author_class": pl.String(),
        "tier": pl.String(),
        "weight": pl.Float64(),
        "is_fallback": pl.Boolean(),
        "is_person": pl.Boolean(),
        "exclusions": pl.List(
            pl.Struct({"from_date": pl.Date(), "to_date": pl.Date(), "reason": pl.String()})
        ),
        "reason": pl.String(),
        "source": pl.String(),
        "seen_on": pl.Date(),
        "note": pl.String(),
        "repositories": pl.List(pl.String()),
    }
)
"""Columns of `raw.signals`: one row per rule, in the catalogue's order (`position` from 0)."""


def default_weights() -> dict[str, float]:
    """The named weights of the catalogue: shares above 0 and at most 1."""
    return dict(_catalogue()["weights"])


def load_signals(
    extra: Sequence[Mapping[str, object]] = (), weights: Mapping[str, object] | None = None
) -> list[Signal]:
    """Read the built-in rules and merge the user's into them.

    Args:
        extra: User rules with the keys of `agents.toml`. A rule whose id is built in changes the
            keys that it gives and keeps the others; `disabled = true` switches the rule off; an
            unknown id is a new rule.
        weights: The user's named weights; a name that is not given keeps the catalogue's.

    Returns:
        The rules in order: built-in ones first, then new ones as given.

    Raises:
        SignalError: A rule is incomplete, unknown in a key or value, or its pattern is not RE2.
        WeightError: A named weight is unknown or out of range.
    """
    catalogue = _catalogue()
    in_force = read_weights(catalogue["weights"], weights or {})
    groups: Mapping[str, list[str]] = catalogue["keys"]
    rules: dict[str, dict[str, object]] = {}
    for position, rule in enumerate(catalogue["signal"]):
        identifier = read_identifier(rule, position)
        if identifier in rules:
            raise SignalError(identifier, "id used twice", identifier, "Give each rule its own id.")
        rules[identifier] = dict(rule)
    _merge(rules, extra)
    with duckdb.connect() as connection:
        return [
            read_signal(identifier, rule, groups, in_force, connection)
            for identifier, rule in rules.items()
            if not read_flag(identifier, rule, "disabled")
        ]


def _catalogue() -> dict[str, Any]:
    text = files(__package__ or "quarterdeck.sql").joinpath("agents.toml").read_text("utf-8")
    return tomllib.loads(text)


def signals_frame(signals: Iterable[Signal]) -> pl.DataFrame:
    """Shape rules as the rows of `raw.signals`.

    Returns:
        A frame with `SIGNALS_SCHEMA`. `agent` is null where the text names it (`is_named`) and
        for `not-evidence`; `tier` and `weight` are null for rules that credit nobody.
    """
    rows = [_row(position, signal) for position, signal in enumerate(signals)]
    return pl.DataFrame(rows, schema=SIGNALS_SCHEMA, orient="row")


def _row(position: int, signal: Signal) -> tuple[object, ...]:
    credits = signal.where != "name" and signal.author_class != "not-evidence"
    return (
        signal.id,
        position,
        None if signal.agent == NAMED else signal.agent,
        signal.agent == NAMED,
        signal.where,
        list(signal.keys),
        list(signal.contains),
        signal.pattern,
        signal.author_class,
        signal.tier if credits else None,
        signal.weight if credits else None,
        signal.fallback,
        signal.person,
        [
            {"from_date": window.first, "to_date": window.last, "reason": window.reason}
            for window in signal.not_between
        ],
        signal.reason,
        signal.source,
        signal.seen,
        signal.note,
        list(signal.repositories),
    )


def _merge(rules: dict[str, dict[str, object]], extra: Sequence[Mapping[str, object]]) -> None:
    given: set[str] = set()
    for position, rule in enumerate(extra):
        identifier = read_identifier(rule, position)
        if identifier in given:
            raise SignalError(identifier, "id given twice", identifier, "Keep one of the rules.")
        given.add(identifier)
        if read_flag(identifier, rule, "disabled") and identifier not in rules:
            raise SignalError(
                identifier,
                "no such rule to disable",
                identifier,
                "Use an id of the built-in catalogue.",
            )
        rules[identifier] = {**rules.get(identifier, {"source": "settings"}), **rule}
