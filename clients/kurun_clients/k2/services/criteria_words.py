"""The vocabulary of Criteria documents."""

from enum import StrEnum


class Comparison(StrEnum):
    """How a field is compared."""

    EQUAL = "Equal"
    NOT_EQUAL = "NotEqual"
    LESS = "Less"
    GREATER = "Greater"
    LESS_OR_EQUAL = "LessOrEqual"
    GREATER_OR_EQUAL = "GreaterOrEqual"
    LIKE = "Like"
    NOT_LIKE = "NotLike"


class Logical(StrEnum):
    """How an entry is joined to those before it."""

    AND = "And"
    OR = "Or"
    AND_BRACKET = "AndBracket"
    OR_BRACKET = "OrBracket"
    START_BRACKET = "StartBracket"
    END_BRACKET = "EndBracket"


class ValueType(StrEnum):
    """What a value is."""

    BOOLEAN = "Boolean"
    DATE = "Date"
    DECIMAL = "Decimal"
    DOUBLE = "Double"
    INTEGER = "Integer"
    LONG = "Long"
    STRING = "String"
    BINARY = "Binary"


class SortOrder(StrEnum):
    """In which direction items are sorted."""

    ASCENDING = "Ascending"
    DESCENDING = "Descending"


class WorklistField(StrEnum):
    """What items can be filtered and sorted by. K2 may know more: a plain string is passed on."""

    PROCESS_NAME = "ProcessName"
    PROCESS_FOLDER = "ProcessFolder"
    PROCESS_FULL_NAME = "ProcessFullName"
    PROCESS_DESCRIPTION = "ProcessDescription"
    PROCESS_META_DATA = "ProcessMetaData"
    PROCESS_STATUS = "ProcessStatus"
    PROCESS_PRIORITY = "ProcessPriority"
    PROCESS_START_DATE = "ProcessStartDate"
    PROCESS_EXPECTED_DURATION = "ProcessExpectedDuration"
    PROCESS_ID = "ProcessID"
    PROCESS_FOLIO = "ProcessFolio"
    PROCESS_DATA = "ProcessData"  # inferred: the data field that SubField names
    ACTIVITY_NAME = "ActivityName"
    ACTIVITY_PRIORITY = "ActivityPriority"
    ACTIVITY_DESCRIPTION = "ActivityDescription"
    ACTIVITY_META_DATA = "ActivityMetaData"
    ACTIVITY_START_DATE = "ActivityStartDate"
    ACTIVITY_EXPECTED_DURATION = "ActivityExpectedDuration"
    EVENT_NAME = "EventName"
    EVENT_META_DATA = "EventMetaData"
    EVENT_DESCRIPTION = "EventDescription"
    EVENT_PRIORITY = "EventPriority"
    EVENT_START_DATE = "EventStartDate"
    EVENT_EXPECTED_DURATION = "EventExpectedDuration"
    WORKLIST_ITEM_STATUS = "WorklistItemStatus"
    WORKLIST_ITEM_OWNER = "WorklistItemOwner"
    SERIAL_NUMBER = "SerialNumber"
    NONE = "None"
