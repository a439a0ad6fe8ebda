"""The stack of the endpoint."""

from pathlib import Path

from aws_cdk import CfnOutput, Stack
from constructs import Construct
from sagemaker_bidi_constructs import BidiEndpoint, BidiImage, BidiModel

CONTAINER = Path(__file__).parent / "{{container}}"


class {{class}}(Stack):
    """The container in `{{container}}` as a SageMaker AI endpoint to stream to."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
        image = BidiImage.from_directory(
            str(CONTAINER),
            {{local-command}},
            exclude=["node_modules", ".venv", "__pycache__", "cdk.out"],
        )
        self.endpoint = BidiEndpoint(
            self,
            "Endpoint",
            endpoint_name="{{name}}",
            model=BidiModel.from_image(image),
            # ml.g6.2xlarge, a GPU, is the default; name another here: instance_type="ml.c7i.2xlarge",
        )
        CfnOutput(self, "EndpointName", value=self.endpoint.endpoint_name)
        CfnOutput(self, "RuntimeUri", value=self.endpoint.runtime_uri)
