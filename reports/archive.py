"""A folder of reports that were kept, and what its index page says of each."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import quote

from quarterdeck.reports.contents import Contents
from quarterdeck.reports.errors import ReportError
from quarterdeck.reports.facts import Overview

#: Characters at the start of a file among which a report has its card.
_HEAD: Final = 8_192


@dataclass(frozen=True)
class Card:
    """What the index says of a report; `file` is its name in the folder."""

    name: str
    organisation: str
    cutoff: str
    headline: str
    file: str = ""

    @property
    def link(self) -> str:
        """Its address, relative to the index."""
        return quote(self.file)


def card_of(said: Contents) -> str:
    """What a report says of itself, as JSON, for its own head."""
    overview = said.facts.overview
    card = Card(
        overview.name,
        overview.organisation,
        overview.cutoff or "",
        "".join(piece.text for piece in said.lead),
    )
    return json.dumps(asdict(card), sort_keys=True)


def archive_name(overview: Overview) -> str:
    """The file name of a report in an archive: whose it is, if of a repository, and its day."""
    day = (overview.cutoff or "no-data")[:10]
    if overview.repository is None:
        return f"report-{day}.html"
    return f"report-{slug(overview.repository)}-{day}.html"


def slug(name: str) -> str:
    """A repository's name as a part of a file name."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "repository"


def cards(folder: Path) -> list[Card]:
    """The reports in a folder, those with the newest data first; other files are passed over.

    Raises:
        ReportError: the folder cannot be read.
    """
    found = []
    try:
        for path in sorted(folder.glob("*.html")):
            with path.open(encoding="utf-8", errors="replace") as file:
                card = _read_card(file.read(_HEAD), path.name)
            if card is not None:
                found.append(card)
    except OSError as error:
        raise ReportError(
            f"The archive cannot be read ({error.strerror})", folder, "Make it readable."
        ) from error
    found.sort(key=lambda card: (card.name != card.organisation, card.name))
    found.sort(key=lambda card: card.cutoff, reverse=True)
    return found


class _Head(HTMLParser):
    content: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "meta" and named.get("name") == "quarterdeck-report" and self.content is None:
            self.content = named.get("content")


def _read_card(head: str, file: str) -> Card | None:
    parser = _Head()
    parser.feed(head)
    if parser.content is None:
        return None
    try:
        said = json.loads(parser.content)
        fields = [said[key] for key in ("name", "organisation", "cutoff", "headline")]
    except (json.JSONDecodeError, KeyError, TypeError):
        return None
    if not all(isinstance(field, str) for field in fields):
        return None
    return Card(*fields, file)
