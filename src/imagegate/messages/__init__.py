"""What people are told: one table of sentences a language, by the code of the reason."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from imagegate.errors import SettingsError, UnknownNameError

FOLDER = Path(__file__).parent
ENGLISH = "en"
SUFFIX = ".toml"


def languages() -> list[str]:
    """Return the languages that ship: ``"de"``, ``"en"``."""
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def load_messages(messages: str | Path | Mapping[str, str] = ENGLISH) -> Mapping[str, str]:
    """Return the sentence for every code of a reason, and ``where.…`` for parts of a picture.

    Parameters
    ----------
    messages : str, path or mapping
        A language that ships; a TOML file of ``"code" = "sentence"``, or such a mapping. What a
        file or mapping leaves out is told in English.

    Returns
    -------
    mapping of str to str

    Raises
    ------
    SettingsError
        If there is no such language or file, or a sentence is no text.
    UnknownNameError
        If a file or mapping has a code that does not exist.

    Examples
    --------
    >>> load_messages("de")["noise.grain"]
    'Das Bild rauscht. Nehmen Sie es mit mehr Licht noch einmal auf.'
    >>> load_messages({"noise.grain": "Too grainy."})["noise.grain"]
    'Too grainy.'
    """
    english = _shipped(ENGLISH)
    if isinstance(messages, str) and messages in languages():
        return _shipped(messages)
    if isinstance(messages, Mapping):
        return {**english, **_checked(messages, english)}
    try:
        return {**english, **_checked(_file(Path(messages)), english)}
    except (UnknownNameError, SettingsError) as error:
        words = str(error)
        raise SettingsError(words if str(messages) in words else f"{messages}: {words}") from None


def _checked(given: Mapping[str, object], english: Mapping[str, str]) -> dict[str, str]:
    """Return sentences by code; without quotes, TOML nests ``blur.focus`` in ``blur``."""
    found: dict[str, str] = {}
    for name, value in given.items():
        if isinstance(value, Mapping):
            found |= _checked({f"{name}.{way}": one for way, one in value.items()}, english)
        elif name not in english:
            raise UnknownNameError("code of a message", str(name), english)
        elif not isinstance(value, str) or not value.strip():
            raise SettingsError(f"message {name}: expected a sentence, got {value!r:.80}")
        else:
            found[name] = value
    return found


@cache
def _shipped(language: str) -> Mapping[str, str]:
    return MappingProxyType(_read(FOLDER / f"{language}{SUFFIX}"))


def _file(path: Path) -> Mapping[str, str]:
    if path.suffix.lower() != SUFFIX or not path.is_file():
        known = ", ".join(languages())
        raise SettingsError(
            f"{path}: expected one of the languages {known}, or a {SUFFIX} file of messages"
        )
    return _read(path)


def _read(path: Path) -> dict[str, str]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot read messages from it: {error}") from error
