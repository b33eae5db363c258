"""Free text without people: addresses, names, logins and mentions become pseudonyms."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from quarterdeck.sql.pseudonyms import SERVICE_NAMES, Pseudonyms, plain_email, plain_name

_ANGLE = re.compile(r"([^\n<>:;,|\"\[\](){}]*)<([^<>\s]+@[^<>\s]+)>")
_EMAIL = re.compile(r"[^\s<>()\[\]{},;:\"'`|\\]+@[^\s<>()\[\]{},;:\"'`|]+")
_PROPER = re.compile(r"[^@]+@(?:[\w-]+\\?\.)+[a-z]{2,}", re.IGNORECASE)
_KEYED = re.compile(
    r"^([ \t>*-]*(?:[a-z]+(?:-[a-z]+)*-by|cc|co-?authors?|author|thanks(?:-to)?|reviewers?|"
    r"approvers?|assignees?)[ \t]*:[ \t]*)(\S[^\n@<>]*?)([ \t]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_FROM = re.compile(r"(?<=\bfrom )([A-Za-z0-9][\w-]*)(?=/\S)")
_HOME = re.compile(r"((?:/home/|/Users/|\b[A-Z]:\\+Users\\+))([^/\\\s\"']+)")
_MENTION = re.compile(r"(?<![\w/.`@-])@([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?![\w/.(:]|-\w)")
_TOKEN = re.compile(r"[^\W_]+")
_GAP = re.compile(r"[\s.,'’_-]{1,3}")
_BRANCH = re.compile(r"^(refs/heads/|refs/remotes/[^/]+/)?([^/]+)(?=/)")
# Words before a name, in a line that ends in an address.
_NOT_NAMES: Final = frozenset(
    ["by", "from", "to", "and", "with", "for", "cc", "thanks", "via", "on", "as", "the", "at", "in"]
)
#: First parts of branch names that are no logins.
_BRANCH_KINDS: Final = frozenset(
    ["feature", "features", "feat", "fix", "fixes", "bugfix", "bug", "hotfix", "release",
     "releases", "chore", "docs", "doc", "refactor", "test", "tests", "ci", "build", "perf",
     "style", "deps", "dependabot", "renovate", "revert", "backport", "backports", "wip", "dev",
     "main", "master", "support", "task", "issue", "issues", "merge", "stable", "version",
     "snyk", "pre-commit-ci", "github-actions", "refs", "origin", "upstream", "experiment"]
)  # fmt: skip
_HELD_FROM: Final = 0xF0000  # a private plane of Unicode: no letter, and in nobody's text
_HELD = re.compile("[\U000f0000-\U0010ffff]")


class _Entry(NamedTuple):
    """A run of words that stands for a person."""

    words: tuple[str, ...]  # case-folded
    exact: str | None  # the one spelling that counts; None: any
    pseudonym: str


def named_addresses(text: str) -> Iterator[tuple[str, str]]:
    """Names and addresses that stand together in a text, as in `Ada Example <ada@...>`."""
    for prefix, email in _ANGLE.findall(text):
        start = _name_start(prefix)
        yield prefix[start:].strip(), email


def _name_start(prefix: str) -> int:
    """Where the name begins in what stands before an address."""
    words = list(re.finditer(r"\S+", prefix))
    last = max((i for i, word in enumerate(words) if word[0].lower() in _NOT_NAMES), default=-1)
    return words[last + 1].start() if last + 1 < len(words) else len(prefix)


class Redactor:
    """Replaces people in text by their pseudonyms.

    Args:
        pseudonyms: of everybody known.
        common_words: words that are no names in a text, whoever is called by them; case-folded.
        names: the names as they are spelled.
    """

    def __init__(
        self, pseudonyms: Pseudonyms, common_words: Iterable[str], names: Iterable[str]
    ) -> None:
        self._pseudonyms = pseudonyms
        self._kept = frozenset(common_words) | pseudonyms.agent_words
        self._entries: dict[str, list[_Entry]] = {}
        self._tokens: dict[str, str] = {}  # words of branch names
        self._runs: list[tuple[str, str]] = []  # names in scripts without spaces
        self._held: list[str] = []
        self._cache: dict[str, str] = {}
        parts: dict[str, set[str]] = {}
        for name in sorted({" ".join(name.split()) for name in names}):
            self._add_name(name, parts)
        for part, owners in parts.items():
            pseudonym = next(iter(owners)) if len(owners) == 1 else "[name]"
            self._add(_Entry((part.casefold(),), part, pseudonym))
            self._tokens.setdefault(part.casefold(), pseudonym)
        for login in sorted(pseudonyms.logins):
            words = tuple(_TOKEN.findall(login))
            if len(login) >= 3 and words and not self._kept.issuperset(words):
                pseudonym = pseudonyms.login(login)
                self._add(_Entry(words, None, pseudonym))
                self._tokens[login] = pseudonym
        for entries in self._entries.values():
            entries.sort(key=lambda entry: (-len(entry.words), entry.exact is None))
        self._runs.sort(key=lambda run: -len(run[0]))

    def _add(self, entry: _Entry) -> None:
        self._entries.setdefault(entry.words[0], []).append(entry)

    def _add_name(self, name: str, parts: dict[str, set[str]]) -> None:
        if plain_name(name) not in self._pseudonyms.names:
            return
        words = tuple(_TOKEN.findall(name.casefold()))
        pseudonym = self._pseudonyms.person(name)
        has_script = any(0x2E80 <= ord(c) <= 0xD7FF or ord(c) >= 0xF900 for c in name)
        if not words or has_script:
            if len(name) > 1:
                self._runs.append((name, pseudonym))
            return
        if len(words) > 1:
            self._add(_Entry(words, None, pseudonym))
            for part in _TOKEN.findall(name):
                if len(part) >= 3 and part.casefold() not in self._kept and not part.isdigit():
                    parts.setdefault(part, set()).add(pseudonym)
        elif len(words[0]) >= 2 and words[0] not in self._kept:
            self._add(_Entry(words, name if name.isalnum() else None, pseudonym))
            self._tokens[words[0]] = pseudonym

    def text(self, text: str) -> str:
        """A text in which nobody known stands by name, address or login."""
        if text not in self._cache:
            self._cache[text] = self._redacted(text)
        return self._cache[text]

    def _redacted(self, text: str) -> str:
        self._held = []
        text = _HELD.sub("\N{REPLACEMENT CHARACTER}", text)
        if "@" in text:
            text = _ANGLE.sub(self._angle, text)
            text = _EMAIL.sub(self._bare, text)
            text = _MENTION.sub(self._mention, text)
        text = _KEYED.sub(self._keyed, text)
        text = _FROM.sub(self._owner, text)
        text = _HOME.sub(lambda m: m[1] + self._hold(self._pseudonyms.login(m[2])), text)
        for name, pseudonym in self._runs:
            if name in text:
                text = text.replace(name, self._hold(pseudonym))
        text = self._words(text)
        return _HELD.sub(lambda m: self._held[ord(m[0]) - _HELD_FROM], text)

    def _hold(self, text: str) -> str:
        """A character in place of a finished piece, which nothing may change any more."""
        self._held.append(text)
        return chr(_HELD_FROM + len(self._held) - 1)

    def _angle(self, found: re.Match[str]) -> str:
        prefix, email = found[1], found[2]
        start = _name_start(prefix)
        name = prefix[start:].strip()
        address = self._hold(f"<{self._pseudonyms.email(email)}>")
        if not name:
            return prefix + address
        shown = self._hold(self._pseudonyms.name(name, email))
        return prefix[:start] + shown + prefix[start + len(name) :] + address

    def _bare(self, found: re.Match[str]) -> str:
        text = found[0].rstrip(".!?*_")
        rest = found[0][len(text) :]
        known = plain_email(text) in self._pseudonyms.emails
        if text.startswith(("git@", "@")) or not (known or _PROPER.fullmatch(text)):
            return found[0]
        return self._hold(self._pseudonyms.email(text.replace("\\", ""))) + rest

    def _mention(self, found: re.Match[str]) -> str:
        login = found[1]
        if self._is_public(login):
            return found[0]
        return "@" + self._hold(self._pseudonyms.login(login))

    def _is_public(self, login: str) -> bool:
        """Whether a login is an agent's or a service's; a person may be called like one."""
        plain = login.casefold()
        if plain in SERVICE_NAMES or plain in self._pseudonyms.agent_words:
            return True
        return plain not in self._pseudonyms.logins and self._pseudonyms.is_agent_word(login)

    def _keyed(self, found: re.Match[str]) -> str:
        value = found[2]
        if self._pseudonyms.is_agent_word(value) or _HELD.search(value) or "://" in value:
            return found[0]
        if plain_name(value) in SERVICE_NAMES:
            return found[0]
        return found[1] + self._hold(self._pseudonyms.person(value)) + found[3]

    def _owner(self, found: re.Match[str]) -> str:
        owner = found[1]
        if owner.casefold() in _BRANCH_KINDS or self._is_public(owner):
            return owner
        return self._hold(self._pseudonyms.login(owner))

    def _words(self, text: str) -> str:
        tokens = list(_TOKEN.finditer(text))
        folded = [token[0].casefold() for token in tokens]
        if self._entries.keys().isdisjoint(folded):
            return text
        out, done, at = [], 0, 0
        while at < len(tokens):
            entry = self._entry_at(text, tokens, folded, at)
            if entry is None:
                at += 1
                continue
            out += [text[done : tokens[at].start()], entry.pseudonym]
            at += len(entry.words)
            done = tokens[at - 1].end()
        return "".join([*out, text[done:]])

    def _entry_at(
        self, text: str, tokens: list[re.Match[str]], folded: list[str], at: int
    ) -> _Entry | None:
        for entry in self._entries.get(folded[at], ()):
            size = len(entry.words)
            if tuple(folded[at : at + size]) != entry.words:
                continue
            if entry.exact is not None and tokens[at][0] != entry.exact:
                continue
            ends = zip(tokens[at : at + size - 1], tokens[at + 1 : at + size], strict=True)
            if all(_GAP.fullmatch(text[one.end() : two.start()]) for one, two in ends):
                return entry
        return None

    def branch(self, name: str) -> str:
        """A ref or branch name without logins: known ones anywhere, any in the first place."""
        if name.startswith(("refs/pull/", "refs/merge-requests/")):
            return name
        redacted = self.text(name)
        name = redacted if redacted != name else _BRANCH.sub(self._first_part, name)
        return _TOKEN.sub(lambda m: self._tokens.get(m[0].casefold(), m[0]), name)

    def _first_part(self, found: re.Match[str]) -> str:
        first = found[2]
        is_kept = first.casefold() in _BRANCH_KINDS or self._is_public(first)
        return (found[1] or "") + (first if is_kept else self._pseudonyms.login(first))

    def url(self, url: str) -> str:
        """A URL without credentials, and without an owner who is a known person."""
        if "://" in url:
            parts = urlsplit(url)
            url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        return re.sub(r"[^/:@]+", lambda m: self._tokens.get(m[0].casefold(), m[0]), self.text(url))

    def json(self, text: str) -> str:
        """JSON whose strings are redacted; its keys stay."""
        return json.dumps(_mapped(json.loads(text), self.text), sort_keys=True, ensure_ascii=False)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _mapped(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mapped(inner, change) for inner in value]
    return change(value) if isinstance(value, str) else value
