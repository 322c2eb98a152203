"""Publish and rollback killed at 200 points: no picture is half, and the same command ends it."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from batches import batch_of

from imagegate.edits.batch.publish import publish, rollback
from imagegate.edits.batch.sample import sample
from imagegate.edits.batch.store import Store

POINTS = 100  # of each


def act(folder: Path, out: Path, action: str) -> None:
    batch = Store(folder)
    if action == "publish":
        publish(batch, str(out), who="ann", override="a trial")
    else:
        rollback(batch, str(out), who="ann")
    batch.close()


def killed_at(count: int, *args) -> int:
    """Run in a child that kills itself at a call; return how many calls there were, 0 if killed."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        calls = 0

        def at_call(_frame, event, _arg):
            nonlocal calls
            calls += event in ("c_call", "c_return")
            if calls == count:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(at_call)
        act(*args)
        sys.setprofile(None)
        os.write(write, str(calls).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as pipe:
        return int(pipe.read() or 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("action", ["publish", "rollback"])
def test_killed_at_any_point_no_picture_is_mixed(tmp_path, action):
    batch, start_out = batch_of(tmp_path, 3), tmp_path / "out"
    sample(batch, who="ann")
    if action == "rollback":
        publish(batch, str(start_out), who="ann", override="a trial")
    else:
        shutil.copytree(tmp_path / "originals", start_out)
    batch.close()
    shutil.copytree(tmp_path / "store", tmp_path / "saved")
    shutil.copytree(start_out, tmp_path / "saved_out")
    store = tmp_path / "store"

    def reset() -> None:
        for saved, place in (("saved", store), ("saved_out", start_out)):
            shutil.rmtree(place)
            shutil.copytree(tmp_path / saved, place)

    act(store, start_out, action)  # what is imported on the way is no step
    reset()
    total = killed_at(-1, store, start_out, action)
    assert total > 2 * POINTS
    wanted = "edited" if action == "publish" else "originals"
    killed = 0
    for point in range(POINTS):
        reset()
        killed += not killed_at(1 + point * total // POINTS, store, start_out, action)
        for index in range(3):
            now = (start_out / f"{index:03}.png").read_bytes()
            assert now in {
                (tmp_path / side / f"{index:03}.png").read_bytes()
                for side in ("originals", "edited")
            }
        act(store, start_out, action)
        for index in range(3):
            name = f"{index:03}.png"
            assert (start_out / name).read_bytes() == (tmp_path / wanted / name).read_bytes()
        assert sorted(path.name for path in start_out.iterdir()) == [
            "000.png",
            "001.png",
            "002.png",
        ]
        batch = Store(store)
        assert not batch.rows("SELECT 1 FROM places WHERE NOT done")
        for row in batch.pictures():
            assert batch.read(row["original"])
            assert batch.read(row["edited"])
        batch.close()
    assert killed == POINTS
