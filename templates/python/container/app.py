"""A streaming container for Amazon SageMaker AI: it answers each message with the same message. Put your model into Model."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI, Response, WebSocket, WebSocketDisconnect
from uvicorn.protocols.websockets.websockets_impl import WebSocketProtocol

# The platform sends SIGTERM 30 seconds before SIGKILL.
DRAIN_SECONDS = 25


class Model:
    """Your model."""

    async def load(self) -> None:
        """Loads the weights. SageMaker puts the files of a model archive into /opt/ml/model."""

    async def answer(self, message: str | bytes) -> AsyncIterator[str | bytes]:
        """Yields every answer to one message: here the message itself."""
        yield message


model = Model()
is_loaded = False
is_draining = False
sessions: set[asyncio.Task] = set()


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async def load() -> None:
        global is_loaded
        await model.load()
        is_loaded = True

    # In the background, so that /ping tells "loading" from "dead" meanwhile.
    loading = asyncio.create_task(load())
    loading.add_done_callback(lambda task: task.cancelled() or task.result())
    yield


app = FastAPI(lifespan=lifespan, openapi_url=None)


@app.get("/ping")
@app.post("/ping")
def ping() -> Response:
    # The platform sends streams only while this is 200.
    return Response(status_code=200 if is_loaded and not is_draining else 503)


@app.websocket("/invocations-bidirectional-stream")
async def stream(socket: WebSocket) -> None:
    await socket.accept()
    task = asyncio.current_task()
    sessions.add(task)
    try:
        while True:
            event = await socket.receive()
            if event["type"] == "websocket.disconnect":
                return  # the caller has ended its input, and has every answer
            message = event["text"] if event.get("text") is not None else event["bytes"]
            async for answer in model.answer(message):
                if isinstance(answer, str):
                    await socket.send_text(answer)
                else:
                    await socket.send_bytes(answer)
    except WebSocketDisconnect:
        pass  # ended while an answer was on its way
    finally:
        sessions.discard(task)


class AnsweringProtocol(WebSocketProtocol):
    """uvicorn's WebSocket, except that the close frame with which a caller ends its input is answered after its messages are."""

    is_waiting = False

    async def asgi_receive(self):
        self.is_waiting = True  # the app asks for the next message when it has answered the last
        try:
            return await super().asgi_receive()
        finally:
            self.is_waiting = False

    async def write_close_frame(self, close, data=None):
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while self.close_rcvd and not self.closed_event.is_set() and asyncio.get_running_loop().time() < deadline:
            if self.is_waiting and not self.messages:
                break
            await asyncio.sleep(0.005)
        await super().write_close_frame(close, data)


class Server(uvicorn.Server):
    """uvicorn, except that a SIGTERM lets open streams finish first."""

    @contextlib.contextmanager
    def capture_signals(self):
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, lambda: asyncio.ensure_future(self.drain()))
        yield

    async def drain(self) -> None:
        global is_draining
        if is_draining:
            self.force_exit = True
        is_draining = True
        if sessions:
            await asyncio.wait(set(sessions), timeout=DRAIN_SECONDS)
        self.should_exit = True


def main() -> None:
    # SageMaker starts the container with the argument "serve".
    if sys.argv[1:] not in ([], ["serve"]):
        sys.exit(f"Unknown arguments {sys.argv[1:]}: the only one is serve.")
    Server(
        uvicorn.Config(
            app,
            host=os.environ.get("BIDI_BIND_TO_HOST", "0.0.0.0"),
            port=int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")),
            ws=AnsweringProtocol,
            ws_max_size=16 * 1024 * 1024,
            ws_per_message_deflate=False,  # audio does not shrink
            access_log=False,
            log_level="warning",
        )
    ).run()


if __name__ == "__main__":
    main()
