"""Turn one source into rows: degrade it, measure it, run the engine, score what it lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

import cv2
import numpy as np

from imagegate import image
from imagegate.degrade import chain_from_json, chain_to_json
from imagegate.engines.engine import Engine
from imagegate.errors import EngineError
from imagegate.features import MEASURES, OUTPUTS, measure, measure_output, output_measures
from imagegate.parallel.isolation import Event, Job
from imagegate.tables import Pixels
from imagegate.tasks.task import Task
from imagegate.training.data.clean import Source, cause_of, load, variant_bytes
from imagegate.training.data.truths import Unusable, checked_loss, given_truth, own_truth, sound
from imagegate.training.labelling import store
from imagegate.training.labelling.recipes import CAUSES_ONLY, draw, row_seed

Row = dict[str, Any]
LONGEST_ERROR = 300
LONGEST_NAME = 60


@dataclass(frozen=True)
class Plan:
    """What is done to every source; see :func:`imagegate.label` for the settings."""

    task: Task
    engine: Engine
    recipe: str
    seed: int
    half_run: bool = False
    strength: float = 1.0

    @property
    def runs_engine(self) -> bool:
        """Whether the engine is asked at all."""
        return self.recipe != CAUSES_ONLY

    @property
    def called(self) -> str:
        """The engine as messages name it; a command line may be long."""
        return shorten(self.engine.name, LONGEST_NAME)

    def load(self) -> Callable[[Pixels], Any]:
        """Load the engine."""
        return self.engine.open()

    def events(self, job: Job, run: Callable[[Pixels], Any]) -> Iterator[Event]:
        """Make the rows of a source, telling each step before it is taken."""
        source = job.subject
        yield Event("begin", source)
        try:
            clean = load(source, text=self.task.text, shrink=self.task.shrink)
            yield Event("engine", source)  # the loss that checks the truth is the user's own, too
            truth = given_truth(source, clean, self.task) if self.runs_engine else None
            if truth is None and self.runs_engine:
                truth = own_truth(clean, self.task, run)
        except Exception as error:  # noqa: BLE001 one bad source must not end the run
            yield Event("refused", source, describe(error))
            return
        for variant in job.units:
            row = blank_row(source, variant, self)
            yield Event("begin", source, row)
            try:
                chain = chain_from_json(row["chain"])
                data = variant_bytes(clean, chain, seed=row["seed"], variant=variant)
                picture = image.read(data)
                row = row | {"reference_px": clean.reference_px, **measured(picture)}
                if not self.runs_engine:
                    yield Event("result", source, row)
                    continue
                yield Event("engine", source, row)
                output, second = sound(run(picture.rgb.copy())), None  # it may write into its input
                loss = checked_loss(self.task, output, truth)
                row |= {"loss": loss, "confidence": float(self.task.confidence(output))}
                if self.half_run:
                    yield Event("engine", source, row)
                    second = run(half(picture.rgb))
                if self.task.name in OUTPUTS:
                    values = measure_output(self.task.name, picture, output, second=second)
                    named = output_measures(self.task.name)
                    row |= dict(zip(named, map(float, values), strict=True))
            except Exception as error:  # noqa: BLE001 an engine may raise anything; the row keeps it
                row = row | {"error": describe(error)}
            yield Event("result", source, row)
        yield Event("done", source)

    def failed(self, job: Job, state: Row | None, fate: str) -> Row:
        """Return the row on which the process of the engine was lost."""
        return (state or blank_row(job.subject, job.units[0], self)) | {"error": fate}


def row_id(source: Source, variant: int) -> str:
    """Name a row."""
    return f"{source.source_id}#{variant:03d}"


def blank_row(source: Source, variant: int, plan: Plan) -> Row:
    """Return a row with what is known before the image is made; the rest is undefined."""
    seed = row_seed(plan.seed, source.source_id, variant)
    text, strength = plan.task.text, plan.strength
    chain = draw(plan.recipe, plan.seed, source.source_id, variant, strength=strength, text=text)
    return {
        "row_id": row_id(source, variant),
        "source_id": source.source_id,
        "group": source.group,
        "set": source.set,
        "path": source.shown,
        "chain": chain_to_json(chain),
        "cause": cause_of(chain),
        "severity": max((step.severity for step in chain), default=0),
        "seed": seed,
        **store.BLANK,
        **dict.fromkeys(MEASURES, math.nan),
        **dict.fromkeys(output_measures(plan.task.name), math.nan),
    }


def measured(picture: image.Image) -> Row:
    """Return the size and the measures of an image."""
    height, width = picture.gray.shape
    values = map(float, measure(picture))
    return {"width": width, "height": height, **dict(zip(MEASURES, values, strict=True))}


def half(pixels: Pixels) -> Pixels:
    """Return an image at half size."""
    size = (max(1, pixels.shape[1] // 2), max(1, pixels.shape[0] // 2))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def describe(error: BaseException) -> str:
    """Put an error into one line."""
    name = "" if isinstance(error, Unusable | EngineError) else f"{type(error).__name__}: "
    return " ".join(f"{name}{error}".split())[:LONGEST_ERROR]


def still_to_do(sources: Sequence[Source], variants: int, done: set[str]) -> list[Job]:
    """List the jobs that are left, in order."""
    left = (
        Job(source, tuple(v for v in range(variants) if row_id(source, v) not in done))
        for source in sources
    )
    return [job for job in left if job.units]
