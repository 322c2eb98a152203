"""Begin a batch: match originals, edited pictures and masks, and keep them with provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagegate.edits.batch.store import Store, now
from imagegate.errors import SettingsError
from imagegate.pipeline.files import images_under, parts_below


@dataclass(frozen=True)
class Matched:
    """What belongs together: ``pairs`` of (original, edited, mask), and what stands alone.

    ``missing`` are originals without an edited picture, ``extra`` edited ones without original;
    ``misnamed`` says of an extra which missing one it may be.
    """

    pairs: tuple[tuple[str, str, str | None], ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    misnamed: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "pictures": len(self.pairs),
            "without_mask": sum(mask is None for *_, mask in self.pairs),
            "missing": list(self.missing),
            "extra": list(self.extra),
            "misnamed": dict(self.misnamed),
        }


def match(originals: str | Path, edited: str | Path, masks: str | Path | None = None) -> Matched:
    """Match files of two or three folders by their place below it, first whole, then by stem.

    Raises SettingsError if nothing matches.
    """
    before, after = _names(originals), _names(edited)
    drawn = _stems(_names(masks)) if masks else {}
    stems, pairs = _stems(before), []
    for name in after:
        original = name if name in before else stems.get(_stem(name))
        if original:
            pairs.append((original, name, drawn.get(_stem(name))))
    if not pairs:
        raise SettingsError(f"no picture of {edited} has the name of one in {originals}")
    missing = sorted(before.keys() - {pair[0] for pair in pairs})
    extra = sorted(after.keys() - {pair[1] for pair in pairs})
    loose = {_loose(name): name for name in missing}
    misnamed = {name: loose[_loose(name)] for name in extra if _loose(name) in loose}
    return Matched(tuple(pairs), tuple(missing), tuple(extra), misnamed)


def begin(
    originals: str | Path,
    edited: str | Path,
    store: str | Path,
    *,
    model: str,
    prompt: str,
    who: str,
    masks: str | Path | None = None,
    version: str | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Matched:
    """Keep both folders in a new store, with who made the edits, by what and how.

    Nothing is changed in the folders. Killed before its end it leaves no batch, and runs again.
    """
    found = match(originals, edited, masks)
    batch = Store(store, new=True)
    with batch.change() as db:
        for original, name, mask in found.pairs:
            shas = [
                batch.keep((Path(folder) / file).read_bytes()) if folder and file else None
                for folder, file in ((originals, original), (edited, name), (masks, mask))
            ]
            row = "INSERT INTO pictures (name, original_name, original, edited, mask) VALUES "
            db.execute(f"{row} (?, ?, ?, ?, ?)", (name, original, *shas))
        provenance = {
            "model": model,
            "version": version,
            "prompt": prompt,
            "parameters": dict(parameters or {}),
            "by": who,
            "begun": now(),
        }
        batch.set("provenance", provenance)
        batch.set("matched", found.to_dict())
        batch.log("begin", who=who, pictures=len(found.pairs), model=model)
    batch.close()
    return found


def _names(folder: str | Path) -> dict[str, None]:
    if not Path(folder).is_dir():
        raise SettingsError(f"{folder}: expected a folder with pictures")
    paths = images_under([str(folder)])
    return dict.fromkeys("/".join(parts_below(str(folder), path)) for path in paths)


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _stems(names: Mapping[str, None]) -> dict[str, str]:
    return {_stem(name): name for name in names}


def _loose(name: str) -> str:
    """Return what is left of a stem without its case and what tools add to it."""
    word = _stem(name).lower()
    for added in ("edited", "edit", "clean", "cleaned", "result", "output", "final"):
        word = word.removesuffix(added)
    return "".join(filter(str.isalnum, word))
