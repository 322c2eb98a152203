"""A gate must tell what is true of rows whose truth is known, and be silent about the rest."""

import json
from dataclasses import replace

import numpy as np
import pytest
from standins import EDGE, card, corpus

from imagegate.cli.train import tell
from imagegate.features import MEASURES
from imagegate.models.artifact import from_bytes, to_bytes
from imagegate.models.lesson_text import lesson_lines, severity_lines, whole
from imagegate.training.breaking import Seen, find_break
from imagegate.training.evaluate import evaluate
from imagegate.training.fit import train
from imagegate.training.lesson import drawn, severity_of
from imagegate.training.report import render

NOISE, HEIGHT = "noise.flat_rms", "text.x_height_px"


def rows(*, sources=100, variants=4, seed=0, **readings):
    """Return a corpus with these readings of measures, and chance in two others."""
    rng = np.random.default_rng(seed)
    made = corpus(sources=sources, variants=variants, seed=seed)
    X = np.full_like(made.X, np.nan)
    chance = {EDGE: rng.uniform(2, 8, len(made)), NOISE: rng.uniform(0, 20, len(made))}
    for name, values in (chance | readings).items():
        X[:, made.names.index(name)] = values
    return replace(made, X=X)


def failing(made, fails):
    """Return the corpus with other outcomes."""
    loss = np.where(fails, 0.9, 0.1).astype(np.float32)
    return replace(made, rows={**made.rows, "loss": loss})


def as_found(made):
    """Return the corpus as if nobody had degraded it: the causes are not known."""
    clean = {"cause": np.full(len(made), "clean", object), "severity": np.zeros(len(made), np.int8)}
    return replace(made, rows={**made.rows, **clean})


def seen(made, *names):
    """Return the rows of a corpus to find a break in."""
    text = (made.column(name).astype(str) for name in ("source_id", "group"))
    return Seen(made.matrix(names), names, np.asarray(made.fails, bool), *text)


@pytest.fixture(scope="module")
def blurred():
    """Return a corpus that fails exactly where edges are wider than 5 px, and its training."""
    made = as_found(rows())
    made = failing(made, made.column(EDGE) > 5)
    return made, train(made, name="tiny", promise=0.2, confidence=0.8, seed=0)


def test_what_fails_exactly_beyond_a_reading_is_told_so(blurred):
    lesson = blurred[1].gate.card.lesson
    (found,) = lesson["breaks"]
    assert (found["signal"], found["measure"]) == ("blur", EDGE)
    assert found["reading"] == pytest.approx(5, abs=0.1)
    assert (found["before"]["value"], found["beyond"]["value"]) == pytest.approx((0, 1), abs=0.03)
    assert next(iter(lesson["shares"])) == "blur"
    assert lesson["shares"]["blur"] > 0.9
    assert lesson["shares"]["noise"] < 0.05
    assert sum(lesson["shares"].values()) == pytest.approx(1, abs=1e-3)


def test_it_is_said_in_words(blurred):
    first, _, title, told = lesson_lines(blurred[1].gate.card.lesson)
    assert first.startswith("It looks at blur most (9") or ">99 %" in first
    assert "; little at noise (" in first
    assert "; not at resolution, exposure, compression and pixelation; " in first
    assert "all images, whatever else is wrong with them" in title
    assert told.startswith("  Blur: <1 % fail while edge width is below 5.0")
    assert told.endswith(" px, 100 % above.")


def test_low_readings_may_be_the_bad_ones():
    made = as_found(rows(**{HEIGHT: np.random.default_rng(1).uniform(4, 16, 400)}))
    made = failing(made, made.column(HEIGHT) < 8)
    found = find_break(seen(made, HEIGHT, NOISE), [NOISE, HEIGHT], seed=0)
    assert found.measure == HEIGHT
    assert found.reading == pytest.approx(8, abs=0.2)
    lines = lesson_lines(train(made, name="tiny", seed=0).gate.card.lesson)
    assert any(" px, 100 % below." in line and "x-height is above" in line for line in lines)


@pytest.mark.parametrize("rise", [0.0, 0.1])
def test_rows_that_show_no_rise_are_silent(rise):
    """Draw labels that a reading tells nothing of, or next to nothing, again and again."""
    told = 0
    for seed in range(20):
        made = rows(seed=seed)
        chance = np.random.default_rng(seed).random(len(made))
        made = failing(made, chance < 0.3 + rise * (made.column(EDGE) > 5))
        told += find_break(seen(made, EDGE, NOISE), [EDGE, NOISE], seed=seed) is not None
    assert told == 0


def test_chance_alone_seldom_shows_a_break():
    """Try many measures for four faults on rows whose failures have nothing to do with them."""
    names, told = [name for name, row in MEASURES.items() if row.worse != "either"][:24], 0
    for seed in range(20):
        rng = np.random.default_rng(seed + 1000)  # not that of the rows
        made = rows(sources=60, variants=2, seed=seed, **{n: rng.normal(size=120) for n in names})
        group = np.unique(made.column("group").astype(str), return_inverse=True)[1]
        made = seen(failing(made, rng.random(120) < rng.beta(2, 3, 30)[group]), *names)
        found = [find_break(made, names[i::4], seed=seed, tried=24) for i in range(4)]
        told += any(one is not None for one in found)
    assert told <= 2  # where folds both choose and prove it is 10


def test_the_more_were_tried_the_more_a_break_must_show():
    made = rows(sources=60)
    bad, chance = made.column(EDGE) > 7.5, np.random.default_rng(1).random(len(made))
    strong, weak = (seen(failing(made, chance < p), EDGE) for p in (0.9 * bad, 0.2 + 0.25 * bad))
    assert find_break(strong, [EDGE], seed=0, tried=200).reading == pytest.approx(7.5, abs=0.3)
    assert find_break(weak, [EDGE], seed=0) is not None
    assert find_break(weak, [EDGE], seed=0, tried=200) is None


@pytest.mark.parametrize("sources", [9, 24, 40])
def test_few_rows_are_silent(sources):
    """Nine groups say nothing of others, whatever their images show; forty sources are 20."""
    made = rows(sources=sources, variants=3)
    made = failing(made, made.column(EDGE) > 5)
    found = find_break(seen(made, EDGE), [EDGE], seed=0)
    assert (found is None) == (len(set(made.column("group"))) < 10)
    rare = failing(made, np.arange(len(made)) < 4)
    assert find_break(seen(rare, EDGE), [EDGE], seed=0) is None


def test_rates_are_of_groups_that_the_break_has_not_seen():
    """A reading that names its group fits its own rows to perfection, and no others."""
    made = rows(sources=80, variants=6)
    group = np.unique(made.column("group").astype(str), return_inverse=True)[1]
    fails = np.random.default_rng(0).random(group.max() + 1)[group] < 0.5
    made = failing(replace(made, X=made.X), fails)
    made.X[:, made.names.index(EDGE)] = group + 0.01 * np.arange(len(made)) / len(made)
    assert find_break(seen(made, EDGE), [EDGE], seed=0) is None


def test_a_measure_without_a_worse_end_has_no_break():
    made = rows(**{"exposure.bright_share": np.linspace(0, 1, 400)})
    made = failing(made, made.column("exposure.bright_share") > 0.5)
    assert (
        find_break(seen(made, "exposure.bright_share"), ["exposure.bright_share"], seed=0) is None
    )


def test_a_fault_is_not_blamed_for_what_another_did():
    """Edges are wide wherever noise ruins an image; images that are only blurred never fail."""
    made = rows(sources=200)
    cause = made.column("cause").astype(str)
    rng = np.random.default_rng(0)
    noisy, soft = cause == "noise", np.isin(cause, ["noise", "blur"])
    X = made.X.copy()
    X[:, made.names.index(NOISE)] = np.where(noisy, 12, 3) + rng.uniform(0, 2, len(made))
    X[:, made.names.index(EDGE)] = np.where(soft, 7, 3) + rng.uniform(0, 1, len(made))
    made = failing(replace(made, X=X), noisy & (rng.random(len(made)) < 0.9))
    lesson = train(made, name="tiny", promise=0.2, confidence=0.8, seed=0).gate.card.lesson
    assert [found["signal"] for found in lesson["breaks"]] == ["noise"]
    assert 5 < lesson["breaks"][0]["reading"] < 12
    lines = lesson_lines(lesson)
    assert any("those with this fault alone" in line for line in lines)


def test_severity_counts_images_and_failures():
    made = corpus(sources=60)
    found = severity_of(made)
    cause, severity, fails = (made.column("cause"), made.column("severity"), made.fails)
    assert found["clean"] == [60, int(fails[cause == "clean"].sum())]
    for name, levels in found.items():
        if name != "clean":
            assert [n for n, _ in levels] == [
                ((cause == name) & (severity == level)).sum() for level in range(1, 6)
            ]
            assert sum(bad for _, bad in levels) == fails[cause == name].sum()
    assert severity_of(as_found(made)) == {}


def test_severity_fits_a_terminal_and_leaves_out_what_is_rare():
    clean_and_blur = {"clean": [40, 1], "blur": [[20, 4], [4, 4], [20, 10], [20, 20], [2000, 1999]]}
    title, head, row = severity_lines({"rows": 2104, "severity": clean_and_blur})
    assert "2,104 images" in title
    assert head.split() == ["clean", "1", "2", "3", "4", "5"]
    assert " ".join(row.split()) == "blur 2 % 20 % – 50 % 100 % >99 % ▁▂ ▄██"
    assert row.endswith("  ▁▂ ▄██")  # a blank where there are too few
    assert max(map(len, (title, head, row))) <= 80
    assert severity_lines({"rows": 9, "severity": {}}) == []


def test_no_share_is_rounded_to_never_or_always():
    assert [whole(share) for share in (0, 0.001, 0.0099, 0.9901, 0.9999, 1)] == [
        "0 %", "<1 %", "<1 %", ">99 %", ">99 %", "100 %"
    ]  # fmt: skip


def test_rows_are_drawn_from_as_many_sources_as_can_be():
    sources = np.array(["a"] * 50 + ["b"] * 3 + ["c"] * 2)
    assert len(drawn(sources, 300, seed=0)) == 55
    some = sources[drawn(sources, 8, seed=0)]
    assert sorted(some) == ["a"] * 3 + ["b"] * 3 + ["c"] * 2
    np.testing.assert_array_equal(drawn(sources, 8, seed=0), drawn(sources, 8, seed=0))


def test_the_test_part_teaches_nothing(blurred):
    made, result = blurred
    test = result.split == "test"
    spoiled = failing(made, np.where(test, ~made.fails, made.fails))
    spoiled = replace(spoiled, X=np.where(test[:, None], np.float32(3), spoiled.X))
    again = train(spoiled, name="tiny", promise=0.2, confidence=0.8, seed=0).gate
    assert again.card.lesson == result.gate.card.lesson


def test_the_lesson_is_in_the_file_and_shown_and_old_files_do_without(blurred):
    gate = blurred[1].gate
    again = from_bytes(to_bytes(gate)).card
    assert json.dumps(again.lesson) == json.dumps(gate.card.lesson)
    assert set(lesson_lines(gate.card.lesson)) <= set(again.lines())
    plain = card().to_dict()
    del plain["lesson"]
    old = type(again).from_dict(plain)
    assert old.lesson == {}
    assert lesson_lines(old.lesson) == []
    assert not any("looks at" in line for line in old.lines())


def test_it_is_told_in_order(blurred, capsys):
    """What it learned from, what it learned, how it compares, its promise, what is wanting."""
    made, result = blurred
    heldout = evaluate(result.gate, made, bootstrap=50, mistakes=0)
    tell(result.gate.with_results(heldout.for_card()), result.said, heldout)
    text = capsys.readouterr().out
    order = ("Learned from", "It looks at", "Blur: <1 % fail", "AUROC", "preset rules", "Promise:",
             "Warning: only 20 sources")  # fmt: skip
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert len(text.splitlines()) <= 25


def test_the_report_tells_it_once(blurred):
    made, result = blurred
    page = render(evaluate(result.gate, made, bootstrap=10, mistakes=0))
    assert page.count("It looks at") == 1
    assert "<h2>What the gate has learned</h2>" in page
    rare = {**result.gate.card.lesson, "severity": {"clean": [2000, 1], "<b>": [[9, 5]] * 5}}
    told = replace(result.gate, card=replace(result.gate.card, lesson=rare))
    page = render(evaluate(told, made, bootstrap=10, mistakes=0))
    assert "<td>&lt;b&gt;</td><td>&lt;1 %</td><td>56 %</td>".replace(" ", "\u00a0") in page
    bare = replace(result.gate, card=replace(result.gate.card, lesson={}))
    assert "What the gate has" not in render(evaluate(bare, made, bootstrap=10, mistakes=0))


def test_only_measures_with_a_side_and_of_the_gate_are_named(blurred):
    for found in blurred[1].gate.card.lesson["breaks"]:
        assert found["measure"] in blurred[1].gate.card.measures
        assert MEASURES[found["measure"]].worse != "either"
