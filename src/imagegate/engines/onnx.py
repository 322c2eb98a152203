"""Any ONNX model of images becomes an engine: classes, an embedding, a mask or a picture."""

from __future__ import annotations

import hashlib
import mmap
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from imagegate.engines.engine import Engine
from imagegate.engines.network import adapters
from imagegate.engines.network.model import Network, onnxruntime, read_network, short, start
from imagegate.engines.network.settings import Settings
from imagegate.engines.network.tensors import Placement, fitted, mask_back, picture_back, tensor
from imagegate.engines.network.tiling import in_tiles
from imagegate.errors import EngineError, OutputError, SettingsError
from imagegate.tables import Pixels

__all__ = ["onnx_engine"]

# The largest picture that is shown to a model as it is: 64 planes of features of Full HD take
# half a gigabyte, and models hold several of them at once.
MOST_PIXELS = 1 << 21
# How a file names another one that holds weights of it: the entry "location" of a tensor's
# external_data in onnx.proto, a name of up to 127 bytes.
LOCATION = re.compile(rb"\n\x08location\x12([\x01-\x7f])")


def onnx_engine(path: str | Path, **settings: Any) -> Engine:
    """Make an engine of an ONNX file; it runs on the CPU, on one thread.

    Layout, channels, size and type of the input are read from the model. What is declared fills
    in what the model leaves open, and must not contradict it.

    Parameters
    ----------
    path : str or Path
        The model, with one input: one picture, gray (luma after BT.601) or colour.
    **settings
        ``output``, what it gives, one of ``"classes"``, ``"embedding"``, ``"mask"`` and
        ``"image"``; and whatever else :class:`imagegate.engines.network.settings.Settings` lists.

    Returns
    -------
    Engine
        It gives a ``Prediction``; a float32 array of one dimension; a float32 mask of the
        picture's height and width in 0..1; or RGB uint8 pixels. Named like the file. Its version
        tells the file's content and every setting, so that rows made with other ones never get
        into one corpus.

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
    file = Path(path).expanduser().absolute()
    try:
        network = read_network(file, Settings(**settings))
    except SettingsError as error:
        raise SettingsError(f"{file.name}: {error}") from error
    return Engine(file.name, partial(open_network, network), partial(version_of, network))


def open_network(network: Network) -> Callable[[Pixels], Any]:
    """Load the model; the session that runs it lives in the function returned."""
    name, free = network.path.name, network.entry.size is None
    session = start(network.path, steady=not free)
    hint = " (must its sides be multiples of some number? see input_multiple)" if free else ""

    def infer(batch: Any) -> Any:
        try:
            return session.run([network.output], {network.entry.name: batch})[0]
        except Exception as error:
            # its errors have no class in common; memory that runs out is one of them
            raise EngineError(
                f"{name} cannot run on {batch.dtype} of shape {batch.shape}{hint}: {short(error)}"
            ) from error

    def run(pixels: Pixels) -> Any:
        try:
            return answer(network, infer, pixels)
        except OutputError as error:
            raise OutputError(f"{name}: {error}") from error

    return run


def answer(network: Network, infer: Callable[[Any], Any], pixels: Pixels) -> Any:
    """Return what the model makes of a picture, as its task knows it."""
    settings, layout = network.settings, network.entry.layout
    if settings.output == "image":
        make = partial(remade, network, infer)
        return in_tiles(make, pixels, settings.tile) if settings.tile else make(pixels)
    values, place, _ = show(network, infer, pixels)
    if settings.output == "embedding":
        return adapters.vector(values)
    if settings.output == "classes":
        return adapters.prediction(values, network.class_names, settings.values)
    return mask_back(adapters.mask(values, layout, settings.values, settings.mask_channel), place)


def remade(network: Network, infer: Callable[[Any], Any], pixels: Pixels) -> Pixels:
    """Return the picture that the model makes of a picture, or of a tile of one."""
    values, place, shown = show(network, infer, pixels)
    bgr, entry = network.settings.colours == "bgr", network.entry
    colours_of = shown if entry.channels == 1 else None
    made = adapters.picture(values, entry.layout, network.output_scaling, colours_of, bgr=bgr)
    return picture_back(made, place)


def show(
    network: Network, infer: Callable[[Any], Any], pixels: Pixels
) -> tuple[Any, Placement, Pixels]:
    """Show a picture to the model; return its values, where the picture lay, and what it saw."""
    entry, settings = network.entry, network.settings
    if entry.size is None:
        check_memory(network, pixels)
    shown, place = fitted(pixels, entry.size, settings.fit, settings.input_multiple)
    bgr = settings.colours == "bgr"
    batch = tensor(shown, entry.layout, entry.channels, entry.dtype, network.scaling, bgr=bgr)
    return infer(batch), place, shown


def check_memory(network: Network, pixels: Pixels) -> None:
    """Refuse a picture whose features might not fit into memory."""
    height, width = pixels.shape[:2]
    if height * width > MOST_PIXELS:
        picture = network.settings.output == "image"
        way = "a tile (--tile 512)" if picture else "an input_size (--input-size)"
        raise EngineError(
            f"{network.path.name} would take a picture of {width}x{height} as a whole, and memory "
            f"may not do beyond {MOST_PIXELS / 1e6:.1f} megapixels: give it {way}"
        )


def version_of(network: Network) -> str:
    """Return what changes the output: the file by name and content, the runtime, the settings."""
    file = f"{network.path.name} sha256 {content_hash(network.path)[:12]}"
    return f"{file}, onnxruntime {onnxruntime().__version__}, {network.text()}"


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
