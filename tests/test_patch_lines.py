"""Lines of patches that are longer than anybody would read."""

import io
import tracemalloc

from quarterdeck.extractors.line_lifetimes_reading import PatchLines


def lines_of(data: bytes) -> list[bytes]:
    reader = PatchLines(io.BytesIO(data))
    return list(iter(reader.readline, b""))


def test_very_long_lines_are_told_apart_wherever_they_begin() -> None:
    long = b"+" + b"var a=1;" * 300_000  # 2.4 MB
    other = long[:-1] + b":"
    found = lines_of(b"\n".join([b" first", long, b" x" * 50_001, long, other, b" last\n"]))
    assert len(found) == 6
    assert found[1] == found[3] != found[4]
    assert (found[0], found[2], found[5]) == (b" first\n", b" x" * 50_001 + b"\n", b" last\n")
    assert all(len(line) < 1.1 * 2**20 for line in found)


def test_a_line_of_a_mebibyte_is_kept_whole_and_one_without_an_end_too() -> None:
    whole = b"+" + b"a" * (2**20 - 1)
    assert lines_of(whole + b"\n" + whole) == [whole + b"\n", whole]


def test_a_minified_file_takes_no_memory_of_its_size() -> None:
    class Endless(io.RawIOBase):
        left = 60 * 2**20

        def read(self, size: int = -1) -> bytes:
            size = min(size, self.left)
            self.left -= size
            return b"a" * size

    tracemalloc.start()
    assert len(PatchLines(Endless()).readline()) < 1.1 * 2**20
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 2**20
