"""Stack updates as CloudFormation does them.

moto updates the resources whose own template text changed. CloudFormation compares resolved properties, so that a replaced model
replaces the configuration that names it; a change of a create-only property creates the new resource first and deletes the old one
when everything else has been updated.
"""

import warnings
from typing import Any

from flask import request
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend
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
    template_before, parsed_before = self._template, dict(self._parsed_resources)
    try:
        _update_all(self, template, parameters)
    except Exception as failure:
        try:
            _roll_back(self, template_before, parsed_before)
        except Exception as hindrance:
            raise failure from hindrance  # what went wrong first is what the user has to know
        raise


def _roll_back(self: ResourceMap, template: dict[str, Any], parsed: dict[str, Any]) -> None:
    """What the failed update created is deleted. What it superseded is still there: that is deleted last."""
    created = {name: resource for name, resource in self._parsed_resources.items() if parsed.get(name) is not resource}
    for name, resource in reversed(created.items()):
        self._delete_resource(resource, self._resource_json_map[name])
    self._parsed_resources = parsed
    self._template, self._resource_json_map = template, template["Resources"]


def _update_all(self: ResourceMap, template: dict[str, Any], parameters: dict[str, Any] | None) -> None:
    before = self._resource_json_map
    properties_before = {name: _resolved(resource, self) for name, resource in before.items() if name in self._parsed_resources}
    order_before = _in_dependency_order(before)

    self._template = template
    # moto gives the resolved value of an SSM parameter for what CloudFormation calls its previous value, which is the name.
    given = {key: value for key, value in (parameters or {}).items() if value != self.resolved_parameters.get(key)}
    self.input_parameters = {**self.input_parameters, **given}
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


_describe_stack_resources_of_moto = CloudFormationBackend.describe_stack_resources


def _describe_stack_resources(self: CloudFormationBackend, stack_name: str | None, logical_resource_id: str | None) -> Any:
    """The stack of a physical resource may be asked for instead of a stack's resources."""
    physical_id = request.values.get("PhysicalResourceId")
    if stack_name or not physical_id:
        return _describe_stack_resources_of_moto(self, stack_name, logical_resource_id)
    for stack in self.stacks.values():
        if any(getattr(resource, "physical_resource_id", None) == physical_id for resource in stack.stack_resources):
            return stack, stack.stack_resources
    raise ValidationError(message=f"Stack for {physical_id} does not exist")


class ChangeSetNotFound(CloudFormationError):
    code = "ChangeSetNotFound"


def _with_change_set_of_stack(operation: str) -> None:
    """Change sets are named within their stack; moto looks through all of them, and has another error for one that is not there."""
    of_moto = getattr(CloudFormationBackend, operation)

    def answer(self: CloudFormationBackend, change_set_name: str, **named: Any) -> Any:
        stack = request.values.get("StackName")
        for change_set_id, change_set in self.change_sets.items():
            if change_set.stack.stack_id not in self.stacks:  # of a deleted stack: moto keeps it, CloudFormation does not
                continue
            is_named = change_set_name == change_set.change_set_name and stack in (change_set.stack.name, change_set.stack_id)
            if is_named or change_set_name == change_set_id:
                return of_moto(self, change_set_id, **named)
        if operation == "delete_change_set":
            return None
        raise ChangeSetNotFound(f"ChangeSet [{change_set_name}] does not exist")

    setattr(CloudFormationBackend, operation, answer)


_delete_of_moto = ResourceMap.delete


def _delete(self: ResourceMap) -> None:
    """moto creates a resource when it is asked for. So that nobody who asks for those of a deleted stack creates them, they stay known."""
    parsed = dict(self._parsed_resources)
    _delete_of_moto(self)
    self._parsed_resources = parsed


def install() -> None:
    for operation in ("describe_change_set", "execute_change_set", "delete_change_set"):
        _with_change_set_of_stack(operation)
    ResourceMap.update = _update
    ResourceMap.delete = _delete
    CloudFormationBackend.describe_stack_resources = _describe_stack_resources
    ChangeSet.apply = _apply
    warnings.filterwarnings("ignore", message="Tried to parse", category=UserWarning)  # listed by the rehearsal itself
