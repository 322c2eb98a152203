"""Fields read from documents: what counts as one, and how many are lost."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from imagegate.errors import OutputError, SettingsError
from imagegate.tasks import TASKS, find_engine

TASK = TASKS["fields"]
INVOICE = {
    "number": "A-17",
    "total": 9,
    "paid": False,
    "note": None,
    "items": [{"name": "Green  Tea", "price": 4.5}, {"name": "Rice", "price": 4.5}],
}


def test_losses() -> None:
    assert TASK.loss(INVOICE, INVOICE) == 0
    assert TASK.loss({}, INVOICE) == 1
    assert TASK.loss({**INVOICE, "total": 8}, INVOICE) == pytest.approx(1 / 7)
    assert TASK.loss({**INVOICE, "total": 9.0, "number": "a-17 "}, INVOICE) == 0
    assert TASK.loss({**INVOICE, "items": INVOICE["items"][::-1]}, INVOICE) == 0  # type: ignore[index]
    once = {**INVOICE, "items": [{"name": "Rice", "price": 4.5}]}
    assert TASK.loss(once, INVOICE) == pytest.approx(2 / 7)  # each as often as it occurs
    assert TASK.loss({**INVOICE, "made up": 3}, INVOICE) == 0
    assert math.isnan(TASK.loss(INVOICE, {"note": None, "items": []}))
    assert TASK.loss("Total", "total ") == 0


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="expected JSON values, got ndarray"):
        TASK.loss(np.zeros(3), INVOICE)
    assert TASK.parse is not None
    with pytest.raises(OutputError, match="expected JSON, got 'Segmentation"):
        TASK.parse("Segmentation fault\n")
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OutputError, match=r"a\.json: 'utf-8' codec"):
        TASK.read_truth(str(tmp_path / "a.json"))


def test_only_users_have_an_engine_for_it() -> None:
    with pytest.raises(SettingsError, match="fields has no engine of its own: give yours"):
        find_engine(TASK)
    line = f"'{sys.executable}' -c 'print([1, 2])' {{image}}"
    assert find_engine(TASK, line).open()(np.zeros((8, 8, 3), np.uint8)) == [1, 2]
