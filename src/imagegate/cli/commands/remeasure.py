"""``imagegate remeasure``: bring a corpus up to date after the measures have changed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from imagegate.cli.console import named, out, progress


def command(
    corpus: Annotated[list[Path], typer.Argument(help="Corpus folders from 'imagegate label'.")],
    root: Annotated[
        list[str] | None,
        typer.Option("--root", help="'SET=FOLDER' where a set's images are now; may be repeated."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Processes; 0 is one a core.")] = 0,
) -> None:
    """Measure the images of a corpus again, without running the engine.

    For corpora that an older imagegate has labelled: losses stay, measures are replaced.
    """
    from imagegate.training.maintenance.remeasure import remeasure

    roots = dict(named(text, "--root SET=FOLDER") for text in root or [])
    for folder in corpus:
        with progress("measuring") as tell:
            rows = remeasure(
                folder, roots=roots, jobs=jobs or None, progress=partial(tell, note="")
            )
        out.print(f"{rows:,} rows measured again in {folder}")
