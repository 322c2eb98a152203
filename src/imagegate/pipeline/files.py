"""Where images are: folders and fsspec URLs, listed in a stable order and read one at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from imagegate import image
from imagegate.errors import (
    ImagegateError,
    ImageNotFoundError,
    MissingExtraError,
    SettingsError,
    UnreadableImageError,
)
from imagegate.image import Limits
from imagegate.text import shown

FILE = "file://"
WINDOWS_ODD = frozenset("\\:")
CLOUD = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs"}


def is_url(path: str) -> bool:
    """Tell whether a path is for fsspec: ``s3://bucket/key``, ``gs://…``, ``memory://…``."""
    return "://" in path and not path.startswith(FILE)


def local(path: str) -> str:
    """Return a path without the ``file://`` that it may begin with."""
    return path.removeprefix(FILE)


def storage(path: str) -> tuple[Any, str]:
    """Return the file system of a path or URL, and the path within it."""
    from fsspec.core import url_to_fs

    try:
        found: tuple[Any, str] = url_to_fs(path)
    except ImportError as error:
        package = CLOUD.get(path.partition("://")[0])
        if package:
            raise MissingExtraError(package, "cloud") from error
        raise SettingsError(f"{path}: {error}") from error
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from error
    return found


def is_local(fs: Any) -> bool:
    """Tell whether a file system is this machine's own."""
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(fs, LocalFileSystem)


def move(fs: Any, source: str, target: str) -> None:
    """Replace a file by another; no name is taken for a pattern."""
    if is_local(fs):
        Path(source).replace(target)
        return
    fs.cp_file(source, target)
    fs.rm_file(source)


def parts_below(root: str, path: str) -> tuple[str, ...]:
    """Return the folders and the name between a root and a file that was found under it.

    >>> parts_below("in/", "in/sub/a.png"), parts_below("in/a.png", "in/a.png")
    (('sub', 'a.png'), ('a.png',))
    """
    if is_url(path):
        whole, base = storage(path)[1], storage(root)[1].rstrip("/")
        parts = tuple(whole.removeprefix(base + "/").split("/")) if whole != base else ()
    else:
        parts = Path(local(path)).relative_to(local(root)).parts
    parts = parts or (PurePosixPath(local(path)).name,)
    # The keys of a storage are any text: ways up, and on Windows drives and other separators.
    odd = WINDOWS_ODD if os.name == "nt" else frozenset()
    if {"", ".", ".."} & {*parts} or any(odd & {*part} for part in parts):
        raise SettingsError(f"{path}: its name leads out of the folder that it would be put into")
    return parts


def images_under(roots: Iterable[str], *, without: str | None = None) -> Iterator[str]:
    """Yield the files named, and the image files under the folders named, folder by folder.

    In the order of their names, of which one folder's are held in memory at a time. Links to
    folders are not followed, nor is the local folder ``without`` entered. A folder that cannot be
    listed is yielded itself: it becomes an error itself. Roots that do not exist, or hold no
    image at all, raise ImageNotFoundError and SettingsError.
    """
    named, found = list(dict.fromkeys(map(local, roots))), False
    for root in named:
        for path in _under(root, without):
            found = True
            yield path
    if named and not found:
        raise SettingsError(f"no images under {', '.join(map(shown, named))}")


def opened(path: str, limits: Limits) -> Any:
    """Return what :func:`imagegate.open_file` takes: the local path, or the bytes behind a URL."""
    if not is_url(path):
        if Path(local(path)).is_dir():
            raise UnreadableImageError(path, "the folder cannot be listed; check its rights")
        return local(path)
    fs, inside = storage(path)
    try:
        return _content(fs, inside, limits.bytes + 1)  # one byte more tells that there is more
    except FileNotFoundError:
        raise ImageNotFoundError(path, "no such file, or no answer; check the URL") from None
    except Exception as error:  # a storage raises whatever its client raises
        raise UnreadableImageError(path, f"the storage cannot be read ({error})") from error


def _under(root: str, without: str | None) -> Iterator[str]:
    if is_url(root):
        return _remote(root)
    if Path(root).is_dir():
        return _walk(root, Path(without).resolve() if without else None)
    if os.path.lexists(root):
        return iter([root])
    raise ImageNotFoundError(shown(root), "no such file or folder")


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


def _content(fs: Any, inside: str, most: int) -> bytes:
    """Return the first bytes of an object, by one request where the storage allows it."""
    try:
        return bytes(fs.cat_file(inside, start=0, end=most))
    except FileNotFoundError:
        raise
    except Exception:  # noqa: BLE001 - an empty object has no range, some storages have none
        with fs.open(inside, "rb") as file:
            return bytes(file.read(most))


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Translate what the client of a storage raises; a local path is not concerned."""
    try:
        yield
    except (ImagegateError, OSError):
        raise
    except Exception as error:
        if not is_url(url):
            raise
        raise SettingsError(f"{url}: the storage cannot be reached ({error})") from error


def _remote(url: str) -> Iterator[str]:
    with reaching(url):
        fs, inside = storage(url)
        # Over HTTP a folder is a file, too: its page.
        if not url.endswith("/") and fs.isfile(inside):
            yield url
        elif fs.exists(inside):
            yield from map(fs.unstrip_protocol, _walk_remote(fs, inside))
        else:
            raise ImageNotFoundError(url, "no such file or folder; check the URL and your rights")


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
