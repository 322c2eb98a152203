"""What is true of a clean image: a file beside it, its folder, itself, or the engine's output."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from imagegate.errors import EngineError
from imagegate.tables import Pixels
from imagegate.tasks.task import Task, Truth
from imagegate.text import count
from imagegate.training.data.clean import Clean, Source

MASK_SUFFIX = ".mask.png"
# Where truth stands: NAME + suffix beside the image, or in the folder beside ``images``.
FILES: dict[Truth, tuple[str, str, str]] = {
    "text": (".txt", "text", ".txt"),
    "mask": (MASK_SUFFIX, "masks", ".png"),
    "json": (".json", "json", ".json"),
}


class Unusable(Exception):
    """A source cannot serve; the message says why."""


def page_of(stem: str) -> str:
    """Return the page that ``PAGE__VARIANT`` is a variant of."""
    return stem.partition("__")[0] or stem


def truth_file(image: Path, top: Path, base: Path, kind: Truth) -> Path | None:
    """Return the file with the truth of an image; a missing one among others is named, too."""
    if kind not in FILES:
        return None
    ending, name_of_folder, suffix = FILES[kind]
    away, folder = image.parent.relative_to(top), base / name_of_folder
    names = dict.fromkeys((image.stem, page_of(image.stem)))
    candidates = [image.with_name(f"{name}{ending}") for name in names]
    candidates += [folder / away / f"{name}{suffix}" for name in names]
    # Where a set has truth, an image without is a hole to report, not one to trust the engine on.
    missing = folder / away / f"{image.stem}{suffix}" if folder.is_dir() else None
    return next((path for path in candidates if path.is_file()), missing)


def ignored_truth(
    images: Sequence[Path], top: Path, base: Path, kind: Truth, used: Collection[str | None]
) -> Iterator[str]:
    """Yield a warning for each kind of truth files that are not read."""
    names = {name for image in images for name in (image.stem, page_of(image.stem))}
    for other, (beside, place, suffix) in FILES.items():
        placed = sorted((base / place).rglob(f"*{suffix}")) if base / place != top else []
        folders = sorted({image.parent for image in images})
        near = [path for folder in folders for path in sorted(folder.glob(f"*{beside}"))]
        if other == kind:
            ends = [(path, beside) for path in near] + [(path, suffix) for path in placed]
            files = [path for path, end in ends if path.name.removesuffix(end) not in names]
            reason = "no image has that name"
        else:
            matched = {f"{image.stem}{beside}" for image in images}
            files = [*(path for path in near if path.name in matched), *placed]
            reason = "truth of this kind is not read"
        files = [path for path in files if str(path) not in used]
        if files:
            first = files[0].relative_to(base)
            yield f"{count(len(files), f'{other} file')} ignored, the first is {first}: {reason}"


def given_truth(source: Source, clean: Clean, task: Task) -> Any:
    """Return the truth of a source, None if there is none; an empty one is refused."""
    if task.truth == "picture":
        return clean.pixels if clean.whole is None else clean.whole
    if task.truth == "class":
        return source.class_name
    if source.truth_path is None:
        truth = clean.text if task.truth == "text" else None
    elif not Path(source.truth_path).is_file():
        raise Unusable(f"no truth at {source.truth_path}")
    else:
        truth = task.read_truth(source.truth_path)
    if truth is not None and math.isnan(checked_loss(task, truth, truth, undefined_too=True)):
        raise Unusable("its truth is empty")
    return truth


def checked_loss(task: Task, output: Any, truth: Any, *, undefined_too: bool = False) -> float:
    """Return the loss of an output, refusing one that is none."""
    found = task.loss(output, truth)
    try:
        loss = float(found)
    except (TypeError, ValueError):
        loss = -1.0
    if not (0 <= loss <= 1 or (undefined_too and math.isnan(loss))):
        raise EngineError(f"expected a loss in 0..1 of {task.name}, got {found!r:.80}")
    return loss


def own_truth(clean: Clean, task: Task, run: Callable[[Pixels], Any]) -> Any:
    """Return the engine's own output on the clean image, if it is verified good."""
    output = sound(run(clean.pixels.copy()))
    itself = checked_loss(task, output, output, undefined_too=True)
    if task.verified(output):
        return output
    given = "" if task.truth == "own" else "no truth is given, and "
    raise Unusable(
        f"{given}the engine's own output is not good enough to be the truth: "
        f"{why_not(task, output, itself)}; give truth, or take it unverified"
    )


def why_not(task: Task, output: Any, itself: float) -> str:
    """Say what speaks against an output, as far as can be told."""
    if output is None:
        return "it is None"
    if math.isnan(itself):
        return "its loss against itself is undefined, as if there were nothing in it"
    if itself > task.failure_threshold:
        return f"its loss against itself is {itself:g}"
    sure = task.confidence(output)
    return f"its confidence is {sure:.2f}" if not math.isnan(sure) else "too little is in it"


def sound(output: Any) -> Any:
    """Return an output, refusing what no engine means: NaN, or an array with NaN in it."""
    values = np.asarray(output if isinstance(output, float | np.floating | np.ndarray) else 0.0)
    missing = int(np.isnan(values).sum()) if np.issubdtype(values.dtype, np.floating) else 0
    if missing:
        found = f"{missing:,} of {values.size:,} values NaN" if values.ndim else "nan"
        raise EngineError(f"expected an output without NaN, got {found}")
    return output
