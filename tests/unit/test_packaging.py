"""The build recipe against the folders on disk."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_on_disk_is_in_the_wheel() -> None:
    """Hatchling ignores a missing path silently; so the list is compared with the folders."""
    recipe = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = recipe["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    on_disk = [str(found.parent.relative_to(ROOT)) for found in ROOT.glob("*/kurun_*/__init__.py")]

    assert sorted(listed) == sorted(on_disk)


def test_every_package_says_that_it_is_typed() -> None:
    """Type checkers read our annotations only where a ``py.typed`` lies."""
    untyped = [
        found.parent.name for found in ROOT.glob("*/kurun_*/__init__.py") if not (found.parent / "py.typed").is_file()
    ]

    assert untyped == []


def test_pins_name_no_index() -> None:
    """A pinned requirement carries hashes and no address, so that any index can serve it."""
    for file in (ROOT / "requirements").glob("*.txt"):
        text = file.read_text()

        assert "--index-url" not in text
        assert "://" not in text
        assert text.count("--hash=sha256:") >= text.count("==")
