"""Pull requests that a message closes, as where a maintainer applies them by hand or by a script.

Such a landing keeps the author and names the pull request in a line of its own: `Closes #12`
(curl, Spark and many more), `PR-URL: https://...` (Node.js), `Pull Request resolved: https://...`
(PyTorch). A forge calls such a pull request closed, not merged.
"""

import re

_WORDS = r"(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|pr-url|pull[ -]request(?: resolved)?)"
_CLOSING = re.compile(
    rf"(?i)(?<![\w-]){_WORDS}:?[ \t]+"
    r"(?:(?P<sign>[#!])|https?://\S+/(?P<path>pull|pulls|merge_requests)/)(?P<number>\d{1,9})\b"
)


def closed_numbers(message: str, *, is_gitlab: bool) -> list[int]:
    """The numbers of pull requests that a message closes, each once, in its order.

    Args:
        message: of a commit; what it quotes (`> `, a revert's subject) is not its own.
        is_gitlab: there `#12` is an issue and `!12` the merge request; elsewhere they share
            their numbers, and whoever asks knows which are pull requests.
    """
    found: dict[int, None] = {}
    for line in message.splitlines():
        if line.lstrip().startswith((">", "Revert ")):
            continue
        for told in _CLOSING.finditer(line):
            is_merge_request = told["sign"] == "!" or told["path"] == "merge_requests"
            if is_merge_request == is_gitlab:
                found[int(told["number"])] = None
    return list(found)
