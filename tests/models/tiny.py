"""A learned gate made by hand: four measures, three trees."""

from dataclasses import asdict

import numpy as np

from imagegate.features import VERSION
from imagegate.models.calibration import Calibration, History
from imagegate.models.card import Card, Guarantee
from imagegate.models.forest import Forest
from imagegate.models.gate import Gate
from imagegate.models.ood import OutOfDistributionDetector
from imagegate.models.rules import PRESETS

MEASURES = ("blur.edge_width_px", "noise.flat_rms", "text.x_height_px", "content.edge_density")


def stump_forest() -> Forest:
    """Blur beyond 4 px adds 2, noise beyond 10 adds 1, fewer than 0.01 edges or NaN adds 0.5."""
    return Forest(
        roots=np.array([0, 3, 6], np.int32),
        left=np.array([1, 0, 0, 4, 0, 0, 7, 0, 0], np.int32),
        feature=np.array([0, 0, 0, 1, 0, 0, 3, 0, 0], np.int16),
        threshold=np.array([4.0, 0, 0, 10.0, 0, 0, 0.01, 0, 0]),
        missing_left=np.array([0, 0, 0, 0, 0, 0, 1, 0, 0], bool),
        value=np.array([0, -2.0, 2.0, 0, -1.0, 1.0, 0, 0.5, 0.0]),
        base=-0.25,
        features=4,
    )


def tiny_gate(**facts: object) -> Gate:
    """Return a gate that passes up to 10 % and rejects from 50 %."""
    rng = np.random.default_rng(0)
    levels = np.linspace(-2, 2, 5)
    spread = np.array(
        [[1.5, 2, 2.5, 3, 9], [0, 1, 2, 5, 40], [4, 9, 14, 20, 60], [0, 0.05, 0.1, 0.2, 0.5]]
    )
    plain = {
        "name": "tiny",
        "task": "ocr",
        "engine": "tesseract",
        "engine_version": "5.3",
        "limit": 0.3,
        "measures": MEASURES,
        "features_version": VERSION,
        "sets": ({"name": "pages", "sources": 9, "rows": 90, "fails": 40, "licence": "CC0"},),
        "parts": {"train": {"sources": 5, "rows": 50, "fails": 20}},
        "groups": {"train": ("a", "b"), "calibration": ("c",), "test": ("d",)},
        "promise": 0.05,
        "confidence": 0.95,
        "guarantee": Guarantee(0.05, 0.95, True, 100, 70, 0, 0.042),
        "thresholds": {"pass": 0.1, "reject": 0.5},
        "guard": {"false_alarms": 0.02},
        "rules_preset": asdict(PRESETS["ocr"]),
        "rules_tuned": asdict(PRESETS["ocr"]),
        "date": "2026-11-20",
    }
    return Gate(
        card=Card(**{**plain, **facts}),
        forest=stump_forest(),
        calibration=Calibration(1.1, 0.1),
        ood=OutOfDistributionDetector(
            spread,
            np.tile(levels, (4, 1)),
            np.array([1.0, 5, 5, 0.1]),
            rng.normal(size=(60, 4)).astype(np.float32),
            6.0,
        ),
        usual=np.array([[1.6, 3.1], [0.2, 6], [9, 30], [0.03, 0.3]]),
        history=History(
            raw=rng.normal(size=12),
            fails=rng.random(12) < 0.5,
            source=np.repeat(np.arange(4), 3).astype(np.int32),
            familiar=np.ones(12, bool),
        ),
    )
