"""docs/encryption.md against the code."""

import re
from pathlib import Path

import pytest

from kurun_config.model import EncryptionSettings
from kurun_twin.definitions import load_definitions
from kurun_worker import encryption

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "encryption.md").read_text()


def test_every_setting_is_explained() -> None:
    """With its default, in the words of ``kurun config``."""
    told = dict(re.findall(r"^\| `encryption\.(\w+)` \| (\w+) \|", PAGE, re.MULTILINE))
    defaults = EncryptionSettings().model_dump(mode="json")

    assert told == {name: str(value).lower().removesuffix(".0") for name, value in defaults.items()}


def test_every_error_it_names_is_there() -> None:
    """A developer looks for them by these names."""
    named = set(re.findall(r"`(\w+Error)`", PAGE))

    assert len(named) == 3
    assert named <= set(encryption.__all__)


@pytest.mark.parametrize("text", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL), ids=["start", "codec"])
def test_its_python_compiles_and_imports(text: str) -> None:
    """No block has a mistake in its syntax or names a module that is not there."""
    imports = "\n".join(line for line in text.splitlines() if re.match(r"(from|import) ", line))

    compile(text, "encryption.md", "exec", flags=0x2000)  # top-level await
    exec(imports, {})  # noqa: S102 - our own page


def test_its_definitions_make_a_confidential_process(tmp_path: Path) -> None:
    """And need no more than that."""
    file = tmp_path / "definitions.yaml"
    file.write_text(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    (leave,) = load_definitions(file).processes

    assert leave.kms_key_id is not None


@pytest.mark.parametrize("page", ["twin.md", "encryption.md"])
def test_links_lead_somewhere(page: str) -> None:
    """Every file that it points to is there, and the README points to it."""
    targets = re.findall(r"\]\(([^)#]+)", (ROOT / "docs" / page).read_text())

    assert all((ROOT / "docs" / each).is_file() for each in targets)
    assert f"(docs/{page})" in (ROOT / "README.md").read_text()
