"""Engines that cut the subject out: GrabCut and rembg."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from imagegate.engines import rembg as local
from imagegate.errors import SettingsError
from imagegate.tables import Pixels
from imagegate.tasks import TASKS
from imagegate.tasks.background import Mask

TASK = TASKS["background-removal"]


def disc(height: int = 60, width: int = 80, radius: int = 20) -> Mask:
    rows, columns = np.mgrid[:height, :width]
    inside = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 < radius**2
    return inside.astype(np.float32)


def packshot(mask: Mask) -> Pixels:
    rng = np.random.default_rng(5)
    ground = 235 + rng.integers(-3, 4, (*mask.shape, 3))
    subject = np.array([180, 40, 60]) + rng.integers(-20, 21, (*mask.shape, 3))
    return np.where(mask[..., None] > 0.5, subject, ground).astype(np.uint8)


@pytest.mark.engine
def test_grabcut_cuts_out_a_packshot_and_nothing_from_nothing() -> None:
    truth = disc(600, 800, 200)
    cut = TASK.engines["grabcut"].open()
    mask = cut(packshot(truth))
    assert mask.shape == truth.shape
    assert mask.dtype == np.float32
    assert TASK.loss(mask, truth) < 0.05
    np.testing.assert_array_equal(cut(packshot(truth)), mask)
    assert not cut(np.full((50, 70, 3), 200, np.uint8)).any()
    assert cut(np.zeros((1, 1, 3), np.uint8)).shape == (1, 1)


def test_rembg_never_downloads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("IMAGEGATE_REMBG_MODEL", "REMBG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(SettingsError, match=r"put isnet-general-use\.onnx .* into .*REMBG_MODEL"):
        local.weights()
    (tmp_path / "models" / "u2net").mkdir(parents=True)
    (tmp_path / "models" / "u2net" / "u2net.onnx").touch()
    assert local.weights().name == "u2net.onnx"
    monkeypatch.setenv("IMAGEGATE_REMBG_MODEL", str(tmp_path / "gone.onnx"))
    with pytest.raises(SettingsError, match=r"gone\.onnx, which is not a file"):
        local.weights()


@pytest.mark.engine
@pytest.mark.parametrize("side", [320, 1024])
def test_rembg_runs_any_local_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, side: int
) -> None:
    pytest.importorskip("rembg")
    path = tmp_path / "darkness.onnx"
    path.write_bytes(darkness_network(side))
    monkeypatch.setenv("IMAGEGATE_REMBG_MODEL", str(path))
    before = dict(os.environ)
    engine = TASK.engines["rembg"]
    truth = disc(120, 160, 40)
    mask = engine.open()(packshot(truth))
    assert dict(os.environ) == before
    assert mask.shape == truth.shape
    assert TASK.loss(mask, truth) < 0.05
    assert "darkness.onnx sha256 " in engine.version()


def darkness_network(side: int) -> bytes:
    """Write an ONNX network of one node, mask = −green, by hand: a whole model in 200 bytes."""

    def field(number: int, value: bytes | int) -> bytes:
        if isinstance(value, int):
            return bytes([number << 3]) + varint(value)
        return bytes([number << 3 | 2]) + varint(len(value)) + value

    def varint(value: int) -> bytes:
        low = value & 127
        return bytes([low]) if value < 128 else bytes([low | 128]) + varint(value >> 7)

    def tensor(name: str, channels: int) -> bytes:
        sizes = b"".join(field(1, field(1, size)) for size in (1, channels, side, side))
        kind = field(1, field(1, 1) + field(2, sizes))
        return field(1, name.encode()) + field(2, kind)

    def ints(name: str, values: list[int]) -> bytes:
        """An int64 constant."""
        packed = b"".join(value.to_bytes(8, "little") for value in values)
        return field(1, len(values)) + field(2, 7) + field(8, name.encode()) + field(9, packed)

    def node(kind: str, inputs: list[str], output: str) -> bytes:
        names = b"".join(field(1, name.encode()) for name in inputs)
        return names + field(2, output.encode()) + field(4, kind.encode())

    graph = (
        field(1, node("Slice", ["image", "from", "to", "axis"], "green"))
        + field(1, node("Neg", ["green"], "mask"))
        + field(2, b"darkness")
        + b"".join(field(5, ints(n, [v])) for n, v in (("from", 1), ("to", 2), ("axis", 1)))
        + field(11, tensor("image", 3))
        + field(12, tensor("mask", 1))
    )
    return field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 13))
