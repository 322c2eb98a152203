"""Feedback: which images it is about, and what it says of the guarantee."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from logs import feedback_of, filed, readings, rows, watched_gate, write

from imagegate.errors import CorpusError, SettingsError
from imagegate.monitoring import watch
from imagegate.monitoring.feedback import Failures, Matches
from imagegate.monitoring.periods import read_logs
from imagegate.stats.binomial import clopper_pearson, sources_needed
from imagegate.training.data.outcomes import read_list

GATE = watched_gate()


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    """Return the gate as read from its file, which gives it a hash, and the file."""
    return filed(GATE, tmp_path_factory.mktemp("gate"))


@pytest.mark.parametrize(("failures", "level"), [(1, "keep"), (20, "retrain")])
def test_feedback_is_compared_with_the_guarantee(gate, tmp_path, failures, level):
    gate, file = gate
    lines = rows(gate, readings(200, 13))
    used = [line for line in lines if line["route"] == "use"][:80]
    answers = feedback_of(tmp_path / "fb.csv", used, np.arange(80) < failures)
    log = write(tmp_path / "log.jsonl", lines)
    report = watch([log], gate=file, feedback=answers)
    seen = report.total.observed
    assert seen.used == seen.covered == Failures(80, failures, *clopper_pearson(failures, 80))
    assert seen.guaranteed == 0.05
    assert seen.expected.failures == pytest.approx(sum(line["p_fail"] for line in used))
    assert report.advice.level == level
    assert any("biased" in note for note in report.notes)


def test_many_periods_do_not_raise_an_alarm_by_chance(gate, tmp_path):
    """Four failures of twenty are beyond chance in one batch, not in one of thirty."""
    gate, file = gate
    batches = [rows(gate, readings(60, 40 + i), batch=f"b{i}") for i in range(30)]
    used = [[line for line in batch if line["route"] == "use"][:20] for batch in batches]
    bad = np.arange(600) < 4
    answers = feedback_of(tmp_path / "fb.csv", [line for part in used for line in part], bad)

    def advised(*batches):
        log = write(tmp_path / "log.jsonl", [line for batch in batches for line in batch])
        return watch([log], gate=file, feedback=answers).advice.level

    assert advised(batches[0]) == "retrain"
    assert advised(*batches) == "keep"


def test_feedback_finds_images_by_path_root_and_content(gate, tmp_path, monkeypatch):
    gate, file = gate
    monkeypatch.chdir(tmp_path)
    digest = hashlib.sha256(b"x").hexdigest()
    lines = rows(gate, readings(6, 14))
    for line, path in zip(
        lines, ["a.png", "b.png", "s3://in/c.png", "d.png", "e.tif", "e.tif"], strict=True
    ):
        line["path"] = path
    lines[3]["sha256"] = digest
    lines[5] |= {"page": 2, "pages": 2}
    again = lines[0] | {"decision": "reject", "route": "reject"}
    (tmp_path / "fb.csv").write_text(
        "path,failed,sha256,page\n"
        f"a.png,1,,\n{tmp_path}/b.png,no,,\ns3://in/c.png,0,,\nmoved.png,yes,{digest.upper()},\n"
        "e.tif,1,,2\na.png,1,,\nnowhere.png,1,,\n"
    )
    log = write(tmp_path / "log.jsonl", [*lines, again])
    matches = Matches(read_list(Path("fb.csv")))
    read_logs([log], gate, None, matches=matches)
    found = matches.found
    assert {line: one.failed for line, one in found.items()} == {
        2: True,
        3: False,
        4: False,
        5: True,
        6: True,
    }
    assert found[2].route == "reject", "the last decision about an image counts"
    notes = " ".join(watch([log], gate=file, feedback="fb.csv").notes)
    assert "1 of 6 answers matches no image of this log (line 8)" in notes
    assert "1 line repeats an answer and counts once" in notes
    assert "1 line of the log is about an image again" in notes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,failed\na.png,perhaps\n", "line 2: expected failed 0 or 1, got 'perhaps'"),
        (
            "path,failed\na.png,1\nb.png,1\na.png,0\n",
            "line 4: a.png has another answer than on line 2",
        ),
        ("path,failed,page\na.tif,1,first\n", "line 2: expected a page from 1, got 'first'"),
        ("file,failed\na.png,1\n", "expected the columns path,failed"),
    ],
)
def test_feedback_that_cannot_be_understood(tmp_path, text, message):
    (tmp_path / "fb.csv").write_text(text)
    with pytest.raises(CorpusError, match=re.escape(message)):
        read_list(tmp_path / "fb.csv")


def test_the_same_name_with_another_content_is_another_image(gate, tmp_path):
    """A scanner that always writes scan.png: only the sha256 tells one page from the next."""
    gate, file = gate
    digests = [hashlib.sha256(text).hexdigest() for text in (b"one", b"two", b"three")]
    line = rows(gate, readings(1, 14))[0] | {"path": "/in/scan.png"}
    log = write(tmp_path / "log.jsonl", [line | {"sha256": digest} for digest in digests[:2]])
    answers = tmp_path / "fb.csv"

    def found(*said):
        answers.write_text("path,failed,sha256\n" + "".join(f"{one}\n" for one in said))
        matches = Matches(read_list(answers))
        read_logs([log], gate, None, matches=matches)
        return [(one.failed, matches.again) for one in matches.found.values()]

    assert found(f"/in/scan.png,1,{digests[2]}") == []
    assert found(f"/in/scan.png,0,{digests[0]}", f"/in/scan.png,1,{digests[1]}") == [
        (False, 0),
        (True, 0),
    ]
    assert found("/in/scan.png,1,") == [(True, 1)], "without a sha256 the name decides"
    with pytest.raises(CorpusError, match=r"line 3: .* has another answer than on line 2"):
        found(f"/in/scan.png,0,{digests[0]}", "/in/scan.png,1,")
    asked = {"gate": file, "feedback": answers}
    write(log, [line])
    assert found(f"/in/scan.png,0,{digests[0]}", f"/in/scan.png,1,{digests[1]}") == []
    with pytest.raises(SettingsError, match="none of 2 answers"):
        watch([log], **asked)
    write(log, [line | {"sha256": digests[0]}])
    assert watch([log], **asked).to_dict() == watch([log], **asked).to_dict()


def test_feedback_by_where_sorting_put_the_images(gate, tmp_path, monkeypatch):
    """A repaired copy has a content of its own; the original's sha256 is not held against it."""
    gate, file = gate
    monkeypatch.chdir(tmp_path)
    old, new, odd = (hashlib.sha256(text).hexdigest() for text in (b"old", b"new", b"odd"))
    lines = rows(gate, readings(3, 14), sha256=old)
    lines[1] |= {"route": "repair", "repair": "noise", "p_repaired": 0.1}
    for i, line in enumerate(lines):
        line |= {"path": f"in/{i}.png", "written": f"sorted/use/{i}.png"}
    log = write(tmp_path / "log.jsonl", lines)
    (tmp_path / "sorted").mkdir()
    answers = tmp_path / "sorted" / "fb.csv"
    answers.write_text(
        f"path,failed,sha256\nuse/0.png,1,\nuse/1.png,0,{new}\n"
        f"{tmp_path}/sorted/use/2.png,1,{odd}\n"
    )
    matches = Matches(read_list(answers))
    read_logs([log], gate, None, matches=matches)
    assert {line: one.failed for line, one in matches.found.items()} == {2: True, 3: False}
    answers.write_text("path,failed\nelsewhere/0.png,1\n")
    wanted = r"in/0.png, written to sorted/use/0.png; .* elsewhere/0.png"
    with pytest.raises(SettingsError, match=wanted):
        watch([log], gate=file, feedback=answers)


def beyond(gate, count, **facts):
    """Return lines of images that a policy used, and the gate by itself would not have."""
    lines = rows(gate, readings(8 * count, 19), **facts)
    held = [line for line in lines if line["p_fail"] and line["decision"] != "pass"]
    return [line | {"route": "use"} for line in held[:count]]


def test_what_a_policy_uses_beyond_the_threshold_breaks_no_guarantee(gate, tmp_path):
    gate, file = gate
    lines = beyond(gate, 60, batch="odd")
    covered = [line for line in rows(gate, readings(90, 20)) if line["route"] == "use"][:60]
    answers = feedback_of(tmp_path / "fb.csv", [*lines, *covered], [True] * 60 + [False] * 60)
    log = write(tmp_path / "log.jsonl", [*lines, *covered])
    report = watch([log], gate=file, feedback=answers)
    seen = report.total.observed
    assert (seen.used.images, seen.used.failed) == (120, 60)
    assert (seen.covered.images, seen.covered.failed, seen.exceeded) == (60, 0, False)
    assert all("guaranteed" not in one.advice.reason for one in (report.total, *report.periods))
    assert report.total.expected.images == 120, "how many fail is told of all that are used"
    assert any("60 images were used beyond the gate's own threshold" in n for n in report.notes)


@pytest.mark.parametrize("kept", [True, False])
def test_harder_images_than_the_guarantee_allows(tmp_path, kept):
    """Images that just pass, one and all; without a guarantee none is in danger."""
    card = GATE.card
    card = replace(card, guarantee=replace(card.guarantee, kept=kept))
    card = replace(card, thresholds={"pass": 0.3, "reject": 0.5})
    gate, file = filed(replace(GATE, card=card), tmp_path)
    lines = [line for line in rows(gate, readings(6000, 19)) if (line["p_fail"] or 0) > 0.1]
    lines = [line for line in lines if line["route"] == "use"]
    report = watch([write(tmp_path / "log.jsonl", lines)], gate=file)
    assert report.to_dict()["promise"] == (0.05 if kept else None)
    assert ("more than the guaranteed 5 %" in report.advice.reason) == kept
    labels = sources_needed(0.05, 0.95) if kept else None
    assert report.total.advice.labels == labels


def test_repaired_images_were_given_to_the_engine(gate, tmp_path):
    gate, file = gate
    lines = rows(gate, readings(40, 21))
    held = [line for line in lines if line["route"] == "reject"]
    repaired = held[0] | {"route": "repair", "repair": "noise", "p_repaired": 0.03}
    log = write(tmp_path / "log.jsonl", [repaired, held[1]])
    answers = feedback_of(tmp_path / "fb.csv", [repaired, held[1]], [False, True])
    report = watch([log], gate=file, feedback=answers)
    seen = report.total.observed
    assert seen.repaired == Failures(1, 0, *clopper_pearson(0, 1))
    assert seen.held_back == Failures(1, 1, *clopper_pearson(1, 1))
    assert seen.used.images == 0
    assert seen.expected.failures == pytest.approx(0.03 + held[1]["p_fail"])
    plain = report.to_dict()["total"]["observed"]
    assert (plain["repaired"]["images"], plain["repaired"]["failed"]) == (1, 0)
