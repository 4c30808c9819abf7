"""Requests and responses of the activities on process instances of the K2 Services."""

from typing import Annotated

from pydantic import Field

from kurun_activities.k2.folio import BusinessKey
from kurun_activities.k2.models.base import K2ChangeResponse, Text
from kurun_activities.k2.models.services_base import K2FieldFlags, K2ServicesInstanceRequest, Texts, Values
from kurun_activities.k2.models.services_worklist import (
    K2ServicesDataFieldResponse,
    K2ServicesDataFieldsResponse,
    K2ServicesXmlFieldResponse,
    K2ServicesXmlFieldsResponse,
)
from kurun_activities.models import ActivityRequest, ActivityResponse
from kurun_clients.k2.services.models import ProcessInstance
from kurun_clients.kuflow.models import WireModel


class K2ServicesStartRequest(ActivityRequest):
    """What all starts share.

    Attributes:
        business_key: Unique for this start. Without one it is derived from the activity, so that it is the same in
            all attempts. It is added to the folio: see :mod:`kurun_activities.k2.folio`.
        synchronous: Answer only when the workflow has gone on.
    """

    business_key: BusinessKey | None = None
    synchronous: bool | None = None


class K2ServicesStartResponse(K2ChangeResponse):
    """The instance.

    Attributes:
        instance_id: Its id.
        business_key: The key in its folio.
        folio: The folio as it was sent.
        found: An earlier attempt had started it.
    """

    instance_id: int
    business_key: str
    folio: str


class K2ProcessStart(WireModel):
    """An instance to start.

    Attributes:
        full_name: Folder and name of the definition, joined by a backslash.
        folio: What people will know the instance by.
        expected_duration: Seconds.
        data_fields: Values by name.
        xml_fields: XML texts by name.
    """

    full_name: Text
    folio: str | None = None
    priority: int | None = None
    expected_duration: int | None = None
    data_fields: Values = Field(default_factory=dict)
    xml_fields: Texts = Field(default_factory=dict)


class K2ServicesInstanceStartByNameRequest(K2ServicesStartRequest):
    """Start an instance with nothing but a folio, once."""

    full_name: Text
    folio: str | None = None


class K2ServicesInstanceStartByNameResponse(K2ServicesStartResponse):
    """The instance."""


class K2ServicesInstanceStartRequest(K2ServicesStartRequest):
    """Start an instance, once."""

    instance: K2ProcessStart


class K2ServicesInstanceStartResponse(K2ServicesStartResponse):
    """The instance."""


class K2ServicesInstancesStartRequest(K2ServicesStartRequest):
    """Start several instances, each once. The business key gets ``:1``, ``:2`` and so on added."""

    business_key: Annotated[BusinessKey, Field(max_length=96)] | None = None
    instances: Annotated[tuple[K2ProcessStart, ...], Field(min_length=1, max_length=500)]


class K2ServicesInstancesStartResponse(K2ChangeResponse):
    """The instances.

    Attributes:
        instance_ids: Their ids, in the order of the request.
        business_key: The key in their folios, without its ending.
    """

    instance_ids: tuple[int, ...]
    business_key: str


class K2ServicesInstanceRetrieveRequest(K2ServicesInstanceRequest):
    """Read a process instance, running or ended.

    Attributes:
        fields: Which fields the answer has; those of activities are not among them.
    """

    fields: K2FieldFlags = K2FieldFlags()


class K2ServicesInstanceRetrieveResponse(ActivityResponse):
    """The instance."""

    process_instance: ProcessInstance


class K2ServicesInstanceUpdateRequest(K2ServicesInstanceRequest):
    """Change a process instance; what is absent stays as it is.

    Attributes:
        folio: A new folio. It replaces the business key too, unless it carries it.
        expected_duration: Seconds.
        data_fields: Values by name.
        xml_fields: XML texts by name.
        synchronous: Answer only when it is changed.
    """

    folio: str | None = None
    priority: int | None = None
    expected_duration: int | None = None
    data_fields: Values = Field(default_factory=dict)
    xml_fields: Texts = Field(default_factory=dict)
    synchronous: bool | None = None


class K2ServicesInstanceUpdateResponse(ActivityResponse):
    """It is changed."""


class K2ServicesInstanceNameRequest(K2ServicesInstanceRequest):
    """Names a field of a process instance."""

    name: Text


class K2ServicesInstanceDataFieldsRetrieveRequest(K2ServicesInstanceRequest):
    """Read the data fields of a process instance."""


class K2ServicesInstanceDataFieldsRetrieveResponse(K2ServicesDataFieldsResponse):
    """The fields."""


class K2ServicesInstanceDataFieldRetrieveRequest(K2ServicesInstanceNameRequest):
    """Read one of them."""


class K2ServicesInstanceDataFieldRetrieveResponse(K2ServicesDataFieldResponse):
    """The field."""


class K2ServicesInstanceXmlFieldsRetrieveRequest(K2ServicesInstanceRequest):
    """Read the XML fields of a process instance."""


class K2ServicesInstanceXmlFieldsRetrieveResponse(K2ServicesXmlFieldsResponse):
    """The fields."""


class K2ServicesInstanceXmlFieldRetrieveRequest(K2ServicesInstanceNameRequest):
    """Read one of them."""


class K2ServicesInstanceXmlFieldRetrieveResponse(K2ServicesXmlFieldResponse):
    """The field."""
