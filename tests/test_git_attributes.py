"""`.gitattributes` patterns and values: what git itself says is what we say."""

import subprocess
from pathlib import Path

from quarterdeck.extractors.git_attributes import Attributes, lines_of

ATTRIBUTE_TEXT = r"""
foo linguist-generated
/anchored.py linguist-generated
dir/inner.py linguist-generated
deep/** linguist-vendored
**/any/x.py linguist-vendored
mid/**/end.py linguist-vendored
*.gen.ts linguist-generated=true diff
[ab]?.c linguist-documentation
[!z]q.c linguist-documentation
slash/ linguist-generated
"quo ted.py" linguist-generated
"tab\tbed.py" linguist-generated
es\*caped.py linguist-generated
*.bin binary
*.bin diff
x.bin binary diff
y.bin diff binary
z.bin !diff
!neg.py linguist-generated
bad.py linguist-generated -=x
#comment.py linguist-generated
  indented.py linguist-generated
star*/leaf.py linguist-generated
long/*.py linguist-language=Ruby
"""
ATTRIBUTE_PATHS = [
    *("foo", "a/foo", "foo/b", "anchored.py", "a/anchored.py", "dir/inner.py", "a/dir/inner.py"),
    *("deep/a", "deep/a/b.py", "a/deep/b", "any/x.py", "q/any/x.py", "mid/end.py"),
    *("mid/a/b/end.py", "amid/end.py", "k.gen.ts", "d/k.gen.ts", "ab.c", "abc.c", "zq.c", "yq.c"),
    *("slash/a", "quo ted.py", "tab\tbed.py", "es*caped.py", "esXcaped.py", "w.bin", "x.bin"),
    *("y.bin", "z.bin", "neg.py", "!neg.py", "bad.py", "#comment.py", "indented.py"),
    *("starry/leaf.py", "starry/a/leaf.py", "long/a.py", "long/b/a.py", "long/foo/foo", "Foo"),
]


def test_attributes_agree_with_git(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitattributes").write_text(ATTRIBUTE_TEXT)
    nested = tmp_path / "long" / ".gitattributes"
    nested.parent.mkdir()
    nested.write_text("foo -linguist-generated\n/b/a.py linguist-vendored\n")
    names = ["linguist-generated", "linguist-vendored", "linguist-documentation", "diff"]
    names += ["binary", "linguist-language"]
    command = ["git", "-C", str(tmp_path), "check-attr", "-z", "--stdin", *names]
    text = "\0".join(ATTRIBUTE_PATHS) + "\0"
    done = subprocess.run(command, input=text, capture_output=True, check=True, text=True)
    fields = done.stdout.split("\0")[:-1]
    expected: dict[str, dict[str, object]] = {path: {} for path in ATTRIBUTE_PATHS}
    for path, name, value in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
        if value != "unspecified":
            expected[path][name] = {"set": True, "unset": False}.get(value, value)
    files = [(".gitattributes", ATTRIBUTE_TEXT), ("long/.gitattributes", nested.read_text())]
    attributes = Attributes(lines_of(files))
    assert {path: attributes.of(path) for path in ATTRIBUTE_PATHS} == expected
    assert sum(map(bool, expected.values())) > 20
