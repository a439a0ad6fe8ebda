"""vLLM-Omni's own handler of streaming speech, its session configuration and its text splitter, with a stub for the engine.

The handler (serving_speech_stream.py), the configuration (protocol/audio.py) and the splitter are those of the vllm-omni wheel. A stub are
the engine, which says 10 ms of silence for each character, and what the package's own __init__ files would import: vLLM and torch.
"""

import asyncio
import importlib.util
import logging
import os
import sys
import types

SERVED_NAME = "tiny"
BYTES_PER_CHARACTER = 480  # 10 ms of 16-bit mono at 24 kHz


def bare_package(name: str) -> None:
    """The package's modules can be imported, and its __init__ is not run."""
    package = types.ModuleType(name)
    if name == "vllm_omni":
        package.__path__ = list(importlib.util.find_spec(name).submodule_search_locations)
    else:
        parent, _, last = name.rpartition(".")
        package.__path__ = [os.path.join(path, last) for path in sys.modules[parent].__path__]
    sys.modules[name] = package


def stub_module(name: str, **members) -> None:
    module = types.ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module


for package in ("", ".entrypoints", ".entrypoints.openai", ".entrypoints.openai.protocol", ".utils"):
    bare_package("vllm_omni" + package)
stub_module("vllm")
stub_module("vllm.logger", init_logger=logging.getLogger)
stub_module("vllm_omni.utils.forced_aligner", extract_word_timestamps=None)
stub_module("vllm_omni.entrypoints.openai.serving_speech", OmniOpenAIServingSpeech=object)

import uvicorn  # noqa: E402
from fastapi import FastAPI, Response, WebSocket  # noqa: E402
from vllm_omni.entrypoints.openai.serving_speech_stream import OmniStreamingSpeechHandler  # noqa: E402


class StubEngine:
    """The members of the speech service that the handler calls."""

    forced_aligner_enabled = False

    def __init__(self) -> None:
        self.engine_client = self
        self.aborted = []

    async def abort(self, request_id: str) -> None:
        self.aborted.append(request_id)

    async def _check_model(self, request):
        return None if request.model == SERVED_NAME else f"The model `{request.model}` does not exist."

    async def _prepare_speech_generation(self, request, arrival_time):
        return f"speech-{id(request)}", request, {}

    async def _generate_pcm_chunks(self, generator, request_id, **_):
        for word in generator.input.split():
            if word == "FAIL":
                raise RuntimeError("the stub engine fails at this word")
            if word == "SLOWLY":
                await asyncio.sleep(0.2)
            yield bytes(BYTES_PER_CHARACTER * len(word))


app = FastAPI()
engine = StubEngine()
handler = OmniStreamingSpeechHandler(engine, idle_timeout=float(os.environ.get("IDLE_SECONDS", "30")))


@app.get("/ping")
@app.post("/ping")
async def ping() -> Response:
    return Response()


@app.get("/aborted")
async def aborted() -> list:
    return engine.aborted


@app.websocket("/v1/audio/speech/stream")
async def speech(websocket: WebSocket) -> None:
    await handler.handle_session(websocket)


uvicorn.run(app, host="127.0.0.1", port=int(os.environ["SAGEMAKER_BIND_TO_PORT"]), log_level="warning")
