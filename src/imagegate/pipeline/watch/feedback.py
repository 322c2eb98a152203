"""What became of images: read the answers, find them in the log, hold them against the promise."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagegate.errors import CorpusError
from imagegate.models.gate import Gate, RulesGate
from imagegate.pipeline.expected import Chances, Expected, expected_failures
from imagegate.pipeline.watch.reference import Floats
from imagegate.training.binomial import clopper_pearson
from imagegate.training.outcomes import ANSWERS, read_list

Place = tuple[str, int]  # a path, or "sha256:" and a hash, and the page
BIAS = (
    "Feedback that people chose to send is biased, mostly towards failures; only images labelled "
    "at random tell the true risk."
)


@dataclass(frozen=True)
class Label:
    """One answer: the line it stands on, and whether the task failed."""

    line: int
    failed: bool
    names: tuple[Place, ...]


@dataclass(frozen=True)
class Decided:
    """What the log says about an image that was labelled."""

    group: str
    used: bool
    p_fail: float | None
    failed: bool


@dataclass(eq=False)
class Feedback:
    """The answers of a file, and what the log says about their images.

    Parameters
    ----------
    labels : tuple of Label
        In the order of the file, each image once.
    doubled : int
        Lines that repeat an answer.
    found : dict of int to Decided
        By the label's place, as the *last* line of the log about the image says.
    again : int
        Lines of the log about an image that an earlier one was about.
    """

    labels: tuple[Label, ...]
    doubled: int
    found: dict[int, Decided] = field(default_factory=dict)
    again: int = 0

    def __post_init__(self) -> None:
        self._place = {name: i for i, label in enumerate(self.labels) for name in label.names}

    def match(
        self, row: Mapping[str, Any], *, group: str, used: bool, p_fail: float | None
    ) -> None:
        """Note a line of the log if there is an answer about its image."""
        page = int(row.get("page") or 1)
        for name in names_of(str(row.get("path")), row.get("sha256"), str(Path.cwd())):
            place = self._place.get((name, page))
            if place is not None:
                self.again += place in self.found
                self.found[place] = Decided(group, used, p_fail, self.labels[place].failed)
                return

    def of(self, group: str | None) -> list[Decided]:
        """Return what was found about a group of the log, or about all of it."""
        return [one for one in self.found.values() if group in (None, one.group)]

    def sentences(self) -> list[str]:
        """Say what could not be used, and how far to trust the rest."""
        missing = [label.line for i, label in enumerate(self.labels) if i not in self.found]
        said = []
        if missing:
            where = ", ".join(map(str, missing[:5])) + (" …" if len(missing) > 5 else "")
            said.append(
                f"Feedback: {len(missing):,} of {len(self.labels):,} answers are about no image "
                f"of this log (lines {where}). They are matched by path, or by sha256."
            )
        if self.doubled:
            said.append(f"Feedback: {self.doubled:,} lines repeat an answer and count once.")
        if self.again:
            said.append(
                f"Feedback: {self.again:,} lines of the log are about an image again; the last "
                "decision counts."
            )
        return [*said, BIAS] if self.found else said


def read_feedback(path: str | Path) -> Feedback:
    """Read a CSV file of answers.

    Parameters
    ----------
    path : str or Path
        Columns path, failed (0 or 1)[, page][, sha256], and those that training takes; paths as
        in the log, absolute, or relative to the file.

    Raises
    ------
    CorpusError
        If a line cannot be understood, or two say different things of one image.
    """
    file = Path(path)
    seen: dict[Place, Label] = {}
    labels: list[Label] = []
    doubled = 0
    for line, row in enumerate(read_list(file), start=2):
        page = int(row.get("page") or 1)
        named = names_of(row["path"] or "", row.get("sha256"), str(file.absolute().parent))
        label = Label(
            line, bool(ANSWERS[row["failed"].strip().lower()]), tuple((n, page) for n in named)
        )
        before = next((seen[name] for name in label.names if name in seen), None)
        if before is None:
            labels.append(label)
            seen |= dict.fromkeys(label.names, label)
        elif before.failed == label.failed:
            doubled += 1
        else:
            raise CorpusError(
                f"{file} line {line}: {row['path']} has another answer than on line {before.line}"
            )
    return Feedback(tuple(labels), doubled)


def names_of(path: str, sha256: object, folder: str) -> list[str]:
    """Return what an image may be known by: its path as written, from the root, its content."""
    names = [path]
    if "://" not in path:
        names.append(os.path.normpath(os.path.join(folder, path)))  # noqa: PTH118 - a name, no file
    if isinstance(sha256, str) and sha256:
        names.append(f"sha256:{sha256.lower()}")
    return names


@dataclass(frozen=True)
class Observed:
    """What became of labelled images.

    Parameters
    ----------
    used, failed : int
        Labelled images that were let through, and how many of them failed.
    low, high : float
        Exact 95 % interval of their risk.
    promise : float or None
        What the gate promised of it.
    broken : bool
        Whether the risk is above the promise beyond chance, for as many questions as are asked.
    others, others_failed : int
        Labelled images that were held back, and how many of them failed.
    expected : Expected or None
        How many of *all* labelled images with a probability should have failed.
    expected_failed : int
        How many of these did.
    above : bool
        Whether that is more than expected beyond chance, for as many questions as are asked.
    """

    used: int
    failed: int
    low: float
    high: float
    promise: float | None
    broken: bool
    others: int
    others_failed: int
    expected: Expected | None
    expected_failed: int
    above: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        expected = self.expected and self.expected.to_dict()
        return {**vars(self), "expected": expected}


def observed(
    found: list[Decided],
    gate: Gate | RulesGate,
    *,
    lines: Floats | None,
    alpha: float,
) -> Observed | None:
    """Hold what was found against the gate's promise and its probabilities; None if nothing was."""
    if not found:
        return None
    used = [one for one in found if one.used]
    failed = sum(one.failed for one in used)
    low, high = clopper_pearson(failed, len(used))
    promise = gate.card.promise if gate.card.guarantee and gate.card.guarantee.kept else None
    strict, _ = clopper_pearson(failed, len(used), 1 - alpha)
    known = [one for one in found if one.p_fail is not None]
    known_failed = sum(one.failed for one in known)
    chances = Chances.of(one.p_fail for one in known)
    most = expected_failures(gate, chances, lines=lines, level=1 - alpha)
    return Observed(
        used=len(used),
        failed=failed,
        low=low,
        high=high,
        promise=promise,
        broken=promise is not None and strict > promise,
        others=len(found) - len(used),
        others_failed=sum(one.failed for one in found) - failed,
        expected=expected_failures(gate, chances, lines=lines),
        expected_failed=known_failed,
        above=most is not None and known_failed > most.high,
    )
