"""A full run on a disk that fills up, at one writing step after another.

    python -m benchmarks.faults SCRATCH [STEPS [FIRST [END]]]   (as root: mounts a tmpfs)

A repository is published with 6 landed changes on a small disk, which also holds git's and
Quarterdeck's temporary files; then the repository gains 3. The disk is filled but for some room,
from none to what a run needs, in steps. Checked after each run: it ended with exit code 3 or 4 and
no traceback (or 0, with room enough), database and report are those of before, whole; and after
the room came back, one more run makes every mart as a run that nobody disturbed does.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from pipeline_fixtures import COMMAND, build_repository, database, environment, marts

Marts = dict[str, list[tuple[Any, ...]]]


def run(disk: Path, repository: Path) -> "subprocess.CompletedProcess[str]":
    """A full run whose every file is on the disk."""
    temporary = disk / "tmp"
    temporary.mkdir(exist_ok=True)
    return subprocess.run(
        [*COMMAND, "run", f"file://{repository}"],
        cwd=disk,
        env=environment(TMPDIR=str(temporary), PREFECT_HOME=str(disk / ".prefect")),
        capture_output=True,
        text=True,
        check=False,
    )


def last_step(told: str) -> str:
    """The error, without its path."""
    errors = [line for line in told.splitlines() if line.startswith(("error: ", "  "))]
    return errors[-1].strip()[-110:] if errors else "no error"


def try_with(disk: Path, base: Path, app: Path, room: int, marts_of: list[Marts]) -> str:
    """One run with so much room, and one after the room came back."""
    for path in disk.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(base, disk / ".quarterdeck")
    page = (disk / ".quarterdeck/reports/report.html").read_bytes()
    filler = disk / "filler"
    with filler.open("wb") as file:
        left = shutil.disk_usage(disk).free - room
        while left > 0:
            left -= file.write(b"\0" * min(left, 1 << 20))
    done = run(disk, app)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 3, 4), (done.returncode, done.stderr)
    found = marts(database(disk))
    assert found in marts_of or done.returncode == 4
    report = (disk / ".quarterdeck/reports/report.html").read_bytes()
    assert report == page or report.rstrip().endswith(b"</html>")
    filler.unlink()
    after = run(disk, app)
    assert after.returncode == 0, after.stderr
    assert marts(database(disk)) == marts_of[1]
    what = "old" if found == marts_of[0] else "new"
    return f"exit code {done.returncode}, {what} database; {last_step(done.stderr)}"


def main(scratch: str, steps: str = "12", first: str = "0", end: str = "") -> None:
    """Fill, run, check, and print a line a step."""
    place = Path(scratch).absolute()
    disk, base = place / "disk", place / "base"
    disk.mkdir(parents=True)
    app = build_repository(place / "app", 6)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(disk)], check=True)
    try:
        assert run(disk, app.path).returncode == 0
        shutil.copytree(disk / ".quarterdeck", base)
        before = marts(database(disk))
        free = shutil.disk_usage(disk).free
        for number in range(6, 9):
            app.commit({f"src/part_{number}.py": b"value = 1\n"}, f"Add part {number}")
        assert run(disk, app.path).returncode == 0
        marts_of = [before, marts(database(disk))]
        assert before != marts_of[1]
        needed = 2 * database(disk).stat().st_size + (free - shutil.disk_usage(disk).free)
        for step in range(int(first), int(end or steps)):
            room = needed * step // (int(steps) - 1)
            told = try_with(disk, base, app.path, room, marts_of)
            print(f"{room / 1e6:6.2f} MB left: {told}", flush=True)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
