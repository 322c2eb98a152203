"""Find the gate's most confident mistakes and show what it saw."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate import image
from imagegate.degrade import chain_from_json
from imagegate.errors import ImagegateError
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.tables import Pixels
from imagegate.training.corpus import Corpus
from imagegate.training.data.remake import remake
from imagegate.training.evaluation.baselines import Baseline

FALSE_PASS, FALSE_REJECT = "false pass", "false reject"
THUMBNAIL = (228, 220)  # width and height at most; the detail has this size at native resolution
JPEG_QUALITY = 80


@dataclass(frozen=True)
class Mistake:
    """A confident false pass or false reject; the pictures are JPEG bytes, empty if unavailable."""

    kind: str
    row_id: str
    source_id: str
    set: str
    path: str
    degraded: str
    loss: float
    p_fail: float
    reasons: tuple[str, ...]
    note: str = ""
    thumbnail: bytes = field(default=b"", repr=False)
    detail: bytes = field(default=b"", repr=False)


def worst_mistakes(
    gate: Gate | RulesGate,
    corpus: Corpus,
    learned: Baseline,
    *,
    count: int,
    roots: dict[str, str] | None = None,
) -> tuple[Mistake, ...]:
    """Return the false passes with the lowest and the false rejects with the highest risk.

    At most one row a source, so that one odd source does not fill the page. A row whose
    source is out of reach comes without pictures, and its note says why.
    """
    fails, passes = corpus.fails, learned.passes
    low = _worst(fails & passes, learned.risk, corpus, count)
    high = _worst(~fails & ~passes, -learned.risk, corpus, count)
    found = [(FALSE_PASS, int(i)) for i in low] + [(FALSE_REJECT, int(i)) for i in high]
    return tuple(_mistake(kind, index, gate, corpus, learned, roots) for kind, index in found)


def _worst(
    mask: NDArray[np.bool_], order: NDArray[np.float64], corpus: Corpus, count: int
) -> list[int]:
    sources = corpus.column("source_id")
    chosen: dict[str, int] = {}
    candidates = np.flatnonzero(mask)
    for index in candidates[np.argsort(order[candidates], kind="stable")]:
        if len(chosen) == count:
            break
        chosen.setdefault(str(sources[index]), int(index))
    return list(chosen.values())


def _mistake(
    kind: str,
    index: int,
    gate: Gate | RulesGate,
    corpus: Corpus,
    learned: Baseline,
    roots: dict[str, str] | None,
) -> Mistake:
    row = {name: values[index] for name, values in corpus.rows.items()}
    steps = chain_from_json(row["chain"]) if row["chain"] else ()
    mistake = Mistake(
        kind=kind,
        row_id=str(row["row_id"]),
        source_id=str(row["source_id"]),
        set=str(row["set"]),
        path=str(row["path"]),
        degraded=", ".join(f"{step.name} {step.severity}" for step in steps) or "as it came",
        loss=float(row["loss"]),
        p_fail=float(learned.risk[index]) if learned.probability else np.nan,
        reasons=(),
    )
    try:
        seen = image.read(remake(corpus, index, roots=roots))
        thumbnail, detail = look(seen.rgb)
        reasons = tuple(reason.message for reason in gate.check(seen).reasons[:3])
    except ImagegateError as error:
        return replace(mistake, note=f"no picture: {error}")
    return replace(mistake, reasons=reasons, thumbnail=thumbnail, detail=detail)


def look(pixels: Pixels) -> tuple[bytes, bytes]:
    """Return two JPEGs: the whole picture made small, and its busiest part as it is."""
    height, width = pixels.shape[:2]
    scale = min(1.0, THUMBNAIL[0] / width, THUMBNAIL[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return _jpeg(small.astype(np.uint8)), _jpeg(_busiest(pixels))


def _busiest(pixels: Pixels) -> Pixels:
    """Cut out the window with the most edges: text, if there is any."""
    width, height = (min(a, b) for a, b in zip(THUMBNAIL, pixels.shape[1::-1], strict=True))
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    edges = np.abs(cv2.Laplacian(gray, cv2.CV_32F))
    # An unnormalised box filter holds the sum over each window; its anchor is the window's corner.
    sums = cv2.boxFilter(edges, -1, (width, height), anchor=(0, 0), normalize=False)
    inside = sums[: gray.shape[0] - height + 1, : gray.shape[1] - width + 1]
    y, x = np.unravel_index(int(np.argmax(inside)), inside.shape)
    return np.ascontiguousarray(pixels[y : y + height, x : x + width])


def _jpeg(pixels: Pixels) -> bytes:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
