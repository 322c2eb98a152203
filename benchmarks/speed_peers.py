"""How each peer judges one image file, called as its own documentation says."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

Judge = Callable[[Path], object]


@dataclass(frozen=True)
class Peer:
    """Another checker of images.

    Parameters
    ----------
    name : str
        Its name in the package registry.
    module : str
        What is imported.
    load : Callable
        Imports it, and returns a function from a path to its answer.
    """

    name: str
    module: str
    load: Callable[[], Judge]

    @property
    def installed(self) -> bool:
        """Whether it can be imported."""
        return find_spec(self.module) is not None

    @property
    def version(self) -> str:
        """The version that is installed."""
        return version(self.name)


def imageguard() -> Judge:
    """Return imageguard's only function."""
    from imageguard import validate

    return lambda path: validate(str(path))


def cleanvision() -> Judge:
    """Return CleanVision over a list of one file, in one process, without its duplicates.

    It is made for folders: with one image there is nothing to find duplicates of, and looking
    for them would decode it twice more.
    """
    os.environ["TQDM_DISABLE"] = "1"  # read when tqdm is imported
    from cleanvision import Imagelab

    issues = {
        name: {} for name in Imagelab.list_default_issue_types() if not name.endswith("duplicates")
    }

    def judge(path: Path) -> object:
        lab = Imagelab(filepaths=[str(path)], verbose=False)
        lab.find_issues(issues, n_jobs=1, verbose=False)
        return lab.issues

    return judge


def image_quality_ai() -> Judge:
    """Return image-quality-ai's function for one image."""
    from image_quality_ai import assess

    return lambda path: assess(str(path))


PEERS = (
    Peer("imageguard", "imageguard", imageguard),
    Peer("cleanvision", "cleanvision", cleanvision),
    Peer("image-quality-ai", "image_quality_ai", image_quality_ai),
)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what peers print and warn of out of the tables."""
    with (
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
