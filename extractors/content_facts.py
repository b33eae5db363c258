"""Facts on file contents that bear on file classes, mined once a blob.

Two kinds of blobs are read: every version of a `.gitattributes` file that a diff shows, and the
newest version of each path whose name says source or test. What is kept of the latter are facts,
not a verdict (`generated_content` judges them when the database is built), so that a better rule
needs no re-mining.
"""

from typing import Final

import polars as pl

from quarterdeck.extractors.blobs import Blob, read_blobs
from quarterdeck.extractors.file_class_rules import load_rules
from quarterdeck.extractors.file_classes import classify
from quarterdeck.extractors.generated_content import facts_of
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.repository import OpenRepository
from quarterdeck.extractors.schemas import ATTRIBUTE_BLOBS, CONTENT_FACTS
from quarterdeck.extractors.shadow import Shadow
from quarterdeck.extractors.text import decode_text

#: Larger blobs are not read: nothing near it is a table of patterns, or written by hand.
SIZE_LIMIT: Final = 8 << 20
_PART_BLOBS: Final = 20_000
_FILE_MODES: Final = ("100644", "100755", "100664")


def mine_contents(
    repository: OpenRepository,
    repository_id: str,
    lake: Lake,
    landings: pl.DataFrame,
    tip_files: pl.DataFrame,
) -> None:
    """Bring `attribute_blobs` and `content_facts` up to date with the file changes in the lake.

    Missing and damaged blobs get no row, and are tried again when next something is new.

    Args:
        repository: where the blobs are.
        repository_id: its name in the lake.
        lake: holds the diffs of every landed change.
        landings: schema `LANDINGS`.
        tip_files: schema `TIP_FILES`.

    Raises:
        LakeWriteError: a part could not be written.
        GitCommandError: there is no git executable.
    """
    attributes = _attribute_blobs(repository_id, lake)
    texts = _newest_texts(repository_id, lake, landings, tip_files)
    if not attributes and not texts:
        return
    with Shadow(repository.objects) as shadow:
        rows: list[tuple[object, ...]] = [
            (
                repository_id,
                blob.blob_id,
                None if blob.content is None else decode_text(blob.content),
            )
            for blob in read_blobs(shadow, attributes, SIZE_LIMIT)
        ]
        if rows:
            frame = pl.DataFrame(rows, schema=ATTRIBUTE_BLOBS, orient="row")
            lake.append("attribute_blobs", frame, "blob_id", repository_id)
        rows = []
        for blob in read_blobs(shadow, texts, SIZE_LIMIT):
            rows.append((repository_id, *_row(blob)))
            if len(rows) == _PART_BLOBS:
                _write_facts(lake, repository_id, rows)
        _write_facts(lake, repository_id, rows)


def _write_facts(lake: Lake, repository_id: str, rows: list[tuple[object, ...]]) -> None:
    if rows:
        frame = pl.DataFrame(rows, schema=CONTENT_FACTS, orient="row")
        lake.append("content_facts", frame, "blob_id", repository_id)
        rows.clear()


def _row(blob: Blob) -> tuple[object, ...]:
    if blob.content is None:
        return blob.blob_id, blob.size, None, None, None, None
    facts = facts_of(blob.content)
    lines = [line._asdict() for line in facts.marker_lines]
    return blob.blob_id, *facts[:-1], lines


def _attribute_blobs(repository_id: str, lake: Lake) -> list[str]:
    """Versions of `.gitattributes` that the lake does not hold yet."""
    columns = ["path", "old_path", "old_mode", "new_mode", "old_blob_id", "new_blob_id"]
    changes = lake.read("file_changes", repository_id, columns)

    def is_attributes(path: str) -> pl.Expr:
        return pl.col(path).str.contains(r"(?:^|/)\.gitattributes$")

    touched = changes.filter(is_attributes("path") | is_attributes("old_path"))
    blobs = pl.concat(
        touched.select(blob_id=f"{side}_blob_id", mode=f"{side}_mode") for side in ("old", "new")
    )
    wanted = blobs.filter(pl.col("mode").is_in(_FILE_MODES))["blob_id"].drop_nulls()
    known = lake.read("attribute_blobs", repository_id, ["blob_id"])["blob_id"]
    return sorted(set(wanted) - set(known))


def _newest_texts(
    repository_id: str, lake: Lake, landings: pl.DataFrame, tip_files: pl.DataFrame
) -> list[str]:
    """Newest blob of each path whose name says source or test, as far as the lake lacks it.

    The newest is that of the last landed change of the path; of a file that is gone, the one
    that went.
    """
    columns = ["commit_id", "path", "old_mode", "new_mode", "old_blob_id", "new_blob_id"]
    landed = landings.filter(pl.col("commit_id") == pl.col("landed_commit_id"))
    newest = (
        lake.read("file_changes", repository_id, [*columns, "is_binary"])
        .join(landed.select("commit_id", "position"), on="commit_id")
        .sort("position", "path")
        .unique("path", keep="last", maintain_order=True)
        .with_columns(
            blob_id=pl.coalesce("new_blob_id", "old_blob_id"),
            mode=pl.when(pl.col("new_blob_id").is_null()).then("old_mode").otherwise("new_mode"),
            repository_id=pl.lit(repository_id),
        )
        .filter(
            pl.col("mode").is_in(_FILE_MODES),
            ~pl.col("is_binary").fill_null(False),
        )
    )
    known = lake.read("content_facts", repository_id, ["blob_id"])
    newest = newest.join(known, on="blob_id", how="anti")
    if not newest.height:
        return []
    classes = classify(newest.select("repository_id", "path"), tip_files, load_rules())
    code = classes.filter(pl.col("class").is_in(("source", "test")))
    wanted = newest.join(code, on="path", how="semi")
    return wanted["blob_id"].unique(maintain_order=True).to_list()
