"""Files of pull requests: every form, every fault, and nothing read twice."""

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from quarterdeck.extractors import forge_values as values
from quarterdeck.extractors.errors import ForgeFileError, LakeError
from quarterdeck.extractors.forge_files import FileOutcome, file_parts, file_troubles, read_files
from quarterdeck.extractors.forge_frames import ForgeFrames, append_frames
from quarterdeck.extractors.forge_tables import FileTold, TableSpec, read_table
from quarterdeck.extractors.lake import Lake
from quarterdeck.extractors.lake_checksums import set_aside
from quarterdeck.extractors.schemas import SNAPSHOT_TABLES

AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
COLUMNS = {
    "repository": "repo",
    "number": "nr",
    "state": "state",
    "created_at": "opened",
    "closed_at": "closed",
    "merged_at": "merged",
    "author_login": "who",
}
HEADER = "repo,nr,state,opened,closed,merged,who"


def told(path: Path, **spec: Any) -> FileTold:
    spec = {"pattern": str(path), "columns": COLUMNS} | spec
    return read_table(path, TableSpec(**spec), AS_OF, dict)


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows(frame: pl.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return frame.select(columns).rows()


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05T08:30:00Z", at(2026, 1, 5, 8, 30)),
        ("2026-01-05 08:30:00.123456+02:00", datetime(2026, 1, 5, 6, 30, 0, 123456, tzinfo=UTC)),
        ("2026-01-05 08:30:00 UTC", at(2026, 1, 5, 8, 30)),
        ("2026-01-05", at(2026, 1, 5)),
        ("1767601800", at(2026, 1, 5, 8, 30)),
        (1767601800000, at(2026, 1, 5, 8, 30)),
        ("1767601800000000", at(2026, 1, 5, 8, 30)),
        (1767601800000000000, at(2026, 1, 5, 8, 30)),
        ("NaT", None),
        (float("nan"), None),
    ],
)
def test_times(text: object, expected: datetime | None) -> None:
    assert values.time(text) == expected


@pytest.mark.parametrize("text", ["yesterday", "05/01/2026", True, 1e300, "2026-13-01"])
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        values.time(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("harbour/api", "harbour/api"),
        ("https://forge.test/harbour/api.git", "harbour/api"),
        ("https://api.forge.test/repos/harbour/api", "harbour/api"),
        ("https://forge.test/group/sub/api/-/merge_requests/7", "group/sub/api"),
        ("git@forge.test:harbour/api.git", "harbour/api"),
        ("", None),
    ],
)
def test_repository_names(text: str, expected: str | None) -> None:
    assert values.repository_name(text) == expected


def test_csv_with_gaps_zone_and_own_states(tmp_path: Path) -> None:
    path = write(
        tmp_path / "pulls.csv",
        "\ufeff" + HEADER,
        "harbour/api,7,MERGED,05.01.2026 09:30,,06.01.2026 09:30,ada",
        'harbour/api,#8,declined,05.07.2026 09:30,06.07.2026 09:30,,"ben, the other"',
        "harbour/api,9,in limbo,05.01.2026 09:30,,,dependabot[bot]",
        "https://forge.test/harbour/api/pull/10,10,,05.01.2026 09:30,06.01.2026 09:30,,",
    )
    found = told(path, time_format="%d.%m.%Y %H:%M", time_zone="Europe/Berlin")
    assert rows(
        found.frames.pull_requests, "number", "state", "created_at", "author_login", "author_is_bot"
    ) == [
        (7, "merged", at(2026, 1, 5, 8, 30), "ada", None),
        (8, "closed", at(2026, 7, 5, 7, 30), "ben, the other", None),
        (9, None, at(2026, 1, 5, 8, 30), "dependabot[bot]", True),
        (10, "closed", at(2026, 1, 5, 8, 30), None, None),
    ]
    assert set(found.frames.pull_requests["repository_id"]) == {"harbour/api"}
    assert set(found.frames.pull_requests["fetched_at"]) == {AS_OF}
    assert found.troubles.found == {"state not understood": (1, "line 4: 'in limbo'")}
    renamed = told(
        path, time_format="%d.%m.%Y %H:%M", values={"state": {"in limbo": "open"}}
    ).frames.pull_requests
    assert rows(renamed, "state")[2] == ("open",)


def test_every_fault_is_counted_and_nothing_else_lost(tmp_path: Path) -> None:
    path = write(
        tmp_path / "pulls.csv",
        f"{HEADER},colour",
        "harbour/api,7,open,2026-01-05,,,ada,red",
        "harbour/api,,open,2026-01-05,,,ada,red",
        "harbour/api,seven,open,2026-01-05,,,ada,red",
        ",8,open,2026-01-05,,,ada,red",
        "harbour/api,9,open,soon,,,ada,red",
        "harbour/api,10,open,2026-01-05",
        "harbour/api,7,closed,,2026-01-09,,,",
        "harbour/api,11,closed,2026-01-05,2026-01-04,,ada,red",
    )
    found = told(path)
    assert rows(
        found.frames.pull_requests.sort("number"), "number", "state", "created_at", "author_login"
    ) == [
        (7, "closed", at(2026, 1, 5), "ada"),
        (9, "open", None, "ada"),
        (10, "open", at(2026, 1, 5), None),
        (11, "closed", at(2026, 1, 5), "ada"),
    ]
    assert (found.rows, found.kept) == (8, 4)
    assert {problem: count for problem, (count, _) in found.troubles.found.items()} == {
        "number not understood": 1,
        "rows without a number, left out": 2,
        "rows without a repository, left out": 1,
        "created_at not understood": 1,
        "rows with more or fewer cells than the header": 1,
        "rows about a pull request that has one already, joined to it": 1,
        "closed before they were opened": 1,
        "columns that nothing reads": 1,
    }
    assert found.troubles.found["created_at not understood"][1] == "line 6: 'soon'"


@pytest.mark.parametrize(
    ("encoding", "given"), [("utf-16", None), ("utf-8-sig", None), ("cp1252", "cp1252")]
)
def test_texts_of_other_encodings(tmp_path: Path, encoding: str, given: str | None) -> None:
    path = tmp_path / "pulls.csv"
    path.write_bytes("repo;nr;who\r\nharbour/api;7;Zoë\r\n".encode(encoding))
    columns = {"repository": "repo", "number": "nr", "author_login": "who"}
    found = told(path, columns=columns, encoding=given)
    assert rows(found.frames.pull_requests, "number", "author_login") == [(7, "Zoë")]
    assert found.troubles.found == {}


def test_characters_of_another_encoding_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "pulls.csv"
    path.write_bytes("sep=;\nrepo;nr;who\nharbour/api;7;Zoë\nharbour/api;8;Ada\n".encode("cp1252"))
    columns = {"repository": "repo", "number": "nr", "author_login": "who"}
    found = told(path, columns=columns)
    assert found.kept == 2
    assert found.troubles.found == {
        "rows with characters that could not be read (`encoding`)": (1, "line 3")
    }


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("nr", 0), ("nr", -7), ("nr", 10**30), ("nr", 1e400),
        ("lines", -1), ("lines", 10**30), ("lines", 1e400), ("lines", True),
        ("opened", "0001-01-01T00:00:00Z"), ("opened", 0), ("opened", 1e400),
    ],
)  # fmt: skip
def test_numbers_and_times_that_cannot_be_are_counted(
    tmp_path: Path, column: str, cell: object
) -> None:
    path = tmp_path / "pulls.json"
    row = {"repo": "harbour/api", "nr": 7, "lines": 3, "opened": "2026-01-05"} | {column: cell}
    path.write_text(json.dumps([row]))
    columns = {"repository": "repo", "number": "nr", "added": "lines", "created_at": "opened"}
    found = told(path, columns=columns)
    field = next(ours for ours, theirs in columns.items() if theirs == column)
    assert f"{field} not understood" in found.troubles.found
    assert found.frames.pull_requests[field].to_list() == ([] if column == "nr" else [None])


def test_half_a_character_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "pulls.json"
    path.write_text(
        '[{"repo": "harbour/api", "nr": 7, "who": "cut \\ud83d", "labels": ["\\ud83d"]}]'
    )
    columns = {"repository": "repo", "number": "nr", "title": "who", "labels": "labels"}
    found = told(path, columns=columns)
    assert rows(found.frames.pull_requests, "title", "labels") == [("cut ?", ["?"])]


def test_a_single_pull_request_is_no_list_of_its_labels(tmp_path: Path) -> None:
    path = tmp_path / "pull.json"
    path.write_text('{"number": 7, "labels": [{"name": "x"}]}')
    found = told(path, columns={"number": "number", "labels": "labels"}, repository="harbour/api")
    assert rows(found.frames.pull_requests, "number", "labels") == [(7, ["x"])]


def test_a_missing_column_is_named_with_its_neighbour(tmp_path: Path) -> None:
    path = write(tmp_path / "pulls.csv", "repo,number", "harbour/api,7")
    with pytest.raises(ForgeFileError, match=r"no column 'numbr'.*did you mean 'number'\?.*repo"):
        told(path, columns={"repository": "repo", "number": "numbr"})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("pulls.csv", b"", "no header"),
        ("pulls.csv", b"a,a\n1,2\n", "two columns are called 'a'"),
        ("pulls.csv", b'repo,nr\n"harbour/api,7\n', "quote not closed"),
        ("pulls.json", b"[{", "not JSON"),
        ("pulls.json", b"7", "no list of objects"),
        ("pulls.json", b"[" * 100_000, "not JSON"),
        ("pulls.parquet", b"PAR1", "not a Parquet file"),
        ("pulls.csv.gz", b"repo,nr\n", "no gzip file|cannot be read"),
        ("pulls.csv.gz", gzip.compress(b"repo,nr\n" * 99, mtime=0)[:-9], "ends early"),
        ("pulls.xlsx", b"", "tells no form"),
    ],
    ids=lambda value: str(len(value)) if isinstance(value, bytes) else value,
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ForgeFileError, match=message) as caught:
        told(path, columns={"repository": "repo", "number": "nr"})
    assert str(path) in str(caught.value)


def test_all_forms_tell_the_same(tmp_path: Path) -> None:
    items = [
        {"repo": "harbour/api", "nr": 7, "state": "open", "opened": "2026-01-05T08:00:00Z",
         "closed": None, "merged": None, "who": "ada", "labels": ["a", "b"]},
        {"repo": "harbour/web", "nr": 7, "state": "merged", "opened": "2026-01-06T08:00:00Z",
         "closed": None, "merged": "2026-01-07T08:00:00Z", "who": "ben", "labels": []},
    ]  # fmt: skip
    lines = "".join(json.dumps(item) + "\n" for item in items)
    (tmp_path / "a.json").write_text(json.dumps({"total": 2, "pulls": items}))
    (tmp_path / "b.jsonl").write_text(lines)
    (tmp_path / "c.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    connection = duckdb.connect()
    connection.execute(f"""
        copy (
            select * replace (cast(opened as timestamptz) as opened,
                cast(merged as timestamptz) as merged)
            from read_json('{tmp_path / "b.jsonl"}')
        ) to '{tmp_path / "d.parquet"}'
    """)
    # as writers leave texts that do not mark them as such
    plain = pl.read_parquet(tmp_path / "d.parquet")
    plain.with_columns(pl.col(pl.String).cast(pl.Binary)).write_parquet(tmp_path / "f.parquet")
    text = ["\t".join(COLUMNS.values()) + "\tlabels"] + [
        "\t".join("" if item[name] is None else str(item[name]) for name in COLUMNS.values())
        + "\t"
        + ";".join(item["labels"])  # type: ignore[arg-type]
        for item in items
    ]
    write(tmp_path / "e.tsv", *text)
    frames = [
        told(path, columns=COLUMNS | {"labels": "labels"}).frames.pull_requests
        for path in sorted(tmp_path.iterdir())
    ]
    assert len(frames) == 6
    assert rows(frames[0], "repository_id", "state", "merged_at", "labels") == [
        ("harbour/api", "open", None, ["a", "b"]),
        ("harbour/web", "merged", at(2026, 1, 7, 8), []),
    ]
    assert all(frame.equals(frames[0]) for frame in frames)


def event(action: str, when: str, actor: str = "ada", **pull: Any) -> dict[str, Any]:
    """An event of GitHub's feed; as it is since October 2025 if `pull` is empty."""
    repository = {"id": 1, "url": "https://api.github.com/repos/Harbour/API", "name": "API"}
    end = {"sha": "b" * 40, "repo": repository}
    return {
        "type": "PullRequestEvent",
        "actor": {"id": 7, "login": actor},
        "repo": {"id": 1, "name": "Harbour/API"},
        "created_at": when,
        "payload": {
            "action": action,
            "number": 12,
            "pull_request": {
                "id": 1200,
                "number": 12,
                "url": "https://api.github.com/repos/Harbour/API/pulls/12",
                "head": {"ref": "count"} | end,
                "base": {"ref": "main"} | end,
            }
            | pull,
        },
    }


def hour(path: Path, *events: object) -> Path:
    lines = [one if isinstance(one, str) else json.dumps(one) for one in events]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def outcomes(lake: Lake, *specs: TableSpec, names: frozenset[str] = frozenset()) -> list[object]:
    found: list[FileOutcome] = list(read_files(lake, specs, names))
    return [(one.path.name, one.is_new, one.kept, one.problem is not None) for one in found]


def kept(lake: Lake, specs: list[TableSpec], table: str = "forge_pull_requests") -> pl.DataFrame:
    parts = file_parts(lake, specs, table)
    return pl.concat([pl.read_parquet(part) for part in parts]) if parts else pl.DataFrame()


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    path = write(tmp_path / "a.csv", HEADER, "harbour/api,7,open,2026-01-05,,,ada")
    write(tmp_path / "b.csv", HEADER, "harbour/web,7,open,2026-01-05,,,ada")
    spec = TableSpec(str(tmp_path / "*.csv"), columns=COLUMNS)
    assert outcomes(lake, spec) == [("a.csv", True, 1, False), ("b.csv", True, 1, False)]
    assert outcomes(lake, spec) == [("a.csv", False, 1, False), ("b.csv", False, 1, False)]
    write(path, HEADER, "harbour/api,8,open,2026-01-05,,,ada", "harbour/api,9,open,,,,")
    assert outcomes(lake, spec) == [("a.csv", True, 2, False), ("b.csv", False, 1, False)]
    # the file is the record: what it does not tell any more is gone, what another told is not
    assert sorted(kept(lake, [spec])["number"]) == [7, 8, 9]
    other = TableSpec(spec.pattern, columns=COLUMNS | {"title": "who"})
    assert [one[1] for one in outcomes(lake, other)] == [True, True]  # type: ignore[index]
    path.unlink()
    assert outcomes(lake, other) == [("b.csv", False, 1, False)]
    assert sorted(kept(lake, [other])["number"]) == [7, 8, 9]
    assert kept(lake, []).is_empty()


def test_one_file_that_fails_stops_no_other(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    write(tmp_path / "a.csv", "repo", "harbour/api")
    write(tmp_path / "b.csv", HEADER, "harbour/web,7,open,x,,,ada")
    specs = [
        TableSpec(str(tmp_path / "*.csv"), columns=COLUMNS),
        TableSpec(str(tmp_path / "gone.csv"), columns=COLUMNS),
    ]
    assert outcomes(lake, *specs) == [
        ("a.csv", False, 0, True),
        ("b.csv", True, 1, False),
        ("gone.csv", False, 0, True),
    ]
    columns = ["file", "rows", "kept", "problem"]
    assert file_troubles(lake, specs).select(columns).rows() == [
        ("a.csv", None, 0, "cannot be read"),
        ("b.csv", 1, 1, "created_at not understood"),
    ]
    # it is tried again, and what it told stays
    write(tmp_path / "a.csv", HEADER, "harbour/api,7,open,,,,ada")
    assert outcomes(lake, specs[0])[0] == ("a.csv", True, 1, False)
    write(tmp_path / "a.csv", "repo", "harbour/api")
    assert outcomes(lake, specs[0])[0] == ("a.csv", False, 0, True)
    assert kept(lake, specs).height == 2
    assert file_troubles(lake, specs).row(0)[3:5] == (1, 1)


def test_reviews_find_their_pull_requests_by_the_forges_id(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    pulls = write(tmp_path / "pulls.csv", f"{HEADER},id", "harbour/api,7,open,,,,ada,501")
    reviews = write(
        tmp_path / "reviews.csv",
        "pr,id,user,state,at",
        "501,1,ben,APPROVED,2026-01-05",
        "501,2,lint[bot],COMMENTED,2026-01-05",
        "501,2,lint[bot],COMMENTED,2026-01-05",
        "502,3,ben,CHANGES_REQUESTED,2026-01-05",
    )
    specs = [
        TableSpec(
            str(reviews),
            "reviews",
            columns={"pull_request": "pr", "review_id": "id", "reviewer_login": "user",
                     "state": "state", "submitted_at": "at"},
        ),
        TableSpec(str(pulls), columns=COLUMNS | {"forge_id": "id"}),
    ]  # fmt: skip
    assert outcomes(lake, *specs) == [
        ("pulls.csv", True, 1, False),
        ("reviews.csv", True, 2, False),
    ]
    assert rows(
        kept(lake, specs, "forge_reviews"), "repository_id", "number", "review_id", "state",
        "reviewer_is_bot",
    ) == [
        ("harbour/api", 7, "1", "approved", None),
        ("harbour/api", 7, "2", "commented", True),
    ]  # fmt: skip
    write(pulls, f"{HEADER},id", "harbour/api,7,open,,,,ada,501", "harbour/api,8,open,,,,ada,502")
    assert outcomes(lake, *specs) == [
        ("pulls.csv", True, 2, False),
        ("reviews.csv", True, 3, False),
    ]


def mined(lake: Lake, repository_id: str) -> None:
    """A repository that mining has seen."""
    frames = {table: schema.to_frame() for table, schema in SNAPSHOT_TABLES.items()}
    row = dict.fromkeys(SNAPSHOT_TABLES["repositories"]) | {"repository_id": repository_id}
    frames["repositories"] = pl.DataFrame([row], schema=SNAPSHOT_TABLES["repositories"])
    lake.write_snapshot(frames, repository_id)


def test_reviews_find_pull_requests_that_a_forge_told(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    reviews = write(tmp_path / "reviews.csv", "pr,user", "PR_7,ben", "PR_8,ben", "PR_9,ben")
    spec = TableSpec(
        str(reviews), "reviews", columns={"pull_request": "pr", "reviewer_login": "user"}
    )
    assert outcomes(lake, spec) == [("reviews.csv", True, 0, False)]
    for repository_id, numbers in (("api", [7, 9]), ("web", [9])):
        mined(lake, repository_id)
        key = {"repository_id": repository_id, "source": "github", "fetched_at": AS_OF}
        told_by_forge = [key | {"number": n, "forge_id": f"PR_{n}"} for n in numbers]
        append_frames(lake, repository_id, ForgeFrames.from_rows(told_by_forge))
    assert outcomes(lake, spec) == [("reviews.csv", True, 1, False)]  # 9 is whose?
    assert rows(kept(lake, [spec], "forge_reviews"), "repository_id", "number") == [("api", 7)]
    assert outcomes(lake, spec) == [("reviews.csv", False, 1, False)]
    write(reviews, "pr,user", "PR_7,ben")
    assert outcomes(lake, spec) == [("reviews.csv", True, 1, False)]
    key = {"repository_id": "api", "source": "github", "fetched_at": AS_OF, "number": 10}
    append_frames(lake, "api", ForgeFrames.from_rows([key]))
    assert outcomes(lake, spec) == [("reviews.csv", False, 1, False)]  # it lacks none


def test_what_a_file_told_and_the_lake_lost_is_read_again(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    path = write(tmp_path / "a.csv", HEADER, "harbour/api,7,open,2026-01-05,,,ada")
    write(tmp_path / "empty.csv", HEADER)
    spec = TableSpec(str(tmp_path / "*.csv"), columns=COLUMNS)
    outcomes(lake, spec)
    set_aside(file_parts(lake, [spec], "forge_pull_requests")[0])
    assert outcomes(lake, spec) == [("a.csv", True, 1, False), ("empty.csv", False, 0, False)]
    assert kept(lake, [spec]).height == 1
    set_aside(file_parts(lake, [spec], "forge_pull_requests")[0])
    path.unlink()
    lost, _ = list(read_files(lake, [spec], frozenset()))
    assert lost.problem == "a.csv: what it told is damaged, and the file is gone; put it back"


def test_a_damaged_part_among_those_that_reviews_need_is_told(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    pulls = write(tmp_path / "pulls.csv", f"{HEADER},id", "harbour/api,7,open,,,,ada,501")
    reviews = write(tmp_path / "reviews.csv", "pr", "501")
    specs = [
        TableSpec(str(reviews), "reviews", columns={"pull_request": "pr"}),
        TableSpec(str(pulls), columns=COLUMNS | {"forge_id": "id"}),
    ]
    outcomes(lake, specs[1])
    file_parts(lake, specs, "forge_pull_requests")[0].write_bytes(b"PAR1 and no more")
    with pytest.raises(LakeError, match="a part is damaged"):
        outcomes(lake, *specs)


def test_an_archive_is_read_again_when_more_is_wanted(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    there = event("opened", "2025-11-01T08:00:00Z")
    path = hour(tmp_path / "2025-11-01-8.json.gz", there, there | {"repo": {"name": "other/one"}})
    os.utime(path, (0, 0))
    spec = TableSpec(str(tmp_path / "2025-*.json.gz"))
    read = [
        outcomes(lake, spec, names=frozenset(names))[0]
        for names in (["Harbour/API"], ["harbour/api"], ["other/one"], ["Harbour/API"])
    ]
    name = path.name
    assert read == [
        (name, True, 1, False),
        (name, False, 1, False),
        (name, True, 2, False),
        (name, False, 2, False),
    ]
