"""An ONNX model: what was read from its file, and what was declared of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, get_args

from imagegate.errors import MissingExtraError, SettingsError, UnknownNameError
from imagegate.tasks.network.graph import Spoken, speaks
from imagegate.tasks.network.scaling import Scaling, scaling_of
from imagegate.tasks.network.signature import Colours, Entry, entry_of, told
from imagegate.tasks.network.tensors import Fit, Layout, Size

Kind = Literal["classes", "embedding", "mask", "image"]
SpokenOrAuto = Literal["auto", "probabilities", "logits"]
CHOICES = {
    "output": get_args(Kind),
    "fit": get_args(Fit),
    "colours": get_args(Colours),
    "layout": (None, *get_args(Layout)),
    "values": get_args(SpokenOrAuto),
}
# Which kinds of output a setting says something of; those not listed are for all.
MEANT_FOR: dict[str, tuple[Kind, ...]] = {
    "labels": ("classes",),
    "mask_channel": ("mask",),
    "tile": ("image",),
    "output_scaling": ("image",),
    "input_multiple": ("mask", "image"),
}
SMALLEST_TILE = 16
QUIET = 4  # onnxruntime's level for what ends the process; the rest comes as an exception


@dataclass(frozen=True)
class Declared:
    """What a user says of a model, as ``onnx_engine`` documents it."""

    output: Kind
    input_size: int | tuple[int, int] | None
    fit: Fit
    scaling: str | tuple[Any, Any] | None
    colours: Colours
    layout: Layout | None
    input_multiple: int | None
    tile: int | None
    labels: str | Path | Sequence[str] | None
    output_name: str | None
    output_scaling: str | tuple[Any, Any] | None
    values: SpokenOrAuto
    mask_channel: int | None


@dataclass(frozen=True)
class Network:
    """A model with everything that changes what it gives.

    Parameters
    ----------
    path : str
        The file.
    kind : {"classes", "embedding", "mask", "image"}
        What it gives.
    entry : Entry
        What it takes.
    output : str
        The name of the output that is looked at.
    fit, bgr, scaling, multiple, tile
        How pictures are shown to it; ``tile`` is (height, width).
    spoken, channel, labels, output_scaling
        How its values are understood.
    """

    path: str
    kind: Kind
    entry: Entry
    output: str
    fit: Fit
    bgr: bool
    scaling: Scaling
    multiple: int
    tile: Size | None
    spoken: Spoken
    channel: int | None
    labels: tuple[str, ...]
    output_scaling: Scaling

    @property
    def file(self) -> str:
        """The name of the file."""
        return Path(self.path).name


def read_network(file: Path, declared: Declared) -> Network:
    """Read what a model says of itself, and put what is declared beside it.

    Raises
    ------
    SettingsError
        If it is no model, or if both do not go together.
    """
    check(declared)
    session = start(str(file), steady=True, fast=False)
    entry = entry_in(session, declared)
    output, shape = output_in(session, declared)
    names = labels_of(declared.labels)
    if names and shape and isinstance(shape[-1], int) and shape[-1] not in (1, len(names)):
        raise SettingsError(f"gives {shape[-1]} scores, but there are {len(names)} labels")
    if names and shape and shape[-1] == 1 and len(shape) < 4 and len(names) != 2:
        raise SettingsError(f"gives one score, of two classes, but there are {len(names)} labels")
    scaling = scaling_in(entry, declared.scaling)
    return Network(
        str(file),
        declared.output,
        entry,
        output,
        declared.fit,
        declared.colours == "bgr",
        scaling,
        declared.input_multiple or 1,
        tile_in(entry, declared.tile),
        spoken_in(file, output, shape, declared),
        declared.mask_channel,
        names,
        scaling_of(declared.output_scaling or scaling),
    )


def check(declared: Declared) -> None:
    """Refuse settings that cannot be meant, whatever the model is."""
    given = {name: getattr(declared, name) for name in asdict(declared)}
    for name, choices in CHOICES.items():
        if given[name] not in choices:
            raise UnknownNameError(name, str(given[name]), [c for c in choices if c])
    for name, kinds in MEANT_FOR.items():
        if given[name] is not None and declared.output not in kinds:
            raise SettingsError(
                f"{name} is for models that give {' or '.join(kinds)}, not {declared.output}"
            )
    for name, least in (("input_multiple", 1), ("tile", SMALLEST_TILE), ("mask_channel", 0)):
        if given[name] is not None and given[name] < least:
            raise SettingsError(f"expected {name} of at least {least}, got {given[name]}")
    if declared.output == "image" and declared.fit == "crop":
        raise SettingsError("fit crop loses the rest of the picture: use stretch, pad or tile")


def start(path: str, *, steady: bool, fast: bool = True) -> Any:
    """Load a model into onnxruntime, on one thread.

    ``steady`` says that all pictures have one size; memory for the largest one so far is kept
    then. ``fast`` has the model optimised, which takes longer to load.
    """
    try:
        import onnxruntime as runtime
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "onnx") from error
    if not Path(path).is_file():
        raise SettingsError(f"no such file: {path}")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = QUIET
    options.enable_cpu_mem_arena = options.enable_mem_pattern = steady
    if not fast:
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        return runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no class in common
        raise SettingsError(
            f"expected an ONNX model that onnxruntime {metadata.version('onnxruntime')} can run; "
            f"it says: {short(error)}"
        ) from error


def short(error: Exception) -> str:
    """Return the first line of what onnxruntime complains of."""
    return str(error).strip().split("\n")[0][:200]


def entry_in(session: Any, declared: Declared) -> Entry:
    """Read what a session takes."""
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(found.name for found in inputs)
        raise SettingsError(
            f"expected a model with one input, a picture; it takes {names or 'none'}"
        )
    (only,) = inputs
    return entry_of(
        only.name,
        only.shape,
        only.type,
        layout=declared.layout,
        colours=declared.colours,
        size=size_in(declared.input_size),
        sized=declared.output in ("classes", "embedding"),
    )


def size_in(given: int | tuple[int, int] | None) -> Size | None:
    """Return a declared size, (width, height), as (height, width)."""
    if given is None:
        return None
    width, height = (given, given) if isinstance(given, int) else given
    if width < 1 or height < 1:
        raise SettingsError(f"expected an input size above 0, got {given}")
    return height, width


def output_in(session: Any, declared: Declared) -> tuple[str, list[Any]]:
    """Return the name of the output to look at and its shape, refusing one that cannot be meant."""
    outputs = {found.name: found for found in session.get_outputs()}
    name = declared.output_name or next(iter(outputs))
    if name not in outputs:
        raise SettingsError(f"has no output {name!r}; it has {', '.join(outputs)}")
    shape = list(outputs[name].shape or [])
    sides = [side for side in shape if side != 1]
    vectors = declared.output in ("classes", "embedding")
    definite = [side for side in sides if isinstance(side, int) and side > 1]
    if shape and (len(definite) > 1 if vectors else len(shape) < 2 or len(sides) < 2):
        wanted = "(1, numbers)" if vectors else "(1, planes, height, width)"
        others = [other for other in outputs if other != name]
        hint = f"; choose another by output_name: {', '.join(others)}" if others else ""
        raise SettingsError(
            f"expected {declared.output} in the output {name}, of a shape like {wanted}, got "
            f"{told(shape)}{hint}"
        )
    return name, shape


def labels_of(given: str | Path | Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of classes, from a file if need be."""
    if given is None:
        return ()
    if isinstance(given, str | Path):
        try:
            lines = Path(given).expanduser().read_text(encoding="utf-8-sig").rstrip().split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"expected labels, one a line, in {given}: {error}") from error
    else:
        lines = list(given)
    names = tuple(line.strip() for line in lines)
    if not all(names):
        raise SettingsError(
            f"expected a label in every line, got none in line {names.index('') + 1}"
        )
    return names


def scaling_in(entry: Entry, given: str | tuple[Any, Any] | None) -> Scaling:
    """Return how pixels are scaled; a model of bytes takes them as they are."""
    usual = "0..255" if entry.dtype == "uint8" else "0..1"
    scaling = scaling_of(given or usual)
    if entry.dtype == "uint8" and scaling != scaling_of(usual):
        raise SettingsError(f"scaling {scaling} was declared, but the model takes bytes, 0..255")
    if entry.channels == 1 and max(len(scaling.mean), len(scaling.std)) > 1:
        raise SettingsError(f"scaling {scaling} is for 3 channels, but the model takes 1")
    return scaling


def tile_in(entry: Entry, given: int | None) -> Size | None:
    """Return height and width of the tiles."""
    if given and entry.size not in (None, (given, given)):
        height, width = entry.size or (0, 0)
        raise SettingsError(f"tile {given} was declared, but the model takes {width}x{height}")
    return (given, given) if given else None


def spoken_in(file: Path, output: str, shape: Sequence[Any], declared: Declared) -> Spoken:
    """Tell what the values of scores or masks are: declared, or as the graph tells it."""
    if declared.output in ("embedding", "image"):
        return "unknown"
    if declared.values != "auto":
        return declared.values
    found = speaks(file, output)
    single = bool(shape) and all(side == 1 for side in shape[1:])
    if found == "unknown" and single and declared.output == "classes":
        raise SettingsError(
            "gives one score, and its graph does not tell what it is: say values probabilities "
            "or logits (--values)"
        )
    return found
