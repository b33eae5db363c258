"""Mirrors of repositories given as URLs, in a run: held while mined, repaired, pruned."""

from collections.abc import Callable, Iterable

from quarterdeck.extractors.clones import mirror_in_use, prune_mirrors
from quarterdeck.extractors.mining import MiningResult
from quarterdeck.extractors.repository import without_credentials
from quarterdeck.flows.progress import reporter
from quarterdeck.flows.repositories import Source
from quarterdeck.flows.settings import Settings


def mine_source(source: Source, mine: Callable[[], MiningResult]) -> MiningResult:
    """Mine a repository; one given as a URL is fetched first, and stays locked for us.

    Where commits could not be read and its mirror turns out to be damaged, it is cloned anew
    and mined again.

    Args:
        source: the repository.
        mine: brings the lake up to date with what `source.path` holds.

    Raises:
        ExtractorError: it could not be fetched or mined.
    """
    if source.url is None:
        return mine()
    reporter().line(f"{source.repository_id}: fetching {without_credentials(source.url)}")

    def tell(text: str) -> None:
        reporter().line(f"{source.repository_id}: {text}")

    with mirror_in_use(source.url, source.path, tell) as mirror:
        result = mine()
        if result.problems and mirror.repair():
            result = mine()
    return result


def prune(settings: Settings, sources: Iterable[Source]) -> None:
    """Remove the mirrors that nobody has used for `clones_keep_days`."""
    named = [source.path for source in sources if source.url is not None]
    for folder in prune_mirrors(settings.clones, named, settings.clones_keep_days):
        reporter().line(f"removed the mirror {folder}: not of this run, and not used for long")
