"""The Dockerfile's steps carried out without Docker, on copies of this machine's file system that cost nothing.

Each stage is an overlay: what it writes lies in a folder of its own, over this machine in the place of the ``python``
image. A stage that begins with another one begins with a copy of that folder. Steps run as they are written, by
``chroot``. What they make is then run read-only, as the image's user, as the first process of a namespace.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.dockerfile import Stage, context, lineage, stages

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable).resolve().parent
"""Where the interpreter lies that plays the one of the ``python`` image."""

PATH = f"{PYTHON}:/usr/local/bin:/usr/bin:/bin"
# How this machine reaches an index of packages is no matter of the image.
INDEX = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name.lower().endswith("proxy")}
QUIET = {"PIP_QUIET": "2"}  # errors alone


def possible() -> str | None:
    """Why it cannot be done here, if it cannot."""
    if shutil.which("unshare") is None or shutil.which("setpriv") is None:
        return "there is no unshare or setpriv"
    with tempfile.TemporaryDirectory() as folder:
        script = [f"mkdir {folder}/layer {folder}/work {folder}/root", _overlay(Path(folder))]
        command = ["unshare", "--mount", "sh", "-c", " && ".join(script)]
        trial = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return None if trial.returncode == 0 else f"no overlays can be mounted: {trial.stderr.strip()}"


@dataclass(frozen=True)
class ReplayedImage:
    """An image as folders.

    Attributes:
        stage: The folder of its last stage.
        environment: Its variables.
        user: ``uid:gid``.
        folder: Where it works.
        entrypoint: Its program.
        command: The default arguments.
        health: Its check.
    """

    stage: Path
    environment: Mapping[str, str]
    user: str
    folder: str
    entrypoint: Sequence[str]
    command: Sequence[str]
    health: Sequence[str]

    def run(self, program: Sequence[str], variables: Mapping[str, str], secrets: Path | None = None) -> list[str]:
        """The command line that runs a program in the image, as the first process of a namespace.

        The file system is read-only, but for ``/tmp`` and the volume. The network is this machine's.

        Args:
            program: What to run.
            variables: What a container is started with.
            secrets: Shown at ``/run/secrets``.
        """
        uid, gid = self.user.split(":")
        root = self.stage / "root"
        steps = [
            "set -e",
            _overlay(self.stage),
            f"mount -t tmpfs tmpfs {root}{ROOT}",  # the checkout is no part of the image
            *([f"mount --bind {secrets} {root}/run/secrets"] if secrets else []),
            f"mount -o remount,ro {root}",
            f"mount -t proc proc {root}/proc",
            f"mount -t tmpfs -o size=64m tmpfs {root}/tmp",  # noqa: S108
            f"mount -t tmpfs -o size=64m,uid={uid},gid={gid} tmpfs {root}{self.environment['HOME']}",
            # Each of these replaces the one before it, so that the program is the first process.
            f"exec chroot {root} {shlex.join(self._as_user(program, variables))}",
        ]
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", "\n".join(steps)]

    def enter(self, first: int, program: Sequence[str], variables: Mapping[str, str]) -> list[str]:
        """The command line that runs a program beside the first process of a running one, as ``docker exec`` does."""
        return ["nsenter", f"--target={first}", "--mount", "--pid", "--root", *self._as_user(program, variables)]

    def _as_user(self, program: Sequence[str], variables: Mapping[str, str]) -> list[str]:
        uid, gid = self.user.split(":")
        environment = {"PATH": PATH, **self.environment, **variables}
        command = ["setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "env", "-i"]
        command += [f"{name}={value}" for name, value in environment.items()]
        return [*command, "sh", "-c", f"cd {self.folder} && exec {shlex.join(program)}"]


def build(target: str, folder: Path, arguments: Mapping[str, str]) -> ReplayedImage:
    """Carry out what leads to a stage.

    Args:
        target: The stage.
        folder: Where everything is put.
        arguments: ``--build-arg``.

    Raises:
        CalledProcessError: A step failed; its words are on standard error.
    """
    known = stages((ROOT / "Dockerfile").read_text())
    line = lineage(known, target)
    sources = {each.flags["from"] for stage in line for each in stage.instructions if each.flags.get("from")}
    needed = {each.name for name in (*sources, target) for each in lineage(known, name)}
    _copy_context(folder / "context")
    script = ["set -e"]
    for stage in known:
        if stage.name in needed:
            script += _script(stage, [each.name for each in lineage(known, stage.name)], folder, arguments)
    subprocess.run(["unshare", "--mount", "sh", "-c", "\n".join(script)], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607
    return _described(line, folder)


def _copy_context(target: Path) -> None:
    for file in context(ROOT):
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, target / file)


def _overlay(stage: Path) -> str:
    return f"mount -t overlay overlay -o lowerdir=/,upperdir={stage}/layer,workdir={stage}/work {stage}/root"


def _script(stage: Stage, line: list[str], folder: Path, arguments: Mapping[str, str]) -> list[str]:
    """The shell's lines for one stage."""
    own = folder / stage.name
    root = own / "root"
    script = [f"mkdir -p {own}/layer {own}/work {root}"]
    if len(line) > 1:
        script.append(f"cp -a {folder / line[-2]}/layer/. {own}/layer/")
    script.append(_overlay(own))
    script += [f"mount -t tmpfs tmpfs {root}{ROOT}", f"mount --bind /dev {root}/dev"]
    if len(line) == 1:
        # The image's user has to reach the interpreter, which on this machine may lie in a home folder.
        script += [f"chmod o+x {root}{each}" for each in (PYTHON, *PYTHON.parents) if each != Path("/")]
    variables = {"PATH": PATH, "HOME": "/root", **INDEX, **QUIET}
    at = "/"
    for each in stage.instructions:
        if each.name == "WORKDIR":
            at = each.value
            script.append(f"mkdir -p {root}{at}")
        elif each.name == "ENV":
            variables |= each.pairs()
        elif each.name == "ARG":
            name, _, value = each.value.partition("=")
            variables[name] = arguments.get(name, value.strip('"'))
        elif each.name == "RUN":
            inside = ["env", "-i", *(f"{name}={value}" for name, value in variables.items())]
            inside += ["sh", "-c", f"cd {at} && {each.value}"]
            script.append(f"chroot {root} {shlex.join(inside)}")
        elif each.name == "COPY":
            script += _copies(each.words(), each.flags, folder, root, at)
    return script


def _copies(words: list[str], flags: Mapping[str, str], folder: Path, root: Path, at: str) -> list[str]:
    *sources, target = words
    origin = folder / flags["from"] / "root" if "from" in flags else folder / "context"
    into = root / (target if target.startswith("/") else f"{at}/{target}").lstrip("/")
    script = [f"mkdir -p {into}"]
    for source in sources:
        # A folder's content is copied, as COPY does it.
        script.append(f"cp -a {origin}/{source.strip('/')}/. {into}/")
        if "chown" in flags:
            names = f"cd {origin}/{source.strip('/')} && find . -mindepth 1"
            script.append(f"({names}) | (cd {into} && xargs chown {flags['chown']})")
    return script


def _described(line: list[Stage], folder: Path) -> ReplayedImage:
    variables: dict[str, str] = {}
    last: dict[str, str] = {}
    words: dict[str, list[str]] = {}
    for stage in line:
        for each in stage.instructions:
            if each.name == "ENV":
                variables |= {name: value.replace("$PATH", PATH) for name, value in each.pairs().items()}
            elif each.name in {"ENTRYPOINT", "CMD"}:
                words[each.name] = each.words()
            elif each.name == "HEALTHCHECK":
                words[each.name] = shlex.split(each.value.partition("CMD ")[2].strip("[]").replace(",", " "))
            last[each.name] = each.value
    return ReplayedImage(
        stage=folder / line[-1].name,
        environment=variables,
        user=last["USER"],
        folder=last["WORKDIR"],
        entrypoint=words["ENTRYPOINT"],
        command=words["CMD"],
        health=words["HEALTHCHECK"],
    )
