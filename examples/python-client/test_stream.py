"""Tests that stream: through the SDK, and through a gateway with a plain WebSocket client."""

import asyncio
import re
import subprocess

import bidi_client
import websockets
from conftest import BIDI


def test_each_message_is_answered(sagemaker: dict) -> None:
    async def answers() -> list[str]:
        return [answer async for answer in bidi_client.stream(sagemaker["endpoints"][0], ["hello", "again"])]

    assert asyncio.run(answers()) == ["hello", "again"]


def test_a_websocket_client_streams_through_the_gateway(sagemaker: dict) -> None:
    command = [*BIDI, "gateway", "--local", sagemaker["url"], "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway:
        try:
            url = re.search(r"ws://\S+", gateway.stdout.readline())[0]

            async def answer() -> str:
                async with websockets.connect(url) as socket:
                    await socket.send("hello")
                    return await socket.recv()

            assert asyncio.run(answer()) == "hello"
        finally:
            gateway.terminate()
