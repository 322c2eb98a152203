"""Count collateral changes outside of an edit that are caught, and honest saves that raise alarms.

    python benchmarks/edit_outside.py DATA --sets clothing,kodak --photos 20 > edit_outside.md

A part of each photograph is edited and the whole is changed in one of 15 ways, or not at all, and
saved as PNG, JPEG or WebP. The limits were set on subjects, people, grocery and receipt-photos (14
photographs each) and on forms and receipts (8 each): use other sets.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagegate.edits.check import check_edit
from imagegate.edits.outside import KINDS, Outside

LONGEST = 1400  # px
LEAST_MEAN, STRONG, STRONG_PIXELS = 0.1, 8, 100  # gray levels; less is no change
SAVES = (("PNG", 0), ("JPEG", 95), ("JPEG", 85), ("JPEG", 75), ("WEBP", 90), ("WEBP", 75))
ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}


Pixels = NDArray[np.uint8]
Rng = np.random.Generator


def rounded(pixels: NDArray[np.floating]) -> Pixels:
    """Return gray levels of 8 bits."""
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def shift(pixels: Pixels, rng: Rng) -> Pixels:
    """Move the picture by half a pixel or one."""
    move = np.array([[1, 0, rng.choice([-1, 1, 0.5])], [0, 1, rng.choice([-1, 0, 1])]], np.float32)
    size = pixels.shape[1::-1]
    return cv2.warpAffine(pixels, move, size, borderMode=cv2.BORDER_REFLECT)


def rescale(pixels: Pixels, rng: Rng) -> Pixels:
    """Make it smaller and as large again."""
    share = float(rng.uniform(0.5, 0.9))
    small = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def crop(pixels: Pixels, rng: Rng) -> Pixels:
    """Cut off a few pixels all around."""
    cut = int(rng.integers(2, 7))
    inner = pixels[cut:-cut, cut:-cut]
    return cv2.resize(inner, pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def hsv(pixels: Pixels, turn: float, share: float) -> Pixels:
    """Turn the hue, and scale the saturation."""
    plane = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.float32)
    plane[..., 0] = (plane[..., 0] + turn) % 180
    plane[..., 1] = np.clip(plane[..., 1] * share, 0, 255)
    return cv2.cvtColor(rounded(plane), cv2.COLOR_HSV2RGB)


def elsewhere(pixels: Pixels, rng: Rng) -> Pixels:
    """Change another part of the picture."""
    changed, side = pixels.copy(), int(rng.integers(24, 60))
    left, top = int(rng.integers(5, pixels.shape[1] - side - 5)), int(rng.choice([10, 40]))
    moved = np.roll(pixels, (side + 7, pixels.shape[0] // 3), (0, 1))
    place = slice(top, top + side), slice(left, left + side)
    changed[place] = moved[place]
    return changed


def sharpen(pixels: Pixels, rng: Rng) -> Pixels:
    """Mask what is unsharp."""
    plane = pixels.astype(np.float32)
    detail = plane - cv2.GaussianBlur(plane, (0, 0), 1)
    return rounded(plane + rng.choice([0.3, 0.5, 1.0]) * detail)


CHANGES = {
    "shift": shift,
    "gain": lambda x, rng: rounded(x * rng.choice([0.92, 0.95, 1.05, 1.08])),
    "bias": lambda x, rng: rounded(x + rng.choice([-4.0, -3.0, 3.0, 4.0])),
    "gamma": lambda x, rng: rounded(255 * (x / 255.0) ** rng.choice([0.93, 1.08])),
    "blur": lambda x, rng: cv2.GaussianBlur(x, (0, 0), float(rng.choice([0.6, 0.8, 1.0]))),
    "sharpen": sharpen,
    "denoise": lambda x, rng: cv2.fastNlMeansDenoisingColored(x, None, 3, 3, 3, 7),
    "denoise lightly": lambda x, rng: cv2.bilateralFilter(x, 5, 10, 2),
    "recolour": lambda x, rng: hsv(x, rng.choice([-4, 3, 4]), 1),
    "saturation": lambda x, rng: hsv(x, 0, rng.choice([0.85, 1.2])),
    "rescale": rescale,
    "crop": crop,
    "gradient": lambda x, rng: rounded(
        x + rng.choice([-5, 5]) * np.linspace(-1, 1, x.shape[1])[None, :, None]
    ),
    "noise": lambda x, rng: rounded(x + rng.normal(0, rng.choice([2.0, 3.0]), x.shape)),
    "elsewhere": elsewhere,
}


def photos(folder: Path, count: int, seed: int) -> list[Pixels]:
    """Return photographs of a set, at most LONGEST px a side."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in ENDINGS and "mask" not in f"{path.parent.name}{path.stem}"
    )
    found = []
    for number in np.random.default_rng(seed).permutation(len(files))[:count]:
        picture = Image.open(files[number]).convert("RGB")
        picture.thumbnail((LONGEST, LONGEST))
        found.append(np.asarray(picture))
    return found


def stored(pixels: Pixels, kind: str, quality: int) -> bytes:
    """Return the file of a picture."""
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind, **({"quality": quality} if quality else {}))
    return data.getvalue()


def main() -> None:
    """Print both tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default="clothing,scene-text,kodak,office-scans")
    parser.add_argument("--photos", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--amounts", action="store_true", help="print what honest saves reach")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rows: list[tuple[str, str, str, Outside]] = []
    for name in options.sets.split(","):
        for number, pixels in enumerate(photos(options.data / name, options.photos, options.seed)):
            rows += looked_at(
                name, pixels, np.random.default_rng([options.seed, number, crc32(name.encode())])
            )
            print(f"{name}: {number + 1}", file=sys.stderr)
    tell_caught(rows)
    tell_false(rows)
    if options.amounts:
        tell_amounts(rows)


def looked_at(name: str, pixels: Pixels, rng: Rng) -> Iterator[tuple[str, str, str, Outside]]:
    """Yield set, change ("" for none), way of saving and what is said of the outside."""
    height, width = pixels.shape[:2]
    mask = np.zeros((height, width), bool)
    mask[height // 3 : height // 2, width // 3 : width // 2] = True
    edited = np.where(mask[..., None], cv2.GaussianBlur(pixels, (0, 0), 8), pixels)
    for change, make in {"": None, **CHANGES}.items():
        changed = make(edited, rng) if make else edited
        if make and not seen(edited, changed):
            continue
        for kind, quality in [SAVES[rng.integers(len(SAVES))]] if make else SAVES:
            found = check_edit(pixels, stored(changed, kind, quality), mask).outside
            yield name, change, f"{kind} {quality or ''}".strip(), found


def seen(edited: Pixels, changed: Pixels) -> bool:
    """Tell whether a change changed anything: gray pages have no saturation."""
    apart = cv2.absdiff(edited, changed)
    return bool(apart.mean() >= LEAST_MEAN or (apart.max(axis=2) >= STRONG).sum() >= STRONG_PIXELS)


def tell_caught(rows: list[tuple[str, str, str, Outside]]) -> None:
    """Print how many changes were caught, and by which name."""
    print("| change | PNG, JPEG | WebP | all | first named |\n| --- | --- | --- | --- | --- |")
    for change in CHANGES:
        own = [(save, found) for _, made, save, found in rows if made == change]
        cells = []
        for starts in (("PNG", "JPEG"), ("WEBP",), ("",)):
            told = [bool(found.changed) for save, found in own if save.startswith(starts)]
            cells.append(f"{sum(told)} of {len(told)}")
        named = Counter(found.kinds[0] if found.kinds else "–" for _, found in own)
        words = ", ".join(f"{kind} {count}" for kind, count in named.most_common(3))
        print(f"| {change} | {' | '.join(cells)} | {words} |")


def tell_false(rows: list[tuple[str, str, str, Outside]]) -> None:
    """Print how many honest saves raise a false alarm, and which."""
    print("\n| saved honestly as | false alarms | |\n| --- | --- | --- |")
    for save in dict.fromkeys(row[2] for row in rows):
        own = [(name, found) for name, made, way, found in rows if not made and way == save]
        alarms = Counter(f"{name} {found.kinds[0]}" for name, found in own if found.changed)
        print(f"| {save} | {alarms.total()} of {len(own)} | {dict(alarms) or ''} |")


def tell_amounts(rows: list[tuple[str, str, str, Outside]]) -> None:
    """Print the 99th percentile and the largest amount of honest saves, and the limits."""
    print("\n| kind | exact: 99 %, most, limit | WebP: 99 %, most, limit |\n| --- | --- | --- |")
    for kind, row in KINDS.items():
        cells = []
        for webp in (False, True):
            own = [
                found.amounts[kind]
                for _, made, save, found in rows
                if not made and save.startswith("WEBP") == webp
            ]
            high, most = np.nanquantile(own, (0.99, 1))
            cells.append(f"{high:.3f}, {most:.3f}, {row.limits[webp]}")
        print(f"| {kind} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
