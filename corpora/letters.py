"""Train the network of ``imagegate.features.letters`` on letters drawn from fonts.

    python corpora/letters.py              # about five minutes; writes features/letters/network.npz
    python corpora/letters.py --check      # trains without every fifth font, prints the confusion

Needs imagegate[train] and Pillow with raqm. The fonts are those that are installed; the network
that ships has seen these of Debian 12: fonts-breip fonts-cantarell fonts-cmu fonts-comic-neue
fonts-courier-prime fonts-croscore fonts-crosextra-caladea fonts-crosextra-carlito
fonts-dancingscript fonts-dejavu-extra fonts-dkg-handwriting fonts-ebgaramond fonts-ecolier-court
fonts-femkeklaver fonts-firacode fonts-freefont-ttf fonts-gfs-didot fonts-hack fonts-hosny-amiri
fonts-inconsolata fonts-isabella fonts-junicode fonts-jura fonts-kristi fonts-lato fonts-liberation
fonts-linuxlibertine fonts-mononoki fonts-noto-cjk fonts-noto-core fonts-open-sans fonts-oxygen
fonts-play fonts-roboto-unhinted fonts-rufscript fonts-sil-ezra fonts-texgyre fonts-thai-tlwg
fonts-yanone-kaffeesatz. Other fonts give another network.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import letters_sources as sources
import letters_wear as wear
import numpy as np
from letters_sources import Source
from letters_wear import Pixels
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from imagegate.features.letters import network
from imagegate.features.letters.glyphs import standing
from imagegate.features.letters.marks import Marks, native_marks
from imagegate.features.letters.network import CLASSES, evenly, thumbnails
from imagegate.features.planes import stack
from imagegate.image import Image

Thumbs = NDArray[np.uint8]

SEED = 15
UNITS, BATCH = 112, 1024
PHASES = (16, 3e-3), (8, 6e-4), (4, 1e-4)  # epochs, learning rate
A_PAGE = 48  # marks that one page gives at most
HELD_OUT = 5  # --check keeps back every so many fonts of a class
# marks that are drawn of each class, in thousands
THOUSANDS = {
    "upright": 48,
    **dict.fromkeys(("broken", "merged"), 8),
    **dict.fromkeys(network.SCRIPTS, 9),
    **dict.fromkeys(("cyrillic", "greek"), 14),
    "handwriting": 12,
    "none": 9,
}
TURNED, TURNED_OTHERS = 0.5, 0.1  # share of Latin, of Cyrillic and Greek that is also shown turned
STORED = Path(network.__file__).with_name("network.npz")

TURNS: dict[str, Callable[[Thumbs], Thumbs]] = {  # of (marks, 16, 16)
    "upside_down": lambda thumbs: thumbs[:, ::-1, ::-1],
    "clockwise": lambda thumbs: np.rot90(thumbs, -1, (1, 2)),
    "counterclockwise": lambda thumbs: np.rot90(thumbs, 1, (1, 2)),
    "mirrored": lambda thumbs: thumbs[:, :, ::-1],
    "flipped": lambda thumbs: thumbs[:, ::-1],
}


def marks_of(page: Pixels) -> tuple[Image, Marks, NDArray[np.intp]]:
    """Return the page as an Image, its marks, and which of them stand in lines."""
    image = Image.from_array(np.ascontiguousarray(page))
    found = image.cached(native_marks)
    return image, found, standing(found)[0]


def covered(clean: Marks, worn: Marks, picked: NDArray[np.intp]) -> tuple[list[int], list[float]]:
    """Return for each worn mark: how many clean ones lie in it, and its share of the ink of one."""
    x, y = clean.x + clean.width / 2, clean.y + clean.height / 2
    counts, shares = [], []
    for n in picked:
        left, top = worn.x[n], worn.y[n]
        right, bottom = left + worn.width[n], top + worn.height[n]
        counts.append(
            int(((x > left) & (x < right) & (y > top) & (y < bottom) & clean.letter).sum())
        )
        a, b = left + worn.width[n] / 2, top + worn.height[n] / 2
        around = (clean.x < a) & (clean.x + clean.width > a)
        around &= (clean.y < b) & (clean.y + clean.height > b) & clean.letter
        shares.append(float(worn.area[n] / clean.area[around].max()) if around.any() else 1.0)
    return counts, shares


def some_of(label: str, source: Source, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw one page of a class and return thumbnails of its marks, (marks, 256)."""
    clean = source.draw(rng)
    if label in wear.WEAR:
        worn = wear.WEAR[label](clean, source.x_height, rng)
        image, found, picked = marks_of(wear.taken(worn, source.x_height, rng, gently=True))
        counts, shares = covered(marks_of(clean)[1], found, picked)
        counts, shares = np.array(counts), np.array(shares)
        kept = counts >= 3 if label == "merged" else (shares < 0.6) & (counts <= 1)
        picked = picked[kept]
    else:
        image, found, picked = marks_of(wear.taken(clean, source.x_height, rng))
    tiles = image.cached(stack)
    if tiles is None or not len(picked):
        return np.empty((0, network.SIDE**2), np.float32)
    return thumbnails(tiles, found, evenly(picked, A_PAGE))


def draw_class(label: str, held_out: bool | None) -> Thumbs:
    """Return thumbnails drawn from the fonts held out, from the others, or from all (None)."""
    wanted = THOUSANDS[label] * (150 if held_out else 1000)
    rows, count, pages = [], 0, 0
    while count < wanted:
        rng = np.random.default_rng([SEED, CLASSES.index(label), pages, held_out is True])
        source = sources.pick_source(label, rng, held_out, HELD_OUT)
        found = some_of(label, source, rng)[: wanted - count]
        rows.append((found * (255 / network.DARKEST)).astype(np.uint8))
        count, pages = count + len(found), pages + 1
    print(f"{label:18} {count:6} marks of {pages} pages", flush=True)
    return np.concatenate(rows).reshape(-1, network.SIDE, network.SIDE)


def collect(held_out: bool | None) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return thumbnails of all classes and their classes; turned ones are drawn ones, turned."""
    drawn = {label: draw_class(label, held_out) for label in THOUSANDS}
    rng = np.random.default_rng([SEED, len(CLASSES)])
    for label, turn in TURNS.items():
        shares = ("upright", TURNED), ("cyrillic", TURNED_OTHERS), ("greek", TURNED_OTHERS)
        some = [drawn[name][rng.random(len(drawn[name])) < share] for name, share in shares]
        drawn[label] = turn(np.concatenate(some))
    thumbs = np.concatenate([drawn[label] for label in CLASSES]).reshape(-1, network.SIDE**2)
    labels = np.repeat(np.arange(len(CLASSES)), [len(drawn[label]) for label in CLASSES])
    return thumbs.astype(np.float32) * np.float32(network.DARKEST / 255), labels


def train(thumbs: NDArray[np.float32], labels: NDArray[np.intp]) -> MLPClassifier:
    """Fit the network."""
    net = MLPClassifier(
        (UNITS,), alpha=1e-4, batch_size=BATCH, random_state=SEED, tol=0, warm_start=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a phase ends by its epochs
        for epochs, rate in PHASES:
            net.set_params(max_iter=epochs, learning_rate_init=rate).fit(thumbs, labels)
    return net


def write(net: MLPClassifier, labels: NDArray[np.intp], path: Path) -> None:
    """Store the weights, and the log of the share of each class, as half floats."""
    (hidden, out), (hidden_bias, out_bias) = net.coefs_, net.intercepts_
    arrays = {"hidden": hidden, "hidden_bias": hidden_bias, "out": out, "out_bias": out_bias}
    arrays["prior"] = np.log(np.bincount(labels) / len(labels))
    np.savez_compressed(path, **{name: each.astype(np.float16) for name, each in arrays.items()})


def print_confusion(
    net: MLPClassifier, thumbs: NDArray[np.float32], labels: NDArray[np.intp]
) -> None:
    """Print what share of the held-out marks of each class is taken for which."""
    said = net.predict_proba(thumbs)
    print("held-out fonts; rows: class, columns: mean probability in percent")
    print(" " * 18, *(f"{name[:6]:>6}" for name in CLASSES))
    for n, name in enumerate(CLASSES):
        print(f"{name:18}", *(f"{100 * p:6.0f}" for p in said[labels == n].mean(axis=0)))


def main() -> None:
    """Draw, train, and store or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="hold fonts out and store nothing")
    parser.add_argument("--out", type=Path, default=STORED)
    settings = parser.parse_args()
    cv2.setNumThreads(1)
    thumbs, labels = collect(False if settings.check else None)
    net = train(thumbs, labels)
    if settings.check:
        print_confusion(net, *collect(True))
    else:
        write(net, labels, settings.out)


if __name__ == "__main__":
    main()
