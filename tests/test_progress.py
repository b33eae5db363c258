import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

from pipeline_fixtures import environment

from quarterdeck.flows.progress import PlainReporter, SilentReporter, reporter, reporting

SHOW = """if True:
    from quarterdeck.flows.progress import reporter, reporting, terminal_reporter
    with reporting(terminal_reporter()), reporter().work("app: commits diffed") as work:
        for done in range(0, 101, 5):
            work.update(done, 100)
        reporter().line("app: [bold]not markup[/bold]")
"""


def test_plain_lines_at_each_quarter(capsys) -> None:
    with reporting(PlainReporter()), reporter().work("app: commits diffed") as work:
        for done in range(0, 1_001, 10):
            work.update(done, 1_000)
        reporter().line("app: done")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "app: commits diffed: 250 of 1,000",
        "app: commits diffed: 500 of 1,000",
        "app: commits diffed: 750 of 1,000",
        "app: commits diffed: 1,000 of 1,000",
        "app: done",
    ]


def test_one_line_where_one_step_is_all(capsys) -> None:
    with reporting(PlainReporter()), reporter().work("building") as work:
        work.update(3, 3)
        work.update(3, 3)
    assert capsys.readouterr().err == "building: 3 of 3\n"


def test_threads_may_update(capsys) -> None:
    with reporting(PlainReporter()), reporter().work("building") as work:
        thread = threading.Thread(target=work.update, args=(2, 4))
        thread.start()
        thread.join()
    assert capsys.readouterr().err == "building: 2 of 4\n"


def test_silence(capsys) -> None:
    with reporting(SilentReporter()), reporter().work("building") as work:
        work.update(1, 1)
        reporter().line("done")
    assert capsys.readouterr() == ("", "")


def test_no_control_characters_in_a_pipe() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW], env=environment(), capture_output=True, check=True
    )
    assert b"\x1b" not in done.stderr and b"\r" not in done.stderr
    assert done.stderr.splitlines()[-1] == b"app: [bold]not markup[/bold]"


def test_a_bar_on_a_terminal(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SHOW],
        stderr=terminal,
        env=environment(TERM="xterm", COLUMNS="100", LANG="C.UTF-8"),
    )
    os.close(terminal)
    shown = b""
    while chunk := _read(controller):
        shown += chunk
    os.close(controller)
    assert process.wait() == 0
    text = shown.decode()
    assert "app: commits diffed" in text and "100/100" in text and "━" in text
    assert "app: [bold]not markup[/bold]" in text
    assert " of 100" not in text


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # Linux says EIO where the other side is closed
        return b""


def test_a_stage_has_a_title_of_its_own(capsys) -> None:
    with reporting(PlainReporter()), reporter().work("app: commits diffed") as work:
        lines = work.stage("app: lines followed")
        work.update(4, 4)
        lines.update(2, 2)
    told = capsys.readouterr().err.splitlines()
    assert told == ["app: commits diffed: 4 of 4", "app: lines followed: 2 of 2"]
    with reporting(SilentReporter()), reporter().work("app: commits diffed") as work:
        work.stage("app: lines followed").update(2, 2)
    assert capsys.readouterr().err == ""
