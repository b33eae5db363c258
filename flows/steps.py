"""Steps of the pipeline: plain functions that become Prefect flows and tasks when tracked.

There is one composition of the steps, in `pipeline`. Called in a plain run, a step is its
function and Prefect is not even imported: its ephemeral server would add 10 to 20 seconds to
every run. Called in a tracked run, the same step is a Prefect flow or task, and shows in the
UI of the server that is configured. docs/decisions.md has the figures.
"""

import functools
import gc
import inspect
import os
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Literal, ParamSpec, TypeVar

from quarterdeck.flows.errors import TrackingError

P = ParamSpec("P")
R = TypeVar("R")

_tracked: ContextVar[bool] = ContextVar("quarterdeck_tracked", default=False)


class Step(Generic[P, R]):
    """A function that is called as it is, or as a Prefect flow or task in a tracked run.

    Prefect is told the name of the step and of the run, never the arguments: they hold
    addresses of people, and Prefect keeps (and limits the size of) what it is given.
    """

    def __init__(
        self,
        function: Callable[P, R],
        kind: Literal["flow", "task"],
        name: str,
        run_name: str,
        **options: Any,
    ) -> None:
        self.function = function
        self.kind = kind
        self.name = name
        self.run_name = run_name
        self.options = options
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function, through Prefect where the run is tracked."""
        if not is_tracked():
            return self.function(*args, **kwargs)
        import prefect

        def call() -> R:
            return self.function(*args, **kwargs)

        functools.update_wrapper(call, self.function)
        del call.__wrapped__  # type: ignore[attr-defined]  # would tell the function's parameters
        arguments = inspect.signature(self.function).bind(*args, **kwargs).arguments
        run_name = self.run_name.format(**arguments)
        options = {"name": self.name, "persist_result": False, **self.options}
        result: R
        if self.kind == "flow":
            result = prefect.flow(flow_run_name=lambda: run_name, **options)(call)()
        else:
            result = prefect.task(task_run_name=lambda: run_name, **options)(call)()
        return result


def flow(
    name: str, run_name: str | None = None, **options: Any
) -> Callable[[Callable[P, R]], Step[P, R]]:
    """Make a function a step that Prefect sees as a flow.

    Args:
        name: of the flow.
        run_name: of a run; a format of the function's arguments. Default: `name`.
        options: Prefect's own.
    """
    return lambda function: Step(function, "flow", name, run_name or name, **options)


def task(
    name: str, run_name: str | None = None, **options: Any
) -> Callable[[Callable[P, R]], Step[P, R]]:
    """Make a function a step that Prefect sees as a task, which is never cached.

    Args:
        name: of the task.
        run_name: of a run; a format of the function's arguments. Default: `name`.
        options: Prefect's own.
    """
    options = {"cache_policy": None, **options}
    return lambda function: Step(function, "task", name, run_name or name, **options)


def is_tracked() -> bool:
    """Whether steps go through Prefect: asked for by `tracked`, or already in a Prefect run."""
    if _tracked.get():
        return True
    context = sys.modules.get("prefect.context")
    return context is not None and context.FlowRunContext.get() is not None


@contextmanager
def tracked() -> Iterator[None]:
    """Send the steps called inside through Prefect, whose messages go to its server alone.

    Raises:
        TrackingError: the server stopped answering on the way, or refused what it was told.
    """
    import httpx
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    token = _tracked.set(True)
    try:
        # A flow waits up to a second for its heartbeat to end; for a run at a terminal, or
        # in cron, nobody listens to it.
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            yield
    except httpx.HTTPError as error:
        raise TrackingError(
            f"the Prefect server failed during the run: {error}; run again, for what was written "
            'is kept, or set prefect = "never" in quarterdeck.toml to run without it'
        ) from error
    finally:
        _tracked.reset(token)


def configured_server() -> str | None:
    """The API address of the Prefect server that is configured.

    It is Prefect's own answer. Prefect is asked, which takes as long as importing it, only
    where one of the places that it reads can name a server.

    Raises:
        TrackingError: Prefect's settings are not valid.
    """
    if not _may_name_server(os.environ):
        return None
    from pydantic import ValidationError

    try:
        import_prefect()
        from prefect.settings import get_current_settings

        url: str | None = get_current_settings().api.url
    except (ValidationError, ValueError) as error:
        raise TrackingError(
            f"the settings of Prefect are not valid: {error}; correct them, or set "
            'prefect = "never" in quarterdeck.toml to run without Prefect'
        ) from error
    return url


def _may_name_server(environment: Mapping[str, str]) -> bool:
    """Whether one of the places that Prefect 3.8 reads can name a server."""
    if any(name.upper() == "PREFECT_API_URL" for name in environment):
        return True
    if Path("prefect.toml").is_file() or "prefect" in _toml("pyproject.toml").get("tool", {}):
        return True
    if Path(".env").is_file() and "PREFECT_" in Path(".env").read_text("utf-8", "replace").upper():
        return True
    home = Path(environment.get("PREFECT_HOME") or Path.home() / ".prefect").expanduser()
    profiles = _toml(environment.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
    active = environment.get("PREFECT_PROFILE") or profiles.get("active")
    return "PREFECT_API_URL" in profiles.get("profiles", {}).get(active, {})


def _toml(path: str | Path) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def server_problem() -> str | None:
    """Why the configured Prefect server cannot be used; None where it answers.

    Prefect's own client asks, with its certificates and credentials.
    """
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.settings import (
        PREFECT_API_REQUEST_TIMEOUT,
        PREFECT_CLIENT_MAX_RETRIES,
        temporary_settings,
    )

    impatient = {PREFECT_API_REQUEST_TIMEOUT: 3.0, PREFECT_CLIENT_MAX_RETRIES: 0}
    try:
        with temporary_settings(impatient), get_client(sync_client=True) as client:
            client.read_flows(limit=1)
    except (httpx.HTTPError, httpx.InvalidURL, RuntimeError, ValueError) as error:
        return str(error).partition("\n")[0] or type(error).__name__
    return None


def next_scheduled_run() -> tuple[datetime | None, str | None]:
    """When the configured Prefect server starts the next run, and the name of the deployment.

    None and None where no server is configured or answers, or nothing is scheduled.
    """
    if configured_server() is None or server_problem() is not None:
        return None, None
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowFilter, FlowRunFilter
    from prefect.client.schemas.sorting import FlowRunSort

    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_filter=FlowFilter.model_validate({"name": {"any_": ["quarterdeck"]}}),
            flow_run_filter=FlowRunFilter.model_validate(
                {"state": {"type": {"any_": ["SCHEDULED"]}}}
            ),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=1,
        )
        if not runs or runs[0].expected_start_time is None:
            return None, None
        name = None
        if runs[0].deployment_id is not None:
            name = f"Prefect deployment {client.read_deployment(runs[0].deployment_id).name}"
        return runs[0].expected_start_time, name


def import_prefect() -> None:
    """Import what a tracked run needs of Prefect, quiet and offline unless the user set otherwise.

    What a run tells goes to the server; Prefect's own handler would repeat it on the terminal,
    with tracebacks, and garble a progress bar.
    """
    for name, value in (
        ("DO_NOT_TRACK", "1"),
        ("PREFECT_SERVER_ANALYTICS_ENABLED", "false"),
        ("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL"),
    ):
        os.environ.setdefault(name, value)
    was_enabled = gc.isenabled()
    gc.disable()  # it would look through classes that all stay: 0.3 of 2.3 s
    try:
        import prefect.client.orchestration
        import prefect.flow_engine  # noqa: F401
    finally:
        if was_enabled:
            gc.enable()


def elapsed(start: float) -> str:
    """Seconds since `start` (of `time.monotonic`), for a person."""
    return f"{time.monotonic() - start:.1f} s"
