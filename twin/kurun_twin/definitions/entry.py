"""What all parts of the definitions file have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^\S+$")]


class Entry(BaseModel):
    """A part of the file. A key that nobody knows is a mistake; ids are optional, see ``Definitions``."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid", hide_input_in_errors=True)
