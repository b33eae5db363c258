"""Errors that end a command; each says what is wrong, where, and what to do."""


class SettingsError(Exception):
    """The settings cannot be used: names the file, the key, the value and the remedy."""


class NothingMinedError(Exception):
    """No repository could be mined, and the lake holds nothing of them: nothing was built."""


class StaleDataError(Exception):
    """Some repositories could not be mined; everything else was brought up to date."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        lines = [f"  {name}: {problem}" for name, problem in problems.items()]
        super().__init__(
            f"{len(problems)} of the repositories could not be mined, and their data is stale or "
            "missing:\n" + "\n".join(lines)
        )


class TrackingError(Exception):
    """Prefect cannot be used as it is configured, or its server failed during the run."""


class QueryError(Exception):
    """A query is not valid, or its rows cannot be printed as asked."""


class ClusterError(Exception):
    """The Dask cluster that the settings name cannot be used."""
