"""What all tests share: training that tries little unless a test asks for more."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from imagegate.training.learning import fit
from imagegate.training.learning.learner import LearnerSettings

# pytest-xdist sets it, and a console reads it once: tests that ask for a width would not get it.
os.environ.pop("COLUMNS", None)


@pytest.fixture(scope="session", autouse=True)
def quick_training() -> Iterator[None]:
    """Train with one candidate and few trees; ``settings=LearnerSettings()`` asks for all.

    One training on 200 rows then takes a tenth of a second instead of six. What another process
    trains, such as the demo, is trained in full.
    """
    quick = LearnerSettings(grid=LearnerSettings().grid[:1], trees=20, members=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "DEFAULT", quick)
        yield
