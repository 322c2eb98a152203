"""An ONNX model in onnxruntime, and all that it and its user say of it, put together."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imagegate.engines.network.scaling import Scaling, scaling_of
from imagegate.engines.network.settings import Settings, names_of, size_of
from imagegate.engines.network.signature import Entry, entry_of, shape_text
from imagegate.errors import MissingExtraError, SettingsError

QUIET = 4  # onnxruntime's level for what ends the process; the rest comes as an exception


@dataclass(frozen=True)
class Network:
    """A model with everything that changes what it gives.

    ``entry`` is what it takes and ``output`` the name of the output that is looked at; scalings
    and names of classes are those of the ``settings``, read.
    """

    path: Path
    settings: Settings
    entry: Entry
    output: str
    scaling: Scaling
    output_scaling: Scaling
    class_names: tuple[str, ...]

    def text(self) -> str:
        """Say every setting that is made, or that the model decides."""
        size = f"{self.entry.size[1]}x{self.entry.size[0]}" if self.entry.size else None
        names = hashlib.sha256("\n".join(self.class_names).encode()).hexdigest()[:12]
        read = {
            "input_size": size,
            "scaling": self.scaling,
            "class_names": names if self.class_names else None,
            "output_name": self.output,
            "output_scaling": self.output_scaling if self.settings.output == "image" else None,
        }
        known = {**asdict(self.settings), **read}
        return ", ".join(
            f"{name.replace('_', ' ')} {value}"
            for name, value in known.items()
            if value is not None
        )


def read_network(path: Path, settings: Settings) -> Network:
    """Read what a model says of itself, and put it beside what its user says.

    Raises
    ------
    SettingsError
        If it is no model, or if both do not go together.
    """
    session = start(path, steady=True)
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(found.name for found in inputs) or "none"
        raise SettingsError(f"expected a model with one input, a picture; it takes {names}")
    entry = entry_of(
        inputs[0].name,
        inputs[0].shape,
        inputs[0].type,
        size_of(settings.input_size),
        sized=settings.output in ("classes", "embedding"),
    )
    tile = settings.tile
    if tile and entry.size not in (None, (tile, tile)):
        raise SettingsError(f"tile {tile} was declared, but the model takes another size")
    scaling = scaling_in(entry, settings.scaling)
    return Network(
        path,
        settings,
        entry,
        output_in(session, settings),
        scaling,
        scaling_of(settings.output_scaling) if settings.output_scaling else scaling,
        names_of(settings.class_names),
    )


def start(path: Path, *, steady: bool) -> Any:
    """Load a model into onnxruntime, on one thread.

    ``steady`` says that all pictures have one size; memory for the largest one so far is kept
    then.
    """
    runtime = onnxruntime()
    if not path.is_file():
        raise SettingsError(f"no such file: {path}")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = QUIET
    options.enable_cpu_mem_arena = options.enable_mem_pattern = steady
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no class in common
        raise SettingsError(
            f"expected an ONNX model that onnxruntime {runtime.__version__} can run; "
            f"it says: {short(error)}"
        ) from error


def onnxruntime() -> Any:
    """Return the package that runs models."""
    try:
        import onnxruntime as runtime
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "onnx") from error
    return runtime


def short(error: Exception) -> str:
    """Return the first line of what onnxruntime complains of."""
    return str(error).strip().split("\n")[0][:200]


def output_in(session: Any, settings: Settings) -> str:
    """Return the name of the output to look at, refusing one that cannot be meant."""
    outputs = {found.name: list(found.shape or []) for found in session.get_outputs()}
    name = settings.output_name or next(iter(outputs))
    if name not in outputs:
        raise SettingsError(f"has no output {name!r}; it has {', '.join(outputs)}")
    shape = outputs[name]
    sides = [side for side in shape if side != 1]
    vectors = settings.output in ("classes", "embedding")
    definite = [side for side in sides if isinstance(side, int)]
    if shape and (len(definite) > 1 if vectors else len(sides) < 2):
        wanted = "(1, numbers)" if vectors else "(1, planes, height, width)"
        others = ", ".join(other for other in outputs if other != name)
        raise SettingsError(
            f"expected {settings.output} in the output {name}, of a shape like {wanted}, got "
            f"{shape_text(shape)}{f'; choose another by output_name: {others}' if others else ''}"
        )
    scores = shape[1:] if shape and not isinstance(shape[0], int) else shape  # an open batch
    if settings.output == "classes" and settings.values == "auto" and scores and set(scores) == {1}:
        raise SettingsError(
            "gives one score, and its range cannot tell what it is: say values probabilities or "
            "logits (--values)"
        )
    return name


def scaling_in(entry: Entry, given: str | None) -> Scaling:
    """Return how pixels are scaled; a model of bytes takes them as they are."""
    usual = "0..255" if entry.dtype == "uint8" else "0..1"
    scaling = scaling_of(given or usual)
    if entry.dtype == "uint8" and scaling != scaling_of(usual):
        raise SettingsError(f"scaling {scaling} was declared, but the model takes bytes, 0..255")
    if entry.channels == 1 and max(len(scaling.mean), len(scaling.std)) > 1:
        raise SettingsError(f"scaling {scaling} is for 3 channels, but the model takes 1")
    return scaling
