"""Tesseract through its library (tesserocr) or, where that is missing, its program."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib import metadata
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from imagegate.engines.engine import Engine, EngineLimits, OcrOutput
from imagegate.engines.scripts import scripts_of
from imagegate.errors import EngineError, MissingExtraError, SettingsError
from imagegate.extras import require
from imagegate.tables import Pixels

LANGUAGE_VARIABLE = "IMAGEGATE_TESSERACT_LANG"
LONGEST_SIDE = 32767  # pixels, its TDIMENSION; beyond, it fails
# Degrees; of 40 pages and scans that are read well upright, all failed that were turned by more
# than 9, 7 of 10 of those by 5.5 to 9, and none by less than 2.5.
MOST_SKEW = 8.0
# Where Debian, Fedora, source builds, Homebrew, conda and the Windows installer put languages.
PLACES = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
    f"{sys.prefix}/share/tessdata",
    "C:/Program Files/Tesseract-OCR/tessdata",
)


def open_tesseract() -> Callable[[Pixels], OcrOutput]:
    """Load Tesseract: tesserocr with language files found on the machine, else the program."""
    folder = tessdata()
    return open_library(folder) if folder and find_spec("tesserocr") else open_program()


def version() -> str:
    """Return which Tesseract runs, how, and in which language."""
    if tessdata() and find_spec("tesserocr"):
        core = require("tesserocr", "tesseract").tesseract_version().split()[1]
        return f"tesseract {core} (tesserocr {metadata.version('tesserocr')}), {language()}"
    answer = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return f"tesseract {(answer.stdout or answer.stderr).split()[1]} (program), {language()}"


def language() -> str:
    """Return the language to read, ``eng`` unless the environment says otherwise."""
    return os.environ.get(LANGUAGE_VARIABLE, "eng")


def limits(version: str) -> EngineLimits:
    """Return what the Tesseract of a version, which ends with the language, can do at all."""
    reads = version.rpartition(", ")[2] if ", " in version else ""
    scripts = tuple(sorted(scripts_of(reads)))
    return EngineLimits(
        longest_side=LONGEST_SIDE,
        most_skew=MOST_SKEW,
        orientations=("upright",),
        language=reads,
        scripts=scripts,
    )


def tessdata() -> Path | None:
    """Return the folder with the language files, or None if there is none."""
    prefix = os.environ.get("TESSDATA_PREFIX")
    given = [Path(prefix), Path(prefix, "tessdata")] if prefix else []
    names = [f"{part}.traineddata" for part in language().split("+")]
    for folder in (*given, *found_folders()):
        if all((folder / name).is_file() for name in names):
            return folder
    return None


def found_folders() -> Iterable[Path]:
    """List the usual folders that exist, the newest version first."""
    for place in PLACES:
        anchor = Path(place).anchor
        if Path(anchor).exists():
            yield from sorted(Path(anchor).glob(str(Path(place).relative_to(anchor))), reverse=True)


def open_library(folder: Path) -> Callable[[Pixels], OcrOutput]:
    """Load libtesseract from the tesserocr wheel."""
    tesserocr = require("tesserocr", "tesseract")
    api = tesserocr.PyTessBaseAPI(path=str(folder), lang=language(), psm=tesserocr.PSM.AUTO)
    api.SetVariable("debug_file", os.devnull)

    def read(pixels: Pixels) -> OcrOutput:
        height, width = pixels.shape[:2]
        api.SetImageBytes(pixels.tobytes(), width, height, 3, 3 * width)
        text = api.GetUTF8Text()
        # Tesseract says 95 of an empty page.
        sure = api.MeanTextConf() / 100 if text.strip() else 0.0
        words = tuple(word / 100 for word in api.AllWordConfidences()) if text.strip() else ()
        api.Clear()
        return OcrOutput(text, sure, words)

    return read


def program() -> str:
    """Return the path of the tesseract program."""
    found = shutil.which("tesseract")
    if found:
        return found
    if find_spec("tesserocr"):
        raise SettingsError(
            f"no {language()}.traineddata found: install Tesseract's language files "
            "(Debian: apt install tesseract-ocr) or set TESSDATA_PREFIX to their folder"
        )
    raise MissingExtraError("tesserocr", "tesseract")


def open_program() -> Callable[[Pixels], OcrOutput]:
    """Prepare to call the tesseract program once an image."""
    command = [program(), "stdin", "stdout", "-l", language(), "tsv"]
    # Its threads get in each other's way: 15 s a page without this, 1.7 s with it.
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}

    def read(pixels: Pixels) -> OcrOutput:
        _, picture = cv2.imencode(".ppm", np.ascontiguousarray(pixels[..., ::-1]))
        done = subprocess.run(  # noqa: S603
            command, input=picture.tobytes(), capture_output=True, env=environment, check=False
        )
        if done.returncode:
            raise EngineError(f"tesseract failed: {done.stderr.decode(errors='replace').strip()}")
        return read_tsv(done.stdout.decode("utf-8", errors="replace"))

    return read


def read_tsv(table: str) -> OcrOutput:
    """Put Tesseract's word table together into lines and a mean confidence."""
    rows = csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    found = [row for row in rows if (row.get("text") or "").strip()]
    if not found:
        return OcrOutput("", 0.0)
    lines = groupby(found, key=lambda row: (row["block_num"], row["par_num"], row["line_num"]))
    text = "\n".join(" ".join(row["text"] for row in line) for _, line in lines)
    sure = tuple(float(row["conf"]) / 100 for row in found)
    return OcrOutput(text, float(np.mean(sure)), sure)


TESSERACT = Engine("tesseract", open_tesseract, version, "Apache-2.0", limits)
