"""The manifest of a package: what it can do, and what it needs for that."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints

from kurun_robots.errors import PackageInvalid
from kurun_robots.package.problems import printable

_Listed = TypeVar("_Listed")


def _is_shown(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    if not text.isprintable():
        raise ValueError("one line of text without control characters is wanted")
    return text


def _is_run(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("a command cannot hold NUL, nor what is no Unicode")
    return text


def _has_some(operations: tuple[_Listed, ...]) -> tuple[_Listed, ...]:
    # As a constraint of the field it would also be reported where there are some and all of them are wrong.
    if not operations:
        raise ValueError("at least one is wanted")
    return operations


# A key without a value says as little as no key.
_Empty = BeforeValidator(lambda value: {} if value is None else value)
_EmptyList = BeforeValidator(lambda value: () if value is None else value)


class _Part(BaseModel):
    """A part of the manifest. A key that nobody knows is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Step(_Part):
    """A command line.

    Attributes:
        name: What people read.
        shell: What a shell runs.
    """

    name: Annotated[str, StringConstraints(max_length=255), AfterValidator(_is_shown)]
    shell: Annotated[str, AfterValidator(_is_run)]


class Operation(Step):
    """Something that the robot can do; people pick it by its name."""


class Tools(_Part):
    """Versions of what the robot is run with, as they are written; ``None``: any, or none at all."""

    python: Annotated[str, StringConstraints(pattern=r"^3(\.[0-9]{1,4}){0,2}((a|b|rc)[0-9]{1,4})?$")] | None = None
    nodejs: Annotated[str, StringConstraints(pattern=r"^v?[0-9]{1,4}(\.[0-9]{1,4}){0,2}$")] | None = None


class Manifest(_Part):
    """What ``kubot.yaml`` says.

    Attributes:
        operations: At least one; no two of the same name.
        tools: What they need.
        post_install: What prepares the environment, once, in this order.
    """

    operations: Annotated[tuple[Operation, ...], Strict(strict=False), AfterValidator(_has_some)]
    tools: Annotated[Tools, _Empty] = Tools()
    post_install: Annotated[tuple[Step, ...], Strict(strict=False), _EmptyList] = Field(
        default=(), alias="post-install"
    )

    def operation(self, name: str) -> Operation:
        """The operation of a name.

        Raises:
            PackageInvalid: There is none.
        """
        for operation in self.operations:
            if operation.name == name:
                return operation
        known = ", ".join(repr(operation.name) for operation in self.operations)
        raise PackageInvalid(f"the package has no operation '{printable(name)}'; it has {printable(known, 500)}")
