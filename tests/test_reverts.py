"""Which landed change undoes which, by what messages say, and the rates that follow."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from sql_fixtures import BOT, History, Repository, build_attribution, rows

FIRST = date(2026, 1, 1)
CUTOFF = datetime(2026, 2, 12, tzinfo=UTC)
FULL = {"src/a.py": 10}
BACK = {"src/a.py": (0, 10)}


class Said:
    """A repository in which one change a day lands, by name."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.ids: dict[str, str] = {}

    def __call__(self, name: str, message: str, files: object = FULL, **more: object) -> str:
        day = FIRST + timedelta(days=len(self.ids))
        made = self.repository.land(day, files, message=message, **more)  # type: ignore[arg-type]
        self.ids[name] = made
        return made


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, dict[str, str]]]]:
    history = History()
    names: dict[str, dict[str, str]] = {}
    for write in (_ids, _titles, _numbers, _pulls, _returns, _merges, _parts, _nothing, _again):
        said = Said(history.repository(write.__name__[1:]))
        write(said)
        names[said.repository.name] = said.ids
    folder = tmp_path_factory.mktemp("reverts")
    wanted = ["marts.change_reverts"]
    with build_attribution(history, folder, wanted, cutoff=CUTOFF) as connection:
        yield connection, names


def _ids(said: Said) -> None:
    full = said("full", "Add a")
    said("short", "Add b")
    several = [said("one", "Add c"), said("two", "Add d"), said("three", "Add e")]
    said("r full", f"Take it out\n\nThis reverts commit {full}.", BACK)
    said("r short", f"Revert {said.ids['short'][:9]} (it broke the build)", BACK)
    listed = f"{several[0]}, {several[1][:12]}\nand {several[2][:8]}"
    said("r several", f"Back to safety\n\nThis reverts commits {listed}.", {"src/a.py": (0, 30)})
    later = said.repository.commit(FIRST, commit_id="f" * 40)
    said("r later", f"Undo\n\nThis reverts commit {later}.")
    elsewhere = said.repository.commit(
        FIRST + timedelta(days=1), message="Add b", authored=FIRST + timedelta(days=1)
    )
    said("r copy", f"Undo the copy\n\nThis reverts commit {elsewhere}.", BACK)
    said("picked", f"Fix it\n\n(cherry picked from commit {'e' * 40})")
    said("r picked", f"Undo the fix\n\nThis reverts commit {'e' * 40}.", BACK)
    jj, old, hg = said("jj", "Add g"), said("old", "Add h"), said("hg", "Add i")
    said("r jj", f'Back out "Add g"\n\nThis backs out commit {jj}.', BACK)
    said("r old", f"backout of commit {old}", BACK)
    said("r hg", f"Backed out changeset {hg[:12]} for a broken build", BACK)


def _titles(said: Said) -> None:
    said("old", "Tidy the pier (#1)")
    said("new", "Tidy the pier (#2)")
    said("r new", 'Revert "Tidy the pier" (#3)', BACK)
    said("kind", "feat(api): Count the boats (#4)")
    said("r kind", "revert: feat(api): count the boats (#5)", BACK)
    said("cut", "Added option for skipping the animation of ferries when it rains (#6)")
    said("r cut", 'Revert "Added option for skipping the animation of ferries …" (#7)', BACK)
    said("prefixed", "Paint the buoys")
    said("r prefixed", '[skip ci] docks: Revert "Paint the buoys"', BACK)
    said("marks", '"Fast" mode is "slow"')
    said("r marks", 'Revert ""Fast" mode is "slow""', BACK)
    said("rr marks", 'Revert "Revert ""Fast" mode is "slow"""')
    said("r none", 'Revert "Never landed here"', BACK)
    said("r vague", "Revert the default", BACK)


def _numbers(said: Said) -> None:
    first, second = said("ten", "Raise the bridge"), said("eleven", "Lower the bridge")
    said.repository.pull(10, (), first)
    said.repository.pull(11, (), second)
    said("r ten", "Stop\n\nReverts harbour/numbers#10", BACK)
    said("r quoted", 'Revert "Lower the bridge for ships (#11)" (#12)', BACK)
    said("r other", "Fix\n\nThis reverts otherplace/tools#11.", BACK)
    said("r bump", "Bump tools\n\n* Reverts #10", BACK, author=BOT)
    said("r history", "Mend\n\nThe bridge was reverted by #10 some time ago.", BACK)


def _pulls(said: Said) -> None:
    repository = said.repository
    own = [
        repository.commit(FIRST, message="Step one"),
        repository.commit(FIRST, message="Step two"),
    ]
    squash = said("squash", "Build a mole (#5)")
    repository.pull(5, own, squash)
    said("r own", f"Undo a step\n\nThis reverts commit {own[0]}.", {"src/a.py": (0, 10)})
    said("r squash", f"Undo\n\nThis reverts commit {squash}.", BACK)
    inner = repository.commit(FIRST, message="Try")
    undone = repository.commit(FIRST, message=f'Revert "Try"\n\nThis reverts commit {inner}.')
    inside = said("inside", f"Settle (#6)\n\n* Try\n* Revert\n\nThis reverts commit {inner}.")
    repository.pull(6, [inner, undone], inside)


def _returns(said: Said) -> None:
    said("lamp", "Light the lamp (#1)")
    said("r lamp", 'Revert "Light the lamp (#1)" (#2)', BACK)
    said("rr lamp", 'Revert "Revert "Light the lamp (#1)" (#2)" (#3)')
    said("rrr lamp", 'Revert "Reapply "Light the lamp""', BACK)
    bell = said("bell", "Ring the bell")
    said("r bell", f"Silence\n\nThis reverts commit {bell}.", BACK)
    said("back bell", "[Reland] Ring the bell")
    horn = said("horn", "Sound the horn")
    silent = said("r horn", f'Revert "Sound the horn"\n\nThis reverts commit {horn}.', BACK)
    said("back horn", f'Reapply "Sound the horn"\n\nThis reverts commit {silent}.')


def _merges(said: Said) -> None:
    repository = said.repository
    own = [repository.commit(FIRST, message="Dig"), repository.commit(FIRST, message="Pour")]
    base = said("base", "Level the ground")
    merge = said("merge", "Merge pull request #7 from ada/quay\n\nBuild a quay", brings=own)
    undo = repository.commit(
        FIRST,
        BACK,
        message=f'Revert "Build a quay"\n\nThis reverts commit {merge}, reversing\n'
        f"changes made to {base}.",
    )
    said(
        "r merge",
        'Merge pull request #8 from ada/revert-7\n\nRevert "Build a quay"',
        BACK,
        brings=[undo],
    )
    single = said("single", "Paint")
    among = [
        repository.commit(FIRST, message="Other work"),
        repository.commit(FIRST, BACK, message=f"Undo\n\nThis reverts commit {single}."),
    ]
    mixed = said("r among", "Merge branch 'topic'", {"src/a.py": (50, 10)}, brings=among)
    said("r mixed", f"Undo the topic\n\nThis reverts commit {mixed}.", {"src/a.py": (10, 50)})


def _parts(said: Said) -> None:
    large = {"src/a.py": 100, "src/b.py": 100}
    one = said("one", "Add both", large)
    said("p one", f"This reverts commit {one}.", {"src/a.py": (0, 60)})
    two = said("two", "Add both again", large)
    said("p two", f"Partially revert {two[:10]}", {"src/a.py": (0, 100), "src/b.py": (0, 90)})
    three = said("three", "Add for good", large)
    said("r three", f"This reverts commit {three}.", {"src/a.py": (0, 95), "src/b.py": (0, 80)})


def _nothing(said: Said) -> None:
    tide = said("tide", "Add tides")
    said("out", f"Explain\n\nIt was backed out by {tide}, so nothing moves.")
    said("told", f"Explain\n\nSince commit {tide} was reverted, nothing moves.")
    said("verified", f"Test\n\nIt was verified that reverting commit {tide} makes it fail.")
    said("title", "Revert")


def _again(said: Said) -> None:
    slow = said("slow", "Slow change")
    kept, held = said("kept", "Keep it"), said("held", "Hold it", {"src/a.py": 100})
    out = said("r kept", f"This reverts commit {kept}.", BACK)
    for number in range(37):
        said(f"filler {number}", f"Fill {number}")
    said("r slow", f"This reverts commit {slow}.", BACK)
    said("rr kept", f"This reverts commit {out}.")
    said("p held", f"This reverts commit {held}.", {"src/a.py": (0, 30)})


def pairs(
    built: tuple[duckdb.DuckDBPyConnection, dict[str, dict[str, str]]], name: str
) -> set[tuple[str, str]]:
    connection, names = built
    by_id = {made: key for key, made in names[name].items()}
    found = rows(
        connection,
        f"""select commit_id, undone_commit_id from attribution.reverts
        where repository_id = '{name}'""",
    )
    return {(by_id[undoing], by_id[undone]) for undoing, undone in found}


Built = tuple[duckdb.DuckDBPyConnection, dict[str, dict[str, str]]]


def test_ids_full_short_several_and_of_copies(built: Built) -> None:
    assert pairs(built, "ids") == {
        ("r full", "full"),
        ("r short", "short"),
        ("r several", "one"),
        ("r several", "two"),
        ("r several", "three"),
        ("r copy", "short"),
        ("r picked", "picked"),
        ("r jj", "jj"),
        ("r old", "old"),
        ("r hg", "hg"),
    }


def test_titles_quoted_bare_and_cut(built: Built) -> None:
    assert pairs(built, "titles") == {
        ("r new", "new"),
        ("r kind", "kind"),
        ("r cut", "cut"),
        ("r prefixed", "prefixed"),
        ("r marks", "marks"),
        ("rr marks", "r marks"),
    }


def test_numbers_count_in_their_own_repository_and_not_from_bumps(built: Built) -> None:
    assert pairs(built, "numbers") == {("r ten", "ten"), ("r quoted", "eleven")}


def test_own_commits_of_a_squash_stand_for_it(built: Built) -> None:
    # and what a squash undid of itself never landed
    assert pairs(built, "pulls") == {("r own", "squash"), ("r squash", "squash")}


def test_reverts_of_reverts_bring_back(built: Built) -> None:
    connection, names = built
    assert pairs(built, "returns") == {
        ("r lamp", "lamp"),
        ("rr lamp", "r lamp"),
        ("rrr lamp", "rr lamp"),
        ("r bell", "bell"),
        ("back bell", "r bell"),
        ("r horn", "horn"),
        ("back horn", "r horn"),
    }
    by_id = {made: key for key, made in names["returns"].items()}
    found = rows(
        connection,
        """select commit_id, is_revert, is_reapplication, reapplied_by
        from marts.change_reverts where repository_id = 'returns' order by reverted_at""",
    )
    kinds = {by_id[row[0]]: (row[1], row[2], by_id.get(row[3])) for row in found}
    assert kinds["lamp"] == (False, False, "rr lamp")
    assert kinds["r lamp"] == (True, False, "rrr lamp")
    assert kinds["rr lamp"] == (False, True, None)
    assert kinds["rrr lamp"] == (True, False, None)
    assert kinds["bell"] == (False, False, "back bell")
    assert kinds["horn"] == (False, False, "back horn")


def test_merges_and_what_they_bring(built: Built) -> None:
    connection, names = built
    # the side that stays is not undone
    assert pairs(built, "merges") == {
        ("r merge", "merge"),
        ("r among", "single"),
        ("r mixed", "r among"),
    }
    found = dict(
        rows(
            connection,
            "select commit_id, is_revert from marts.change_reverts where repository_id = 'merges'",
        )
    )
    assert found[names["merges"]["r merge"]] is True
    assert found[names["merges"]["r among"]] is False
    assert found[names["merges"]["r mixed"]] is True


def test_parts_are_told_apart_by_the_diff_and_by_words(built: Built) -> None:
    connection, names = built
    by_id = {made: key for key, made in names["parts"].items()}
    found = rows(
        connection,
        """select undone_commit_id, is_partial, undone_share from attribution.reverts
        where repository_id = 'parts'""",
    )
    assert {by_id[row[0]]: row[1:] for row in found} == {
        "one": (True, 0.3),
        "two": (True, 0.95),
        "three": (False, 0.875),
    }
    reverted = rows(
        connection,
        """select reverted_by is not null, partial_reverts from marts.change_reverts
        where repository_id = 'parts'
            and commit_id in (select undone_commit_id from attribution.reverts)
        order by 1, 2""",
    )
    assert reverted == [(False, 1), (False, 1), (True, 0)]


def test_what_only_tells_of_reverts_undoes_nothing(built: Built) -> None:
    assert pairs(built, "nothing") == set()


def test_the_window_ends_after_30_days(built: Built) -> None:
    connection, names = built
    (found,) = rows(
        connection,
        f"""select days_to_revert, is_reverted_in_window, reverted_at at time zone 'UTC'
        from marts.change_reverts where commit_id = '{names["again"]["slow"]}'""",
    )
    assert found == (41.0, False, datetime(2026, 2, 11, 12))


def test_what_was_undone_after_the_cut_off_has_not_been_yet(built: Built) -> None:
    connection, names = built
    assert {("rr kept", "r kept"), ("p held", "held")} <= pairs(built, "again")
    ids = names["again"]
    found = {
        row[0]: row[1:]
        for row in rows(
            connection,
            """select commit_id, reverted_by, reapplied_by, partial_reverts
            from marts.change_reverts where repository_id = 'again'""",
        )
    }
    assert found[ids["kept"]] == (ids["r kept"], None, 0)
    assert found[ids["r kept"]] == (None, None, 0)
    assert found[ids["held"]] == (None, None, 0)
