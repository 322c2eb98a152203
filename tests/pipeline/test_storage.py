"""Images and verdicts in a real S3 protocol: a server of our own, the client that users have."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

pytest.importorskip("moto.server", reason="moto is not installed")
pytest.importorskip("s3fs", reason="the extra 'cloud' is not installed")

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@pytest.fixture(scope="module")
def bucket():
    """The environment of a bucket with twenty pictures, a broken object and an empty one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    env = os.environ | KEYS | {"AWS_ENDPOINT_URL": address, "AWS_DEFAULT_REGION": "us-east-1"}
    try:
        answers(port)
        subprocess.run([sys.executable, "-c", FILL], env=env, input=pictures(), check=True)
        yield env
    finally:
        server.kill()
        server.wait()


FILL = """
import pickle, sys, s3fs
fs = s3fs.S3FileSystem()
fs.mkdir("scans")
for name, data in pickle.load(sys.stdin.buffer).items():
    fs.pipe_file(f"scans/{name}", data)
"""

LOOK = """
import sys, s3fs
fs = s3fs.S3FileSystem()
print("\\n".join(sorted(fs.find("scans"))))
print(fs.cat_file("scans/out/v.jsonl").decode(), file=sys.stderr)
"""


def pictures() -> bytes:
    import pickle

    rng = np.random.default_rng(0)
    made = {}
    for i in range(20):
        pixels = cv2.resize(rng.integers(0, 255, (9, 12), np.uint8), (120, 90))
        made[f"in/{i % 3}/{i:02}.png"] = cv2.imencode(".png", pixels)[1].tobytes()
    return pickle.dumps({**made, "in/broken.png": b"no", "in/empty.png": b""})


def answers(port: int) -> None:
    for _ in range(200):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the S3 server does not answer")


def imagegate(env, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "imagegate", *arguments, "-g", "rules:general"]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_a_bucket_is_checked_and_sorted_into_a_bucket(bucket):
    done = imagegate(bucket, "check", "s3://scans/in", "--out", "s3://scans/out/v.jsonl")
    assert done.returncode == 1, done.stderr
    sort = imagegate(bucket, "sort", "s3://scans/in", "s3://scans/sorted")
    assert sort.returncode == 1, sort.stderr
    looked = subprocess.run(
        [sys.executable, "-c", LOOK], env=bucket, capture_output=True, text=True, check=True
    )
    rows = [json.loads(line) for line in looked.stderr.splitlines() if line]
    errors = {row["path"]: row["error"] for row in rows if row["error"]}
    assert len(rows) == 22
    assert set(errors) == {"s3://scans/in/broken.png", "s3://scans/in/empty.png"}
    names = looked.stdout.split()
    assert not [name for name in names if ".partial" in name]
    placed = [name for name in names if name.startswith("scans/sorted/") and "/in/" not in name]
    assert len(placed) == 22 + 1  # and the table


def test_what_is_not_there_is_named(bucket):
    done = imagegate(bucket, "check", "s3://scans/nowhere", "--out", "s3://scans/out/w.jsonl")
    assert done.returncode == 2
    assert "s3://scans/nowhere: no such file or folder" in done.stderr
