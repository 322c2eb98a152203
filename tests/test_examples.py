"""The examples run as they stand, in small, and end with a gate that is judged beside the rules."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"

# In small: fewer pictures than the examples draw by themselves.
SMALL = {
    "qr_codes": {"LABELS": 50, "VARIANTS": 3},
    "outcomes": {"IMAGES": 100},
    "products": {"DRAWN": 120, "VARIANTS": 3},
    "onnx_model": {"PAGES": 50, "VARIANTS": 2, "SIDE": 320},
}


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to work in, with the examples importable as when one of them is run."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", SMALL)
def test_an_example_runs_from_the_first_line_to_the_last(
    name: str, beside: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = importlib.import_module(name)
    for constant, value in SMALL[name].items():
        monkeypatch.setattr(example, constant, value)
    example.main()
    told = capsys.readouterr().out
    assert re.search(r"AUROC [01]\.\d+ against 0\.\d+", told), told
    assert list(beside.rglob("*.gate"))


def test_every_example_is_run_or_read_here() -> None:
    scripts = {path.stem for path in EXAMPLES.glob("*.py")}
    assert scripts == {*SMALL, "read_label"}


def test_the_command_line_example(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell script, as it stands but for the number of images."""
    qr_codes = importlib.import_module("qr_codes")
    (beside / "example-qr" / "photos").mkdir(parents=True)
    for number in range(12):
        qr_codes.cv2.imwrite(
            str(beside / f"example-qr/photos/{number:04d}.png"), qr_codes.draw_label(number)
        )
    bin_folder = str(Path(sys.executable).parent)
    done = subprocess.run(
        ["sh", str(EXAMPLES / "command_line.sh")],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{bin_folder}:/usr/bin:/bin"},
    )
    assert done.returncode in (0, 1), done.stderr  # the last command's answer about one image
    assert (beside / "example-qr" / "fields.gate").is_file(), done.stdout + done.stderr
    assert re.search(r"(pass|review|reject) .* example-qr/photos/0001\.png", done.stdout)
