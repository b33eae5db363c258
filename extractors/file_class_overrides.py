"""Overrides: the user's own rules of file classes, and the error that a bad rule raises."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

CLASSES: Final = (
    "source",
    "test",
    "docs",
    "config",
    "data",
    "generated",
    "vendored",
    "lockfile",
    "binary",
)
_OVERRIDE_KEYS: Final = frozenset(("pattern", "class", "language", "repository_id"))


class FileClassRuleError(ValueError):
    """A rule of the file classes cannot be used; says which, its value, and the remedy."""

    def __init__(self, rule: str, value: object, remedy: str) -> None:
        self.rule = rule
        self.value = value
        self.remedy = remedy
        super().__init__(f"file class rule {rule}: {value!r} cannot be used; {remedy}")


@dataclass(frozen=True, slots=True)
class FileClassOverride:
    """A user's rule, which goes before all others; of several that match, the last decides.

    Attributes:
        pattern: gitignore pattern over the path (`docs/` takes all below it). Negation with `!`
            is not allowed: write a later override instead.
        file_class: class to give, or None to set the language alone.
        language: language to give, by its name in languages.toml, or None to leave it.
        repository_id: the repository it holds for, or None for all.
    """

    pattern: str
    file_class: str | None = None
    language: str | None = None
    repository_id: str | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """A compiled `FileClassOverride`."""

    expression: re.Pattern[str]
    rule: str
    file_class: str | None
    language: str | None
    repository_id: str | None


def check_class(rule: str, value: object) -> None:
    """Raise FileClassRuleError unless the value is one of CLASSES."""
    if value not in CLASSES:
        raise FileClassRuleError(rule, value, f"use one of {', '.join(CLASSES)}")


def check_language(rule: str, value: object, languages: Mapping[str, str]) -> None:
    """Raise FileClassRuleError unless the value is a language's name."""
    if value not in languages:
        raise FileClassRuleError(rule, value, "use the name of a language in languages.toml")


def compile_override(
    index: int, item: FileClassOverride | Mapping[str, object], languages: Mapping[str, str]
) -> Override:
    """Check one override and compile its pattern.

    Args:
        index: its place in the settings, from 0, for the message of an error.
        item: the override, typed or as a mapping.
        languages: language name -> kind.

    Returns:
        The compiled override.

    Raises:
        FileClassRuleError: a key, class, language or pattern cannot be used.
    """
    rule = f"override number {index + 1}"
    if isinstance(item, FileClassOverride):
        values: dict[str, object] = {
            "pattern": item.pattern,
            "class": item.file_class,
            "language": item.language,
            "repository_id": item.repository_id,
        }
    else:
        values = dict(item)
    unknown = set(values) - _OVERRIDE_KEYS
    if unknown:
        remedy = f"use only {', '.join(sorted(_OVERRIDE_KEYS))}"
        raise FileClassRuleError(rule, min(unknown), remedy)
    for key, value in values.items():
        if value is not None and not isinstance(value, str):
            raise FileClassRuleError(f"{rule}, {key}", value, "give a string")
    pattern, language, repository = (
        None if values.get(key) is None else str(values[key])
        for key in ("pattern", "language", "repository_id")
    )
    file_class = values.get("class")
    if file_class is None and language is None:
        raise FileClassRuleError(rule, values, "give a class, a language or both")
    if file_class is not None:
        check_class(f"{rule}, class", file_class)
    if language is not None:
        check_language(f"{rule}, language", language, languages)
    return Override(
        expression=_override_expression(f"{rule}, pattern", pattern),
        rule=f"override:{pattern}",
        file_class=None if file_class is None else str(file_class),
        language=language,
        repository_id=repository,
    )


def _override_expression(rule: str, pattern: str | None) -> re.Pattern[str]:
    remedy = "give a gitignore pattern such as 'docs/' or 'src/*.gen.ts', without a leading '!'"
    if not pattern or pattern.startswith("!"):
        raise FileClassRuleError(rule, pattern, remedy)
    try:
        expression, _ = GitIgnoreSpecPattern.pattern_to_regex(pattern)
    except GitIgnorePatternError as error:
        raise FileClassRuleError(rule, pattern, remedy) from error
    if expression is None:
        raise FileClassRuleError(rule, pattern, remedy)
    return re.compile(expression, re.DOTALL)
