"""Many images at once: order, laziness, worker processes that die, and what never reaches them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from functools import partial
from itertools import count

import cv2
import joblib.externals.loky.backend as loky_backend
import numpy as np
import pytest

from imagegate.errors import SettingsError
from imagegate.models.artifact import load_gate
from imagegate.models.verdict import check_many
from imagegate.parallel import pool

posix = pytest.mark.skipif(os.name != "posix", reason="sends signals")


def echo(source):
    return source


def where(source):
    return os.getpid()


def mortal(source):
    if source.startswith("deadly"):
        os._exit(9)
    if source.startswith("bad"):
        raise ValueError("not good")
    return source


def sleepy(folder, source):
    """Leave a note of its process, and take its time from the fifth source on."""
    (folder / str(os.getpid())).touch()
    time.sleep(60 if int(source) > 3 else 0)
    return source


def verdicts(check, sources, jobs=2):
    return [answer.verdict for answer in check_many(check, sources, jobs=jobs)]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Twenty small pictures, the sixth of them broken."""
    folder = tmp_path_factory.mktemp("pages")
    rng = np.random.default_rng(0)
    for i in range(20):
        cv2.imwrite(str(folder / f"{i:02}.png"), rng.integers(0, 255, (40, 60), np.uint8))
    (folder / "05.png").write_bytes(b"no picture")
    return sorted(folder.iterdir())


def test_every_kind_of_source_gets_the_verdict_it_gets_alone(pages):
    gate = load_gate("rules:general")
    with pages[1].open("rb") as file, pages[1].open("rb") as same:
        pixels = cv2.imread(str(pages[2]))
        many = [*pages, pages[3].read_bytes(), pixels, file, *map(str, pages)]
        alone = [*pages, pages[3].read_bytes(), pixels, same, *map(str, pages)]
        found = list(gate.check_many(iter(many), jobs=2))
        one_by_one = list(gate.check_many(iter(alone), jobs=1))
    assert list(map(repr, found)) == list(map(repr, one_by_one))  # a NaN is equal to none
    assert [answer.source for answer in found[:20]] == list(map(str, pages))
    assert [answer.source for answer in found[20:23]] == [
        "<bytes>",
        "<ndarray>",
        "<BufferedReader>",
    ]
    assert [i for i, answer in enumerate(found) if answer.verdict is None] == [5, 28]
    assert "05.png" in found[5].error


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_no_more_is_taken_than_is_under_way(jobs):
    taken = []

    def endless():
        for i in count():
            taken.append(i)
            yield str(i)

    answers = check_many(echo, endless(), jobs=jobs)
    for i in range(100):
        assert next(answers).verdict == str(i)
        assert len(taken) - i <= (1 if jobs == 1 else 8 * jobs + 4)
    answers.close()
    assert verdicts(echo, map(str, range(20))) == list(map(str, range(20)))


def test_few_are_checked_here_and_many_by_processes_that_stay_warm():
    here = {os.getpid()}
    assert set(verdicts(where, ["a"] * 12)) == here
    assert set(verdicts(where, ["a"] * 50, jobs=1)) == here
    workers = set(verdicts(where, ["a"] * 50))
    assert not workers & here
    again = set(verdicts(where, ["a"] * 50))
    assert len(workers | again) <= 2
    assert not here & set(verdicts(lambda source: where(source), ["a"] * 50))
    assert set(verdicts(where, [3] * 50)) == here
    sent = {done.value for done in pool.run_many(where, [3] * 50, jobs=2, sendable=(int,))}
    assert not here & sent


def test_only_the_culprit_of_a_dead_worker_is_an_error():
    sources = [f"good {i}" for i in range(60)]
    sources[7], sources[40], sources[9] = "deadly 7", "deadly 40", "bad 9"
    answers = list(check_many(mortal, sources, jobs=2))
    assert [answer.source for answer in answers] == sources
    assert [answer.verdict for answer in answers] == [
        source if source.startswith("good") else None for source in sources
    ]
    assert answers[9].error == "not good"
    for place in (7, 40):
        assert answers[place].error.startswith(f"deadly {place}: the process that checked it died")


def test_two_gates_at_the_same_time_and_in_turn_do_not_mix():
    one, other = partial(str.__add__, "one "), partial(str.__add__, "other ")
    sources = list(map(str, range(30)))
    wanted = [(f"one {i}", f"other {i}") for i in sources]
    for _ in range(2):
        both = zip(
            check_many(one, sources, jobs=2), check_many(other, sources, jobs=2), strict=True
        )
        assert [(a.verdict, b.verdict) for a, b in both] == wanted
        assert verdicts(other, sources) == [b for _, b in wanted]


def test_runs_in_several_threads_do_not_disturb_each_other():
    found = {}

    def run(name):
        found[name] = verdicts(mortal, [name] * 20)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "other", "bad")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"one": ["one"] * 20, "other": ["other"] * 20, "bad": [None] * 20}


@posix
def test_closing_early_leaves_no_process_at_work(tmp_path):
    answers = check_many(partial(sleepy, tmp_path), map(str, count()), jobs=2)
    assert next(answers).verdict == "0"
    started = time.monotonic()
    answers.close()
    assert time.monotonic() - started < 10
    pids = [int(note.name) for note in tmp_path.iterdir()]
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_threads_do_it_where_no_process_can_start(monkeypatch):
    lock = threading.Lock()  # cannot be sent to a process
    assert verdicts(lambda source: (source, lock.locked()), ["a"] * 20) == [("a", False)] * 20

    def refuse(method):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(pool, "_resting", deque())
    monkeypatch.setattr(loky_backend, "get_context", refuse)
    assert set(verdicts(where, ["a"] * 20)) == {os.getpid()}


def test_relative_paths_start_where_the_program_is_now(pages, tmp_path, monkeypatch):
    gate = load_gate("rules:general")
    names = [page.name for page in pages]
    for folder, verdict in ((pages[0].parent, True), (tmp_path, False), (pages[0].parent, True)):
        monkeypatch.chdir(folder)
        (answer, *_) = list(gate.check_many(names, jobs=2))
        assert (answer.source, bool(answer.verdict)) == ("00.png", verdict)


SCRIPT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background
from imagegate.errors import SettingsError
from imagegate.models.verdict import check_many
def slow(source):
    time.sleep(float(source))
    return source + source
pause = sys.argv[1]
for answer in check_many(slow, [pause] * 40, jobs=2):
    print(answer.verdict, flush=True)
"""


def test_scripts_need_no_main_guard(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    for command in ([str(path)], ["-c", SCRIPT]):
        done = subprocess.run([sys.executable, *command, "0"], capture_output=True, text=True)
        assert (done.stdout.split(), done.stderr) == (["00"] * 40, "")


@posix
def test_ctrl_c_ends_the_run():
    command = [sys.executable, "-c", SCRIPT, "0.2"]
    # Its own session: the terminal sends Ctrl-C to the workers, too.
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, start_new_session=True, **pipes) as run:
        assert run.stdout.readline() == "0.20.2\n"
        started = time.monotonic()
        os.killpg(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert said.count("Traceback") == 1
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert run.returncode != 0


@pytest.mark.parametrize("jobs", [0, -1])
def test_no_workers_are_refused(jobs):
    with pytest.raises(SettingsError, match="jobs"):
        list(check_many(echo, ["a"], jobs=jobs))
