"""Put every image of a folder where it belongs; nothing is moved, overwritten or deleted."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from imagegate.errors import SettingsError
from imagegate.pipeline.files import is_url, local, storage
from imagegate.pipeline.record import Examiner, Page, Row, shown
from imagegate.tables import Pixels

How = Literal["copy", "link", "list"]
HOW: tuple[How, ...] = ("copy", "link", "list")
FOLDERS = {"use": "use", "repair": "repaired", "review": "review", "reject": "rejected"}
ORDER = (*FOLDERS, None)  # a file goes where its worst page belongs; None is a broken page
TABLE, LOG = "verdicts.csv", "decisions.jsonl"


@dataclass(frozen=True)
class Sorter:
    """Examines a file and puts it into the folder of its route.

    Parameters
    ----------
    examiner : Examiner
        Decides.
    source : str
        The folder or URL that the files are under; what is between it and their names is kept.
    target : str
        The folder or URL with ``use/``, ``repaired/``, ``review/``, ``rejected/``.
    how : {"copy", "link", "list"}
        Copy files, make symbolic links to them, or leave them where they are.
    """

    examiner: Examiner
    source: str
    target: str
    how: How

    def __post_init__(self) -> None:
        """Refuse links between storages."""
        if self.how == "link" and (is_url(self.source) or is_url(self.target)):
            raise SettingsError("links are for local folders; copy or list instead")

    def __call__(self, path: str) -> list[Row]:
        """Return the rows of a file; ``written`` says where it is now."""
        pages = list(self.examiner.pages(path))
        if self.how == "list":
            return [page.row for page in pages]
        worst = max((page.row["route"] for page in pages), key=ORDER.index)
        place = self._place(path, FOLDERS[worst or "reject"])
        try:
            put(path, place, link=self.how == "link")
        except OSError as error:
            return [
                {**page.row, "error": page.row["error"] or f"{place}: {error}"} for page in pages
            ]
        return [self._kept(page, place, repaired=worst == "repair") for page in pages]

    def _kept(self, page: Page, place: str, *, repaired: bool) -> Row:
        """Return the row with where the page is now, and write it mended beside its file."""
        if repaired and page.route is not None and page.route.pixels is not None:
            place = f"{place}.repaired.png"
            save(place, page.route.pixels)
        return {**page.row, "written": shown(place)}

    def _place(self, path: str, folder: str) -> str:
        inside = local(path)[len(local(self.source)) :] if path != self.source else ""
        name = inside.strip("/\\") or os.path.basename(path)  # noqa: PTH119 - may be a URL
        return "/".join((self.target.rstrip("/"), folder, name))


def put(path: str, place: str, *, link: bool) -> None:
    """Copy a file, or make a link to it; what stands in that place is replaced whole."""
    if is_url(path) or is_url(place):
        with (
            storage(path)[0].open(path, "rb") as source,
            storage(place)[0].open(place, "wb") as copy,
        ):
            shutil.copyfileobj(source, copy)
        return
    target = Path(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".tmp")
    fresh.unlink(missing_ok=True)
    if link:
        fresh.symlink_to(Path(local(path)).resolve())
    else:
        shutil.copy2(local(path), fresh)
    fresh.replace(target)


def save(place: str, pixels: Pixels) -> None:
    """Write pixels, RGB or gray, as a PNG."""
    bgr = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    data = np.asarray(cv2.imencode(".png", bgr)[1]).tobytes()
    fs, target = storage(place)
    fs.pipe_file(target, data)


def check_places(source: str, target: str, *, begun: bool) -> None:
    """Raise SettingsError if sorting would mix with what is there already."""
    if is_url(target):
        return
    folder, origin = Path(local(target)).resolve(), Path(local(source)).resolve()
    if not is_url(source) and origin.is_relative_to(folder):
        raise SettingsError(f"{target} holds {source} itself: choose another folder to sort into")
    if not begun and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f"{target} is not empty: choose a new folder to sort into")
