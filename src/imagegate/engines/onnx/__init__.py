"""Any ONNX model of images becomes an engine, by presets or by functions of the user's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from imagegate.engines.engine import Engine
from imagegate.engines.onnx import arrays
from imagegate.engines.onnx.arrays import Fit, Input, ValuesAre
from imagegate.errors import EngineError, SettingsError, UnknownNameError
from imagegate.extras import require
from imagegate.tables import Pixels

Prepare = Callable[[Pixels], NDArray[Any]]
Interpret = Callable[[Sequence[Any], Pixels], Any]
Colours = Literal["rgb", "bgr"]
CHOICES: dict[str, tuple[str, ...]] = {
    "kind": ("classes", "embedding", "mask", "image"),
    "fit": get_args(Fit),
    "colours": get_args(Colours),
    "values": get_args(ValuesAre),
}
FUNCTION = "what a function gives"  # the kind, if no other
# Which kinds of output a setting says something of; those not listed are for all.
MEANT_FOR: dict[str, tuple[str, ...]] = {
    "class_names": ("classes",),
    "fit": ("classes", "embedding"),
    "values": ("classes", "mask"),
    "tile": ("image",),
    "input_multiple": ("mask", "image", FUNCTION),
}
LEAST = {"input_multiple": 1, "tile": 16}
QUIET = 4  # onnxruntime's level for what ends the process; the rest comes as an exception
# The largest picture that is shown to a model as it is: 64 planes of features of Full HD take
# half a gigabyte, and models hold several of them at once.
MOST_PIXELS = 1 << 21
TRIAL_SIDE = 256  # px of the picture that a model of any size is tried on


@dataclass(frozen=True)
class Preprocess:
    """How pictures are prepared for a model; must not contradict what the model declares.

    The fields are the options of ``imagegate label`` of the same names (docs/engines.md).
    """

    # "0..1" (default; "0..255" for models that take bytes), "-1..1", "imagenet", or mean and
    # deviation of values in 0..1, as "0.5/0.25"
    scaling: str | None = None
    # side, or (width, height), where the model takes any; else masks and pictures are made of the
    # picture as it is, up to 2.1 megapixels
    input_size: int | tuple[int, int] | None = None
    fit: Fit = "stretch"  # for classes and embeddings, how another aspect is brought to that size
    colours: Colours = "rgb"
    input_multiple: int = 1  # for masks and pictures of any size: what divides the sides
    tile: int | None = None  # for pictures: run in overlapping squares of this side


@dataclass(frozen=True)
class Postprocess:
    """What the first output of a model is.

    The kind is ``"classes"`` (a score each), ``"embedding"`` (a row of numbers), ``"mask"`` (of the
    subject) or ``"image"`` (a picture scaled like the input).
    """

    kind: str
    class_names: str | Path | Sequence[str] = ()  # as in the truth, or a file with one a line
    # of classes and masks; "auto" decides once, by the range on a picture of random colours
    values: ValuesAre = "auto"


def onnx_engine(
    path: str | Path,
    preprocess: str | Preprocess | Prepare = "",
    *,
    postprocess: str | Postprocess | Interpret,
) -> Engine:
    """Make an engine from an ONNX file; it runs on the CPU, on one thread.

    Layout, channels, size and type of the input are read from the model. The settings complete
    what the model leaves open, and must not contradict it.

    Parameters
    ----------
    path : str or Path
        The model, with one input.
    preprocess : str, Preprocess or Callable
        How pictures are prepared. A string is the scaling alone: ``"imagenet"``, ``"-1..1"``. A
        function ``prepare(pixels) -> batch`` makes the input of the model from RGB uint8 pixels.
    postprocess : str, Postprocess or Callable
        What the model returns. A string is the kind alone: ``"classes"``, ``"embedding"``,
        ``"mask"``, ``"image"``. A function ``interpret(outputs, pixels) -> output`` makes the
        output of the task from all outputs of the model and the picture.

    Returns
    -------
    Engine
        It returns a ``Prediction``; a float32 array of one dimension; a float32 mask in 0..1 of
        the picture's height and width; RGB uint8 pixels; or what your function returns. Its
        version covers the content of the file and every setting, so that rows of different models
        or settings never end up in one corpus; of functions, it covers only the name.

    Raises
    ------
    SettingsError
        If the file is not a model that can run here, or contradicts the settings. While it runs,
        an output of another shape or with NaN in it is an OutputError with the name of the file;
        an error of onnxruntime is an EngineError.
    MissingExtraError
        If onnxruntime is not installed.
    """
    file = Path(path).expanduser().absolute()
    how = Preprocess(preprocess or None) if isinstance(preprocess, str) else preprocess
    given = Postprocess(postprocess) if isinstance(postprocess, str) else postprocess
    check(how, given)
    try:
        network = read_network(file, how, given)
    except (SettingsError, EngineError) as error:
        raise SettingsError(f"{file.name}: {error}") from error
    return Engine(file.name, partial(open_network, network), partial(version_of, network))


def check(how: Preprocess | Prepare, given: Postprocess | Interpret) -> None:
    """Refuse settings that contradict each other, whatever the model is."""
    kind = given.kind if isinstance(given, Postprocess) else FUNCTION
    for part in (given, how):
        for field in fields(part) if isinstance(part, Preprocess | Postprocess) else ():
            name, value = field.name, getattr(part, field.name)
            if value not in CHOICES.get(name, (value,)):
                raise UnknownNameError(name, str(value), CHOICES[name])
            kinds = MEANT_FOR.get(name, (kind,))
            if kind not in kinds and value != field.default:
                raise SettingsError(f"{name} is for models that give {' or '.join(kinds)}")
            if value is not None and value < LEAST.get(name, value):
                raise SettingsError(f"expected {name} of at least {LEAST[name]}, got {value}")


@dataclass(frozen=True)
class Network:
    """A model with what makes its batches and reads its outputs (None: all of them)."""

    path: Path
    prepare: Prepare
    interpret: Interpret
    input_name: str
    outputs: tuple[str, ...] | None
    tile: int | None
    free: bool  # whether it is shown pictures in their own size
    settings: dict[str, Any]


def read_network(path: Path, how: Preprocess | Prepare, given: Postprocess | Interpret) -> Network:
    """Read what a model declares, check it against what its user declares, and try it."""
    session = start(path, steady=True)
    inputs, output = session.get_inputs(), session.get_outputs()[0].name
    if len(inputs) != 1:
        taken = ", ".join(found.name for found in inputs) or "none"
        raise SettingsError(f"expected a model with one input, a picture; it takes {taken}")
    kind = given.kind if isinstance(given, Postprocess) else FUNCTION
    takes = input_of(inputs[0], how, kind) if isinstance(how, Preprocess) else Input()
    names = names_of(given.class_names) if isinstance(given, Postprocess) else ()
    interpret = partial(arrays.interpreted, takes, kind, names)
    network = Network(
        path,
        prepare=how if callable(how) else partial(arrays.batch, takes),
        interpret=given if callable(given) else partial(interpret, given.values),
        input_name=inputs[0].name,
        outputs=None if callable(given) else (output,),
        tile=how.tile if isinstance(how, Preprocess) else None,
        free=isinstance(how, Preprocess) and takes.size is None,
        settings=settings_of(how, given, takes, names, output),
    )
    if callable(given):
        return network
    # tried on random colours: all pictures are read alike, and what does not fit is found at once
    colours = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    side, values = network.tile or TRIAL_SIDE, given.values
    pixels = np.asarray(arrays.resized(colours, takes.size or (side, side)), np.uint8)
    outputs = infer(network, session, pixels)
    if values == "auto" and kind in MEANT_FOR["values"]:
        values = arrays.values_of(outputs[0], kind)
    interpret(values, outputs, pixels)
    return replace(network, interpret=partial(interpret, values))


def input_of(found: Any, how: Preprocess, kind: str) -> Input:
    """Return how pictures are shown to a model, unless the two sides contradict each other."""
    dtype = arrays.TYPES.get(found.type)
    if dtype is None:
        raise SettingsError(f"takes {found.type}; expected one of {', '.join(arrays.TYPES)}")
    layout, channels, own = arrays.layout_of(found.shape)
    size = arrays.size_in(own, how.input_size, sized=kind in MEANT_FOR["fit"])
    if how.tile and size not in (None, (how.tile, how.tile)):
        raise SettingsError(f"tile {how.tile} was declared, but the model takes another size")
    scaling = how.scaling or ("0..255" if dtype == "uint8" else "0..1")
    per_colour = max(map(len, arrays.scaling_of(scaling))) > 1
    if dtype == "uint8" and scaling != "0..255":
        raise SettingsError(f"scaling {scaling} was declared, but the model takes bytes, 0..255")
    if channels == 1 and per_colour:
        raise SettingsError(f"scaling {scaling} is for 3 channels, but the model takes 1")
    bgr, multiple = how.colours == "bgr", how.input_multiple
    return Input(layout, channels, dtype, size, scaling, how.fit, bgr, multiple)


def names_of(given: str | Path | Sequence[str]) -> tuple[str, ...]:
    """Return the names of classes, from a file if need be."""
    lines = given
    if isinstance(lines, str | Path):
        try:
            lines = Path(lines).expanduser().read_text(encoding="utf-8-sig").rstrip().split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"expected class names, one a line, in {given}: {error}") from error
    names = tuple(line.strip() for line in lines)
    if not all(names):
        number = names.index("") + 1
        raise SettingsError(f"expected a class name in every line, line {number} is empty")
    return names


def start(path: Path, *, steady: bool) -> Any:
    """Load a model on one thread; memory for the largest picture so far is kept if steady."""
    runtime = require("onnxruntime", "onnx")
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


def short(error: Exception) -> str:
    """Return the first line of what onnxruntime complains of."""
    return str(error).strip().split("\n")[0][:200]


def open_network(network: Network) -> Callable[[Pixels], Any]:
    """Load the model; the session that runs it lives in the function returned."""
    session = start(network.path, steady=not network.free)

    def one(pixels: Pixels) -> Any:
        return network.interpret(infer(network, session, pixels), pixels)

    def run(pixels: Pixels) -> Any:
        try:
            return arrays.in_tiles(one, pixels, network.tile) if network.tile else one(pixels)
        except EngineError as error:
            raise type(error)(f"{network.path.name}: {error}") from error

    return run


def infer(network: Network, session: Any, pixels: Pixels) -> list[Any]:
    """Return the outputs of a model for a picture or a tile of one."""
    height, width = pixels.shape[:2]
    if network.free and height * width > MOST_PIXELS:
        raise EngineError(
            f"would take a picture of {width}x{height} as a whole, and memory may not do beyond "
            f"{MOST_PIXELS / 1e6:.1f} megapixels: give it a tile (--tile 512), if it makes "
            "pictures, or an input_size (--input-size)"
        )
    batch = network.prepare(pixels)
    try:
        return list(session.run(network.outputs, {network.input_name: batch}))
    except Exception as error:
        # its errors have no class in common; memory that runs out is one of them
        hint = " (must its sides be multiples of some number? see input_multiple)"
        kind = getattr(batch, "dtype", type(batch).__name__)
        raise EngineError(
            f"cannot run on {kind} of shape {np.shape(batch)}{hint if network.free else ''}: "
            f"{short(error)}"
        ) from error


def settings_of(
    how: Any, given: Any, takes: Input, names: tuple[str, ...], output: str
) -> dict[str, Any]:
    """Return everything that changes what a model gives, beside the file and the runtime."""
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    return {
        "output": getattr(given, "kind", None) or full_name(given),
        "preprocess": None if isinstance(how, Preprocess) else full_name(how),
        "input size": f"{takes.size[1]}x{takes.size[0]}" if takes.size else None,
        "fit": takes.fit,
        "scaling": takes.scaling,
        "colours": "bgr" if takes.bgr else "rgb",
        "input multiple": takes.multiple,
        "tile": getattr(how, "tile", None),
        "class names": digest[:12] if names else None,
        "output name": output,
        "values": getattr(given, "values", None),
    }


def full_name(function: Callable[..., Any]) -> str:
    """Return the name of a function with that of its module."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{function.__module__}.{name}"


def version_of(network: Network) -> str:
    """Return what changes the output: the file by name and content, the runtime, the settings."""
    runtime = {"onnxruntime": require("onnxruntime", "onnx").__version__}
    known = (runtime | network.settings).items()
    settings = [f"{name} {value}" for name, value in known if value is not None]
    return ", ".join([f"{network.path.name} sha256 {content_hash(network.path)[:12]}", *settings])


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a model and of the files of weights beside it that it names."""
    data = path.read_bytes()
    digest = hashlib.sha256(data)
    for file in sorted(path.parent.iterdir()):
        name = file.name.encode()
        # "location" of a tensor's external_data in onnx.proto, a name of up to 127 bytes
        entry = b"\n\x08location\x12" + bytes([min(len(name), 127)]) + name
        if file.is_file() and entry in data:
            with file.open("rb") as weights:
                digest.update(hashlib.file_digest(weights, "sha256").digest())
    return digest.hexdigest()
