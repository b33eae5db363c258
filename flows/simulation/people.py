"""The people: names, addresses, and what ties the addresses of one person together.

All are invented. Companies' addresses are at `.test`, a domain that nobody can register.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from quarterdeck.flows.simulation.timeline import FIRST_DAY, LAST_DAY

_COMPANY, _OLD_COMPANY, _PRIVATE = "tidewater.test", "brightwater.test", "letterbox.test"
_FORGE = "users.noreply.github.com"
_FIRST = (
    *("Ada", "Bo", "Chidi", "Dara", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jun", "Kofi"),
    *("Lena", "Mira", "Niko", "Oona", "Pavel", "Quinn", "Rosa", "Samir", "Tove", "Uma", "Viktor"),
    *("Wanjiru", "Ximena", "Yusuf", "Zora", "Anselm", "Beatriz", "Cosmo", "Delphine", "Emeka"),
    *("Fiadh", "Goran", "Hanneke", "Idris", "Jolanta", "Kasimir", "Liv", "Matteo", "Noor"),
    *("Orsolya", "Priya", "Rune", "Saskia"),
)
_LAST = (
    *("Ferrowick", "Lindqvale", "Okellane", "Mossberry", "Tanrıver", "Noorholt", "Holmgate"),
    *("Baptistone", "Pradowell", "Akiyamoor", "Mensahby", "Vogtland", "Sotogray", "Rautioja"),
    *("Kettlewind", "Dovrak", "Ashgrove", "Villamar", "Haddadine", "Sjölund", "Raghavale"),
    *("Petrowski", "Kamauro", "Iturbe", "Demirsay", "Zubrov", "Feldkirk", "Carvalhosa"),
    *("Winterbourne", "Marchetier", "Obiwanne", "Gallowglen", "Petkovar", "van Dijkstra"),
    *("Al-Marouf", "Zielnik", "Brandweer", "Nygaardt", "Colombetti", "Rahmanzai", "Kovácsy"),
    *("Iyengaro", "Halvorsund", "de Wittenberg"),
)
_PLAIN = str.maketrans("ıöáé -'", "ioae...")


@dataclass(frozen=True, slots=True)
class Address:
    """A name and an address that somebody commits with."""

    name: str
    email: str

    def __str__(self) -> str:
        """As git writes it."""
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, slots=True)
class Person:
    """One human.

    Attributes:
        key: of the person in the tables of truth.
        addresses: the first is where `.mailmap` leads.
        web: what the forge writes for what is merged in it.
        mapped: those of the addresses that only `.mailmap` ties to the first.
        pace: how much the person lands, over the mean; skewed.
        offset: minutes east of UTC.
    """

    key: str
    addresses: tuple[Address, ...]
    web: Address
    mapped: tuple[Address, ...]
    joined: date
    left: date
    pace: float
    offset: int

    def is_here(self, day: date) -> bool:
        """Whether the person works here on a day."""
        return self.joined <= day <= self.left

    def mailmap(self) -> list[str]:
        """Lines of `.mailmap`."""
        return [f"{self.addresses[0]} <{other.email}>" for other in self.mapped]


def hire(count: int, rng: random.Random) -> list[Person]:
    """Everybody who ever works in the organisation, in order of joining.

    Two thirds are there from the first day; one in four leaves. Two share a full name.
    """
    people = [_person(number, count, rng) for number in range(count - 1)]
    return sorted([*people, _namesake(people[4])], key=lambda person: (person.joined, person.key))


def _person(number: int, count: int, rng: random.Random) -> Person:
    name = f"{_FIRST[number]} {_LAST[number]}"
    plain = name.lower().translate(_PLAIN)
    joined, left = _span(number, count, rng)
    login = plain.replace(".", "-")
    work = Address(name, f"{plain}@{_COMPANY}")
    noreply = Address(name, f"{7_100_000 + 613 * number}+{login}@{_FORGE}")
    addresses, mapped = _kind(number, work, noreply, login)
    return Person(
        key=f"person-{number + 1:02}",
        addresses=addresses,
        web=noreply,
        mapped=mapped,
        joined=joined,
        left=left,
        pace=rng.lognormvariate(-0.2, 0.65),
        offset=rng.choice((-480, -300, 0, 60, 120, 120, 330, 540)),
    )


def _kind(
    number: int, work: Address, noreply: Address, login: str
) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Addresses of a person, by turns, and those of them that need `.mailmap`.

    Beside `.mailmap` these tie addresses together: the login of a forge's address that is the
    mailbox of the other; one account under two logins; a full name with two mailboxes at one
    company.
    """
    first = work.name.split()[0]
    if number % 5 == 0:
        private = Address(first, f"{login}.{number}@{_PRIVATE}")
        return (work, noreply, private), (private,)
    if number % 5 == 1:  # renamed the account, so the old login is not the mailbox
        renamed = noreply.email.partition("+")[0] + f"+sea{number}-{login[:3]}@{_FORGE}"
        return (work, noreply, Address(work.name, renamed)), ()
    if number % 5 == 2:
        short = Address(work.name, f"{login[0]}{login.rpartition('-')[2]}@{_COMPANY}")
        return (work, noreply, short), ()
    if number % 5 == 3:  # came with a company that was bought; its names were written otherwise
        old = Address(work.name.upper(), f"{login.replace('-', '_')}@{_OLD_COMPANY}")
        return (work, noreply, old), (old,)
    return (work, noreply), ()


def _namesake(other: Person) -> Person:
    """Another person of the same full name, whose address the company numbered."""
    work = other.addresses[0]
    mailbox = work.email.partition("@")[0]
    second = Address(work.name, f"{mailbox}2@{_COMPANY}")
    noreply = Address(work.name, f"7990001+harbour-{mailbox.partition('.')[0]}@{_FORGE}")
    return Person(
        key="person-namesake",
        addresses=(second, noreply),
        web=noreply,
        mapped=(noreply,),
        joined=other.joined,
        left=LAST_DAY,
        pace=0.8,
        offset=60,
    )


def _span(number: int, count: int, rng: random.Random) -> tuple[date, date]:
    joined = FIRST_DAY
    if number % 3 == 2:
        joined += timedelta(days=120 + round(1600 * number / count) + rng.randrange(60))
    left = LAST_DAY
    if number % 4 == 3:
        left = min(left, joined + timedelta(days=400 + rng.randrange(1300)))
    return joined, left
