"""Find clean images and what is true of them: folders, CSV lists, generated pages."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np

from imagegate.errors import CorpusError, SettingsError
from imagegate.image import SUFFIXES
from imagegate.tasks import find_task
from imagegate.tasks.task import Task, Truth
from imagegate.training.data.clean import KINDS, Kind, Source, drawn, parse
from imagegate.training.data.listing import is_frame, read_listing
from imagegate.training.data.truths import MASK_SUFFIX, ignored_truth, page_of, truth_file

COLUMNS = {"path", "truth", "group", "set"}


def find_sources(
    args: Any,
    task: str | Task = "ocr",
    *,
    group_by: str | None = None,
    limit: int | None = None,
) -> tuple[list[Source], list[str]]:
    """Find the sources that the arguments name.

    Parameters
    ----------
    args : DataFrame, or sequence of str, Path or DataFrame
        Each one of:

        - a folder, searched recursively, or only its ``images`` if it has one. Truth is
          ``NAME.txt``, ``NAME.mask.png`` or ``NAME.json`` beside the image, or in ``text``,
          ``masks`` or ``json`` beside ``images``, where ``PAGE.txt`` also serves
          ``PAGE__VARIANT.png``. ``groups.csv`` (columns id, group) gives the groups;
        - one image file, with its truth beside it;
        - a CSV file with the columns path[, truth][, group][, set], paths relative to it; the
          truth is a path, too, or the class itself;
        - a DataFrame with these columns, paths relative to the current folder;
        - ``pages:N``, the generated pages of seed 0 to N − 1, or ``pages:FIRST-LAST``;
          ``captures:N``, ``photos:N``, ``prints:N``, the same pages as scanners and phones take
          them, or a tired printer prints them; ``pages+fonts:N`` and so on, set in the installed
          fonts as well, and so the same only where the same fonts are installed;
          ``scripts+fonts:N``, ``handwriting+fonts:N``, ``office+fonts:N``, pages in other scripts
          than Latin, written by hand, and of offices and screens, and those taken:
          ``office+fonts+photos:N`` and so on.
    task : str or Task
        Says what truth is looked for; as in :func:`imagegate.tasks.find_task`.
    group_by : str, optional
        A regular expression; its first group (or whole match) on the file name without
        suffix is the group. Wins over groups.csv, not over the column of a CSV list.
    limit : int, optional
        At most so many sources of each set, spread evenly over it.

    Returns
    -------
    list of Source, list of str
        The sources in a fixed order, and warnings: what was left out or ignored, with the reason.
    """
    truth = find_task(task).truth
    try:
        pattern = re.compile(group_by) if group_by else None
    except re.error as error:
        raise SettingsError(f"group_by {group_by!r} is no regular expression: {error}") from error
    found: list[Source] = []
    problems: list[str] = []
    for arg in [args] if is_frame(args) else args:
        taken = {source.set for source in found}
        sources, complaints = one(arg, pattern, truth)
        names = {name: unique(name, taken) for name in {source.set for source in sources}}
        found += [renamed(source, names[source.set]) for source in sources]
        problems += complaints
    twice = [name for name, times in Counter(s.source_id for s in found).items() if times > 1]
    if twice:
        raise CorpusError(f"{len(twice)} sources are listed twice, the first is {twice[0]}")
    return (take(found, limit) if limit else found), problems


def one(arg: Any, pattern: re.Pattern[str] | None, truth: Truth) -> tuple[list[Source], list[str]]:
    """Find the sources of one argument."""
    if is_frame(arg):
        return listed_sources(arg, pattern, truth)
    asked = parse(str(arg))
    if asked:
        return generated(*asked), []
    path = Path(arg).expanduser().absolute()
    if path.is_dir():
        return folder(path, pattern, truth)
    if path.is_file() and path.suffix.lower() == ".csv":
        return listed_sources(path, pattern, truth)
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return alone(path, pattern, truth), []
    kinds = ", ".join(f"{name}:N" for name in KINDS)
    wanted = f"an image, a folder, a CSV file or one of {kinds}"
    raise CorpusError(f"expected {wanted}, got {str(arg)!r}")


def generated(kind: Kind, seeds: Iterable[int]) -> list[Source]:
    """List the generated sources of a kind; refuse fonts that are not there before any work."""
    if kind.of != "pages":
        drawn(kind, 0)
    elif kind.fonts != "bundled":
        from imagegate.synthetic.fonts import find_faces

        find_faces(kind.fonts)
    return [
        Source(
            f"{kind.name}/{seed:07d}", f"{kind.of}/{seed:07d}", kind.name, seed=seed, kind=kind.name
        )
        for seed in seeds
    ]


def alone(path: Path, pattern: re.Pattern[str] | None, kind: Truth) -> list[Source]:
    """Make a source of one image file."""
    top = path.parent
    base = top.parent if top.name == "images" else top
    truth = truth_file(path, top, base, kind)
    group = f"{base.name}/{grouped(pattern, path.stem) or page_of(path.stem)}"
    name = f"{base.name}/{path.stem}"
    return [Source(name, group, base.name, str(path), str(truth or "") or None, root=str(base))]


def folder(
    path: Path, pattern: re.Pattern[str] | None, kind: Truth
) -> tuple[list[Source], list[str]]:
    """Find the images in a folder, their truth and their groups."""
    base = path.parent if path.name == "images" else path
    top = base / "images" if (base / "images").is_dir() else path
    images = sorted(file for file in top.rglob("*") if is_picture(file, top, kind))
    if not images:
        return [], [f"{path}: no images in it"]
    listed, problems = groups_file(base / "groups.csv")
    repeated = Counter(image.with_suffix("") for image in images)
    sources = []
    for image in images:
        name = image.relative_to(top)
        key = (name if repeated[image.with_suffix("")] > 1 else name.with_suffix("")).as_posix()
        page = page_of(image.stem)
        group = grouped(pattern, image.stem) or listed.get(image.stem) or listed.get(page)
        truth = truth_file(image, top, base, kind)
        default = name.with_name(page).as_posix()
        sources.append(
            Source(
                f"{base.name}/{key}",
                f"{base.name}/{group or default}",
                base.name,
                str(image),
                str(truth) if truth else None,
                image.parent.name if kind == "class" and image.parent != top else None,
                root=str(base),
            )
        )
    used = {source.truth_path for source in sources}
    return sources, problems + list(ignored_truth(images, top, base, kind, used))


def is_picture(file: Path, top: Path, kind: Truth) -> bool:
    """Tell whether a file is an image and neither hidden nor a mask; a class may be so called."""
    inside = file.relative_to(top).parts
    return (
        file.suffix.lower() in SUFFIXES
        and not file.name.endswith(MASK_SUFFIX)
        and not any(part.startswith(".") for part in inside)
        and not ("masks" in inside[:-1] and kind != "class")
    )


def groups_file(path: Path) -> tuple[dict[str, str], list[str]]:
    """Read groups.csv, if there is one."""
    if not path.is_file():
        return {}, []
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if not {"id", "group"} <= set(reader.fieldnames or ()):
            return {}, [f"{path}: expected the columns id and group, got {reader.fieldnames}"]
        return {row["id"]: row["group"] for row in reader}, []


def listed_sources(
    table: Any, pattern: re.Pattern[str] | None, kind: Truth
) -> tuple[list[Source], list[str]]:
    """Read a CSV list or a DataFrame of images."""
    listing = read_listing(table)
    if "path" not in listing.columns or not COLUMNS.issuperset(listing.columns):
        raise CorpusError(
            f"{listing.shown}: expected the columns path[,truth][,group][,set], got "
            f"{sorted(listing.columns)}"
        )
    base, sources, problems = listing.folder, [], []
    if kind == "picture" and "truth" in listing.columns:
        problems.append(f"{listing.name}: column truth ignored: the clean image is the truth")
    for line, row in listing.rows:
        if not row["path"]:
            problems.append(f"{listing.name} line {line}: no path")
            continue
        name, truth, names = Path(row["path"]), row.get("truth") or None, kind == "class"
        chosen = row.get("set") or Path(listing.name).stem
        group = row.get("group") or grouped(pattern, name.stem) or page_of(name.stem)
        sources.append(
            Source(
                f"{chosen}/{name.as_posix()}",
                f"{chosen}/{group}",
                chosen,
                str(base / name),
                str(base / truth) if truth and not names else None,
                truth if names else None,
                root=str(base),
            )
        )
    return sources, problems


def grouped(pattern: re.Pattern[str] | None, stem: str) -> str | None:
    """Return the first group of the match, or None."""
    match = pattern.search(stem) if pattern else None
    return match.group(1 if match.re.groups else 0) if match else None


def unique(name: str, taken: Collection[str]) -> str:
    """Return the name, numbered if another argument has it already."""
    numbered = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(one for one in numbered if one not in taken)


def renamed(source: Source, name: str) -> Source:
    """Return the source as part of a set of another name; generated ones keep their group."""

    def swap(text: str) -> str:
        return name + text.removeprefix(source.set)

    group = source.group if source.path is None else swap(source.group)
    return replace(source, set=name, source_id=swap(source.source_id), group=group)


def take(sources: Sequence[Source], limit: int) -> list[Source]:
    """Return at most ``limit`` sources of each set, spread evenly, in their order."""
    chosen: set[str] = set()
    for name in {source.set for source in sources}:
        ids = [source.source_id for source in sources if source.set == name]
        picked = np.linspace(0, len(ids) - 1, min(limit, len(ids))).round().astype(int)
        chosen.update(ids[index] for index in picked)
    return [source for source in sources if source.source_id in chosen]
