"""Sizes of changes that make the planted multiples come out.

What lands in a quarter is made larger or smaller by one factor, found by bisection on the
definition of the multiple, cap and active contributors included.
"""

from collections.abc import Sequence
from typing import Final

from quarterdeck.flows.simulation import timeline
from quarterdeck.flows.simulation.measuring import (
    Bar,
    Change,
    active_by_day,
    bar_of,
    baseline_bar,
)
from quarterdeck.flows.simulation.people import Person
from quarterdeck.flows.simulation.planning import Commit, Pull, Repository

_CODE: Final = ("source", "test")
_STEPS: Final = 14


def size(
    pulls: Sequence[Pull],
    repositories: Sequence[Repository],
    importer: Person,
) -> None:
    """Scale the commits of all pull requests, in place."""
    drops = [
        Change(drop.day, drop.lines if drop.kind in _CODE else 0, {importer.key})
        for repository in repositories
        for drop in repository.drops
    ]
    landed = [pull for pull in pulls if pull.lands is not None]
    fixed = [*drops, *(change for pull in landed for change in planned(pull))]
    active = active_by_day(fixed)
    target = baseline_bar(fixed, active)
    settled = drops + [change for pull in landed if not _grows(pull) for change in planned(pull)]
    for quarter, multiple in timeline.MULTIPLES.items():
        growing = [pull for pull in landed if _quarter(pull) == quarter]

        def bar(
            factor: float,
            quarter: str = quarter,
            growing: Sequence[Pull] = growing,
            settled: Sequence[Change] = tuple(settled),
        ) -> Bar | None:
            changes = [change for pull in growing for change in planned(pull, factor)]
            return bar_of(quarter, [*settled, *changes], active)

        low, high = 0.2, 12.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            found = bar(middle)
            if found is not None and found.bar > multiple * target:
                high = middle
            else:
                low = middle
        factor = (low + high) / 2
        for pull in pulls:
            if _quarter(pull) == quarter:
                _scale(pull, factor)
        settled += [change for pull in growing for change in planned(pull)]


def planned(pull: Pull, factor: float = 1.0) -> list[Change]:
    """The landed changes that a pull request will be."""
    if pull.lands is None:
        return []
    day = pull.lands.date()
    sizes = [_code_lines(commit, factor) for commit in pull.commits]
    people = [_people(commit) for commit in pull.commits]
    if pull.repository.habit == "rebase":
        return [Change(day, lines, who) for lines, who in zip(sizes, people, strict=True)]
    together = set().union(*people)
    if pull.repository.habit == "merge" and pull.merger is not None:
        together.add(pull.merger.key)
    elif pull.repository.habit == "squash" and not _is_by_bot(pull):
        together.add(pull.driver.key)
    return [Change(day, sum(sizes), together)]


def _is_by_bot(pull: Pull) -> bool:
    return pull.bot is not None or (pull.agent is not None and pull.agent.author is not None)


def _people(commit: Commit) -> set[str]:
    return set() if commit.person is None else {commit.person.key}


def _code_lines(commit: Commit, factor: float) -> int:
    return sum(max(1, round(lines * factor)) for kind, lines in commit.parts if kind in _CODE)


def _quarter(pull: Pull) -> str:
    """Of landing, or of opening where it never lands."""
    return timeline.quarter_of((pull.lands or pull.opened).date())


def _grows(pull: Pull) -> bool:
    return _quarter(pull) in timeline.MULTIPLES


def _scale(pull: Pull, factor: float) -> None:
    if pull.bot is None:
        for commit in pull.commits:
            commit.scale(factor)
