"""The Dockerfile read, not built: that is done by the proofs."""

import re
import tomllib
from functools import cache
from pathlib import Path, PurePath

import pytest

from tests.dockerfile import Stage, context, ignored, lineage, stages

ROOT = Path(__file__).parents[2]
STAGES = stages((ROOT / "Dockerfile").read_text())
IMAGES = ("worker", "twin")


@cache
def files() -> list[Path]:
    """What goes into a build."""
    return context(ROOT)


def effective(image: str, name: str) -> str:
    """The value of an instruction that a stage may take over from those before it."""
    found = [given.value for stage in lineage(STAGES, image) if (given := stage.last(name)) is not None]
    return found[-1]


def environment(image: str) -> dict[str, str]:
    """The variables of an image."""
    return {
        name: value
        for stage in lineage(STAGES, image)
        for each in stage.instructions
        if each.name == "ENV"
        for name, value in each.pairs().items()
    }


def test_the_default_image_is_the_worker() -> None:
    """Without ``--target`` the last stage is built."""
    assert STAGES[-1].name == "worker"


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_as_a_numbered_user(image: str) -> None:
    """Kubernetes can tell that a number is not root, and it cannot of a name."""
    user, group = effective(image, "USER").split(":")

    assert int(user) > 0
    assert int(group) > 0


@pytest.mark.parametrize("image", IMAGES)
def test_signals_reach_kurun(image: str) -> None:
    """A shell in between would keep SIGTERM to itself."""
    assert effective(image, "ENTRYPOINT") == '["kurun"]'
    assert effective(image, "STOPSIGNAL") == "SIGTERM"
    assert effective(image, "CMD").startswith("[")


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_tells_whether_it_is_well(image: str) -> None:
    """Each has a check, and the worker's asks it over http."""
    assert " CMD [" in f" {effective(image, 'HEALTHCHECK')}"
    assert environment("worker")["KURUN_HEALTH_PORT"] == effective("worker", "EXPOSE")


def test_final_stages_run_nothing() -> None:
    """All is made in stages that are left behind; so the images hold no tools and caches of their making."""
    ran = [stage.name for image in IMAGES for stage in lineage(STAGES, image) if stage.last("RUN") is not None]

    assert ran == []


def test_nothing_is_installed_without_its_hash() -> None:
    """Each installation demands hashes, but for the wheel that was just built, which takes nothing from an index."""
    runs = [each.value for stage in STAGES for each in stage.instructions if each.name == "RUN"]
    installs = [part for run in runs for part in re.split("&&|;", run) if re.search(r"\binstall\b", part)]
    careless = [each for each in installs if "--require-hashes" not in each and "--no-index --no-deps" not in each]

    assert len(installs) == 4
    assert careless == []


def test_every_extra_of_a_worker_has_pins() -> None:
    """``--build-arg EXTRAS=…`` names files; each extra has one, and it pins what the extra asks for."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    base = _pinned(ROOT / "requirements/kurun.txt")
    for extra, wanted in extras.items():
        names = {re.split("[><=]", each)[0].lower() for each in wanted}

        assert names <= base | _pinned(ROOT / f"requirements/extras/{extra}.txt")


def test_every_pin_is_the_one_of_the_tests() -> None:
    """What the image has is what was tested."""
    tested = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE))
    for file in (ROOT / "requirements/extras").glob("*.txt"):
        text = file.read_text()

        for name, version in re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE):
            assert (name, tested[name]) == (name, version)
        assert "://" not in text
        assert text.count("--hash=sha256:") >= text.count("==")


def test_what_is_copied_is_there() -> None:
    """Each source of a COPY is in the context of the build, or a stage before it."""
    before: list[str] = []
    for stage in STAGES:
        for each in (copy for copy in stage.instructions if copy.name == "COPY"):
            *sources, _ = each.words()
            if "from" in each.flags:
                assert each.flags["from"] in before
            else:
                assert [source for source in sources if not _holds(source)] == []
        before.append(stage.name)


def test_all_that_the_wheel_is_built_from_is_in_the_context() -> None:
    """Hatchling leaves out silently what the .dockerignore keeps from it."""
    recipe = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = recipe["project"]
    packages = recipe["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    on_disk = {
        file.relative_to(ROOT)
        for package in packages
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    assert {PurePath("pyproject.toml"), PurePath(project["readme"]), *map(PurePath, project["license-files"])} <= set(
        files()
    )
    assert on_disk <= set(files())


@pytest.mark.parametrize("path", ["kurun.toml", ".env", "secrets/kurun_kuflow_client_secret", ".kurun/kurun.toml"])
def test_no_secret_of_a_checkout_gets_into_an_image(path: str) -> None:
    """The context names what is wanted, and not what is not."""
    assert ignored((ROOT / ".dockerignore").read_text(), PurePath(path))


def test_what_cannot_be_read_is_refused() -> None:
    """The reader of these tests reads what it knows and guesses nothing."""
    with pytest.raises(ValueError, match="RUN before the first FROM"):
        stages("RUN true\n")
    assert stages('FROM a AS b\nRUN x \\\n # no\n  && y\nCMD ["z"]\n') == [
        Stage("a", "b", stages('FROM a AS b\nRUN x && y\nCMD ["z"]\n')[0].instructions)
    ]


def _holds(source: str) -> bool:
    return any(source == "." or PurePath(source) in (file, *file.parents) for file in files())


def _pinned(file: Path) -> set[str]:
    return set(re.findall(r"^([a-z0-9._-]+)==", file.read_text(), re.MULTILINE))
