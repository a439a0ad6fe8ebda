"""A pipeline of Pipecat's with its Deepgram service. Arguments: URL, token, WAV file of 16 kHz."""

import asyncio
import json
import sys
import wave

from loguru import logger
from pipecat.frames.frames import (
    ErrorFrame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.workers.runner import WorkerRunner

url, token, recording = sys.argv[1:]
logger.remove()
logger.add(sys.stderr, level="WARNING")
heard = {"interim": 0, "finals": [], "errors": []}


class Listener(FrameProcessor):
    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, InterimTranscriptionFrame):
            heard["interim"] += 1
        elif isinstance(frame, TranscriptionFrame):
            heard["finals"].append(frame.text)
        elif isinstance(frame, ErrorFrame):
            heard["errors"].append(frame.error)
        await self.push_frame(frame, direction)


async def main():
    service = DeepgramSTTService(api_key=token, base_url=url, sample_rate=16000)
    worker = PipelineWorker(
        Pipeline([Listener(name="before"), service, Listener(name="behind")]),
        params=PipelineParams(audio_in_sample_rate=16000),
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    with wave.open(recording) as audio:
        pieces = list(iter(lambda: audio.readframes(320), b""))
    # A call goes on with silence.
    for piece in pieces + 50 * [bytes(640)]:
        await worker.queue_frame(InputAudioRawFrame(audio=piece, sample_rate=16000, num_channels=1))
        await asyncio.sleep(0.02)
    await worker.stop_when_done()
    await running
    print(json.dumps(heard))


asyncio.run(main())
