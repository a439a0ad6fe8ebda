"""What moto's CloudFormation does not tell of target groups, and does not delete of a VPC."""

from typing import Any

from moto.ec2.models.route_tables import RouteTable
from moto.elbv2.models import FakeTargetGroup


def _attribute(self: FakeTargetGroup, name: str) -> Any:
    return {"TargetGroupFullName": self.arn.split(":")[-1], "TargetGroupName": self.name}[name]


def _delete_route_table(self: RouteTable, _account: str, _region: str) -> None:
    for association in list(self._associations):
        self.ec2_backend.disassociate_route_table(association)
    if self.id in self.ec2_backend.route_tables:
        self.ec2_backend.delete_route_table(self.id)


def install() -> None:
    FakeTargetGroup.get_cfn_attribute = _attribute
    FakeTargetGroup.has_cfn_attr = classmethod(lambda cls, attr: attr in ("TargetGroupFullName", "TargetGroupName"))
    RouteTable.delete = _delete_route_table
