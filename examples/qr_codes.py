"""Gate a Python function: will OpenCV read the QR code on this parcel label? About a minute.

    python examples/qr_codes.py

It draws labels, so that it runs anywhere; put your own photographs and your own function in their
place. Truth is what the function reads from the clean label, if it reads anything.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

import imagegate

FOLDER = Path("example-qr")
LABELS, VARIANTS = 400, 3


def read(pixels: np.ndarray) -> str:
    """Read the code: the engine, a function from RGB pixels to whatever you like."""
    return cv2.QRCodeDetector().detectAndDecode(pixels)[0]


def loss(output: str, truth: str) -> float:
    """Say how wrong an output is, from 0 (right) to 1."""
    return float(output != truth)


TASK = imagegate.Task.from_callable(read, loss, name="qr-codes", verified=bool)


def draw_label(number: int) -> np.ndarray:
    """Draw a parcel label as a camera above a conveyor sees it."""
    rng = np.random.default_rng(number)
    code = cv2.QRCodeEncoder.create().encode(f"parcel {number:08d}")
    side = code.shape[0] * int(rng.integers(4, 9))
    code = cv2.resize(code, (side, side), interpolation=cv2.INTER_NEAREST)
    label = np.full((side + 160, side + 260, 3), rng.integers(205, 250, 3), np.uint8)
    label[40 : 40 + side, 30 : 30 + side] = code[..., None]
    cv2.putText(
        label, f"{number:08d}", (30, side + 100), cv2.FONT_HERSHEY_PLAIN, 2, (30, 30, 40), 2
    )
    height, width = label.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-12, 12), 0.9)
    board = rng.integers(90, 150, 3)
    return cv2.warpAffine(label, turn, (width, height), borderValue=tuple(map(float, board)))


def main() -> None:
    """Draw, label, train, evaluate, check."""
    photos = FOLDER / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    for number in range(LABELS):
        cv2.imwrite(str(photos / f"{number:04d}.png"), draw_label(number))

    sources, _ = imagegate.find_sources([photos], TASK)
    report = imagegate.label(sources, TASK, None, FOLDER / "corpus", variants=VARIANTS)
    print(f"{report.rows} rows, {report.fail_share:.0%} fail, {report.errors} errors")

    corpus = imagegate.read_corpus(FOLDER / "corpus")
    result = imagegate.train(corpus, name="qr-codes", risk_target=0.1, confidence=0.9)
    imagegate.save_gate(result.gate, FOLDER / "qr.gate")
    print(*result.summary.learned, *result.summary.guarantee, sep="\n")
    print(imagegate.evaluate(result.gate, corpus, mistakes=0).headline())

    sharp = draw_label(LABELS)
    for name, pixels in (("sharp", sharp), ("blurred", cv2.GaussianBlur(sharp, None, 6))):
        verdict = result.gate.check(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
        print(f"{name}: {verdict.decision}, and the reader reads {read(pixels)!r}")
        for reason in verdict.reasons[:2]:
            print(f"  {reason.message} {reason.detail}")


if __name__ == "__main__":
    main()
