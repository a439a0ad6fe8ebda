"""A container on aiohttp."""

import os
import weakref

from aiohttp import WSCloseCode, WSMsgType, web

SOCKETS = web.AppKey("sockets", weakref.WeakSet)


async def ping(request):
    return web.Response()


async def stream(request):
    socket = web.WebSocketResponse(max_msg_size=0, compress=False)
    await socket.prepare(request)
    request.app[SOCKETS].add(socket)
    async for message in socket:
        if message.type == WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type == WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket


async def close_sockets(app):
    for socket in set(app[SOCKETS]):
        await socket.close(code=WSCloseCode.GOING_AWAY)


app = web.Application()
app[SOCKETS] = weakref.WeakSet()
app.on_shutdown.append(close_sockets)
app.router.add_get("/ping", ping)
app.router.add_post("/ping", ping)
app.router.add_get("/invocations-bidirectional-stream", stream)
web.run_app(
    app,
    host="0.0.0.0",
    port=int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")),
    shutdown_timeout=5,
    print=None,
)
