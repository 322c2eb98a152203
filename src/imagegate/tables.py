"""The rows that the whole project is made of, and the read-only table that joins them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import UnknownNameError
from imagegate.image import Image

Pixels = NDArray[np.uint8]
Rng = np.random.Generator
Worse = Literal["high", "low", "either"]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; the last two lie outside


class Row(Protocol):
    """Anything with a name can be a row."""

    @property
    def name(self) -> str:
        """The key of the row."""
        ...


RowT = TypeVar("RowT", bound=Row)


class Table(Mapping[str, RowT], Generic[RowT]):
    """A read-only mapping from name to row, in the order given.

    ``kind`` is what messages call a row, such as ``"measure"``; two rows of one name raise
    ``ValueError``.
    """

    def __init__(self, kind: str, rows: Iterable[RowT]) -> None:
        self.kind = kind
        self._rows: dict[str, RowT] = {}
        for row in rows:
            if row.name in self._rows:
                raise ValueError(f"two rows of the {kind} table are named {row.name!r}")
            self._rows[row.name] = row

    def __getitem__(self, name: str) -> RowT:
        """Return the row, or raise UnknownNameError with the nearest name."""
        try:
            return self._rows[name]
        except KeyError:
            raise UnknownNameError(self.kind, name, self._rows) from None

    def __contains__(self, name: object) -> bool:
        """Tell whether there is such a row, without making an error of it."""
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names in table order."""
        return iter(self._rows)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._rows)

    def __repr__(self) -> str:
        """Name the table and its rows."""
        return f"Table({self.kind!r}, {list(self._rows)})"


NO_UNIT = ("ratio", "log ratio", "count", "quality", "share", "halvings")


@dataclass(frozen=True)
class Measure:
    """One named number about an image, or about what an engine has made of it.

    ``function`` takes an Image and returns a float, NaN where undefined. Measures of outputs take
    what ``prepare`` in their file makes of image and output. A gate learns from no measure that is
    ``about`` something else than its task (letters, or pictures), nor from one that is not
    ``learnable``: rules need it, but it is a shortcut, like width and height.
    """

    name: str  # ``family.what_unit``, such as ``blur.edge_width_px``
    function: Callable[[Any], float]
    label: str  # what people call it
    unit: str  # px, ratio, share, bits, gray levels …
    worse: Worse  # which end is bad *for every task*; either if it depends
    about: Literal["image", "text", "picture"] = "image"
    learnable: bool = True
    looks: tuple[str, str] | None = None  # what higher and what lower readings look like

    @property
    def family(self) -> str:
        """The part of the name before the dot, such as a cause or ``"text"``."""
        return self.name.partition(".")[0]

    @property
    def shown_unit(self) -> str:
        """The unit as it stands after a number; empty where the label says enough."""
        return "" if self.unit in NO_UNIT else self.unit


def always(image: Image, readings: Mapping[str, float]) -> bool:
    """Hold for every image."""
    return True


def never(image: Image, readings: Mapping[str, float]) -> bool:
    """Hold for no image."""
    return False


@dataclass(frozen=True)
class Code:
    """One way in which a cause shows, fine enough to act on; ``messages`` has a sentence for it.

    ``when(image, readings)`` tells whether it is this one, if the cause is present, and
    ``where(image)`` which part of the image it is about; None if it is about all of it.
    """

    name: str  # ``cause.way``, such as ``blur.motion``
    measure: str  # the name of the one that shows it best
    when: Callable[[Image, Mapping[str, float]], bool] = always
    where: Callable[[Image], Box | None] | None = None


@dataclass(frozen=True)
class Cause:
    """One of the causes of failure: the ways in which it shows, and a 0–100 score if it has one.

    ``score`` maps the readings of ``measures`` (by name) to 0–100, 100 is best,
    NaN if nothing could be measured. Of the ``codes`` the first one that holds is told. What is
    ``about`` text is a cause for tasks that read letters, and only their gates learn it.
    """

    name: str
    measures: tuple[str, ...]  # that the score is made of
    score: Callable[[Mapping[str, float]], float] | None
    codes: tuple[Code, ...]
    about: Literal["image", "text"] = "image"


@dataclass(frozen=True)
class Degradation:
    """A controlled degradation with five visible strengths.

    ``function(pixels, amount, reference_px, rng) -> pixels``: RGB uint8 in and out, the input never
    written to. ``reference_px`` is the size of what matters: the x-height of the text, or short
    side / 16 for pictures.
    """

    name: str  # ``cause.variant``, such as ``blur.gaussian``
    function: Callable[[Pixels, float, float, np.random.Generator], Pixels]
    strengths: tuple[float, float, float, float, float]  # the amount at severity 1 to 5
    unit: str  # of the amount, saying what it is relative to
    graded: bool = True  # whether the amount matters; a page that is turned is turned

    @property
    def cause(self) -> str:
        """The cause, the part of the name before the dot."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Repair:
    """A classical repair, named by the cause that it undoes.

    ``function(pixels, readings) -> pixels or None``: RGB or gray uint8 in, either of them out, the
    input never written to; None where there is nothing to repair. The readings, measures by name,
    say how strong the repair has to be.
    """

    name: str  # of a row of ``features.CAUSES``
    function: Callable[[Pixels, Mapping[str, float]], Pixels | None]
