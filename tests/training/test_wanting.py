"""What is wanting must be told with a number that follows from the counts, and nothing else."""

import re
from dataclasses import replace

import pytest
from standins import card

from imagegate.training.learning.wanting import HARDER, wanting

PLENTY = {
    "train": {"sources": 600, "groups": 600, "rows": 1200, "fails": 500, "failing_sources": 300},
    "calibration": {
        "sources": 200,
        "groups": 200,
        "rows": 400,
        "fails": 150,
        "failing_sources": 99,
    },
    "test": {"sources": 200, "groups": 200, "rows": 400, "fails": 150, "failing_sources": 99},
}


def said(parts=None, *, scale=1, engine="tesseract", **changes):
    """Return the sentences about the plentiful counts with some changed: ``part="…"``."""
    made = {
        name: {what: number // scale for what, number in part.items()} | changes.get(name, {})
        for name, part in (parts or PLENTY).items()
    }
    return list(wanting(replace(card(), parts=made, engine=engine)))


def test_nothing_is_said_where_nothing_is_wanting():
    assert said() == []


def test_few_to_calibrate_on():
    """A fifth of the sources are for calibration: 10 more there are 50 more in all."""
    (one,) = said(scale=5)
    assert "only 40 sources to calibrate on; below 50" in one
    assert one.endswith("Add about 50 more sources.")


def test_few_failures_to_learn_from():
    """10 more of 600, at 20 in 600, in three fifths of all: 17 hard ones, or 500 like these."""
    (one,) = said(train={"failing_sources": 20})
    assert "only 20 training sources ever fail; below 30" in one
    assert "Add harder variants (a higher --strength) of 17 sources that do not fail yet" in one
    assert "or about 500 more" in one
    (one,) = said(train={"failing_sources": 20}, engine="outcomes")
    assert "Add 17 images that fail, or about 500 more images like these." in one


def test_few_successes_to_learn_from():
    """12 more, at 18 in 600 sources, in three fifths of all: 20 mild ones, or 670 like these."""
    (one,) = said(train={"fails": 1182})
    assert "succeeds on only 18 training images; below 30" in one
    assert "Add 20 clean sources or milder variants (a lower --strength)" in one
    assert "or about 670 more sources like these." in one


def test_several_wants_come_down_to_one_number():
    *single, together = said(scale=5, train={"failing_sources": 2})
    assert len(single) == 2
    asked = [int(re.findall(r"about ([\d,]+) more", text)[-1].replace(",", "")) for text in single]
    assert together == f"For all of this together: about {max(asked):,} more sources like these."


def test_sources_of_few_groups_make_a_promise_surer_than_it_is():
    """7 more groups among the fifth that calibrates are 35 in all."""
    (one,) = said(calibration={"groups": 3})
    assert "the 200 sources to calibrate on are of only 3 groups" in one
    assert one.endswith("Add about 35 more groups.")


def test_no_more_harder_variants_are_asked_for_than_there_are_sources_to_spare():
    spared = {name: {"failing_sources": part["sources"] - 1} for name, part in PLENTY.items()}
    few = {name: {"sources": 20, "failing_sources": 19} for name in PLENTY}
    text = " ".join(said(**few))
    assert "too few failures" in text
    assert HARDER not in text
    assert said(**spared) == []


def test_calibration_without_failures_or_successes():
    """Of all 1,000 sources 399 fail: 5 more in a fifth take 63."""
    (one,) = said(calibration={"fails": 0, "failing_sources": 0})
    assert "never fails on the calibration images" in one
    assert "about 63 more sources like these: they should bring 5 failures" in one
    (one,) = said(calibration={"fails": 400})
    assert "always fails" in one
    assert "5 successes" in one


def test_few_to_compare_on():
    """The test has 1 failure of 4 in 20 sources: 4 more take 80 there, 400 and more in all."""
    few = {"sources": 20, "groups": 4, "rows": 40, "fails": 1, "failing_sources": 1}
    (one,) = said(test=few)
    assert "4 groups with 1 failing and 39 working images kept for the test" in one
    assert "where it takes 10 with 5 and 5" in one
    assert "Add about 3,300 more sources like these." in one  # 80 of the test's 20 in 820


@pytest.mark.parametrize(
    ("fails", "told", "asked"),
    [
        (
            20,
            "fails on only 1 % of the images",
            "at least 85 images that fail: harder variants (a higher --strength).",
        ),
        (1980, "works on only 1 % of the images", "at least 85 images on which it works: clean"),
    ],
)
def test_almost_nothing_or_almost_everything_fails(fails, told, asked):
    """20 of 2,000 are of the rare kind; with 85 more, 105 of 2,085 are 5 %."""
    share = {"train": 0.6, "calibration": 0.2, "test": 0.2}
    changes = {
        name: {"fails": round(fails * part), "failing_sources": max(1, round(20 * part))}
        for name, part in share.items()
    }
    sentences = said(**changes)
    (one,) = [text for text in sentences if "hardly knows" in text]
    assert told in one
    assert asked in one


def test_a_promise_that_asks_for_nothing():
    """4 % fail, 5 % are promised to fail at most: passing all would do."""
    rare = {name: {"fails": part["rows"] // 25} for name, part in PLENTY.items()}
    (one,) = said(**rare)
    assert one.startswith("Only 4 % of the images fail, fewer than the 5 % promised")
    assert one.endswith("Promise less, such as 0.02.")
