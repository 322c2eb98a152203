"""The gate in front of the model: will this task fail on this image, and why.

>>> import numpy as np
>>> import imagegate
>>> gate = imagegate.load_gate("rules:ocr")
>>> verdict = gate.check(np.full((400, 600), 255, dtype=np.uint8))
>>> verdict.decision, verdict.reasons[0].code
('reject', 'exposure.bright')
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from imagegate.errors import ImagegateError

if TYPE_CHECKING:
    from imagegate.edits.check import check_edit
    from imagegate.edits.policy import EditPolicy
    from imagegate.edits.verdict import EditVerdict
    from imagegate.engines.engine import Engine
    from imagegate.engines.onnx import onnx_engine
    from imagegate.engines.scikit import pipeline_engine
    from imagegate.features import measure, readings, scores
    from imagegate.image import Image, ImageFile, Limits, open_file, read
    from imagegate.integrations.frames import to_frame
    from imagegate.messages import load_messages
    from imagegate.models.artifact import gate_names, load_gate, save_gate
    from imagegate.models.gate import Gate
    from imagegate.models.rules import RulesGate, validate
    from imagegate.models.verdict import Reason, Result, Verdict
    from imagegate.pipeline.route import Policy, Router, load_policy
    from imagegate.tasks.task import Task
    from imagegate.training.corpus import join_corpora, read_corpus, read_outcomes
    from imagegate.training.data.sources import find_sources
    from imagegate.training.evaluation.evaluate import evaluate
    from imagegate.training.labelling.label import label
    from imagegate.training.learning.fit import train
    from imagegate.training.learning.learner import LearnerSettings
    from imagegate.training.maintenance.adjust import adjust
    from imagegate.training.report import write_report

__version__ = "0.1.0"

# Every other name is imported when it is asked for: checking an image needs few of them.
LATER = {
    "EditPolicy": "edits.policy",
    "EditVerdict": "edits.verdict",
    "Engine": "engines.engine",
    "Gate": "models.gate",
    "Image": "image",
    "ImageFile": "image",
    "LearnerSettings": "training.learning.learner",
    "Limits": "image",
    "Policy": "pipeline.route",
    "Reason": "models.verdict",
    "Result": "models.verdict",
    "Router": "pipeline.route",
    "RulesGate": "models.rules",
    "Task": "tasks.task",
    "Verdict": "models.verdict",
    "adjust": "training.maintenance.adjust",
    "check_edit": "edits.check",
    "evaluate": "training.evaluation.evaluate",
    "find_sources": "training.data.sources",
    "gate_names": "models.artifact",
    "join_corpora": "training.corpus",
    "label": "training.labelling.label",
    "load_gate": "models.artifact",
    "load_messages": "messages",
    "load_policy": "pipeline.route",
    "measure": "features",
    "onnx_engine": "engines.onnx",
    "open_file": "image",
    "pipeline_engine": "engines.scikit",
    "read": "image",
    "read_corpus": "training.corpus",
    "read_outcomes": "training.corpus",
    "readings": "features",
    "save_gate": "models.artifact",
    "scores": "features",
    "to_frame": "integrations.frames",
    "train": "training.learning.fit",
    "validate": "models.rules",
    "write_report": "training.report",
}

__all__ = [
    "EditPolicy",
    "EditVerdict",
    "Engine",
    "Gate",
    "Image",
    "ImageFile",
    "ImagegateError",
    "LearnerSettings",
    "Limits",
    "Policy",
    "Reason",
    "Result",
    "Router",
    "RulesGate",
    "Task",
    "Verdict",
    "adjust",
    "check_edit",
    "evaluate",
    "find_sources",
    "gate_names",
    "join_corpora",
    "label",
    "load_gate",
    "load_messages",
    "load_policy",
    "measure",
    "onnx_engine",
    "open_file",
    "pipeline_engine",
    "read",
    "read_corpus",
    "read_outcomes",
    "readings",
    "save_gate",
    "scores",
    "to_frame",
    "train",
    "validate",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
