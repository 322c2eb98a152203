"""The commands of a batch: exit codes and JSON."""

import json

import pyarrow.parquet as pq
import pytest
from batches import batch_of, folders
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.edits.batch.learn import labelled
from imagegate.edits.batch.reviews import record_review


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
    report = json.loads(run("report", "--json", "--out", str(tmp_path / "report.html")))
    assert (report["looks"], report["bad"], report["proven"]) == (plan["looks"], 0, True)
    assert [one["looks"] for one in report["offers"]] == sorted(
        (one["looks"] for one in report["offers"]), reverse=True
    )
    assert "003.png" not in (tmp_path / "report.html").read_text()  # nothing is held back
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


def measured(original, edited, mask):
    return {"decision": "pass", "width": 8, "height": 6, "measures": {"edit.grain": 1.5}}


def test_reviews_become_labels_of_the_measures(tmp_path):
    batch = batch_of(tmp_path, 4, look=measured)
    for name, word in (("000.png", "good"), ("001.png", "bad"), ("002.png", "skip")):
        record_review(batch, name, "ann", word)
    rows = labelled(batch)
    assert rows.column("source_id").tolist() == ["000.png", "001.png"]
    assert rows.fails.tolist() == [False, True]
    assert rows.matrix(["edit.grain"]).tolist() == [[1.5], [1.5]]
