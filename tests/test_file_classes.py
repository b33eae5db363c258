"""File classes: the rules as a table, their precedence, and what holds for any path."""

from collections.abc import Sequence
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.extractors import file_classes
from quarterdeck.extractors.file_class_rules import compile_rules
from quarterdeck.extractors.file_classes import (
    CLASSES,
    FILE_CLASSES_SCHEMA,
    FileClassOverride,
    FileClassRuleError,
    classify,
    load_rules,
)
from quarterdeck.extractors.generated_content import facts_of, generated_rule
from quarterdeck.extractors.schemas import CONTENT_FACTS

RULES = load_rules()
NO_ATTRIBUTES = pl.DataFrame(
    schema={"repository_id": pl.String, "path": pl.String, "content": pl.String}
)

# path, class, language, rule
TABLE: list[tuple[str, str, str | None, str]] = [
    # source
    ("src/app.py", "source", "Python", "extension:.py"),
    ("SRC/APP.PY", "source", "Python", "extension:.py"),
    ("src/testing/harness.rs", "source", "Rust", "extension:.rs"),
    ("contest.py", "source", "Python", "extension:.py"),
    ("latest/foo.go", "source", "Go", "extension:.go"),
    ("src/attestation/verify.ts", "source", "TypeScript", "extension:.ts"),
    ("src/vendor.ts", "source", "TypeScript", "extension:.ts"),
    ("src/protest_test_plan.rb", "source", "Ruby", "extension:.rb"),
    ("lib/Latest.java", "source", "Java", "extension:.java"),
    ("lib/Contests/run.go", "source", "Go", "extension:.go"),
    ("src/Testament.java", "source", "Java", "extension:.java"),
    ("src/spec/parser.rs", "source", "Rust", "extension:.rs"),
    ("src/generator.py", "source", "Python", "extension:.py"),
    ("src/admin.js", "source", "JavaScript", "extension:.js"),
    ("src/license.go", "source", "Go", "extension:.go"),
    ("src/readme.py", "source", "Python", "extension:.py"),
    ("src/external/api.py", "source", "Python", "extension:.py"),
    ("packages/web/src/deps/resolve.ts", "source", "TypeScript", "extension:.ts"),
    ("pkg/examples/run.go", "source", "Go", "extension:.go"),
    ("benchmarks/sort.py", "source", "Python", "extension:.py"),
    ("Dockerfile", "source", "Dockerfile", "filename:Dockerfile"),
    ("deploy/Dockerfile.dev", "source", "Dockerfile", "filename:Dockerfile"),
    ("Makefile", "source", "Makefile", "filename:Makefile"),
    ("CMakeLists.txt", "source", "CMake", "filename:CMakeLists.txt"),
    ("schema/user.proto", "source", "Protocol Buffer", "extension:.proto"),
    ("infra/main.tf", "source", "HCL", "extension:.tf"),
    ("db/001_init.sql", "source", "SQL", "extension:.sql"),
    ("build.zig", "source", "Zig", "extension:.zig"),
    ("default.nix", "source", "Nix", "extension:.nix"),
    ("web/App.svelte", "source", "Svelte", "extension:.svelte"),
    ("web/App.vue", "source", "Vue", "extension:.vue"),
    ("web/index.d.ts", "source", "TypeScript", "extension:.ts"),
    ("analysis.ipynb", "source", "Jupyter Notebook", "extension:.ipynb"),
    ("build.gradle.kts", "source", "Gradle Kotlin DSL", "extension:.gradle.kts"),
    ("bin/release", "source", None, "path:bin/"),
    (".github/scripts/label.py", "source", "Python", "extension:.py"),
    ("src/server.config.ts", "source", "TypeScript", "extension:.ts"),
    ("dist/linux/build.zig", "source", "Zig", "extension:.zig"),
    ("a\\b\\c.py", "source", "Python", "extension:.py"),
    # test
    ("foo_test.go", "test", "Go", "test:*_test.go"),
    ("src/Foo.test.tsx", "test", "TSX", "extension:.test.tsx"),
    ("conftest.py", "test", "Python", "test:conftest.py"),
    ("tests/helpers.py", "test", "Python", "path:tests/"),
    ("Tests/helpers.py", "test", "Python", "path:tests/"),
    ("test_app.py", "test", "Python", "test:test_*.py"),
    ("spec/models/user.rb", "test", "Ruby", "path:spec/"),
    ("web/__tests__/button.js", "test", "JavaScript", "path:__tests__/"),
    ("src/FooTest.java", "test", "Java", "test:*Test.java"),
    ("Core.Tests/Parsing.cs", "test", "C#", "path:*.Tests/"),
    ("AppTests/Login.swift", "test", "Swift", "path:*[a-z]Tests/"),
    ("src/lib/tests.rs", "test", "Rust", "test:tests.rs"),
    ("t/basic.pm", "test", "Perl", "path:/t/"),
    ("web/login.feature", "test", "Gherkin", "extension:.feature"),
    ("docs/tests/run.py", "test", "Python", "path:tests/"),
    # docs
    ("README.md", "docs", "Markdown", "docs:readme"),
    ("LICENSE", "docs", None, "docs:license"),
    ("LICENSE-MIT", "docs", None, "docs:LICENSE-*"),
    ("docs/conf.py", "docs", "Python", "path:/docs/"),
    ("examples/quickstart.py", "docs", "Python", "path:/examples/"),
    ("tests/README.md", "docs", "Markdown", "docs:readme"),
    ("notes/idea.rst", "docs", "reStructuredText", "extension:.rst"),
    ("packages/web/docs/guide.mdx", "docs", "MDX", "path:docs/"),
    # config
    ("package.json", "config", "JSON", "config:package.json"),
    ("pyproject.toml", "config", "TOML", "extension:.toml"),
    ("requirements.txt", "config", "Pip Requirements", "config:requirements.txt"),
    ("requirements-dev.txt", "config", "Pip Requirements", "config:requirements*.txt"),
    (".github/workflows/ci.yml", "config", "YAML", "path:.github/"),
    ("vite.config.ts", "config", "TypeScript", "config:vite.config.{js,cjs,mjs,ts,mts,cts}"),
    (".eslintrc.json", "config", "JSON with Comments", "config:.eslintrc"),
    (".toolrc", "config", None, "config:.*"),
    ("tests/tsconfig.json", "config", "JSON with Comments", "config:tsconfig*.json"),
    ("go.mod", "config", "Go Module", "config:go.mod"),
    # data
    ("testdata/input.go", "data", "Go", "path:testdata/"),
    ("tests/fixtures/bad.py", "data", "Python", "path:fixtures/"),
    ("tests/cases.json", "data", "JSON", "path:tests/"),
    ("tests/words.txt", "data", "Text", "path:tests/"),
    ("tests/compose.yaml", "data", "YAML", "path:tests/"),
    ("src/table.csv", "data", "CSV", "extension:.csv"),
    ("logo.svg", "data", "SVG", "extension:.svg"),
    ("strange.qqqzz", "data", None, "default"),
    # generated
    ("api/user.pb.go", "generated", "Go", "extension:.pb.go"),
    ("api/user_pb2.py", "generated", "Python", "generated:*_pb2.py"),
    ("web/app.min.js", "generated", "JavaScript", "extension:.min.js"),
    ("src/snapshots/a.snap", "generated", "Jest Snapshot", "extension:.snap"),
    ("web/api.generated.ts", "generated", "TypeScript", "generated:*.generated.*"),
    ("web/__generated__/q.ts", "generated", "TypeScript", "path:__generated__/"),
    ("tests/__snapshots__/x.txt", "generated", "Text", "path:__snapshots__/"),
    ("web/dist/app.js", "generated", "JavaScript", "path:dist/"),
    # vendored
    ("vendor/lib/x.go", "vendored", "Go", "path:vendor/"),
    ("node_modules/a/test/b.test.js", "vendored", "JavaScript", "path:node_modules/"),
    ("deps/lua/lua.c", "vendored", "C", "path:/deps/"),
    ("web/jquery-3.7.1.min.js", "vendored", "JavaScript", "vendored:jquery-[0-9]*.js"),
    ("gradlew", "vendored", "Shell", "vendored:gradlew"),
    ("x/gradle/wrapper/w.properties", "vendored", "Java Properties", "path:gradle/wrapper/"),
    # lockfile
    ("package-lock.json", "lockfile", "JSON", "lockfile:package-lock.json"),
    ("crates/a/Cargo.lock", "lockfile", "TOML", "lockfile:Cargo.lock"),
    ("vendor/x/go.sum", "lockfile", "Go Checksums", "lockfile:go.sum"),
    ("docs/package-lock.json", "lockfile", "JSON", "lockfile:package-lock.json"),
    # binary
    ("docs/logo.PNG", "binary", None, "extension:.png"),
    ("vendor/lib.so", "binary", None, "extension:.so"),
]


def frame(paths: Sequence[str], repository: str = "r") -> pl.DataFrame:
    return pl.DataFrame(
        {"repository_id": [repository] * len(paths), "path": list(paths)},
        schema={"repository_id": pl.String, "path": pl.String},
    )


def attribute_files(content: str, path: str = ".gitattributes") -> pl.DataFrame:
    row = {"repository_id": ["r"], "path": [path], "content": [content]}
    return pl.DataFrame(row)


def one(path: str, attributes: str | None = None, **flags: bool) -> tuple[str, str | None, str]:
    paths = frame([path]).with_columns(**{name: pl.lit(value) for name, value in flags.items()})
    files = NO_ATTRIBUTES if attributes is None else attribute_files(attributes)
    row = classify(paths, files, RULES).row(0, named=True)
    return row["class"], row["language"], row["rule"]


@pytest.mark.parametrize(("path", "file_class", "language", "rule"), TABLE)
def test_table(path: str, file_class: str, language: str | None, rule: str) -> None:
    assert one(path) == (file_class, language, rule)


def test_every_group_decides_a_path_of_the_table() -> None:
    classifier = file_classes._Classifier(RULES)
    deciding = {classifier.decide(row[0]).group for row in TABLE}
    assert deciding == set(RULES.groups)
    assert {row[1] for row in TABLE} == set(CLASSES)


def test_languages_are_many_and_every_kind_is_known() -> None:
    assert len(RULES.language_kinds) >= 150
    assert set(RULES.language_kinds.values()) == {"programming", "markup", "data", "prose"}


def test_schema_order_and_flags() -> None:
    paths = frame(["b.py", "a.py", "sub", "c.py"]).with_columns(
        is_binary=pl.Series([None, True, False, False]),
        is_submodule=pl.Series([None, False, True, False]),
    )
    result = classify(paths, NO_ATTRIBUTES, RULES)
    assert result.schema == FILE_CLASSES_SCHEMA
    assert result["path"].to_list() == ["b.py", "a.py", "sub", "c.py"]
    assert result["class"].to_list() == ["source", "binary", "vendored", "source"]
    assert result["rule"].to_list()[1:3] == ["git:binary", "git:submodule"]
    empty = classify(frame([]), NO_ATTRIBUTES, RULES)
    assert empty.schema == FILE_CLASSES_SCHEMA
    assert empty.height == 0


@pytest.mark.parametrize(
    ("path", "attributes", "file_class", "rule"),
    [
        ("a.py", "*.py linguist-generated", "generated", "gitattributes:linguist-generated"),
        ("a.py", "*.py linguist-generated=true", "generated", "gitattributes:linguist-generated"),
        ("a.py", "*.py linguist-generated\na.py -linguist-generated", "source", "extension:.py"),
        ("a.pb.go", "*.pb.go linguist-generated=false", "source", "extension:.go"),
        ("a.pb.go", "*.pb.go !linguist-generated", "generated", "extension:.pb.go"),
        ("vendor/a.go", "vendor/** -linguist-vendored", "source", "extension:.go"),
        ("docs/a.py", "docs/** linguist-documentation=false", "source", "extension:.py"),
        ("x/a.py", "x/* linguist-documentation", "docs", "gitattributes:linguist-documentation"),
        ("lib/a.py", "lib/** linguist-vendored", "vendored", "gitattributes:linguist-vendored"),
        ("lib/a.py", "lib linguist-vendored", "source", "extension:.py"),
        ("lib/a.py", "lib/ linguist-vendored", "source", "extension:.py"),
        ("a.txt", "*.txt binary", "binary", "gitattributes:binary"),
        ("a.ts", "*.ts -diff", "generated", "gitattributes:-diff"),
        ("Cargo.lock", "*.lock -diff", "lockfile", "lockfile:Cargo.lock"),
        ("a.ts", "*.ts -diff\n*.ts diff", "source", "extension:.ts"),
        ("a.inc", "*.inc linguist-language=PHP", "source", "gitattributes:linguist-language"),
        ("a.py", "!*.py linguist-generated", "source", "extension:.py"),
        ("a.py", "*.py linguist-generated ?bad", "source", "extension:.py"),
        ("a.py", "[attr]mine linguist-generated\n*.py mine", "source", "extension:.py"),
        ("a.py", '[a linguist-generated\n\\\n"\n#\n\x00 =', "source", "extension:.py"),
        ("a b.py", '"a b.py" linguist-vendored', "vendored", "gitattributes:linguist-vendored"),
    ],
)
def test_attributes(path: str, attributes: str, file_class: str, rule: str) -> None:
    assert one(path, attributes)[::2] == (file_class, rule)


def test_deeper_attribute_files_win_and_hold_below_their_directory_only() -> None:
    files = pl.concat(
        [
            attribute_files("*.py -linguist-generated", "gen/.gitattributes"),
            attribute_files("*.py linguist-generated\n/top.js linguist-vendored"),
        ]
    )
    result = classify(frame(["gen/a.py", "b.py", "gen/top.js", "top.js"]), files, RULES)
    assert result["class"].to_list() == ["source", "generated", "source", "vendored"]


def test_a_text_without_diff_is_not_binary_only_because_git_says_so() -> None:
    assert one("Cargo.lock", "Cargo.lock -diff", is_binary=True)[0] == "lockfile"
    assert one("a.sql", is_binary=True)[0] == "binary"


def test_attributes_hold_for_their_own_repository() -> None:
    paths = pl.concat([frame(["a.py"]), frame(["a.py"], "other")])
    result = classify(paths, attribute_files("*.py linguist-generated"), RULES)
    assert result["class"].to_list() == ["generated", "source"]


def test_overrides_go_first_and_the_last_one_decides() -> None:
    rules = load_rules(
        [
            FileClassOverride("tests/fixtures/", "test"),
            {"pattern": "*.inc", "language": "PHP"},
            FileClassOverride("legacy/", "vendored"),
            FileClassOverride("legacy/ours.py", "source"),
            FileClassOverride("*.py", "data", repository_id="other"),
        ]
    )
    paths = frame(["tests/fixtures/db.py", "a.inc", "legacy/x.py", "legacy/ours.py", "img.png"])
    attributes = attribute_files("*.py linguist-generated")
    result = classify(paths, attributes, rules)
    assert result["class"].to_list() == ["test", "source", "vendored", "source", "binary"]
    assert result["language"].to_list() == ["Python", "PHP", "Python", "Python", None]
    assert result["rule"].to_list()[:2] == ["override:tests/fixtures/", "override:*.inc"]
    assert classify(frame(["a.py"], "other"), attributes, rules)["class"].item() == "data"


@pytest.mark.parametrize(
    ("override", "value", "remedy"),
    [
        ({"pattern": "a", "class": "sauce"}, "sauce", "use one of source"),
        ({"pattern": "a", "language": "Klingon"}, "Klingon", "languages.toml"),
        ({"pattern": "!a", "class": "test"}, "!a", "gitignore pattern"),
        ({"pattern": "", "class": "test"}, "", "gitignore pattern"),
        ({"pattern": "a\\", "class": "test"}, "a\\", "gitignore pattern"),
        ({"class": "test"}, None, "gitignore pattern"),
        ({"pattern": "a"}, {"pattern": "a"}, "give a class"),
        ({"pattern": "a", "klass": "test"}, "klass", "use only"),
        ({"pattern": 3, "class": "test"}, 3, "give a string"),
    ],
)
def test_bad_overrides(override: dict[str, object], value: object, remedy: str) -> None:
    with pytest.raises(FileClassRuleError, match="override number 1") as caught:
        load_rules([override])
    assert caught.value.value == value
    assert remedy in caught.value.remedy


PYTHON = {"Python": {"kind": "programming", "extensions": ["py"]}}
GROUP = {"id": "g", "class": "source", "source": "here"}


@pytest.mark.parametrize(
    ("groups", "languages", "rule"),
    [
        ([GROUP, GROUP], PYTHON, "groups"),
        ([GROUP | {"class": "sauce"}], PYTHON, "group g, class"),
        ([GROUP | {"source": ""}], PYTHON, "group g, source"),
        ([GROUP | {"nmaes": ["a"]}], PYTHON, "group g"),
        ([GROUP | {"names": "a"}], PYTHON, "group g, names"),
        ([GROUP | {"names": ["a", "a"]}], PYTHON, "group g, names"),
        ([GROUP | {"kinds": ["verse"]}], PYTHON, "group g, kinds"),
        ([GROUP | {"languages": ["Klingon"]}], PYTHON, "group g, languages"),
        ([GROUP | {"directories": ["a/b/c"]}], PYTHON, "group g, directories"),
        ([GROUP], PYTHON | {"Monty": {"kind": "data", "extensions": ["py"]}}, "language Monty"),
        ([GROUP], {"Monty": {"kind": "verse"}}, "language Monty, kind"),
        ([GROUP], {"Monty": {"kind": "data", "extensions": [".X"]}}, "language Monty, extensions"),
        ([GROUP], {"Monty": {"kind": "data", "size": 1}}, "language Monty"),
    ],
)
def test_bad_rules(
    groups: list[dict[str, object]], languages: dict[str, dict[str, object]], rule: str
) -> None:
    with pytest.raises(FileClassRuleError) as caught:
        compile_rules(groups, languages)
    assert caught.value.rule.startswith(rule)


def versions(*rows: tuple[int, str, str | None]) -> pl.DataFrame:
    schema = {"from_position": pl.Int32, "path": pl.String, "content": pl.String}
    files = pl.DataFrame(rows, schema=schema, orient="row")
    return files.with_columns(repository_id=pl.lit("r"))


def spans(path: str, *rows: tuple[int, str, str | None]) -> list[tuple[int, int | None, str]]:
    result = classify(frame([path]), versions(*rows), RULES)
    return result.select("from_position", "until_position", "class").rows()


def test_attributes_hold_from_the_change_that_brought_them() -> None:
    generated, nothing = "*.py linguist-generated\n", "*.md text\n"
    rows = [(3, ".gitattributes", generated), (7, ".gitattributes", nothing)]
    assert spans("a.py", *rows) == [(0, 3, "source"), (3, 7, "generated"), (7, None, "source")]
    assert spans("a.md", *rows) == [(0, None, "docs")]
    assert spans("a.py", (0, ".gitattributes", generated)) == [(0, None, "generated")]
    # gone at 5; a version that cannot be read leaves the one before it in force
    rows = [(2, ".gitattributes", generated), (4, ".gitattributes", None)]
    assert spans("a.py", *rows, (5, ".gitattributes", "")) == [
        (0, 2, "source"),
        (2, 5, "generated"),
        (5, None, "source"),
    ]


def test_nested_attributes_change_what_is_below_them() -> None:
    rows = [
        (1, ".gitattributes", "*.py linguist-vendored\n*.js -diff\n"),
        (2, "lib/.gitattributes", "*.py -linguist-vendored linguist-generated\n"),
        (4, ".gitattributes", "*.py linguist-documentation\n"),
        (6, "lib/.gitattributes", ""),
    ]
    assert spans("a.py", *rows) == [(0, 1, "source"), (1, 4, "vendored"), (4, None, "docs")]
    assert spans("lib/a.py", *rows) == [
        (0, 1, "source"),
        (1, 2, "vendored"),
        (2, 6, "generated"),
        (6, None, "docs"),
    ]


def contents(path: str, content: bytes) -> pl.DataFrame:
    facts = facts_of(content)
    row = {
        "repository_id": "r",
        "path": path,
        "size_bytes": facts.size,
        "lines": facts.lines,
        "longest_line": facts.longest_line,
        "header_lines": facts.header_lines,
        "marker_lines": [line._asdict() for line in facts.marker_lines],
    }
    kinds = {name: CONTENT_FACTS.get(name, pl.String()) for name in row}
    return pl.DataFrame([row], schema=kinds)


def of_content(path: str, content: bytes, attributes: str | None = None) -> tuple[str, str]:
    files = NO_ATTRIBUTES if attributes is None else attribute_files(attributes)
    result = classify(frame([path]), files, RULES, contents(path, content))
    return result.select("class", "rule").row(0)


MARKED = b"// Code generated by made-up. DO NOT EDIT.\npackage x\n"


def test_content_decides_for_source_and_tests_alone() -> None:
    assert of_content("a.go", MARKED) == ("generated", "content:go")
    assert of_content("a_test.go", MARKED) == ("generated", "content:go")
    assert of_content("docs/a.go", MARKED)[0] == "docs"
    assert of_content("vendor/a.go", MARKED)[0] == "vendored"
    assert of_content("a.go", b"package x\n") == ("source", "extension:.go")
    assert of_content("a.go", MARKED, "*.go -linguist-generated")[0] == "source"
    rules = load_rules([FileClassOverride("*.go", "source")])
    result = classify(frame(["a.go"]), NO_ATTRIBUTES, rules, contents("a.go", MARKED))
    assert result["class"].item() == "source"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"// Code generated by protoc-gen-go. DO NOT EDIT.\n\npackage x\n", "go"),
        (b"// Code generated by stringer; DO NOT EDIT.\r\npackage x\r\n", "go"),
        (b"# Code generated by sqlc. DO NOT EDIT.\n", "go"),
        (b"// This file is @generated by prost-build.\n", "@generated"),
        (b"/**\n * @generated SignedSource<<0>>\n */\n", "@generated"),
        (b"# Generated by the protocol buffer compiler.  DO NOT EDIT!\n", "protoc"),
        (b"// GENERATED CODE - DO NOT MODIFY BY HAND\n", "dart"),
        (b"\xef\xbb\xbf// <auto-generated/>\n", "dotnet"),
        (b"/* Generated by Cython 3.0.10 */\n", "cython"),
        (b"/* automatically generated by rust-bindgen 0.69 */\n", "bindgen"),
        (b"// Generated from Made.g4 by ANTLR 4.9\n", "parsers"),
        (b"/* A Bison parser, made by GNU Bison 3.8.2.  */\n", "parsers"),
        (b"// Generated by CoffeeScript 2.7.0\n", "compilers"),
        (b"# This file is auto-generated from the current state of x.\n", "automatic"),
        (b"/*\n * NOTE: This class is auto generated by a made-up tool\n */\n", "automatic"),
        (b'"""\nThis module was automatically generated.\n"""\n', "automatic"),
        (b"-- Autogenerated by made-up\n", "automatic-heading"),
        (b"// This is a generated file. Do not edit directly.\n", "generated-do-not-edit"),
        (b"# Generated by made-up\n#\n# Please do not edit it.\n", "generated-do-not-edit"),
        (b"a();\n" * 200 + b"//# sourceMappingURL=a.js.map\n", "source-map"),
        (b"var a=1;" * 9000 + b"\n//# sourceMappingURL=a.js.map", "source-map"),
        (b"/* made-up 1.0 */\n" + b"var a=1;" * 90, "minified"),
        (b"", None),
        (b"\xff\xfe\x00\n", None),
        (b"package x // we read Code generated markers\n", None),
        (b'import x from "@generated/client"\n', None),
        (b"MARKERS = ['@generated', 'x']\n", None),
        (b"mail me@generated.example\n", None),
        (b"x\n" * 60 + b"// @generated\n", None),
        (b"// Do not edit on Fridays\n", None),
        (b"#!/bin/sh\ncat <<EOF\n// Code generated by x. DO NOT EDIT.\nEOF\n", None),
        (b"import os\n# This file is auto-generated\n", None),
        (b"/*\n a\n*/\n'use strict';\n// @generated\n", "@generated"),
        (b"# Generated by Django 4.2\n", None),
        (b"# This file was generated by the `made-up --init` command.\n", None),
        (b"// Ids are generated here.\n// Do not change the order.\n", None),
        (b'  write("// Code generated by x. DO NOT EDIT.")\n', None),
        (b'HEADER = "# This file is auto-generated"\n', None),
        (b"//# sourceMappingURL=a.js.map\n" + b"a();\n" * 200, None),
        (b"const a = '" + b"x" * 200 + b"';\n", None),
        (b"a();\n" * 50 + b"const a = '" + b"x" * 2000 + b"';\n", None),
    ],
)
def test_generated_content(content: bytes, rule: str | None) -> None:
    found = generated_rule(facts_of(content), "JavaScript")
    assert found == (rule and f"content:{rule}")


def test_some_signs_hold_for_some_languages_alone() -> None:
    minified = facts_of(b"x=1;" * 500)
    assert generated_rule(minified, "CSS") == "content:minified"
    assert generated_rule(minified, "Python") is generated_rule(minified, None) is None


@given(st.binary(max_size=6000))
def test_any_content_has_facts(content: bytes) -> None:
    facts = facts_of(content)
    assert facts.size == len(content)
    assert facts.lines == len(content.split(b"\n")) - (content[-1:] in (b"", b"\n"))
    assert all(1 <= line.line <= facts.lines for line in facts.marker_lines)
    assert len(facts.marker_lines) <= 25
    generated_rule(facts, "JavaScript")


WORDS = st.sampled_from(
    ["test", "docs", "vendor", "fixtures", "a.py", "x.min.js", ".", "..", "", "\\", "é", "*", "\n"]
)
PATHS = st.one_of(
    st.text(max_size=80),
    st.lists(WORDS, min_size=1, max_size=8).map("/".join),
    st.sampled_from(["a/" * 5000 + "b.py", "." * 9000, "t" * 70000 + ".rs", "test_" * 9000]),
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.tuples(
            st.text(alphabet='ab*?[]!\\/"# \t', max_size=8),
            st.sampled_from(["binary", "-diff", "linguist-generated", "!diff", "a=b", "=", "-"]),
        ).map(" ".join),
        max_size=6,
    ).map("\n".join),
)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.sampled_from("pq"), PATHS), unique=True, max_size=12),
    TEXTS,
    st.randoms(use_true_random=False),
)
def test_any_paths_and_attributes(rows: list[tuple[str, str]], text: str, random: Random) -> None:
    schema = {"repository_id": pl.String, "path": pl.String}
    paths = pl.DataFrame(rows, schema=schema, orient="row")
    files = pl.DataFrame({"repository_id": ["p"], "path": [".gitattributes"], "content": [text]})
    result = classify(paths, files, RULES)
    assert result.select("repository_id", "path").equals(paths)
    assert result.schema == FILE_CLASSES_SCHEMA
    assert set(result["class"]) <= set(CLASSES)
    assert result["rule"].null_count() == 0
    shuffled = list(range(len(rows)))
    random.shuffle(shuffled)
    again = classify(paths[shuffled], files, RULES)
    assert again.equals(result[shuffled])
