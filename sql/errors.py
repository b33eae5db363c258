"""Errors of the database layer; each says what is wrong, where, and what to do."""


class SqlError(Exception):
    """The database could not be built or read."""


class DefinitionError(SqlError):
    """A file below `sql/` does not define what its name says, or refers to nothing known."""


class BuildError(SqlError):
    """A statement failed while the database was built; the published one is untouched."""


class CopyError(BuildError):
    """A table could not be copied from the published database; it can be made anew."""


class CheckFailedError(SqlError):
    """A check returned offending rows; the published database is untouched."""


class PublishError(SqlError):
    """The new database could not be put in place of the published one."""
