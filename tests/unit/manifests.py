"""The manifests of deploy/kubernetes as they are, and as Kustomize puts them together."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2] / "deploy" / "kubernetes"
FOLDERS = sorted(str(file.parent.relative_to(ROOT)) for file in ROOT.rglob("kustomization.yaml"))

Manifest = dict[str, Any]


def documents(file: Path) -> list[Manifest]:
    """The documents of a YAML file."""
    return [each for each in yaml.safe_load_all(file.read_text()) if each is not None]


def kustomization(folder: str) -> Manifest:
    """What a folder says of itself."""
    [found] = documents(ROOT / folder / "kustomization.yaml")
    return found


def resources(folder: str) -> list[Manifest]:
    """The manifests of a folder, and of those that it builds on, before anything is patched."""
    found: list[Manifest] = []
    said = kustomization(folder)
    for entry in (*said.get("resources", ()), *said.get("components", ())):
        path = ROOT / folder / entry
        found += resources(str(path.resolve().relative_to(ROOT))) if path.is_dir() else documents(path)
    return found


def kustomize() -> list[str] | None:
    """The command that builds a folder, if one is here."""
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    return ["kubectl", "kustomize"] if shutil.which("kubectl") else None


@cache
def built(folder: str) -> list[Manifest]:
    """What Kustomize makes of a folder."""
    command = kustomize()
    assert command is not None
    made = subprocess.run([*command, str(ROOT / folder)], capture_output=True, text=True, check=False)  # noqa: S603
    assert made.returncode == 0, made.stderr
    return list(yaml.safe_load_all(made.stdout))


def pod_templates(manifests: list[Manifest]) -> Iterator[Manifest]:
    """The pod templates among manifests."""
    for each in manifests:
        if each["kind"] in {"Deployment", "WorkerDeployment"}:
            yield each["spec"]["template"]


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    """Those of a kind."""
    return [each for each in manifests if each["kind"] == kind]
