"""Where images are: folders and fsspec URLs, listed in a stable order and read one at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from imagegate import image
from imagegate.errors import (
    ImageNotFoundError,
    MissingExtraError,
    SettingsError,
    UnreadableImageError,
)
from imagegate.image import Limits

FILE = "file://"


def is_url(path: str) -> bool:
    """Tell whether a path is for fsspec: ``s3://bucket/key``, ``gs://…``, ``memory://…``."""
    return "://" in path and not path.startswith(FILE)


def local(path: str) -> str:
    """Return a path without the ``file://`` that it may begin with."""
    return path.removeprefix(FILE)


def storage(path: str) -> tuple[Any, str]:
    """Return the file system of a path or URL, and the path within it.

    Raises
    ------
    MissingExtraError
        If the package that reads such URLs is not installed.
    SettingsError
        If nothing reads them.
    """
    from fsspec.core import url_to_fs

    try:
        found: tuple[Any, str] = url_to_fs(path)
    except ImportError as error:
        raise MissingExtraError(
            str(error).removeprefix("Install ").split(" ")[0], "cloud"
        ) from error
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from error
    return found


def images_under(roots: Iterable[str], *, without: str | None = None) -> Iterator[str]:
    """Yield the files named, and the image files under the folders named, folder by folder.

    In the order of their names, of which one folder's are held in memory at a time. Links to
    folders are not followed. A folder that cannot be listed is yielded itself: it will be an error
    in its place.

    Parameters
    ----------
    roots : iterable of str
        Paths and URLs.
    without : str, optional
        A local folder to leave out.

    Raises
    ------
    ImageNotFoundError
        If a root does not exist.
    """
    for root in map(local, roots):
        if is_url(root):
            yield from _remote(root)
        elif Path(root).is_dir():
            yield from _walk(root, Path(without).resolve() if without else None)
        elif os.path.lexists(root):
            yield root
        else:
            raise ImageNotFoundError(root, "no such file or folder")


def opened(path: str, limits: Limits) -> Any:
    """Return what :func:`imagegate.open_file` takes: the local path, or the bytes behind a URL."""
    if not is_url(path):
        if Path(local(path)).is_dir():
            raise UnreadableImageError(path, "the folder cannot be listed; check its rights")
        return local(path)
    fs, place = storage(path)
    try:
        with fs.open(path) as file:
            # One byte more than is accepted tells that there is more.
            return file.read(limits.bytes + 1)
    except FileNotFoundError:
        raise ImageNotFoundError(path, "no such file; check the URL") from None
    except Exception as error:  # a storage raises whatever its client raises
        raise UnreadableImageError(path, f"cannot be read from {place} ({error})") from error


def _walk(folder: str, without: Path | None) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            names = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except OSError:
        yield folder
        return
    for name, is_folder in names:
        path = os.path.join(folder, name)  # noqa: PTH118 - a million Path objects cost more
        if is_folder:
            if without is None or Path(path).resolve() != without:
                yield from _walk(path, without)
        elif _is_image(name) and Path(path).is_file():
            yield path


def _remote(url: str) -> Iterator[str]:
    fs, place = storage(url)
    if fs.isfile(place):
        yield url
        return
    if not fs.exists(place):
        raise ImageNotFoundError(url, "no such file or folder; check the URL and your rights")
    yield from (fs.unstrip_protocol(path) for path in _walk_remote(fs, place))


def _walk_remote(fs: Any, folder: str) -> Iterator[str]:
    found = sorted(
        (entry["name"], entry["type"] == "directory") for entry in fs.ls(folder, detail=True)
    )
    for path, is_folder in found:
        if is_folder:
            yield from _walk_remote(fs, path)
        elif _is_image(path):
            yield path


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in image.SUFFIXES  # noqa: PTH122
