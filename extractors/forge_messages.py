"""An answer of a forge, and what stands in it beside the data: numbers of headers, and words."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx


@dataclass(frozen=True)
class Answer:
    """One answer of a forge."""

    request: str  # what was asked, without any credential
    headers: httpx.Headers
    content: bytes
    json: Any
    at: datetime  # UTC, by the forge's clock


def label_of(path: str, parameters: Mapping[str, str | int] | None) -> str:
    """How a GET request is called where its answer is kept."""
    asked = "&".join(f"{key}={value}" for key, value in (parameters or {}).items())
    return f"GET {path}" + (f"?{asked}" if asked else "")


def place(request: httpx.Request) -> str:
    """What was asked for, without its query."""
    return str(request.url.copy_with(query=None))


def number(text: str | None) -> float | None:
    """A header's number; None where it has none, or one that no clock can show."""
    return float(text) if text is not None and re.fullmatch(r"\d{1,15}(\.\d+)?", text) else None


def message(response: httpx.Response) -> str:
    """What the forge says, in one short line."""
    try:
        told = json.loads(response.content)
    except (ValueError, RecursionError):
        told = response.reason_phrase or "no message"
    if isinstance(told, dict):
        told = told.get("message") or told.get("error") or "no message"
    text = "".join(filter(str.isprintable, " ".join(str(told).split())))
    return text if len(text) <= 200 else text[:197] + "..."
