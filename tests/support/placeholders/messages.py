"""The few messages of Terraform's provider protocol, version 5, that are looked into.

Field numbers are the protocol's (Terraform plugin protocol, `tfplugin5.proto`). Fields that are not
declared here are kept as they came and sent on, as protobuf does with unknown fields.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_STRING = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
_BYTES = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
_INT32 = descriptor_pb2.FieldDescriptorProto.TYPE_INT32
_INT64 = descriptor_pb2.FieldDescriptorProto.TYPE_INT64
_MESSAGE = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
_ONE = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
_MANY = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
_PACKAGE = "provider"

# message: {field: (number, type, label, message type)}
_MESSAGES: dict[str, dict[str, tuple[int, int, int, str]]] = {
    "DynamicValue": {"msgpack": (1, _BYTES, _ONE, "")},
    "PlanRequest": {
        "type_name": (1, _STRING, _ONE, ""),
        "prior_state": (2, _MESSAGE, _ONE, "DynamicValue"),
        "proposed_new_state": (3, _MESSAGE, _ONE, "DynamicValue"),
        "config": (4, _MESSAGE, _ONE, "DynamicValue"),
    },
    "ValidateRequest": {
        "type_name": (1, _STRING, _ONE, ""),
        "config": (2, _MESSAGE, _ONE, "DynamicValue"),
    },
    "PlanResponse": {"planned_state": (1, _MESSAGE, _ONE, "DynamicValue")},
    "SchemaResponse": {
        "resource_schemas": (2, _MESSAGE, _MANY, "SchemaEntry"),
        "data_source_schemas": (3, _MESSAGE, _MANY, "SchemaEntry"),
    },
    "SchemaEntry": {"key": (1, _STRING, _ONE, ""), "value": (2, _MESSAGE, _ONE, "Schema")},
    "Schema": {"block": (2, _MESSAGE, _ONE, "Block")},
    "Block": {
        "attributes": (2, _MESSAGE, _MANY, "Attribute"),
        "block_types": (3, _MESSAGE, _MANY, "NestedBlock"),
    },
    "Attribute": {"name": (1, _STRING, _ONE, ""), "type": (2, _BYTES, _ONE, "")},
    "NestedBlock": {
        "type_name": (1, _STRING, _ONE, ""),
        "block": (2, _MESSAGE, _ONE, "Block"),
        "nesting": (3, _INT32, _ONE, ""),
        "min_items": (4, _INT64, _ONE, ""),
    },
}


def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="provider.proto", package=_PACKAGE, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, label, inner) in fields.items():
            added = message.field.add(name=field, number=number, type=kind, label=label)
            if inner:
                added.type_name = f".{_PACKAGE}.{inner}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = (f"{_PACKAGE}.{name}" for name in _MESSAGES)
    found = (pool.FindMessageTypeByName(name) for name in names)
    return {one.name: message_factory.GetMessageClass(one) for one in found}


_CLASS = _classes()
PlanRequest = _CLASS["PlanRequest"]
PlanResponse = _CLASS["PlanResponse"]
ValidateRequest = _CLASS["ValidateRequest"]
BlockSchema = _CLASS["Block"]
SchemaResponse = _CLASS["SchemaResponse"]
