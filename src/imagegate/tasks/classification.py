"""Classification: the loss, and the forms in which a classifier may answer."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.engines.engine import Prediction
from imagegate.errors import OutputError
from imagegate.tables import Table
from imagegate.tasks.answers import parse_json, parsed_file
from imagegate.tasks.task import Task

# A class that may stand in for the true one. Networks are surer than they are right (Guo et al.,
# ICML 2017, arXiv:1706.04599), so it asks for much.
MIN_CONFIDENCE = 0.8
WANTED = "a class: a name, a number, {class: probability, …} or probabilities"
Answer = Prediction | str | int | Mapping[str, float] | Sequence[float] | NDArray[np.floating[Any]]


def as_prediction(output: Answer) -> Prediction:
    """Return the answer of a classifier as a Prediction, or raise OutputError.

    It may be a class by name or number, probabilities by class, or a list or one-dimensional array
    of the probabilities of classes 0, 1, … Of equal probabilities the first counts. The name comes
    without white space around it and with its letters composed (Unicode NFC, since file systems
    take names of folders apart).
    """
    found: Any = output
    if isinstance(found, Mapping):
        found = likeliest(list(found), list(found.values()))
    elif isinstance(found, str | Integral):
        found = Prediction(str(found))
    elif isinstance(found, Sequence) or np.ndim(found):
        found = likeliest(range(len(found)), found)
    if not isinstance(found, Prediction) or not isinstance(found.class_name, str):
        raise OutputError(f"expected {WANTED}, got {output!r:.80}")
    name = unicodedata.normalize("NFC", found.class_name).strip()
    if not name:
        raise OutputError(f"expected {WANTED}, got an empty name")
    if found.confidence < 0 or found.confidence > 1:
        raise OutputError(f"expected a confidence from 0 to 1, got {found.confidence}")
    return Prediction(name, float(found.confidence))


def likeliest(names: Any, chances: Any) -> Prediction:
    """Return the class of the highest probability."""
    try:
        table = np.asarray(chances, np.float64)
    except (TypeError, ValueError):
        raise OutputError(f"expected {WANTED}, got {chances!r:.80}") from None
    if table.ndim != 1 or not table.size:
        raise OutputError(f"expected {WANTED}, got probabilities of shape {table.shape}")
    wrong = table[~((table >= 0) & (table <= 1))]
    if wrong.size:
        raise OutputError(f"expected probabilities from 0 to 1, got {wrong[0]}: softmax them first")
    best = int(table.argmax())
    return Prediction(str(names[best]), float(table[best]))


def class_loss(output: Answer, truth: Answer) -> float:
    """Return 0 if the predicted class is the true one, else 1.

    White space around a name does not count, nor how its accents are stored; all else does, case
    too. If one is a number and the other a name, that is an OutputError.

    >>> class_loss({"cat": 0.7, "dog": 0.3}, "cat"), class_loss("Cat", "cat")
    (0.0, 1.0)
    """
    found, right = as_prediction(output).class_name, as_prediction(truth).class_name
    # A classifier that numbers its classes is wrong about no picture: it speaks another language.
    if len({name.removeprefix("-").isdecimal() for name in (found, right)}) > 1:
        raise OutputError(
            f"expected a class called like {right!r}, got {found!r}: name the classes, or take "
            "what the clean picture is called for the truth"
        )
    return float(found != right)


def confidence(output: Answer) -> float:
    """Return the confidence of the classifier, NaN if it gives none."""
    return as_prediction(output).confidence


def verified(output: Answer) -> bool:
    """Tell whether the class of a clean picture is good enough to stand in for the true one."""
    return not confidence(output) < MIN_CONFIDENCE  # silence (NaN) passes


def parse_class(text: str) -> Prediction:
    """Return the class that a program printed.

    JSON: ``{"class": "cat", "confidence": 0.9}``, ``{"cat": 0.9, "dog": 0.1}``, ``"cat"``, or
    ``[0.9, 0.1]`` for classes 0 and 1; or else a line with nothing but the name.
    """
    line = text.strip()
    if not line:
        raise OutputError(f"expected {WANTED}, got nothing")
    try:
        value = parse_json(line)
    except OutputError:
        value = line
    if isinstance(value, dict | list):
        return as_prediction(named_class(value) if isinstance(value, dict) else value)
    if "\n" in line:
        raise OutputError(f"expected {WANTED} on one line, got {line[:60]!r}")
    return as_prediction(value if isinstance(value, str) else line)


def named_class(value: dict[str, Any]) -> Prediction | dict[str, Any]:
    """Read ``{"class": …, "confidence": …}``; anything else stays a mapping of probabilities."""
    name = value.get("class")
    if not isinstance(name, str | int) or not value.keys() <= {"class", "confidence"}:
        return value
    sure = value.get("confidence")
    if sure is not None and not isinstance(sure, int | float):
        raise OutputError(f"expected a confidence from 0 to 1, got {sure!r:.80}")
    return Prediction(str(name), math.nan if sure is None else float(sure))


TASK = Task(
    "classification",
    loss=class_loss,
    failure_threshold=0.5,  # only 0 and 1 occur
    engines=Table("classification engine", ()),
    verified=verified,
    read_truth=partial(parsed_file, parse_class),
    confidence=confidence,
    truth="class",
    parse=parse_class,
    onnx="classes",
    # The largest of the small sizes at which ImageNet was published again, to train on for less:
    # 16, 32 and 64 px, Chrabaszcz et al. 2017, arXiv:1707.08819.
    rules={"min_width": 64, "min_height": 64},
    about="tell what a picture shows",
)
