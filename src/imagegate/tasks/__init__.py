"""What images are for: each task with its loss, its limit and its engines."""

from __future__ import annotations

from importlib import metadata

from imagegate.errors import UnknownNameError
from imagegate.tables import Engine, Table, Task
from imagegate.tasks import background, ocr
from imagegate.tasks.command import command_engine
from imagegate.tasks.text import character_error_rate, word_recall
from imagegate.tasks.transcript import OcrOutput

__all__ = [
    "TASKS",
    "OcrOutput",
    "character_error_rate",
    "find_engine",
    "find_task",
    "word_recall",
]

TASKS = Table("task", (*ocr.TASKS, *background.TASKS))

ENTRY_POINTS = "imagegate.tasks"


def find_task(task: str | Task) -> Task:
    """Return a task: the object itself, one of ours by name, or one that a package offers.

    Parameters
    ----------
    task : str or Task
        A name in ``TASKS``, a name in the entry-point group ``imagegate.tasks``, or a Task.

    Returns
    -------
    Task
        The task.
    """
    if isinstance(task, Task):
        return task
    if task in TASKS:
        return TASKS[task]
    offered = {point.name: point for point in metadata.entry_points(group=ENTRY_POINTS)}
    if task not in offered:
        raise UnknownNameError("task", task, [*TASKS, *offered])
    found: Task = offered[task].load()
    return found


def find_engine(task: str | Task, engine: str | Engine | None = None) -> Engine:
    """Return an engine of a task: itself, by name, by command line, or the task's first.

    Parameters
    ----------
    task : str or Task
        The task that it does, as in :func:`find_task`.
    engine : str or Engine or None
        An Engine, a name in ``task.engines``, or a command line with ``{image}`` in it.

    Returns
    -------
    Engine
        The engine, not yet loaded.
    """
    task = find_task(task)
    if isinstance(engine, Engine):
        return engine
    if engine is None:
        return next(iter(task.engines.values()))
    return command_engine(engine, task) if "{image}" in engine else task.engines[engine]
