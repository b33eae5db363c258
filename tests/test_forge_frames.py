"""What forges told, on its way into the lake."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from quarterdeck.extractors.forge_frames import (
    ForgeFrames,
    append_frames,
    known_pull_requests,
    read_cursor,
    watermark,
    write_cursor,
)
from quarterdeck.extractors.lake import Lake

FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 8, tzinfo=UTC)


def told(number: int, updated: datetime, fetched: datetime, source: str = "gitea") -> ForgeFrames:
    row = {
        "repository_id": "harbour/api",
        "number": number,
        "source": source,
        "fetched_at": fetched,
        "updated_at": updated,
    }
    return ForgeFrames.from_rows([row])


def test_the_newest_telling_counts_and_the_same_twice_is_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for frames in (
        told(7, FIRST, FIRST),
        told(7, FIRST, FIRST),
        told(7, LATER, LATER),
        told(8, FIRST, FIRST),
        told(9, LATER.replace(year=2027), LATER, source="table"),
    ):
        append_frames(lake, "harbour/api", frames)
    assert lake.read("forge_pull_requests", "harbour/api").height == 4
    assert known_pull_requests(lake, "harbour/api", "gitea").rows() == [
        (7, LATER, LATER),
        (8, FIRST, FIRST),
    ]
    assert watermark(lake, "harbour/api", "gitea") == LATER
    assert watermark(lake, "harbour/api", "gitlab") is None
    assert watermark(lake, "harbour/web", "gitea") is None


def test_children_are_there_before_the_watermark_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path)
    key = {"repository_id": "harbour/api", "number": 7, "fetched_at": FIRST}
    frames = ForgeFrames.from_rows(
        [key | {"source": "gitea", "updated_at": FIRST}],
        [key | {"commit_id": "a" * 40, "position": 0}],
        [key | {"review_id": "r1"}],
        [
            {
                "repository_id": "harbour/api",
                "source": "gitea",
                "fetched_at": FIRST,
                "request": "GET /pulls",
                "body": b"{}",
            }
        ],
    )
    written: list[str] = []
    append = Lake.append_told

    def record(lake: Lake, table: str, *rest: object) -> None:
        written.append(table)
        append(lake, table, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Lake, "append_told", record)
    append_frames(lake, "harbour/api", frames)
    assert written[-1] == "forge_pull_requests"
    assert sorted(written) == sorted(frames.by_table())
    assert all(lake.read(table, "harbour/api").height == 1 for table in written)


def test_a_row_of_another_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="harbour/api"):
        append_frames(Lake(tmp_path), "harbour/web", told(7, FIRST, FIRST))
    with pytest.raises(ValueError, match="colour"):
        ForgeFrames.from_rows([{"colour": "red"}])


def test_cursors_are_kept_by_repository_and_source(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert read_cursor(lake, "harbour/api", "github") is None
    write_cursor(lake, "harbour/api", "github", {"after": "abc", "complete": False})
    write_cursor(lake, "harbour/api", "gitlab", {"after": "xyz"})
    assert read_cursor(lake, "harbour/api", "github") == {"after": "abc", "complete": False}
