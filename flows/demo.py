"""A made-up organisation as real git repositories, to see every chart without a network.

Its truth is planted and written beside it: see `quarterdeck.flows.simulation`.
"""

from pathlib import Path

from quarterdeck.flows.errors import SettingsError
from quarterdeck.flows.simulation import organisation
from quarterdeck.flows.simulation.organisation import Organisation


def write_organisation(folder: Path, size: str = "full", seed: int = 2026) -> Organisation:
    """Write the repositories, a settings file that names them, and the tables of their truth.

    Args:
        folder: a new or empty folder.
        size: "full", or "small" for a quick look.
        seed: of the random choices. Equal seeds give equal commits.

    Raises:
        SettingsError: there is something in the folder already, or it cannot be written.
        GitCommandError: git is missing, or did not take the commits.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise SettingsError(f"{folder}: is not empty; name a new folder, or remove it")
        folder.mkdir(parents=True, exist_ok=True)
        return organisation.write(folder, size, seed)
    except OSError as error:
        raise SettingsError(
            f"{folder}: cannot be written: {error.strerror}; name another folder"
        ) from error
