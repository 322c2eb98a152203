"""Gate an ONNX model from end to end: label, train, judge, check. Under five minutes.

    python examples/onnx_model.py

The model is one that many have at hand: the text detector in the package rapidocr (extra
``ocr``), which marks where on a picture there is text. Put your own file, photographs and
settings in place of the four names below.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

import imagegate
from imagegate.engines.onnx import Preprocess
from imagegate.synthetic.pages import render_page
from imagegate.tasks import TASKS

FOLDER = Path("example-onnx")
PAGES, VARIANTS = 360, 3
SIDE = 480  # pixels of a page that are shown to the model

PHOTOS = FOLDER / "photos"
MODEL = "PP-OCRv6_det_small.onnx"
SHOWN = Preprocess("imagenet", colours="bgr", input_multiple=32)
# As for background removal: how far the mask is from the one of the clean picture. But it is
# about text, and there must be some on the clean picture.
TASK = replace(
    TASKS["background-removal"],
    name="text-detection",
    text=True,
    truth="own",
    failure_threshold=0.2,
    verified=lambda mask: float((mask > 0.5).mean()) > 0.03,
)


def model_at_hand() -> Path:
    """Return the path of the model: yours, or the one in rapidocr."""
    if Path(MODEL).is_file():
        return Path(MODEL)
    package = find_spec("rapidocr")
    if package is None or package.origin is None:
        sys.exit("install the model to try with: pip install 'imagegate[ocr]'; or name your own")
    return Path(package.origin).parent / "models" / MODEL


def draw_photos() -> None:
    """Cut a square out of generated pages."""
    PHOTOS.mkdir(parents=True, exist_ok=True)
    for seed in range(PAGES):
        page = render_page(seed).pixels
        room = np.maximum(1, np.array(page.shape[:2]) - SIDE)
        top, left = np.random.default_rng(seed).integers(0, room)
        square = page[top : top + SIDE, left : left + SIDE]
        cv2.imwrite(str(PHOTOS / f"{seed:04d}.png"), square[..., ::-1])


def main() -> None:
    """Label, train, evaluate, check."""
    if PHOTOS == FOLDER / "photos":
        draw_photos()
    engine = imagegate.onnx_engine(model_at_hand(), SHOWN, postprocess="mask")
    sources, _ = imagegate.find_sources([PHOTOS], TASK)
    report = imagegate.label(sources, TASK, engine, FOLDER / "corpus", variants=VARIANTS)
    print(f"{report.rows} rows, {report.fail_share:.0%} fail, {report.errors} errors")

    corpus = imagegate.read_corpus(FOLDER / "corpus")
    result = imagegate.train(corpus, name="text-detection", risk_target=0.1, confidence=0.9)
    imagegate.save_gate(result.gate, FOLDER / "text-detection.gate")
    print(*result.summary.learned, *result.summary.guarantee, sep="\n")

    evaluation = imagegate.evaluate(result.gate, corpus)
    imagegate.write_report(evaluation, FOLDER / "report.html")
    print(evaluation.headline(), f"See {FOLDER / 'report.html'}.", sep="\n")

    sharp = cv2.imread(sources[0].path)
    for name, photo in (("sharp", sharp), ("blurred", cv2.GaussianBlur(sharp, None, 5))):
        verdict = result.gate.check(photo[..., ::-1])
        print(f"{name}: {verdict.decision}", *(reason.message for reason in verdict.reasons[:1]))


if __name__ == "__main__":
    main()
