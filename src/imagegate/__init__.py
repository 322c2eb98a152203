"""The gate in front of the model: will this task fail on this image, and why.

>>> import numpy as np
>>> import imagegate
>>> gate = imagegate.load_gate("rules:ocr")
>>> verdict = gate.check(np.full((400, 600), 255, dtype=np.uint8))
>>> verdict.ok
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from imagegate.errors import ImagegateError
from imagegate.features import measure, readings, scores
from imagegate.image import Image, ImageFile, Limits, open_file, read
from imagegate.models.artifact import save_gate
from imagegate.models.gate import Gate, gate_names, load_gate
from imagegate.models.rules import RulesGate, Validation, validate
from imagegate.models.verdict import Reason, Verdict
from imagegate.pipeline.policy import Policy, load_policy
from imagegate.pipeline.route import Route, Router
from imagegate.tasks.task import Engine, Task

if TYPE_CHECKING:
    from imagegate.training.corpus import join_corpora, read_corpus, read_outcomes
    from imagegate.training.evaluate import evaluate
    from imagegate.training.fit import train
    from imagegate.training.label import label
    from imagegate.training.report import write_report
    from imagegate.training.sources import find_sources

__version__ = "0.1.0"

# What makes gates is imported when it is asked for: answering needs none of it.
LATER = {
    "evaluate": "evaluate",
    "find_sources": "sources",
    "join_corpora": "corpus",
    "label": "label",
    "read_corpus": "corpus",
    "read_outcomes": "corpus",
    "train": "fit",
    "write_report": "report",
}

__all__ = [
    "Engine",
    "Gate",
    "Image",
    "ImageFile",
    "ImagegateError",
    "Limits",
    "Policy",
    "Reason",
    "Route",
    "Router",
    "RulesGate",
    "Task",
    "Validation",
    "Verdict",
    "evaluate",
    "find_sources",
    "gate_names",
    "join_corpora",
    "label",
    "load_gate",
    "load_policy",
    "measure",
    "open_file",
    "read",
    "read_corpus",
    "read_outcomes",
    "readings",
    "save_gate",
    "scores",
    "train",
    "validate",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.training.{LATER[name]}"), name)
