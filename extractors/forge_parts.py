"""Which parts of the lake a forge's answers stand in, so that what is lost is asked for again.

Beside the cursor a note holds the parts that pages were written to, each with the oldest update
of its page. A part that is there no more (it was damaged, and set aside) sends the cursor back
to that time: whatever it held has been updated then or later. The note is written before the
cursor, so a part is never counted as kept that is not in it.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from quarterdeck.extractors.forge_frames import (
    ForgeFrames,
    append_frames,
    read_cursor,
    write_cursor,
)
from quarterdeck.extractors.forge_pages import set_back
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.schemas import FORGE_TABLES

#: The forges that are asked, as `source` names them.
SOURCES = ("github", "gitlab", "gitea")
_NOTES = "forge_parts"
_READINGS = "forge_readings"
State = Mapping[str, object]


def state_to_go_on_from(lake: Lake, repository_id: str, source: str) -> tuple[State | None, bool]:
    """Where the last run came to, and whether that was set back for parts that are gone.

    Raises:
        LakeError: a note cannot be read.
    """
    state = read_cursor(lake, repository_id, source)
    kept = _read(lake, repository_id, source)
    gone = kept.keys() - _there(lake, repository_id)
    if state is None or not gone:
        return state, False
    times = [kept[part] for part in gone]
    known = [time for time in times if time is not None]
    return set_back(state, min(known) if len(known) == len(times) else None), True


def resume(lake: Lake, repository_id: str, source: str) -> tuple[State | None, bool]:
    """The same, written down: parts that are gone are asked for from now on, and expected no more.

    Raises:
        LakeError: a note cannot be read.
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    state, is_set_back = state_to_go_on_from(lake, repository_id, source)
    if is_set_back and state is not None:
        write_cursor(lake, repository_id, source, state)
    kept, there = _read(lake, repository_id, source), _there(lake, repository_id)
    # of a part that no page of this source is known to have written, nothing is known
    now = {part: kept.get(part) for part in there}
    if now != kept:
        _write(lake, repository_id, source, now)
    return state, is_set_back


def append_page(
    lake: Lake, repository_id: str, source: str, frames: ForgeFrames, state: State
) -> None:
    """Keep what a page told, then which parts that is, then where to go on.

    Raises:
        LakeError: a note cannot be read.
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    append_frames(lake, repository_id, frames)
    _note_new(lake, repository_id, source, frames)
    write_cursor(lake, repository_id, source, state)


def replace_page(
    lake: Lake,
    repository_id: str,
    source: str,
    frames: ForgeFrames,
    in_place_of: Mapping[str, Path],
) -> None:
    """Keep what a page told, read anew, in place of the parts that it was read into; by table.

    Raises:
        LakeError: a note cannot be read.
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    append_frames(lake, repository_id, frames, in_place_of)
    _note_new(lake, repository_id, source, frames)


def ask_again_from(lake: Lake, repository_id: str, source: str, time: datetime | None) -> None:
    """Let the next run ask for all that was updated at a time or later; None: for everything.

    Raises:
        LakeError: a note cannot be read.
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    state = read_cursor(lake, repository_id, source)
    if state is not None:
        write_cursor(lake, repository_id, source, set_back(state, time))


def noted_reading(lake: Lake, repository_id: str, source: str) -> int:
    """The oldest version of the reading by which the lake has what a forge told; 0: not known.

    Raises:
        LakeError: the note cannot be read.
    """
    note = lake.read_note(_READINGS, f"{source} {repository_id}") or {}
    found = note.get("reading")
    return found if isinstance(found, int) else 0


def note_reading(lake: Lake, repository_id: str, source: str, reading: int) -> None:
    """Keep the oldest version of the reading that is in the lake.

    Raises:
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    lake.write_note(_READINGS, f"{source} {repository_id}", {"reading": reading})


def _note_new(lake: Lake, repository_id: str, source: str, frames: ForgeFrames) -> None:
    kept = _read(lake, repository_id, source)
    new = _there(lake, repository_id) - kept.keys()
    if new:
        oldest = frames.pull_requests["updated_at"].min()
        time = oldest if isinstance(oldest, datetime) else None
        _write(lake, repository_id, source, kept | dict.fromkeys(new, time))


def _there(lake: Lake, repository_id: str) -> set[str]:
    return {
        f"{table}/{part.name}"
        for table in FORGE_TABLES
        for part in lake.parts(table, repository_id)
    }


def _read(lake: Lake, repository_id: str, source: str) -> dict[str, datetime | None]:
    note = lake.read_note(_NOTES, f"{source} {repository_id}") or {}
    return {
        part: datetime.fromisoformat(str(time)) if time is not None else None
        for part, time in note.items()
    }


def _write(
    lake: Lake, repository_id: str, source: str, kept: Mapping[str, datetime | None]
) -> None:
    times = {part: time.isoformat() if time is not None else None for part, time in kept.items()}
    lake.write_note(_NOTES, f"{source} {repository_id}", times)
