"""The surviving lines of each year beside git-of-theseus: time, memory, and the cohorts at the tip.

    python -m benchmarks.line_survival REPOSITORY [--ending .py] [--theseus COMMAND] [--jobs 2]
                                       [--interval DAYS]

git-of-theseus blames every file at sampled moments of the history (a week apart by default); the
pass gives every moment. What can be compared are the lines alive at the tip by the year in which
they came. Blame names the commit that wrote a line, in a branch or not, and the pass the landed
change, so a line may belong to the year of its commit or of its landing. Files of one ending alone
are compared, because git-of-theseus counts the lines of binary files too; the pass follows all.
`pip install -e '.[benchmarks]'` has git-of-theseus, or name its command.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from benchmarks.processes import measured
from benchmarks.repositories import Plain, environment
from quarterdeck.extractors.git_history import commits, read_history

_PASS = """
import sys
from pathlib import Path
from quarterdeck.extractors.git_history import read_history
from quarterdeck.extractors.line_lifetimes import follow_lines
from quarterdeck.extractors.repository import open_repository
repository = open_repository(Path(sys.argv[1]))
for part in follow_lines(repository, "it", read_history(repository), jobs=int(sys.argv[3])):
    if part.runs is not None:
        part.runs.write_parquet(Path(sys.argv[2]) / "runs.parquet")
"""


def main() -> int:
    """Run both on the repository of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.line_survival")
    parser.add_argument("repository", type=Path)
    parser.add_argument("--ending", default=".py", help="of the names of the files compared")
    parser.add_argument("--theseus", default="git-of-theseus-analyze")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--interval", type=int, default=7, help="days between its moments")
    options = parser.parse_args()
    with Plain(options.repository) as plain, tempfile.TemporaryDirectory() as out:
        jobs = str(options.jobs)
        ours = [sys.executable, "-c", _PASS, str(plain.opened.path), out, jobs]
        # it blames what a branch names, and the plain copy has one at its HEAD
        branch = plain.git("symbolic-ref", "--short", "HEAD").stdout.decode().strip()
        theirs = [
            options.theseus, "--quiet", "--all-filetypes", "--procs", jobs, "--cohortfm", "%Y",
            "--interval", str(options.interval * 86_400), "--outdir", out, "--branch", branch,
            "--only", f"**/*{options.ending}", str(plain.git_dir),
        ]  # fmt: skip
        print("| | wall (s) | CPU (s) | peak (MiB) |\n| --- | --- | --- | --- |")
        for name, command in (("the pass", ours), ("git-of-theseus", theirs)):
            used = measured(command, environment(plain.git_dir))
            if used.failure is not None:
                raise SystemExit(f"{command[0]} failed: {used.failure[-500:]}")
            figures = f"{used.seconds:.1f} | {used.cpu_seconds:.1f} | {used.peak_mib:.0f}"
            print(f"| {name} | {figures} |", flush=True)
        _compare(_our_cohorts(plain, Path(out), options.ending), _their_cohorts(Path(out)))
    return 0


def _our_cohorts(plain: Plain, out: Path, ending: str) -> Counter[str]:
    history = read_history(plain.opened)
    year = {}
    for frame in commits("it", plain.opened.git, history.chain):
        for commit_id, at in frame.select("commit_id", "committed_at").iter_rows():
            year[commit_id] = str(at.year) if at is not None else "unknown"
    runs = pl.read_parquet(out / "runs.parquet").filter(
        (pl.col("lines") > 0) & pl.col("path").str.ends_with(ending)
    )
    cohorts: Counter[str] = Counter()
    for commit_id, lines in runs.select("birth_commit_id", "lines").iter_rows():
        cohorts[year.get(commit_id, "unknown")] += lines
    return cohorts


def _their_cohorts(out: Path) -> Counter[str]:
    found = json.loads((out / "cohorts.json").read_text(encoding="utf-8"))
    print(f"\n{len(found['ts'])} moments in git-of-theseus, the last at {found['ts'][-1]}")
    rows = zip(found["labels"], found["y"], strict=True)
    return Counter({label.split()[-1]: series[-1] for label, series in rows})


def _compare(ours: Counter[str], theirs: Counter[str]) -> None:
    print(f"\n{datetime.now(UTC):%Y-%m-%d}: lines alive at the tip by year\n")
    print("| year | the pass | git-of-theseus | difference |\n| --- | --- | --- | --- |")
    for year in sorted(ours.keys() | theirs.keys()):
        print(f"| {year} | {ours[year]:,} | {theirs[year]:,} | {ours[year] - theirs[year]:+,} |")
    total, same = ours.total(), sum((ours & theirs).values())
    print(f"\nin all {total:,} and {theirs.total():,}; {same / max(total, 1):.2%} in the same year")


if __name__ == "__main__":
    sys.exit(main())
