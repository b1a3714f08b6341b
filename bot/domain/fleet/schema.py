"""The fleet file as JSON Schema, for editors. `python -m bot.domain.fleet > fleet.schema.json` writes it."""

from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from bot.domain.durations import format_duration
from bot.domain.fleet.spec import Fleet
from bot.domain.names import EnvironmentKey, SageMakerName, WaveName

_SERVERLESS_OR_INSTANCES: dict[str, Any] = {
    "if": {"required": ["kind"], "properties": {"kind": {"const": "serverless"}}},
    "then": {
        "required": ["serverless"],
        "properties": {
            **dict.fromkeys(("track", "instance_type", "instance_count", "autoscaling"), False),
            # Written as null, they take a default away.
            **{key: {"type": "null"} for key in ("vpc", "kms_key", "data_capture")},
        },
    },
    "else": {"properties": {"serverless": False}},
}

_ASYNC_OR_NOT: dict[str, Any] = {
    "if": {"not": {"required": ["kind"], "properties": {"kind": {"const": "async"}}}},
    "then": {"properties": {"async_inference": {"type": "null"}}},
}

_ONE_SOURCE_OF_VERSIONS: dict[str, Any] = {
    "oneOf": [{"required": ["track"]}, {"required": ["model_package_group"]}],
    "dependentRequired": {"track_pattern": ["track"]},
}


_FIRST_OR_INCLUDED: dict[str, Any] = {
    "anyOf": [{"required": [key]} for key in ("endpoints", "include", "waves")],
    "if": {"not": {"required": ["version"]}},
    "then": {"properties": {"manager": False}},
}
"""The same schema serves included files, which may leave out the version and have no manager of their own."""


class _ForEditors(GenerateJsonSchema):
    """Leaves out titles that only repeat the key, and shows default durations as they are written."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def encode_default(self, default: Any) -> Any:
        return format_duration(default) if isinstance(default, timedelta) else super().encode_default(default)


def fleet_schema() -> dict[str, Any]:
    """The schema of what people write; rules across distant fields are told only when the file is read."""
    schema = Fleet.model_json_schema(schema_generator=_ForEditors)
    endpoint = schema["$defs"]["EndpointSpec"]
    del endpoint["properties"]["name"]  # the key above it
    endpoint["required"] = []
    endpoint["allOf"] = [_ONE_SOURCE_OF_VERSIONS, _SERVERLESS_OR_INSTANCES, _ASYNC_OR_NOT]
    del schema["required"]
    schema |= _FIRST_OR_INCLUDED
    for block in (schema, *schema["$defs"].values()):
        for field in block.get("properties", {}).values():
            if "$ref" in field:
                field.pop("default", None)  # the block tells its own defaults
    # Pydantic tells nothing about the keys of a mapping.
    schema["properties"]["endpoints"] |= {"minProperties": 1, "propertyNames": _schema_of(SageMakerName)}
    schema["properties"]["waves"] |= {"propertyNames": _schema_of(WaveName)}
    for environment in (endpoint, schema["$defs"]["Defaults"]):
        environment["properties"]["environment"]["propertyNames"] = _schema_of(EnvironmentKey)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Fleet file of the endpoint bot",
    }


def _schema_of(shape: Any) -> dict[str, Any]:
    return TypeAdapter(shape).json_schema()
