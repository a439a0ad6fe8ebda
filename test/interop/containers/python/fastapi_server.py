"""A container on FastAPI and uvicorn. BROKEN names a fault that it then has."""

import asyncio
import os

import uvicorn
from fastapi import FastAPI, Response, WebSocket, WebSocketDisconnect

BROKEN = os.environ.get("BROKEN", "")
app = FastAPI()


@app.api_route("/ping", methods=["GET", "POST"])
async def ping():
    return {"status": "healthy"} if BROKEN == "ping-body" else Response(status_code=200)


@app.websocket("/invocations-bidirectional-stream")
async def stream(websocket: WebSocket):
    if BROKEN == "slow-accept":
        await asyncio.sleep(0.4)
    await websocket.accept()
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") is not None:
                await websocket.send_text(message["text"])
            else:
                await websocket.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        pass


uvicorn.run(
    app,
    host="127.0.0.1" if BROKEN == "loopback" else "0.0.0.0",
    port=int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")),
    timeout_graceful_shutdown=5,
    log_level="warning",
)
