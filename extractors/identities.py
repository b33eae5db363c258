"""Names and addresses as `.mailmap` corrects them."""

from collections.abc import Iterable

import polars as pl
import pygit2

#: One row per repository, name and address found in commits.
MAILMAPPED_SCHEMA = pl.Schema(
    {
        "repository_id": pl.String(),
        "name": pl.String(),
        "email": pl.String(),
        "mapped_name": pl.String(),
        "mapped_email": pl.String(),
    }
)


def apply_mailmap(identities: pl.DataFrame, mailmaps: pl.DataFrame) -> pl.DataFrame:
    """Map each identity by its repository's `.mailmap`, as `git log --use-mailmap` does.

    Args:
        identities: rows of repository_id, name, email.
        mailmaps: rows of repository_id and content, at most one a repository.

    Returns:
        schema `MAILMAPPED_SCHEMA`, one row per row of `identities`; name and address are
        mapped to themselves where no line of the mailmap speaks of them.
    """
    parsed = dict(_parse(mailmaps.select("repository_id", "content").iter_rows()))
    rows = []
    for repository_id, name, email in identities.select(
        "repository_id", "name", "email"
    ).iter_rows():
        mailmap = parsed.get(repository_id)
        mapped = mailmap.resolve(name, email) if mailmap is not None else (name, email)
        rows.append((repository_id, name, email, *mapped))
    return pl.DataFrame(rows, schema=MAILMAPPED_SCHEMA, orient="row")


def _parse(contents: Iterable[tuple[str, str]]) -> Iterable[tuple[str, pygit2.Mailmap]]:
    for repository_id, content in contents:
        # libgit2 takes no text after a NUL
        yield repository_id, pygit2.Mailmap.from_buffer(content.replace("\0", ""))
