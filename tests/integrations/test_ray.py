"""A real local Ray cluster of two workers says what one machine says, byte for byte."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from imagegate.errors import SettingsError
from imagegate.pipeline.output import flat
from imagegate.pipeline.route import Router
from imagegate.synthetic.pages import render_page

pytest.importorskip("ray.data", reason="the extra 'scale' is not installed")

# Ray warns of its own changes, and leaves files and sockets to be collected.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

POLICY = {"repair": {"noise": 0.2}}


@pytest.fixture(scope="module")
def cluster():
    """A head that does no work and two nodes of one CPU each."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": 100_000_000}
    made = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        made.add_node(num_cpus=1, object_store_memory=100_000_000)
    ray.init(address=made.address, logging_level=logging.ERROR, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.fixture(scope="module")
def inbox(tmp_path_factory):
    """Forty cuts of pages of all qualities, a broken file and an empty one."""
    folder = tmp_path_factory.mktemp("inbox")
    rng = np.random.default_rng(0)
    page = render_page(7, layout="letter").pixels
    for i in range(40):
        top, left = (int(rng.integers(0, side - 300)) for side in page.shape[:2])
        cut = page[top : top + 300, left : left + 300]
        harmed = np.clip(cut + rng.normal(0, 2.0 * i, cut.shape), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{i:02}.jpg"), harmed, [cv2.IMWRITE_JPEG_QUALITY, 90 - i])
    (folder / "90-broken.jpg").write_bytes(b"no picture")
    (folder / "91-empty.jpg").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def paths(inbox):
    return [str(path) for path in sorted(inbox.iterdir())]


@pytest.fixture(scope="module")
def local(paths):
    """What one machine says."""
    router = Router("ocr", POLICY)
    return [result.to_dict() for path in paths for result in router.pages(path)]


def columns_of(table) -> list[str]:
    rows = sorted(table.to_pylist(), key=lambda row: row["path"])
    return [json.dumps(row) for row in rows]


def test_a_dataset_of_paths_is_judged_as_on_one_machine(cluster, paths, local, tmp_path):
    import ray

    from imagegate.integrations.ray import check_dataset

    ds = ray.data.from_items([{"path": path} for path in paths])
    check_dataset(ds, "ocr", POLICY, workers=2).write_parquet(str(tmp_path / "verdicts"))
    assert columns_of(pq.read_table(tmp_path / "verdicts")) == [
        json.dumps(flat(row)) for row in local
    ]
    assert {row["route"] for row in local} >= {"use", "repair", "reject", None}


def test_a_dataset_of_bytes_is_too_wherever_they_came_from(cluster, paths, local):
    import ray

    from imagegate.integrations.ray import check_dataset

    ds = ray.data.read_binary_files(paths, include_paths=True)
    found = check_dataset(ds, "ocr", POLICY, workers=2)
    tables = list(found.iter_batches(batch_format="pyarrow"))
    rows = sorted((row for table in tables for row in table.to_pylist()), key=lambda r: r["path"])
    assert [json.dumps(row) for row in rows] == [json.dumps(flat(row)) for row in local]
    with pytest.raises(SettingsError, match="expected a dataset with a column 'path'"):
        check_dataset(ray.data.from_items([{"file": "a"}]), "ocr")


def test_the_command_line_gives_the_same_file(cluster, inbox, tmp_path):
    def check(out: Path, *given: str) -> None:
        command = [sys.executable, "-m", "imagegate", "check", inbox, "--out", out, *given]
        env = os.environ | {"RAY_ADDRESS": cluster.address}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stderr

    check(tmp_path / "near.parquet")
    check(tmp_path / "far.parquet", "--engine", "ray", "--jobs", "2")
    assert (tmp_path / "far.parquet").read_bytes() == (tmp_path / "near.parquet").read_bytes()
