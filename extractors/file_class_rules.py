"""Read, check and compile the rules of `file_classes.toml` and `languages.toml`.

Every rule ends in a dictionary keyed by file name, extension or directory, or in a short
list of patterns for one last extension, so that the cost of a path hardly grows with their number.
"""

import fnmatch
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

from quarterdeck.extractors.file_class_overrides import (
    FileClassOverride,
    FileClassRuleError,
    Override,
    check_class,
    check_language,
    compile_override,
)

KINDS: Final = ("programming", "markup", "data", "prose")
"""Kinds a language may have. A path without one is of kind 'unknown', perhaps 'bare' too."""

_NAME_MATCHERS: Final = ("names", "stems", "extensions", "globs")
_DIRECTORY_MATCHERS: Final = ("directories", "root_directories", "directory_globs")
_CONDITIONS: Final = ("under", "kinds", "languages")
_GROUP_KEYS: Final = frozenset(
    ("id", "class", "source", *_NAME_MATCHERS, *_DIRECTORY_MATCHERS, *_CONDITIONS)
)
_LANGUAGE_KEYS: Final = frozenset(("kind", "extensions", "filenames", "stems"))
_SEQUENCE_LIMIT: Final = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule of one group: what it decides, how early, and on which condition."""

    priority: int
    file_class: str
    rule: str
    group: str
    kinds: frozenset[str] | None
    languages: frozenset[str] | None
    under: frozenset[str] | None = None

    def holds(self, language: str | None, kinds: frozenset[str]) -> bool:
        """Whether the condition holds for a path of this language and these kinds."""
        if self.kinds is None and self.languages is None:
            return True
        if self.kinds is not None and not self.kinds.isdisjoint(kinds):
            return True
        return self.languages is not None and language in self.languages


@dataclass(frozen=True, slots=True)
class Glob:
    """A shell pattern: plain string checks first, the expression only where they do not suffice."""

    prefix: str
    suffix: str
    needle: str
    length: int
    expression: re.Pattern[str] | None
    hit: Hit

    def matches(self, name: str) -> bool:
        """Whether the pattern matches the whole name."""
        return (
            name.endswith(self.suffix)
            and name.startswith(self.prefix)
            and self.needle in name
            and len(name) >= self.length
            and (self.expression is None or self.expression.fullmatch(name) is not None)
        )


@dataclass(frozen=True, slots=True)
class Globs:
    """Shell patterns; two string checks rule out most names before any pattern is tried."""

    prefixes: tuple[str, ...]
    suffixes: tuple[str, ...]
    bounded: tuple[Glob, ...]
    loose: tuple[Glob, ...]

    def hits(self, name: str) -> list[Hit]:
        """The hits of all patterns that match the whole name, conditions not looked at."""
        found = [g.hit for g in self.loose if g.needle in name and g.matches(name)]
        if name.startswith(self.prefixes) or name.endswith(self.suffixes):
            found += [g.hit for g in self.bounded if g.matches(name)]
        return found


@dataclass(frozen=True)
class Rules:
    """Everything `classify` looks up. Made by `load_rules`; treat as read-only.

    Attributes:
        groups: ids of the groups of file_classes.toml in order of precedence.
    """

    groups: tuple[str, ...]
    names: dict[str, list[Hit]] = field(repr=False)
    stems: dict[str, list[Hit]] = field(repr=False)
    extensions: dict[str, list[Hit]] = field(repr=False)
    globs: dict[str, Globs] = field(repr=False)
    directories: dict[str, list[Hit]] = field(repr=False)
    root_directories: dict[str, list[Hit]] = field(repr=False)
    directory_globs: Globs = field(repr=False)
    language_groups: list[Hit] = field(repr=False)
    language_kinds: dict[str, str] = field(repr=False)
    language_names: dict[str, str] = field(repr=False)
    language_filenames: dict[str, str] = field(repr=False)
    language_stems: dict[str, str] = field(repr=False)
    language_extensions: dict[str, str] = field(repr=False)
    overrides: tuple[Override, ...] = ()


def load_rules(overrides: Sequence[FileClassOverride | Mapping[str, object]] = ()) -> Rules:
    """Read the built-in rules, check them, and put the user's overrides before them.

    Args:
        overrides: `FileClassOverride`s, or mappings with the keys pattern, class, language,
            repository_id, as they come from a settings file.

    Returns:
        The rules that `classify` needs; make them once and use them for all repositories.

    Raises:
        FileClassRuleError: a rule has an unknown key, class, kind or language, an unusable
            pattern, or the same matcher twice; the message names rule, value and remedy.
    """
    groups = _read("file_classes.toml").get("group", [])
    return compile_rules(groups, _read("languages.toml"), overrides)


def compile_rules(
    groups: Sequence[Mapping[str, Any]],
    languages: Mapping[str, Mapping[str, Any]],
    overrides: Sequence[FileClassOverride | Mapping[str, object]] = (),
) -> Rules:
    """Check and compile rules given as data, in the form of the two TOML files.

    Args:
        groups: the `[[group]]` tables in order of precedence.
        languages: language name -> kind, extensions, filenames, stems.
        overrides: as in `load_rules`.

    Returns:
        The compiled rules.

    Raises:
        FileClassRuleError: as in `load_rules`.
    """
    kinds = {name: _language_kind(name, body) for name, body in languages.items()}
    for index, group in enumerate(groups):
        _check_group(index, group, kinds)
    _check_distinct("groups", (str(group["id"]) for group in groups))
    hits = {
        key: [pair for i, group in enumerate(groups) for pair in _hits(i, group, key)]
        for key in (*_NAME_MATCHERS, *_DIRECTORY_MATCHERS)
    }
    return Rules(
        groups=tuple(str(group["id"]) for group in groups),
        names=_table(hits["names"] + [p for p in _braced(hits["globs"]) if not _is_glob(p[0])]),
        stems=_table(hits["stems"]),
        extensions=_table(hits["extensions"]),
        globs=_glob_tables([p for p in _braced(hits["globs"]) if _is_glob(p[0])]),
        directories=_table(hits["directories"]),
        root_directories=_table(hits["root_directories"]),
        directory_globs=_globs(hits["directory_globs"]),
        language_groups=[
            _hit(i, group, "")
            for i, group in enumerate(groups)
            if not any(key in group for key in hits)
        ],
        language_kinds=kinds,
        language_names={name.lower(): name for name in languages},
        language_filenames=_invert(languages, "filenames"),
        language_stems=_invert(languages, "stems"),
        language_extensions=_invert(languages, "extensions"),
        overrides=tuple(compile_override(i, item, kinds) for i, item in enumerate(overrides)),
    )


def _read(name: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def _check_distinct(rule: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise FileClassRuleError(rule, value, "it stands there twice; keep one")
        seen.add(value)


def _texts(rule: str, value: object) -> list[str]:
    if not isinstance(value, list) or not value or not all(v and isinstance(v, str) for v in value):
        raise FileClassRuleError(rule, value, "give a list of one or more non-empty strings")
    return value


def _language_kind(name: str, body: Mapping[str, Any]) -> str:
    unknown = set(body) - _LANGUAGE_KEYS
    if unknown:
        remedy = f"use only {', '.join(sorted(_LANGUAGE_KEYS))}"
        raise FileClassRuleError(f"language {name}", min(unknown), remedy)
    kind = body.get("kind")
    if kind not in KINDS:
        raise FileClassRuleError(f"language {name}, kind", kind, f"use one of {', '.join(KINDS)}")
    return str(kind)


def _invert(languages: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for name, body in languages.items():
        if key not in body:
            continue
        for value in _texts(f"language {name}, {key}", body[key]):
            if key == "extensions" and (value != value.lower() or value.startswith(".")):
                remedy = "write it in lower case and without the first dot"
                raise FileClassRuleError(f"language {name}, extensions", value, remedy)
            if value in table:
                remedy = f"{table[value]} has it already; give it to one language"
                raise FileClassRuleError(f"language {name}, {key}", value, remedy)
            table[value] = name
    return table


def _check_group(index: int, group: Mapping[str, Any], languages: Mapping[str, str]) -> None:
    rule = f"group {group.get('id', f'number {index + 1}')}"
    for key in ("id", "class", "source"):
        if not isinstance(group.get(key), str) or not group[key]:
            raise FileClassRuleError(f"{rule}, {key}", group.get(key), "give a non-empty string")
    unknown = set(group) - _GROUP_KEYS
    if unknown:
        remedy = f"use only {', '.join(sorted(_GROUP_KEYS))}"
        raise FileClassRuleError(rule, min(unknown), remedy)
    check_class(f"{rule}, class", group["class"])
    for key in (*_NAME_MATCHERS, *_DIRECTORY_MATCHERS, *_CONDITIONS):
        if key in group:
            values = _texts(f"{rule}, {key}", group[key])
            _check_distinct(f"{rule}, {key}", values)
    for kind in group.get("kinds", ()):
        if kind not in (*KINDS, "unknown", "bare"):
            remedy = f"use one of {', '.join(KINDS)}, unknown, bare"
            raise FileClassRuleError(f"{rule}, kinds", kind, remedy)
    for language in group.get("languages", ()):
        check_language(f"{rule}, languages", language, languages)
    for value in group.get("directories", ()):
        if value.count("/") >= _SEQUENCE_LIMIT or value.strip("/") != value:
            remedy = "name one directory, or two in a row as 'a/b'"
            raise FileClassRuleError(f"{rule}, directories", value, remedy)


def _hit(index: int, group: Mapping[str, Any], rule: str) -> Hit:
    def condition(key: str) -> frozenset[str] | None:
        return frozenset(group[key]) if key in group else None

    return Hit(
        priority=index,
        file_class=group["class"],
        rule=rule,
        group=group["id"],
        kinds=condition("kinds"),
        languages=condition("languages"),
        under=condition("under"),
    )


def _hits(index: int, group: Mapping[str, Any], key: str) -> list[tuple[str, Hit]]:
    label = {
        "extensions": "extension:.{}",
        "directories": "path:{}/",
        "root_directories": "path:/{}/",
        "directory_globs": "path:{}/",
    }.get(key, group["class"] + ":{}")
    exact = key in ("names", "globs", "directory_globs")
    return [
        (value if exact else value.lower(), _hit(index, group, label.format(value)))
        for value in group.get(key, ())
    ]


def _table(pairs: Iterable[tuple[str, Hit]]) -> dict[str, list[Hit]]:
    table: defaultdict[str, list[Hit]] = defaultdict(list)
    for value, hit in pairs:
        table[value].append(hit)
    return dict(table)


def _is_glob(value: str) -> bool:
    return any(character in value for character in "*?[")


def _braced(pairs: Iterable[tuple[str, Hit]]) -> list[tuple[str, Hit]]:
    result = []
    for value, hit in pairs:
        head, _, rest = value.partition("{")
        inner, _, tail = rest.partition("}")
        result += [(head + choice + tail, hit) for choice in (inner.split(",") if rest else [""])]
    return result


def _glob(value: str, hit: Hit) -> Glob:
    literals = re.split(r"\*|\?|\[[^\]]*\]", value)
    plain = len(literals) == 2 and "*" in value
    return Glob(
        prefix=literals[0],
        suffix=literals[-1],
        needle=max(literals, key=len),
        length=sum(map(len, literals)),
        expression=None if plain else re.compile(fnmatch.translate(value)),
        hit=hit,
    )


def _globs(pairs: Iterable[tuple[str, Hit]]) -> Globs:
    globs = [_glob(*pair) for pair in pairs]
    return Globs(
        prefixes=tuple({glob.prefix for glob in globs if glob.prefix}),
        suffixes=tuple({glob.suffix for glob in globs if glob.suffix and not glob.prefix}),
        bounded=tuple(glob for glob in globs if glob.prefix or glob.suffix),
        loose=tuple(glob for glob in globs if not glob.prefix and not glob.suffix),
    )


def _glob_tables(pairs: Sequence[tuple[str, Hit]]) -> dict[str, Globs]:
    """Key: the last extension that the pattern spells out, or '' where it spells out none."""
    buckets: defaultdict[str, list[tuple[str, Hit]]] = defaultdict(list)
    for value, hit in pairs:
        extension = value.rpartition(".")[2] if "." in value else ""
        buckets["" if _is_glob(extension) else extension.lower()].append((value, hit))
    return {extension: _globs(bucket) for extension, bucket in buckets.items()}
