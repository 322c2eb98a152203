"""Learn from what failed in production, with no engine at hand: a CSV of path,failed. A minute.

    python examples/outcomes.py

It plays a month of production first, since it must run anywhere; you have your own records.
"""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

import imagegate
from qr_codes import draw_label, read

FOLDER = Path("example-outcomes")
IMAGES = 700


def photograph(number: int) -> np.ndarray:
    """Take a picture of a label as cameras of every state do: some out of focus, some too dark."""
    rng = np.random.default_rng([number, 1])
    picture = draw_label(number)
    if rng.random() < 0.5:
        picture = cv2.GaussianBlur(picture, None, rng.uniform(0.3, 5))
    light, noise = rng.uniform(0.1, 1.1), rng.normal(0, rng.uniform(1, 25), picture.shape)
    return np.clip(picture * light + noise, 0, 255).astype(np.uint8)


def produce(record: Path) -> None:
    """Take pictures, use them, and write down what became of each."""
    with record.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "failed"])
        for number in range(IMAGES):
            picture = photograph(number)
            cv2.imwrite(str(record.parent / f"{number:04d}.jpg"), picture)
            writer.writerow([f"{number:04d}.jpg", int(not read(picture))])


def main() -> None:
    """Produce, learn, judge."""
    FOLDER.mkdir(exist_ok=True)
    produce(FOLDER / "outcomes.csv")
    corpus = imagegate.read_outcomes(FOLDER / "outcomes.csv", task="qr-codes")
    result = imagegate.train(corpus, name="production", risk_target=0.1, confidence=0.9)
    imagegate.save_gate(result.gate, FOLDER / "production.gate")
    print(*result.summary.learned, *result.summary.guarantee, sep="\n")
    print(imagegate.evaluate(result.gate, corpus, mistakes=0).headline())


if __name__ == "__main__":
    main()
