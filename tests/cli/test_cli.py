"""The command line as a user meets it: exit codes, JSON, broken files, the whole loop."""

import io
import json
import struct
import subprocess
import sys
import zlib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from schemas import row_schema

from imagegate import load_messages
from imagegate.cli import main
from imagegate.degrade import apply_chain, save, single_chain
from imagegate.synthetic.pages import render_page

KEYS = {"path", "decision", "ok", "p_fail", "quality", "reasons", "scores", "gate", "error"}


def process(*arguments):
    """Run a command as a program of its own."""
    command = [sys.executable, "-m", "imagegate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=280)


def imagegate(*arguments, cwd=None):
    """Run a command in this process, which is quicker and trains with little."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["imagegate", *map(str, arguments)])
        if cwd:
            patch.chdir(cwd)
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A clean page, a ruined one, and the four files that break other checkers."""
    to = tmp_path_factory.mktemp("images")
    page = render_page(7, layout="letter")
    (to / "clean.png").write_bytes(save(page.pixels, (), seed=1)[0])
    worse = apply_chain(
        page.pixels, single_chain("blur.gaussian", 5, 1), reference_px=page.x_height_px
    )
    (to / "ruined.png").write_bytes(cv2.imencode(".png", worse)[1].tobytes())
    whole = cv2.imencode(".jpg", page.pixels)[1].tobytes()
    (to / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (to / "words.png").write_text("not an image at all")
    (to / "empty.jpg").write_bytes(b"")
    (to / "huge.png").write_bytes(huge_png(20_000))
    return to


def huge_png(side):
    """A valid PNG of side × side black pixels in a few hundred kilobytes."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(side + 1)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_exit_code_tells_pass_from_reject(folder):
    assert process("check", folder / "clean.png", "-g", "rules:ocr").returncode == 0
    ruined = process("check", folder / "ruined.png", "-g", "rules:ocr")
    assert ruined.returncode == 1
    assert "blur" in ruined.stdout


def test_wrong_path_and_wrong_gate_could_not_run(folder):
    done = process("check", folder / "nowhere.png", "-g", "rules:ocr")
    assert (done.returncode, "nowhere.png" in done.stderr) == (2, True)
    done = imagegate("check", folder / "clean.png", "-g", "rules:orc")
    assert done.returncode == 2
    assert "Did you mean 'rules:ocr'?" in done.stderr


def test_broken_files_are_rows_and_the_others_are_checked(folder):
    done = imagegate("check", folder, "-g", "rules:ocr", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    rows = {row["path"].rpartition("/")[2]: row for row in found}
    assert done.returncode == 1
    assert set(rows) == {path.name for path in folder.iterdir()}
    assert all(row.keys() >= KEYS for row in rows.values())
    assert {name for name, row in rows.items() if row["error"]} == {
        "cut.jpg",
        "words.png",
        "empty.jpg",
        "huge.png",
    }
    assert all(name in rows[name]["error"] for name in ("cut.jpg", "words.png", "empty.jpg"))
    assert rows["clean.png"]["decision"] == "pass"


def test_names_cannot_command_the_terminal(tmp_path):
    odd = tmp_path / "a\x1b[31m\n[bold].png"
    odd.write_bytes(b"no picture")
    done = imagegate("check", tmp_path, "-g", "rules:general")
    assert "\x1b" not in done.stdout
    assert "a\\x1b[31m\\n[bold].png" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in the place of a file")
def test_a_failing_disk_is_no_rejected_image(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "v.csv"
    done = imagegate("check", folder, "-g", "rules:general", "--out", out)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "file") in done.stderr


def test_larger_pictures_are_accepted_or_refused_as_asked(folder):
    refused = imagegate(
        "check", folder / "clean.png", "-g", "rules:general", "--max-megapixels", 0.001
    )
    assert refused.returncode == 1
    assert "--max-megapixels" in refused.stdout


def test_json_follows_the_published_schema(folder):
    done = imagegate("check", folder, "-g", "rules:general", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["error"] is None for row in rows} == {True, False}
    for row in rows:
        row_schema().validate(row)


def test_reasons_have_codes_and_the_language_that_is_asked_for(folder, tmp_path):
    ruined = folder / "ruined.png"
    (tmp_path / "own.toml").write_text('"blur.focus" = "Viel zu weich."', encoding="utf-8")
    told = {}
    for language in ("en", "de", str(tmp_path / "own.toml")):
        done = imagegate("check", ruined, "-g", "rules:ocr", "--json", "--language", language)
        assert done.returncode == 1, done.stderr
        (told[Path(language).name],) = map(json.loads, done.stdout.splitlines())
        row_schema().validate(told[Path(language).name])
    for reason in told["en"]["reasons"]:
        assert reason["code"].split(".")[0] == reason["cause"]
        assert reason["message"] == load_messages()[reason["code"]]
        assert reason["detail"]
    messages = {
        name: {reason["code"]: reason.pop("message") for reason in row["reasons"]}
        for name, row in told.items()
    }
    german = load_messages("de")
    assert messages["de"] == {code: german[code] for code in messages["en"]}
    assert messages["own.toml"] == messages["en"] | {"blur.focus": "Viel zu weich."}
    assert told["de"] == told["en"] == told["own.toml"], "nothing else is in another language"
    shown = imagegate("check", ruined, "-g", "rules:ocr", "--language", "de").stdout
    assert german["blur.focus"] in shown
    assert "(blur.focus)" in shown
    refused = imagegate("check", ruined, "-g", "rules:ocr", "--language", "fr")
    assert refused.returncode == 2
    assert "de, en" in refused.stderr


def test_sort_writes_its_table_in_the_language_that_is_asked_for(folder, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ruined.png").write_bytes((folder / "ruined.png").read_bytes())
    asked = ("sort", "in", "out", "-g", "rules:ocr", "--language", "de")
    done = imagegate(*asked, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    (log,) = (tmp_path / "out").glob("*.jsonl")
    (row,) = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    german = load_messages("de")
    assert [r["message"] for r in row["reasons"]] == [german[r["code"]] for r in row["reasons"]]
    other = imagegate(*asked[:-1], "en", cwd=tmp_path)
    assert other.returncode == 2, "a run goes on in the language that it was begun in"


def test_degrade_gives_the_same_bytes_twice_and_says_what_it_did(folder, tmp_path):
    for name in ("one", "two"):
        done = imagegate(
            "degrade", folder / "clean.png", "-o", tmp_path / name, "--only", "noise", "-s", 3
        )
        assert done.returncode == 0, done.stderr
    first = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    log = [json.loads(line) for line in first["variants.jsonl"].decode().splitlines()]
    assert {entry["file"] for entry in log} < set(first)
    assert all(entry["chain"][0]["severity"] == 3 for entry in log)
    (drawn,) = (data for name, data in first.items() if name.endswith("clean__sheet.jpg"))
    assert cv2.imdecode(np.frombuffer(drawn, np.uint8), cv2.IMREAD_COLOR).size


def test_degrade_keeps_sources_of_one_name_apart(tmp_path):
    done = imagegate(
        *("degrade", "pages:1", "prints:1", "-o", tmp_path / "out"),
        *("--only", "exposure.under", "-s", 3),
    )
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "out" / "variants.jsonl").read_text().splitlines()
    files = [json.loads(line)["file"] for line in lines]
    assert len(set(files)) == len(files) == 2
    assert all((tmp_path / "out" / name).is_file() for name in files)


def test_gates_are_listed_and_shown():
    listed = imagegate("gates", "--json")
    names = [json.loads(line)["name"] for line in listed.stdout.splitlines()]
    assert "rules:ocr" in names
    for name in names:
        assert imagegate("show", name).returncode == 0


@pytest.mark.engine
def test_the_whole_loop_with_a_real_engine(tmp_path):
    done = imagegate("demo", "-e", "tesseract", "--out", tmp_path, "--pages", 20, "--variants", 2)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page or "data:image/png" in page
    two = [*tmp_path.glob("clean.*"), *tmp_path.glob("ruined.*")]
    checked = imagegate("check", *two, "-g", tmp_path / "demo.gate", "--json")
    clean, ruined = (json.loads(line) for line in checked.stdout.splitlines())
    assert ruined["decision"] != "pass"
    # an image unlike anything in training gets no number: for the ruined page that is fine
    assert clean["p_fail"] < (1.0 if ruined["p_fail"] is None else ruined["p_fail"])
