"""A full run that finds one of the places it writes to full, each in turn.

    python -m benchmarks.full_places SCRATCH      (as root: mounts a tmpfs)

Lake, mirrors, database, report, archived reports, metrics file and temporary files each stand in a
folder of their own. A repository is published with 6 landed changes and gains 3. Then one folder
at a time is a small tmpfs without a byte left, and a run is called. Checked: it tells the folder
and ends with exit code 3 or 4 and no traceback (of the metrics file: a warning; for
temporary files Python takes the next folder of its list); database, report
and metrics file are those of before or of after, whole; and after the room came back, one more run
makes every mart as a run that nobody disturbed does.
"""

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from pipeline_fixtures import COMMAND, build_repository, environment, marts

PLACES = ("lake", "clones", "database", "reports", "archive", "metrics", "tmp")
SETTINGS = """
lake = "lake"
clones = "clones"
database = "database/quarterdeck.duckdb"
reports = "reports"
metrics_file = "metrics/quarterdeck.prom"
"""


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command, with temporary files in their own folder."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(TMPDIR=str(folder / "tmp"), PREFECT_HOME=str(folder / ".prefect")),
        capture_output=True,
        text=True,
        check=False,
    )


def try_place(folder: Path, base: Path, name: str, expected: object) -> str:
    """One run with a full folder, and one after the room came back."""
    shutil.copytree(base, folder)
    place = folder / name
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)], check=True)
    try:
        shutil.copytree(base / name, place, dirs_exist_ok=True)
        filler = place / "filler"
        with filler.open("wb") as file:
            while left := shutil.disk_usage(place).free:
                file.write(b"\0" * min(left, 1 << 20))
                file.flush()
        command = ["report", "--archive", "archive"] if name == "archive" else ["run"]
        done = run(folder, *command)
        assert "Traceback" not in done.stderr, done.stderr
        said = [line for line in done.stderr.splitlines() if "rror: " in line or "warning" in line]
        # what is temporary goes elsewhere then, by Python's rule
        assert done.returncode in ((0,) if name in ("metrics", "tmp") else (3, 4)), done.stderr
        marts(folder / "database/quarterdeck.duckdb")
        page = (folder / "reports/report.html").read_text(encoding="utf-8")
        assert page.rstrip().endswith("</html>")
        assert "quarterdeck_info" in (folder / "metrics/quarterdeck.prom").read_text()
        is_new = marts(folder / "database/quarterdeck.duckdb") == expected
        filler.unlink()
        rest = [p.name for p in place.rglob(".*") if "tmp" in p.name or "building" in p.name]
        after = run(folder, *command)
        assert after.returncode == 0, after.stderr
        if command == ["run"]:
            assert marts(folder / "database/quarterdeck.duckdb") == expected
    finally:
        subprocess.run(["umount", str(place)], check=True)
        shutil.rmtree(folder)
    told = " ".join(said).replace(f"{folder}/", "")[:150]
    left = f", left {rest}" if rest else ""
    return f"exit code {done.returncode}, {'new' if is_new else 'old'} database{left}; {told}"


def main(scratch: str) -> None:
    """Each place in turn, a line each."""
    scratch_folder = Path(scratch).absolute()
    folder, base = scratch_folder / "run", scratch_folder / "base"
    scratch_folder.mkdir(parents=True)
    app = build_repository(scratch_folder / "app", 6)
    for name in PLACES:
        (folder / name).mkdir(parents=True)
    url = f'[[repositories]]\nurl = "file://{app.path}"\n'
    (folder / "quarterdeck.toml").write_text(SETTINGS + url)
    done = run(folder, "run")
    assert done.returncode == 0, done.stderr
    folder.rename(base)
    for number in range(6, 9):
        app.commit({f"src/part_{number}.py": b"value = 1\n"}, f"Add part {number}")
    shutil.copytree(base, folder)
    assert run(folder, "run").returncode == 0
    expected = marts(folder / "database/quarterdeck.duckdb")
    shutil.rmtree(folder)
    for name in PLACES:
        print(f"{name} full: {try_place(folder, base, name, expected)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
