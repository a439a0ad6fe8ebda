"""The CDK app."""

import os

from aws_cdk import App, Environment, Validations
from cdk_nag import AwsSolutionsChecks

from {{module}}_stack import {{class}}

app = App()

{{class}}(
    app,
    "{{stack}}",
    env=Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION")),
)

# Holds the template against AWS's security rules at every synthesis.
Validations.of(app).add_plugins(AwsSolutionsChecks(app))

app.synth()
