"""Errors that extractors raise; each says what is wrong, where, and what to do."""


class ExtractorError(Exception):
    """A source could not be read; the message names it and the remedy."""


class RepositoryNotFoundError(ExtractorError):
    """The path does not exist, or what is there is not a git repository."""


class EmptyRepositoryError(ExtractorError):
    """The repository has no commit on its default branch, so there is nothing to mine."""


class UnsupportedRepositoryError(ExtractorError):
    """The repository uses a feature that libgit2 cannot read here, such as SHA-256 objects."""


class GitCommandError(ExtractorError):
    """The git executable is missing, or failed in a way that mining cannot go around."""


class LakeError(ExtractorError):
    """The lake cannot be read or written."""


class LakeVersionError(LakeError):
    """The lake was written by a newer Quarterdeck than this one."""


class LakeWriteError(LakeError):
    """A part could not be written, for example because the disk is full."""


class ForgeFileError(ExtractorError):
    """A file of pull requests or reviews cannot be read as the settings say."""


class StoreError(ExtractorError):
    """The store of the lake cannot be reached, read or written."""


class DamagedStoreError(StoreError):
    """Parts in the store are lost or not as they were written; they were set aside there."""
