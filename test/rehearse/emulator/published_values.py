"""Prints the limits, patterns and enumerations that AWS publishes for the names in its argument, as JSON.

Argument: {"shapes": {service: [shape, ...]}, "resources": {type: [path, ...]}}. API models are botocore's; resource schemas are those that
cfn-lint carries, by the path of a property under the resource or under one of its definitions.
"""

import json
import sys
from importlib.metadata import version

from botocore.session import get_session
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

REGION = "us-east-1"
SHAPE_KEYS = ("min", "max", "pattern", "enum")
SCHEMA_KEYS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "enum")


def shape_constraints(service: str, name: str) -> dict:
    shape = get_session().get_service_model(service).shape_for(name)
    return {key: shape.metadata[key] for key in SHAPE_KEYS if shape.metadata.get(key) not in (None, [])}


def schema_constraints(resource_type: str, path: str) -> dict | None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema
    *definition, name = path.split("/")
    properties = schema["definitions"][definition[0]]["properties"] if definition else schema["properties"]
    node = properties.get(name)
    return None if node is None else {key: node[key] for key in SCHEMA_KEYS if key in node}


def main() -> None:
    wanted = json.loads(sys.argv[1])
    json.dump(
        {
            "botocore": {
                "version": version("botocore"),
                "shapes": {
                    service: {name: shape_constraints(service, name) for name in names}
                    for service, names in wanted["shapes"].items()
                },
            },
            "cfn-lint": {
                "version": version("cfn-lint"),
                "resources": {
                    resource: {path: schema_constraints(resource, path) for path in paths}
                    for resource, paths in wanted["resources"].items()
                },
            },
        },
        sys.stdout,
    )


main()
