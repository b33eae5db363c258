"""The store of the lake in a run: where the settings name one, the record is kept there."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from quarterdeck.extractors.errors import StoreError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_store import LakeStore
from quarterdeck.flows.settings import Settings

_AT_ONCE = 8


def store_of(settings: Settings) -> LakeStore | None:
    """The store that the settings name; None where they name none.

    Raises:
        StoreError: the library for this kind of store is not installed.
    """
    return None if settings.lake_store is None else LakeStore(settings.lake_store)


def bring_lake(settings: Settings, repository_ids: Iterable[str] | None = None) -> None:
    """Bring the lake on this machine's disk up to the store's, where there is a store.

    Args:
        settings: the settings in force.
        repository_ids: of these repositories; None: of all that the store has.

    Raises:
        StoreError: the store cannot be read, was never filled, or parts are lost there.
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    store = store_of(settings)
    if store is None:
        return
    lake = Lake(settings.lake)
    if not store.is_there():
        raise StoreError(
            f"{settings.lake_store}: nothing was ever published there; see whether the share is "
            "mounted and the name is right, or run `quarterdeck mine`, which fills it"
        )
    names = store.repository_ids() if repository_ids is None else list(repository_ids)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(store.fetch, lake, name) for name in names]:
            done.result()
