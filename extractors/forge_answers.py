"""Answers of forges as they came, compressed, so that a better reading needs no second download."""

from typing import Any

import pyarrow as pa

from quarterdeck.extractors.forge_http import Answer


def answer_row(answer: Answer, repository_id: str, source: str) -> dict[str, Any]:
    """A row of `FORGE_ANSWERS`."""
    codec = pa.Codec("zstd", compression_level=9)
    return {
        "repository_id": repository_id,
        "source": source,
        "fetched_at": answer.at,
        "request": answer.request,
        "body": codec.compress(answer.content, asbytes=True),
    }


def content(body: bytes) -> bytes:
    """An answer as it came, from the column `body`."""
    with pa.CompressedInputStream(pa.BufferReader(body), "zstd") as stream:
        found: bytes = stream.read()
    return found
