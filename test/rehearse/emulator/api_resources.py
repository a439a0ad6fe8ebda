"""Resource types that moto's CloudFormation does not execute though moto has the API: created by the same API calls that
CloudFormation makes, with the template's properties as the request.
"""

import os
from typing import Any, Callable

from emulated_client import emulated_client
from moto.core.common_models import CloudFormationModel
from published_contract import api_request

Properties = dict[str, Any]


def _api_backed(
    resource_type: str,
    service: str,
    create: str,
    delete: str,
    name_property: str,
    identify: Callable[[Properties], str],
    delete_request: Callable[[Properties], Properties],
    to_request: Callable[[Properties], Properties] = lambda properties: properties,
    attributes: Callable[[Properties, Properties], Properties] = lambda properties, response: {},
) -> type:
    class ApiBackedResource(CloudFormationModel):
        __module__ = f"moto.{service}.models"  # moto files its models by the second word

        def __init__(self, properties: Properties, region: str):
            request = api_request(service, create, to_request(properties))
            client = emulated_client(service, region)
            method = next(name for name, operation in client.meta.method_to_api_mapping.items() if operation == create)
            response = getattr(client, method)(**request)
            self.properties, self.region = properties, region
            self.attributes = attributes(properties, response)

        @property
        def physical_resource_id(self) -> str:
            return self.attributes.get("Ref") or identify(self.properties)

        def get_cfn_attribute(self, attribute_name: str) -> Any:
            return self.attributes[attribute_name]

        def delete(self, _account: str, _region: str) -> None:
            client = emulated_client(service, self.region)
            method = next(name for name, operation in client.meta.method_to_api_mapping.items() if operation == delete)
            getattr(client, method)(**delete_request(self.properties))

        def is_created(self) -> bool:
            return True

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return True

        @staticmethod
        def cloudformation_type() -> str:
            return resource_type

        @staticmethod
        def cloudformation_name_type() -> str:
            return name_property

        @classmethod
        def create_from_cloudformation_json(cls, name: str, template: Any, account: str, region: str, **_: Any) -> Any:
            properties = template["Properties"]
            return cls({**properties, name_property: name} if name_property else properties, region)

        @classmethod
        def update_from_cloudformation_json(
            cls, original_resource: Any, new_resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
        ) -> Any:
            # The put and register operations of these services create and change alike.
            kept = {name_property: original_resource.properties[name_property]} if name_property else {}
            return cls({**cloudformation_json["Properties"], **kept}, region_name)

        @classmethod
        def delete_from_cloudformation_json(cls, name: str, template: Any, account: str, region: str) -> None:
            raise NotImplementedError  # `delete` above is asked first

    ApiBackedResource.__name__ = resource_type.replace("::", "")
    return ApiBackedResource


def _alarm_arn(properties: Properties, _response: Properties) -> Properties:
    account = os.environ["REHEARSAL_ACCOUNT"]
    region = os.environ["AWS_REGION"]
    return {"Arn": f"arn:aws:cloudwatch:{region}:{account}:alarm:{properties['AlarmName']}", "Ref": properties["AlarmName"]}


def _scalable(properties: Properties) -> Properties:
    return {key: properties[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}


def _generated(properties: Properties) -> Properties:
    """CloudFormation generates the value and creates the secret with it."""
    kept = {key: value for key, value in properties.items() if key != "GenerateSecretString"}
    return {**kept, "SecretString": "generated-by-the-emulator"}


_KEPT: list[type] = []  # moto finds its models among the subclasses of a class, which are held weakly


def install() -> None:
    _KEPT[:] = [
        _api_backed(
            "AWS::SecretsManager::Secret",
            "secretsmanager",
            create="CreateSecret",
            delete="DeleteSecret",
            name_property="Name",
            identify=lambda properties: properties["Name"],
            delete_request=lambda properties: {"SecretId": properties["Name"], "ForceDeleteWithoutRecovery": True},
            to_request=_generated,
            attributes=lambda properties, response: {"Ref": response["ARN"], "Id": response["ARN"]},
        ),
        _api_backed(
            "AWS::CloudWatch::Alarm",
            "cloudwatch",
            create="PutMetricAlarm",
            delete="DeleteAlarms",
            name_property="AlarmName",
            identify=lambda properties: properties["AlarmName"],
            delete_request=lambda properties: {"AlarmNames": [properties["AlarmName"]]},
            attributes=_alarm_arn,
        ),
        _api_backed(
            "AWS::ApplicationAutoScaling::ScalableTarget",
            "application-autoscaling",
            create="RegisterScalableTarget",
            delete="DeregisterScalableTarget",
            name_property="",
            identify=lambda properties: "|".join(_scalable(properties).values()),
            delete_request=_scalable,
        ),
        _api_backed(
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            "application-autoscaling",
            create="PutScalingPolicy",
            delete="DeleteScalingPolicy",
            name_property="PolicyName",
            identify=lambda properties: properties["PolicyName"],
            delete_request=lambda properties: {**_scalable(_policy(properties)), "PolicyName": properties["PolicyName"]},
            to_request=_policy,
            attributes=lambda properties, response: {"Arn": response["PolicyARN"], "Ref": response["PolicyARN"]},
        ),
    ]


def _policy(properties: Properties) -> Properties:
    """CloudFormation's renamed members, and its shorthand for the scalable target."""
    request = {key: value for key, value in properties.items() if key not in ("ScalingTargetId", "PolicyName")}
    if "ScalingTargetId" in properties:
        resource_id, dimension, namespace = _target_parts(properties["ScalingTargetId"])
        request |= {"ResourceId": resource_id, "ScalableDimension": dimension, "ServiceNamespace": namespace}
    return {**request, "PolicyName": properties["PolicyName"]}


def _target_parts(target: str) -> tuple[str, str, str]:
    namespace, resource_id, dimension = target.split("|")
    return resource_id, dimension, namespace
