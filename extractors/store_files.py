"""Files of a store through fsspec: object stores, and folders that several hosts share."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from quarterdeck.extractors.errors import LakeWriteError, StoreError
from quarterdeck.extractors.lake_files import write_whole
from quarterdeck.extractors.repository import without_credentials

#: Kinds of stores, and the extra that brings each one's library.
EXTRAS = {"s3": "s3", "gs": "gcs", "gcs": "gcs", "az": "az", "abfs": "az", "file": None}
# What the libraries raise beside OSError.
_FOREIGN = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("aiohttp", "ClientError"),
    ("gcsfs.retry", "HttpError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
)
_LONGEST_REASON = 300


def store_problem(url: str) -> str | None:
    """What is wrong with the URL of a store, and what to do; None where nothing is."""
    parts = urlsplit(url)
    if not url.strip():
        return "names no place; name a URL or a folder, or leave lake_store out"
    if not parts.scheme:
        return None
    if parts.scheme not in EXTRAS:
        kinds = ", ".join(f"{kind}://" for kind in EXTRAS)
        return f"a store of no kind that is known ({kinds}); name one, or a shared folder"
    if parts.username is not None or parts.password is not None or parts.query:
        return "holds credentials or options; these belong in the environment of each host"
    if parts.scheme != "file" and not parts.netloc:
        return f"names no bucket; write {parts.scheme}://bucket/prefix"
    return None


class StoreFiles:
    """The files below a URL; every name is relative to it.

    Raises:
        StoreError: the library for this kind of store is not installed, or knows not whom to ask.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        kind = urlsplit(url).scheme
        try:
            # listings must be those of now, not those of the last call
            self._fs, self._root = url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise StoreError(
                f"{url}: {error}; pip install 'quarterdeck[{EXTRAS.get(kind) or kind}]'"
            ) from error
        except ValueError as error:  # Azure's, without the name of an account
            raise StoreError(
                f"{url}: {_short(error)}; set what it asks for in the environment of this host"
            ) from error
        self._root = self._root.rstrip("/")

    def names(self, folder: str) -> list[str]:
        """The names directly in a folder, in order; none where there is no such folder."""
        return sorted(self.sizes(folder))

    def sizes(self, folder: str) -> dict[str, int | None]:
        """The same, with the size in bytes; None where it has none, as of a folder."""
        here = f"{self._root}/{folder}"
        with self._told():
            self._fs.invalidate_cache()
            try:
                found = self._fs.ls(here, detail=True)
            except (FileNotFoundError, NotADirectoryError):
                return {}
        names = {str(told["name"]).rstrip("/"): told.get("size") for told in found}
        # some list a file as its own content, and S3 the object that marks a folder
        inside = {path.removeprefix(f"{here}/"): size for path, size in names.items()}
        return {n: size for n, size in inside.items() if "/" not in n and not n.startswith(".")}

    def read(self, folder: str, names: Iterable[str]) -> dict[str, bytes | None]:
        """The contents of files; None for one that is not there."""
        paths = {f"{self._root}/{folder}/{name}": name for name in sorted(names)}
        if not paths:
            return {}
        with self._told():
            found = self._fs.cat(list(paths), on_error="return")
            for content in found.values():
                if isinstance(content, BaseException) and not isinstance(
                    content, FileNotFoundError | NotADirectoryError
                ):
                    raise content
        contents = {path: content for path, content in found.items() if isinstance(content, bytes)}
        return {name: contents.get(path) for path, name in paths.items()}

    def write(self, folder: str, contents: Mapping[str, bytes]) -> None:
        """Write files side by side, each of which is seen whole or not at all."""
        paths = {f"{self._root}/{folder}/{name}": content for name, content in contents.items()}
        with self._told():
            if isinstance(self._fs, LocalFileSystem):
                for path, content in paths.items():
                    write_whole(Path(path), content)
            elif paths:
                self._fs.pipe(paths)

    def remove(self, folder: str, names: Iterable[str]) -> None:
        """Remove files; one that is gone already is no matter."""
        for name in sorted(names):
            with self._told():
                try:
                    self._fs.rm_file(f"{self._root}/{folder}/{name}")
                except FileNotFoundError:
                    continue

    def set_aside(self, folder: str, name: str, content: bytes) -> None:
        """Give a file with this content another name, under which nobody looks for it."""
        self.write(folder, {f"{name}.damaged": content})
        self.remove(folder, [name])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what the library raises as a StoreError."""
        foreign = tuple(
            getattr(sys.modules[module], name) for module, name in _FOREIGN if module in sys.modules
        )
        try:
            yield
        except LakeWriteError as error:  # of a shared folder
            raise StoreError(str(error)) from error
        except FileNotFoundError as error:
            raise StoreError(
                f"{self.url}: there is no such bucket or folder ({_short(error)}); make it, or "
                "correct lake_store"
            ) from error
        except (OSError, *foreign) as error:
            raise StoreError(
                f"{self.url}: cannot be used: {_short(error)}; see to the network, the "
                "credentials in the environment and the rights on the store, and run again: what "
                "was written before is kept"
            ) from error


def _short(error: Exception) -> str:
    """What an error of a library says, on one line, without secrets and without whole pages."""
    said = without_credentials(" ".join(str(error).split())) or type(error).__name__
    said = said.partition(" Content: <")[0]
    return said if len(said) <= _LONGEST_REASON else f"{said[:_LONGEST_REASON]} ..."
