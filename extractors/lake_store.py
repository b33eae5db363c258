"""A lake's record in an object store or a shared folder, for hosts that share no disk.

Every host keeps a lake of its own on its disk, the same as without a store. Before a repository
is mined the host fetches what the store has and it has not; after it, it publishes what is new.

    parts/<repository>/<sha256>           the bytes of a part, named by what they are
    index/<repository>/<sha256>.json      which parts make up the repository's lake

A part is never changed, save that of a forge whose answers are read anew: there the newer one
holds. An index is written after all parts that it names, whole and under a name
of its own, so two writers never write the same name. A reader takes the parts of append-only
tables from all indexes there are, and those of snapshots from the newest one alone: two hosts
that mined one repository at once (one was cut off, and thought dead) add up, and never mix. A
writer removes the indexes that it has read, for its own holds all of them.

    store.json                            that this is a store, and of which version

It tells a store that is empty from a bucket with another name, or a share that is not mounted.
"""

import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import filelock

from quarterdeck.extractors.errors import DamagedStoreError, LakeWriteError, StoreError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_files import LAKE_VERSION, cannot_write, file_name
from quarterdeck.extractors.lake_upgrade import upgrade
from quarterdeck.extractors.schemas import (
    ARCHIVE_TABLES,
    CHECKPOINT_TABLES,
    COMMIT_TABLES,
    FORGE_TABLES,
    SNAPSHOT_TABLES,
)
from quarterdeck.extractors.store_files import StoreFiles
from quarterdeck.extractors.store_state import Entry, Parts, State, entries

#: Tells that a folder is a store.
MARK = "store.json"
#: Days for which a part that no index names any more is kept, for readers with an old index.
KEEP_DAYS = 7
# An index may be replaced between listing and reading it, and some stores list late.
_LOOK_AGAIN_SECONDS = (0.0, 0.2, 1.0, 4.0)
_OBJECT = re.compile(r"[0-9a-f]{64}")
_PART = re.compile(r"[a-z_]+/[^/.][^/]*\.parquet")
_BATCH = 16
_VERSION = 1
_APPENDED = COMMIT_TABLES | FORGE_TABLES
# In this order `repositories`, which completes a snapshot, comes last.
_REPLACED = CHECKPOINT_TABLES | SNAPSHOT_TABLES


@dataclass
class Known:
    """What the indexes of a repository say, all together."""

    indexes: set[str] = field(default_factory=set)  # names of their files
    parts: Parts = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)  # that any index names
    #: Objects that no index names any more, and since when (seconds of the epoch).
    superseded: dict[str, float] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)  # parts that could not be fetched
    is_earlier: bool = False  # whether any was written by a version with other columns


class LakeStore:
    """The store at a URL.

    Args:
        url: of a folder there, such as `s3://bucket/prefix`, or the path of a shared folder.

    Raises:
        StoreError: the library for this kind of store is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._files = StoreFiles(url)

    def repository_ids(self) -> list[str]:
        """The repositories of which the store has a lake, in order of name.

        Raises:
            StoreError: it cannot be read.
        """
        return sorted(unquote(name) for name in self._files.names("index"))

    def prepare(self, lake: Lake) -> None:
        """Make sure, before work is put into it, that this is the store and takes what is written.

        Raises:
            StoreError: it cannot be written, is of a newer version, or was emptied (or is
                another place by now) since this machine's lake last met it.
        """
        note = hashlib.sha256(self.url.encode()).hexdigest()[:20]
        if not self.is_there():
            if lake.read_note("stores", note) is not None:
                raise StoreError(
                    f"{self.url}: is empty, and this machine has published there before; see "
                    "whether the share is mounted and the name is right. To fill it anew from "
                    f"this machine's lake, remove {lake.root}/stores"
                )
            self._files.write("", {MARK: json.dumps({"quarterdeck_store": _VERSION}).encode()})
        if lake.read_note("stores", note) is None:
            lake.write_note("stores", note, {"url": self.url})

    def is_there(self) -> bool:
        """Whether the store was ever prepared.

        Raises:
            StoreError: it cannot be read, or is of a newer version.
        """
        content = self._files.read("", [MARK])[MARK]
        if content is None:
            return bool(self._files.names("index"))  # of before there was a mark
        try:
            version = json.loads(content)["quarterdeck_store"]
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{self.url}: {MARK} is not Quarterdeck's; name another lake_store"
            ) from error
        self._refuse_newer(version)
        return True

    def _refuse_newer(self, version: object, lake_version: object = LAKE_VERSION) -> None:
        is_known = isinstance(version, int) and version <= _VERSION
        if not is_known or not isinstance(lake_version, int) or lake_version > LAKE_VERSION:
            raise StoreError(
                f"{self.url}: written by a newer Quarterdeck; upgrade this one, or name "
                "another lake_store"
            )

    @contextmanager
    def kept(self, lake: Lake, repository_id: str) -> Iterator[None]:
        """Fetch before what is done inside, and publish what it brought; nothing if it failed.

        Lost parts are left to be mined again inside.

        Raises:
            StoreError: the store cannot be read or written.
            LakeWriteError: the disk of this host is full, or cannot be written.
        """
        with _held(lake, repository_id):
            known = self._fetch(lake, repository_id)
            self._miss(known, file_name(repository_id))
            yield
            self._publish(lake, repository_id, known)

    def fetch(self, lake: Lake, repository_id: str) -> None:
        """Bring the lake on this host's disk up to the store's, for a build.

        Raises:
            DamagedStoreError: parts are lost; the next mining brings them back.
            StoreError: the store cannot be read.
            LakeWriteError: the disk of this host is full, or cannot be written.
        """
        with _held(lake, repository_id):
            known = self._fetch(lake, repository_id)
        if known.damaged:
            raise DamagedStoreError(
                f"{self.url}: {repository_id}: {len(known.damaged)} parts are lost or damaged, "
                f"such as {known.damaged[0]}; run `quarterdeck mine`, which mines again what was "
                "in them"
            )

    def publish(self, lake: Lake, repository_id: str) -> None:
        """Publish what the lake on this host's disk has gained beside mining.

        Raises:
            StoreError: the store cannot be read or written.
        """
        with self.kept(lake, repository_id):
            pass

    def _known(self, folder: str) -> Known:
        """Read all indexes of a repository."""
        known = Known()
        found: list[tuple[tuple[int, int, str], Mapping[str, Any]]] = []
        for name, content in self._indexes(folder).items():
            if hashlib.sha256(content).hexdigest() != name.partition(".")[0]:
                continue  # half written
            index = self._checked(content, f"index/{folder}/{name}")
            known.indexes.add(name)
            known.is_earlier |= index["lake"] < LAKE_VERSION
            found.append((_age(index["parts"], name), index))
        for _, index in sorted(found, key=lambda pair: pair[0]):  # the newest last
            parts = entries(index["parts"])
            known.objects.update(entry[0] for entry in parts.values())
            known.superseded |= {
                n: t for n, t in index["superseded"].items() if _OBJECT.fullmatch(n)
            }
            known.parts = {p: e for p, e in known.parts.items() if _table(p) not in _REPLACED}
            known.parts |= {p: e for p, e in parts.items() if not _is_older(p, e, known.parts)}
        return known

    def _indexes(self, folder: str) -> dict[str, bytes]:
        """All indexes by name; one is written before those that it replaces are removed."""
        names: list[str] = []
        contents: dict[str, bytes] = {}
        for seconds in _LOOK_AGAIN_SECONDS:
            time.sleep(seconds)
            names = self._files.names(f"index/{folder}")
            found = self._files.read(f"index/{folder}", names)
            contents = {name: content for name, content in found.items() if content is not None}
            if len(contents) == len(names):
                break
        if names and not contents:
            raise StoreError(
                f"{self.url}: index/{folder}: {len(names)} are listed, and none can be read; run "
                "again when the store lists what it has"
            )
        return contents

    def _checked(self, content: bytes, name: str) -> Mapping[str, Any]:
        """An index whose parts lie where parts do, and nowhere else."""
        try:
            index = {"lake": 1} | json.loads(content)
            self._refuse_newer(index["version"], index["lake"])
            for path, entry in entries(index["parts"]).items():
                if not _PART.fullmatch(path) or not _OBJECT.fullmatch(entry[0]):
                    raise ValueError(f"{path!r} is no part")
            dict(index["superseded"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"{self.url}: {name}: is no index ({error}); remove it there, and see who wrote it"
            ) from error
        return dict(index)

    def _miss(self, known: Known, folder: str) -> None:
        """Look which objects are gone or cut short; who has them on disk publishes them anew."""
        if not known.indexes:
            return
        sizes = self._files.sizes(f"parts/{folder}")
        for path, (name, size, _) in known.parts.items():
            if sizes.get(name) != size:
                known.objects.discard(name)
                known.damaged.append(path)

    def _fetch(self, lake: Lake, repository_id: str) -> Known:
        folder = file_name(repository_id)
        known = self._known(folder)
        if not known.indexes:
            return known
        state = State(lake, folder)
        wanted = {p: e for p, e in known.parts.items() if _table(p) in _APPENDED | _REPLACED}
        there = {path: state.entry(path) for path in wanted}
        other = {
            path
            for path, entry in there.items()
            if entry is not None and entry[0] != wanted[path][0] and _table(path) in _REPLACED
        }
        # what this host wrote and could not publish counts only as far as it is appended
        stale = sorted(other.union(state.local(_REPLACED)) - (wanted.keys() - other), key=_is_inner)
        if other:  # one of the same number: it must not count while it is replaced
            state.remove(stale)
        missing = [p for p in wanted if there[p] is None or p in other]
        missing += [p for p, entry in there.items() if entry and _is_older(p, entry, wanted)]
        missing.sort(key=lambda path: (_order(path), path))
        for start in range(0, len(missing), _BATCH):
            self._bring(state, wanted, missing[start : start + _BATCH], known)
        state.remove(path for path in stale if path not in wanted)
        state.save()
        if known.is_earlier:
            upgrade(lake, folder)
        return known

    def _bring(self, state: State, wanted: Parts, paths: Iterable[str], known: Known) -> None:
        objects = {path: wanted[path][0] for path in paths}
        contents = self._files.read(f"parts/{state.folder}", set(objects.values()))
        for path, name in objects.items():
            content = contents[name]
            if content is None or hashlib.sha256(content).hexdigest() != name:
                known.damaged.append(path)
                known.objects.discard(name)
                if content is not None:
                    self._files.set_aside(f"parts/{state.folder}", name, content)
                continue
            state.write(path, content, wanted[path])

    def _publish(self, lake: Lake, repository_id: str, known: Known) -> None:
        folder = file_name(repository_id)
        state = State(lake, folder)
        # what this host has not fetched: archives, and tables of a newer version
        others = known.parts.keys() - {p for p in known.parts if _table(p) in _APPENDED | _REPLACED}
        parts = {p: known.parts[p] for p in others if known.parts[p][0] in known.objects}
        for path in state.local(_APPENDED | _REPLACED | ARCHIVE_TABLES):
            entry = state.entry(path)
            if entry is not None:
                parts[path] = entry
        state.save()
        if len(known.indexes) == 1 and parts == known.parts and not known.damaged:
            return
        new = {e[0]: state.place(p) for p, e in parts.items() if e[0] not in known.objects}
        for start in range(0, len(new), _BATCH):
            batch = list(new)[start : start + _BATCH]
            self._files.write(f"parts/{folder}", {name: new[name].read_bytes() for name in batch})
        known.objects.update(new)
        named = {entry[0] for entry in parts.values()}
        now = time.time()
        gone = known.superseded | {
            name: min(known.superseded.get(name, now), now) for name in known.objects - named
        }
        gone = {name: since for name, since in gone.items() if name not in named}
        due = {name for name, since in gone.items() if now - since > KEEP_DAYS * 86_400}
        index = {
            "version": _VERSION,
            "lake": LAKE_VERSION,
            "repository_id": repository_id,
            "parts": parts,
            "superseded": {name: since for name, since in gone.items() if name not in due},
        }
        content = json.dumps(index, sort_keys=True).encode()
        name = f"{hashlib.sha256(content).hexdigest()}.json"
        self._files.write(f"index/{folder}", {name: content})
        self._files.remove(f"index/{folder}", known.indexes - {name})
        self._files.remove(f"parts/{folder}", due)


@contextmanager
def _held(lake: Lake, repository_id: str) -> Iterator[None]:
    """Hold a repository from fetching to publishing, against other processes of this host."""
    path = lake.root / "locks" / f"{file_name(repository_id)}.store.lock"
    lock = filelock.FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise LakeWriteError(cannot_write(path, error)) from error
    try:
        yield
    finally:
        lock.release()


def _table(path: str) -> str:
    return path.partition("/")[0]


def _is_older(path: str, entry: Entry, parts: Parts) -> bool:
    """Whether it has been read anew since: a forge's part then keeps its name."""
    other = parts.get(path, entry)
    return _table(path) in FORGE_TABLES and other[0] != entry[0] and other[2] > entry[2]


def _is_inner(path: str) -> tuple[bool, str]:
    """Orders the part that completes a snapshot before those that it completes."""
    return _table(path) != "repositories", path


def _order(path: str) -> int:
    """What a snapshot is about comes before it."""
    table = _table(path)
    return list(_REPLACED).index(table) + 1 if table in _REPLACED else 0


def _age(parts: Mapping[str, Any], name: str) -> tuple[int, int, str]:
    """Orders indexes by their newest snapshot: its number, when it was written, and a name."""
    newest = max((path for path in parts if _table(path) == "repositories"), default=None)
    if newest is None:
        return 0, 0, name
    return int(Path(newest).stem), int(parts[newest][2]), name
