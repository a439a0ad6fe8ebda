"""Streams to an endpoint with the AWS SDK for Python: python bidi_client.py ENDPOINT "hello" "again"."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from aws_sdk_sagemaker_runtime_http2.client import AsyncSageMakerRuntimeHTTP2Client
from aws_sdk_sagemaker_runtime_http2.config import AsyncSageMakerRuntimeHTTP2Config
from aws_sdk_sagemaker_runtime_http2.models import (
    InvokeEndpointWithBidirectionalStreamInput,
    RequestPayloadPart,
    RequestStreamEventPayloadPart,
    ResponseStreamEventPayloadPart,
)
from awscrt import io as crt_io
from smithy_http.aio.crt import AWSCRTHTTPClient, AWSCRTHTTPClientConfig


class Transport(AWSCRTHTTPClient):
    """HTTP/2, trusting the authorities of AWS_CA_BUNDLE. On Linux SSL_CERT_FILE alone is enough; macOS and Windows ask the system."""

    def __init__(self) -> None:
        super().__init__(client_config=AWSCRTHTTPClientConfig(force_http_2=True))
        if bundle := os.environ.get("AWS_CA_BUNDLE"):
            options = crt_io.TlsContextOptions()
            options.override_default_trust_store(Path(bundle).read_bytes())
            self._tls_ctx = crt_io.ClientTlsContext(options)

    def __deepcopy__(self, memo: object) -> "Transport":
        return self  # the client copies its configuration; a copy would forget the authorities


async def connect() -> AsyncSageMakerRuntimeHTTP2Client:
    """A client of the local SageMaker where its variables are set, else of AWS."""
    region = os.environ["AWS_REGION"]
    config = await AsyncSageMakerRuntimeHTTP2Config.resolve(
        endpoint_uri=os.environ.get(
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2", f"https://runtime.sagemaker.{region}.amazonaws.com:8443"
        ),
        region=region,
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=os.environ.get("AWS_SESSION_TOKEN"),
        transport=Transport(),
    )
    return AsyncSageMakerRuntimeHTTP2Client(config)


async def stream(endpoint: str, messages: list[str]) -> AsyncIterator[str]:
    """Sends each message, yields the answer to it, and ends the stream. Raises when the stream ends before the last answer."""
    client = await connect()
    opened = await client.invoke_endpoint_with_bidirectional_stream(
        InvokeEndpointWithBidirectionalStreamInput(endpoint_name=endpoint)
    )
    _, events = await opened.await_output()
    try:
        for message in messages:
            part = RequestPayloadPart(bytes_=message.encode(), data_type="UTF8")
            await opened.input_stream.send(RequestStreamEventPayloadPart(value=part))
            event = await events.receive()
            if event is None:
                raise ConnectionError("The stream ended before the answer.")
            if not isinstance(event, ResponseStreamEventPayloadPart):
                raise ConnectionError(str(getattr(event, "value", event)))
            yield (event.value.bytes_ or b"").decode()
    finally:
        await opened.input_stream.close()


async def main() -> None:
    async for answer in stream(sys.argv[1], sys.argv[2:]):
        print(answer)


if __name__ == "__main__":
    asyncio.run(main())
