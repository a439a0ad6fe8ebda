"""moto's server with what a rehearsal of this kit needs beyond it: see the four modules installed here.

Usage: server.py PORT, with REHEARSAL_ACCOUNT, REHEARSAL_REGISTRY_URL, REHEARSAL_EMULATOR_URL and AWS_REGION in the environment.
"""

import sys

import api_resources
import container_registry
import sagemaker_resources
import stack_update
from moto.server import main

for part in (stack_update, sagemaker_resources, container_registry, api_resources):
    part.install()
main(["--host", "127.0.0.1", "--port", sys.argv[1]])
