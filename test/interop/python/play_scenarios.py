"""Plays the scenarios with the AWS SDK for Python and prints what it saw, one line of JSON for each.

Environment: INTEROP_SCENARIOS (file), INTEROP_URL, INTEROP_FAILING_URL, SSL_CERT_FILE, AWS_REGION, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN where the pair has one.
"""

import asyncio
import hashlib
import json
import os
import re
from pathlib import Path

from aws_sdk_sagemaker_runtime_http2.client import AsyncSageMakerRuntimeHTTP2Client
from aws_sdk_sagemaker_runtime_http2.config import AsyncSageMakerRuntimeHTTP2Config
from aws_sdk_sagemaker_runtime_http2.models import (
    InvokeEndpointWithBidirectionalStreamInput,
    RequestPayloadPart,
    RequestStreamEventPayloadPart,
    ResponseStreamEventPayloadPart,
)
from smithy_http.aio.crt import AWSCRTHTTPClient

SCENARIO_SECONDS = 60


async def client(url: str, secret: str) -> AsyncSageMakerRuntimeHTTP2Client:
    config = await AsyncSageMakerRuntimeHTTP2Config.resolve(
        endpoint_uri=url,
        region=os.environ["AWS_REGION"],
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=secret,
        aws_session_token=os.environ.get("AWS_SESSION_TOKEN"),
        max_attempts=1,
        transport=AWSCRTHTTPClient(),
    )
    return AsyncSageMakerRuntimeHTTP2Client(config)


def payloads(part: dict) -> list[bytes]:
    if "text" in part:
        return [part["text"].encode()]
    if "pattern" in part:
        return [bytes(index % 251 for index in range(part["pattern"]))]
    if "file" in part:
        data = (Path(os.environ["INTEROP_FILES"]) / part["file"]).read_bytes()[part.get("fromByte", 0) :]
        size = part.get("chunkBytes", len(data))
        return [data[start : start + size] for start in range(0, len(data), size)]
    return []


def seen_part(part) -> dict:
    data = part.bytes_ or b""
    return {
        "dataType": part.data_type,
        "completionState": part.completion_state,
        "length": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "text": data.decode() if part.data_type == "UTF8" else None,
    }


def error_outcome(error: BaseException, on_stream: bool) -> dict:
    metadata = getattr(error, "response_metadata", None)
    # The SDK has no class for an error that the service model does not name; its message holds the name.
    unmodelled = re.search(r"id: \S+#(\w+)", str(error))
    return {
        "kind": "error",
        "name": unmodelled[1] if unmodelled else type(error).__name__,
        "message": getattr(error, "message", None) or str(error),
        "errorCode": getattr(error, "error_code", None),
        "status": None if on_stream else getattr(metadata, "http_status_code", None),
        "originalStatusCode": getattr(error, "original_status_code", None),
    }


async def play(sdk: AsyncSageMakerRuntimeHTTP2Client, scenario: dict, seen: dict) -> dict:
    request = scenario["request"]
    try:
        stream = await sdk.invoke_endpoint_with_bidirectional_stream(
            InvokeEndpointWithBidirectionalStreamInput(
                endpoint_name=request["endpoint"],
                target_variant=request.get("variant"),
                model_invocation_path=request.get("path"),
                model_query_string=request.get("query"),
            )
        )
        output, events = await stream.await_output()
    except Exception as error:
        return error_outcome(error, on_stream=False)
    seen["variant"] = output.invoked_production_variant

    async def send() -> None:
        for part in scenario.get("send", []):
            await asyncio.sleep(part.get("pauseMs", 0) / 1000)
            for data in payloads(part) * part.get("times", 1):
                event = RequestPayloadPart(
                    bytes_=data,
                    data_type=part.get("dataType"),
                    completion_state=part.get("completionState"),
                )
                await stream.input_stream.send(RequestStreamEventPayloadPart(value=event))
                await asyncio.sleep(part.get("everyMs", 0) / 1000)
        if scenario["end"].get("afterSending"):
            await stream.input_stream.close()

    end_after = scenario["end"].get("afterEvents")  # absent where the server ends the stream
    sending = asyncio.create_task(send())
    input_ended = False
    try:
        while True:
            if not input_ended and end_after is not None and len(seen["received"]) >= end_after:
                await sending
                await stream.input_stream.close()
                input_ended = True
            event = await events.receive()
            if event is None:
                return {"kind": "ended"}
            if not isinstance(event, ResponseStreamEventPayloadPart):
                value = getattr(event, "value", event)
                if isinstance(value, Exception):
                    return error_outcome(value, on_stream=True)
                return {"kind": "error", "name": type(event).__name__}
            seen["received"].append(seen_part(event.value))
    except Exception as error:
        return error_outcome(error, on_stream=True)
    finally:
        sending.cancel()
        if not input_ended:
            await stream.input_stream.close()


async def main() -> None:
    url, secret = os.environ["INTEROP_URL"], os.environ["AWS_SECRET_ACCESS_KEY"]
    right = await client(url, secret)
    wrong = await client(url, "not-the-secret")
    failing = await client(os.environ["INTEROP_FAILING_URL"], secret)
    for scenario in json.loads(Path(os.environ["INTEROP_SCENARIOS"]).read_text()):
        request = scenario["request"]
        sdk = wrong if request.get("wrongSecret") else failing if request.get("failingService") else right
        seen = {"scenario": scenario["name"], "variant": None, "received": []}
        try:
            outcome = await asyncio.wait_for(play(sdk, scenario, seen), SCENARIO_SECONDS)
        except TimeoutError:
            outcome = {"kind": "timedOut"}
        print(json.dumps({**seen, "outcome": outcome}), flush=True)


asyncio.run(main())
