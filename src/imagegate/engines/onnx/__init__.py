"""Any ONNX model of images becomes an engine, by presets or by functions of the user's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
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

    Parameters
    ----------
    scaling : str, optional
        ``"0..1"`` (default), ``"-1..1"``, ``"0..255"`` (the only one for models that take
        bytes), ``"imagenet"``, or mean and deviation of values in 0..1, as ``"0.5/0.25"``.
    input_size : int or (int, int), optional
        Side, or (width, height), of the pictures that it was trained on, where the model takes
        any. Without it, a mask or a picture is made of the picture as it is, up to 2.1
        megapixels.
    fit : {"stretch", "crop", "pad"}
        For classes and embeddings, how a picture of another aspect is brought to that size: bent,
        its middle, or whole with black beside it.
    colours : {"rgb", "bgr"}
        The order of the channels; a model of one channel is shown luma after BT.601.
    input_multiple : int
        For masks and pictures of any size: what the sides must be multiples of.
    tile : int, optional
        For pictures: run in overlapping squares of this side. Memory then stays bounded; do not
        use it with a model that looks at the picture as a whole.
    """

    scaling: str | None = None
    input_size: int | tuple[int, int] | None = None
    fit: Fit = "stretch"
    colours: Colours = "rgb"
    input_multiple: int = 1
    tile: int | None = None


@dataclass(frozen=True)
class Postprocess:
    """What the first output of a model is.

    Parameters
    ----------
    kind : {"classes", "embedding", "mask", "image"}
        A score a class, a row of numbers, the subject's mask, or a picture scaled like the input.
    class_names : str, Path or sequence of str
        For classes: their names, or a text file with one a line; by default their numbers. They
        must match the names in the truth.
    values : {"auto", "probabilities", "logits"}
        What the scores of classes or the values of a mask are; ``"auto"`` decides once, by their
        range on a picture of random colours, or is an error if both are possible.
    """

    kind: str
    class_names: str | Path | Sequence[str] = ()
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
    how = preprocess if isinstance(preprocess, Preprocess) else Preprocess()
    if isinstance(preprocess, str):
        how = Preprocess(preprocess or None)
    given = postprocess if isinstance(postprocess, Postprocess) else Postprocess(FUNCTION)
    if isinstance(postprocess, str):
        given = Postprocess(postprocess)
    prepare = preprocess if callable(preprocess) else None
    interpret = postprocess if callable(postprocess) else None
    check(how, given, CHOICES | ({"kind": (FUNCTION,)} if interpret else {}))
    try:
        network = tried(read_network(file, how, given, prepare, interpret))
    except (SettingsError, EngineError) as error:
        raise SettingsError(f"{file.name}: {error}") from error
    return Engine(file.name, partial(open_network, network), partial(version_of, network))


def check(how: Preprocess, given: Postprocess, choices: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse settings that contradict each other, whatever the model is."""
    for part in (given, how):
        for field in fields(part):
            name, value = field.name, getattr(part, field.name)
            if value not in choices.get(name, (value,)):
                raise UnknownNameError(name, str(value), choices[name])
            kinds = MEANT_FOR.get(name, (given.kind,))
            if given.kind not in kinds and value != field.default:
                raise SettingsError(f"{name} is for models that give {' or '.join(kinds)}")
            if value is not None and value < LEAST.get(name, value):
                raise SettingsError(f"expected {name} of at least {LEAST[name]}, got {value}")


@dataclass(frozen=True)
class Network:
    """A model with everything that changes what it gives."""

    path: Path
    takes: Input
    given: Postprocess
    tile: int | None
    prepare: Prepare | None
    interpret: Interpret | None
    input_name: str
    output_name: str
    class_names: tuple[str, ...]
    values: ValuesAre


def read_network(
    path: Path,
    how: Preprocess,
    given: Postprocess,
    prepare: Prepare | None,
    interpret: Interpret | None,
) -> Network:
    """Read what a model declares, and check it against what its user declares."""
    session = start(path, steady=True)
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(found.name for found in inputs) or "none"
        raise SettingsError(f"expected a model with one input, a picture; it takes {names}")
    takes = Input() if prepare else input_of(inputs[0], how, given.kind)
    return Network(
        *(path, takes, given, how.tile, prepare, interpret),
        input_name=inputs[0].name,
        output_name=session.get_outputs()[0].name,
        class_names=names_of(given.class_names),
        values=given.values,
    )


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


def tried(network: Network) -> Network:
    """Try a model on random colours, unless a function reads it; decide there what its values are.

    So every picture is read alike, and what does not fit is found before any work is done.
    """
    if network.interpret:
        return network
    session, side = start(network.path, steady=False), network.tile or TRIAL_SIDE
    colours = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    pixels = np.asarray(arrays.resized(colours, network.takes.size or (side, side)), np.uint8)
    if network.values == "auto" and network.given.kind in MEANT_FOR["values"]:
        first = infer(network, session, arrays.shown_to(network.takes, pixels), pixels)[0]
        network = replace(network, values=arrays.values_of(first, network.given.kind))
    answer(network, session, pixels)
    return network


def open_network(network: Network) -> Callable[[Pixels], Any]:
    """Load the model; the session that runs it lives in the function returned."""
    one = partial(answer, network, start(network.path, steady=network.takes.size is not None))

    def run(pixels: Pixels) -> Any:
        try:
            return arrays.in_tiles(one, pixels, network.tile) if network.tile else one(pixels)
        except EngineError as error:
            raise type(error)(f"{network.path.name}: {error}") from error

    return run


def answer(network: Network, session: Any, pixels: Pixels) -> Any:
    """Return what the model makes of a picture or a tile of one, as its task knows it."""
    takes, kind = network.takes, network.given.kind
    shown = arrays.shown_to(takes, pixels)
    outputs = infer(network, session, shown, pixels)
    if network.interpret:
        return network.interpret(outputs, pixels)
    if kind == "embedding":
        return arrays.row(outputs[0], "an embedding, one row of at least 2 numbers", least=2)
    if kind == "classes":
        return arrays.prediction(outputs[0], network.class_names, network.values)
    if kind == "mask":
        mask = arrays.mask(outputs[0], takes.layout, network.values)
        return np.clip(arrays.back(mask, takes, shown, pixels), 0, 1)
    return arrays.back(arrays.picture(outputs[0], takes, shown), takes, shown, pixels)


def infer(network: Network, session: Any, shown: Pixels, pixels: Pixels) -> list[Any]:
    """Run a model: its first output, or all of them for a function."""
    free = network.takes.size is None and network.prepare is None
    height, width = pixels.shape[:2]
    if free and height * width > MOST_PIXELS:
        picture = network.given.kind == "image"
        way = "a tile (--tile 512)" if picture else "an input_size (--input-size)"
        raise EngineError(
            f"would take a picture of {width}x{height} as a whole, and memory may not do beyond "
            f"{MOST_PIXELS / 1e6:.1f} megapixels: give it {way}"
        )
    batch = network.prepare(pixels) if network.prepare else arrays.tensor(network.takes, shown)
    names = None if network.interpret else [network.output_name]
    try:
        return list(session.run(names, {network.input_name: batch}))
    except Exception as error:
        # its errors have no class in common; memory that runs out is one of them
        hint = " (must its sides be multiples of some number? see input_multiple)" if free else ""
        kind = getattr(batch, "dtype", type(batch).__name__)
        raise EngineError(
            f"cannot run on {kind} of shape {np.shape(batch)}{hint}: {short(error)}"
        ) from error


def version_of(network: Network) -> str:
    """Return what changes the output: the file by name and content, the runtime, the settings."""
    takes, names = network.takes, network.class_names
    known = {
        "onnxruntime": require("onnxruntime", "onnx").__version__,
        "output": full_name(network.interpret) or network.given.kind,
        "preprocess": full_name(network.prepare),
        "input size": f"{takes.size[1]}x{takes.size[0]}" if takes.size else None,
        "fit": takes.fit,
        "scaling": takes.scaling,
        "colours": "bgr" if takes.bgr else "rgb",
        "input multiple": takes.multiple,
        "tile": network.tile,
        "class names": hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]
        if names
        else None,
        "output name": network.output_name,
        "values": network.given.values,
    }
    settings = (f"{name} {value}" for name, value in known.items() if value is not None)
    return ", ".join([f"{network.path.name} sha256 {content_hash(network.path)[:12]}", *settings])


def full_name(function: Callable[..., Any] | None) -> str | None:
    """Return the name of a function with that of its module."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{function.__module__}.{name}" if function else None


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
