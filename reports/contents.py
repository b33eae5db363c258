"""What a report says, whatever its form: the sentence at the top, key figures, and sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from altair.utils import schemapi

from quarterdeck.reports import summary, wording
from quarterdeck.reports.facts import Facts, Multiple
from quarterdeck.reports.figures import (
    Figure,
    agents_figure,
    authorship_figure,
    companions_figure,
    merge_figure,
    multiple_figure,
)
from quarterdeck.reports.growth import fixed_sets_figure, pace_figure, spread_figure
from quarterdeck.reports.lasting import churn_figure, survival_figure
from quarterdeck.reports.outcomes import (
    ladder_figure,
    revert_figure,
    reviews_figure,
    waiting_figure,
)
from quarterdeck.reports.places import file_classes_figure, languages_figure, places_figure
from quarterdeck.reports.releases import Release


@dataclass(frozen=True)
class Section:
    """A part of the report: its heading, a sentence or two, and its figures."""

    key: str
    heading: str
    text: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Contents:
    """All that a report says of `facts`; `quarter` is the one in focus, the latest whole one."""

    facts: Facts
    quarter: str | None
    lead: list[wording.Piece]
    lead_note: str | None
    stats: tuple[summary.Stat, ...]
    top: Figure
    sections: tuple[Section, ...]

    @property
    def figures(self) -> list[Figure]:
        """Every figure, in the order of the page."""
        return [self.top, *(figure for section in self.sections for figure in section.figures)]

    @property
    def title(self) -> str:
        """The name of the report."""
        until = f" to {self.quarter}" if self.quarter else ""
        return f"{self.facts.overview.name}: shipped code{until}"


def contents(facts: Facts, releases: Sequence[Release] = ()) -> Contents:
    """Choose and word what a report on `facts` says, with `releases` marked on the first chart.

    Altair's check of every part of a chart against the schema of Vega-Lite is left to the tests:
    it takes more time than all the rest.
    """
    with schemapi.debug_mode(False):
        return _contents(facts, releases)


def _contents(facts: Facts, releases: Sequence[Release]) -> Contents:
    whole, partial = _headline(facts)
    quarter = facts.overview.last_whole_quarter or facts.overview.last_quarter
    return Contents(
        facts,
        quarter,
        wording.lead(facts.overview, whole, partial),
        wording.late_note(facts)
        if not whole and not partial
        else wording.lead_note(whole, partial),
        summary.stats(facts, whole or partial, quarter),
        multiple_figure(facts, whole or partial, releases),
        _sections(facts, quarter),
    )


def _headline(facts: Facts) -> tuple[Multiple | None, Multiple | None]:
    """Return the shipped-code multiple of the latest whole quarter and of the partial one."""
    rows = [row for row in facts.multiples if row.measure == "code_lines"]
    overview = facts.overview
    whole = next((row for row in rows if row.quarter == overview.last_whole_quarter), None)
    partial = next(
        (row for row in rows if row.quarter == overview.last_quarter and row.is_partial), None
    )
    return whole, partial


def _sections(facts: Facts, quarter: str | None) -> tuple[Section, ...]:
    sections = (
        Section(
            "shipped",
            "Shipped code",
            "Volume alone can mislead: more lines may come with more deletions, or in larger "
            "changes. The same comparison with the baseline, by other measures.",
            _known(companions_figure(facts), fixed_sets_figure(facts)),
        ),
        Section(
            "authors",
            "Who wrote it",
            "Authorship is counted from evidence: records by line, identities, trailers, text.",
            (authorship_figure(facts), agents_figure(facts, quarter)),
        ),
        Section(
            "lasting",
            "Does it last",
            "What became of the code lines after they landed. A line that only moved, or changed "
            "its white space, lives on.",
            _known(survival_figure(facts), churn_figure(facts), revert_figure(facts)),
        ),
        Section(
            "success",
            "Success",
            "How many of the pull requests opened in a quarter were merged, how soon, and how far "
            "they came after that.",
            _known(
                merge_figure(facts, quarter),
                ladder_figure(facts),
                waiting_figure(facts),
                reviews_figure(facts),
            ),
        ),
        Section(
            "pace",
            "Pace",
            "Whether the multiple grows at a steady pace, and what can be said of an acceleration.",
            _known(pace_figure(facts)),
        ),
        Section(
            "where",
            "Where",
            "Which repositories, teams, files and languages the landed lines went to, and over how "
            "many people they spread.",
            _known(
                places_figure(facts, "repository", quarter),
                places_figure(facts, "team", quarter),
                file_classes_figure(facts, quarter),
                languages_figure(facts, quarter),
                spread_figure(facts),
            ),
        ),
    )
    return tuple(section for section in sections if section.figures)


def _known(*figures: Figure | None) -> tuple[Figure, ...]:
    """The figures that there is something to say in."""
    return tuple(figure for figure in figures if figure is not None)
