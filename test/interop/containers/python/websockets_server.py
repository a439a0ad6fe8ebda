"""A container on the package `websockets`. BROKEN names a fault that it then has."""

import asyncio
import os
import signal
from http import HTTPStatus

from websockets.asyncio.server import serve

PORT = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
BROKEN = os.environ.get("BROKEN", "")
open_sessions = 0


def process_request(connection, request):
    path = request.path.split("?")[0]
    if path == "/ping":
        return connection.respond(HTTPStatus.OK, "")
    if path != "/invocations-bidirectional-stream":
        return connection.respond(HTTPStatus.NOT_FOUND, "")
    if BROKEN == "one-session" and open_sessions > 0:
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "")
    return None


async def session(websocket):
    global open_sessions
    open_sessions += 1
    try:
        if BROKEN == "fragments":
            while True:
                async for fragment in websocket.recv_streaming():
                    await websocket.send(fragment)
        async for message in websocket:
            await websocket.send(message)
    finally:
        open_sessions -= 1


async def main():
    stop = asyncio.get_running_loop().create_future()
    if BROKEN == "sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    async with serve(session, "0.0.0.0", PORT, process_request=process_request, max_size=None, compression=None):
        await stop


asyncio.run(main())
