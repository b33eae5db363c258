"""Opening the published database: what can go wrong is told with a remedy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from quarterdeck.sql.connect import DatabaseError, connect_read_only

_HEADER = 4096
_VERSION_OFFSET = 12


def _make(path: Path) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table numbers as select 42 as answer")
    return path


def _header_checksum(payload: bytes) -> int:
    """DuckDB's checksum of a block: xor of its 64-bit words, each times a constant."""
    result = 5381
    for at in range(0, len(payload), 8):
        word = int.from_bytes(payload[at : at + 8], "little")
        result ^= (word * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    return result


def test_opens_and_refuses_to_write(tmp_path: Path) -> None:
    with connect_read_only(_make(tmp_path / "good.duckdb")) as connection:
        assert connection.execute("select answer from numbers").fetchone() == (42,)
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            connection.execute("create table more (x integer)")


def test_two_readers_at_once(tmp_path: Path) -> None:
    path = _make(tmp_path / "good.duckdb")
    with connect_read_only(path) as one, connect_read_only(path) as two:
        assert one.execute("select 1").fetchone() == two.execute("select 1").fetchone()


def test_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.duckdb"
    with pytest.raises(DatabaseError) as caught:
        connect_read_only(path)
    assert caught.value.where == path
    assert "no database file" in caught.value.what
    assert "quarterdeck run" in caught.value.remedy
    assert not path.exists()


def test_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no database file"):
        connect_read_only(tmp_path)


@pytest.mark.parametrize("name", ["table.csv", "quarterdeck.duckdb"])
@pytest.mark.parametrize("content", [b"", b"name,age\n" * 2000], ids=["empty", "text"])
def test_other_file(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DatabaseError, match="not a DuckDB database"):
        connect_read_only(path)


def test_truncated_file_is_damaged(tmp_path: Path) -> None:
    path = _make(tmp_path / "cut.duckdb")
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(DatabaseError, match="cannot be opened") as caught:
        connect_read_only(path)
    assert "quarterdeck build" in caught.value.remedy


def test_newer_storage_version(tmp_path: Path) -> None:
    path = _make(tmp_path / "newer.duckdb")
    content = bytearray(path.read_bytes())
    stored = int.from_bytes(content[:8], "little")
    assert stored == _header_checksum(bytes(content[8:_HEADER]))
    content[_VERSION_OFFSET : _VERSION_OFFSET + 2] = (60_000).to_bytes(2, "little")
    content[:8] = _header_checksum(bytes(content[8:_HEADER])).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(DatabaseError, match="newer DuckDB"):
        connect_read_only(path)


def test_held_by_a_writer(tmp_path: Path) -> None:
    path = _make(tmp_path / "busy.duckdb")
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == b"open"
        with pytest.raises(DatabaseError, match="open for writing") as caught:
            connect_read_only(path)
        assert "try again" in caught.value.remedy
        writer.communicate(b"")
