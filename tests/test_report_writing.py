"""Where a report is written."""

import os
import time
from pathlib import Path

from quarterdeck.reports.page import write_text


def test_what_killed_writers_left_is_removed_and_another_writers_is_not(tmp_path: Path) -> None:
    left, under_way = tmp_path / ".a[1].html.x1_y2z3w.tmp", tmp_path / ".a[1].html.other123.tmp"
    another = tmp_path / ".b.html.abcdefgh.tmp"
    for path in (left, under_way, another):
        path.write_text("half a pa")
    for path in (left, another):
        os.utime(path, (time.time() - 7200,) * 2)
    write_text("whole", tmp_path / "a[1].html")
    assert {path.name for path in tmp_path.iterdir()} == {"a[1].html", under_way.name, another.name}
