"""Say what class each path of a repository has, and in which language it is written.

The rules are data (`file_classes.toml`, `languages.toml`); `docs/file-classes.md` documents the
order in which they are tried. A path is judged by its name, by `.gitattributes` as it was at each
moment, by what git said of its content, and by what the content says of who wrote it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final, NamedTuple

import polars as pl

from quarterdeck.extractors.attribute_history import AttributeHistory, Span
from quarterdeck.extractors.file_class_overrides import (
    CLASSES,
    FileClassOverride,
    FileClassRuleError,
    Override,
)
from quarterdeck.extractors.file_class_rules import Hit, Rules, load_rules
from quarterdeck.extractors.generated_content import ContentFacts, MarkerLine, generated_rule
from quarterdeck.extractors.git_attributes import Value

__all__ = [
    "CLASSES",
    "FILE_CLASSES_SCHEMA",
    "FileClassOverride",
    "FileClassRuleError",
    "Rules",
    "classify",
    "load_rules",
]

FILE_CLASSES_SCHEMA: Final = pl.Schema(
    {
        "repository_id": pl.String(),
        "path": pl.String(),
        "class": pl.String(),
        "language": pl.String(),
        "rule": pl.String(),
        "from_position": pl.Int32(),
        "until_position": pl.Int32(),
    }
)
"""One row per (repository_id, path, from_position).

`language` is NULL where the name does not tell it. A row holds for the landed changes at
`from_position` up to, and not including, `until_position` (NULL: for all later ones).
"""

_UNKNOWN: Final = frozenset(("unknown",))
_BARE: Final = frozenset(("unknown", "bare"))
_DOTS: Final = 4
_TEMPLATE_ENDINGS: Final = (".example", ".sample", ".dist", ".template", ".in")
_priority = attrgetter("priority")
_CLASS_ATTRIBUTES: Final = (
    ("binary", "binary"),
    ("vendored", "linguist-vendored"),
    ("generated", "linguist-generated"),
    ("docs", "linguist-documentation"),
)
_CODE: Final = frozenset(("source", "test"))
_COUNTED: Final = frozenset(("source", "test", "docs", "config", "data"))


@dataclass(frozen=True, slots=True)
class _Name:
    """What a file name says by itself: kinds, language and the hits whose condition holds."""

    language: str | None
    kinds: frozenset[str]
    hits: tuple[Hit, ...]


class _Decision(NamedTuple):
    file_class: str
    language: str | None
    rule: str
    group: str


class _Row(NamedTuple):
    repository_id: str
    path: str
    is_binary: bool
    is_submodule: bool
    facts: ContentFacts | None


class _Classifier:
    """Judges names and directories once each; a path costs two look-ups and a comparison."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._names: dict[str | tuple[str, tuple[str, str]], _Name] = {}
        self._languages: dict[tuple[str | None, str, bool], _Name] = {}
        self._directories: dict[str, tuple[Hit, ...]] = {}
        self._segments: dict[str, tuple[Hit, ...]] = {}

    def decide(
        self,
        path: str,
        without: frozenset[str] = frozenset(),
        given: tuple[str, str] | None = None,
    ) -> _Decision:
        """The first rule that matches, but none of the classes in `without`.

        `given` is a language known from elsewhere, with the rule that says so.
        """
        directory, _, base = path.rpartition("/")
        key = base if given is None else (base, given)
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self._judge_name(base, given)
        above = self._directories.get(directory)
        if above is None:
            above = self._directories[directory] = self._judge_directory(directory)
        best = None
        for hit in name.hits:
            if hit.file_class not in without:
                best = hit
                break
        for hit in above:
            if best is not None and best.priority <= hit.priority:
                break
            if hit.file_class not in without and hit.holds(name.language, name.kinds):
                best = hit
                break
        if best is None:
            return _Decision("data", name.language, "default", "default")
        return _Decision(best.file_class, name.language, best.rule, best.group)

    def _judge_name(self, base: str, given: tuple[str, str] | None) -> _Name:
        extensions = _extensions(base)
        language, rule = given or self._language(base, extensions)
        key = (language, rule, "." in base.lstrip("."))
        known = self._languages.get(key)
        if known is None:
            known = self._languages[key] = self._judge_language(*key)
        found = self._name_hits(base, extensions)
        if not found:
            return known
        hits = [hit for hit in found if hit.holds(language, known.kinds)]
        hits += known.hits
        hits.sort(key=_priority)
        return _Name(language, known.kinds, tuple(hits))

    def _judge_language(self, language: str | None, rule: str, dotted: bool) -> _Name:
        """What is left to say of a name that no matcher knows."""
        kinds = _UNKNOWN if dotted else _BARE
        if language is not None:
            kinds = frozenset((self.rules.language_kinds[language],))
        holding = (hit for hit in self.rules.language_groups if hit.holds(language, kinds))
        return _Name(language, kinds, tuple(replace(hit, rule=rule) for hit in holding))

    def _language(self, base: str, extensions: list[str]) -> tuple[str | None, str]:
        rules = self.rules
        if base in rules.language_filenames:
            return rules.language_filenames[base], f"filename:{base}"
        for extension in extensions:
            if extension in rules.language_extensions:
                return rules.language_extensions[extension], f"extension:.{extension}"
        for ending in _TEMPLATE_ENDINGS:
            if base.lower().endswith(ending) and len(base) > len(ending):
                shorter = base[: -len(ending)]
                return self._language(shorter, _extensions(shorter))
        stem = base.partition(".")[0]
        if stem in rules.language_stems:
            return rules.language_stems[stem], f"filename:{stem}"
        return None, "default"

    def _name_hits(self, base: str, extensions: list[str]) -> list[Hit]:
        rules = self.rules
        hits = list(rules.names.get(base, ()))
        for extension in extensions:
            hits += rules.extensions.get(extension, ())
        hits += rules.stems.get(base[:1].lower() + base[1:].partition(".")[0].lower(), ())
        last = extensions[-1] if extensions else base[1:].lower()
        for key in (last, "") if last else ("",):
            if key in rules.globs:
                hits += rules.globs[key].hits(base)
        return hits

    def _judge_directory(self, directory: str) -> tuple[Hit, ...]:
        if not directory:
            return ()
        rules = self.rules
        segments = directory.split("/")
        lowered = [segment.lower() for segment in segments]
        hits = list(rules.root_directories.get(lowered[0], ()))
        seen: set[str] = set()
        for i, segment in enumerate(lowered):
            found = rules.directories.get(segment, ())
            hits += [h for h in found if h.under is None or not h.under.isdisjoint(seen)]
            if i:
                hits += rules.directories.get(f"{lowered[i - 1]}/{segment}", ())
            hits += self._judge_segment(segments[i])
            seen.add(segment)
        return tuple(sorted(hits, key=_priority))

    def _judge_segment(self, segment: str) -> tuple[Hit, ...]:
        hits = self._segments.get(segment)
        if hits is None:
            hits = tuple(self.rules.directory_globs.hits(segment))
            self._segments[segment] = hits
        return hits


def classify(
    paths: pl.DataFrame,
    attribute_files: pl.DataFrame,
    rules: Rules,
    contents: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Give every path its class, its language and the rule that decided.

    Args:
        paths: one row per distinct (repository_id, path), strings; optional boolean columns
            `is_binary` (git called the file binary in any change) and `is_submodule`, where NULL
            means not known and counts as false.
        attribute_files: (repository_id, path, content) of `.gitattributes` files, and optionally
            `from_position`, the landed change from which on the file had this content (empty:
            it is gone); without that column they hold for every change. Other paths (`.mailmap`)
            are ignored, and a row without content leaves the version before it in force.
        rules: from `load_rules`.
        contents: (repository_id, path) of the paths whose content was read, and the columns of
            `schemas.CONTENT_FACTS` but the blob's id.

    Returns:
        FILE_CLASSES_SCHEMA; for each row of `paths`, in the same order, one row, and another
        one for each position at which its attributes give it another class, language or rule.
        They depend on that path, its two flags, its content and its repository's attributes
        alone.

    Raises:
        polars.exceptions.ColumnNotFoundError: a required column is missing.
    """
    classifier = _Classifier(rules)
    attributes = _attributes(paths, attribute_files)
    overrides = {
        repository: [o for o in rules.overrides if o.repository_id in (None, repository)]
        for repository in paths["repository_id"].unique()
    }
    rows: list[tuple[object, ...]] = []
    for row in _rows(paths, _facts(contents)):
        found = _judge(
            classifier,
            row,
            attributes.get((row.repository_id, row.path), []),
            overrides[row.repository_id],
        )
        until = [start for start, _ in found[1:]]
        for (start, decision), end in zip(found, [*until, None], strict=True):
            rows.append((row.repository_id, row.path, *decision[:3], start, end))
    return pl.DataFrame(rows, schema=FILE_CLASSES_SCHEMA, orient="row")


def _judge(
    classifier: _Classifier,
    row: _Row,
    attributes: list[Span],
    overrides: list[Override],
) -> list[tuple[int, _Decision]]:
    """The decisions on a path and the positions from which on they hold."""
    if not (overrides or attributes or row.is_binary or row.is_submodule or row.facts):
        return [(0, classifier.decide(row.path))]
    matching = [item for item in overrides if item.expression.search(row.path)]
    speaking = next((item for item in reversed(matching) if item.language), None)
    given = None if speaking is None else (str(speaking.language), speaking.rule)
    deciding = next((item for item in reversed(matching) if item.file_class), None)
    found: list[tuple[int, _Decision]] = []
    if not attributes or attributes[0][0] > 0:
        attributes = [(0, {}), *attributes]
    for start, values in attributes:
        decision = _attributed(classifier, row, values, given)
        if deciding is not None and deciding.file_class is not None:
            decision = _Decision(deciding.file_class, decision.language, deciding.rule, "override")
        if not found or found[-1][1][:3] != decision[:3]:
            found.append((start, decision))
    return found


def _attributed(
    classifier: _Classifier,
    row: _Row,
    values: Mapping[str, Value],
    given: tuple[str, str] | None,
) -> _Decision:
    """Submodule, attributes, git's verdict on the content, built-in rules, signs in the content."""
    if row.is_submodule:
        return _Decision("vendored", None, "git:submodule", "submodule")
    truths = {name: _truth(value) for name, value in values.items()}
    without = frozenset(
        file_class for file_class, name in _CLASS_ATTRIBUTES if truths.get(name) is False
    )
    said = values.get("linguist-language")
    if given is None and isinstance(said, str):
        known = classifier.rules.language_names.get(said.lower())
        given = None if known is None else (known, "gitattributes:linguist-language")
    decision = classifier.decide(row.path, without, given)
    for file_class, name in _CLASS_ATTRIBUTES:
        if truths.get(name):
            return decision._replace(file_class=file_class, rule=f"gitattributes:{name}")
    # `-diff` alone makes git call a text binary, so the flag proves nothing beside it. A class
    # that says more about why the file is not for reading stays.
    if truths.get("diff") is False:
        if decision.file_class in _COUNTED and "generated" not in without:
            return decision._replace(file_class="generated", rule="gitattributes:-diff")
    elif row.is_binary:
        return decision._replace(file_class="binary", rule="git:binary")
    if row.facts and decision.file_class in _CODE and "generated" not in without:
        rule = generated_rule(row.facts, decision.language)
        if rule is not None:
            return decision._replace(file_class="generated", rule=rule)
    return decision


def _truth(value: Value) -> bool:
    """Linguist reads any value but `false` as true."""
    return value.lower() != "false" if isinstance(value, str) else bool(value)


def _extensions(base: str) -> list[str]:
    """Extensions of a name in lower case, longest first, at most four dots deep.

    A leading dot begins a name, not an extension: `.gitignore` has none.
    """
    parts = base[1:].lower().rsplit(".", _DOTS)
    return [".".join(parts[i:]) for i in range(1, len(parts))]


def _rows(paths: pl.DataFrame, facts: Mapping[tuple[str, str], ContentFacts]) -> Iterator[_Row]:
    def flag(name: str) -> list[bool]:
        if name not in paths.columns:
            return [False] * paths.height
        return paths[name].cast(pl.Boolean).fill_null(False).to_list()

    columns = (paths["repository_id"].to_list(), paths["path"].to_list())
    for repository, path, is_binary, is_submodule in zip(
        *columns, flag("is_binary"), flag("is_submodule"), strict=True
    ):
        yield _Row(repository, path, is_binary, is_submodule, facts.get((repository, path)))


def _facts(contents: pl.DataFrame | None) -> dict[tuple[str, str], ContentFacts]:
    if contents is None:
        return {}
    columns = ("size_bytes", "lines", "longest_line", "header_lines", "marker_lines")
    read = contents.select("repository_id", "path", *columns).drop_nulls("lines")
    return {
        (repository, path): ContentFacts(
            size, lines, longest, header, tuple(MarkerLine(**line) for line in markers or ())
        )
        for repository, path, size, lines, longest, header, markers in read.iter_rows()
    }


def _attributes(
    paths: pl.DataFrame, attribute_files: pl.DataFrame
) -> dict[tuple[str, str], list[Span]]:
    if "from_position" not in attribute_files.columns:
        attribute_files = attribute_files.with_columns(from_position=pl.lit(0))
    versions: defaultdict[str, list[tuple[int, str, str]]] = defaultdict(list)
    columns = ("repository_id", "from_position", "path", "content")
    for repository, *version in attribute_files.select(columns).drop_nulls().iter_rows():
        versions[repository].append(tuple(version))
    return {
        (repository, path): spans
        for repository, items in versions.items()
        for path, spans in AttributeHistory(items)
        .of(paths.filter(repository_id=repository)["path"])
        .items()
    }
