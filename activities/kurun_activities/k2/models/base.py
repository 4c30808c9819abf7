"""What the requests and responses of K2 activities share."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from kurun_activities.models import ActivityRequest, ActivityResponse
from kurun_clients.k2.fields import DataFields, FieldChanges, ItemReferences, XmlFields

SerialNumberText = Annotated[str, StringConstraints(pattern=r"^\s*(?i:SN=)?\d{1,18}_\d{1,18}\s*$")]
"""Serial number of a task or server event, with or without the ``SN=`` of notifications."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class K2ChangeResponse(ActivityResponse):
    """The result of an activity that changes something in K2.

    Attributes:
        found: It was done already when this attempt looked: by an earlier attempt, unless the activity says more.
    """

    found: bool = False


class K2FieldsRequest(ActivityRequest):
    """Fields to write.

    Attributes:
        data_fields: Values by the name of the data field; a name may hold spaces.
        xml_fields: Name and XML text of each XML field.
        item_references: Properties by SmartObject and record (``"1"``).
    """

    data_fields: DataFields = Field(default_factory=dict)
    xml_fields: XmlFields = ()
    item_references: ItemReferences = Field(default_factory=dict)

    def changes(self) -> FieldChanges:
        """The fields as the client takes them."""
        return FieldChanges(
            data_fields=self.data_fields, xml_fields=self.xml_fields, item_references=self.item_references
        )


class K2MarkedRequest(K2FieldsRequest):
    """Something that ends a task or event, with fields to write.

    Attributes:
        serial_number: Which task or event.
        marker_field: A data field of the workflow that is for this purpose alone. It is set to a mark of this
            activity; when a reply was lost and the task is gone, a later attempt reads there who acted.
    """

    serial_number: SerialNumberText
    marker_field: Text | None = None

    @model_validator(mode="after")
    def _leaves_the_marker_alone(self) -> "K2MarkedRequest":
        if self.marker_field is not None and self.marker_field in self.data_fields:
            raise ValueError("markerField must not be one of the dataFields")
        return self
