"""Notes, traces, checkpoints and branches: from a repository into the lake, and read again."""

import json
from pathlib import Path

import polars as pl
import pytest
from git_fixtures import RepositoryBuilder
from hypothesis import given, settings
from hypothesis import strategies as st
from mined import mine, table

from quarterdeck.extractors import records
from quarterdeck.extractors.added_lines import read_added_lines
from quarterdeck.extractors.diffs import EMPTY_TREE, DiffRequest
from quarterdeck.extractors.record_forms import MODEL, Claim
from quarterdeck.extractors.record_readers import (
    CHECKPOINTS,
    RECORD_LINES,
    RECORD_PROBLEMS,
    read_records,
    runs,
)
from quarterdeck.extractors.schemas import RECORD_TEXTS, RECORDS
from quarterdeck.extractors.shadow import Shadow

SESSION = "s_0123456789abcd"
METADATA = {
    "schema_version": "authorship/3.0.0",
    "base_commit_sha": "",
    "prompts": {},
    "sessions": {SESSION: {"agent_id": {"tool": "cursor", "id": "c", "model": "m-1"}}},
}
NOTE = f"a.py\n  {SESSION}::t_1 1-2\n---\n{json.dumps(METADATA)}"


def add_note(repository: RepositoryBuilder, commit: str, text: str, ref: str = "ai") -> None:
    who = ("-c", "user.name=Ada Ruiz", "-c", "user.email=ada@harbour.test")
    blob = repository.git("hash-object", "-w", "--stdin", stdin=text.encode())
    repository.git(*who, "notes", f"--ref={ref}", "add", "-f", "-C", blob, commit)


def read(lake: Path) -> list[tuple[object, ...]]:
    frames = read_records(table(lake, "records"), table(lake, "record_texts"))
    return frames.lines.select("commit_id", "path", "first_line", "lines", "tool").rows()


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryBuilder:
    built = RepositoryBuilder(tmp_path / "app")
    built.commit({"a.py": b"1\n2\n"})
    return built


def test_a_note_is_mined_with_the_lines_that_its_commit_added(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    commit = repository.commit({"a.py": b"0\n1\n2\n3\n4\n", "b.py": b"x\n"})
    add_note(repository, commit, NOTE)
    mine(repository.path, tmp_path / "lake")
    assert read(tmp_path / "lake") == [(commit, "a.py", 1, 2, "cursor")]
    added = table(tmp_path / "lake", "added_lines").drop("repository_id")
    assert sorted(added.rows()) == [
        (commit, "a.py", 1, 1),
        (commit, "a.py", 4, 2),
        (commit, "b.py", 1, 1),
    ]


def test_notes_in_folders_are_found(repository: RepositoryBuilder, tmp_path: Path) -> None:
    commit = repository.commit({"a.py": b"0\n"})
    blob = repository.git("hash-object", "-w", "--stdin", stdin=NOTE.encode())
    entry = f"M 100644 {blob} {commit[:2]}/{commit[2:4]}/{commit[4:]}\n"
    stray = f"M 100644 {blob} readme/{commit}\n"
    head = "commit refs/notes/ai\ncommitter A <a@harbour.test> 1700000000 +0000\ndata 0\n"
    repository.git("fast-import", "--quiet", stdin=(head + entry + stray).encode())
    mine(repository.path, tmp_path / "lake")
    assert table(tmp_path / "lake", "records")["commit_id"].to_list() == [commit]


def test_only_new_texts_are_mined_and_nothing_twice(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    commit = repository.git("rev-parse", "HEAD")
    add_note(repository, commit, NOTE)
    mine(repository.path, lake)
    before = sorted((lake / "record_texts").rglob("*.parquet"))
    assert mine(repository.path, lake).nothing_new
    other = NOTE.replace("1-2", "2")
    add_note(repository, commit, other)
    mine(repository.path, lake)
    after = sorted((lake / "record_texts").rglob("*.parquet"))
    assert len(after) == len(before) + 1
    assert table(lake, "record_texts")["content"].n_unique() == 2
    assert read(lake) == [(commit, "a.py", 2, 1, "cursor")]
    assert table(lake, "added_lines").height == 1


def test_a_note_that_is_taken_away_counts_no_more(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    add_note(repository, "HEAD", NOTE)
    mine(repository.path, tmp_path / "lake")
    repository.git("update-ref", "-d", "refs/notes/ai")
    mine(repository.path, tmp_path / "lake")
    assert read(tmp_path / "lake") == []


def test_a_blob_at_a_ref_of_its_own_is_seen_when_it_changes(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    commit = repository.git("rev-parse", "HEAD")
    for lines in ([1], [[1, 2]]):
        authors = [{"author": "Cursor", "lines": lines, "agent_metadata": None}]
        text = json.dumps({"files": {"a.py": {"file": "a.py", "authors": authors}}})
        blob = repository.git("hash-object", "-w", "--stdin", stdin=text.encode())
        repository.ref(f"refs/ai/authorship/{commit}", blob)
        mine(repository.path, lake)
    assert read(lake) == [(commit, "a.py", 1, 2, "Cursor")]


def test_what_was_said_stays_in_the_repository(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    said = [{"type": "user", "text": "please fix the secret thing"}]
    prompts = {"d9978a8723e02b52": {"agent_id": {"tool": "claude"}, "messages": said}}
    text = f"a.py\n  d9978a8723e02b52 1\n---\n{json.dumps(METADATA | {'prompts': prompts})}"
    add_note(repository, "HEAD", text)
    mine(repository.path, tmp_path / "lake")
    (content,) = table(tmp_path / "lake", "record_texts")["content"]
    assert "secret" not in content
    assert content.startswith("a.py\n  d9978a8723e02b52 1\n---\n{")
    assert table(tmp_path / "lake", "record_texts")["size"].to_list() == [len(text)]
    assert [row[1:] for row in read(tmp_path / "lake")] == [("a.py", 1, 1, "claude")]


@pytest.mark.parametrize(
    "text", ["", "no record", "---\n", "---\n{", '{"files": [', '["a"]', "---\n[]"]
)
def test_texts_that_are_no_record_are_kept_as_they_are(text: str) -> None:
    assert records.without_transcripts(text) == text


def test_a_record_too_large_to_keep_is_told(
    repository: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "KEEP_LIMIT", 50)
    add_note(repository, "HEAD", NOTE)
    mine(repository.path, tmp_path / "lake")
    found = read_records(
        table(tmp_path / "lake", "records"), table(tmp_path / "lake", "record_texts")
    )
    assert found.lines.height == 0
    assert found.problems["problem"].to_list() == ["it is too large to keep"]
    assert found.problems["commit_id"].to_list() == [repository.git("rev-parse", "HEAD")]


def test_a_text_that_the_clone_lacks_is_told_and_read_when_it_comes(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    add_note(repository, "HEAD", NOTE)
    blob = repository.git("hash-object", "--stdin", stdin=NOTE.encode())
    repository.remove_object(blob)
    mine(repository.path, lake)
    frames = read_records(table(lake, "records"), table(lake, "record_texts"))
    assert frames.problems["problem"].to_list() == ["its text is not in this clone"]
    repository.git("hash-object", "-w", "--stdin", stdin=NOTE.encode())
    repository.commit({"b.py": b"x\n"})
    mine(repository.path, lake)
    assert len(read(lake)) == 1


def test_added_lines_of_a_clone_without_a_blob_are_passed_over(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    first = repository.commit({"a.py": b"one\n"})
    second = repository.commit({"a.py": b"two\n"})
    third = repository.commit({"b.py": b"three\n"})
    for commit in (first, second, third):
        add_note(repository, commit, NOTE)
    repository.remove_object(repository.blob(second, "a.py"))
    mine(repository.path, tmp_path / "lake")
    added = table(tmp_path / "lake", "added_lines")
    assert set(added["commit_id"]) == {first, third}


def test_a_trace_is_about_the_commit_after_the_one_it_names(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    revision = repository.git("rev-parse", "HEAD")
    ranges = [{"start_line": 1, "end_line": 3}]
    talk = [{"contributor": {"type": "ai", "model_id": "v/m"}, "ranges": ranges}]
    trace = {
        "vcs": {"type": "git", "revision": revision},
        "tool": {"name": "cursor"},
        "files": [{"path": "c.py", "conversations": talk}],
    }
    text = json.dumps(trace).encode() + b"\n"
    after = repository.commit({"c.py": b"1\n2\n3\n", ".agent-trace/traces.jsonl": text})
    repository.commit({"c.py": b"4\n5\n6\n"})
    mine(repository.path, tmp_path / "lake")
    lake = tmp_path / "lake"
    (line,) = read_records(table(lake, "records"), table(lake, "record_texts")).lines.to_dicts()
    assert (line["parent_id"], line["commit_id"]) == (revision, None)
    assert (line["ref"], line["model"]) == ("HEAD:.agent-trace/traces.jsonl", "v/m")
    assert set(table(lake, "added_lines")["commit_id"]) == {after}


def test_checkpoints_are_read_from_a_branch_and_from_refs(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    told = {"agent": "Claude Code", "initial_attribution": {"agent_percentage": 50}}
    texts = {
        "a1/b2c3d4e5f6/metadata.json": json.dumps({"sessions": [{}]}).encode(),
        "a1/b2c3d4e5f6/0/metadata.json": json.dumps(told).encode(),
        "a1/b2c3d4e5f6/0/full.jsonl": b"what was said",
    }
    repository.commit(texts, parents=[], branch="entire/checkpoints/v1")
    own = repository.commit({"0/metadata.json": b"{", "metadata.json": b"{}"}, parents=[])
    repository.git("update-ref", "refs/heads/main", f"{own}~0")
    repository.ref("refs/entire/checkpoints/HZ/01KVBJCWYA4YW6J5M9GP655HZN", own)
    lake = tmp_path / "lake"
    mine(repository.path, lake)
    frames = read_records(table(lake, "records"), table(lake, "record_texts"))
    found = frames.checkpoints.select("checkpoint_id", "session", "tool", "share").rows()
    assert sorted(found) == [
        ("01KVBJCWYA4YW6J5M9GP655HZN", 0, None, None),
        ("a1b2c3d4e5f6", 0, "Claude Code", 0.5),
    ]
    assert frames.problems["path"].to_list() == ["0/metadata.json"]
    assert not table(lake, "record_texts")["content"].str.contains("what was said").any()


def test_a_session_that_another_note_describes_is_found(
    repository: RepositoryBuilder, tmp_path: Path
) -> None:
    first, second = (repository.commit({"a.py": text}) for text in (b"x\n", b"y\n"))
    add_note(repository, first, NOTE)
    add_note(repository, second, NOTE.replace(json.dumps(METADATA["sessions"]), "{}"))
    mine(repository.path, tmp_path / "lake")
    assert sorted(row[4] for row in read(tmp_path / "lake")) == ["cursor", "cursor"]


def test_commits_of_branches_are_mined(repository: RepositoryBuilder, tmp_path: Path) -> None:
    main = repository.git("rev-parse", "HEAD")
    topic = repository.commit({"t.py": b"t\n"}, branch="codex/topic", parents=[main])
    repository.ref("refs/remotes/origin/codex/topic", topic)
    repository.ref("refs/heads/merged", main)
    repository.commit({"x": b"x\n"}, branch="gh-pages", parents=[])
    mine(repository.path, tmp_path / "lake")
    found = table(tmp_path / "lake", "branch_commits").select("branch", "commit_id").rows()
    assert found == [("codex/topic", topic)]
    assert topic in set(table(tmp_path / "lake", "commits")["commit_id"])


NAMES = ["a.py", "with blank.py", 'quo"te.py', "ünï.py", "tab\tname.py"]
LINES = st.lists(
    st.sampled_from([b"+++ b/x\n", b"--- a/x\n", b"@@ -1 +1 @@\n", b"\n", b"x\n"]), max_size=9
)


@settings(max_examples=40)
@given(
    versions=st.lists(
        st.dictionaries(st.sampled_from(NAMES), st.tuples(LINES, st.booleans()), max_size=3),
        min_size=1,
        max_size=4,
    )
)
def test_added_lines_are_those_that_git_counts(
    versions: list[dict[str, tuple[list[bytes], bool]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    repository = RepositoryBuilder(tmp_path_factory.mktemp("added") / "app")
    for version in versions:
        files = {
            name: b"".join(lines) + (b"" if ends else b"no end")
            for name, (lines, ends) in version.items()
        }
        repository.commit(files)
    ids = repository.git("rev-list", "--reverse", "HEAD").split()
    trees = [EMPTY_TREE, *(repository.git("rev-parse", f"{one}^{{tree}}") for one in ids)]
    requests = [
        DiffRequest(one, None, old, new)
        for one, old, new in zip(ids, trees, trees[1:], strict=False)
    ]
    with Shadow(repository.git_dir / "objects") as shadow:
        found = {request.commit_id: added for request, added in read_added_lines(shadow, requests)}
    for one in ids:
        shown = repository.git_bytes("show", "--numstat", "-z", "--format=", "-M", one)
        counted = {}
        tokens = iter(shown.decode().split("\0"))
        for token in filter(None, tokens):
            count, _, path = token.lstrip("\n").split("\t", 2)
            if not path:  # a rename: the old and the new path follow
                next(tokens)
                path = next(tokens)
            if int(count):
                counted[path] = int(count)
        own: dict[str, int] = {}
        for path, first, lines in found[one]:
            body = repository.git_bytes("show", f"{one}:{path}").split(b"\n")
            assert first >= 1
            assert first + lines - 1 <= len(body)
            own[path] = own.get(path, 0) + lines
        assert own == counted


SPANS = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 9), st.sampled_from("abc")), max_size=8
)


@given(spans=SPANS)
def test_a_later_claim_has_the_line(spans: list[tuple[int, int, str]]) -> None:
    claims = [Claim("p", first, first + more, MODEL, tool) for first, more, tool in spans]
    expected = {line: claim.tool for claim in claims for line in range(claim.first, claim.last + 1)}
    found: dict[int, str | None] = {}
    for _, first, lines, _, tool, *_ in runs(claims):
        for line in range(int(str(first)), int(str(first)) + int(str(lines))):
            assert line not in found
            found[line] = str(tool)
    assert found == expected


def test_frames_have_their_schemas_also_without_records() -> None:
    frames = read_records(pl.DataFrame(schema=RECORDS), pl.DataFrame(schema=RECORD_TEXTS))
    assert frames.lines.schema == RECORD_LINES
    assert frames.checkpoints.schema == CHECKPOINTS
    assert frames.problems.schema == RECORD_PROBLEMS
