"""Answers of forges as they came, compressed, so that a better reading needs no second download."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import httpx
import polars as pl
import pyarrow as pa

from quarterdeck.extractors.forge_errors import (
    ForgeAnswerError,
    ForgeNotFoundError,
    ForgeUnavailableError,
    LimitedError,
    TransientError,
)
from quarterdeck.extractors.forge_messages import Answer, label_of

#: How large a page was to be, and which page of a list, in the name of a request.
_SIZE = re.compile(r"(?<=[?&])(?:limit|per_page)=\d+&?")
_PAGE = re.compile(r"(?<=[?&])page=\d+&?")


class Asker(Protocol):
    """Who is asked: a forge (`ForgeClient`), or what is kept of its answers."""

    @property
    def base_url(self) -> str:
        """Where the forge's API is."""

    @property
    def is_refused(self) -> bool:
        """Whether the forge refused every token that there is."""

    def get(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Answer:
        """Ask by GET."""

    def refusal(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Answer:
        """What is kept in place of an answer that the forge does not give."""

    def post(
        self,
        path: str,
        payload: Mapping[str, Any],
        label: str,
        attempts: int | None = None,
        points: int = 1,
        check: Callable[[Any], None] | None = None,
    ) -> Answer:
        """Ask by POST of JSON."""

    def spent(self, points: int, remaining: int, reset: float) -> None:
        """Note what the forge said of points in its last answer."""


def answer_row(answer: Answer, repository_id: str, source: str) -> dict[str, Any]:
    """A row of `FORGE_ANSWERS`."""
    codec = pa.Codec("zstd", compression_level=9)
    return {
        "repository_id": repository_id,
        "source": source,
        "fetched_at": answer.at,
        "request": answer.request,
        "body": codec.compress(answer.content, asbytes=True),
    }


def content(body: bytes) -> bytes:
    """An answer as it came, from the column `body`."""
    with pa.CompressedInputStream(pa.BufferReader(body), "zstd") as stream:
        found: bytes = stream.read()
    return found


class KeptAnswers:
    """The kept answers of one page, asked as a forge is asked; nobody else is.

    What was asked for does not depend on how large a page it was to be. Of several answers to
    one question the next comes each time, and the last from then on.

    Args:
        rows: of `FORGE_ANSWERS`, in the order in which they came.

    Raises:
        ForgeAnswerError: one is damaged.
    """

    base_url = "kept answers"
    is_refused = False

    def __init__(self, rows: pl.DataFrame) -> None:
        self._answers: dict[str, list[Answer]] = {}
        self._lengths: dict[str, int] = {}
        self._requests: Sequence[str] = rows["request"].to_list()
        for row in rows.iter_rows(named=True):
            answer = _answer(row)
            self._answers.setdefault(_question(answer.request), []).append(answer)
            if isinstance(answer.json, list):
                listed = _PAGE.sub("", _question(answer.request))
                self._lengths[listed] = self._lengths.get(listed, 0) + len(answer.json)

    def last(self, pattern: str) -> re.Match[str]:
        """The last request that fits a pattern.

        Raises:
            ForgeAnswerError: none does.
        """
        for request in reversed(self._requests):
            if found := re.fullmatch(pattern, request, re.DOTALL):
                return found
        raise ForgeAnswerError("no list of pull requests is among the kept answers")

    def has(self, path: str) -> bool:
        """Whether a path was asked for by GET, without parameters."""
        return label_of(path, None) in self._answers

    def get(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Answer:
        """An answer to GET.

        Raises:
            ForgeNotFoundError: the forge gave none.
            ForgeUnavailableError: none is kept.
        """
        found = self._taken(label_of(path, parameters))
        if not found.content:
            raise ForgeNotFoundError(f"{found.request}: the forge gave no answer")
        # how many the forge counted is not kept; what is kept is all that it gave
        count = self._lengths.get(_PAGE.sub("", _question(found.request)))
        headers = httpx.Headers({} if count is None else {"X-Total-Count": str(count)})
        return Answer(found.request, headers, found.content, found.json, found.at)

    def refusal(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Answer:
        """What was kept in place of an answer."""
        return self._taken(label_of(path, parameters))

    def post(
        self,
        _path: str,
        _payload: Mapping[str, Any],
        label: str,
        _attempts: int | None = None,
        _points: int = 1,
        check: Callable[[Any], None] | None = None,
    ) -> Answer:
        """An answer to POST.

        Raises:
            ForgeUnavailableError: none is kept, or it is one to ask for again.
        """
        found = self._taken(label)
        try:
            if check is not None:
                check(found.json)
        except (TransientError, LimitedError) as error:
            raise ForgeUnavailableError(f"{label}: {error}") from error
        return found

    def spent(self, _points: int, _remaining: int, _reset: float) -> None:
        """Nothing is spent."""

    def _taken(self, request: str) -> Answer:
        found = self._answers.get(_question(request))
        if not found:
            raise ForgeUnavailableError(f"{request}: no answer is kept")
        return found.pop(0) if len(found) > 1 else found[0]


def _answer(row: Mapping[str, Any]) -> Answer:
    try:
        body = content(row["body"])
        told = json.loads(body) if body else None
    except (ValueError, OSError, pa.ArrowException) as error:
        raise ForgeAnswerError(f"{row['request']}: damaged ({error})") from error
    return Answer(row["request"], httpx.Headers(), body, told, row["fetched_at"])


def _question(request: str) -> str:
    """A request without the size of its page."""
    if request.startswith("GET "):
        return _SIZE.sub("", request)
    try:
        told = json.loads(request)
        told["variables"].pop("size", None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ForgeAnswerError(f"{request}: no request ({error})") from error
    return json.dumps(told, sort_keys=True)
