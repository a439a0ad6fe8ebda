"""An echo server on the stack of the platform's announcement: FastAPI, uvicorn and websockets, one process, as installed."""

import os

import uvicorn
from fastapi import FastAPI, Response, WebSocket

app = FastAPI()


@app.get("/ping")
async def ping() -> Response:
    return Response(status_code=200)


@app.websocket("/invocations-bidirectional-stream")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") is not None:
            await websocket.send_text(message["text"])
        else:
            await websocket.send_bytes(message["bytes"])


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["SAGEMAKER_BIND_TO_PORT"]), log_level="warning")
