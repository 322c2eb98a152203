"""``imagegate edits gc`` and ``export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imagegate.cli.console import say, say_written
from imagegate.cli.edit_options import By, StoreFolder, opened, who
from imagegate.edits.batch import versions
from imagegate.errors import SettingsError
from imagegate.pipeline.destination import check_destination
from imagegate.text import count

EXAMPLES = (
    "imagegate edits gc --store batch/ --keep 30",
    "imagegate edits export --store batch/ --parquet batch.parquet",
)


def gc(
    store: StoreFolder,
    keep: Annotated[float, typer.Option(help="Days that versions are kept.")] = 30.0,
    remove: Annotated[bool, typer.Option("--remove", help="Remove what is listed.")] = False,
    by: By = None,
) -> None:
    """List the files that are no longer needed; remove them only with --remove.

    Without its versions a batch cannot be rolled back.
    """
    batch = opened(store)
    found = versions.garbage(batch, keep_days=keep)
    say(*map(str, found.files))
    size = f"{count(len(found.files), 'file')}, {found.size / 1e6:.1f} MB"
    lost = f"; {count(len(found.pictures), 'picture')} can then not be rolled back"
    if remove:
        versions.collect(batch, found, who=who(by))
    said = "removed" if remove else "would be removed (--remove)"
    say(f"{said}: {size}{lost if found.pictures else ''}")


def export(
    store: StoreFolder,
    parquet: Annotated[Path, typer.Option(help="The Parquet file to write.")],
) -> None:
    """Write a row for every picture: provenance, verdict, review, where it is published."""
    if parquet.is_dir():
        raise SettingsError(f"{parquet} is a folder: expected the name of a file")
    check_destination(parquet)
    versions.export(opened(store), parquet)
    say_written(parquet)
