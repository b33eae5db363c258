"""The files of a repository: edits of which every added and deleted line is known.

No line stands twice in a repository, and edits keep the order of lines, so there is one diff
only: a line is added, deleted or neither, whatever the algorithm.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

_WORDS: Final = (
    *("berth", "cargo", "tide", "buoy", "crane", "lock", "pilot", "quay", "wharf", "draft"),
    *("signal", "mooring", "channel", "anchor", "beacon", "harbour", "manifest", "watch", "log"),
)
_NEW_FILE: Final = 160  # lines: what is larger becomes several files
_LONG_FILE: Final = 420
_FOLDERS: Final = ("store", "routes", "rules", "views", "jobs", "plans", "models", "checks")
_CODE: Final = ("source", "test")


@dataclass(frozen=True, slots=True)
class Edit:
    """One file before and after; None where there is no file.

    Attributes:
        kind: class of the file.
        added: lines that it gains.
        deleted: lines that it loses.
        first: number of the first line added, from 1; the others follow it.
    """

    path: str
    kind: str
    before: bytes | None
    after: bytes | None
    added: int
    deleted: int
    first: int = 1

    @property
    def is_code(self) -> bool:
        """Whether its lines are code lines."""
        return self.kind in _CODE

    def reverse(self) -> "Edit":
        """The edit that undoes this one; its lines are where the others stood, so not followed."""
        return Edit(self.path, self.kind, self.after, self.before, self.deleted, self.added)


@dataclass(slots=True)
class Files:
    """Contents of the default branch, and which of them open work holds."""

    suffix: str
    rng: random.Random
    contents: dict[str, bytes] = field(default_factory=dict)
    _paths: dict[str, list[str]] = field(default_factory=dict)  # by class
    _held: set[str] = field(default_factory=set)
    _lines: int = 0
    _files: int = 0

    def text(self, kind: str, count: int) -> bytes:
        """Lines that were never written before."""
        first, self._lines = self._lines, self._lines + count
        form = {"docs": "The {} keeps the {} in case {:x}.", "config": "{}_{}_{:x}: true"}.get(
            kind, "    {} = {}.take(0x{:x})"
        )
        size = len(_WORDS)
        return "".join(
            form.format(_WORDS[n % size], _WORDS[n // size % size], n) + "\n"
            for n in range(first, self._lines)
        ).encode()

    def write(self, kind: str, lines: int, mine: Iterable[str] = ()) -> list[Edit]:
        """New lines, in an existing file or in new ones; `mine` are files not to touch."""
        taken = self._held.union(mine)
        path = self._existing(kind, taken) if self.rng.random() < 0.5 else None
        if kind == "lockfile":
            path = self.lockfile if self.lockfile in self.contents else None
        if path is not None and lines <= 2 * _NEW_FILE:
            return [self._change(path, kind, lines)]
        edits = []
        while lines > 0:
            count = lines if lines < 1.5 * _NEW_FILE else _NEW_FILE
            lines -= count
            text = self.text(kind, count)
            edits.append(Edit(self._new_path(kind), kind, None, text, count, 0))
        return edits

    @property
    def lockfile(self) -> str:
        """The package manager's record of versions."""
        return {".py": "uv.lock", ".go": "go.sum", ".ts": "yarn.lock"}[self.suffix]

    def apply(self, edits: Iterable[Edit], is_handled: bool = True) -> None:
        """Let edits land; later edits choose among files that are handled."""
        for edit in edits:
            if edit.after is None:
                self.contents.pop(edit.path, None)
                continue
            if is_handled and edit.path not in self.contents:
                self._paths.setdefault(edit.kind, []).append(edit.path)
            self.contents[edit.path] = edit.after

    def hold(self, edits: Iterable[Edit]) -> None:
        """Keep others from files that are about to land."""
        self._held.update(edit.path for edit in edits)

    def release(self, edits: Iterable[Edit]) -> None:
        """Let others touch the files again."""
        self._held.difference_update(edit.path for edit in edits)

    def remove(self, kind: str) -> Edit | None:
        """The removal of a file; None where there is none to spare."""
        path = self._existing(kind, self._held)
        if path is None:
            return None
        content = self.contents[path]
        return Edit(path, kind, content, None, 0, content.count(b"\n"))

    def rename(self) -> tuple[Edit, Edit] | None:
        """A source file that moves as it is: no line is added or deleted."""
        path = self._existing("source", self._held)
        if path is None:
            return None
        content = self.contents[path]
        there = Edit(self._new_path("source"), "source", None, content, 0, 0)
        return Edit(path, "source", content, None, 0, 0), there

    def _existing(self, kind: str, taken: set[str]) -> str | None:
        paths = self._paths.get(kind, [])
        for _ in range(6 if paths else 0):
            # what is new is changed most
            reach = len(paths) if self.rng.random() < 0.35 else min(150, len(paths))
            number = len(paths) - 1 - self.rng.randrange(reach)
            path = paths[number]
            if path not in self.contents:
                paths.pop(number)
            elif path not in taken:
                return path
            if not paths:
                break
        return None

    def _change(self, path: str, kind: str, lines: int) -> Edit:
        """Put new lines in the place of some old ones."""
        before = self.contents[path]
        old = before.splitlines(keepends=True)
        spare = len(old) - 1
        gone = min(spare, round(lines * self.rng.uniform(0.1, 1.3)))
        if len(old) > _LONG_FILE:
            gone = min(spare, max(gone, lines))
        start = self.rng.randrange(len(old) - gone + 1)
        after = b"".join([*old[:start], self.text(kind, lines), *old[start + gone :]])
        return Edit(path, kind, before, after, lines, gone, start + 1)

    def _new_path(self, kind: str) -> str:
        self._files += 1
        number, folder = self._files, self.rng.choice(_FOLDERS)
        word = _WORDS[number % len(_WORDS)]
        if kind == "docs":
            return f"docs/{folder}/{word}-{number}.md"
        if kind == "config":
            return f"config/{word}_{number}.yaml"
        if kind == "lockfile":
            return self.lockfile
        part = f"{folder}/part{number % 40:02}"
        if kind == "test":
            name = {".py": f"test_{word}_{number}.py", ".go": f"{word}_{number}_test.go"}
            return f"tests/{part}/{name.get(self.suffix, f'{word}_{number}.test{self.suffix}')}"
        return f"src/{part}/{word}_{number}{self.suffix}"
