"""The commands of a batch: exit codes and JSON."""

import json

import pyarrow.parquet as pq
import pytest
from batches import batch_of, folders
from typer.testing import CliRunner

from imagegate.cli import app


@pytest.fixture
def run(tmp_path):
    batch_of(tmp_path, 20).close()

    def call(*words, code=0):
        line = ["edits", *words, "--store", str(tmp_path / "store")]
        done = CliRunner().invoke(app, line)
        assert done.exit_code == code, done.output
        return done.output

    return call


def test_begin_names_what_has_no_partner(tmp_path):
    originals, edited = folders(tmp_path, 3)
    (edited / "002.png").rename(edited / "002-edited.png")
    words = ["edits", "begin", str(originals), str(edited), "--store", str(tmp_path / "s")]
    done = CliRunner().invoke(app, [*words, "--model", "m", "--prompt", "p"])
    assert done.exit_code == 1
    assert "misnamed 002.png?" in done.output


def test_from_sample_to_rollback(run, tmp_path):
    to = ("--to", str(tmp_path / "out"))
    plan = json.loads(run("sample", "--bound", "0.1", "--json"))
    assert plan["looks"] == plan["high"] + plan["drawn"]
    run("publish", *to, code=1)  # not proven
    waiting = json.loads(run("reviews", "--next", "20", "--json", code=1))["next"]
    answers = "".join(f"{name},good,2\n" for name in waiting[: plan["looks"]])
    (tmp_path / "labels.csv").write_text("name,label,seconds\n" + answers)
    run("reviews", "--add", str(tmp_path / "labels.csv"))
    assert json.loads(run("publish", *to, "--stage", "10%", "--json"))["published"] == 3
    assert json.loads(run("publish", *to, "--json"))["published"] == 20
    run("report-flag", "003.png", code=1)
    assert json.loads(run("rollback", *to, "--json"))["published"] == 0
    facts = json.loads(run("status", "--json"))
    assert facts["proven"]["proven"]
    assert facts["flagged"] == 1
    assert "rollback" in run("log")
    assert "0 files" in run("gc")
    assert (tmp_path / "store" / "files").exists()
    assert "20 pictures can then not be rolled back" in run("gc", "--keep", "0")
    run("export", "--parquet", str(tmp_path / "batch.parquet"))
    rows = pq.read_table(tmp_path / "batch.parquet").to_pylist()
    assert [row["flags"] for row in rows] == [0, 0, 0, 1] + [0] * 16
    run("gc", "--keep", "0", "--remove")
    assert not list((tmp_path / "store" / "files").glob("*/*"))
