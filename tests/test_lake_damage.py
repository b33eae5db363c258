"""Parts of the lake that a disk or a copy damaged: found, named, mined again."""

import os
import shutil
import time
from pathlib import Path

import polars as pl
import pytest
from mined import content
from pipeline_fixtures import build_repository

from quarterdeck.extractors.lake_checksums import VERIFY_DAYS, set_damaged_aside
from quarterdeck.extractors.schemas import TABLES
from quarterdeck.flows import pipeline
from quarterdeck.flows.progress import SilentReporter, reporting
from quarterdeck.flows.repository_settings import RepositorySettings
from quarterdeck.flows.settings import Settings


class Told(SilentReporter):
    """Keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mined")
    build_repository(folder / "app", 6)
    mine(folder, folder)
    return folder


@pytest.fixture
def folder(mined: Path, tmp_path: Path) -> Path:
    shutil.copytree(mined / "lake", tmp_path / "lake")
    return tmp_path


def mine(folder: Path, source: Path) -> list[str]:
    told = Told()
    settings = Settings(
        lake=folder / "lake",
        clones=folder / "clones",
        repositories=[RepositorySettings(path=source / "app")],
    )
    with reporting(told):
        assert pipeline.mine(settings).problems == {}
    return told.lines


def flip(part: Path, at: int) -> None:
    changed = bytearray(part.read_bytes())
    changed[at] ^= 0x40
    part.write_bytes(changed)


def verify_next_time(folder: Path) -> None:
    old = time.time() - (VERIFY_DAYS + 1) * 86_400
    for mark in (folder / "lake/checksums").glob("*/verified"):
        os.utime(mark, (old, old))


def test_one_flipped_bit_in_any_table_is_found_and_mended(mined: Path, folder: Path) -> None:
    expected = content(mined / "lake")
    damaged = []
    for table in TABLES:
        parts = sorted((folder / "lake" / table).rglob("*.parquet"))
        if parts:
            flip(parts[-1], len(parts[-1].read_bytes()) // 2)
            damaged.append(parts[-1])
    assert len(damaged) >= 10
    verify_next_time(folder)
    told = mine(folder, mined)
    for part in damaged:
        assert any(str(part) in line and "is damaged" in line for line in told), part
        assert part.with_name(part.name + ".damaged").is_file()
    assert content(folder / "lake") == expected
    assert not any("damaged" in line.partition(".damaged")[0] for line in mine(folder, mined)[-2:])


def test_a_part_that_cannot_be_read_is_mended_at_once(mined: Path, folder: Path) -> None:
    for table in ("repositories", "commit_diffs"):
        for part in (folder / "lake" / table).rglob("*.parquet"):
            part.write_bytes(part.read_bytes()[:-30])
    told = mine(folder, mined)
    assert sum("is damaged: set aside" in line for line in told) >= 2
    assert content(folder / "lake") == content(mined / "lake")


def test_parts_of_an_earlier_version_have_no_checksum_and_are_read(
    mined: Path, folder: Path
) -> None:
    shutil.rmtree(folder / "lake/checksums")
    assert not any("is damaged" in line for line in mine(folder, mined))
    (part,) = (folder / "lake/file_changes").rglob("*.parquet")
    part.write_bytes(part.read_bytes()[:-30])
    verify_next_time(folder)
    assert any("is damaged" in line for line in mine(folder, mined))
    assert content(folder / "lake") == content(mined / "lake")


def test_parts_are_read_again_once_a_week(mined: Path, folder: Path) -> None:
    mine(folder, mined)
    (part,) = (folder / "lake/commits").rglob("*.parquet")
    other = pl.read_parquet(part).with_columns(subject=pl.lit("forged"))
    other.write_parquet(part)  # can be read, and is not what was written
    assert not any("is damaged" in line for line in mine(folder, mined))
    assert set_damaged_aside(folder / "lake", everything=True) == [part]


def test_half_a_line_of_checksums_is_passed_over(mined: Path, folder: Path) -> None:
    (file,) = (folder / "lake/checksums").rglob("*.jsonl")
    with file.open("a") as lines:
        lines.write('{"part": "commits/app/x')
    verify_next_time(folder)
    assert not any("is damaged" in line for line in mine(folder, mined))
    assert '"commits/app/x' not in file.read_text()
