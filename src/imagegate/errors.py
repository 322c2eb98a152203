"""Every error that imagegate raises on purpose.

::

    ImagegateError
    ├── ImageError(ValueError)             something is wrong with one image; has .source
    │   ├── ImageNotFoundError(FileNotFoundError)
    │   ├── UnreadableImageError(OSError)  the system does not let us read it
    │   ├── EmptyImageError                zero bytes
    │   ├── UnsupportedImageError          not an image, or a format without a decoder
    │   ├── BrokenImageError               an image, but damaged
    │   │   └── TruncatedImageError        ends before its data does
    │   └── ImageTooLargeError             beyond a byte, pixel, side or frame limit
    ├── UnknownNameError(KeyError)         no such measure, task, engine, gate, setting
    ├── SettingsError(ValueError)          a setting has a wrong value or type
    ├── GateFileError(ValueError)          a gate file is damaged, newer or foreign
    ├── CorpusError(ValueError)            a corpus or source list cannot be used
    ├── EngineError(RuntimeError)          an engine failed on one image
    │   ├── EngineTimeoutError(TimeoutError)
    │   └── OutputError(ValueError)        an output is not what the task's engines return
    ├── NoRoomError(OSError)               no room is left where results are written
    └── MissingExtraError(ImportError)     an optional dependency is not installed

Each also descends from the nearest builtin, so ordinary ``except`` clauses work.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BrokenImageError",
    "CorpusError",
    "EmptyImageError",
    "EngineError",
    "EngineTimeoutError",
    "GateFileError",
    "ImageError",
    "ImageNotFoundError",
    "ImageTooLargeError",
    "ImagegateError",
    "MissingExtraError",
    "NoRoomError",
    "OutputError",
    "SettingsError",
    "TruncatedImageError",
    "UnknownNameError",
    "UnreadableImageError",
    "UnsupportedImageError",
]


class ImagegateError(Exception):
    """Everything that imagegate raises on purpose."""


class ImageError(ImagegateError, ValueError):
    """One image cannot be used.

    ``source`` is its path, or ``"<bytes>"``, ``"<array>"`` where there is none; ``message`` says
    what was wanted, what was found and what to do.
    """

    def __init__(self, source: str, message: str) -> None:
        super().__init__(f"{source}: {message}")
        self.source = source
        self.message = message

    def __reduce__(self) -> tuple[type[ImageError], tuple[str, str]]:
        """Survive the trip between worker processes."""
        return type(self), (self.source, self.message)


class ImageNotFoundError(ImageError, FileNotFoundError):
    """The path does not lead to a file."""


class UnreadableImageError(ImageError, OSError):
    """The file exists, but the system does not let us read it."""


class EmptyImageError(ImageError):
    """The file has no bytes."""


class UnsupportedImageError(ImageError):
    """The bytes are not an image, or no installed decoder reads the format."""


class BrokenImageError(ImageError):
    """The bytes are an image, but a damaged one."""


class TruncatedImageError(BrokenImageError):
    """The file ends before its image data does."""


class ImageTooLargeError(ImageError):
    """The header promises more bytes, pixels or frames than the limits allow."""


class UnknownNameError(ImagegateError, KeyError):
    """A name is not in its table; of the known ones the nearest is suggested.

    ``kind`` says what was looked up: ``"measure"``, ``"task"``, ``"threshold"``.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = list(known)
        lower = {known.lower(): known for known in names}
        near = difflib.get_close_matches(name.lower(), lower, n=1)
        hint = f"Did you mean {lower[near[0]]!r}?" if near else f"Known: {', '.join(names)}"
        self.message = f"no {kind} named {name!r}. {hint}"
        super().__init__(self.message)
        self.arguments = (kind, name, names)

    def __str__(self) -> str:
        """Return the plain message; KeyError alone would quote it."""
        return self.message

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, str, list[str]]]:
        """Survive the trip between worker processes."""
        return type(self), self.arguments


class SettingsError(ImagegateError, ValueError):
    """A setting has a wrong value or type."""


class GateFileError(ImagegateError, ValueError):
    """A gate file is damaged, from a newer format, or not a gate file."""


class CorpusError(ImagegateError, ValueError):
    """A corpus, a source list or an outcomes file cannot be used."""


class EngineError(ImagegateError, RuntimeError):
    """An engine failed on one image."""


class EngineTimeoutError(EngineError, TimeoutError):
    """An engine did not answer within its time limit."""


class OutputError(EngineError, ValueError):
    """An output has not the type, shape or values that engines of the task return."""


class NoRoomError(ImagegateError, OSError):
    """No room is left where results are written: the one error of an image that ends a run."""


class MissingExtraError(ImagegateError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'imagegate[{extra}]'")
        self.arguments = (package, extra)

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        """Survive the trip between worker processes."""
        return type(self), self.arguments
