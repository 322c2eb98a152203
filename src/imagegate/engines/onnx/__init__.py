"""Any ONNX model of images becomes an engine: classes, an embedding, a mask or a picture."""

from __future__ import annotations

import hashlib
import mmap
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from imagegate.engines.engine import Engine
from imagegate.engines.onnx import output as read
from imagegate.engines.onnx.input import (
    Fit,
    Layout,
    Scaling,
    Size,
    fitted,
    in_tiles,
    layout_of,
    mask_back,
    picture_back,
    scaling_in,
    scaling_of,
    size_in,
    size_of,
    tensor,
)
from imagegate.errors import EngineError, OutputError, SettingsError, UnknownNameError
from imagegate.extras import require
from imagegate.tables import Pixels

Colours = Literal["rgb", "bgr"]
CHOICES: dict[str, tuple[str, ...]] = {
    "kind": ("classes", "embedding", "mask", "image"),
    "fit": get_args(Fit),
    "colours": get_args(Colours),
    "values": get_args(read.ValuesAre),
}
# Which kinds of output a setting says something of; those not listed are for all.
MEANT_FOR: dict[str, tuple[str, ...]] = {
    "class_names": ("classes",),
    "values": ("classes", "mask"),
    "mask_channel": ("mask",),
    "tile": ("image",),
    "output_scaling": ("image",),
    "input_multiple": ("mask", "image"),
}
LEAST = {"input_multiple": 1, "tile": 16, "mask_channel": 0}
TYPES = {"tensor(uint8)": "uint8", "tensor(float16)": "float16", "tensor(float)": "float32"}
QUIET = 4  # onnxruntime's level for what ends the process; the rest comes as an exception
# The largest picture that is shown to a model as it is: 64 planes of features of Full HD take
# half a gigabyte, and models hold several of them at once.
MOST_PIXELS = 1 << 21
# How a file names another one that holds weights of it: the entry "location" of a tensor's
# external_data in onnx.proto, a name of up to 127 bytes.
LOCATION = re.compile(rb"\n\x08location\x12([\x01-\x7f])")


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
        How a picture of another aspect is brought to that size: bent, its middle, or whole with
        black beside it. A mask is brought back to the picture; outside a crop it is 0.
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
    """What a model returns, and how to read it.

    Parameters
    ----------
    kind : {"classes", "embedding", "mask", "image"}
        A score a class, a row of numbers, the subject's mask, or a picture.
    class_names : str, Path or sequence of str
        For classes: their names, or a text file with one a line; by default their numbers. They
        must match the names in the truth.
    output_name : str, optional
        The output to read; the first by default.
    output_scaling : str, optional
        For pictures: their scaling, if it differs from the input.
    values : {"auto", "probabilities", "logits"}
        What the scores of classes or the values of a mask are; ``"auto"`` decides by their
        range, see :mod:`imagegate.engines.onnx.output`.
    mask_channel : int, optional
        For masks of several planes, or of class numbers: which is the subject. By default all
        but plane 0, the background.
    """

    kind: str
    class_names: str | Path | Sequence[str] = ()
    output_name: str | None = None
    output_scaling: str | None = None
    values: read.ValuesAre = "auto"
    mask_channel: int | None = None


def onnx_engine(
    path: str | Path, preprocess: str | Preprocess = "", *, postprocess: str | Postprocess
) -> Engine:
    """Make an engine from an ONNX file; it runs on the CPU, on one thread.

    Layout, channels, size and type of the input are read from the model. The settings complete
    what the model leaves open, and must not contradict it.

    Parameters
    ----------
    path : str or Path
        The model, with one input: one picture, gray (luma after BT.601) or colour.
    preprocess : str or Preprocess
        How pictures are prepared; a string is the scaling alone: ``"imagenet"``, ``"-1..1"``.
    postprocess : str or Postprocess
        What the model returns; a string is the kind alone: ``"classes"``, ``"embedding"``,
        ``"mask"``, ``"image"``.

    Returns
    -------
    Engine
        It returns a ``Prediction``; a float32 array of one dimension; a float32 mask in 0..1 of
        the picture's height and width; or RGB uint8 pixels. Its name is that of the file. Its
        version covers the content of the file and every setting, so that rows of different models
        or settings never end up in one corpus.

    Raises
    ------
    SettingsError
        If the file is not a model that can run here, or contradicts the settings.
    MissingExtraError
        If onnxruntime is not installed.

    Notes
    -----
    While it runs, an output of another shape or with NaN in it is an OutputError with the name
    of the file; whatever onnxruntime complains of is an EngineError.
    """
    file = Path(path).expanduser().absolute()
    shown = preprocess if isinstance(preprocess, Preprocess) else Preprocess(preprocess or None)
    given = postprocess if isinstance(postprocess, Postprocess) else Postprocess(postprocess)
    check(shown, given)
    try:
        network = read_network(file, shown, given)
    except SettingsError as error:
        raise SettingsError(f"{file.name}: {error}") from error
    return Engine(file.name, partial(open_network, network), partial(version_of, network))


def check(preprocess: Preprocess, postprocess: Postprocess) -> None:
    """Refuse settings that contradict each other, whatever the model is."""
    kind = postprocess.kind
    for part in (postprocess, preprocess):
        for field in fields(part):
            name, value = field.name, getattr(part, field.name)
            if value not in CHOICES.get(name, (value,)):
                raise UnknownNameError(name, str(value), CHOICES[name])
            kinds = MEANT_FOR.get(name, (kind,))
            if kind not in kinds and value != field.default:
                raise SettingsError(f"{name} is for models that give {' or '.join(kinds)}")
            if value is not None and value < LEAST.get(name, value):
                raise SettingsError(f"expected {name} of at least {LEAST[name]}, got {value}")
    if kind == "image" and preprocess.fit == "crop":
        raise SettingsError("fit crop loses the rest of the picture: use stretch, pad or tile")


@dataclass(frozen=True)
class Network:
    """A model with everything that changes what it gives.

    It takes 1 channel of luma or 3 of colour; ``size`` None is any size.
    """

    path: Path
    preprocess: Preprocess
    postprocess: Postprocess
    input_name: str
    layout: Layout
    channels: int
    dtype: str
    size: Size | None
    output_name: str
    scaling: Scaling
    output_scaling: Scaling
    class_names: tuple[str, ...]


def read_network(path: Path, preprocess: Preprocess, postprocess: Postprocess) -> Network:
    """Read what a model declares, and check it against what its user declares."""
    session, given, tile = start(path, steady=True), postprocess, preprocess.tile
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(found.name for found in inputs) or "none"
        raise SettingsError(f"expected a model with one input, a picture; it takes {names}")
    declared, kind = size_of(preprocess.input_size), inputs[0].type
    if kind not in TYPES:
        raise SettingsError(f"takes {kind}; expected one of {', '.join(TYPES)}")
    layout, channels, own = layout_of(inputs[0].shape)
    size = size_in(own, declared, sized=given.kind in ("classes", "embedding"))
    if tile and size not in (None, (tile, tile)):
        raise SettingsError(f"tile {tile} was declared, but the model takes another size")
    scaling = scaling_in(TYPES[kind], channels, preprocess.scaling)
    return Network(
        *(path, preprocess, postprocess),
        input_name=inputs[0].name,
        layout=layout,
        channels=channels,
        dtype=TYPES[kind],
        size=size,
        output_name=read.name_in(session, given.output_name, given.kind, given.values),
        scaling=scaling,
        output_scaling=scaling_of(given.output_scaling) if given.output_scaling else scaling,
        class_names=read.names_of(given.class_names),
    )


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
    name, free = network.path.name, network.size is None
    session = start(network.path, steady=not free)
    hint = " (must its sides be multiples of some number? see input_multiple)" if free else ""

    def infer(batch: Any) -> Any:
        try:
            return session.run([network.output_name], {network.input_name: batch})[0]
        except Exception as error:
            # its errors have no class in common; memory that runs out is one of them
            raise EngineError(
                f"{name} cannot run on {batch.dtype} of shape {batch.shape}{hint}: {short(error)}"
            ) from error

    def run(pixels: Pixels) -> Any:
        one, tile = partial(answer, network, infer), network.preprocess.tile
        try:
            return in_tiles(one, pixels, tile) if tile else one(pixels)
        except OutputError as error:
            raise OutputError(f"{name}: {error}") from error

    return run


def answer(network: Network, infer: Callable[[Any], Any], pixels: Pixels) -> Any:
    """Return what the model makes of a picture or a tile of one, as its task knows it."""
    how, given, layout = network.preprocess, network.postprocess, network.layout
    if network.size is None and pixels.shape[0] * pixels.shape[1] > MOST_PIXELS:
        refuse_size(network, pixels)
    bgr = how.colours == "bgr"
    shown, placement = fitted(pixels, network.size, how.fit, how.input_multiple)
    batch = tensor(shown, layout, network.channels, network.dtype, network.scaling, bgr=bgr)
    values = infer(batch)
    if given.kind == "embedding":
        return read.vector(values)
    if given.kind == "classes":
        return read.prediction(values, network.class_names, given.values)
    if given.kind == "mask":
        return mask_back(read.mask(values, layout, given.values, given.mask_channel), placement)
    colours_of = shown if network.channels == 1 else None
    made = read.picture(values, layout, network.output_scaling, colours_of, bgr=bgr)
    return picture_back(made, placement)


def refuse_size(network: Network, pixels: Pixels) -> None:
    """Say what to do about a picture whose features might not fit into memory."""
    height, width = pixels.shape[:2]
    picture = network.postprocess.kind == "image"
    way = "a tile (--tile 512)" if picture else "an input_size (--input-size)"
    raise EngineError(
        f"{network.path.name} would take a picture of {width}x{height} as a whole, and memory "
        f"may not do beyond {MOST_PIXELS / 1e6:.1f} megapixels: give it {way}"
    )


def version_of(network: Network) -> str:
    """Return what changes the output: the file by name and content, the runtime, the settings."""
    how, given, size = network.preprocess, network.postprocess, network.size
    names = hashlib.sha256("\n".join(network.class_names).encode()).hexdigest()[:12]
    known = {
        "onnxruntime": require("onnxruntime", "onnx").__version__,
        "output": given.kind,
        "input size": f"{size[1]}x{size[0]}" if size else None,
        "fit": how.fit,
        "scaling": network.scaling,
        "colours": how.colours,
        "input multiple": how.input_multiple,
        "tile": how.tile,
        "class names": names if network.class_names else None,
        "output name": network.output_name,
        "output scaling": network.output_scaling if given.kind == "image" else None,
        "values": given.values,
        "mask channel": given.mask_channel,
    }
    settings = (f"{name} {value}" for name, value in known.items() if value is not None)
    file = f"{network.path.name} sha256 {content_hash(network.path)[:12]}"
    return ", ".join([file, *settings])


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a model and of the files of weights that it names."""
    digest = hashlib.sha256()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        digest.update(data)
        places = [(found.end(), found[1][0]) for found in LOCATION.finditer(data)]
        names = {data[start : start + length] for start, length in places}
    for name in sorted(names):
        weights = path.parent / name.decode("utf-8", errors="replace")
        if weights.is_file():
            with weights.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
