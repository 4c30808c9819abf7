"""What all parts of the definitions file have in common."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^\S+$")]
KeyId = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^/\s]+$")]


class Entry(BaseModel):
    """A part of the file. A key that nobody knows is a mistake; ids are optional, see ``Definitions``."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid", hide_input_in_errors=True)


class WorkflowEntry(Entry):
    """Something that a workflow carries out; ``confidential`` encrypts what is said to it, with the key of that id.

    Where ``confidential`` is left out, an action of a process is as confidential as the process.
    """

    confidential: bool | None = None
    kms_key_id: KeyId | None = None

    @model_validator(mode="after")
    def _key_is_used(self) -> Self:
        if self.kms_key_id is not None and not self.confidential:
            raise ValueError("kmsKeyId is used only with confidential: true")
        return self
