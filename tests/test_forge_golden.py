"""Published rates of real pull requests, from a file through the whole pipeline."""

import csv
import gzip
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from test_docs_measures import columns, example, numbers

from quarterdeck.estimates.proportions import wilson
from quarterdeck.flows import pipeline
from quarterdeck.flows.settings import load_settings

DATA = Path(__file__).parent / "data"
TIMES = ("created_at", "closed_at", "merged_at")
WINDOW = timedelta(days=30)
SETTINGS = """
organisation = "Research"
[[pull_request_tables]]
path = "pull_requests.csv.gz"
as_of = 2025-08-01
columns = { repository = "repository", number = "number", agent = "agent", state = "state", \
created_at = "created_at", closed_at = "closed_at", merged_at = "merged_at" }
values.agent = { codex = "Codex", devin = "Devin", copilot = "Copilot", cursor = "Cursor", \
claude_code = "Claude Code" }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    shutil.copy(DATA / "agent_pull_requests" / "pull_requests.csv.gz", folder)
    (folder / "quarterdeck.toml").write_text(SETTINGS, encoding="utf-8")
    settings = load_settings(folder / "quarterdeck.toml")
    mined = pipeline.mine(settings)
    assert mined.problems == {}
    assert [(file.is_new, file.kept, file.troubles) for file in mined.files] == [(True, 7122, ())]
    assert pipeline.update_database(settings)
    return folder


def test_nothing_is_read_or_built_twice(folder: Path) -> None:
    settings = load_settings(folder / "quarterdeck.toml")
    (file,) = pipeline.mine(settings).files
    assert (file.is_new, file.kept) == (False, 7122)
    assert not pipeline.update_database(settings)


@pytest.fixture(scope="module")
def built(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = load_settings(folder / "quarterdeck.toml").database
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def published() -> list[dict[str, str]]:
    text = (DATA / "golden" / "aidev_pop_merged.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def test_rates_equal_the_published_ones(built: duckdb.DuckDBPyConnection) -> None:
    found = {
        row[0]: row[1:]
        for row in built.sql("""
            select grouping_name, merged, pull_requests, closed,
                round(100 * merged_of_all, 1), round(100 * merged_of_closed, 1)
            from marts.forge_success
            where scope = 'organisation' and grouping_kind = 'agent'
        """).fetchall()
    }
    assert found == {
        row["agent"].replace("_", " ").title(): (
            *(int(row[key]) for key in ("merged", "opened", "closed")),
            *(float(row[f"merged_of_{key}"]) for key in ("opened", "closed")),
        )
        for row in published()
    }
    assert found["Codex"][:2] == (1754, 2686)


def test_intervals_are_wilson_of_both_denominators(built: duckdb.DuckDBPyConnection) -> None:
    (found,) = built.sql("""
        select merged, pull_requests, closed, merged_of_all_low, merged_of_all_high,
            merged_of_closed_low, merged_of_closed_high
        from marts.forge_success
        where scope = 'organisation' and grouping_kind = 'agent' and grouping_name = 'Codex'
    """).fetchall()
    of_all, of_closed = wilson(1754, 2686), wilson(1754, 2325)
    assert found[3:] == pytest.approx(
        (float(of_all.low), float(of_all.high), float(of_closed.low), float(of_closed.high))
    )


def test_all_groups_add_up(built: duckdb.DuckDBPyConnection) -> None:
    assert built.sql("""
        select grouping_kind, sum(pull_requests), sum(merged), sum(still_open)
        from marts.forge_success
        where scope = 'organisation'
        group by all order by all
    """).fetchall() == [
        ("agent", 7122, 3775, 921),
        ("all", 7122, 3775, 921),
        ("author class", 7122, 3775, 921),
    ]
    assert built.sql("""
        select sum(pull_requests) from marts.forge_success
        where scope = 'repository' and grouping_kind = 'all'
    """).fetchall() == [(7122,)]


def test_a_source_that_names_an_agent_declares_a_model(built: duckdb.DuckDBPyConnection) -> None:
    assert built.sql("""
        select distinct author_class, agent_source, opened_at_source, are_reviews_told, reviews
        from marts.pull_requests
    """).fetchall() == [("model", "table", "table", False, None)]
    (issue,) = built.sql("select issue, affected, total from marts.data_quality").fetchall()
    assert issue == ("pull requests of repositories without a clone", 7122, 7122)


def test_success_within_the_window_needs_no_clone(built: duckdb.DuckDBPyConnection) -> None:
    with gzip.open(DATA / "agent_pull_requests" / "pull_requests.csv.gz", "rt") as text:
        pulls = [
            [datetime.fromisoformat(row[key]) if row[key] else None for key in TIMES]
            for row in csv.DictReader(text)
        ]
    cutoff = max(time for pull in pulls for time in pull if time is not None)
    expected: dict[str, list[int]] = {}
    for opened, _, merged in pulls:
        assert opened is not None
        counts = expected.setdefault(f"{opened.year}Q{(opened.month + 2) // 3}", [0, 0, 0])
        is_mature = opened + WINDOW <= cutoff
        is_success = merged is not None and merged <= opened + WINDOW
        for place, holds in enumerate((True, is_mature, is_mature and is_success)):
            counts[place] += holds
    found = built.sql("""
        select quarter, pull_requests, mature_pull_requests, merged
        from marts.merge_success_quarterly
        where scope = 'organisation' and author_class = 'all'
    """).fetchall()
    assert {quarter: list(counts) for quarter, *counts in found} == expected


def test_the_first_rung_of_the_ladder_needs_no_clone(built: duckdb.DuckDBPyConnection) -> None:
    found = built.sql("""
        select rung, sum(pull_requests), sum(coalesce(trials, 0)), sum(coalesce(successes, 0)),
            count(rate) > 0, max(reason)
        from marts.success_ladder_quarterly
        where scope = 'organisation' and author_class = 'model' and agent = 'all' and tier = 'all'
        group by rung order by rung desc
    """).fetchall()
    (counts,) = built.sql("""
        select sum(pull_requests), sum(mature_pull_requests), sum(merged)
        from marts.merge_success_quarterly
        where scope = 'organisation' and author_class = 'all'
    """).fetchall()
    assert found == [
        ("not reverted", counts[0], 0, 0, False, "what merged ones became is not known"),
        ("merged", *counts, True, None),
        ("alive", counts[0], 0, 0, False, "window not elapsed, or outcome not known"),
    ]
    assert counts[1] > 3000
    agents = built.sql("""
        select agent, sum(trials) from marts.success_ladder_quarterly
        where scope = 'organisation' and agent != 'all' and rung = 'merged' group by agent
    """).fetchall()
    assert len(agents) == 5 and sum(count for _, count in agents) == counts[1]


def test_the_page_on_measures_shows_what_comes_out(built: duckdb.DuckDBPyConnection) -> None:
    shown = example("forge success")
    found = built.sql(f"""
        select {columns(shown)} from marts.forge_success
        where scope = 'organisation' and grouping_kind = 'agent' order by 1
    """).fetchall()
    assert found == numbers(shown)
