"""docs/recipes.md: what checks a repository of images, in one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from imagegate.messages import load_messages
from recipes import PAGE, ROOT, blurred, png, sections


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a way to run programs in a fresh git repository with a folder of images."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "A" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "a@example.org" for who in ("AUTHOR", "COMMITTER")},
    }
    work = tmp_path / "work"
    (work / "assets" / "deep er").mkdir(parents=True)
    (work / "assets" / "good.png").write_bytes(png(PAGE.pixels))

    def call(*command: str, ok: bool | None = True) -> Any:
        done = subprocess.run(
            command, cwd=work, env=environment, capture_output=True, text=True, check=False
        )
        assert ok is None or (done.returncode == 0) is ok, done.stdout + done.stderr
        return done

    try:
        call("git", "init", "--quiet", "--initial-branch=main")
    except FileNotFoundError:
        pytest.skip("git is not installed")
    return call


def ruin(folder: Path) -> None:
    (folder / "deep er" / "ruined.png").write_bytes(png(blurred(PAGE.pixels)))


def test_pre_commit(shell: Callable[..., Any], tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    if not find_spec("pre_commit"):
        pytest.skip("pre-commit is not installed")
    (offered,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    ((_, text),) = sections()["pre-commit"]
    config = yaml.safe_load(text)
    ((used,),) = [repo["hooks"] for repo in config["repos"]]
    assert used["id"] == offered["id"]
    local = {**offered, **used, "language": "system"}  # only so that nothing is installed
    del local["minimum_pre_commit_version"]
    written = {"repos": [{"repo": "local", "hooks": [local]}]}
    work = tmp_path / "work"
    (work / ".pre-commit-config.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    (work / "assets" / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    shell("pre-commit", "install")
    shell("git", "add", ".")
    shell("git", "commit", "-m", "good")
    ruin(work / "assets")
    shell("git", "add", ".")
    stopped = shell("git", "commit", "-m", "ruined", ok=False)
    said = stopped.stdout + stopped.stderr
    assert "exit code: 1" in said
    assert "assets/deep er/ruined.png" in said
    assert load_messages()["blur.focus"] in said
    assert "good.png" not in said  # only what is committed


def scripts(text: str) -> list[str]:
    yaml = pytest.importorskip("yaml")
    (job,) = yaml.safe_load(text)["jobs"].values()
    lines = [step["run"] for step in job["steps"] if "run" in step]
    return [line for line in lines if not line.startswith("pip install ")]


def test_github_actions(shell: Callable[..., Any], tmp_path: Path) -> None:
    (_, changed), (_, everything) = sections()["GitHub Actions"]
    ((of_pull_request,), (of_folder,)) = scripts(changed), scripts(everything)
    bash = ("bash", "-e", "-c")  # as GitHub calls it
    assets = tmp_path / "work" / "assets"
    ruin(assets)
    shell("git", "add", ".")
    shell("git", "commit", "-m", "a ruined image is there already")
    for name, spoil in (("fine", False), ("spoilt", True)):
        shell("git", "switch", "--quiet", "--create", name, "main")
        (assets / "new one.png").write_bytes(png(blurred(PAGE.pixels) if spoil else PAGE.pixels))
        (assets / "good.png").unlink()
        (assets / "notes.txt").write_text("no image")
        shell("git", "add", "--all", ".")
        shell("git", "commit", "-m", name)
        shell("git", "switch", "--quiet", "--detach", "main")
        shell("git", "merge", "--no-ff", "-m", "as GitHub merges", name)
        done = shell(*bash, of_pull_request, ok=not spoil)
        assert "new one.png" in done.stdout
        assert "ruined.png" not in done.stdout
    shell(*bash, of_folder, ok=False)
    found = (tmp_path / "work" / "verdicts.jsonl").read_text(encoding="utf-8")
    assert len(found.splitlines()) == 2
    shell("git", "switch", "--quiet", "--create", "none", "main")
    shell("git", "commit", "--allow-empty", "-m", "no image")
    assert shell(*bash, of_pull_request).stdout == ""
