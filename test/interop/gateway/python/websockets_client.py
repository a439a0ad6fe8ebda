"""The `websockets` library against the echo container. Arguments: URL, token."""

import asyncio
import json
import sys

import websockets

url, token = sys.argv[1:]


async def main():
    async with websockets.connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        await socket.send("grüße")
        text = await socket.recv()
        await socket.send(bytes([0, 255]))
        binary = await socket.recv()
        await socket.send(["in ", "pieces"])
        fragments = [piece async for piece in socket.recv_streaming()]
        await (await socket.ping())
    try:
        await websockets.connect(url)
        refused = None
    except websockets.exceptions.InvalidStatus as error:
        refused = error.response.status_code
    print(
        json.dumps(
            {
                "text": text,
                "binary": list(binary),
                "fragments": "".join(fragments),
                "close": socket.close_code,
                "refused": refused,
            }
        )
    )


asyncio.run(main())
