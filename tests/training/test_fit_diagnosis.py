"""Learning causes: labels from chains, where a cause hurts, no leak, and one tiny training."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import standins
from test_feeding_back import write_corpus
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.degrade import Chain, Step, amount_at, chain_from_json, chain_to_json
from imagegate.errors import CorpusError, SettingsError
from imagegate.features import CAUSES, MEASURES, SCORES
from imagegate.models.artifact import from_bytes, read_gate, to_bytes
from imagegate.models.card_text import diagnosis_lines
from imagegate.models.gate import Gate
from imagegate.models.reasons import PRESENT, Diagnosis
from imagegate.training.corpus import Corpus
from imagegate.training.data.clean import cause_of
from imagegate.training.evaluation.evaluate import evaluate
from imagegate.training.labelling.recipes import draw
from imagegate.training.learning import diagnosis
from imagegate.training.learning.diagnosis import HURTS as HURTS_SHARE
from imagegate.training.learning.diagnosis import (
    LEAST_LEVEL,
    MOST_LEVEL,
    CauseRows,
    cause_rows,
    hurting_levels,
    presence,
)
from imagegate.training.learning.fit import TrainResult, train
from imagegate.training.learning.learner import LearnerSettings

# What shows each cause in the made rows, and the level from which it makes the task fail.
SHOWS = {
    "blur": "blur.edge_width_px",
    "resolution": "resolution.resampling",  # which no gate learns failures from
    "noise": "noise.flat_rms",
    "exposure": "exposure.range",
    "compression": "compression.blockiness",
    "pixelation": "pixelation.grid_energy",
}
HURTS = dict(zip(SCORES, (2.0, 1.8, 1.2, 1.5, 3.5, 1.6), strict=True))
LETTERS_PX = 40.0  # letters so large that they are no fault


def levels_of(chain: Chain) -> dict[str, float]:
    """Return the strongest level of every cause, 0 of one that is absent."""
    return {c: max([0.0, *(step.level for step in chain if step.cause == c)]) for c in SCORES}


def corpus(rows: list[tuple[str, Chain, float]], *, seed: int = 0, **meta: Any) -> Corpus:
    """Return rows of (source, chain, loss) whose readings show the level of each cause."""
    rng = np.random.default_rng(seed)
    names = tuple(MEASURES)
    X = np.full((len(rows), len(names)), np.nan, np.float32)
    for i, (_, chain, _) in enumerate(rows):
        for cause, level in levels_of(chain).items():
            X[i, names.index(SHOWS[cause])] = level + rng.normal(0, 0.1)
    sources = [source for source, *_ in rows]
    text = {
        "row_id": [f"{source}#{i:04d}" for i, source in enumerate(sources)],
        "source_id": sources,
        "group": sources,
        "set": [source.partition("/")[0] for source in sources],
        "path": sources,
        "chain": [chain_to_json(chain) for _, chain, _ in rows],
        "cause": [cause_of(chain) for _, chain, _ in rows],
    }
    columns = {name: np.array(values, dtype=object) for name, values in text.items()}
    severity = [max([0, *(step.severity for step in chain)]) for _, chain, _ in rows]
    columns |= {
        "severity": np.array(severity, np.int8),
        "seed": np.arange(len(rows)),
        "reference_px": np.full(len(rows), LETTERS_PX),
        "width": np.full(len(rows), 800),
        "height": np.full(len(rows), 600),
        "loss": np.array([loss for *_, loss in rows], np.float32),
        "confidence": np.full(len(rows), np.nan, np.float32),
    }
    usual = {"task": "ocr", "engine": "tesseract", "limit": 0.3, "text": True, "recipe": "mixed"}
    return Corpus({**usual, "sets": {}, **meta}, columns, X, names)


def loss_of(chain: Chain) -> float:
    """Fail exactly where a cause is as strong as it takes."""
    return 0.9 if any(level >= HURTS[c] for c, level in levels_of(chain).items()) else 0.1


def drawn(
    recipe: str, sources: int, variants: int, *, name: str = "pages", seed: int = 0
) -> Corpus:
    """Return a corpus of a recipe, its losses as they truly are; those of causes are not known."""
    rows = []
    for source in (f"{name}/{number}" for number in range(sources)):
        for variant in range(variants):
            chain = draw(recipe, seed, source, variant)
            rows.append((source, chain, math.nan if recipe == "causes" else loss_of(chain)))
    return corpus(rows, seed=seed, recipe=recipe)


def rows_of(found: Corpus, *, split: str = "train") -> CauseRows:
    """Return the rows of one corpus, all of them in one split."""
    return cause_rows([found], [np.full(len(found), split)], tuple(SHOWS.values()))


step = partial(Step, severity=3, seed=1)
BLUR, NOISE = step("blur.gaussian"), step("noise.gaussian")
SMALL, SMALL_TOO = step("resolution.left_small"), replace(step("resolution.bicubic"), seed=2)


def test_gains_are_what_is_known_of_the_same_source_without_the_cause() -> None:
    found = rows_of(
        corpus(
            [
                ("s/a", (), 0.1),
                ("s/a", (BLUR,), 0.9),
                ("s/a", (NOISE,), 0.2),
                ("s/a", (BLUR, NOISE), 0.8),
                ("s/a", (SMALL, BLUR, SMALL_TOO), 0.95),
                ("s/b", (BLUR,), 0.9),  # nobody knows how it would be without
                ("s/c", (), 0.7),
                ("s/c", (NOISE,), 0.9),  # it failed before
                ("s/d", (), math.nan),
                ("s/d", (BLUR,), math.nan),  # no engine has seen it
            ]
        )
    )
    blur, noise, resolution = (list(CAUSES).index(name) for name in ("blur", "noise", "resolution"))
    nan = math.nan
    assert found.gain[:, blur].tolist() == pytest.approx(
        [0, 1, 0, 1, nan, nan, 0, 0, 0, nan], nan_ok=True
    )
    assert found.gain[:, noise].tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert found.gain[4, resolution] == 0, "both steps of a cause go; blur alone fails, too"
    assert found.helps[:4, blur].tolist() == pytest.approx([0, 0.8, 0, 0.6])
    assert found.helps[:4, noise].tolist() == pytest.approx([0, 0, 0.1, -0.1])
    assert found.helps[7, noise] == pytest.approx(0.2)
    assert found.clean_fails.tolist() == [False] * 5 + [True] * 5
    assert found.level[3, [blur, noise]].tolist() == [3, 3]
    assert np.isnan(found.level[0]).all()
    assert np.isnan(np.delete(found.level[1], blur)).all()
    assert found.only(blur).tolist() == [
        True,
        True,
        False,
        False,
        False,
        True,
        True,
        False,
        True,
        True,
    ]


def test_letters_that_were_small_from_the_beginning_are_a_cause_that_cannot_be_undone() -> None:
    made = corpus([("s/a", (), 0.1), ("s/a", (NOISE,), 0.9), ("s/a", (SMALL,), 0.9)])
    heights = np.array([4.3, 4.3, 4.3])
    resolution, noise = list(CAUSES).index("resolution"), list(CAUSES).index("noise")
    found = rows_of(replace(made, rows={**made.rows, "reference_px": heights}))
    own = Step("resolution.left_small", 1, 0, 4.3).level
    assert own > 1
    assert found.level[:, resolution].tolist() == pytest.approx([own, own, max(own, SMALL.level)])
    assert np.isnan(found.gain[:2, resolution]).all()
    assert found.gain[2, resolution] == 1
    assert found.gain[1, noise] == 1
    large = rows_of(made)
    assert np.isnan(large.level[:2, resolution]).all()
    pictures = replace(made, meta={**made.meta, "text": False})
    pictures = replace(pictures, rows={**made.rows, "reference_px": heights})
    assert np.isnan(rows_of(pictures).level[:2, resolution]).all(), "pictures have no letters"


def single_rows(
    name: str, fails_from: float, *, sources: int = 60, clean: float = 0.1, over: str = "s"
) -> list[tuple[str, Chain, float]]:
    """Return clean images, and each with one step at a level between 0 and 5."""
    rows: list[tuple[str, Chain, float]] = []
    for number, level in enumerate(np.linspace(0.05, 4.95, sources)):
        chain = (Step(name, 1, number, amount_at(name, float(level))),)
        source = f"{over}/{number}"
        rows += [(source, (), clean), (source, chain, 0.9 if level >= fails_from else clean)]
    return rows


def test_a_cause_hurts_from_where_good_images_fail() -> None:
    rows = [
        *single_rows("blur.motion", 1.3, over="blur"),
        *single_rows("noise.iso", 9.0, over="noise"),  # never
        *single_rows("exposure.under", 0.0, over="exposure"),  # at once
        *single_rows("pixelation.block", 1.0, over="few", sources=15),
        *single_rows("compression.jpeg", 1.0, over="bad", clean=0.9),  # failed before
    ]
    hurts = dict(zip(CAUSES, hurting_levels(rows_of(corpus(rows))), strict=True))
    assert hurts["blur"] == pytest.approx(1.3, abs=0.1)
    assert hurts["exposure"] == LEAST_LEVEL
    assert {hurts[cause] for cause in SCORES if cause not in ("blur", "exposure")} == {MOST_LEVEL}


def test_where_a_cause_hurts_is_learned_from_rows_with_it_alone() -> None:
    """Noise makes images fail; the blur beside it must not be blamed."""
    rows: list[tuple[str, Chain, float]] = []
    for source, chain, loss in single_rows("blur.motion", 1.4):
        loud = [(*chain, Step("noise.iso", 5, number)) for number in range(4)]
        rows += [(source, chain, loss), *((source, noisy, 0.9) for noisy in loud)]
    blur = list(CAUSES).index("blur")
    assert hurting_levels(rows_of(corpus(rows)))[blur] == pytest.approx(1.4, abs=0.1)
    faint = [  # what nobody notices does not count as another cause
        (source, (*chain, Step("noise.iso", 1, 1, amount_at("noise.iso", 0.3))) if chain else (), x)
        for source, chain, x in single_rows("blur.motion", 1.4)
    ]
    alone = rows_of(corpus(faint))
    assert alone.only(blur).all()


def test_between_weak_and_hurting_nobody_says_what_is_present() -> None:
    level = np.array([[math.nan, 0.9], [0.99, 1.0], [1.0, 2.0], [2.0, 9.0]])
    nan = math.nan
    np.testing.assert_array_equal(
        presence(level, np.array([2.0, 2.0])), [[0, 0], [0, nan], [nan, 1], [1, 1]]
    )


MIXED = drawn("mixed", 90, 6)
# Some sources of the corpus itself, and others, which both recipes share.
SHOWN = drawn("causes", 130, 8)
UNDONE = drawn("counterfactuals", 110, 8)
FEW = LearnerSettings(grid=LearnerSettings().grid[:1], trees=20, members=1)
SETTINGS = {"name": "tiny", "risk_target": 0.2, "confidence": 0.8, "seed": 3, "settings": FEW}
diagnose = partial(diagnosis.diagnose, settings=FEW)
fit_diagnosis = partial(diagnosis.fit_diagnosis, settings=FEW)


@pytest.fixture(scope="module")
def seen() -> list[CauseRows]:
    """Hold the rows that a diagnosis is learned from."""
    return []


@pytest.fixture(scope="module")
def result(seen: list[CauseRows]) -> TrainResult:
    def noted(rows: CauseRows, *args: Any, **options: Any) -> Any:
        seen.append(rows)
        return learn(rows, *args, **options)

    learn = diagnosis.fit_diagnosis
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diagnosis, "fit_diagnosis", noted)
        return train(MIXED, diagnosis=[SHOWN, UNDONE], **SETTINGS)


def diagnosis_of(gate: Gate) -> Diagnosis:
    assert gate.diagnosis
    return gate.diagnosis


def firsts(gate: Gate, made: Corpus) -> list[str]:
    """Return the weightiest cause of every row."""
    diagnosis = diagnosis_of(gate)
    return [
        diagnosis.findings(dict(zip(diagnosis.measures, x, strict=True)))[0].cause
        for x in made.matrix(diagnosis.measures)
    ]


def test_a_group_is_in_one_part_wherever_it_occurs(
    result: TrainResult, seen: list[CauseRows]
) -> None:
    (rows,) = seen
    parts: dict[str, set[str]] = {}
    for source, part in zip(rows.sources.tolist(), rows.split.tolist(), strict=True):
        parts.setdefault(source, set()).add(part)
    assert all(len(found) == 1 for found in parts.values())
    known = dict(zip(MIXED.column("group").tolist(), result.split.tolist(), strict=True))
    assert all(parts[group] == {part} for group, part in known.items())
    assert len(parts) == 130
    fresh = [next(iter(found)) for group, found in parts.items() if group not in known]
    assert set(fresh) == {"train", "calibration", "test"}


def test_nothing_is_learned_from_test_rows(result: TrainResult, seen: list[CauseRows]) -> None:
    (rows,) = seen
    test = rows.split == "test"
    spoiled = replace(
        rows,
        X=np.where(test[:, None], np.float32(3), rows.X),
        level=np.where(test[:, None], 5.0, rows.level),
        gain=np.where(test[:, None], 1.0, rows.gain),
    )
    found = fit_diagnosis(
        spoiled, diagnosis_of(result.gate).measures, text=True, seed=SETTINGS["seed"]
    )
    assert found
    for one, other in zip(found[0].of(rows.X), diagnosis_of(result.gate).of(rows.X), strict=True):
        np.testing.assert_array_equal(one, other)
    late = rows.split == "calibration"
    unlike = replace(rows, X=np.where(late[:, None], rows.X[::-1], rows.X))
    found = fit_diagnosis(
        unlike, diagnosis_of(result.gate).measures, text=True, seed=SETTINGS["seed"]
    )
    assert found
    forest = diagnosis_of(result.gate).forest
    np.testing.assert_array_equal(found[0].forest.value, forest.value)
    assert not np.array_equal(found[0].calibration, diagnosis_of(result.gate).calibration)


def test_what_is_about_letters_is_no_cause_of_failure_for_pictures(
    result: TrainResult, seen: list[CauseRows]
) -> None:
    (rows,) = seen
    turned = rows.level.copy()
    turned[:, list(CAUSES).index("geometry")] = rows.level[:, list(CAUSES).index("blur")]
    measures, seed = diagnosis_of(result.gate).measures, SETTINGS["seed"]
    for text in (True, False):
        found = fit_diagnosis(replace(rows, level=turned), measures, text=text, seed=seed)
        assert found
        assert ("geometry" in found[0].causes) == text
        assert set(SCORES) <= set(found[0].causes)


def test_the_planted_cause_is_named_on_rows_never_seen(result: TrainResult) -> None:
    fresh = drawn("singles", 60, 4, name="fresh", seed=9)
    chains = [chain_from_json(text) for text in fresh.column("chain")]
    hurting = np.array([any(s.level >= HURTS[s.cause] for s in chain) for chain in chains])
    truth = fresh.column("cause")[hurting]
    assert set(truth) == set(SCORES)
    right = np.array(firsts(result.gate, fresh.select(hurting))) == truth
    assert right.mean() > 0.95
    clean = fresh.select(fresh.column("cause") == "clean")
    diagnosis = diagnosis_of(result.gate)
    assert (diagnosis.of(clean.matrix(diagnosis.measures))[0] >= PRESENT).mean() < 0.01


def test_gains_are_what_the_engine_would_gain(result: TrainResult) -> None:
    """Alone, a cause that hurts gains much; beside another that hurts, hardly a thing."""
    chain = (Step("blur.gaussian", 5, 1),)
    both = (*chain, Step("noise.gaussian", 5, 1))
    made = corpus([("x/1", chain, 0.9), ("x/1", both, 0.9)])
    diagnosis = diagnosis_of(result.gate)
    gain = diagnosis.of(made.matrix(diagnosis.measures))[1]
    alone, beside = gain[:, diagnosis.causes.index("blur")]
    assert alone > 0.6
    assert beside < alone - 0.3


def test_the_card_says_from_what_and_how_well(result: TrainResult) -> None:
    facts = result.gate.card.diagnosis
    assert tuple(facts["causes"]) == diagnosis_of(result.gate).causes == tuple(SCORES)
    assert SHOWS["resolution"] in facts["measures"]
    assert SHOWS["resolution"] not in result.gate.card.measures
    assert facts["rows"] == len(MIXED) + len(SHOWN) + len(UNDONE)
    assert facts["sources"] == 130
    assert [one["rows"] for one in facts["sets"]] == [len(SHOWN), len(UNDONE)]
    for cause, level in zip(SCORES, facts["hurts_from"], strict=True):
        assert level == pytest.approx(min(HURTS[cause], MOST_LEVEL), abs=0.5), cause
    for images, right in (*facts["held_out"]["one"].values(), facts["held_out"]["several"]):
        assert images > 3
        assert right >= 0.85 * images
    assert facts["held_out"]["helps"][0] > 3
    gain = facts["held_out"]["gain"]
    assert gain["rows"] > 20
    assert gain["stated"] == pytest.approx(gain["measured"], abs=0.15)
    assert result.gate.card.sets[0]["rows"] == len(MIXED), "no failures are learned from others"


def test_others_change_nothing_but_the_diagnosis(result: TrainResult) -> None:
    alone = train(MIXED, **SETTINGS).gate
    np.testing.assert_array_equal(alone.p_fail(MIXED.X), result.gate.p_fail(MIXED.X))
    assert alone.thresholds == result.gate.thresholds
    assert to_bytes(replace(alone, diagnosis=None, card=_undiagnosed(alone))) == to_bytes(
        replace(result.gate, diagnosis=None, card=_undiagnosed(result.gate))
    )


def _undiagnosed(gate: Gate) -> Any:
    return replace(gate.card, diagnosis={})


def test_same_rows_same_bytes(result: TrainResult) -> None:
    data = to_bytes(result.gate)
    assert to_bytes(from_bytes(data)) == data
    again = diagnose(result.gate, MIXED, result.split, [SHOWN, UNDONE])
    assert to_bytes(again) == data


def test_too_few_rows_give_no_diagnosis() -> None:
    """Images as they are show no cause: the six scores have to tell, and that is said."""
    made = standins.corpus(sources=60, variants=3)
    found = replace(made, rows={**made.rows, "chain": np.full(len(made), "[]", object)})
    result = train(found, **SETTINGS)
    assert result.gate.diagnosis is None
    assert result.gate.card.diagnosis == {}
    assert sum("--recipe causes" in line for line in result.summary.shortfall) == 1


def test_corpora_without_what_is_only_for_causes_serve(result: TrainResult) -> None:
    """As labelled before there was such a measure."""
    kept = [name for name in MEASURES if name != SHOWS["resolution"]]
    older = replace(UNDONE, X=UNDONE.matrix(kept), names=tuple(kept))
    found = diagnosis_of(diagnose(result.gate, MIXED, result.split, [older]))
    assert found.check().causes == result.gate.card.diagnosis["causes"]
    assert np.isfinite(found.of(SHOWN.matrix(found.measures))[0]).all()


def test_a_cause_that_was_never_undone_is_named_with_a_usual_gain(result: TrainResult) -> None:
    """All letters of the user's own pages are small; elsewhere there are others."""
    natural = {"chain": np.full(len(MIXED), "[]", object), "reference_px": np.full(len(MIXED), 3.0)}
    own = replace(MIXED, rows={**MIXED.rows, **natural})
    found = diagnosis_of(diagnose(result.gate, own, result.split, [SHOWN]))
    assert found.causes == tuple(SCORES)
    gain = found.of(SHOWN.matrix(found.measures))[1][:, list(CAUSES).index("resolution")]
    assert np.unique(gain).tolist() == [HURTS_SHARE]


def test_causes_with_few_rows_are_left_out(result: TrainResult) -> None:
    kept = np.isin(MIXED.column("cause"), ["clean", "blur", "noise"])
    gate = diagnose(result.gate, MIXED.select(kept), result.split[kept])
    assert set(diagnosis_of(gate).causes) == {"blur", "noise"}
    assert list(gate.card.diagnosis["causes"]) == ["blur", "noise"]


@pytest.mark.parametrize(
    ("recipe", "meta", "name"),
    [
        ("counterfactuals", {"engine": "rapidocr"}, "engine"),
        ("counterfactuals", {"task": "fields"}, "task"),
        ("counterfactuals", {"text": False}, "text"),
        ("causes", {"text": False}, "text"),
    ],
)
def test_rows_about_something_else_are_refused(
    result: TrainResult, recipe: str, meta: dict[str, Any], name: str
) -> None:
    other = replace(SHOWN, meta={**SHOWN.meta, "recipe": recipe, **meta})
    with pytest.raises(CorpusError, match=f"different {name}"):
        diagnose(result.gate, MIXED, result.split, [other])


def test_what_only_shows_causes_may_be_of_any_engine(result: TrainResult) -> None:
    other = replace(SHOWN, meta={**SHOWN.meta, "engine": "none", "task": "fields"})
    assert diagnose(result.gate, MIXED, result.split, [other]).diagnosis


def test_where_no_engine_has_run_there_is_nothing_to_train_or_judge(result: TrainResult) -> None:
    with pytest.raises(CorpusError, match="no engine has run"):
        train(SHOWN, **SETTINGS)
    with pytest.raises(CorpusError, match="no engine has run"):
        evaluate(result.gate, SHOWN, bootstrap=10, mistakes=0)


def test_the_command_line_sorts_corpora_by_their_recipe(tmp_path: Path) -> None:
    few = drawn("mixed", 60, 4)
    folders = [
        write_corpus(tmp_path / name, made)
        for name, made in (("causes", SHOWN), ("mixed", few), ("undone", UNDONE))
    ]
    to = tmp_path / "my.gate"
    done = CliRunner().invoke(app, ["train", *map(str, folders), "--out", str(to)])
    assert done.exit_code == 0, done.output
    gate = read_gate(to)
    assert diagnosis_of(gate).causes == tuple(SCORES)
    assert gate.card.diagnosis["rows"] == len(few) + len(SHOWN) + len(UNDONE)
    assert sum(part["rows"] for part in gate.card.parts.values()) == len(few)
    assert all(line in done.output for line in diagnosis_lines(gate.card.diagnosis))
    with pytest.raises(SettingsError, match="'causes' and 'counterfactuals'"):
        _raised(["train", str(folders[0]), str(folders[2]), "--out", str(to), "--force"])
    with pytest.raises(CorpusError, match="no engine has run"):
        _raised(["evaluate", str(to), str(folders[0])])


def _raised(arguments: list[str]) -> None:
    error = CliRunner().invoke(app, arguments).exception
    assert error
    raise error
