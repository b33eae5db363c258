"""What pull requests of GitHub cost: requests and points, first and nightly, beside Perceval's.

python -m benchmarks.forges [--pulls 10000] [--perceval PYTHON]

Everything is asked of the fake server of the tests, through the real client. It counts points by
GitHub's published rule. With `--perceval`, the Python of an environment that has Perceval, its
`github` backend is run against a fake of the REST API, and its requests are counted.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from fake_forge import TOKEN, serve
from fake_github import FakeGitHub
from fake_github_rest import FakeGitHubRest
from forge_world import ADA, BEN, FakeClock, Pull, Review, World, make_pull, sha

from quarterdeck.extractors.forge_http import ForgeClient
from quarterdeck.extractors.forge_mining import mine_forge
from quarterdeck.extractors.forge_rereading import read_again
from quarterdeck.extractors.forge_tokens import Token
from quarterdeck.extractors.github import GitHub, api_url
from quarterdeck.extractors.lake import Lake

_PERCEVAL = """
import sys
from perceval.backends.core.github import GitHub
backend = GitHub("acme", "harbour", api_token=["x" * 20], base_url=sys.argv[1],
                 sleep_for_rate=False)
print(sum(1 for _ in backend.fetch(category="pull_request")))
"""
#: Share of pull requests that were updated since the night before.
_UPDATED = 0.01


def main(arguments: list[str]) -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pulls", type=int, default=10_000)
    parser.add_argument("--perceval")
    options = parser.parse_args(arguments)
    world = build_world(options.pulls)
    commits = sorted(len(pull.commits) for pull in world.pulls.values())
    reviews = sorted(len(pull.reviews) for pull in world.pulls.values())
    print(
        f"{options.pulls:,} pull requests; commits: median {commits[len(commits) // 2]}, mean "
        f"{sum(commits) / len(commits):.1f}, most {commits[-1]}; reviews: median "
        f"{reviews[len(reviews) // 2]}, mean {sum(reviews) / len(reviews):.1f}, most {reviews[-1]}"
    )
    ours(world)
    if options.perceval:
        perceval(build_world(options.pulls), options.perceval)


def build_world(count: int) -> World:
    """Pull requests with long-tailed numbers of commits and reviews."""
    draw = random.Random(7)
    world = World()
    for number in range(1, count + 1):
        commits = min(int(draw.lognormvariate(0.9, 1.0)) + 1, 250)
        reviews = min(int(draw.lognormvariate(0.6, 1.1)), 120)
        pull = make_pull(number)
        world.pulls[number] = replace(
            pull,
            commits=tuple((sha(number, n), ADA) for n in range(commits)),
            reviews=tuple(_review(pull, n) for n in range(reviews)),
            labels=pull.labels[:3],
            closing=pull.closing[:2],
            threads=pull.threads[:3],
        )
    return world


def _review(pull: Pull, number: int) -> Review:
    at = pull.created + timedelta(minutes=number)
    return Review(1000 * pull.number + number, BEN, "commented", at, number % 3)


def ours(world: World) -> None:
    """A first run, one after a day, and all answers read again."""
    clock = FakeClock(max(pull.updated for pull in world.pulls.values()) + timedelta(hours=1))
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(FakeGitHub(world, clock, limit=10**9)) as at,
    ):
        lake = Lake(Path(folder))
        for what in ("first run", "nightly run"):
            with ForgeClient(api_url(at), [Token(TOKEN, "GH_ENTERPRISE_TOKEN")], clock) as client:
                start, before = time.perf_counter(), time.process_time()
                told = mine_forge(GitHub(client, world.slug, "harbour"), client, lake, "harbour")
                size = sum(p.stat().st_size for p in lake.root.rglob("*") if p.is_file())
                print(
                    f"quarterdeck, {what}: {told.pull_requests:,} told, {told.requests:,} requests,"
                    f" {told.points:,} points; {time.perf_counter() - start:.0f} s with the server "
                    f"in the same process (CPU {time.process_time() - before:.0f} s); lake "
                    f"{size / 1e6:.1f} MB"
                )
            newest = max(pull.updated for pull in world.pulls.values())
            touched = random.Random(8).sample(sorted(world.pulls), int(len(world.pulls) * _UPDATED))
            for place, number in enumerate(touched, 1):
                world.touch(number, newest + timedelta(minutes=14 * place))
        start, before = time.perf_counter(), time.process_time()
        again = read_again(lake, "harbour", "github")  # nothing has noted a version yet
        assert again is not None
        print(
            f"read again: {again.answers:,} answers; {time.perf_counter() - start:.0f} s "
            f"(CPU {time.process_time() - before:.0f} s)"
        )


def perceval(world: World, python: str) -> None:
    """Requests of Perceval's `github` backend for the same pull requests."""
    fake = FakeGitHubRest(world, FakeClock(), tokens={"x" * 20})
    with serve(fake) as address:
        fake.host = address.removeprefix("http://")
        done = subprocess.run(
            [python, "-c", _PERCEVAL, address], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise SystemExit(f"perceval failed: {done.stderr[-2000:]}")
    kinds: dict[str, int] = {}
    for asked in fake.asked:
        parts = asked.path.removeprefix("/api/v3/").split("/")
        kind = parts[0] if parts[0] != "repos" else "/".join(parts[3:4] + parts[5:6])
        kinds[kind] = kinds.get(kind, 0) + 1
    shown = ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items()))
    print(f"perceval: {done.stdout.strip()} told, {len(fake.asked):,} requests ({shown})")


if __name__ == "__main__":
    main(sys.argv[1:])
