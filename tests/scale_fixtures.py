"""A scheduler and workers as processes of their own, and an S3 server, all on loopback."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline_fixtures import environment

#: What the S3 server takes from anybody.
KEYS = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])


def until(what: Callable[[], bool], seconds: float = 600.0) -> None:
    """Wait until a function says yes."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def answers(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as asked:
        return asked.connect_ex((host, port)) == 0


@contextmanager
def process(*command: str, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that is killed at the end, at the latest."""
    started = subprocess.Popen(
        command,
        env=environment(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@contextmanager
def s3_server(port: int, host: str = "127.0.0.1") -> Iterator[str]:
    """moto's S3 server; its address."""
    with process(sys.executable, "-m", "moto.server", "-H", host, "-p", str(port)):
        until(lambda: answers(port, host))
        yield f"http://{host}:{port}"


def scheduler_command(port: int, host: str = "127.0.0.1") -> tuple[str, ...]:
    return (
        *(sys.executable, "-m", "distributed.cli.dask_scheduler"),
        *("--host", host, "--port", str(port), "--no-dashboard"),
    )


def worker_command(address: str, place: Path, name: str) -> tuple[str, ...]:
    return (
        *(sys.executable, "-m", "distributed.cli.dask_worker", address),
        *("--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name),
        *("--local-directory", str(place)),
    )
