"""What AWS publishes about its resources, asked instead of retold: API models (botocore) and CloudFormation schemas (cfn-lint)."""

import re
from functools import cache
from typing import Any

from botocore.model import Shape
from botocore.session import get_session
from botocore.validate import ParamValidator
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER


@cache
def service_model(service: str):
    return get_session().get_service_model(service)


@cache
def create_only_properties(resource_type: str, region: str) -> frozenset[str]:
    """Top-level properties whose change makes CloudFormation replace the resource."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, resource_type).schema
    return frozenset(pointer.split("/")[2] for pointer in schema.get("createOnlyProperties", []))


def api_request(service: str, operation: str, properties: dict[str, Any]) -> dict[str, Any]:
    """The request that CloudFormation would send for these properties.

    Raises ValueError with everything that the published model refuses: unknown or missing members, types, enums, patterns, limits.
    """
    shape = service_model(service).operation_model(operation).input_shape
    request = _typed(properties, shape)
    report = ParamValidator().validate(request, shape)
    faults = [report.generate_report()] if report.has_errors() else []
    faults += _constraint_faults(request, shape, operation)
    if faults:
        raise ValueError("; ".join(faults))
    return request


def _typed(value: Any, shape: Shape) -> Any:
    """Templates may write numbers and booleans as strings; CloudFormation converts them by the schema, so this does too."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return {key: _typed(item, shape.members[key]) if key in shape.members else item for key, item in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_typed(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _typed(item, shape.value) for key, item in value.items()}
    if isinstance(value, str):
        if shape.type_name in ("integer", "long") and re.fullmatch(r"-?\d+", value):
            return int(value)
        if shape.type_name in ("float", "double"):
            return float(value)
        if shape.type_name == "boolean" and value in ("true", "false"):
            return value == "true"
    return value


def _constraint_faults(value: Any, shape: Shape, path: str) -> list[str]:
    """What botocore's own validator leaves to the service."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return [
            fault
            for key, item in value.items()
            if key in shape.members
            for fault in _constraint_faults(item, shape.members[key], f"{path}.{key}")
        ]
    faults: list[str] = []
    limits = shape.metadata
    size = len(value) if isinstance(value, (str, list, dict)) else value
    if isinstance(size, (int, float)) and not isinstance(size, bool):
        if "min" in limits and size < limits["min"]:
            faults.append(f"{path}: {size} is below {limits['min']}")
        if "max" in limits and size > limits["max"]:
            faults.append(f"{path}: {size} is above {limits['max']}")
    if isinstance(value, str):
        if limits.get("enum") and value not in limits["enum"]:
            faults.append(f"{path}: {value!r} is none of {limits['enum']}")
        if "pattern" in limits and not _matches(limits["pattern"], value):
            faults.append(f"{path}: {value!r} does not match {limits['pattern']}")
    if isinstance(value, list):
        for index, item in enumerate(value):
            faults += _constraint_faults(item, shape.member, f"{path}[{index}]")
    if isinstance(value, dict):
        for key, item in value.items():
            faults += _constraint_faults(key, shape.key, f"{path} key")
            faults += _constraint_faults(item, shape.value, f"{path}.{key}")
    return faults


def _matches(pattern: str, value: str) -> bool:
    # Models write Java patterns, which match the whole value. Unicode property classes are the one part Python lacks.
    try:
        return re.fullmatch(re.sub(r"\\p\{[^}]+\}", r"\\w", pattern), value) is not None
    except re.error:
        return True
