"""The pass over the life of lines: time beside git log, counts beside numstat, births beside blame.

    python -m benchmarks.line_lifetimes REPO [--tips 3] [--files 60] [--jobs 2] [--no-moves]
                                        [--no-context]

Prints the seconds and peak memory of the pass and of `git log --numstat -M --first-parent` in
the same run, compares every landed change's added and deleted lines with numstat, and at some
moments of the history the births of the lines of a sample of files with
`git blame --first-parent`. With --no-context the diffs are taken as blame takes them, and then
the births are blame's line for line but a few counts are not numstat's.
"""

import argparse
import random
import resource
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import IO

import polars as pl

from quarterdeck.extractors import line_lifetimes_patches
from quarterdeck.extractors.diffs import DiffFailure, DiffRequest, take_diffs
from quarterdeck.extractors.git_history import History, diff_requests, read_history
from quarterdeck.extractors.line_lifetimes import follow_lines
from quarterdeck.extractors.line_lifetimes_schemas import LinePart
from quarterdeck.extractors.repository import OpenRepository, open_repository
from quarterdeck.extractors.shadow import Shadow

SEED = 20_260_601


def _git(shadow: Shadow, stdout: IO[bytes], *arguments: str) -> None:
    with tempfile.TemporaryFile() as nothing, tempfile.TemporaryFile() as stderr:
        with shadow.start(*arguments, stdin=nothing, stderr=stderr) as process:
            assert process.stdout is not None
            while block := process.stdout.read(1 << 20):
                stdout.write(block)
        if process.returncode:
            stderr.seek(0)
            raise subprocess.CalledProcessError(process.returncode, arguments, b"", stderr.read())


def cpu_seconds() -> float:
    """Processor seconds of this process and of the git processes that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def git_log(repository: OpenRepository) -> None:
    """Run `git log --numstat -M --first-parent` over the whole history."""
    with Shadow(repository.objects) as shadow, tempfile.TemporaryFile() as out:
        _git(
            shadow, out, "log", "--numstat", "-M", "-l1000", "--first-parent", "-m",
            "--format=%H", str(repository.tip),
        )  # fmt: skip


def other_counts(
    repository: OpenRepository, history: History, changes: pl.DataFrame
) -> list[tuple[str, int, int, int, int]]:
    """Landed changes whose lines differ from numstat: id, our added and deleted, and git's."""
    numstat: dict[str, tuple[int, int]] = {}
    odb = repository.git.odb
    requests: list[DiffRequest] = diff_requests(repository, history, history.chain)
    with Shadow(repository.objects) as shadow:
        for taken in take_diffs(shadow, requests, lambda blob: blob in odb):
            if not isinstance(taken, DiffFailure):
                request, files = taken
                counts = [(file.added or 0, file.deleted or 0) for file in files]
                added, deleted = sum(a for a, _ in counts), sum(d for _, d in counts)
                numstat[request.commit_id] = (added, deleted)
    rows = changes.select("commit_id", "added", "deleted").iter_rows()
    return [(c, a, d, *numstat[c]) for c, a, d in rows if c in numstat and numstat[c] != (a, d)]


def blame(shadow: Shadow, commit_id: str, path: str) -> list[str]:
    """The birth of each line of a file as `git blame --first-parent` has it."""
    with tempfile.TemporaryFile() as out:
        _git(shadow, out, "blame", "--first-parent", "-s", "-l", "--root", commit_id, "--", path)
        out.seek(0)
        return [line[:40].decode() for line in out.read().split(b"\n")[:-1]]


def compare_with_blame(
    repository: OpenRepository, runs: pl.DataFrame, files: int
) -> tuple[int, int, Counter[str]]:
    """Lines compared, lines with the same birth, and the files with the most differences."""
    paths = sorted(set(runs.filter(pl.col("lines") > 0)["path"]))
    sample = random.Random(SEED).sample(paths, min(files, len(paths)))
    lines = same = 0
    differences: Counter[str] = Counter()
    with Shadow(repository.objects) as shadow:
        for path in sample:
            rows = runs.filter(path=path).sort("first_line")
            ours: list[str] = []
            for birth, count in rows.select("birth_commit_id", "lines").iter_rows():
                ours += [str(birth)] * count
            try:
                theirs = blame(shadow, runs["commit_id"][0], path)
            except subprocess.CalledProcessError as error:
                print(f"no blame of {path}:", error.stderr.decode("utf-8", "replace").strip())
                continue
            if len(ours) != len(theirs):
                raise ValueError(f"{path}: {len(ours)} lines in the pass, {len(theirs)} in blame")
            agreeing = sum(a == b for a, b in zip(ours, theirs, strict=True))
            lines, same = lines + len(ours), same + agreeing
            if agreeing != len(ours):
                differences[path] = len(ours) - agreeing
    return lines, same, differences


def follow(
    repository: OpenRepository, history: History, options: argparse.Namespace
) -> tuple[list[LinePart], list[pl.DataFrame]]:
    """The parts of the pass, and the runs at each of the moments to compare."""
    chain = history.chain
    parts: list[LinePart] = []
    moments: list[pl.DataFrame] = []
    problems: dict[str, str] = {}
    for at in range(1, options.tips + 1):  # each goes on from the checkpoint of the one before
        parts += follow_lines(
            repository, "repository", history, checkpoint=moments[-1] if moments else None,
            until=chain[len(chain) * at // options.tips - 1], jobs=options.jobs,
            moves=not options.no_moves, problems=problems,
        )  # fmt: skip
        if (runs := parts[-1].runs) is not None:
            moments.append(runs)
    for commit_id, problem in problems.items():
        print(f"not diffed: {commit_id}: {problem}")
    return parts, moments


def report(
    repository: OpenRepository,
    history: History,
    parts: list[LinePart],
    moments: list[pl.DataFrame],
    files: int,
) -> None:
    """Print what the pass found, and where git finds something else."""
    changes = pl.concat([part.changes for part in parts])
    deaths = sum(part.deaths.height for part in parts)
    sums = changes.select(pl.col("added", "deleted", "moved", "respaced", "binary", "lost").sum())
    print(f"rows of deaths: {deaths}; runs at the tip: {moments[-1].height}; "
          f"{sums.row(0, named=True)}; alive {changes['alive'][-1]}")  # fmt: skip
    wrong = other_counts(repository, history, changes)
    print(f"changes whose counts differ from numstat: {len(wrong)} of {changes.height}")
    for row in wrong[:20]:
        print("  ", *row)
    for runs in moments:
        lines, same, differences = compare_with_blame(repository, runs, files)
        print(f"at {runs['commit_id'][0][:12]}: {same} of {lines} lines as in blame "
              f"({same / max(lines, 1):.3%}); most in {differences.most_common(5)}")  # fmt: skip


def main() -> None:
    """Run the comparison that the command line asks for."""
    parser = argparse.ArgumentParser(description="Follow all lines of a repository and compare.")
    parser.add_argument("repository", type=Path)
    parser.add_argument("--tips", type=int, default=3, help="moments to compare with blame")
    parser.add_argument("--files", type=int, default=60, help="files a moment to compare")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-moves", action="store_true")
    parser.add_argument(
        "--no-context", action="store_true", help="take the diffs as blame does, with -U0"
    )
    options = parser.parse_args()
    if options.no_context:
        command = line_lifetimes_patches.PATCH_COMMAND
        line_lifetimes_patches.PATCH_COMMAND = tuple(
            "-U0" if option == "-U1" else option for option in command
        )
    repository = open_repository(options.repository)
    history = read_history(repository)
    start, used = time.perf_counter(), cpu_seconds()
    try:
        git_log(repository)
    except subprocess.CalledProcessError as error:  # blobs are missing: the times are no measure
        print("git log did not finish:", error.stderr.decode("utf-8", "replace").strip())
    log, log_cpu = time.perf_counter() - start, cpu_seconds() - used
    start, used = time.perf_counter(), cpu_seconds()
    parts, moments = follow(repository, history, options)
    seconds, cpu = time.perf_counter() - start, cpu_seconds() - used
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    gits = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{len(history.chain)} landed changes")
    print(f"git log --numstat -M --first-parent: {log:.1f} s, {log_cpu:.1f} s of processor")
    print(f"the pass: {seconds:.1f} s, {cpu:.1f} s of processor: {seconds / log:.2f} and "
          f"{cpu / log_cpu:.2f} of it; peak {ours:.0f} MB, largest git {gits:.0f} MB")  # fmt: skip
    report(repository, history, parts, moments, options.files)


if __name__ == "__main__":
    main()
