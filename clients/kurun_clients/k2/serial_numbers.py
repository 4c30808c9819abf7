"""Serial numbers of K2 tasks and server events: ``{workflow instance id}_{destination id}``."""

import re
from typing import Final, Self

from kurun_clients.http import InvalidRequest

_FORM: Final = re.compile(
    r"(?:SN=)?(?P<number>(?P<instance>\d{1,18})_(?P<destination>\d{1,18}))", re.IGNORECASE | re.ASCII
)


class SerialNumber(str):
    """A serial number without the ``SN=`` that notifications put before it.

    Attributes:
        workflow_instance_id: Which workflow instance the task or event belongs to.
        destination_id: Which of its destinations.
    """

    __slots__ = ("destination_id", "workflow_instance_id")

    workflow_instance_id: int
    destination_id: int

    def __new__(cls, text: str) -> Self:
        """Read a serial number, with or without ``SN=``.

        Raises:
            InvalidRequest: It is none.
        """
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise InvalidRequest(
                f"{text[:60]!r} is no K2 serial number: two numbers joined by _ are wanted, as in 12_34"
            )
        number = super().__new__(cls, found["number"])
        number.workflow_instance_id = int(found["instance"])
        number.destination_id = int(found["destination"])
        return number
