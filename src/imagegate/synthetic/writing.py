"""Make up plausible text: sentences of common words, names, dates, amounts, codes, addresses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from imagegate.tables import Rng

FIRST_NAMES = (
    *("Alice", "Arthur", "Clara", "Daniel", "Edith", "Felix", "Grace", "Henry", "Irene", "James"),
    *("Karen", "Laura", "Martin", "Nora", "Oliver", "Paula", "Robert", "Sarah", "Thomas", "Wanda"),
)
LAST_NAMES = (
    *("Adams", "Baker", "Carter", "Dawson", "Ellis", "Foster", "Graham", "Hudson", "Irving"),
    *("Jensen", "Keller", "Lambert", "Morgan", "Norton", "Palmer", "Reed", "Spencer", "Turner"),
)
TOWNS = (
    *("Ashford", "Brighton", "Clifton", "Dover", "Elmwood", "Fairview", "Greenfield", "Hamilton"),
    *("Kingston", "Lakeside", "Milton", "Newport", "Oakland", "Preston", "Richmond", "Salem"),
)
STREETS = ("Street", "Road", "Avenue", "Lane", "Square", "Court", "Drive")
FIRMS = ("Limited", "Trading", "Stores", "Supplies", "Partners", "Services", "Works", "Market")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@cache
def common_words() -> tuple[str, ...]:
    """Return about 1,300 common English words, lower case, in a fixed order."""
    return tuple(files(__package__).joinpath("words.txt").read_text(encoding="utf-8").split())


def pick(rng: Rng, choices: Sequence[str]) -> str:
    """Return one of several strings."""
    return choices[int(rng.integers(len(choices)))]


def phrase(rng: Rng, least: int, most: int) -> str:
    """Return so many words, the first with a capital."""
    count = int(rng.integers(least, most, endpoint=True))
    return " ".join(pick(rng, common_words()) for _ in range(count)).capitalize()


def sentence(rng: Rng) -> str:
    """Return a sentence of 6 to 16 words, some with a comma, a date or an amount."""
    words = phrase(rng, 6, 16).split()
    if rng.random() < 0.35:
        words[len(words) // 2] += ","
    tail = rng.random()
    if tail < 0.12:
        words += ["on", date(rng)]
    elif tail < 0.22:
        words += ["for", money(rng)]
    elif tail < 0.30:
        words += ["with", full_name(rng)]
    return " ".join(words) + pick(rng, (".", ".", ".", ".", "?", "!"))


def paragraph(rng: Rng, least: int = 3, most: int = 6) -> str:
    """Return so many sentences."""
    return " ".join(sentence(rng) for _ in range(int(rng.integers(least, most, endpoint=True))))


def full_name(rng: Rng) -> str:
    """Return a first and a last name."""
    return f"{pick(rng, FIRST_NAMES)} {pick(rng, LAST_NAMES)}"


def firm(rng: Rng) -> str:
    """Return the name of a company."""
    return f"{pick(rng, LAST_NAMES)} {pick(rng, common_words()).capitalize()} {pick(rng, FIRMS)}"


def street(rng: Rng) -> str:
    """Return a house number and a street."""
    return f"{rng.integers(1, 200)} {pick(rng, LAST_NAMES)} {pick(rng, STREETS)}"


def town(rng: Rng) -> str:
    """Return a town and a postal code."""
    return f"{pick(rng, TOWNS)} {rng.integers(10000, 99999)}"


def date(rng: Rng) -> str:
    """Return a date in one of three ways of writing."""
    day, month, year = rng.integers(1, 29), int(rng.integers(12)), rng.integers(1998, 2030)
    ways = (
        f"{day} {MONTHS[month]} {year}",
        f"{day:02d}/{month + 1:02d}/{year}",
        f"{year}-{month + 1:02d}-{day:02d}",
    )
    return pick(rng, ways)


def money(rng: Rng, most: int = 2000) -> str:
    """Return an amount with two decimals."""
    return f"{rng.integers(1, most)}.{rng.integers(100):02d}"


def code(rng: Rng) -> str:
    """Return an article number or file mark."""
    # without letters that look like digits: a reader's guess there says nothing about the image
    letters = "".join(pick(rng, "ABCDEFHKLMNPRTUVWXY") for _ in range(2))
    return f"{letters}-{rng.integers(1000, 9999)}"


def phone(rng: Rng) -> str:
    """Return a telephone number."""
    return f"{rng.integers(200, 999)} {rng.integers(200, 999)} {rng.integers(1000, 9999)}"


def mail(rng: Rng) -> str:
    """Return an e-mail address."""
    user, place = pick(rng, LAST_NAMES).lower(), pick(rng, common_words())
    return f"{user}@{place}.{pick(rng, ('com', 'org', 'net'))}"
