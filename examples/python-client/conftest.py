"""A pytest fixture with a local SageMaker, for the container of a folder."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

BIDI = shlex.split(os.environ.get("BIDI", "npx bidi"))
CONTAINER = Path(os.environ.get("CONTAINER", "./container"))


@pytest.fixture(scope="session")
def sagemaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict]:
    """What `bidi local` writes when it is in service: `url`, `endpoints` and `environment`, whose variables are set."""
    ready = tmp_path_factory.mktemp("bidi") / "ready.json"
    command = [*BIDI, "local", str(CONTAINER), "--command", f"{sys.executable} app.py"]
    local = subprocess.Popen([*command, "--port", "0", "--ready-file", str(ready)])
    try:
        deadline = time.monotonic() + 60
        while not ready.exists():
            if local.poll() is not None:
                pytest.fail(f"bidi local ended with {local.returncode}; what it wrote says why.")
            if time.monotonic() > deadline:
                pytest.fail("bidi local was not ready within 60 s.")
            time.sleep(0.1)
        state = json.loads(ready.read_text())
        with pytest.MonkeyPatch.context() as patch:
            for name, value in state["environment"].items():
                patch.setenv(name, value)
            yield state
    finally:
        local.terminate()
        local.wait(30)
