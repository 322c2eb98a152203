"""What images are for: each task with its loss, failure threshold and engines."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import Any

from imagegate.engines.command import command_engine
from imagegate.engines.engine import Engine, OcrOutput
from imagegate.errors import SettingsError, UnknownNameError
from imagegate.tables import Pixels, Table
from imagegate.tasks import background, classification, faces, fields, ocr, pictures
from imagegate.tasks.task import Task, no_files
from imagegate.tasks.text import character_error_rate, word_recall

__all__ = [
    "TASKS",
    "Engine",
    "OcrOutput",
    "Task",
    "character_error_rate",
    "find_engine",
    "find_task",
    "word_recall",
]

TASKS = Table(
    "task",
    (
        ocr.OCR,
        ocr.OCR_IN_ORDER,
        background.TASK,
        fields.TASK,
        faces.DETECTION,
        faces.RECOGNITION,
        classification.TASK,
        pictures.UPSCALING,
        pictures.ENHANCEMENT,
    ),
)

ENTRY_POINTS = "imagegate.tasks"
# What the file that a program writes is called, by what is true of images of the task.
SUFFIXES = {"mask": ".png", "picture": ".png", "json": ".json"}


def offered_tasks() -> dict[str, metadata.EntryPoint]:
    """Return the tasks that installed packages offer, by name, not yet loaded."""
    return {point.name: point for point in metadata.entry_points(group=ENTRY_POINTS)}


def find_task(task: str | Task) -> Task:
    """Return a task: the object itself, or one by its name.

    The name is one in ``TASKS``, one in the entry-point group ``imagegate.tasks``, or the place of
    a Task as ``"module:NAME"``.
    """
    if isinstance(task, Task):
        if task.name in TASKS and task.loss is not TASKS[task.name].loss:  # rows would be mixed up
            raise SettingsError(f"{task.name} is a task of imagegate: give yours another name")
        return task
    if task in TASKS:
        return TASKS[task]
    offered = offered_tasks()
    if task in offered:
        return _load(offered[task])
    if ":" in task:
        return _load(metadata.EntryPoint(task, task, ENTRY_POINTS))
    raise UnknownNameError("task", task, [*TASKS, *offered])


def _load(point: metadata.EntryPoint) -> Task:
    """Import what an entry point names."""
    try:
        found = point.load()
    except Exception as error:
        raise SettingsError(f"cannot load the task {point.value}: {error!r}") from error
    if isinstance(found, Task):
        return find_task(found)
    raise SettingsError(f"expected an imagegate.Task at {point.value}, got {type(found).__name__}")


def find_engine(
    task: str | Task, engine: str | Engine | Callable[[Pixels], Any] | None = None
) -> Engine:
    """Return an engine of a task, its first by default.

    It is given as an Engine, a function from RGB uint8 pixels to an output of the task, a name in
    ``task.engines``, or a command line with ``{image}`` in it.
    """
    task = find_task(task)
    if isinstance(engine, Engine):
        return engine
    if callable(engine):
        return Engine(getattr(engine, "__name__", type(engine).__name__), lambda: engine)
    if engine is not None and "{image}" in engine:
        return command_engine(
            engine,
            task=task.name,
            parse=task.parse,
            read=None if task.read_truth is no_files else task.read_truth,
            suffix=SUFFIXES.get(task.truth, ".txt" if task.parse else ".png"),
        )
    if engine is not None:
        return task.engines[engine]
    if not task.engines:
        raise SettingsError(
            f"{task.name} has no engine of its own: give yours, as --onnx model.onnx or "
            "--command 'my-program {image}', or in Python as an Engine"
        )
    return next(iter(task.engines.values()))
