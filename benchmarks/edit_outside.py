"""Count how many collateral changes outside of an edit are caught, and how many honest saves are not.

    python benchmarks/edit_outside.py DATA --sets clothing,receipts --photos 20 > edit_outside.md

A part of each photograph is edited and the whole is changed in one of 15 ways, or not at all, and
saved as PNG, JPEG or WebP. The limits were set on subjects, people, grocery and receipt-photos,
14 photographs each: use other sets.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from imagegate.edits.check import check_edit

LONGEST = 1400  # px
SAVES = (("PNG", 0), ("JPEG", 95), ("JPEG", 85), ("JPEG", 75), ("WEBP", 90), ("WEBP", 75))
ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}


def rounded(pixels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def shift(pixels, rng):
    move = np.float32([[1, 0, rng.choice([-1, 1, 0.5])], [0, 1, rng.choice([-1, 0, 1])]])
    size = pixels.shape[1::-1]
    return cv2.warpAffine(pixels, move, size, borderMode=cv2.BORDER_REFLECT)


def rescale(pixels, rng):
    share = float(rng.uniform(0.5, 0.9))
    small = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def crop(pixels, rng):
    cut = int(rng.integers(2, 7))
    inner = pixels[cut:-cut, cut:-cut]
    return cv2.resize(inner, pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def hsv(pixels, turn, share):
    plane = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.float32)
    plane[..., 0] = (plane[..., 0] + turn) % 180
    plane[..., 1] = np.clip(plane[..., 1] * share, 0, 255)
    return cv2.cvtColor(rounded(plane), cv2.COLOR_HSV2RGB)


def elsewhere(pixels, rng):
    changed, side = pixels.copy(), int(rng.integers(24, 60))
    left, top = int(rng.integers(5, pixels.shape[1] - side - 5)), int(rng.choice([10, 40]))
    moved = np.roll(pixels, (side + 7, pixels.shape[0] // 3), (0, 1))
    place = slice(top, top + side), slice(left, left + side)
    changed[place] = moved[place]
    return changed


def sharpen(pixels, rng):
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


def photos(folder: Path, count: int, seed: int) -> list[np.ndarray]:
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


def stored(pixels: np.ndarray, kind: str, quality: int) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind, **({"quality": quality} if quality else {}))
    return data.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default="clothing,receipts,scene-text,forms")
    parser.add_argument("--photos", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    caught, honest, names = defaultdict(Counter), defaultdict(Counter), defaultdict(Counter)
    for name in options.sets.split(","):
        for number, pixels in enumerate(photos(options.data / name, options.photos, options.seed)):
            rng = np.random.default_rng([options.seed, number])
            height, width = pixels.shape[:2]
            mask = np.zeros((height, width), bool)
            mask[height // 3 : height // 2, width // 3 : width // 2] = True
            edited = np.where(mask[..., None], cv2.GaussianBlur(pixels, (0, 0), 8), pixels)
            for change, make in {"": None, **CHANGES}.items():
                changed = make(edited, rng) if make else edited
                saves = [SAVES[rng.integers(len(SAVES))]] if make else SAVES
                for kind, quality in saves:
                    found = check_edit(pixels, stored(changed, kind, quality), mask).outside
                    if make:
                        caught[change][kind, bool(found.changed)] += 1
                        names[change][found.kinds[0] if found.kinds else "–"] += 1
                    else:
                        honest[f"{kind} {quality or ''}".strip()][bool(found.changed)] += 1
            print(f"{name}: {number + 1}", file=sys.stderr)
    print("| change | PNG, JPEG | WebP | all | first named |\n| --- | --- | --- | --- | --- |")
    for change, counts in caught.items():
        cells = []
        for kinds in (("PNG", "JPEG"), ("WEBP",), ("PNG", "JPEG", "WEBP")):
            yes, no = (sum(counts[kind, told] for kind in kinds) for told in (True, False))
            cells.append(f"{yes} of {yes + no}")
        told = ", ".join(f"{kind} {count}" for kind, count in names[change].most_common(3))
        print(f"| {change} | {' | '.join(cells)} | {told} |")
    print("\n| saved honestly as | false alarms |\n| --- | --- |")
    for save, counts in honest.items():
        print(f"| {save} | {counts[True]} of {counts.total()} |")


if __name__ == "__main__":
    main()
