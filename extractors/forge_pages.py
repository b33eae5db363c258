"""What an extraction of pull requests goes by: pages, each with where to go on after it.

The state that a page comes with is kept after what the page told: a run that is stopped goes on
after the last page that was kept.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from quarterdeck.extractors.forge_errors import ForgeAnswerError
from quarterdeck.extractors.forge_frames import ForgeFrames

#: Pull requests updated within this time before the last run's newest are asked for again:
#: checks end without moving the time of update.
OVERLAP = timedelta(hours=6)
#: Passes over what changed while the pass before went over several pages.
_PASSES = 4


@dataclass(frozen=True)
class Page:
    """What one page told, and the state of the extraction after it."""

    frames: ForgeFrames
    state: Mapping[str, object]
    total: int | None = None  # pull requests that there are, or are to be asked for
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """What an extraction would take."""

    pull_requests: int | None  # NULL: the forge does not tell
    requests: int | None
    points: int | None  # NULL: this forge counts requests only
    seconds: float | None
    remaining: int | None = None  # points or requests left until the limit's reset


class Extraction(Protocol):
    """Pull requests of one repository of a forge."""

    @property
    def source(self) -> str:
        """`github`, `gitlab` or `gitea`."""

    def pages(self, state: Mapping[str, object] | None) -> Iterator[Page]:
        """All that changed since the state, page by page."""

    def estimate(self, state: Mapping[str, object] | None) -> Estimate:
        """What `pages` would take."""


@dataclass(frozen=True)
class Listed:
    """A page of a list whose newest updates come first."""

    frames: ForgeFrames
    updated: tuple[datetime, ...]  # of its rows
    after: str | None  # where the next page begins; None: this was the last
    total: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far an extraction has come.

    Everything updated up to `watermark` is kept. A run under way has kept what was updated from
    `top` down to its position, and goes on down to `floor`.
    """

    place: str  # forge and repository: a state is of no other
    watermark: datetime | None = None
    top: datetime | None = None
    floor: datetime | None = None
    position: str | None = None

    @classmethod
    def of(cls, state: Mapping[str, object] | None, place: str) -> "Progress":
        """Progress from a kept state; from the start where it is of another repository."""
        if state is None or state.get("place") != place:
            return cls(place)
        position = state.get("position")
        return cls(
            place,
            _time(state.get("watermark")),
            _time(state.get("top")),
            _time(state.get("floor")),
            str(position) if position is not None else None,
        )

    def state(self) -> dict[str, object]:
        """What is kept in the lake."""
        return {
            "place": self.place,
            "watermark": _text(self.watermark),
            "top": _text(self.top),
            "floor": _text(self.floor),
            "position": self.position,
        }

    @property
    def since(self) -> datetime | None:
        """From when on updates are asked for; None: all."""
        return self.watermark - OVERLAP if self.watermark is not None else None


def set_back(state: Mapping[str, object], to: datetime | None) -> dict[str, object]:
    """A state from which all is asked for again that was updated at a time or later.

    Args:
        state: of any kind of forge.
        to: that time; None: from the start.
    """
    if to is None:
        return {}
    position = {name: None for name in ("top", "floor", "position") if name in state}
    times = {name: _time(state.get(name)) for name in ("watermark", "since")}
    earlier = {name: _text(min(time, to)) for name, time in times.items() if time is not None}
    return {**state, **position, **earlier}


class LostPositionError(Exception):
    """The forge does not know the position of a run that was stopped."""


@dataclass
class NewestFirst:
    """Goes through a list whose newest updates come first, down to the watermark.

    While pages are read, an update moves a row to the top, and the others a place down. So none
    is passed over but what moved from below to the top, and that is newer than the top of the
    pass: after several pages, another pass goes from the top down to there.
    """

    read: Callable[[str | None], Listed]
    progress: Progress
    warnings: list[str] = field(default_factory=list)

    def pages(self) -> Iterator[Page]:
        """The pages, each with the state after it."""
        for _ in range(_PASSES):
            was_resumed = self.progress.position is not None
            count = 0
            for page in self._one_pass():
                count += 1
                yield page
            if count <= 1 and not was_resumed:
                return
            # no overlap here: what this pass looks for is newer than the last one's top
            self.progress = replace(self.progress, floor=self.progress.watermark)

    def _one_pass(self) -> Iterator[Page]:
        now = self.progress
        lost = 0
        floor = now.floor if now.floor is not None else now.since
        position, top = now.position, now.top if now.position is not None else None
        while True:
            try:
                listed = self.read(position)
            except LostPositionError:
                lost += 1
                if lost > _PASSES:
                    raise ForgeAnswerError(
                        f"{now.place}: does not know the positions that it gave itself; "
                        "run again later"
                    ) from None
                position, top = None, None
                continue
            if top is None:
                top = max(listed.updated, default=now.watermark)
            reached = floor is not None and any(time < floor for time in listed.updated)
            if listed.after is None or reached:
                self.progress = Progress(now.place, watermark=_later(top, now.watermark))
                yield Page(listed.frames, self.progress.state(), listed.total, listed.warnings)
                return
            if listed.after == position:
                raise ForgeAnswerError(
                    f"{now.place}: gives the same page of pull requests again and again; "
                    "run again later"
                )
            position = listed.after
            self.progress = Progress(now.place, now.watermark, top, floor, position)
            yield Page(listed.frames, self.progress.state(), listed.total, listed.warnings)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one is not None and other is not None else one or other


def moment(value: object) -> datetime | None:
    """A time of a forge's JSON, in UTC; None for null, and for the year 1 that stands for it."""
    found = _time(value)
    return found if found is not None and found.year > 1 else None


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    found = datetime.fromisoformat(str(value))
    if found.year == 1:  # in a zone east of Greenwich it would be before all times
        return found.replace(tzinfo=UTC)
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _text(value: datetime | None) -> str | None:
    return value.isoformat() if value is not None else None
