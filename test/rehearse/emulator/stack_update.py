"""Stack updates as CloudFormation does them.

moto updates the resources whose own template text changed. CloudFormation compares resolved properties, so that a replaced model
replaces the configuration that names it; a change of a create-only property creates the new resource first and deletes the old one
when everything else has been updated.
"""

import warnings
from typing import Any

from moto.cloudformation.models import ChangeSet
from moto.cloudformation.parsing import ResourceMap, clean_json, parse_and_update_resource
from published_contract import create_only_properties


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        if isinstance(value.get("Ref"), str):
            return {value["Ref"]}
        if "Fn::GetAtt" in value:
            target = value["Fn::GetAtt"]
            return {target.split(".")[0] if isinstance(target, str) else target[0]}
        return set().union(*(_references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(_references(item) for item in value))
    return set()


def _in_dependency_order(resources: dict[str, Any]) -> list[str]:
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in ordered:
            return
        depends_on = resources[name].get("DependsOn", [])
        named = {depends_on} if isinstance(depends_on, str) else set(depends_on)
        for dependency in sorted(named | _references(resources[name].get("Properties", {}))):
            if dependency in resources:
                visit(dependency)
        ordered.append(name)

    for name in resources:
        visit(name)
    return ordered


def _resolved(resource: dict[str, Any], resources: ResourceMap) -> dict[str, Any]:
    return clean_json(resource.get("Properties", {}), resources)


def _update(self: ResourceMap, template: dict[str, Any], parameters: dict[str, Any] | None = None) -> None:
    before = self._resource_json_map
    properties_before = {name: _resolved(resource, self) for name, resource in before.items() if name in self._parsed_resources}
    order_before = _in_dependency_order(before)

    self._template = template
    if parameters:
        self.input_parameters = parameters
    self.load_mapping()
    self.load_parameters()
    self.load_conditions()
    self._resource_json_map = template["Resources"]

    superseded: dict[str, Any] = {}
    for name in _in_dependency_order(template["Resources"]):
        resource = template["Resources"][name]
        if name not in before or name not in self._parsed_resources:
            self[name]
            continue
        properties = _resolved(resource, self)
        previous = properties_before[name]
        changed = {key for key in properties.keys() | previous.keys() if properties.get(key) != previous.get(key)}
        if not changed:
            continue
        if resource["Type"] != before[name]["Type"] or changed & create_only_properties(resource["Type"], self._region_name):
            superseded[name] = self._parsed_resources.pop(name)
            self[name]
        else:
            updated = parse_and_update_resource(name, resource, self, account_id=self._account_id, region_name=self._region_name)
            self._parsed_resources[name] = updated

    for name in reversed(order_before):
        if name not in template["Resources"] and name in self._parsed_resources:
            superseded[name] = self._parsed_resources.pop(name)
        if name in superseded and before[name].get("DeletionPolicy", "Delete") != "Retain":
            self._delete_resource(superseded[name], before[name])


_apply_of_moto = ChangeSet.apply


def _apply(self: ChangeSet) -> None:
    """moto leaves the stack with the template and the outputs that it had before the change set."""
    _apply_of_moto(self)
    self.stack.template = self.template
    self.stack._parse_template()
    self.stack.output_map = self.stack._create_output_map()


def install() -> None:
    ResourceMap.update = _update
    ChangeSet.apply = _apply
    warnings.filterwarnings("ignore", message="Tried to parse", category=UserWarning)  # listed by the rehearsal itself
