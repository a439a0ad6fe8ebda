"""The same app as app.ts. test/constructs/constructs.ts compares their templates."""

import os

from aws_cdk import App, Duration, Stack
from aws_cdk.aws_ec2 import SubnetConfiguration, SubnetType, Vpc
from aws_cdk.aws_s3 import Bucket
from constructs import Construct
from sagemaker_bidi_constructs import (
    BidiEndpoint,
    BidiImage,
    BidiModel,
    BidiMonitoring,
    BidiPrivateAccess,
    DeepgramEndpoint,
    ModelData,
    Rollout,
    VllmEndpoint,
)

ECHO = os.environ["ECHO_DIRECTORY"]
PACKAGE_ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/deepgram-nova-3"


class StreamingStack(Stack):
    def __init__(self, scope: Construct, id: str, **kwargs) -> None:
        super().__init__(scope, id, **kwargs)
        vpc = Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[SubnetConfiguration(name="private", subnet_type=SubnetType.PRIVATE_ISOLATED)],
        )
        endpoint = BidiEndpoint(
            self,
            "Echo",
            endpoint_name="echo",
            model=BidiModel.from_image(
                BidiImage.from_directory(ECHO, local_command=["node", "dist/server.js"]),
                environment={"LOG_LEVEL": "info"},
            ),
            instance_types=["ml.m5.xlarge", "ml.c6i.large"],
            instance_count=2,
            rollout=Rollout.canary(step_percent=50, bake=Duration.minutes(10)),
            vpc=vpc,
        )
        endpoint.auto_scale_concurrency(min_capacity=2, max_capacity=6, target_concurrency=40)
        monitoring = BidiMonitoring(self, "Monitoring", endpoint=endpoint)
        endpoint.add_rollback_alarms(*monitoring.rollback_alarms)
        access = BidiPrivateAccess(self, "PrivateAccess", vpc=vpc)
        access.add_endpoint(endpoint)

        DeepgramEndpoint(
            self, "Deepgram", endpoint_name="nova", model_package_arn=PACKAGE_ARN, query="model=nova-3&language=de"
        )

        bucket = Bucket(self, "Models")
        VllmEndpoint(
            self,
            "Voxtral",
            endpoint_name="voxtral",
            model_data=ModelData.from_prefix(bucket, "voxtral/"),
            instance_type="ml.g6.2xlarge",
        )


app = App(analytics_reporting=False)
StreamingStack(app, "StreamingStack", env={"account": "123456789012", "region": "us-east-1"})
app.synth()
