"""A streaming container in Python: it answers each message with the same message. Put your model where the loop is."""

import asyncio
import os
import signal
import sys

from aiohttp import WSMsgType, web

READY = asyncio.Event()
SESSIONS: set[web.WebSocketResponse] = set()
DRAINING = asyncio.Event()


async def ping(_: web.Request) -> web.Response:
    # 503 while the model loads or the instance drains: the platform sends no session then.
    return web.Response(status=200 if READY.is_set() and not DRAINING.is_set() else 503)


async def stream(request: web.Request) -> web.WebSocketResponse:
    # aiohttp answers the platform's pings. Compression off: audio does not shrink.
    socket = web.WebSocketResponse(compress=False, max_msg_size=16 * 1024 * 1024)
    await socket.prepare(request)
    SESSIONS.add(socket)
    try:
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                await socket.send_str(message.data)
            elif message.type == WSMsgType.BINARY:
                await socket.send_bytes(message.data)
    finally:
        SESSIONS.discard(socket)
    return socket


async def main() -> None:
    app = web.Application()
    app.add_routes([web.get("/ping", ping), web.post("/ping", ping), web.get("/invocations-bidirectional-stream", stream)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    # The platform names the port when several containers share a host; so does the local SageMaker.
    await web.TCPSite(runner, port=int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))).start()
    READY.set()  # after the model is loaded

    # SIGTERM comes 30 seconds before SIGKILL: let open sessions finish, then close the rest.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, DRAINING.set)
    await DRAINING.wait()
    deadline = asyncio.get_running_loop().time() + 25
    while SESSIONS and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.1)
    for socket in list(SESSIONS):
        await socket.close(code=1001)
    await runner.cleanup()


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["serve"]):
        sys.exit(f"Unknown arguments {sys.argv[1:]}. The only one is 'serve'.")
    asyncio.run(main())
