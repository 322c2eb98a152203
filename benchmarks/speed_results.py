"""What was measured on every image, and which of the targets that keeps."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from speed_peers import PEERS
from speed_rooms import DECODE, Memory

COLOUR, GRAY, QUARTER = "colour decode", "gray decode", "gray decode, ¼"
CHECK, OF_COLOUR, OF_GRAY = "check(path)", "check(colour array)", "check(gray array)"
CONTENDERS = (COLOUR, GRAY, QUARTER, CHECK, OF_COLOUR, OF_GRAY, *(peer.name for peer in PEERS))
GROWTH = 1.25  # 1 is meant; the rest is for the spread of the times


@dataclass(frozen=True)
class Times:
    """Medians of one contender on one image, in milliseconds."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Measured:
    """One image and what it cost.

    Parameters
    ----------
    name, width, height, size
        What it is called, its pixels, its bytes.
    decision : str
        What the gate decides on it.
    colour : bool
        Whether the check needed the colour plane.
    times : Mapping
        By contender, the times or the name of the error.
    peers : Mapping
        The same of the peers, and of a colour decode in their process.
    rooms : Mapping
        CPU milliseconds of each room of one check.
    """

    name: str
    width: int
    height: int
    size: int
    decision: str
    colour: bool
    times: Mapping[str, Times | str]
    peers: Mapping[str, Times | str]
    rooms: Mapping[str, float]

    def found(self, contender: str) -> Times | str | None:
        """Return the times of a contender, the name of its error, None if it did not run."""
        return self.times.get(contender, self.peers.get(contender))

    def cpu(self, contender: str) -> float:
        """Return CPU milliseconds, NaN for who did not run."""
        found = self.found(contender)
        return found.cpu if isinstance(found, Times) else float("nan")

    def ratio(self, contender: str) -> float:
        """Return CPU time as a multiple of a colour decode's in the same process."""
        run = self.times if contender in self.times else self.peers
        own, decode = run.get(contender), run.get(COLOUR)
        if not (isinstance(own, Times) and isinstance(decode, Times)):
            return float("nan")
        return own.cpu / decode.cpu

    @property
    def beside_decode(self) -> float:
        """CPU milliseconds of all rooms but the decoder's."""
        return sum(spent for room, spent in self.rooms.items() if room != DECODE)


@dataclass(frozen=True)
class Results:
    """All that was measured.

    Parameters
    ----------
    gate : str
        Name of the gate.
    images : sequence of Measured
        In order of the tables.
    parts : Mapping
        By image, the CPU milliseconds of each step behind the measuring.
    rates : Mapping
        Images a second of ``check_many``, by number of workers.
    memory : Mapping
        By image, what a fresh process held; None where the system does not tell.
    """

    gate: str
    images: Sequence[Measured]
    parts: Mapping[str, Mapping[str, float]]
    rates: Mapping[int, float]
    memory: Mapping[str, Memory | None]


@dataclass(frozen=True)
class Target:
    """What a number should be at most, or at least, and what it is.

    Parameters
    ----------
    what, limit, unit
        In words, and how much of what unit.
    found : Mapping
        The number by image, or under an empty name; NaN where it was not measured.
    at_least : bool
        Whether more is better.
    """

    what: str
    limit: float
    unit: str
    found: Mapping[str, float]
    at_least: bool = False

    @property
    def kept(self) -> bool | None:
        """Whether all that was measured keeps it; None if nothing was."""
        known = [value for value in self.found.values() if not np.isnan(value)]
        if not known:
            return None
        return min(known) >= self.limit if self.at_least else max(known) <= self.limit


def targets(results: Results) -> list[Target]:
    """Return the targets with what was measured."""
    images = {image.name: image for image in results.images}

    def ratios(size: str, contender: str) -> dict[str, float]:
        kinds = {kind: images.get(f"{kind}, {size} MP") for kind in ("page photo", "scene")}
        return {kind: image.ratio(contender) for kind, image in kinds.items() if image}

    def slowest(step: str) -> dict[str, float]:
        return {"": max(found[step] for found in results.parts.values())}

    one, two = results.rates[1], results.rates[2]
    held = {name: found.beyond for name, found in results.memory.items() if found}
    twelve, hundred = (images.get(f"page photo, {size} MP") for size in ("12", "100"))
    grown = {"": hundred.beside_decode / twelve.beside_decode} if twelve and hundred else {}
    return [
        Target(f"{CHECK}, 12 MP", 0.75, "", ratios("12", CHECK)),
        Target(f"{CHECK}, 2 MP", 1.8, "", ratios("2", CHECK)),
        Target(f"{CHECK}, 0.5 MP", 3.5, "", ratios("0.5", CHECK)),
        Target(f"{OF_COLOUR}, 12 MP", 0.4, "", ratios("12", OF_COLOUR)),
        Target(f"{OF_GRAY}, 12 MP", 0.4, "", ratios("12", OF_GRAY)),
        Target("forest and calibration", 0.05, " ms", slowest("forest and calibration")),
        Target("reasons", 1, " ms", slowest("reasons")),
        Target(
            "`check_many` on two cores, to one",
            1.8,
            " ×",
            {"": two / one} if (os.cpu_count() or 1) > 1 else {},
            at_least=True,
        ),
        Target("memory beyond the gray plane", 60, " MB", held),
        Target("all but the decode, 100 MP to 12 MP", GROWTH, " ×", grown),
    ]
