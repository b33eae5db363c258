from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.extractors.errors import GitCommandError
from quarterdeck.extractors.git_history import History, read_history
from quarterdeck.extractors.line_lifetimes import follow_lines, line_lives, newest_checkpoint
from quarterdeck.extractors.line_lifetimes_moves import MOVED, RESPACED, respaced
from quarterdeck.extractors.line_lifetimes_schemas import (
    LINE_CHANGES,
    LINE_DEATHS,
    LINE_RUNS,
    LinePart,
    without_part,
)
from quarterdeck.extractors.line_lifetimes_state import BINARY, DELETED, LOST
from quarterdeck.extractors.repository import open_repository
from tests.git_fixtures import Entry, RepositoryBuilder

Bytes = dict[str, bytes]


class Pass:
    """A pass over a built repository, and what it found."""

    def __init__(
        self,
        repository: RepositoryBuilder,
        checkpoint: pl.DataFrame | None = None,
        until: str | None = None,
        *,
        moves: bool = True,
        jobs: int = 2,
    ) -> None:
        opened = open_repository(repository.path)
        self.history: History = read_history(opened)
        self.problems: dict[str, str] = {}
        self.parts: list[LinePart] = list(
            follow_lines(
                opened,
                "harbour",
                self.history,
                checkpoint=checkpoint,
                until=until,
                moves=moves,
                jobs=jobs,
                problems=self.problems,
            )
        )

    @property
    def deaths(self) -> pl.DataFrame:
        return pl.concat([part.deaths for part in self.parts])

    @property
    def changes(self) -> pl.DataFrame:
        return pl.concat([part.changes for part in self.parts])

    @property
    def runs(self) -> pl.DataFrame:
        runs = self.parts[-1].runs
        assert runs is not None
        return runs

    def births(self, path: str, column: str = "birth_commit_id") -> list[str | None]:
        """The birth of each line of a file at the end of the pass."""
        rows = self.runs.filter(path=path).sort("first_line")
        births: list[str | None] = []
        for birth, lines in rows.select(column, "lines").iter_rows():
            births += [birth] * (lines or 0)
        return births

    def fates(self) -> dict[tuple[str, str], int]:
        """Lines that ended, by death change and fate."""
        fates: Counter[tuple[str, str]] = Counter()
        for death, fate, lines in self.deaths.select(
            "death_commit_id", "fate", "lines"
        ).iter_rows():
            fates[death, fate] += lines
        return dict(fates)


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryBuilder:
    return RepositoryBuilder(tmp_path / "harbour")


def text(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def numbered(first: int, last: int) -> list[str]:
    return [f"a line of prose with the number {at}" for at in range(first, last + 1)]


def numstat(repository: RepositoryBuilder, commit: str) -> tuple[int, int]:
    printed = repository.git(
        "log", "-1", "--first-parent", "-m", "--root", "--numstat", "-M", "--format=", commit
    )
    rows = [line.split("\t") for line in printed.splitlines() if line]
    added = sum(int(row[0]) for row in rows if row[0] != "-")
    return added, sum(int(row[1]) for row in rows if row[1] != "-")


def assert_counts_are_gits(repository: RepositoryBuilder, found: Pass) -> None:
    for commit, added, deleted in found.changes.select("commit_id", "added", "deleted").iter_rows():
        assert (added, deleted) == numstat(repository, commit), commit


def assert_lives_add_up(found: Pass) -> None:
    """Every line born ends or is alive, in both views, and no line ends before its birth."""
    lives = line_lives(found.deaths, found.runs)
    position = {commit: at for at, commit in enumerate(found.history.chain)}
    born: Counter[str] = Counter()
    for birth, death, lines in lives.select(
        "birth_commit_id", "death_commit_id", "lines"
    ).iter_rows():
        born[birth] += lines
        assert lines > 0
        assert death is None or position[birth] < position[death]
    added = dict(found.changes.filter(pl.col("added") > 0).select("commit_id", "added").iter_rows())
    assert born == added
    written = lives.filter(~pl.col("fate").is_in([MOVED, RESPACED]))
    origins = Counter[str]()
    for origin, lines in written.select("origin_commit_id", "lines").iter_rows():
        origins[origin] += lines
    for commit, count, moved, again in found.changes.select(
        "commit_id", "added", "moved", "respaced"
    ).iter_rows():
        assert origins[commit] == count - moved - again


def test_each_line_has_the_change_that_it_was_born_of(repository: RepositoryBuilder) -> None:
    first = repository.commit({"a.txt": text("one", "two", "three", "four")})
    second = repository.commit({"a.txt": text("one", "2", "three", "four", "five")})
    third = repository.commit({"a.txt": text("zero", "one", "three", "five")})
    found = Pass(repository)

    assert found.births("a.txt") == [third, first, first, second]
    assert found.deaths.sort("death_commit_id", "birth_commit_id").rows() == sorted(
        [
            ("harbour", second, first, "a.txt", first, "a.txt", DELETED, 1),
            ("harbour", third, first, "a.txt", first, "a.txt", DELETED, 1),
            ("harbour", third, second, "a.txt", second, "a.txt", DELETED, 1),
        ],
        key=lambda row: (row[1], row[2]),
    )
    assert found.changes["alive"].to_list() == [4, 5, 4]
    assert found.deaths.schema == without_part(LINE_DEATHS)
    assert found.changes.schema == without_part(LINE_CHANGES)
    assert found.runs.schema == LINE_RUNS


def test_renames_carry_lines_along_and_keep_the_path_at_birth(
    repository: RepositoryBuilder,
) -> None:
    first = repository.commit({"a.txt": text(*numbered(1, 20)), "b.txt": text("other")})
    second = repository.commit({"a.txt": None, "sub/c.txt": text(*numbered(2, 20), "new")})
    third = repository.commit({"sub/c.txt": None})
    at_second = Pass(repository, until=second)
    found = Pass(repository)

    assert at_second.births("sub/c.txt") == [first] * 19 + [second]
    assert set(found.deaths.filter(death_commit_id=third)["birth_path"]) == {"a.txt", "sub/c.txt"}
    assert found.births("b.txt") == [first]


def test_two_files_that_swap_their_names_swap_their_lines(repository: RepositoryBuilder) -> None:
    one, other = text(*numbered(1, 9)), text(*numbered(50, 60))
    first = repository.commit({"a/one": one, "b/other": other})
    second = repository.commit({"a/one": None, "b/other": None, "a/two": other, "b/one": one})
    found = Pass(repository)

    assert found.births("b/one") == [first] * 9
    assert found.births("a/two") == [first] * 11
    assert found.changes.filter(commit_id=second)["added"].item() == 0


def test_merges_count_once_against_their_first_parent(repository: RepositoryBuilder) -> None:
    first = repository.commit({"a.txt": text("one", "two")})
    topic = repository.commit({"a.txt": text("one", "2")}, branch="topic", parents=[first])
    merge = repository.merge([first, topic], files={"a.txt": text("one", "2")})
    found = Pass(repository)

    assert found.births("a.txt") == [first, merge]
    assert found.changes["commit_id"].to_list() == [first, merge]


def test_white_space_alone_keeps_the_origin(repository: RepositoryBuilder) -> None:
    first = repository.commit({"a.py": text("if x:", "  call()", "done")})
    second = repository.commit({"a.py": text("if x:", "\tcall( )", "", "done", "more")})
    third = repository.commit({"a.py": text("if x:", "\tcall( )", "", "done", "more")[:-1]})
    found = Pass(repository)

    assert found.births("a.py") == [first, second, second, first, third]
    assert found.births("a.py", "origin_commit_id") == [first, first, second, first, second]
    assert found.fates() == {(second, RESPACED): 1, (third, RESPACED): 1}
    strict = Pass(repository, moves=False)
    assert strict.births("a.py", "origin_commit_id") == strict.births("a.py")
    assert set(strict.deaths["fate"]) == {DELETED}
    assert_lives_add_up(found)


def test_the_worked_example_of_the_documentation(repository: RepositoryBuilder) -> None:
    body = numbered(1, 10)
    first = repository.commit({"a.py": text(*body)})
    second = repository.commit({"a.py": text(*(f"  {line}" for line in body[:4]), *body[5:])})
    third = repository.commit({"a.py": None})
    columns = ("birth_commit_id", "origin_commit_id", "death_commit_id", "fate", "lines")

    assert set(Pass(repository).deaths.select(columns).iter_rows()) == {
        (first, first, second, DELETED, 1),
        (first, first, second, RESPACED, 4),
        (first, first, third, DELETED, 5),
        (second, first, third, DELETED, 4),
    }


def test_carriage_returns_are_white_space(repository: RepositoryBuilder) -> None:
    first = repository.commit({"a.txt": b"one\r\ntwo\r\n"})
    second = repository.commit({"a.txt": b"one\ntwo\n"})
    found = Pass(repository)

    assert found.births("a.txt") == [second, second]
    assert found.births("a.txt", "origin_commit_id") == [first, first]


def test_a_block_that_moves_keeps_its_origin(repository: RepositoryBuilder) -> None:
    block = ["", "def keel():", "    return 'a long and heavy keel, made of solid oak'", "}"]
    body = numbered(1, 12)
    first = repository.commit({"a.py": text(*block, *body), "b.py": text("base of the file")})
    second = repository.commit({"a.py": text(*body, *block)})  # within a file
    third = repository.commit(  # and between files
        {"a.py": text(*body), "b.py": text("base of the file", *block, "also new")}
    )
    found = Pass(repository)

    assert found.fates() == {(second, MOVED): 4, (third, MOVED): 4}
    assert found.births("b.py") == [first] + [third] * 5
    assert found.births("b.py", "origin_commit_id") == [first] * 5 + [third]
    assert set(found.runs.filter(path="b.py")["origin_path"]) == {"a.py", "b.py"}
    assert_lives_add_up(found)


def test_short_lines_braces_and_second_copies_are_new(repository: RepositoryBuilder) -> None:
    long = "a line that is long enough to be followed wherever it may go"
    first = repository.commit({"a.c": text("short line", "}", "", long), "b.c": text("base")})
    second = repository.commit({"a.c": text("rest"), "b.c": text("base", "}", "", long, "x", long)})
    found = Pass(repository)

    assert found.fates()[second, MOVED] == 3  # the brace and the blank only stand beside `long`
    assert found.births("b.c", "origin_commit_id") == [first] * 4 + [second] * 2
    apart = Pass(repository, until=first)
    assert apart.deaths.is_empty()


def test_blocks_between_files_need_more_than_blocks_within_one(
    repository: RepositoryBuilder,
) -> None:
    line = "twenty five letters in here"
    repository.commit({"a.c": text(line, *numbered(1, 9)), "b.c": text("base")})
    within = repository.commit({"a.c": text(*numbered(1, 9), line)})
    between = repository.commit({"a.c": text(*numbered(1, 9)), "b.c": text("base", line)})

    assert Pass(repository).fates() == {(within, MOVED): 1, (between, DELETED): 1}


def test_lines_are_paired_in_order_and_never_cross() -> None:
    assert respaced([b"a", b"b", b"c"], [b"a", b"x", b"c"]) == [(0, 0), (2, 2)]
    assert respaced([b"a", b"b"], [b"b", b"a"]) in ([(0, 1)], [(1, 0)])
    assert respaced([b"a"], [b"a", b"a"]) == [(0, 0)]
    assert respaced([], [b"a"]) == []


def test_a_file_that_becomes_binary_and_comes_back(repository: RepositoryBuilder) -> None:
    first = repository.commit({"a.dat": text("one", "two"), "b.bin": b"\0\1\2"})
    second = repository.commit({"a.dat": b"\0one\ntwo\n", "b.bin": b"\0\3"})
    third = repository.commit({"a.dat": text("one", "two", "three")})
    at_third = Pass(repository)
    fourth = repository.commit({"a.dat": text("one", "two", "three", "four")})
    found = Pass(repository)

    assert found.fates() == {(second, BINARY): 2}
    assert at_third.runs.filter(path="a.dat")["lines"].to_list() == [None]
    assert found.births("a.dat") == [third] * 3 + [fourth]
    assert found.runs.filter(path="b.bin")["lines"].to_list() == [None]
    assert first not in found.births("a.dat")
    resumed = Pass(repository, checkpoint=at_third.runs)
    assert resumed.runs.equals(found.runs)


def test_type_changes_submodules_modes_and_empty_files(repository: RepositoryBuilder) -> None:
    pointer, other = b"1" * 40, b"2" * 40
    first = repository.commit(
        {
            "link": text("one", "two"),
            "module": Entry(pointer, "160000"),
            "run.sh": text("echo"),
            "empty": b"",
        }
    )
    second = repository.commit(
        {
            "link": Entry(b"run.sh", "120000"),
            "module": Entry(other, "160000"),
            "run.sh": Entry(text("echo"), "100755"),
            "empty": text("no more"),
        }
    )
    third = repository.commit({"module": None, "link": text("one", "two", "three")})
    found = Pass(repository)

    assert found.births("link") == [third] * 3
    assert found.births("run.sh") == [first]
    assert found.births("empty") == [second]
    assert found.runs.filter(path="module").is_empty()
    assert_counts_are_gits(repository, found)
    assert_lives_add_up(found)


def test_paths_that_git_quotes_and_lines_that_look_like_patches(
    repository: RepositoryBuilder,
) -> None:
    tricky = text(
        "@@ -1,2 +3,4 @@", "diff --git a/x b/x", "-- a", "++ b", "\\ No newline", "1" * 40
    )
    paths = [
        b"new\nline",
        b'quo"te',
        b"tab\t",
        b"caf\xe9",
        "caf\u00e9".encode(),
        b" a b/ c",
        b"e\n",
    ]
    first = repository.commit(dict.fromkeys(paths, tricky))
    second = repository.commit(dict.fromkeys(paths, text("new") + tricky + b"\0late\nno end"))
    found = Pass(repository)

    assert found.changes["added"].to_list() == [6 * len(paths), 0]  # a NUL makes a binary file
    third = repository.commit(dict.fromkeys(paths, b"x\r" + tricky + b"no end"))
    repository.commit(dict.fromkeys(paths, text("all else")))
    found = Pass(repository)
    assert found.fates()[second, BINARY] == 6 * len(paths)
    assert found.runs["path"].n_unique() == len(paths)
    assert third not in found.births("caf\u00e9")
    assert first not in found.births("caf\u00e9")


def test_an_empty_change_and_an_empty_tree(repository: RepositoryBuilder) -> None:
    repository.commit({"a": text("one")})
    same = repository.commit({})
    bare = repository.commit({"a": None})
    found = Pass(repository)

    assert found.changes["commit_id"].to_list()[1:] == [same, bare]
    assert found.changes["alive"].to_list() == [1, 1, 0]
    assert found.runs.select("path", "lines").rows() == [(None, None)]
    more = repository.commit({"b": text("two")})
    resumed = Pass(repository, checkpoint=found.runs)
    assert resumed.births("b") == [more]
    assert resumed.changes["alive"].to_list() == [1]


def test_a_missing_blob_makes_lines_unknown_and_no_more(repository: RepositoryBuilder) -> None:
    first = repository.commit({"a.txt": text("one", "two"), "b.txt": text("one")})
    second = repository.commit({"a.txt": text("one", "2"), "b.txt": text("one", "two")})
    third = repository.commit({"a.txt": text("one", "2", "three")})
    fourth = repository.commit({"a.txt": text("one", "2", "three", "four")})
    repository.remove_object(repository.blob(second, "a.txt"))
    found = Pass(repository)

    assert found.problems == {}
    assert found.fates() == {(second, LOST): 2}
    assert found.births("a.txt") == [None, None, None, fourth]
    assert found.births("b.txt") == [first, second]
    assert found.changes["added"].to_list() == [3, 1, 0, 1]
    assert found.changes.filter(commit_id=third)["alive"].item() == 5
    resumed = Pass(repository, checkpoint=Pass(repository, until=second).runs)
    assert resumed.runs.equals(found.runs)


def test_a_missing_tree_is_bridged(repository: RepositoryBuilder) -> None:
    first = repository.commit({"a.txt": text("one", "two"), "b.txt": text("base")})
    lost = repository.commit({"a.txt": text("one", "2")})
    repository.commit({"b.txt": text("base", "more")})
    fourth = repository.commit({"b.txt": text("base", "more", "yet")})
    repository.remove_object(repository.git("rev-parse", f"{lost}^{{tree}}"))
    found = Pass(repository)

    assert set(found.problems) == {lost}
    assert found.births("a.txt") == [first, None]
    assert found.births("b.txt") == [first, None, fourth]


def test_a_corrupt_blob_costs_its_own_file_only(repository: RepositoryBuilder) -> None:
    first = repository.commit({"a.txt": text("one"), "b.txt": text("base")})
    second = repository.commit({"a.txt": text("one", "two"), "b.txt": text("base", "more")})
    third = repository.commit({"b.txt": text("base", "more", "yet")})
    blob = repository.blob(second, "a.txt")
    loose = repository.git_dir / "objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"rubbish")
    found = Pass(repository)

    assert found.problems == {}
    assert found.fates() == {(second, LOST): 1}
    assert found.births("b.txt") == [first, second, third]


def test_what_a_shallow_clone_starts_with_has_no_known_birth(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    repository.commit({"a.txt": text("one", "two")})
    repository.commit({"a.txt": text("one", "two", "three")})
    last = repository.commit({"a.txt": text("one", "2", "three")})
    shallow = RepositoryBuilder(tmp_path / "shallow")
    url = f"file://{repository.path}"
    shallow.git("fetch", "-q", "--depth=2", url, "main:refs/heads/main", "--update-head-ok")
    found = Pass(shallow)

    assert found.births("a.txt") == [None, last, None]
    assert found.deaths["birth_commit_id"].to_list() == [None]
    before = [(found.runs["commit_id"][0], found.runs["first_commit_id"][0])]
    assert newest_checkpoint(found.history, before) == last
    shallow.git("fetch", "-q", "--unshallow", url, "main")
    deepened = Pass(shallow)
    assert newest_checkpoint(deepened.history, before) is None
    assert None not in deepened.births("a.txt")


def test_a_pass_goes_on_from_any_checkpoint(repository: RepositoryBuilder, tmp_path: Path) -> None:
    body = numbered(1, 30)
    commits = [repository.commit({"a.txt": text(*body), "empty": b"", "b.bin": b"\0"})]
    for at in range(1, 12):
        body = [*body[5:], *body[:3], f"the {at} new line, which is unlike the others"]
        files = {"a.txt": text(*body)} if at % 4 else {"c.txt": text(*body[3:]), "empty": None}
        commits.append(repository.commit(files))
    whole = Pass(repository)
    for commit in commits[:-1]:
        part = Pass(repository, until=commit)
        part.runs.write_parquet(tmp_path / "runs.parquet")
        rest = Pass(repository, checkpoint=pl.read_parquet(tmp_path / "runs.parquet"))
        assert rest.runs.equals(whole.runs)
        assert pl.concat([part.changes, rest.changes]).equals(whole.changes)
        deaths = pl.concat([part.deaths, rest.deaths])
        assert deaths.sort(deaths.columns).equals(whole.deaths.sort(deaths.columns))
    assert Pass(repository, checkpoint=whole.runs).parts == []


def test_a_force_push_goes_back_to_the_last_checkpoint_on_the_chain(
    repository: RepositoryBuilder,
) -> None:
    first = repository.commit({"a.txt": text("one")})
    second = repository.commit({"a.txt": text("one", "two")})
    kept = Pass(repository).runs
    repository.commit({"a.txt": text("one", "two", "three")})
    gone = Pass(repository)
    new = repository.commit({"a.txt": text("one", "2")}, parents=[second])
    checkpoints = [(runs["commit_id"][0], first) for runs in (kept, gone.runs)]
    history = read_history(open_repository(repository.path))
    usable = newest_checkpoint(history, checkpoints)

    assert usable == second
    found = Pass(repository, checkpoint=kept)
    assert found.births("a.txt") == [first, new]
    assert newest_checkpoint(history, checkpoints[1:]) is None
    with pytest.raises(ValueError, match="is not in list"):
        Pass(repository, checkpoint=gone.runs)


def test_workers_do_not_change_the_result(repository: RepositoryBuilder) -> None:
    for at in range(120):
        repository.commit({f"f{at % 7}.txt": text(*numbered(at, at + 20))})
    one, three = Pass(repository, jobs=1), Pass(repository, jobs=3)
    assert one.runs.equals(three.runs)
    assert one.deaths.equals(three.deaths)


def test_an_abandoned_pass_ends_its_workers(repository: RepositoryBuilder) -> None:
    for at in range(200):
        repository.commit({"a.txt": text(*numbered(at, at + 5))})
    opened = open_repository(repository.path)
    parts = follow_lines(opened, "harbour", read_history(opened))
    assert next(parts).changes.height == 200
    assert list(parts) == []


WORDS = st.sampled_from(
    ["", "}", "end", " end", "\tend ", "a longer line with enough letters", "x = 1", "x  =  1\r"]
)
CONTENT = st.lists(WORDS, max_size=12).map(lambda lines: "\n".join(lines).encode())
TREES = st.dictionaries(st.sampled_from(["a", "b", "d/c", "d/e"]), CONTENT, max_size=4)


def blamed(repository: RepositoryBuilder, commit: str, path: str) -> list[str]:
    printed = repository.git_bytes(
        "blame", "--first-parent", "--root", "-s", "-l", commit, "--", path
    )
    return [line[:40].decode() for line in printed.split(b"\n")[:-1]]


@settings(max_examples=25)
@given(trees=st.lists(TREES, min_size=1, max_size=6))
def test_random_histories_agree_with_numstat_and_blame(
    trees: list[Bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    repository = RepositoryBuilder(tmp_path_factory.mktemp("random"))
    before: Bytes = {}
    for tree in trees:
        repository.commit({**dict.fromkeys(before, None), **tree})
        before = tree
    found = Pass(repository)
    assert_counts_are_gits(repository, found)
    assert_lives_add_up(found)
    for path in before:
        ours = found.births(path)
        theirs = blamed(repository, found.history.chain[-1], path)
        # The tail that blame cuts off beforehand is a kibibyte or more: not in files so small.
        assert ours == theirs
    strict = Pass(repository, moves=False)
    assert [strict.births(path) for path in before] == [found.births(path) for path in before]


def test_a_region_beyond_the_file_is_an_error(repository: RepositoryBuilder) -> None:
    first = repository.commit({"a.txt": text(*numbered(1, 5))})
    repository.commit({"a.txt": text(*numbered(1, 9))})
    checkpoint = Pass(repository, until=first).runs.with_columns(lines=pl.lit(2, pl.Int64))
    with pytest.raises(GitCommandError, match="reaches line 5 of 2"):
        Pass(repository, checkpoint=checkpoint)
