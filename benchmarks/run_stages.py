"""Which stage a full run is at, seen from outside: by the lines it said and the files it made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

#: In the order in which a run goes through them.
STAGES = (
    "starting",
    "fetching",
    "mining: commits and diffs",
    "mining: lines",
    "mining: snapshot",
    "asking the forge",
    "building",
    "estimating",
    "publishing",
    "reporting",
    "ending",
)
_DIFFS = ("commits", "commit_diffs", "file_changes", "content_facts", "attribute_blobs")
_LINES = ("line_deaths", "line_changes", "line_runs")
_SNAPSHOT = (
    *("landings", "refs", "pull_requests", "pull_request_commits", "branch_commits"),
    *("records", "tip_files", "problems", "repositories"),
)


@dataclass
class Watched:
    """A run in a folder, which tells its standard error into the file `stderr` there."""

    folder: Path
    parts: set[Path] = field(default_factory=set)  # that were there before it began
    database: int | None = None  # number of the file (inode) before it began

    def __post_init__(self) -> None:
        self.parts = set(self._files(*_DIFFS, *_LINES, *_SNAPSHOT))
        self.database = self._number()

    def _files(self, *tables: str) -> list[Path]:
        # temporary names, too: they show that a part is being written
        lake = self.folder / ".quarterdeck/lake"
        return [file for table in tables for file in lake.glob(f"{table}/*/*")]

    def _number(self) -> int | None:
        path = self.folder / ".quarterdeck/quarterdeck.duckdb"
        return path.stat().st_ino if path.is_file() else None

    def stage(self) -> str:
        """The furthest that anything shows."""
        said = (self.folder / "stderr").read_text(encoding="utf-8", errors="replace")
        has_new_database = self._number() != self.database
        signs: tuple[tuple[Callable[[], bool], str], ...] = (
            (lambda: "wrote the report" in said, "ending"),
            (lambda: has_new_database or "database: nothing new" in said, "reporting"),
            (lambda: "estimated intervals" in said, "publishing"),
            (lambda: "tables and views (" in said, "estimating"),
            (lambda: any(self.folder.glob(".quarterdeck/.*.building")), "building"),
            (lambda: " landed changes (" in said, "asking the forge"),
            (lambda: self._is_new(*_SNAPSHOT), "mining: snapshot"),
            (lambda: self._is_new(*_LINES), "mining: lines"),
            (lambda: self._is_new(*_DIFFS), "mining: commits and diffs"),
            (lambda: ": fetching " in said, "fetching"),
        )
        return next((stage for is_so, stage in signs if is_so()), "starting")

    def _is_new(self, *tables: str) -> bool:
        return not self.parts.issuperset(self._files(*tables))
