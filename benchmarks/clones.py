"""Which clone of a repository costs what: whole, without blobs, without pull requests.

    python -m benchmarks.clones SCRATCH MIRROR...

MIRROR is a bare clone that stands for the other side, read through git's own `file` transport.
Prints a row of a Markdown table for each way: size on disk and seconds of the clone, seconds of
a fetch with nothing new, and seconds and connections of a `git log --numstat` of the first
1,000 landed changes, which is what line counts need.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from quarterdeck.extractors.clones import mirror_in_use

WAYS = {
    "`git clone --mirror`": ["--mirror"],
    "`--mirror --filter=blob:none`": ["--mirror", "--filter=blob:none"],
    "`--mirror --filter=tree:0`": ["--mirror", "--filter=tree:0"],
    "`--bare --single-branch`": ["--bare", "--single-branch"],
}


def git(*arguments: str | Path, **extra: str) -> str:
    """Run git; what it printed."""
    return subprocess.run(
        ["git", *map(str, arguments)],
        env=os.environ | {"LC_ALL": "C"} | extra,
        check=True,
        capture_output=True,
        text=True,
        errors="replace",
    ).stdout


def megabytes(folder: Path) -> float:
    """Size of all files below a folder."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


def seconds(start: float) -> str:
    """Since `start`."""
    return f"{time.monotonic() - start:.1f}"


def drop_incomplete(source: Path) -> None:
    """Remove the refs to whose commits the source lacks objects: it could not serve them."""
    doomed = []
    for ref in git("--git-dir", source, "for-each-ref", "--format=%(refname)").splitlines():
        done = subprocess.run(
            ["git", "--git-dir", source, "rev-list", "--objects", "--quiet", ref, "--not", "HEAD"],
            capture_output=True,
        )
        if done.returncode != 0:
            doomed.append(f"delete {ref}\n")
    subprocess.run(
        ["git", "--git-dir", source, "update-ref", "--stdin"],
        input="".join(doomed),
        text=True,
        check=True,
    )
    print(f"({len(doomed)} incomplete refs left out)", file=sys.stderr)


def counting(folder: Path, trace: Path) -> tuple[str, int, str]:
    """Seconds and further fetches of counting the lines of 1,000 commits; the size after."""
    start = time.monotonic()
    git(
        *("--git-dir", folder, "log", "--first-parent", "-1000", "--numstat", "-M", "HEAD"),
        GIT_TRACE2_EVENT=str(trace),
    )
    took = seconds(start)
    fetches = trace.read_text().count('"fetch","negotiationAlgorithm')
    fetches = fetches or trace.read_text().count('"argv":["git","-c","fetch.negotiationAlgorithm')
    return took, fetches, f"{megabytes(folder):.0f}"


def measure(scratch: Path, mirror: Path) -> None:
    """Print the rows of one repository."""
    source = scratch / "source.git"
    git("clone", "--quiet", "--mirror", "--shared", mirror, source)
    git("--git-dir", source, "config", "uploadpack.allowFilter", "true")
    git("--git-dir", source, "config", "uploadpack.allowAnySHA1InWant", "true")
    drop_incomplete(source)
    url = f"file://{source}"
    for number, (name, options) in enumerate(WAYS.items()):
        folder, trace = scratch / f"{number}.git", scratch / f"{number}.trace"
        start = time.monotonic()
        git("clone", "--quiet", *options, url, folder)
        cloned, size = seconds(start), megabytes(folder)
        start = time.monotonic()
        git("--git-dir", folder, "remote", "update", "--prune")
        fetched = seconds(start)
        refs = len(git("--git-dir", folder, "for-each-ref").splitlines())
        took, fetches, after = counting(folder, trace)
        print(
            f"| {mirror.parent.name} | {name} | {refs:,} | {size:.0f} | {cloned} | {fetched} | "
            f"{took} | {fetches} | {after} |",
            flush=True,
        )
    folder = scratch / "ours.git"
    start = time.monotonic()
    with mirror_in_use(url, folder):
        cloned, size = seconds(start), megabytes(folder)
    start = time.monotonic()
    with mirror_in_use(url, folder):
        fetched = seconds(start)
    refs = len(git("--git-dir", folder, "for-each-ref").splitlines())
    took, fetches, after = counting(folder, scratch / "ours.trace")
    print(
        f"| {mirror.parent.name} | Quarterdeck's | {refs:,} | {size:.0f} | {cloned} | {fetched} | "
        f"{took} | {fetches} | {after} |",
        flush=True,
    )


def main(scratch: str, *mirrors: str) -> None:
    """Measure each mirror in a folder of its own below `scratch`."""
    print(
        "| repository | clone | refs | MB | s to clone | s to fetch nothing | "
        "s to count 1,000 changes | fetches meanwhile | MB then |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    for mirror in mirrors:
        folder = Path(scratch).absolute() / Path(mirror).parent.name
        folder.mkdir(parents=True)
        measure(folder, Path(mirror).absolute())


if __name__ == "__main__":
    main(*sys.argv[1:])
