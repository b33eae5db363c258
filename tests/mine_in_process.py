"""A mining process of its own, for tests that kill it, starve it or run two of them.

python mine_in_process.py REPOSITORY LAKE [FILE_SIZE_LIMIT]
"""

import resource
import sys
from pathlib import Path

from quarterdeck.extractors import diff_parts, mining
from quarterdeck.extractors.errors import ExtractorError
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.repository import open_repository


def main(repository: str, lake: str, limit: str = "") -> str | None:
    diff_parts._PART_COMMITS = 5  # many parts, so that there is a middle to be killed in
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        mining.mine_repository(open_repository(Path(repository)), "app", Lake(Path(lake)))
    except ExtractorError as error:
        return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
