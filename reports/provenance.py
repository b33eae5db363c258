"""What a written report was made of, as it says itself in its head."""

import re
from pathlib import Path
from typing import Final

_MADE_OF: Final = re.compile(rb'<meta name="quarterdeck-made-of" content="(\w+)">')
_HEAD_BYTES: Final = 16_384  # the head has about a thousand before its style


def read_made_of(report: Path) -> str | None:
    """The digest that `write_report` was given; None where no report says one."""
    try:
        with report.open("rb") as file:
            found = _MADE_OF.search(file.read(_HEAD_BYTES))
    except OSError:
        return None
    return found[1].decode("ascii") if found else None
