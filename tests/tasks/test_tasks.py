"""The table of tasks and the ways to name an engine."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from imagegate.errors import EngineError, SettingsError, UnknownNameError
from imagegate.models.thresholds import PRESETS
from imagegate.tasks import TASKS, OcrOutput, find_engine, find_task
from imagegate.tasks.task import Engine, Task

PIXELS = np.zeros((8, 12, 3), np.uint8)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda row: row.name)
def test_contract(task: Task) -> None:
    assert 0 < task.limit < 1
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


def test_a_command_line_is_an_engine() -> None:
    script = "import sys; print(open(sys.argv[1], 'rb').read()[1:4].decode())"
    engine = find_engine(TASKS["ocr"], f'"{sys.executable}" -c "{script}" {{image}}')
    assert isinstance(engine, Engine)
    output = engine.open()(PIXELS)
    assert isinstance(output, OcrOutput)
    assert output.text.strip() == "PNG"


def test_a_command_line_may_write_a_mask() -> None:
    script = "import shutil, sys; shutil.copy(*sys.argv[1:])"
    task = TASKS["background-removal"]
    engine = find_engine(task, f'"{sys.executable}" -c "{script}" {{image}} {{output}}')
    np.testing.assert_array_equal(engine.open()(PIXELS), np.zeros((8, 12), np.float32))


def test_a_command_line_that_fails_says_why() -> None:
    script = "import sys; sys.exit('no such language')"
    engine = find_engine(TASKS["ocr"], f'"{sys.executable}" -c "{script}" {{image}}')
    with pytest.raises(EngineError, match="ended with 1: no such language"):
        engine.open()(PIXELS)
    with pytest.raises(EngineError, match="cannot run no-such-program"):
        find_engine(TASKS["ocr"], "no-such-program {image}").open()(PIXELS)
    with pytest.raises(SettingsError, match=r"expected \{output\}"):
        find_engine(TASKS["background-removal"], "cut {image}")
