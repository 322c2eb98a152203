"""The table of tasks and the ways to name an engine."""

from __future__ import annotations

import numpy as np
import pytest

from imagegate.errors import SettingsError, UnknownNameError
from imagegate.models.rules import PRESETS
from imagegate.tasks import TASKS, find_engine, find_task
from imagegate.tasks.task import Task

PIXELS = np.zeros((8, 12, 3), np.uint8)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda row: row.name)
def test_contract(task: Task) -> None:
    assert 0 < task.failure_threshold < 1
    assert task.name in PRESETS
    assert find_task(task) is find_task(task.name) is task
    if task.engines:
        assert find_engine(task).name == next(iter(task.engines))
    else:
        with pytest.raises(SettingsError, match=f"{task.name} has no engine of its own: give"):
            find_engine(task)


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'ocr'"):
        find_task("ocrr")
    with pytest.raises(UnknownNameError, match="Did you mean 'tesseract'"):
        find_engine(TASKS["ocr"], "teseract")


def test_a_function_is_an_engine_and_a_name_is_taken_once() -> None:
    engine = find_engine("ocr", lambda pixels: f"{pixels.shape}")
    assert engine.open()(PIXELS) == "(8, 12, 3)"
    own = Task.from_callable(len, lambda output, truth: 0.0, name="ocr")
    with pytest.raises(SettingsError, match="ocr is a task of imagegate: give yours another name"):
        find_task(own)
    with pytest.raises(SettingsError, match="expected a function that does the task, got None"):
        Task.from_callable(None, len)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="expected a name"):
        Task.from_callable(len, lambda output, truth: 0.0, name=" ")
