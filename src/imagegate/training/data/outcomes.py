"""Read what became of images in production, and find the outcome of an image."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagegate.errors import CorpusError
from imagegate.training.data.listing import read_listing

COLUMNS = {"path", "failed", "group", "source_id", "set", "page", "sha256"}
ANSWERS = {"0": False, "1": True, "false": False, "true": True, "no": False, "yes": True}
DIGEST = re.compile("[0-9a-f]{64}")
PAGE = re.compile("[1-9][0-9]{0,8}")
# How a row names a page of a document, as RFC 8118 does.
PAGED = re.compile(r"(.+)#page=([1-9][0-9]{0,8})", re.DOTALL)


@dataclass(frozen=True)
class Outcome:
    """What became of one image; a text that is not given is empty."""

    line: int
    path: str
    failed: bool
    page: int = 1
    sha256: str = ""
    group: str = ""
    source_id: str = ""
    set: str = ""

    @property
    def shown(self) -> str:
        """The path, with the page if it is not the first."""
        return self.path if self.page == 1 else f"{self.path}#page={self.page}"


def file_and_page(shown: str) -> tuple[str, int]:
    """Take apart what ``Outcome.shown`` has put together.

    >>> file_and_page("a.tif#page=2"), file_and_page("a.tif")
    (('a.tif', 2), ('a.tif', 1))
    """
    found = PAGED.fullmatch(shown)
    return (found[1], int(found[2])) if found else (shown, 1)


class Known:
    """Finds the outcomes of an image by its content, or by its names."""

    def __init__(self) -> None:
        self._by_content: dict[tuple[str, int], Outcome] = {}
        self._by_name: dict[tuple[str, int], list[Outcome]] = {}

    def add(self, outcome: Outcome, names: Iterable[str], digest: str) -> None:
        """Remember an outcome by these names and by this content, if any."""
        if digest:
            self._by_content[digest, outcome.page] = outcome
        for name in dict.fromkeys(names):
            alike = self._by_name.setdefault((name, outcome.page), [])
            if outcome not in alike:
                alike.append(outcome)

    def find(self, names: Iterable[str], page: int, digest: str) -> list[Outcome]:
        """Return the outcomes of an image, several if its content is not known to tell them apart.

        Of the same name but another content is another image.
        """
        digest = digest.lower()
        if (digest, page) in self._by_content:
            return [self._by_content[digest, page]]
        for name in names:
            alike = [
                one
                for one in self._by_name.get((name, page), ())
                if not (digest and one.sha256 and one.sha256 != digest)
            ]
            if alike:
                return alike
        return []


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What became of images, each once in the order of the list, and how to find it again.

    ``name`` is that of the list, ``folder`` what its paths are relative to.
    """

    name: str
    folder: Path
    rows: tuple[Outcome, ...]
    repeated: int
    known: Known


def read_list(table: Any) -> Outcomes:
    """Read a CSV file or a DataFrame and check it; nothing is guessed."""
    listing = read_listing(table)
    columns = set(listing.columns)
    if not {"path", "failed"} <= columns <= COLUMNS or len(columns) < len(listing.columns):
        raise CorpusError(
            f"{listing.shown}: expected the columns path,failed[,group][,source_id][,set][,page]"
            f"[,sha256], got {list(listing.columns)}"
        )
    rows: list[Outcome] = []
    known, repeated = Known(), 0
    for line, values in listing.rows:
        row = _outcome(values, line, f"{listing.shown} line {line}")
        names = names_of(row.path, str(listing.folder))
        alike = known.find(names, row.page, row.sha256)
        other = next((one for one in alike if one.failed != row.failed), None)
        if other:
            raise CorpusError(
                f"{listing.shown} line {line}: {row.shown} has another answer than on line "
                f"{other.line}"
            )
        if alike:
            repeated += 1
        else:
            rows.append(row)
        known.add(alike[0] if alike else row, names, row.sha256)
    if not rows:
        raise CorpusError(f"{listing.shown}: no rows")
    return Outcomes(listing.name, listing.folder, tuple(rows), repeated, known)


def _outcome(values: dict[str, str], line: int, where: str) -> Outcome:
    """Return a line as an outcome, or raise CorpusError."""
    if "" in values:
        raise CorpusError(f"{where}: more values than columns")
    given = {name: value.strip() for name, value in values.items() if name != "path"}
    if not values["path"]:
        raise CorpusError(f"{where}: expected a path, got none")
    if given["failed"].lower() not in ANSWERS:
        raise CorpusError(f"{where}: expected failed 0 or 1, got {values['failed']!r}")
    page, digest = given.pop("page", "") or "1", given.pop("sha256", "").lower()
    if not PAGE.fullmatch(page):
        raise CorpusError(f"{where}: expected a page from 1, got {page!r}")
    if digest and not DIGEST.fullmatch(digest):
        raise CorpusError(f"{where}: expected a sha256 of 64 digits of base 16, got {digest!r}")
    failed = ANSWERS[given.pop("failed").lower()]
    return Outcome(line, values["path"], failed, int(page), digest, **given)


def names_of(path: str, folder: str) -> list[str]:
    """Return what an image may be called: its path as written, and from the root."""
    if "://" in path:
        return [path]
    return [path, os.path.normpath(os.path.join(folder, path))]  # noqa: PTH118 - a name, no file
