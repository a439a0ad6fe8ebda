"""Deepgram's SDK for Python, asynchronous: live transcription and speech. Arguments: host:port, token, WAV file of 16 kHz."""

import asyncio
import json
import sys
import wave

from deepgram import AsyncDeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from deepgram.speak.v1.types import SpeakV1Text

gateway, token, recording = sys.argv[1:]
deepgram = AsyncDeepgramClient(
    api_key=token,
    environment=DeepgramClientEnvironment(
        base=f"http://{gateway}", production=f"ws://{gateway}", agent=f"ws://{gateway}", agent_rest=f"http://{gateway}"
    ),
)


async def listen():
    interim, finals, errors = 0, [], []
    listener = deepgram.listen.v1.connect(
        model="nova-3", encoding="linear16", sample_rate=16000, interim_results=True, keyterm=["account balance"]
    )
    async with listener as connection:

        async def on_message(message):
            nonlocal interim
            if message.type != "Results":
                return
            if message.is_final:
                finals.append(message.channel.alternatives[0].transcript)
            else:
                interim += 1

        connection.on(EventType.MESSAGE, on_message)
        connection.on(EventType.ERROR, lambda error: errors.append(str(error)))
        listening = asyncio.create_task(connection.start_listening())
        await connection.send_keep_alive()
        with wave.open(recording) as audio:
            while piece := audio.readframes(1600):
                await connection.send_media(piece)
                await asyncio.sleep(0.1)
        await connection.send_close_stream()
        await listening
    return {"interim": interim, "finals": finals, "errors": errors}


async def speak():
    size, texts = 0, []
    async with deepgram.speak.v1.connect(model="aura-2-thalia-en", encoding="linear16", sample_rate=24000) as connection:
        await connection.send_text(SpeakV1Text(type="Speak", text="Hello there."))
        await connection.send_flush()
        async for message in connection:
            if isinstance(message, bytes):
                size += len(message)
                continue
            texts.append(message.type)
            if message.type == "Flushed":
                await connection.send_close()
    return {"bytes": size, "types": texts}


print(json.dumps({"listen": asyncio.run(listen()), "speak": asyncio.run(speak())}))
