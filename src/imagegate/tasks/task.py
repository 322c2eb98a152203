"""What a task is, and how to make one from functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from imagegate.engines.engine import UNKNOWN, Engine
from imagegate.errors import SettingsError, UnknownNameError
from imagegate.tables import Pixels, Table

Truth = Literal["text", "mask", "json", "class", "picture", "own"]


def no_files(path: str) -> Any:
    """Refuse truth from a file, for tasks that cannot read one."""
    raise SettingsError(f"{path}: this task reads no truth from files; give it read_truth")


def not_empty(output: Any) -> bool:
    """Tell whether an output is neither None nor an empty text, list, mapping or array."""
    try:
        return output is not None and len(output) > 0
    except TypeError:  # a number: it has no length, and 0 is an answer
        return True


@dataclass(frozen=True)
class Task:
    """What an image is for.

    Parameters
    ----------
    name : str
        ``"ocr"``, ``"background-removal"`` …
    loss : Callable
        ``loss(output, truth) -> float`` in 0..1, 0 is right.
    failure_threshold : float
        The loss beyond which the task counts as failed.
    engines : Table of Engine
        The first one is the default; empty if only users have engines for it.
    verified : Callable
        ``verified(output) -> bool``: whether an output on a clean image is good
        enough to serve as truth where none is given.
    read_truth : Callable
        ``read_truth(path) -> truth`` from a file; what a command wrote is read by it, too.
    confidence : Callable
        ``confidence(output) -> float``: how sure the engine says it is, 0..1, NaN if
        it does not say.
    text : bool
        Whether the task is about text: severities then are relative to the height of the
        letters, not to the picture, and its gates learn from measures of text.
    truth : {"text", "mask", "json", "class", "picture", "own"}
        Where to look for truth: a file beside the image (``NAME.txt``, ``NAME.mask.png``,
        ``NAME.json``, or in a folder beside ``images``), the name of the image's folder, the clean
        picture itself, or nowhere. If there is none, the engine's own output on the clean image is
        the truth, if it is verified.
    parse : Callable or None
        ``parse(text) -> output`` reads what a command prints; None if the output must be a file.
    shrink : int
        The factor by which sources are first made smaller; the engine has to enlarge them again,
        and is judged by the original picture.
    strength : float
        How strongly variants are degraded by default, relative to the strengths that break OCR:
        set so that about half of them fail.
    onnx : {"classes", "embedding", "mask", "image", "any", ""}
        What an ONNX model must return to be an engine of this task; empty if none can be.
    rules : mapping of str to float
        Where the thresholds of ``rules:NAME`` differ from ``rules:general``: scores and sizes, by
        the names of :class:`imagegate.models.rules.RuleThresholds`.
    about : str
        What the task is, in a few words for people.
    """

    name: str
    loss: Callable[[Any, Any], float]
    failure_threshold: float
    engines: Table[Engine]
    verified: Callable[[Any], bool]
    read_truth: Callable[[str], Any] = no_files
    confidence: Callable[[Any], float] = lambda output: math.nan
    text: bool = False
    truth: Truth = "own"
    parse: Callable[[str], Any] | None = None
    shrink: int = 1
    strength: float = 1.0
    onnx: Literal["classes", "embedding", "mask", "image", "any", ""] = "any"
    rules: Mapping[str, float] = field(default_factory=dict)
    about: str = ""

    @classmethod
    def from_callable(
        cls,
        run: Callable[[Pixels], Any],
        loss: Callable[[Any, Any], float],
        *,
        version: str = UNKNOWN,
        **about: Any,
    ) -> Task:
        """Make a task from a function that runs it and one that returns the loss.

        Parameters
        ----------
        run : Callable
            ``run(pixels) -> output`` from RGB uint8 pixels of shape (height, width, 3). It runs
            in worker processes, so it must be possible to send it there: a function is, one that
            holds a loaded model often is not; see :meth:`from_loader`.
        loss : Callable
            ``loss(output, truth) -> float`` in 0..1, 0 is right.
        version : str
            Of the engine. Rows of different versions never get into one corpus: change it with
            the engine.
        **about
            ``name`` ("custom"), ``failure_threshold`` (0.5), ``verified``, ``read_truth``,
            ``confidence``, ``text``, ``truth``, ``strength`` of the Task. By default an output is
            verified if there is anything in it and its loss against itself is at most that
            threshold.

        Returns
        -------
        Task
            With one engine, named like ``run``.

        Examples
        --------
        >>> def brightness(pixels):
        ...     return float(pixels.mean())
        >>> task = Task.from_callable(brightness, lambda out, truth: abs(out - truth) / 255)
        >>> task.name, task.failure_threshold, list(task.engines)
        ('custom', 0.5, ['brightness'])
        """
        if not callable(run):
            raise SettingsError(f"expected a function that does the task, got {run!r:.80}")
        name = getattr(run, "__name__", type(run).__name__)
        return cls.from_loader(lambda: run, loss, engine=name, version=version, **about)

    @classmethod
    def from_loader(
        cls,
        load: Callable[[], Callable[[Pixels], Any]],
        loss: Callable[[Any, Any], float],
        *,
        engine: str = "",
        version: str = UNKNOWN,
        name: str = "custom",
        failure_threshold: float = 0.5,
        verified: Callable[[Any], bool] | None = None,
        **about: Any,
    ) -> Task:
        """Make a task from a function that loads the engine, once in every worker process.

        Parameters
        ----------
        load : Callable
            ``load() -> run``, with ``run`` as in :meth:`from_callable`.
        loss, version, name, failure_threshold, verified, **about
            As in :meth:`from_callable`.
        engine : str
            The name of the engine; that of ``load`` by default.
        """
        if not (isinstance(failure_threshold, int | float) and 0 <= failure_threshold < 1):
            raise SettingsError(
                f"expected a failure threshold from 0 to below 1, got {failure_threshold!r}"
            )
        if about.get("truth", "own") not in get_args(Truth):
            raise UnknownNameError("truth", str(about["truth"]), get_args(Truth))
        if not name.strip():
            raise SettingsError("expected a name for the task, got none")
        functions = {"what does the task": load, "loss": loss, "verified": verified or loss}
        for kind, function in functions.items():
            if not callable(function):
                raise SettingsError(f"expected a function for {kind}, got {function!r:.80}")

        def steady(output: Any) -> bool:
            return not_empty(output) and loss(output, output) <= failure_threshold

        called = engine or getattr(load, "__name__", type(load).__name__)
        engines = Table("engine", (Engine(called, load, lambda: version),))
        return cls(name, loss, failure_threshold, engines, verified or steady, **about)
