"""Verdicts in the words of Google Document AI's quality scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imagegate.models.verdict import Verdict

# https://cloud.google.com/document-ai/docs/reference/rest/v1/Document#DetectedDefect; it has no
# word for the others.
DEFECTS: Mapping[str, str] = {
    "blur.motion": "quality/defect_blurry",
    "blur.focus": "quality/defect_blurry",
    "resolution.enlarged": "quality/defect_blurry",
    "resolution.small_text": "quality/defect_text_too_small",
    "noise.grain": "quality/defect_noisy",
    "noise.specks": "quality/defect_noisy",
    "exposure.dark": "quality/defect_dark",
    "exposure.uneven": "quality/defect_dark",
    "exposure.faint": "quality/defect_faint",
    "exposure.bright": "quality/defect_glare",
}


def document_ai(verdict: Verdict) -> dict[str, Any]:
    """Return ``qualityScore`` (0 to 1, 1 is best) and ``detectedDefects``, the likeliest first.

    A reason without a probability, as of rules, has confidence 1. Defects that Document AI has no
    word for (compression, pixelation, a picture that is too small) are left out.
    """
    found: dict[str, float] = {}
    for reason in verdict.reasons:
        if reason.code in DEFECTS:
            confidence = 1.0 if math.isnan(reason.probability) else reason.probability
            defect = DEFECTS[reason.code]
            found[defect] = max(confidence, found.get(defect, 0.0))
    score = verdict.quality / 100 if verdict.p_fail is None else 1 - verdict.p_fail
    ranked = sorted(found.items(), key=lambda pair: -pair[1])
    return {
        "qualityScore": score,
        "detectedDefects": [{"type": name, "confidence": value} for name, value in ranked],
    }
