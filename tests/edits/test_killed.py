"""A run that is killed at any line leaves every picture whole, and the next run ends it."""

import os
import signal
import sys
from pathlib import Path

import pytest
from batches import batch_of

from imagegate.edits.batch import begin as begin_file
from imagegate.edits.batch import publish as publish_file
from imagegate.edits.batch import store as store_file
from imagegate.edits.batch.begin import begin
from imagegate.edits.batch.publish import differing, publish, rollback
from imagegate.edits.batch.reviews import record_review
from imagegate.edits.batch.sample import sample
from imagegate.edits.batch.store import Store

FILES = {module.__file__ for module in (begin_file, publish_file, store_file)}
POINTS = 100  # of each of publish and rollback
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def killed_at(line: int, work) -> bool:
    """Do the work in a process that is killed at so many lines of ours; False if it ended."""
    child = os.fork()
    if not child:
        left = [line]

        def trace(frame, event, argument):
            if frame.f_code.co_filename not in FILES:
                return None
            left[0] -= event == "line"
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def lines_of(work) -> int:
    low, high = 0, 1 << 14
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if killed_at(middle, work) else (low, middle)
    return high


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.glob("*.png")} if folder.exists() else {}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", ["publish", "rollback"])
def test_killed_at_100_points_no_picture_is_half(tmp_path, step):
    batch = batch_of(tmp_path, 5)
    sample(batch, who="ann", high=0)
    record_review(batch, "002.png", "ann", "bad")
    batch.close()
    before, after = contents(tmp_path / "originals"), contents(tmp_path / "edited")
    out = tmp_path / "out"

    def forth():
        publish(Store(tmp_path / "store"), str(out), who="ann", override="a trial")

    def back():
        rollback(Store(tmp_path / "store"), str(out), who="ann")

    work, undo = (forth, back) if step == "publish" else (back, forth)
    undo()
    # The first publish is a little longer than later ones: folders are made.
    lines = lines_of(lambda: (work(), undo())) // 2
    died = 0
    for point in range(POINTS):
        died += killed_at(1 + point * lines // POINTS, work)
        now = contents(out)
        assert all(now[name] in (before[name], after[name]) for name in now)
        assert step == "publish" or len(now) == 4  # nothing is lost
        work() if point % 2 else undo()
        wanted = after if (step == "publish") == bool(point % 2) else before
        rest = contents(out)
        assert all(rest[name] == wanted[name] for name in rest)
        assert "002.png" not in rest
        assert differing(Store(tmp_path / "store"), str(out)) == []
        assert not list(out.glob(".*.part"))
        undo()
    assert died > 0.8 * POINTS


def test_killed_while_it_begins_there_is_no_batch_and_it_begins_again(tmp_path):
    batch_of(tmp_path, 3).close()
    names = tmp_path / "originals", tmp_path / "edited"
    about = {"model": "m", "prompt": "p", "who": "ann"}

    for line in range(1, 300, 40):
        target = tmp_path / f"s{line}"
        assert killed_at(line, lambda to=target: begin(*names, to, **about))
        assert len(begin(*names, target, **about).pairs) == 3
        assert len(Store(target).pictures()) == 3
