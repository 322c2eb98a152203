"""The artefact gate: its corpus, its training, and what the labels of a batch bring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from edit_pictures import scene

from imagegate.edits.corpus import (
    LONGEST_SIDE,
    corpus_of,
    made_edits,
    made_rows,
    shrunk,
    write_corpus,
)
from imagegate.edits.learn import learn_from_labels
from imagegate.errors import CorpusError, SettingsError
from imagegate.features import EDITS, output_measures, version_of
from imagegate.features.edits import EDIT_MEASURES, EDIT_VERSION
from imagegate.models.artifact import from_bytes, to_bytes
from imagegate.models.gate import Gate
from imagegate.training.corpus import Corpus, read_corpus
from imagegate.training.data.clean import Source
from imagegate.training.evaluation.evaluate import evaluate
from imagegate.training.learning.fit import train
from imagegate.training.learning.learner import LearnerSettings

QUICK = LearnerSettings(grid=LearnerSettings().grid[:1], trees=20, members=1)


def rows(count: int, seed: int, shows: int, text: str = "a") -> Corpus:
    """Return rows that are bad where one measure is high."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 1, (count, len(EDIT_MEASURES)))
    about = {"set": "drawn", "path": "", "cause": "seam", "chain": "[]", "severity": 0, "seed": 0}
    size = {"width": 9, "height": 9, "reference_px": 1.0, "confidence": 1.0, "error": ""}
    return corpus_of(
        [
            {
                **about,
                **size,
                **dict(zip(EDIT_MEASURES, row, strict=True)),
                **dict.fromkeys(("row_id", "source_id", "group"), f"{text}{number:04d}"),
                "loss": float(row[shows] + rng.normal(0, 0.3) > 0),
            }
            for number, row in enumerate(values.tolist())
        ]
    )


@pytest.fixture(scope="module")
def gate() -> Gate:
    return train(rows(400, 0, shows=0), name="edits", risk_target=0.2, settings=QUICK).gate


def test_made_edits_are_measured_by_their_mask_and_found(tmp_path: Path) -> None:
    source = Source("drawn/a", "drawn/a", "drawn", path="a.png")
    again = [list(made_edits(source, scene(3), 4, seed=1)) for _ in range(2)]
    assert all((one.edited == two.edited).all() for one, two in zip(*again, strict=True))
    found = [row for number, made in enumerate(again[0]) for row in made_rows(source, number, made)]
    assert {row["row_id"].split()[-1] for row in found} == {"given", "found"}
    write_corpus(tmp_path / "corpus", found, {"drawn": "CC0"})
    read = read_corpus(tmp_path / "corpus")
    assert len(read) == len(found)
    assert read.names == tuple(EDIT_MEASURES)
    assert read.set_facts()[0]["licence"] == "CC0"
    assert np.isfinite(read.X).mean() > 0.8


def test_photographs_are_made_small_and_tiny_ones_left_out() -> None:
    assert max(shrunk(scene(0, 700, 900)).shape) == LONGEST_SIDE
    tiny = Source("drawn/b", "drawn/b", "drawn")
    assert not list(made_edits(tiny, scene(0, 60, 80), 2, seed=0))


def test_measures_of_edits_are_known_to_gates() -> None:
    assert output_measures(EDITS) == tuple(EDIT_MEASURES)
    assert version_of(EDITS) == EDIT_VERSION


def test_a_gate_of_edits_ranks_is_saved_and_refuses_one_picture(gate: Gate) -> None:
    fresh = rows(200, 9, shows=0, text="b")
    assert evaluate(gate, fresh, mistakes=0, bootstrap=50)["learned"].metrics["auroc"].value > 0.9
    again = from_bytes(to_bytes(gate))
    assert (again.p_fail(fresh.X) == gate.p_fail(fresh.X)).all()
    with pytest.raises(SettingsError, match="before and after"):
        gate.check(scene())


def test_labels_teach_what_the_gate_did_not_know(gate: Gate) -> None:
    labels, fresh = rows(80, 1, shows=5, text="l"), rows(300, 2, shows=5, text="f")
    learned = learn_from_labels(gate, labels, name="mine")
    assert learned.before < 0.65 < 0.8 < learned.after
    assert learned.gate.card.adjusted[-1]["outcomes"]["rows"] == 80
    again = from_bytes(to_bytes(learned.gate))
    bad = again.p_fail(fresh.X)[fresh.fails]
    assert np.median(bad) > np.median(again.p_fail(fresh.X)[~fresh.fails]) + 0.2


def test_labels_that_agree_with_the_gate_do_no_harm(gate: Gate) -> None:
    learned = learn_from_labels(gate, rows(60, 4, shows=0, text="l"))
    assert learned.after > learned.before - 0.05
    assert learned.gate.name == gate.name


def test_too_few_labels_are_refused(gate: Gate) -> None:
    with pytest.raises(CorpusError, match="review more"):
        learn_from_labels(gate, rows(10, 1, shows=0))
