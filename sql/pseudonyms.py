"""Keyed pseudonyms of people: equal for one person as long as the key is the same."""

import hashlib
import hmac
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

#: Domain of made-up addresses; RFC 2606 keeps it from ever being somebody's.
DOMAIN: Final = "pseudonym.invalid"
#: Services that commit in nobody's name.
SERVICE_EMAILS: Final = frozenset({"noreply@github.com", "noreply@gitlab.com"})
SERVICE_NAMES: Final = frozenset({"github", "gitlab", "gitea", "forgejo", "bitbucket", "web-flow"})
_DIGITS: Final = 12
_MARK = re.compile(r"\s*(\([^()]*\))\s*$")
_NOREPLY = re.compile(r"(?:\d+[+-])?([^@+]+)@(?:users\.)?noreply\.[a-z0-9.-]+")


class Identity(NamedTuple):
    """A name and an address as recorded, and whose they are; None where nobody resolved it."""

    name: str
    email: str
    contributor_id: str | None
    is_agent: bool


def plain_name(name: str) -> str:
    """A name as it is compared: without case and odd spaces."""
    return " ".join(name.split()).casefold()


def plain_email(email: str) -> str:
    """An address as it is compared."""
    return email.strip().lower()


class Pseudonyms:
    """What stands in place of names, addresses, logins and ids of people.

    Args:
        key: secret; whoever has it can test guesses, whoever has not cannot.
        identities: every name and address known.
        public_emails: addresses of agents, bots and services, in lower case.
        agent_words: words that agents and models are called by, case-folded.
    """

    def __init__(
        self,
        key: bytes,
        identities: Iterable[Identity],
        public_emails: Iterable[str],
        agent_words: Iterable[str],
    ) -> None:
        self._key = key
        self._public = frozenset(public_emails) | SERVICE_EMAILS
        self.agent_words = frozenset(agent_words)
        self._agents: set[tuple[str, str]] = set()
        by_email: dict[str, set[str]] = defaultdict(set)
        by_name: dict[str, set[str]] = defaultdict(set)
        by_login: dict[str, set[str]] = defaultdict(set)
        self._by_pair: dict[tuple[str, str], str] = {}
        people = []
        for identity in identities:
            pair = plain_name(identity.name), plain_email(identity.email)
            if identity.is_agent:
                self._agents.add(pair)
                continue
            people.append((identity, pair))
            if identity.contributor_id is not None:
                digest = self._digest("contributor", identity.contributor_id)
                self._by_pair[pair] = digest
                by_email[pair[1]].add(digest)
        for identity, (name, email) in people:
            if email in self._public:
                if name and name not in SERVICE_NAMES and identity.contributor_id is not None:
                    by_name[name].add(self._by_pair[name, email])
                continue
            owners = by_email.get(email) or ({self._digest("address", email)} if email else set())
            own = self._by_pair.get((name, email))
            by_name[name] |= {own} if own else owners
            for login in _logins(email):
                by_login[login] |= owners
        by_name.pop("", None)
        self._by_email = {email: _only(found) for email, found in by_email.items()}
        self.names = {name: _only(found) for name, found in by_name.items()}
        self.logins = {login: _only(found) for login, found in by_login.items()}
        self.emails = frozenset(email for _, (_, email) in people if email not in self._public)

    def _digest(self, kind: str, value: str) -> str:
        message = f"{kind}\0{value}".encode("utf-8", "surrogateescape")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:_DIGITS]

    def contributor(self, contributor_id: str) -> str:
        """The id that stands in place of a contributor's."""
        return "c" + self._digest("contributor", contributor_id)

    def contributor_name(self, contributor_id: str) -> str:
        """The name of a contributor."""
        return _named(self._digest("contributor", contributor_id))

    def is_public(self, email: str) -> bool:
        """Whether an address is an agent's, a bot's or a service's."""
        email = plain_email(email)
        return email in self._public or email.partition("@")[0].endswith("[bot]")

    def email(self, email: str) -> str:
        """The address that stands in place of one; agents, bots and services keep theirs."""
        plain = plain_email(email)
        if not plain or self.is_public(plain):
            return email
        own = self._digest("address", plain)
        return f"{_named(self._by_email.get(plain) or own)}.{own[:6]}@{DOMAIN}"

    def name(self, name: str, email: str) -> str:
        """The name that stands in place of one beside an address."""
        plain, address = plain_name(name), plain_email(email)
        if not plain or self._keeps_name(plain, address):
            return name
        if (found := _MARK.search(name)) and self.is_agent_word(found[1].strip("()")):
            mark = f" {found[1]}"  # such as (aider): the person drove it
        else:
            mark = ""
        return self.person(plain, address) + mark

    def _keeps_name(self, name: str, email: str) -> bool:
        if (name, email) in self._agents:
            return True
        return self.is_public(email) and name not in self.names

    def is_agent_word(self, text: str) -> bool:
        """Whether a text holds a word that an agent or a model is called by."""
        return not self.agent_words.isdisjoint(re.findall(r"\w+", text.casefold()))

    def person(self, name: str, email: str = "") -> str:
        """The pseudonym of whoever a name and an address belong to, as far as that is known."""
        name, email = plain_name(name), plain_email(email)
        found = self._by_pair.get((name, email)) or self._by_email.get(email)
        if not found and email and not self.is_public(email):
            found = self._digest("address", email)
        return _named(found or self.names.get(name) or self._digest("name", name))

    def login(self, login: str) -> str:
        """The pseudonym of an account by its login."""
        plain = login.casefold()
        return _named(self.logins.get(plain) or self._digest("login", plain))

    def node(self, node: str) -> str:
        """A node of the resolution of identities: its kind stays."""
        kind, _, value = node.partition(" ")
        return node if kind == "agent" else f"{kind} {self._digest('node', value)}"


def _named(digest: str) -> str:
    return f"person-{digest}"


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None


def _logins(email: str) -> tuple[str, ...]:
    found = _NOREPLY.fullmatch(email)
    local = email.partition("@")[0]
    return (found[1],) if found else (local,)
