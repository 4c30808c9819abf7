"""Which workflow a workflow task belongs to.

A worker answers a task with nothing but the task's token. Only the server reads it as a rule; it is a protobuf message
whose second field is the workflow's id, and a token of any other form is one of nobody's.
"""

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

_NAME = "TaskToken"
_WORKFLOW_ID = FieldDescriptorProto(
    name="workflow_id", number=2, type=FieldDescriptorProto.TYPE_STRING, label=FieldDescriptorProto.LABEL_OPTIONAL
)


def workflow_of(token: bytes) -> str:
    """The id of the workflow; empty if the token does not say."""
    try:
        return str(getattr(_TaskToken.FromString(token), _WORKFLOW_ID.name))
    except DecodeError:
        return ""


def _message() -> type[Message]:
    file = FileDescriptorProto(name="kurun_twin/task_token.proto", syntax="proto3")
    file.message_type.add(name=_NAME).field.append(_WORKFLOW_ID)
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(_NAME))


_TaskToken = _message()
