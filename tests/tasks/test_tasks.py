"""The table of tasks and the ways to name an engine."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from imagegate.engines.engine import Engine
from imagegate.errors import EngineError, SettingsError, UnknownNameError
from imagegate.models.rules import PRESETS
from imagegate.tasks import TASKS, OcrOutput, find_engine, find_task
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
    with pytest.raises(SettingsError, match="cannot run no-such-program"):
        find_engine(TASKS["ocr"], "no-such-program {image}").open()
    with pytest.raises(SettingsError, match=r"no shell reads .* for \\| write sh -c"):
        find_engine(TASKS["ocr"], "tesseract {image} - | cat")
    with pytest.raises(SettingsError, match=r"expected \{output\}"):
        find_engine(TASKS["background-removal"], "cut {image}")


def test_what_a_command_says_knows_no_place_and_no_end() -> None:
    script = "import sys; sys.exit(sys.argv[1])"
    engine = find_engine(TASKS["ocr"], f'"{sys.executable}" -c "{script}" {{image}}')
    with pytest.raises(EngineError, match=r"ended with 1: image\.png$"):
        engine.open()(PIXELS)
    script = "while True: print('x' * 10000)"
    engine = find_engine(TASKS["ocr"], f'"{sys.executable}" -c "{script}" {{image}}')
    with pytest.raises(EngineError, match="printed more than 16,000,000 bytes"):
        engine.open()(PIXELS)


def test_what_a_command_prints_is_text() -> None:
    script = "import sys; sys.stdout.buffer.write(bytes([233, 116, 233]))"
    engine = find_engine(TASKS["ocr"], f'"{sys.executable}" -c "{script}" {{image}}')
    with pytest.raises(EngineError, match="to print UTF-8, got other bytes"):
        engine.open()(PIXELS)
    line = f"'{sys.executable}' -c 'import json; print(json.dumps([float(\"nan\")]))' {{image}}"
    engine = find_engine(TASKS["fields"], line)
    with pytest.raises(EngineError, match="NaN is no JSON"):
        engine.open()(PIXELS)


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
