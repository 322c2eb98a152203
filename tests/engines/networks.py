"""Whole networks of a few nodes, whose answers can be told in advance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from imagegate.engines.engine import Engine
from imagegate.engines.onnx import Postprocess, Preprocess, onnx_engine

TYPES = {
    "uint8": TensorProto.UINT8,
    "float16": TensorProto.FLOAT16,
    "float32": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
}
Shape = Sequence[int | str | None]


def write(
    path: Path,
    nodes: Sequence[Any],
    takes: Shape,
    gives: Shape,
    *,
    dtype: str = "float32",
    out_dtype: str | None = None,
    **constants: Any,
) -> Path:
    """Write a network from ``picture`` to ``answer``."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("picture", TYPES[dtype], takes)],
        [helper.make_tensor_value_info("answer", TYPES[out_dtype or dtype], gives)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), str(path))
    return path


def node(kind: str, takes: str, gives: str, **settings: Any) -> Any:
    """Make one operation; names apart by spaces."""
    return helper.make_node(kind, takes.split(), gives.split(), **settings)


def classifier(
    path: Path,
    *,
    layout: str = "nchw",
    dtype: str = "float32",
    sides: Shape = (8, 8),
    last: str | None = None,
    gain: float = 10.0,
    weights: Any = None,
) -> Path:
    """Mean colour, times ``gain``, as three logits; ``last`` may be Softmax or another node.

    ``weights`` (3, classes) take the place of the gain.
    """
    matrix = np.eye(3) * gain if weights is None else np.asarray(weights)
    inner = "float32" if dtype == "uint8" else dtype
    scale = matrix / 255 if dtype == "uint8" else matrix
    axes = [2, 3] if layout == "nchw" else [1, 2]
    shape = (1, 3, *sides) if layout == "nchw" else (1, *sides, 3)
    nodes = [
        node("Cast", "picture", "numbers", to=TYPES[inner]),
        node("ReduceMean", "numbers", "mean", axes=axes, keepdims=0),
        node("MatMul", "mean scale", "logits" if last else "answer"),
    ]
    nodes += [node(last, "logits", "answer")] if last else []
    count = scale.shape[1]
    given = {"dtype": dtype, "out_dtype": inner, "scale": scale.astype(inner)}
    return write(path, nodes, shape, (1, count), **given)


def lightness(path: Path, *, sides: Shape = (64, 64), shrink: int = 1, sure: float = 40.0) -> Path:
    """Logits of a pixel being lighter than half in green: one plane, ``shrink`` times smaller."""
    nodes = [
        node("Slice", "picture first last axis", "green"),
        node("AveragePool", "green", "mean", kernel_shape=[shrink] * 2, strides=[shrink] * 2),
        node("Sub", "mean half", "light"),
        node("Mul", "light sure", "steep"),
        node("Add", "steep zero", "answer"),
    ]
    numbers = {"half": np.float32(0.5), "sure": np.float32(sure), "zero": np.float32(0)}
    places = {"first": np.array([1]), "last": np.array([2]), "axis": np.array([1])}
    return write(path, nodes, (1, 3, *sides), ("n", 1, "h", "w"), **numbers, **places)


def enlarger(
    path: Path,
    *,
    shape: Shape = (1, 3, "height", "width"),
    factor: float = 2.0,
    mode: str = "nearest",
    aligned: bool = False,
) -> Path:
    """Every pixel ``factor`` times as wide and high; the channels stand where the shape says.

    With ``aligned`` centres of pixels stay where they are, whatever the mode.
    """
    scales = [1.0, 1.0, factor, factor] if shape[3] != 3 else [1.0, factor, factor, 1.0]
    resize = node(
        "Resize",
        "picture  scales",
        "answer",
        mode=mode,
        coordinate_transformation_mode="half_pixel" if aligned else "asymmetric",
        nearest_mode="floor",
    )
    resize.input[:] = ["picture", "", "scales"]
    gives = ["n", *shape[1:]] if shape[3] == 3 else ["n", shape[1], "tall", "wide"]
    gives = ["n", "tall", "wide", 3] if shape[3] == 3 else gives
    return write(path, [resize], shape, gives, scales=np.float32(scales))


def engine(path: Path, output: str, **settings: Any) -> Engine:
    """Make an engine, each setting being one of preprocessing or of postprocessing."""
    shown = {field.name for field in fields(Preprocess)}
    pre = {name: value for name, value in settings.items() if name in shown}
    post = {name: value for name, value in settings.items() if name not in shown}
    return onnx_engine(path, Preprocess(**pre), postprocess=Postprocess(output, **post))
