"""Any ONNX model of images becomes an engine: classes, an embedding, a mask or a picture."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from imagegate.errors import EngineError, MissingExtraError, OutputError, SettingsError
from imagegate.tables import Pixels
from imagegate.tasks.network import adapters
from imagegate.tasks.network.graph import weight_files
from imagegate.tasks.network.model import (
    Declared,
    Kind,
    Network,
    SpokenOrAuto,
    read_network,
    short,
    start,
)
from imagegate.tasks.network.signature import Colours
from imagegate.tasks.network.tensors import (
    Fit,
    Layout,
    Placement,
    fitted,
    mask_back,
    picture_back,
    tensor,
)
from imagegate.tasks.network.tiling import in_tiles
from imagegate.tasks.task import UNTOLD, Engine

__all__ = ["onnx_engine"]

# The largest picture that is shown to a model as it is: 64 planes of features of Full HD take
# half a gigabyte, and models hold several of them at once.
MOST_PIXELS = 1 << 21


def onnx_engine(
    path: str | Path,
    *,
    output: Kind,
    input_size: int | tuple[int, int] | None = None,
    fit: Fit = "stretch",
    scaling: str | tuple[Any, Any] | None = None,
    colours: Colours = "rgb",
    layout: Layout | None = None,
    input_multiple: int | None = None,
    tile: int | None = None,
    labels: str | Path | Sequence[str] | None = None,
    output_name: str | None = None,
    output_scaling: str | tuple[Any, Any] | None = None,
    values: SpokenOrAuto = "auto",
    mask_channel: int | None = None,
) -> Engine:
    """Make an engine of an ONNX file; it runs on the CPU, on one thread.

    Layout, channels, size and type of the input are read from the model. What is declared fills
    in what the model leaves open, and must not contradict it.

    Parameters
    ----------
    path : str or Path
        The model, with one input: one picture, gray (luma after BT.601) or colour.
    output : {"classes", "embedding", "mask", "image"}
        What it gives: a score a class, a row of numbers, the subject's mask, or a picture. The
        engine returns a ``Prediction``, a float32 array of one dimension, a float32 mask of the
        picture's height and width in 0..1, or RGB uint8 pixels.
    input_size : int or (int, int), optional
        Side, or (width, height), of the pictures that it was trained on, where the model takes
        any. Without it, a mask or a picture is made of the picture as it is, up to 2.1
        megapixels.
    fit : {"stretch", "crop", "pad"}
        How a picture of another aspect is brought to that size: bent, its middle, or whole with
        black beside it. A mask is brought back to the picture; outside a crop it is 0.
    scaling : str or (mean, std), optional
        ``"0..1"`` (default), ``"-1..1"``, ``"0..255"`` (the only one for models that take
        bytes), ``"imagenet"``, or mean and deviation of values in 0..1, as ``"0.5/0.25"``.
    colours : {"rgb", "bgr", "gray"}
        The order of the channels; ``"gray"`` where the model leaves their number open.
    layout : {"nchw", "nhwc"}, optional
        Where the channels stand if the model does not say; ``"nchw"`` by default.
    input_multiple : int, optional
        For masks and pictures of any size: what the sides must be multiples of.
    tile : int, optional
        For pictures: run in overlapping squares of this side. Memory then stays bounded; do not
        use it with a model that looks at the picture as a whole.
    labels : str, Path or sequence of str, optional
        For classes: their names, or a text file with one a line; else they are called by their
        number. They must be those that the truth has.
    output_name : str, optional
        The output to look at; the first by default.
    output_scaling : str or (mean, std), optional
        For pictures: how they are scaled, if other than the input.
    values : {"auto", "probabilities", "logits"}
        What the scores of classes or the values of a mask are. ``"auto"`` looks at the operation
        that makes them (softmax, sigmoid; or a plain sum), then at their range.
    mask_channel : int, optional
        For masks of several planes, or of class numbers: which is the subject. By default all
        but plane 0, the background.

    Returns
    -------
    Engine
        Named like the file. Its version tells the file's content and every setting, so that
        rows made with other ones never get into one corpus.

    Raises
    ------
    SettingsError
        If the file is no model that runs here, or does not go with the settings.
    MissingExtraError
        If onnxruntime is not installed.

    Notes
    -----
    While it runs, an output of another shape or with NaN in it is an OutputError with the name
    of the file; whatever onnxruntime complains of is an EngineError.
    """
    showing = (input_size, fit, scaling, colours, layout, input_multiple, tile)
    meaning = (labels, output_name, output_scaling, values, mask_channel)
    file = Path(path).expanduser().absolute()
    try:
        network = read_network(file, Declared(output, *showing, *meaning))
    except SettingsError as error:
        raise SettingsError(f"{file.name}: {error}") from error
    run, version = partial(open_network, network), partial(version_of, network)
    return Engine(file.name, run, version, UNTOLD)


def open_network(network: Network) -> Callable[[Pixels], Any]:
    """Load the model; the session that runs it lives in the function returned."""
    free = network.entry.size is None
    session = start(network.path, steady=not free)
    hint = " (must its sides be multiples of some number? see input_multiple)" if free else ""

    def ask(batch: Any) -> Any:
        try:
            return session.run([network.output], {network.entry.name: batch})[0]
        except Exception as error:
            # its errors have no class in common; memory that runs out is one of them
            raise EngineError(
                f"{network.file} cannot run on {batch.dtype} of shape {batch.shape}{hint}: "
                f"{short(error)}"
            ) from error

    def run(pixels: Pixels) -> Any:
        try:
            return answer(network, ask, pixels)
        except OutputError as error:
            raise OutputError(f"{network.file}: {error}") from error

    return run


def answer(network: Network, ask: Callable[[Any], Any], pixels: Pixels) -> Any:
    """Return what the model makes of a picture, as its task knows it."""
    if network.kind == "image":
        return remade(network, ask, pixels)
    values, place = asked(network, ask, pixels)[:2]
    if network.kind == "embedding":
        return adapters.vector(values)
    if network.kind == "classes":
        return adapters.prediction(values, network.labels, network.spoken)
    layout = network.entry.layout
    return mask_back(adapters.mask(values, layout, network.spoken, network.channel), place)


def remade(network: Network, ask: Callable[[Any], Any], pixels: Pixels) -> Pixels:
    """Return the picture that the model makes of a picture, in tiles if wanted."""
    entry = network.entry

    def make(part: Pixels) -> Pixels:
        values, place, shown = asked(network, ask, part)
        made = adapters.picture(
            values,
            entry.layout,
            network.output_scaling,
            shown,
            bgr=network.bgr,
            luma=entry.channels == 1,
        )
        return picture_back(made, place)

    return in_tiles(make, pixels, network.tile) if network.tile else make(pixels)


def asked(
    network: Network, ask: Callable[[Any], Any], pixels: Pixels
) -> tuple[Any, Placement, Pixels]:
    """Show a picture to the model; return its values, the place of the picture, what it saw."""
    entry = network.entry
    if entry.size is None:
        bounded(network, pixels)
    shown, place = fitted(pixels, entry.size, network.fit, network.multiple)
    batch = tensor(
        shown,
        channels=entry.channels,
        bgr=network.bgr,
        scaling=network.scaling,
        layout=entry.layout,
        dtype=entry.dtype,
    )
    return ask(batch), place, shown


def bounded(network: Network, pixels: Pixels) -> None:
    """Refuse a picture whose features might not fit into memory."""
    height, width = pixels.shape[:2]
    if height * width > MOST_PIXELS:
        way = "a tile (--tile 512)" if network.kind == "image" else "an input_size (--input-size)"
        raise EngineError(
            f"{network.file} would take a picture of {width}x{height} as a whole, and memory may "
            f"not do beyond {MOST_PIXELS / 1e6:.1f} megapixels: give it {way}"
        )


def version_of(network: Network) -> str:
    """Return what changes the output: the file by name and content, the runtime, the settings."""
    try:
        runtime = metadata.version("onnxruntime")
    except metadata.PackageNotFoundError as error:
        raise MissingExtraError("onnxruntime", "onnx") from error
    path = Path(network.path)
    digest = hashlib.sha256()
    for file in (path, *weight_files(path)):
        with file.open("rb") as data:
            while block := data.read(1 << 20):
                digest.update(block)
    known = (f"{network.file} sha256 {digest.hexdigest()[:12]}", f"onnxruntime {runtime}")
    return ", ".join((*known, *settings_of(network)))


def settings_of(network: Network) -> list[str]:
    """List every setting that changes the output, declared or not."""
    entry = network.entry
    size = f"{entry.size[1]}x{entry.size[0]} {network.fit}" if entry.size else "as it is"
    colours = "gray" if entry.channels == 1 else "bgr" if network.bgr else "rgb"
    labels = hashlib.sha256("\n".join(network.labels).encode()).hexdigest()[:12]
    told = {
        "multiple": network.multiple if network.multiple > 1 else None,
        "tile": network.tile[0] if network.tile else None,
        "values": network.spoken if network.kind in ("classes", "mask") else None,
        "channel": network.channel,
        "labels": labels if network.labels else None,
        "output scaling": network.output_scaling if network.kind == "image" else None,
    }
    fixed = [f"{network.kind} {network.output}", f"input {size} {entry.layout} {colours}"]
    named = [f"{name} {value}" for name, value in told.items() if value is not None]
    return [*fixed, f"scaling {network.scaling}", *named]
