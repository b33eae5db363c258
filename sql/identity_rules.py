"""Which identities are one person: the rules as data, and the joining itself."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final, NamedTuple

import polars as pl

RULES_SCHEMA: Final = pl.Schema(
    {
        "rule": pl.String(),
        "strength": pl.Int32(),
        "is_risky": pl.Boolean(),
        "is_on": pl.Boolean(),
        "risk": pl.String(),
    }
)
"""Columns of `raw.identity_rules`: one row per rule; the smallest `strength` goes first."""

LINKS_SCHEMA: Final = pl.Schema(
    {
        "from_node": pl.String(),
        "to_node": pl.String(),
        "rule": pl.String(),
        "outcome": pl.String(),
        "component": pl.String(),
        "to_component": pl.String(),
    }
)
"""Columns of `attribution.identity_links` as the joining knows them: one row per link."""

_PERSON = "person "
_ACCOUNT = "account "


class Link(NamedTuple):
    """A rule that says that two nodes are one person."""

    strength: int
    from_node: str
    to_node: str
    rule: str
    is_risky: bool


def _data() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "identity_rules.toml").read_text(encoding="utf-8"))


def optional_rules() -> dict[str, bool]:
    """The rules that the settings switch, and whether each is on by default."""
    return {rule["name"]: rule["default"] for rule in _data()["rules"] if rule["is_risky"]}


def rules_frame(chosen: Iterable[str] | None = None) -> pl.DataFrame:
    """Every rule in order, schema `RULES_SCHEMA`.

    Args:
        chosen: the risky rules that are on; the defaults where None.
    """
    on = {n for n, default in optional_rules().items() if default} if chosen is None else {*chosen}
    rows = [
        (rule["name"], strength, rule["is_risky"], not rule["is_risky"] or rule["name"] in on, risk)
        for strength, rule in enumerate(_data()["rules"])
        for risk in (rule["risk"],)
    ]
    return pl.DataFrame(rows, schema=RULES_SCHEMA, orient="row")


def shared_words() -> pl.DataFrame:
    """Mail domains open to all and names that nobody bears; columns `kind` and `word`."""
    data = _data()
    rows = [("domain", word) for word in data["domains"]["public"]]
    rows += [("name", word) for word in data["names"]["placeholders"]]
    return pl.DataFrame(rows, schema={"kind": pl.String(), "word": pl.String()}, orient="row")


def common_words() -> frozenset[str]:
    """Words that stay in a text though somebody is called by them; lower case."""
    return frozenset(_data()["words"]["common"])


@dataclass
class _Component:
    """What is known of one person so far."""

    label: str
    nodes: list[str]
    persons: set[str] = field(default_factory=set)
    accounts: dict[str, str] = field(default_factory=dict)  # of a forge: one of its accounts


def join_identities(links: Iterable[Link], apart: Iterable[tuple[str, str]]) -> pl.DataFrame:
    """Join nodes to people: connected components, unless the joining is refused.

    Links are taken by strength and then by their nodes, so the order in which they come makes
    no difference. A link is refused that would join two people whom the settings name or keep
    apart, and, where its rule is risky, one that would join two accounts of one forge.

    Args:
        links: the links; a node is `person NAME`, `account FORGE ID` or any other text.
        apart: pairs of nodes that are two people, whatever the links say.

    Returns:
        schema `LINKS_SCHEMA`, one row per link: `outcome` is joined, known (its ends were one
        already) or why it was refused; the components name the smallest node of the people.
    """
    components: dict[str, _Component] = {}
    foes: dict[str, set[str]] = {}
    for one, other in apart:
        foes.setdefault(one, set()).add(other)
        foes.setdefault(other, set()).add(one)
    ordered = sorted(set(links))
    for node in {node for link in ordered for node in (link.from_node, link.to_node)}:
        components[node] = _component(node)
    outcomes = []
    for link in ordered:
        left, right = components[link.from_node], components[link.to_node]
        if left is right:
            outcomes.append("known")
            continue
        refusal = _refusal(left, right, link.is_risky, foes)
        outcomes.append(refusal or "joined")
        if refusal is None:
            _merge(left, right, components)
    rows = [
        (
            link.from_node,
            link.to_node,
            link.rule,
            outcome,
            components[link.from_node].label,
            components[link.to_node].label,
        )
        for link, outcome in zip(ordered, outcomes, strict=True)
    ]
    return pl.DataFrame(rows, schema=LINKS_SCHEMA, orient="row")


def _component(node: str) -> _Component:
    persons = {node} if node.startswith(_PERSON) else set()
    accounts = {}
    if node.startswith(_ACCOUNT):
        _, forge, account = node.split(" ", 2)
        accounts[forge] = account
    return _Component(node, [node], persons, accounts)


def _refusal(
    one: _Component, other: _Component, is_risky: bool, foes: Mapping[str, set[str]]
) -> str | None:
    if one.persons and other.persons and one.persons != other.persons:
        return "refused: the settings name two people"
    small, large = sorted((one, other), key=lambda component: len(component.nodes))
    if foes and any(not foes.get(node, set()).isdisjoint(large.nodes) for node in small.nodes):
        return "refused: the settings keep them apart"
    shared = one.accounts.keys() & other.accounts.keys()
    if is_risky and any(one.accounts[forge] != other.accounts[forge] for forge in shared):
        return "refused: two accounts of one forge"
    return None


def _merge(one: _Component, other: _Component, components: dict[str, _Component]) -> None:
    small, large = sorted((one, other), key=lambda component: len(component.nodes))
    large.nodes += small.nodes
    large.persons |= small.persons
    # a sure rule may have joined several accounts of a forge; any of them tells it from others
    for forge, account in small.accounts.items():
        large.accounts[forge] = min(account, large.accounts.get(forge, account))
    large.label = min(large.label, small.label)
    for node in small.nodes:
        components[node] = large


def links_from_rows(rows: Sequence[tuple[Any, ...]]) -> list[Link]:
    """Links from rows of strength, from_node, to_node, rule, is_risky."""
    return [Link(*row) for row in rows]
