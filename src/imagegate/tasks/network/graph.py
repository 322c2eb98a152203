"""Read from an ONNX file what makes its output, and where its weights lie; without a package."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Spoken = Literal["probabilities", "logits", "unknown"]
Buffer = bytes | mmap.mmap
Field = tuple[int, int, int]  # its number, where its content begins and ends

# Operations that only move values or keep them in their range: what made the values stands before.
KEEPS = {
    *("Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Cast", "Slice"),
    *("Resize", "Upsample", "Gather", "Split", "QuantizeLinear", "DequantizeLinear"),
}
PROBABILITIES = {"Softmax", "Sigmoid", "HardSigmoid"}
LOGITS = {"Gemm", "MatMul", "Conv", "ConvTranspose", "Add", "BatchNormalization", "LogSoftmax"}

# Numbers of fields, as in onnx.proto.
GRAPH, NODE, INITIALIZER = 7, 1, 5
NODE_INPUT, NODE_OUTPUT, NODE_KIND = 1, 2, 4
EXTERNAL_DATA, ENTRY_KEY, ENTRY_VALUE = 13, 1, 2
VARINT, EIGHT_BYTES, SIZED, FOUR_BYTES = 0, 1, 2, 5


def speaks(path: Path, output: str) -> Spoken:
    """Tell what the values of an output are, by the operation that makes them.

    Parameters
    ----------
    path : Path
        An ONNX file.
    output : str
        The name of one of its outputs.

    Returns
    -------
    {"probabilities", "logits", "unknown"}
        What a softmax or a sigmoid made are probabilities; what a sum of weighted values made
        are logits; of anything else it cannot be told.
    """
    makers = {made: (kind, takes) for kind, takes, makes in nodes(path) for made in makes}
    seen: set[str] = set()
    while output in makers and output not in seen:
        seen.add(output)
        kind, takes = makers[output]
        if kind in KEEPS and takes:
            output = takes[0]
            continue
        if kind in PROBABILITIES:
            return "probabilities"
        return "logits" if kind in LOGITS else "unknown"
    return "unknown"


def nodes(path: Path) -> list[tuple[str, list[str], list[str]]]:
    """List the operations of a model: kind, names of inputs, names of outputs."""
    found = []
    with opened(path) as data:
        for start, end in graphs(data):
            for number, first, last in fields(data, start, end):
                if number == NODE:
                    parts = list(fields(data, first, last))
                    kind = "".join(text(data, part) for part in parts if part[0] == NODE_KIND)
                    takes = [text(data, part) for part in parts if part[0] == NODE_INPUT]
                    makes = [text(data, part) for part in parts if part[0] == NODE_OUTPUT]
                    found.append((kind, takes, makes))
    return found


def weight_files(path: Path) -> list[Path]:
    """List the files beside a model that hold weights of it, without those that are missing."""
    names = set()
    with opened(path) as data:
        for start, end in graphs(data):
            for number, first, last in fields(data, start, end):
                if number == INITIALIZER:
                    names |= set(locations(data, first, last))
    files = (path.parent / name for name in sorted(names))
    return [file for file in files if file.is_file()]


def locations(data: Buffer, start: int, end: int) -> Iterator[str]:
    """Yield where the values of a tensor lie, if not in the model's file."""
    for number, first, last in fields(data, start, end):
        if number == EXTERNAL_DATA:
            entry = {part[0]: text(data, part) for part in fields(data, first, last)}
            if entry.get(ENTRY_KEY) == "location":
                yield entry.get(ENTRY_VALUE, "")


def graphs(data: Buffer) -> Iterator[tuple[int, int]]:
    """Yield where the graph begins and ends."""
    for number, first, last in fields(data, 0, len(data)):
        if number == GRAPH:
            yield first, last


def opened(path: Path) -> mmap.mmap:
    """Map a file into memory: models are large, and little of them is looked at."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def text(data: Buffer, field: Field) -> str:
    """Return the content of a field as text."""
    return bytes(data[field[1] : field[2]]).decode("utf-8", errors="replace")


def fields(data: Buffer, start: int, end: int) -> Iterator[Field]:
    """Yield the fields of a protobuf message; stop where it is none.

    References
    ----------
    protobuf.dev/programming-guides/encoding
    """
    place = start
    while place < end:
        key, place = varint(data, place, end)
        kind = key & 7
        if kind == VARINT:
            first, (_, place) = place, varint(data, place, end)
        elif kind == SIZED:
            length, first = varint(data, place, end)
            place = first + length
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            first, place = place, place + (8 if kind == EIGHT_BYTES else 4)
        else:
            return
        if place > end:
            return
        yield key >> 3, first, place


def varint(data: Buffer, place: int, end: int) -> tuple[int, int]:
    """Read a number of variable length; return it and where it ends."""
    value = shift = 0
    while place < end:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            break
    return value, place
