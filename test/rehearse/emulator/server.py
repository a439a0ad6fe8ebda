"""moto's server with what a rehearsal of this kit needs beyond it: see the five modules installed here.

Usage: server.py PORT, with REHEARSAL_ACCOUNT, REHEARSAL_REGISTRY_URL, REHEARSAL_EMULATOR_URL and AWS_REGION in the environment.
"""

import sys

import api_resources
import container_registry
import network_resources
import sagemaker_resources
import stack_update
from moto.server import main

for part in (stack_update, sagemaker_resources, container_registry, network_resources, api_resources):
    part.install()
main(["--host", "127.0.0.1", "--port", sys.argv[1]])
