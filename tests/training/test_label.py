"""Labelling: rows, engines that misbehave, kills and resumption, the same bytes again."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from fake_engines import (
    EXITS,
    FINE,
    HANGS,
    HANGS_IN_CHILD,
    KILLED,
    NAN,
    RAISES,
    SEGFAULTS,
    TASK,
    TEXT,
    write_images,
)

from imagegate import image
from imagegate.errors import (
    CorpusError,
    EngineError,
    MissingExtraError,
    SettingsError,
    UnknownNameError,
)
from imagegate.features import measure
from imagegate.parallel import isolation
from imagegate.training.corpus import read_corpus
from imagegate.training.data.clean import Source
from imagegate.training.data.remake import remake
from imagegate.training.data.sources import find_sources
from imagegate.training.labelling import store
from imagegate.training.labelling.label import LabelReport, label

HERE = Path(__file__).parent


def sources_of(folder: Path) -> list[Source]:
    found, problems = find_sources([folder])
    assert not problems
    return found


def run(folder: Path, out: Path, engine: str = "moody", **settings: object) -> LabelReport:
    return label(sources_of(folder), TASK, engine, out, **{"jobs": 2, **settings})  # type: ignore[arg-type]


def errors(out: Path) -> dict[str, str]:
    table = store.arrow().parquet.read_table(out / store.ROWS)
    return dict(zip(table["row_id"].to_pylist(), table["error"].to_pylist(), strict=True))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures") / "set"
    write_images(folder, [FINE] * 4)
    return folder


@pytest.fixture(scope="module")
def finished(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished")
    run(pictures, out, variants=1, jobs=1)
    return out


@pytest.fixture(scope="module")
def undisturbed(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in one process from beginning to end."""
    out = tmp_path_factory.mktemp("undisturbed")
    run(pictures, out, engine="slow", variants=6, jobs=1)
    return out


def test_every_row_can_be_made_again_and_is_measured_on_those_bytes(
    pictures: Path, tmp_path: Path
) -> None:
    told: list[tuple[int, int, int, int]] = []
    report = run(pictures, tmp_path / "c", variants=5, progress=lambda *now: told.append(now))
    corpus = read_corpus(tmp_path / "c")
    assert (report.rows, report.sources, report.errors) == (20, 4, 0)
    assert report.fails == corpus.fails.sum() == told[-1][3]
    assert told[0][:2] == (0, 20)
    assert told[-1][:2] == (20, 20)
    assert list(corpus.rows["row_id"]) == sorted(corpus.rows["row_id"])
    for index in (0, 1, 7, 13):
        data = remake(corpus, index)
        np.testing.assert_array_equal(corpus.X[index], measure(image.read(data)))
    clean = corpus.rows["row_id"] == "set/i00#000"
    assert remake(corpus, int(clean.argmax())) == (pictures / "i00.png").read_bytes()
    assert corpus.rows["loss"][clean] == 0
    assert corpus.rows["cause"][clean] == "clean"
    assert math.isnan(corpus.rows["confidence"][clean][0])


def test_a_bad_image_costs_its_row_and_not_the_run(tmp_path: Path) -> None:
    marks = [FINE, RAISES, HANGS, EXITS, SEGFAULTS, KILLED, NAN, TEXT, FINE, HANGS_IN_CHILD]
    write_images(tmp_path / "set", marks)
    started = time.monotonic()
    report = run(tmp_path / "set", tmp_path / "c", recipe="natural", timeout=1.5)
    assert time.monotonic() - started < 60
    said = errors(tmp_path / "c")
    expected = {
        RAISES: "ValueError: the engine does not like this",
        HANGS: "no answer from moody within 1.5 s",
        EXITS: "the process of moody died (exit code 7)",
        SEGFAULTS: "the process of moody died (exit code -11)",
        KILLED: "the process of moody died (exit code -9)",
        NAN: "expected an output without NaN, got nan",
        TEXT: "TypeError: unsupported operand type(s) for -: 'str' and 'float'",
        HANGS_IN_CHILD: "no answer from moody within 1.5 s",
    }
    for place, mark in enumerate(marks):
        assert said[f"set/i{place:02d}#000"] == expected.get(mark, ""), f"mark {mark}"
    assert (report.rows, report.errors) == (10, 8)
    corpus = read_corpus(tmp_path / "c")
    assert len(corpus) == 2
    assert corpus.meta["errors"] == 8


def test_other_variants_of_a_source_survive_a_crash(tmp_path: Path) -> None:
    write_images(tmp_path / "set", [EXITS])
    run(tmp_path / "set", tmp_path / "c", variants=6, jobs=1)
    said = errors(tmp_path / "c")
    assert "died" in said["set/i00#000"]
    assert 0 < sum(not error for error in said.values()) < 6  # most chains change the mark
    table = store.arrow().parquet.read_table(tmp_path / "c" / store.ROWS)
    assert table["width"].to_pylist()[0] == 96  # measured before the engine ran
    assert not math.isnan(table["exposure.range"].to_pylist()[0])


def test_an_engine_that_never_works_ends_the_run(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "MOST_LOADS", 2)
    monkeypatch.setattr(isolation, "MOST_LOSSES", 3)
    with pytest.raises(EngineError, match=r"cannot load no_engine: .*no licence found"):
        run(pictures, tmp_path / "a", engine="no_engine", jobs=1)
    with pytest.raises(EngineError, match=r"dies_loading.*exit code 9.*while it was loaded"):
        run(pictures, tmp_path / "b", engine="dies_loading", jobs=1)
    with pytest.raises(EngineError, match="on 3 images in a row"):
        run(pictures, tmp_path / "c", engine="broken")


def test_sources_that_cannot_serve_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    write_images(folder, [FINE, FINE, EXITS], truth=False, level=130)
    write_images(tmp_path / "dark", [FINE], truth=False, level=5)
    shutil.copy(tmp_path / "dark" / "i00.png", folder / "dark.png")
    (folder / "broken.png").write_bytes((folder / "i00.png").read_bytes()[:200])
    (folder / "words.png").write_text("not an image")
    (folder / "empty.png").touch()
    (folder / "list.csv").write_text("path,truth\ni01.png,gone.txt\nnone.png,\n")
    found = [*find_sources([folder])[0], *find_sources([folder / "list.csv"])[0]]
    report = label(found, TASK, "moody", tmp_path / "c", variants=2, jobs=2)
    assert (report.rows, report.sources) == (4, 2)
    for name, reason in {
        "set/i02": "died (exit code 7) on the clean image",
        "set/dark": "not good enough",
        "set/broken": "TruncatedImageError",
        "set/words": "UnsupportedImageError",
        "set/empty": "EmptyImageError",
        "list/i01.png": "no truth at ",
        "list/none.png": "no such file",
    }.items():
        assert reason in report.dropped[name], report.dropped
    meta = json.loads((tmp_path / "c" / "corpus.json").read_text())
    assert meta["dropped"] == report.dropped
    # The engine's own clean output was the truth.
    assert (read_corpus(tmp_path / "c").column("loss")[::2] == 0).all()


def test_no_usable_source_is_an_error(tmp_path: Path) -> None:
    write_images(tmp_path / "set", [FINE], truth=False, level=5)
    with pytest.raises(
        CorpusError, match=r"none of the 1 sources can be used\. set/i00: the engine's own output"
    ):
        run(tmp_path / "set", tmp_path / "c")


# A shell's background jobs ignore Ctrl-C, and hand that down to the tests they start.
RUN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {here!r})
from pathlib import Path
from imagegate.training.labelling import store
store.SHARD_ROWS = 3
from test_label import run
run(Path({pictures!r}), Path({out!r}), engine="slow", variants=6)
"""


def killed_half_way(pictures: Path, out: Path, how: int) -> int:
    """Start a run in another process, end it when some parts are written; return its rows."""
    script = RUN.format(here=str(HERE), pictures=str(pictures), out=str(out))
    environment = {**os.environ, "FAKE_ENGINE_PIDS": str(out.parent)}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment)
    for _ in range(600):
        if len(list(out.glob("rows/*.jsonl"))) >= 2 or process.poll() is not None:
            break
        time.sleep(0.05)
    pids = [int(path.stem) for path in out.parent.glob("*.pid")]
    process.send_signal(how)
    assert process.wait(20) != 0
    for _ in range(100):
        if not any(map(alive, pids)):
            break
        time.sleep(0.05)
    assert pids
    assert not any(map(alive, pids)), "workers outlived the run"
    return sum(map(len, shards_of(out)))


def shards_of(out: Path) -> list[list[dict[str, object]]]:
    with store.open_shards(out) as shards:
        return list(shards.read())


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Where nobody collects orphans they stay as zombies.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or ") Z " not in stat.read_text()


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill", "ctrl-c"])
def test_a_killed_run_resumes_to_the_same_bytes(
    pictures: Path, undisturbed: Path, tmp_path: Path, how: int
) -> None:
    out = tmp_path / "killed"
    before = killed_half_way(pictures, out, how)
    assert 6 <= before < 24
    with pytest.raises(CorpusError, match="is not finished"):
        read_corpus(out)
    told: list[tuple[int, int, int, int]] = []
    run(pictures, out, engine="slow", variants=6, progress=lambda *now: told.append(now))
    assert told[0][0] == before
    assert (out / store.ROWS).read_bytes() == (undisturbed / store.ROWS).read_bytes()
    assert not (out / store.SHARDS).exists()


def test_a_finished_run_is_not_made_again_and_a_damaged_part_is(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "clear", lambda folder: None)
    out = tmp_path / "c"
    first = run(pictures, out, variants=1, jobs=1)
    data, parted = (out / store.ROWS).read_bytes(), next(out.glob("rows/*.jsonl"))
    told: list[tuple[int, ...]] = []
    assert run(pictures, out, variants=1, progress=lambda *now: told.append(now)) == first
    assert not told
    meta = json.loads((out / store.META).read_text())
    (out / store.META).write_text(json.dumps({**meta, "complete": False}))
    parted.write_bytes(parted.read_bytes()[:100])
    assert run(pictures, out, variants=1, jobs=1) == first
    assert (out / store.ROWS).read_bytes() == data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "begun with seed 0, now it is 1. Use the same again, or another folder"),
        ({"variants": 3}, "begun with variants 1, now it is 3"),
        ({"engine": "slow"}, "begun with engine 'moody', now it is 'slow'"),
        ({"failure_threshold": 0.5}, r"begun with limit 0\.1, now it is 0\.5"),
        ({"resume": False}, "holds a corpus already"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_other_settings_do_not_resume(
    pictures: Path, finished: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(CorpusError, match=message):
        run(pictures, finished, **{"variants": 1, **change})  # type: ignore[arg-type]


def test_an_unfinished_corpus_of_an_earlier_version_is_refused(
    pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "1-2-0.parquet").touch()
    with pytest.raises(CorpusError, match="begun by an earlier version"):
        run(pictures, tmp_path, variants=1)


def test_other_sources_do_not_resume(pictures: Path, finished: Path) -> None:
    with pytest.raises(CorpusError, match="begun with other sources"):
        label(sources_of(pictures)[1:], TASK, "moody", finished, variants=1)


def test_impossible_settings_are_refused(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'mixed'"):
        run(pictures, tmp_path / "c", recipe="mixd")
    with pytest.raises(SettingsError, match="expected variants above 0, got 0"):
        run(pictures, tmp_path / "c", variants=0)
    with pytest.raises(SettingsError, match="failure_threshold from 0 to 1"):
        run(pictures, tmp_path / "c", failure_threshold=1.5)
    assert not (tmp_path / "c").exists()


def test_a_missing_extra_is_told_before_any_work(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    told: list[tuple[int, ...]] = []
    with pytest.raises(MissingExtraError, match="pyarrow"):
        run(pictures, tmp_path, progress=lambda *counts: told.append(counts))
    assert not told


def test_causes_are_measured_and_no_engine_runs(pictures: Path, tmp_path: Path) -> None:
    """Sources without a truth serve, too: nothing is compared with it."""
    write_images(tmp_path / "set", [EXITS, FINE], truth=False)
    out, settings = tmp_path / "c", {"recipe": "causes", "variants": 6}
    told: list[tuple[int, int, int, int]] = []
    asked = {**settings, "jobs": 2, "progress": lambda *now: told.append(now)}
    report = label(sources_of(tmp_path / "set"), TASK, None, out, **asked)  # type: ignore[arg-type]
    corpus = read_corpus(out)
    assert (report.rows, report.sources, report.errors, report.fails) == (12, 2, 0, 0)
    assert told[-1] == (12, 12, 0, 0)
    assert np.isnan(corpus.column("loss")).all()
    assert not corpus.fails.any()
    assert (corpus.meta["recipe"], corpus.meta["engine"]) == ("causes", "none")
    for index in (0, 4, 9):
        np.testing.assert_array_equal(corpus.X[index], measure(image.read(remake(corpus, index))))
    with pytest.raises(SettingsError, match="runs no engine"):
        run(pictures, tmp_path / "d", **settings)
    assert not (tmp_path / "d").exists()


def test_counterfactuals_are_the_same_steps_but_one(pictures: Path, tmp_path: Path) -> None:
    run(pictures, tmp_path / "c", recipe="counterfactuals", variants=8)
    corpus = read_corpus(tmp_path / "c")
    chains = [json.loads(text) for text in corpus.column("chain")[:8]]
    assert list(map(len, chains)) == [0, 2, 1, 1, 3, 2, 2, 2]
    assert [[step] for step in chains[1]] == [chains[3], chains[2]]
    assert not np.isnan(corpus.column("loss")).any()
