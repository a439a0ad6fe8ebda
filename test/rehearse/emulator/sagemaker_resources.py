"""AWS::SageMaker::Model, EndpointConfig and Endpoint by way of the API requests that CloudFormation sends.

moto executes the three, but knows a part of their properties only and no update of an endpoint in place. Here every property of a
template becomes an API request that the published model has accepted, and is what the describe operations answer.
"""

from typing import Any

from emulated_client import emulated_client
from moto.core.utils import utcnow
from moto.sagemaker import models as moto_sagemaker
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends
from published_contract import api_request


def _request(operation: str, properties: dict[str, Any]) -> dict[str, Any]:
    try:
        return api_request("sagemaker", operation, properties)
    except ValueError as fault:
        raise ValidationError(message=f"{operation}: {fault}") from fault


def _answer_with_request(resource_class: type) -> None:
    """Lets describe operations answer what was asked for, not the part of it that moto models."""
    modelled = resource_class.response_object.fget
    resource_class.response_object = property(
        lambda self: {**modelled(self), **{key: value for key, value in getattr(self, "request", {}).items() if key != "Tags"}}
    )


def _refuse_existing(kind: str, name: str, existing: dict[str, Any]) -> None:
    if name in existing:
        raise ValidationError(message=f'Cannot create already existing {kind} "{name}".')


def _tags(request: dict[str, Any], stack: dict[str, Any]) -> list[dict[str, str]]:
    """The request's own, and those by which CloudFormation marks what belongs to a stack."""
    stack_id: str = stack["StackId"]
    marks = {"stack-name": stack_id.split("/")[1], "stack-id": stack_id, "logical-id": stack["LogicalId"]}
    return request.get("Tags", []) + [{"Key": f"aws:cloudformation:{key}", "Value": value} for key, value in marks.items()]


def _refuse_change_of_scaled(endpoint_name: str, before: dict[str, Any], after: dict[str, Any], region: str) -> None:
    """Developer guide, "Update endpoints that use auto scaling": a scalable target keeps its instance type, and is not removed."""
    client = emulated_client("application-autoscaling", region)
    targets = client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    scaled = {target["ResourceId"] for target in targets}
    kept = {variant["VariantName"]: _instance_types(variant) for variant in after["ProductionVariants"]}
    for variant in before["ProductionVariants"]:
        name = variant["VariantName"]
        is_scaled = f"endpoint/{endpoint_name}/variant/{name}" in scaled
        if is_scaled and kept.get(name) != _instance_types(variant):
            raise ValidationError(message=f"Variant {name} is a scalable target; deregister it before its instance type changes.")


def _instance_types(variant: dict[str, Any]) -> set[str]:
    pools = variant.get("InstancePools") or [variant]
    return {pool["InstanceType"] for pool in pools}


class ModelResource:
    @staticmethod
    def create(name: str, template: Any, account: str, region: str, **stack: Any) -> Any:
        backend = sagemaker_backends[account][region]
        request = _request("CreateModel", {**template["Properties"], "ModelName": name})
        _refuse_existing("model", name, backend._models)
        model = backend.create_model(
            model_name=name,
            execution_role_arn=request.get("ExecutionRoleArn"),
            primary_container=request.get("PrimaryContainer"),
            vpc_config=request.get("VpcConfig"),
            containers=request.get("Containers"),
            tags=_tags(request, stack),
        )
        model.request = request
        return model


class EndpointConfigResource:
    @staticmethod
    def create(name: str, template: Any, account: str, region: str, **stack: Any) -> Any:
        backend = sagemaker_backends[account][region]
        request = _request("CreateEndpointConfig", {**template["Properties"], "EndpointConfigName": name})
        _refuse_existing("endpoint configuration", name, backend.endpoint_configs)
        config = backend.create_endpoint_config(
            endpoint_config_name=name,
            production_variants=request["ProductionVariants"],
            data_capture_config=request.get("DataCaptureConfig", {}),
            async_inference_config=request.get("AsyncInferenceConfig", {}),
            tags=_tags(request, stack),
            kms_key_id=request.get("KmsKeyId"),
        )
        config.request = request
        return config


class EndpointResource:
    CREATE_MEMBERS = ("EndpointName", "EndpointConfigName", "DeploymentConfig", "Tags")

    @classmethod
    def create(cls, name: str, template: Any, account: str, region: str, **stack: Any) -> Any:
        backend = sagemaker_backends[account][region]
        properties = {**template["Properties"], "EndpointName": name}
        request = _request("CreateEndpoint", {key: properties[key] for key in cls.CREATE_MEMBERS if key in properties})
        _refuse_existing("endpoint", name, backend.endpoints)
        endpoint = backend.create_endpoint(name, request["EndpointConfigName"], _tags(request, stack))
        endpoint.request = {}
        return endpoint

    @classmethod
    def update(cls, original_resource: Any, cloudformation_json: Any, account_id: str, region_name: str, **_: Any) -> Any:
        properties = {key: value for key, value in cloudformation_json["Properties"].items() if key != "Tags"}
        request = _request("UpdateEndpoint", {**properties, "EndpointName": original_resource.endpoint_name})
        backend = sagemaker_backends[account_id][region_name]
        config = backend.describe_endpoint_config(request["EndpointConfigName"])
        before = backend.describe_endpoint_config(original_resource.endpoint_config_name)
        _refuse_change_of_scaled(original_resource.endpoint_name, before, config, region_name)
        original_resource.endpoint_config_name = request["EndpointConfigName"]
        original_resource.production_variants = original_resource._process_production_variants(config["ProductionVariants"])
        deployment = request.get("DeploymentConfig")
        original_resource.request = {"LastDeploymentConfig": deployment} if deployment else {}
        original_resource.last_modified_time = utcnow()
        return original_resource


def install() -> None:
    for resource_class, handler, name_property in (
        (moto_sagemaker.Model, ModelResource, "ModelName"),
        (moto_sagemaker.FakeEndpointConfig, EndpointConfigResource, "EndpointConfigName"),
        (moto_sagemaker.FakeEndpoint, EndpointResource, "EndpointName"),
    ):
        resource_class.cloudformation_name_type = staticmethod(lambda name_property=name_property: name_property)
        resource_class.create_from_cloudformation_json = staticmethod(handler.create)
        _answer_with_request(resource_class)
    moto_sagemaker.FakeEndpoint.update_from_cloudformation_json = staticmethod(EndpointResource.update)
    # moto's list of instance types is years old; the published enumeration has been asked by then.
    moto_sagemaker.FakeEndpointConfig.validate_production_variants = lambda self, variants: None
