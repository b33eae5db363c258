"""Values of files as forges' tables need them: times, states, numbers, names.

What cannot be understood becomes NULL and is counted, with the first example.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from urllib.parse import urlsplit

#: What stands for nothing in a table, in any letters; in texts only the empty one does.
_NOTHING = frozenset(["", "null", "none", "nan", "nat", "na", "n/a", "\\n", "<na>"])
#: How forges name their states; compared in lower case with single spaces.
_STATES = {
    "open": ("open", "opened", "reopened", "locked", "active", "new", "draft", "in review"),
    "merged": ("merged", "completed", "fulfilled", "landed", "integrated"),
    "closed": ("closed", "declined", "rejected", "abandoned", "superseded", "discarded"),
}
_STATE = {name: state for state, names in _STATES.items() for name in names}
_REVIEW_STATE = {
    "approved": "approved",
    "approve": "approved",
    "changes requested": "changes_requested",
    "request changes": "changes_requested",
    "commented": "commented",
    "comment": "commented",
    "dismissed": "dismissed",
    "pending": "pending",
}
_TRUE = frozenset(["true", "t", "yes", "y", "1"])
_FALSE = frozenset(["false", "f", "no", "n", "0"])
_NUMBER = re.compile(r"[+-]?\d+(?:\.0+)?")
_REFERENCE = re.compile(r"(?:[#!]|.*/(?:pull|pulls|merge_requests)/)(\d+)/?")
_FIRST_YEAR = 1990  # zeros, and the year 1, stand for no time
_MOST = 2**63
_LONG = 60  # characters of an example

Converter = Callable[[Any], Any]


@dataclass
class Troubles:
    """What was wrong in a file: how often, and where first."""

    found: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, problem: str, where: str, value: object = None, times: int = 1) -> None:
        """Count a problem; the first place is kept as the example."""
        shown = "" if value is None else f": {_short(value)}"
        count, example = self.found.get(problem, (0, f"{where}{shown}"))
        self.found[problem] = (count + times, example)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONG else text[: _LONG - 3] + "..."


def is_nothing(value: object) -> bool:
    """Whether a cell holds nothing."""
    if isinstance(value, str):
        return value.strip().lower() in _NOTHING
    return value is None or (isinstance(value, float) and math.isnan(value))


def time(value: Any, zone: tzinfo = UTC, form: str | None = None) -> datetime | None:
    """A time in UTC: ISO 8601, seconds to nanoseconds since 1970, or in a format of strptime.

    Args:
        value: a cell; a time without an offset is in `zone`.
        zone: see there.
        form: a format of `strptime`, where it is none of the others.

    Raises:
        ValueError: it is no time.
    """
    if is_nothing(value):
        return None
    if isinstance(value, datetime):
        found = _utc(value, zone)
    elif isinstance(value, date):
        found = _utc(datetime(value.year, value.month, value.day), zone)
    elif isinstance(value, bool):
        raise ValueError("no time")
    elif isinstance(value, int | float):
        found = _since_1970(value)
    else:
        found = _from_text(str(value).strip(), zone, form)
    if found.year < _FIRST_YEAR:
        raise ValueError("before there were forges: stands for none")
    return found


def _from_text(text: str, zone: tzinfo, form: str | None) -> datetime:
    if form is not None:
        return _utc(datetime.strptime(text, form), zone)
    if re.fullmatch(r"-?\d{9,19}(?:\.\d+)?", text):
        return _since_1970(float(text) if "." in text else int(text))
    return _utc(datetime.fromisoformat(re.sub(r" ?(?:UTC|GMT)$", "+00:00", text)), zone)


def _utc(value: datetime, zone: tzinfo) -> datetime:
    aware = value if value.tzinfo is not None else value.replace(tzinfo=zone)
    try:
        return aware.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


def _since_1970(value: float) -> datetime:
    size = abs(value)
    if not math.isfinite(size):
        raise ValueError("out of range")
    divisor = next(d for limit, d in _EPOCHS if size < limit)
    try:
        return datetime.fromtimestamp(value / divisor, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("out of range") from error


#: Seconds, milliseconds, microseconds, nanoseconds: no two overlap between 1973 and 5138.
_EPOCHS = ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (math.inf, 1e9))


def whole_number(value: Any) -> int | None:
    """A whole number.

    Raises:
        ValueError: it is none.
    """
    if is_nothing(value):
        return None
    text = str(value).strip()
    if isinstance(value, float) and value.is_integer():
        text = str(int(value))
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        raise ValueError("no whole number")
    number = int(text.partition(".")[0])
    if not -_MOST <= number < _MOST:
        raise ValueError("out of range")
    return number


def count(value: Any) -> int | None:
    """A count of lines, files or comments.

    Raises:
        ValueError: it is none.
    """
    number = whole_number(value)
    if number is not None and number < 0:
        raise ValueError("negative")
    return number


def reference(value: Any) -> int | None:
    """The number of a pull request: 7, #7, !7, or the address of its page.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str) and (found := _REFERENCE.fullmatch(value.strip())):
        value = found[1]
    number = whole_number(value)
    if number is not None and number < 1:
        raise ValueError("no forge's number")
    return number


def truth(value: Any) -> bool | None:
    """Yes or no.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, bool) or is_nothing(value):
        return value if isinstance(value, bool) else None
    text = str(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError("neither true nor false")


def state(value: Any) -> str | None:
    """State of a pull request: open, closed or merged.

    Raises:
        ValueError: it is no state of a forge that we know.
    """
    return _known(value, _STATE)


def review_state(value: Any) -> str | None:
    """State of a review, such as approved.

    Raises:
        ValueError: it is no state of a forge that we know.
    """
    return _known(value, _REVIEW_STATE)


def _known(value: Any, names: Mapping[str, str]) -> str | None:
    if is_nothing(value):
        return None
    plain = re.sub(r"[\s_-]+", " ", str(value).strip().lower())
    if plain not in names:
        raise ValueError("no state that is known")
    return names[plain]


def plain_text(value: Any) -> str | None:
    """A text; the empty one is nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # an id in a column that has gaps
    return str(value).strip() or None


def texts(value: Any) -> list[str] | None:
    """A list of texts: a list, a list in JSON, or separated by commas or semicolons."""
    if value is None:
        return None
    if isinstance(value, str):
        if not value.strip():
            return []
        parsed = _json_list(value)
        value = parsed if parsed is not None else re.split(r"[;,]", value)
    items: Iterable[Any] = value if isinstance(value, list | tuple) else [value]
    named = (item.get("name") if isinstance(item, dict) else item for item in items)
    return [text for item in named if (text := plain_text(item)) is not None]


def _json_list(text: str) -> list[Any] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        parsed = json.loads(text)
    except ValueError:
        return None
    return parsed if isinstance(parsed, list) else None


def whole_numbers(value: Any) -> list[int] | None:
    """A list of numbers of issues or pull requests.

    Raises:
        ValueError: one is none.
    """
    found = texts(value)
    if found is None:
        return None
    return [number for item in found if (number := reference(item)) is not None]


def repository_name(value: Any) -> str | None:
    """Owner and name of a repository, from that or from an address of it."""
    text = plain_text(value)
    if text is None:
        return None
    if "://" in text:
        text = urlsplit(text).path
        text = re.sub(r"^/(?:api/v\d+/)?repos/", "/", text)
    elif found := re.fullmatch(r"[\w.-]+@[\w.-]+:(.+)", text):
        text = found[1]
    text = re.sub(r"/(?:-/)?(?:pull|pulls|issues|merge_requests)/\d+.*$", "", text)
    return text.strip("/").removesuffix(".git") or None


def commit_id(value: Any) -> str | None:
    """A full commit id, in lower case.

    Raises:
        ValueError: it is none.
    """
    text = plain_text(value)
    if text is None or is_nothing(text):
        return None
    if not re.fullmatch(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}", text):
        raise ValueError("no full commit id")
    return text.lower()
