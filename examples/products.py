"""Train a small classifier on a folder of classes, then the gate in front of it. Two minutes.

    python examples/products.py photos/     # photos/CLASS/IMAGE; draws some if you have none

Half of the photographs train the classifier, the other half the gate: it must not be judged on
what it was fitted to. The task fails when a worsened photograph gets another class than the clean.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import imagegate
from imagegate.tasks import TASKS

FOLDER = Path("example-products")
DRAWN, VARIANTS = 500, 6
SIDE, BINS, PARTS = 64, 9, 8
# Hue of OpenCV, breadth to length, length in pixels.
FRUIT = {
    "apple": (4, 0.95, 45),
    "banana": (27, 0.3, 75),
    "orange": (13, 1.0, 50),
    "lime": (45, 0.8, 35),
    "pear": (35, 0.65, 60),
    "plum": (150, 0.8, 35),
}


def describe(photos: Sequence[np.ndarray]) -> np.ndarray:
    """Turn photographs into a table: directions of edges by place, and colours."""
    return np.array([features(photo) for photo in photos], np.float32)


def features(photo: np.ndarray) -> np.ndarray:
    """Return how strong edges of each direction are in each of 8 x 8 parts, and the colours."""
    small = cv2.resize(photo, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    x, y = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    strength, angle = cv2.cartToPolar(x, y)
    direction = (angle % np.pi * BINS / np.pi).astype(int) % BINS
    part = np.arange(SIDE) * PARTS // SIDE
    place = (part[:, None] * PARTS + part) * BINS + direction
    edges = np.bincount(place.ravel(), strength.ravel(), PARTS * PARTS * BINS)
    colours = cv2.calcHist(
        [cv2.cvtColor(small, cv2.COLOR_RGB2LAB)], [1, 2], None, [12, 12], [64, 192] * 2
    )
    return np.r_[np.sqrt(edges / (edges.sum() + 1)), np.sqrt(colours.ravel() / SIDE**2)]


def draw_products(folder: Path) -> None:
    """Draw fruit of a kind on cloudy grounds, for those who have no photographs at hand."""
    for number in range(DRAWN):
        rng = np.random.default_rng(number)
        name, (hue, slim, size) = list(FRUIT.items())[number % len(FRUIT)]
        photo = cv2.resize(rng.integers(150, 235, (5, 5, 3), np.uint8), (260, 260))
        for _ in range(int(rng.integers(1, 4))):
            shade = np.array([[[(hue + rng.normal(0, 4)) % 180, rng.integers(120, 240), 190]]])
            colour = cv2.cvtColor(shade.astype(np.uint8), cv2.COLOR_HSV2BGR)[0, 0].tolist()
            axes = (int(size * rng.uniform(0.8, 1.2)), int(size * slim * rng.uniform(0.8, 1.2)))
            at = tuple(map(int, rng.integers(60, 200, 2)))
            cv2.ellipse(photo, at, axes, rng.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
        path = folder / name / f"{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), photo)


def main(folder: Path | None = None) -> None:
    """Fit the classifier, label with it, train the gate, judge it."""
    if folder is None:
        folder = FOLDER / "photos"
        draw_products(folder)
    sources, _ = imagegate.find_sources([folder], "classification")
    fitted, kept = sources[::2], sources[1::2]
    photos = [imagegate.read(source.path).rgb for source in fitted]
    table = FunctionTransformer(describe)
    classifier = make_pipeline(table, StandardScaler(), LogisticRegression(max_iter=2000))
    classifier.fit(photos, [source.class_name for source in fitted])
    right = [
        classifier.predict([imagegate.read(source.path).rgb])[0] == source.class_name
        for source in kept
    ]
    print(f"the classifier is right on {np.mean(right):.0%} of {len(kept)} clean photographs")

    # The clean class is the truth, however sure of it the classifier is.
    task = replace(TASKS["classification"], truth="own", verified=lambda output: True)
    engine = imagegate.pipeline_engine(classifier, name="small-classifier")
    place = FOLDER / f"corpus-{folder.name}"
    report = imagegate.label(kept, task, engine, place, variants=VARIANTS)
    print(f"{report.rows} rows, {report.fail_share:.0%} fail, {report.errors} errors")
    corpus = imagegate.read_corpus(place)
    result = imagegate.train(corpus, name="products", risk_target=0.2, confidence=0.8)
    imagegate.save_gate(result.gate, FOLDER / "products.gate")
    print(*result.summary.learned, *result.summary.guarantee, sep="\n")
    print(imagegate.evaluate(result.gate, corpus, mistakes=0).headline())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
