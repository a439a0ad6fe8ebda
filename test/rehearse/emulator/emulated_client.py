"""A client of the emulator itself, for what one service asks of another."""

import os
from typing import Any

import boto3


def emulated_client(service: str, region: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=os.environ["REHEARSAL_EMULATOR_URL"],
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
    )
