"""Damaged parts of the lake: found, named, set aside, so that they are mined again."""

from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_checksums import set_damaged_aside
from quarterdeck.extractors.lake_upgrade import upgrade
from quarterdeck.flows.progress import reporter


def heal(lake: Lake, *, everything: bool = False, repository_id: str | None = None) -> bool:
    """Set aside what is damaged in the lake; whether there was anything.

    The small parts that name the repositories are read each time, all others of a repository
    once in `lake_checksums.VERIFY_DAYS`.

    Args:
        lake: the lake.
        everything: whether to read all parts now.
        repository_id: look at this repository alone; None: at all.

    Raises:
        LakeWriteError: a damaged part cannot be set aside.
    """
    found = set_damaged_aside(lake.root, everything=everything, repository_id=repository_id)
    for part in found:
        reporter().line(
            f"{part} is damaged: set aside as {part.name}.damaged; what was in it is mined again"
        )
    return bool(found)


def bring_up_to_date(lake: Lake) -> None:
    """Bring a lake of an earlier version to this one, and say so.

    Raises:
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    version = lake.version
    count = upgrade(lake)
    if lake.version != version:
        reporter().line(
            f"{lake.root}: a lake of version {version}, brought to version {lake.version}: {count} "
            "parts have new columns; what git still has of them is mined again"
        )
