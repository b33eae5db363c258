"""Steps of the pipeline: plain functions that become Prefect flows and tasks when tracked.

There is one composition of the steps, in `pipeline`. Called in a plain run, a step is its
function and Prefect is not even imported: its ephemeral server would add 10 to 20 seconds to
every run. Called in a tracked run, the same step is a Prefect flow or task, and shows in the
UI of the server that is configured. docs/decisions.md has the figures.
"""

import functools
import os
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Generic, Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_tracked: ContextVar[bool] = ContextVar("quarterdeck_tracked", default=False)


class Step(Generic[P, R]):
    """A function that is called as it is, or as a Prefect flow or task in a tracked run."""

    def __init__(
        self, function: Callable[P, R], kind: Literal["flow", "task"], **options: Any
    ) -> None:
        self.function = function
        self.kind = kind
        self.options = options
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function, through Prefect where the run is tracked."""
        if is_tracked():
            result: R = self.prefect(*args, **kwargs)
            return result
        return self.function(*args, **kwargs)

    @functools.cached_property
    def prefect(self) -> Any:
        """The Prefect flow or task of this step."""
        import prefect

        decorate = prefect.flow if self.kind == "flow" else prefect.task
        return decorate(**self.options)(self.function)


def flow(**options: Any) -> Callable[[Callable[P, R]], Step[P, R]]:
    """Make a function a step that Prefect sees as a flow; `options` are Prefect's."""
    return lambda function: Step(function, "flow", **options)


def task(**options: Any) -> Callable[[Callable[P, R]], Step[P, R]]:
    """Make a function a step that Prefect sees as a task; `options` are Prefect's."""
    return lambda function: Step(function, "task", **options)


def is_tracked() -> bool:
    """Whether steps go through Prefect: asked for by `tracked`, or already in a Prefect run."""
    if _tracked.get():
        return True
    context = sys.modules.get("prefect.context")
    return context is not None and context.FlowRunContext.get() is not None


@contextmanager
def tracked() -> Iterator[None]:
    """Send the steps called inside through Prefect."""
    token = _tracked.set(True)
    try:
        yield
    finally:
        _tracked.reset(token)


def configured_server() -> str | None:
    """The API address of the Prefect server that is configured, without importing Prefect.

    `PREFECT_API_URL` in the environment, else in the active profile of `profiles.toml` in
    `PREFECT_HOME`, as Prefect itself reads them.
    """
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml"))
    try:
        content = tomllib.loads(profiles.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    active = os.environ.get("PREFECT_PROFILE") or content.get("active")
    url = content.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
    return url if isinstance(url, str) else None


def server_answers(url: str, timeout_seconds: float = 3.0) -> bool:
    """Whether a Prefect server answers at its API address."""
    import httpx

    try:
        return httpx.get(f"{url.rstrip('/')}/health", timeout=timeout_seconds).is_success
    except httpx.HTTPError:
        return False


def quieten_prefect() -> None:
    """Set what keeps Prefect quiet and offline, where the user has not set it otherwise."""
    for name, value in (
        ("PREFECT_SERVER_ANALYTICS_ENABLED", "false"),
        ("DO_NOT_TRACK", "1"),
        ("PREFECT_LOGGING_LEVEL", "WARNING"),
        ("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "60"),
    ):
        os.environ.setdefault(name, value)


def elapsed(start: float) -> str:
    """Seconds since `start` (of `time.monotonic`), for a person."""
    return f"{time.monotonic() - start:.1f} s"
