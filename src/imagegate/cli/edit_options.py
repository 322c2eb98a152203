"""Options that the commands of a batch of edits share."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from imagegate.edits.batch.store import Store
from imagegate.errors import SettingsError

StoreFolder = Annotated[Path, typer.Option("--store", help="The folder that holds the batch.")]
By = Annotated[str | None, typer.Option("--by", help="Who does it; by default your user name.")]
Destination = Annotated[str, typer.Option("--to", help="The folder or URL to publish to.")]


def opened(folder: Path) -> Store:
    """Open a batch."""
    return Store(folder)


def who(by: str | None) -> str:
    """Return a person's name."""
    try:
        return by or getpass.getuser()
    except (OSError, KeyError) as error:
        raise SettingsError("say who you are with --by NAME") from error


def share_of(text: str, option: str) -> float:
    """Read ``10%`` or ``0.1``."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise SettingsError(
            f"{option}: expected a share such as 10% or 0.1, got {text!r}"
        ) from None
    if not 0 < value <= 1:
        raise SettingsError(f"{option}: expected a share above 0 %, up to 100 %, got {text!r}")
    return value
