"""Streams to the container through a local SageMaker."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_cdk import App

from {{module}}_stack import {{class}}

NPX = shutil.which("npx") or "npx"
READY_SECONDS = 60


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a local SageMaker that serves the stack."""
    folder: Path = tmp_path_factory.mktemp("bidi")
    app = App(outdir=str(folder / "cdk.out"))
    {{class}}(app, "{{stack}}")
    assembly = app.synth().directory
    ready = folder / "ready.json"
    words = ["local", "--app", assembly, "--port", "0", "--ready-file", str(ready)]
    with subprocess.Popen([NPX, "bidi", *words]) as local:
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not ready.exists():
                assert local.poll() is None, "bidi local has ended; what it wrote says why"
                assert time.monotonic() < deadline, f"bidi local is not ready within {READY_SECONDS} s"
                time.sleep(0.1)
            yield json.loads(ready.read_text())["url"]
        finally:
            local.terminate()


def test_the_container_answers_every_message_of_a_stream(url: str) -> None:
    words = ["invoke", "hello", "again", "--endpoint", "{{name}}", "--local", url]
    streamed = subprocess.run([NPX, "bidi", *words], capture_output=True, text=True)
    assert streamed.returncode == 0, streamed.stderr
    assert streamed.stdout.splitlines() == ["hello", "again"]
