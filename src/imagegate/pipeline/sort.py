"""Put every image of a folder where it belongs; nothing is moved, overwritten or deleted."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from imagegate.errors import NoRoomError, SettingsError
from imagegate.models.verdict import Result
from imagegate.pipeline.files import is_local, is_url, parts_below, storage
from imagegate.pipeline.route import Router
from imagegate.tables import Pixels
from imagegate.text import shown

How = Literal["copy", "link", "list"]
HOW: tuple[How, ...] = ("copy", "link", "list")
FOLDERS = {"use": "use", "repair": "repaired", "review": "review", "reject": "rejected"}
ORDER = (*FOLDERS, None)  # a file goes where its worst page belongs; None is a broken page
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
NO_ROOM_ADVICE = "nothing more can be written: make room, then run the same command again"
TABLE, LOG = "verdicts.csv", "decisions.jsonl"


@dataclass(frozen=True)
class Sorter:
    """Judges a file and puts it into the folder of its action.

    ``source`` is the folder or URL that the files are under: what is between it and their names is
    kept under ``target``.
    """

    router: Router
    source: str
    target: str
    how: How

    def __post_init__(self) -> None:
        """Refuse links between storages."""
        if self.how == "link" and (is_url(self.source) or is_url(self.target)):
            raise SettingsError("links are for local folders; copy or list instead")

    def __call__(self, path: str) -> list[Result]:
        """Return one result a page; ``written`` says where the file is now.

        A file that cannot be put there has the reason in its results, which are not ``ok`` then.
        """
        pages = self.router.pages(path, keep_pixels=self.how != "list")
        if self.how == "list":
            return pages
        try:
            pages = self._put_pages(path, pages)
        except Exception as error:  # a storage raises whatever its client raises
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise NoRoomError(f"{self.target}: {NO_ROOM_ADVICE} ({error.strerror})") from error
            why = shown(f"{path}: judged, but it could not be put in its place ({error})")
            pages = [replace(page, error=page.error or why) for page in pages]
        return [replace(page, pixels=None) for page in pages]  # much to send to another process

    def _put_pages(self, path: str, pages: list[Result]) -> list[Result]:
        worst = max((page.action for page in pages), key=ORDER.index)
        inside = "/".join((FOLDERS[worst or "reject"], *parts_below(self.source, path)))
        destination = f"{self.target.rstrip('/')}/{inside}"
        put(path, destination, link=self.how == "link")
        pixels = pages[0].pixels
        if worst == "repair" and pixels is not None:
            destination += free_ending(path)
            save(destination, pixels)
        return [replace(page, written=shown(destination)) for page in pages]


def free_ending(path: str) -> str:
    """Return what to add to a name for its repaired image: no other file has it."""
    fs, destination = storage(path)
    endings = (f".repaired{number}.png" for number in ("", *map("-{}".format, range(2, 1000))))
    return next(ending for ending in endings if not fs.exists(destination + ending))


def put(path: str, destination: str, *, link: bool) -> None:
    """Copy a file, or make a link to it; what is there is replaced whole."""
    (here, source), (there, target) = storage(path), storage(destination)
    there.makedirs(target.rpartition("/")[0], exist_ok=True)
    if not (is_local(here) and is_local(there)):
        with here.open(source, "rb") as original, there.open(target, "wb") as copy:
            shutil.copyfileobj(original, copy)
        return
    fresh = Path(target).with_name(f".{os.getpid()}.tmp")  # a long name has no room for more
    fresh.unlink(missing_ok=True)
    try:
        if link:
            fresh.symlink_to(Path(source).resolve())
        else:
            shutil.copy2(source, fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)  # of a copy that failed: the disk may be full


def save(destination: str, pixels: Pixels) -> None:
    """Write pixels, RGB or gray, as a PNG."""
    bgr = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    fs, target = storage(destination)
    fs.pipe_file(target, np.asarray(cv2.imencode(".png", bgr)[1]).tobytes())


def check_folders(source: str, target: str, *, begun: bool) -> None:
    """Raise SettingsError if sorting would mix with what is there already."""
    (here, origin), (there, folder) = storage(source), storage(target)
    if type(here) is type(there) and _holds(folder, origin, real=is_local(here)):
        raise SettingsError(f"{target} holds {source} itself: choose another folder to sort into")
    empty = there.isdir(folder) and not there.ls(folder, detail=False)
    if not begun and there.exists(folder) and not empty:
        raise SettingsError(f"{target} is not empty: choose a new folder to sort into")


def _holds(folder: str, origin: str, *, real: bool) -> bool:
    if real:
        return Path(origin).resolve().is_relative_to(Path(folder).resolve())
    return (origin.rstrip("/") + "/").startswith(folder.rstrip("/") + "/")
