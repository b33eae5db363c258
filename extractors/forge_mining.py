"""One repository's pull requests, from a forge into the lake, page by page."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from quarterdeck.extractors.forge_frames import known_pull_requests
from quarterdeck.extractors.forge_http import ForgeClient
from quarterdeck.extractors.forge_pages import Extraction
from quarterdeck.extractors.forge_parts import append_page, resume
from quarterdeck.extractors.forge_withdrawn import KnownReviews
from quarterdeck.extractors.lake import Lake


@dataclass(frozen=True)
class ForgeResult:
    """What one run took from a forge."""

    repository_id: str
    pull_requests: int  # told in this run; one that was told twice counts twice
    requests: int
    points: int
    waited: float  # seconds, for limits
    missing: int  # of the forge's own count, not in the lake after the run
    warnings: tuple[str, ...]


def mine_forge(
    extraction: Extraction,
    client: ForgeClient,
    lake: Lake,
    repository_id: str,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ForgeResult:
    """Bring the lake up to date with a forge; what a page told is kept before the next.

    Raises:
        ForgeError: a subclass says what is wrong; the next run goes on after the last page.
        LakeWriteError: the disk is full, or the folder cannot be written.
    """
    done, total, warnings = 0, None, list[str]()
    before = replace(client.usage)
    with lake.lock(repository_id):
        state, is_set_back = resume(lake, repository_id, extraction.source)
        if is_set_back:
            warnings.append("parts of what the forge told are gone from the lake: asked for again")
        is_first = not state
        reviews = KnownReviews.of(lake, repository_id)
        for page in extraction.pages(state):
            frames = reviews.with_withdrawn(page.frames)
            append_page(lake, repository_id, extraction.source, frames, page.state)
            done += page.frames.pull_requests.height
            total = page.total if page.total is not None else total
            warnings += page.warnings
            if is_first and total:
                progress(min(done, total), total)
        known = known_pull_requests(lake, repository_id, extraction.source).height
    usage = client.usage
    missing = max(total - known, 0) if total is not None else 0
    return ForgeResult(
        repository_id,
        done,
        usage.requests - before.requests,
        usage.points - before.points,
        usage.waited - before.waited,
        missing,
        tuple(dict.fromkeys(warnings)),
    )
