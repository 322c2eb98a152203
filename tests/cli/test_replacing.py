"""No command replaces a file of another kind with what it writes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.errors import SettingsError
from imagegate.pipeline.destination import check_gate_file, check_page

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("check", [check_gate_file, check_page])
def test_a_file_of_another_kind_stays(check, tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"\x89PNG\r\n")
    with pytest.raises(SettingsError, match="already exists and is no"):
        check(photo)
    assert photo.read_bytes() == b"\x89PNG\r\n"
    assert check(tmp_path / "new").name == "new"
    assert not (tmp_path / "new").exists()


def test_train_and_evaluate_ask_before_they_work(tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"precious")
    corpus = str(ROOT / "corpora/ocr-rapidocr/pages")
    for command in (
        ["train", corpus, "--out", str(photo)],
        ["evaluate", "ocr-rapidocr", corpus, "--report", str(photo)],
    ):
        done = CliRunner().invoke(app, command)
        assert "already exists and is no" in str(done.exception)
    assert photo.read_bytes() == b"precious"
