"""Hosts that fail while a cluster mines: the same lake and the same marts as of one machine.

    python -m benchmarks.scale_out SCRATCH [SIZE]      (as root: makes network namespaces)

Each host is a network namespace on one bridge, with a disk of its own in the same place (a mount
namespace): S3 (moto's server), the Dask scheduler, two workers, and the builder, where `quarterdeck
run` is called. The repositories are those of `quarterdeck demo` (SIZE: small), served to all as
file:// URLs, so each worker clones what it mines. As systemd would, a supervisor starts a process
anew that ended. Each scenario begins with empty disks and an empty store:

- nothing happens;
- a worker is killed (SIGKILL) in the middle of mining, and its disk is lost;
- the scheduler is killed in the middle, and comes back;
- a worker's network is cut in the middle, and comes back after the run; what it publishes then
  is read by the next run;
- the builder's network is cut in the middle, for 40 seconds.

Checked after each: exit code 0, every table of the builder's lake and every mart row by row as of
a run on one machine without a store (but for the time of mining), and after one more run, too.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from mined import content
from pipeline_fixtures import COMMAND, environment, marts
from scale_fixtures import KEYS, scheduler_command, until, worker_command

from quarterdeck.extractors.lake import Lake

BRIDGE = "qd-scale"
HOSTS = {"store": "10.77.0.1", "scheduler": "10.77.0.2", "builder": "10.77.0.3"}
WORKERS = {"worker1": "10.77.0.11", "worker2": "10.77.0.12"}
SCHEDULER = f"tcp://{HOSTS['scheduler']}:8786"
VARIABLES = {**KEYS, "AWS_ENDPOINT_URL": f"http://{HOSTS['store']}:5000", "DO_NOT_TRACK": "1"}
CUT_SECONDS = 40.0
Found = tuple[dict[str, Any], dict[str, Any]]


def ip(*arguments: str) -> None:
    """Run `ip`."""
    subprocess.run(["ip", *arguments], check=True)


@contextmanager
def network() -> Iterator[None]:
    """A bridge, and a namespace a host."""
    names = HOSTS | WORKERS
    ip("link", "add", BRIDGE, "type", "bridge")
    ip("link", "set", BRIDGE, "up")
    try:
        for number, (name, address) in enumerate(names.items()):
            space, inside, outside = f"qd-{name}", f"qdi{number}", f"qdo{number}"
            ip("netns", "add", space)
            ip("link", "add", outside, "type", "veth", "peer", "name", inside)
            ip("link", "set", inside, "netns", space)
            ip("link", "set", outside, "master", BRIDGE, "up")
            ip("-n", space, "addr", "add", f"{address}/24", "dev", inside)
            ip("-n", space, "link", "set", inside, "up")
            ip("-n", space, "link", "set", "lo", "up")
        yield
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", f"qd-{name}"], check=False)
        ip("link", "del", BRIDGE)


def cut(host: str, state: str) -> None:
    """Take a host off the net (`down`), or put it back (`up`)."""
    number = list(HOSTS | WORKERS).index(host)
    ip("link", "set", f"qdo{number}", state)


class Cluster:
    """The hosts of one scenario."""

    def __init__(self, place: Path, scenario: str, stack: ExitStack) -> None:
        self.place, self.stack = place, stack
        self.disks = place / scenario
        self.mounted = place / "disk"  # where each host sees its own disk
        self.live: dict[str, subprocess.Popen[bytes]] = {}
        self.ended = threading.Event()

    def command(self, host: str, command: tuple[str, ...]) -> list[str]:
        """What runs a command on a host, with its disk in place."""
        disk = self.disks / host
        disk.mkdir(parents=True, exist_ok=True)
        script = 'mount --bind "$1" "$2"; cd "$2"; shift 2; exec "$@"'
        inside = ["sh", "-c", script, "sh", str(disk), str(self.mounted), *command]
        return ["ip", "netns", "exec", f"qd-{host}", *inside]

    def start(self, host: str, command: tuple[str, ...]) -> None:
        """Start a process on a host."""
        log = (self.disks / f"{host}.log").open("ab")
        self.live[host] = subprocess.Popen(
            self.command(host, command),
            env=environment(**VARIABLES),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def kill(self, host: str) -> None:
        """End all processes of a host at once."""
        if self.live[host].poll() is None:
            os.killpg(self.live[host].pid, signal.SIGKILL)
        self.live[host].wait()

    def supervise(self, host: str, command: tuple[str, ...]) -> None:
        """Start a process, and start it anew whenever it ends."""
        self.start(host, command)

        def watch() -> None:
            while not self.ended.wait(0.5):
                if self.live[host].poll() is not None:
                    self.start(host, command)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()

    def begin(self) -> None:
        """Store, scheduler and workers."""
        (self.disks / "store").mkdir(parents=True, exist_ok=True)
        moto = (sys.executable, "-m", "moto.server", "-H", HOSTS["store"], "-p", "5000")
        self.start("store", moto)
        until(lambda: make_bucket(self))
        self.supervise("scheduler", scheduler_command(8786, HOSTS["scheduler"]))
        for name in WORKERS:
            command = worker_command(SCHEDULER, Path("/tmp"), name)
            self.supervise(name, (*command, "--host", WORKERS[name]))

    def end(self) -> None:
        """Stop them all."""
        self.ended.set()
        time.sleep(1)
        for host in self.live:
            self.kill(host)

    def run(self) -> "subprocess.Popen[bytes]":
        """The main job on the builder."""
        log = (self.disks / "builder.log").open("ab")
        shutil.copy(self.place / "cluster.toml", make(self.disks / "builder") / "quarterdeck.toml")
        return subprocess.Popen(
            self.command("builder", (*COMMAND, "run")),
            env=environment(**VARIABLES),
            stdout=log,
            stderr=log,
        )

    def at_work(self, host: str) -> Callable[[], bool]:
        """Whether a worker has mined its first parts."""
        lake = self.disks / host / "lake"
        return lambda: any(lake.glob("commits/*/*.parquet"))


def make(folder: Path) -> Path:
    """A folder, made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def make_bucket(cluster: Cluster) -> bool:
    """Whether the store answered, and has a bucket by now."""
    script = "import s3fs; s3fs.S3FileSystem().mkdir('record')"
    done = subprocess.run(
        cluster.command("builder", (sys.executable, "-c", script)),
        env=environment(**VARIABLES),
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def found(disk: Path) -> Found:
    """Everything in a lake, and in every mart of the database."""
    lake = disk / "lake"
    names = Lake(lake).repository_ids()
    return {name: content(lake, name) for name in names}, marts(disk / "quarterdeck.duckdb")


def kill_a_worker(cluster: Cluster) -> None:
    """SIGKILL in the middle, and the disk is gone."""
    until(cluster.at_work("worker1"), 300)
    cluster.kill("worker1")
    shutil.rmtree(cluster.disks / "worker1/lake", ignore_errors=True)


def restart_the_scheduler(cluster: Cluster) -> None:
    """SIGKILL in the middle; the supervisor starts it anew."""
    until(cluster.at_work("worker2"), 300)
    cluster.kill("scheduler")


def cut_a_worker(cluster: Cluster) -> None:
    """It goes on mining, and reaches nobody until the run is over."""
    until(cluster.at_work("worker2"), 300)
    cut("worker2", "down")


def cut_the_builder(cluster: Cluster) -> None:
    """Long enough for the scheduler to take it for dead."""
    until(cluster.at_work("worker1"), 300)
    cut("builder", "down")
    time.sleep(CUT_SECONDS)
    cut("builder", "up")


def nothing(cluster: Cluster) -> None:
    """Nothing happens."""


SCENARIOS = {
    "undisturbed": nothing,
    "worker killed": kill_a_worker,
    "scheduler restarted": restart_the_scheduler,
    "worker cut off": cut_a_worker,
    "builder cut off": cut_the_builder,
}


def try_scenario(place: Path, name: str, expected: Found) -> str:
    """One run, disturbed, and one after it."""
    with ExitStack() as stack:
        cluster = Cluster(place, name.replace(" ", "-"), stack)
        stack.callback(cluster.end)
        cluster.begin()
        start = time.monotonic()
        process = cluster.run()
        SCENARIOS[name](cluster)
        assert process.wait(timeout=1800) == 0, (cluster.disks / "builder.log").read_text()
        took = time.monotonic() - start
        assert found(cluster.disks / "builder") == expected, name
        for host in (*HOSTS, *WORKERS):
            cut(host, "up")
        if name == "worker cut off":
            time.sleep(CUT_SECONDS)  # for what it still has to publish
        assert cluster.run().wait(timeout=1800) == 0
        assert found(cluster.disks / "builder") == expected, name
        told = (cluster.disks / "builder.log").read_text()
    lost = told.count("is lost")
    again = sum(f"{name}: nothing new" in told for name in expected[0])
    return (
        f"{took:.1f} s; scheduler lost {lost} times, next run: nothing new in {again} repositories"
    )


def main(scratch: str, size: str = "small") -> None:
    """Every scenario, compared with one machine."""
    place = make(Path(scratch).absolute())
    make(place / "disk")
    subprocess.run([*COMMAND, "demo", "--size", size, str(place / "demo")], check=True)
    repositories = sorted((place / "demo").glob("*.git"))
    listed = [f'[[repositories]]\nurl = "file://{path}"\n' for path in repositories]
    places = 'lake = "lake"\ndatabase = "quarterdeck.duckdb"\nreports = "reports"\n'
    places += 'clones = "clones"\nprefect = "never"\n'
    away = f'dask = "{SCHEDULER}"\nlake_store = "s3://record/lake"\n'
    (place / "cluster.toml").write_text(places + away + "".join(listed))
    with network():
        alone = Cluster(place, "alone", ExitStack())
        toml = make(alone.disks / "builder") / "quarterdeck.toml"
        toml.write_text(places + "".join(listed))
        start = time.monotonic()
        subprocess.run(
            alone.command("builder", (*COMMAND, "run")),
            env=environment(**VARIABLES),
            capture_output=True,
            check=True,
        )
        print(f"one machine: {time.monotonic() - start:.1f} s", flush=True)
        expected = found(alone.disks / "builder")
        rows = sum(len(rows) for rows in expected[1].values())
        print(f"{len(expected[0])} repositories, {len(expected[1])} marts of {rows:,} rows")
        for name in SCENARIOS:
            print(f"{name}: {try_scenario(place, name, expected)}", flush=True)
    print("the same lake and the same marts each time")


if __name__ == "__main__":
    main(*sys.argv[1:])
