"""A command line as an engine: what it may print and write, and what is said if it fails."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from imagegate.engines.engine import Engine
from imagegate.errors import EngineError, SettingsError
from imagegate.tasks import TASKS, OcrOutput, find_engine

PIXELS = np.zeros((8, 12, 3), np.uint8)


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
