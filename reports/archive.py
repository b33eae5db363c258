"""A folder of reports that were kept, and what its index page says of each."""

from __future__ import annotations

import hashlib
import json
import os
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
#: Characters of a repository's name in a file name, of which a file system allows 255 bytes.
_LONGEST: Final = 48
#: What an index says of itself where a report has its card.
INDEX: Final = "index"


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
        return quote(os.fsencode(self.file))


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
    """A repository's name as a part of a file name; no two names give the same one.

    The slash of `owner/name` is `--`; what has to be changed or cut beyond that has a hash.
    """
    split = name.replace("/", "--")
    words = re.sub(r"[^\w.-]+", "-", split)[:_LONGEST].strip("-.")
    if words == split and "--" not in name:
        return words
    return f"{words or 'repository'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def cards(folder: Path) -> list[Card]:
    """The reports in a folder, those with the newest data first; other files are passed over.

    Raises:
        ReportError: the folder cannot be read.
    """
    found = []
    for path in sorted(folder.glob("*.html")):
        card = _card(_said(path), path.name)
        if card is not None:
            found.append(card)
    found.sort(key=lambda card: (card.name != card.organisation, card.name))
    found.sort(key=lambda card: card.cutoff, reverse=True)
    return found


class _Head(HTMLParser):
    content: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "meta" and named.get("name") == "quarterdeck-report" and self.content is None:
            self.content = named.get("content")


def keep_others(folder: Path, overview: Overview) -> None:
    """Make sure that keeping the report of `overview` overwrites nothing but an older one of it.

    Raises:
        ReportError: something else has the place of the report or of the index.
    """
    target, index = folder / archive_name(overview), folder / "index.html"
    card = _card(_said(target), target.name)
    whose = (overview.name, overview.organisation)
    taken = [
        *(
            [target]
            if target.exists() and (card is None or (card.name, card.organisation) != whose)
            else []
        ),
        *([index] if index.exists() and _said(index) != INDEX else []),
    ]
    if taken:
        raise ReportError(
            "Something else has the place of the report or of the archive's index",
            taken[0],
            "Name a folder of its own for the reports of this organisation.",
        )


def _said(path: Path) -> str | None:
    """What a page says of itself in its head; None for what is no page of Quarterdeck."""
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise ReportError(
            f"The archive cannot be read ({error.strerror})", path, "Make it readable."
        ) from error
    parser = _Head()
    try:
        parser.feed(head)
    except AssertionError:  # so says html.parser of a declaration that it does not know
        return None
    return parser.content


def _card(content: str | None, file: str) -> Card | None:
    if content is None:
        return None
    try:
        said = json.loads(content)
        card = Card(said["name"], said["organisation"], said["cutoff"], said["headline"], file)
    except (json.JSONDecodeError, KeyError, TypeError):
        return None
    return card if all(isinstance(field, str) for field in asdict(card).values()) else None
