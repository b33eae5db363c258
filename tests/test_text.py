"""Bytes of git as text."""

import pytest

from quarterdeck.extractors.text import decode_path


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (b"src/a b.py", "src/a b.py"),
        ("straße/日本.py".encode(), "straße/日本.py"),
        (b"caf\xe9", '"caf\\351"'),
        (b'"quoted"', '"\\"quoted\\""'),
        (b"a\0b", '"a\\000b"'),
        (b"tab\there", "tab\there"),
    ],
)
def test_a_path_is_text_or_quoted_as_git_quotes(path: bytes, text: str) -> None:
    assert decode_path(path) == text
