"""One row a page: what was decided about it and why, or the error that took its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeAlias

from imagegate.errors import ImagegateError, NoRoomError
from imagegate.image import ImageFile, Limits, load, open_file
from imagegate.messages import ENGLISH
from imagegate.models.verdict import Verdict
from imagegate.parallel.worker import Done
from imagegate.pipeline.files import opened, shown
from imagegate.pipeline.route import ACTION_OF, Route, Router

Row: TypeAlias = dict[str, Any]

DEFAULT_LIMITS = Limits()
BROKEN = "broken"  # beside the four routes: nothing could be decided, or done
FILE_FACTS: Mapping[str, Any] = MappingProxyType(
    dict.fromkeys(
        ("sha256", "format", "width", "height", "route", "repair", "p_repaired", "written")
    )
)
NO_VERDICT: Mapping[str, Any] = MappingProxyType(
    {
        "decision": None,
        "ok": False,
        "p_fail": None,
        "quality": None,
        "reasons": [],
        "scores": {},
        "measures": {},
    }
)


@dataclass(frozen=True)
class Page:
    """A page that was looked at: its row, and its route unless the row is an error."""

    row: Row
    route: Route | None = None


@dataclass(frozen=True)
class Examiner:
    """Turns a file into its rows; can be sent to other processes and machines.

    Parameters
    ----------
    router : Router
        Decides.
    limits : Limits
        The largest file and picture that are accepted.
    language : str
        Of the messages: one that ships, or the path of a TOML file with your own.
    """

    router: Router
    limits: Limits = DEFAULT_LIMITS
    language: str = ENGLISH

    @property
    def gate(self) -> str:
        """The name of the gate."""
        return self.router.gate.name

    def __call__(self, path: str, content: bytes | None = None) -> list[Row]:
        """Return one row a page; whatever is wrong with the file is in its ``error``.

        Parameters
        ----------
        path : str
            A path or an fsspec URL; read unless its content is given.
        content : bytes, optional
            The file's bytes, from wherever they are stored.
        """
        return [page.row for page in self.pages(path, content)]

    def pages(self, path: str, content: bytes | None = None) -> Iterator[Page]:
        """Yield the pages of a file with their routes, one after the other."""
        name, facts = shown(path), dict[str, Any]()
        try:
            source = opened(path, self.limits) if content is None else content
            loaded = load(source, self.limits, name=name)
            facts["sha256"] = hashlib.sha256(loaded.data).hexdigest()
            file = open_file(loaded, limits=self.limits)
        except ImagegateError as error:
            yield Page(failed(name, str(error), gate=self.gate) | facts)
            return
        for number in range(1, file.pages + 1):
            own = {"page": number, "pages": file.pages, "format": file.header.format}
            yield self._page(name, file, number, facts | own)

    def _page(self, name: str, file: ImageFile, number: int, facts: Row) -> Page:
        try:
            image = file.page(number)
            # A mended page could not be put back into its document.
            route = self.router.route(image, repair=file.pages == 1)
            if self.language != ENGLISH:
                route = replace(route, verdict=route.verdict.translated(self.language))
        except ImagegateError as error:
            return Page(failed(name, str(error), gate=self.gate) | facts)
        size = {"width": image.header.width, "height": image.header.height}
        return Page(decided(name, route) | facts | size, route)


def decided(name: str, route: Route) -> Row:
    """Return the row of an image of which only the route is known."""
    found = {"route": route.action, "repair": route.repair, "p_repaired": route.after}
    return judged(name, route.verdict) | found | {"ok": route.action == "use"}


def judged(name: str, verdict: Verdict) -> Row:
    """Return the row of an image of which only the verdict is known."""
    return {"path": name, "page": 1, "pages": 1, **FILE_FACTS, **verdict.to_dict(), "error": None}


def route_of(row: Row) -> str:
    """Return where a row counts: its route, or ``"broken"``; without one, its decision's."""
    if row["error"]:
        return BROKEN
    return row["route"] or ACTION_OF[row["decision"]]


def failed(name: str, error: str, *, gate: str) -> Row:
    """Return the row of a file that could not be judged."""
    nothing = {**FILE_FACTS, **NO_VERDICT, "reasons": [], "scores": {}, "measures": {}}
    return {"path": name, "page": 1, "pages": 1, **nothing, "gate": gate, "error": shown(error)}


def rows_of(answer: Done[list[Row]], gate: str) -> list[Row]:
    """Return the rows of a file; whatever went wrong, a dead worker included, is a row.

    Raises
    ------
    NoRoomError
        If there is no room for the results of any file.
    """
    if answer.ends:
        raise NoRoomError(answer.error)
    return answer.value or [failed(shown(answer.source), answer.error, gate=gate)]
