"""What is missing comes with one number of sources, and the number is enough."""

import re
from dataclasses import replace

import pytest
from standins import card

from imagegate.models.card import Guarantee
from imagegate.training.learning.messages import HARDER, shortfall

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


MORE = re.compile(r"Add about ([\d,]+) more (sources|images) like these\.")


def missing(*, scale=1, engine="tesseract", more_sources=0, **changes):
    """Return sentences and the number of sources asked for, of these counts: ``split={…}``."""
    made = {
        name: {what: number // scale for what, number in split.items()} | changes.get(name, {})
        for name, split in PLENTY.items()
    }
    missed = Guarantee(0.05, 0.95, False, 200, 90, 9, 0.2, more_sources=more_sources)
    known = replace(card(), parts=made, engine=engine)
    sentences = list(shortfall(known, replace(known, guarantee=missed)))
    numbers = [int(match[1].replace(",", "")) for line in sentences if (match := MORE.match(line))]
    assert len(numbers) < 2
    return [line for line in sentences if not MORE.match(line)], *numbers


def test_nothing_is_said_where_nothing_is_missing():
    assert missing() == ([],)


def test_few_to_calibrate_on():
    """A fifth of the sources are for calibration: 10 more there are 50 more in all."""
    (one,), number = missing(scale=5)
    assert "only 40 sources to calibrate on; below 50" in one
    assert number == 50


def test_few_failures_to_learn_from():
    """10 more of 600, at 20 in 600, in three fifths of all: 500 like these."""
    (one,), number = missing(train={"failing_sources": 20})
    assert "only 20 training sources ever fail; below 30" in one
    assert HARDER in one
    assert number == 500
    (one,), number = missing(train={"failing_sources": 20}, engine="outcomes")
    assert HARDER not in one
    assert number == 500


def test_few_successes_to_learn_from():
    """12 more, at 18 in 600 sources, in three fifths of all: 670 like these."""
    (one,), number = missing(train={"fails": 1182})
    assert "succeeds on only 18 training images; below 30" in one
    assert number == 670


def test_several_shortfalls_come_down_to_the_largest_number():
    lines, number = missing(scale=5, train={"failing_sources": 2})
    assert len(lines) == 2
    assert number == 2800  # 28 more that fail, at 2 in 120, in three fifths of all


def test_a_guarantee_that_fails_asks_for_sources_too():
    """It takes 41 more to calibrate on, a fifth of all."""
    assert missing(more_sources=41) == ([], 210)
    assert missing(more_sources=None) == ([],)


def test_the_number_is_enough():
    """With so many more of the same kind nothing is missing any more."""
    few = {"sources": 20, "groups": 4, "rows": 40, "fails": 1, "failing_sources": 1}
    changes = {"test": few, "calibration": {"sources": 30, "groups": 8}}
    _, number = missing(**changes)
    total = sum((PLENTY[name] | changes.get(name, {}))["sources"] for name in PLENTY)
    grown = {
        name: {
            what: round(count * (total + number) / total)
            for what, count in (PLENTY[name] | changes.get(name, {})).items()
        }
        for name in PLENTY
    }
    assert missing(**grown) == ([],)


def test_sources_of_few_groups_make_a_guarantee_claim_too_much():
    """7 more groups, at 3 in 200 sources, among the fifth that calibrates."""
    (one,), number = missing(calibration={"groups": 3})
    assert "the 200 sources to calibrate on are of only 3 groups" in one
    assert number == 2400


def test_no_more_harder_variants_are_asked_for_than_there_are_sources_to_spare():
    spared = {name: {"failing_sources": split["sources"] - 1} for name, split in PLENTY.items()}
    few = {name: {"sources": 20, "failing_sources": 19} for name in PLENTY}
    text = " ".join(missing(**few)[0])
    assert "too few failures" in text
    assert HARDER not in text
    assert missing(**spared) == ([],)


def test_calibration_without_failures_or_successes():
    """Of all 1,000 sources 399 fail: 5 more in a fifth take 63."""
    (one,), number = missing(calibration={"fails": 0, "failing_sources": 0})
    assert "never fails on the calibration images" in one
    assert number == 63
    (one,), _ = missing(calibration={"fails": 400})
    assert "always fails" in one


def test_few_to_compare_on():
    """The test has 1 failure of 4 in 20 sources: 4 more take 80 there, 400 and more in all."""
    few = {"sources": 20, "groups": 4, "rows": 40, "fails": 1, "failing_sources": 1}
    (one,), number = missing(test=few)
    assert "4 groups, 1 failing and 39 working images" in one
    assert number == 3300  # 80 of the test's 20 in 820


@pytest.mark.parametrize(
    ("fails", "expected"),
    [(20, ("fails on only 1.0 %", "harder")), (1980, ("works on only 1.0 %", "milder"))],
)
def test_almost_nothing_or_almost_everything_fails(fails, expected):
    """20 of 2,000 are of the rare kind."""
    share = {"train": 0.6, "calibration": 0.2, "test": 0.2}
    changes = {
        name: {"fails": round(fails * part), "failing_sources": max(1, round(20 * part))}
        for name, part in share.items()
    }
    (one,) = [text for text in missing(**changes)[0] if "hardly knows" in text]
    assert all(words in one for words in expected)


def test_a_risk_target_that_asks_for_nothing():
    """4 % fail, the target allows 5 %: passing all would do."""
    rare = {name: {"fails": split["rows"] // 25} for name, split in PLENTY.items()}
    ((one,),) = missing(**rare)
    assert "risk target of 5 %" in one
    assert one.endswith("such as 0.02.")
