"""The gate in front of the model: will this task fail on this image, and why.

>>> import numpy as np
>>> import imagegate
>>> gate = imagegate.load_gate("rules:ocr")
>>> verdict = gate.check(np.full((400, 600), 255, dtype=np.uint8))
>>> verdict.ok
True
"""

from imagegate.errors import ImagegateError
from imagegate.features import measure, readings, scores
from imagegate.image import Image, ImageFile, Limits, open_file, read
from imagegate.models.gate import Gate, gate_names, load_gate
from imagegate.models.rules import RulesGate, Validation, validate
from imagegate.models.verdict import Reason, Verdict
from imagegate.pipeline.policy import Policy, load_policy
from imagegate.pipeline.route import Route, Router

__version__ = "0.1.0"

__all__ = [
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
    "Validation",
    "Verdict",
    "gate_names",
    "load_gate",
    "load_policy",
    "measure",
    "open_file",
    "read",
    "readings",
    "scores",
    "validate",
]
