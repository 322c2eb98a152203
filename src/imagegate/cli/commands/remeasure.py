"""``imagegate remeasure``: bring a corpus up to date after the measures have changed."""

from __future__ import annotations

from imagegate.cli.console import out, progress
from imagegate.cli.options import Corpora, Jobs, Roots, pairs
from imagegate.training.maintenance.remeasure import remeasure

EXAMPLES = ("imagegate remeasure corpus --root scans=/data/scans",)


def command(corpus: Corpora, root: Roots = None, jobs: Jobs = 0) -> None:
    """Measure the images of a corpus again, without running the engine.

    For a corpus that an older imagegate labelled: losses stay, measures are replaced.
    """
    roots = pairs(root, "--root SET=FOLDER")
    for folder in corpus:
        with progress("measuring") as tell:
            rows = remeasure(folder, roots=roots, jobs=jobs or None, progress=tell)
        out.print(f"{rows:,} rows measured again in {folder}")
