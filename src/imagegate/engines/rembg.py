"""Background removal with rembg and weights that are already on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from imagegate.engines.engine import Engine, installed, name_and_content, weights_in
from imagegate.errors import SettingsError
from imagegate.extras import require
from imagegate.tables import Pixels

MODEL_VARIABLE = "IMAGEGATE_REMBG_MODEL"
# Networks whose preparation rembg's custom sessions repeat exactly, best first.
KNOWN = ("isnet-general-use", "u2net", "u2net_human_seg", "u2netp", "silueta")
# ISNet looks at 1024 px and centres on 0.5, U²-Net at 320 px with ImageNet's statistics.
U2NET_SIDE = 320


def homes() -> Iterator[Path]:
    """List the folders where rembg keeps weights, in the order it looks."""
    env = os.environ
    data = env.get("XDG_DATA_HOME")
    yield from (Path(env[name]) for name in ("U2NET_HOME", "REMBG_HOME") if env.get(name))
    yield Path(data, "rembg") if data else Path.home() / ".rembg"
    yield Path(data or Path.home(), ".u2net")


def weights() -> Path:
    """Return the ONNX file to use, or say where to put one; nothing is ever downloaded."""
    if given := weights_in(MODEL_VARIABLE):
        return given
    for name, home in product(KNOWN, list(homes())):
        for path in (home / f"{name}.onnx", home / "models" / name / f"{name}.onnx"):
            if path.is_file():
                return path.absolute()
    raise SettingsError(
        f"rembg has no weights here: put {KNOWN[0]}.onnx or {KNOWN[1]}.onnx (github.com/"
        f"danielgatis/rembg/releases) into {next(homes())}, or set {MODEL_VARIABLE} to any "
        "ISNet or U2-Net ONNX file"
    )


def open_rembg() -> Callable[[Pixels], NDArray[np.float32]]:
    """Load the local weights into a rembg session, one thread."""
    onnxruntime, rembg = require("onnxruntime", "background"), require("rembg", "background")
    image = require("PIL.Image", "background")
    path = weights()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    kind = "u2net_custom" if input_side(path) == U2NET_SIDE else "dis_custom"
    # rembg refuses files outside its home; for this one call its home is where the file is.
    with mock.patch.dict(os.environ, {"U2NET_HOME": str(path.parent)}):
        session = rembg.new_session(kind, sess_opts=options, model_path=str(path))

    def cut(pixels: Pixels) -> NDArray[np.float32]:
        mask = rembg.remove(image.fromarray(pixels), session=session, only_mask=True)
        return np.asarray(mask, np.float32) / np.float32(255)

    return cut


def input_side(path: Path) -> Any:
    """Return the width that the network takes, a word if it takes any."""
    onnxruntime = require("onnxruntime", "background")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(path), options).get_inputs()[0].shape[-1]


def version() -> str:
    """Return the version of rembg and which weights it uses, by name and content."""
    return f"{installed('rembg', 'background')}, {name_and_content(weights())}"


REMBG = Engine("rembg", open_rembg, version, "MIT; weights by their own")
